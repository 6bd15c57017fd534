"""Money that is no order: what is spent on customers, and what the company is worth."""

from __future__ import annotations

from kizuna.facts.columns import SOURCE, count, day, dim, money
from kizuna.facts.fact import Column, Fact

FACTS = (
    Fact(
        "ad",
        "what one ad got and cost on one day",
        "one ad and day",
        ("day", "channel", "campaign", "ad_id"),
        "day",
        (
            day("the day"),
            dim("channel", "search, display, social, video …", default="ads"),
            dim("campaign", "the campaign it belongs to", default="unknown"),
            Column("ad_id", "text", "the ad", default="all"),
            SOURCE,
            count("impressions", "times it was shown"),
            count("clicks", "clicks"),
            count("conversions", "goals reached through it"),
            money("spend", "what it cost"),
            money("attributed_revenue", "revenue attributed to it"),
            money("attributed_margin", "margin attributed to it"),
        ),
        unit="day",
    ),
    Fact(
        "cost",
        "money spent on getting and keeping customers",
        "one kind of cost and day",
        ("day", "kind", "campaign", "item"),
        "day",
        (
            day("the day it belongs to"),
            Column(
                "kind", "text", "what it was for", needed=True, choices=("marketing", "experience", "data", "capital")
            ),
            dim("campaign", "the campaign it belongs to", default="none"),
            dim("channel", "the channel it was spent on"),
            Column("item", "text", "what was bought", default="all"),
            money("amount", "how much", needed=True),
        ),
        unit="day",
    ),
    Fact(
        "share_price",
        "the company's stock at a day's close",
        "one stock and day",
        ("symbol", "day"),
        "day",
        (
            day("the trading day"),
            dim("symbol", "ticker", default="own"),
            Column("close", "money", "closing price", "measure", "money", needed=True, low=0),
        ),
        unit="day",
    ),
)
