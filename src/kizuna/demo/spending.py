"""What is spent, what ads bring, and what the market thinks of the company."""

from __future__ import annotations

import numpy as np

from kizuna.demo import files
from kizuna.demo.chance import Ints, around, stream
from kizuna.demo.clock import Clock, month_of_day
from kizuna.demo.company import AD_CAMPAIGNS

_CHANNELS = ("search", "social", "display", "video")
_ADS = (
    # campaign, channel, impressions a day, share clicked, price of a click, share of clicks that buy
    (0, 0, 2_600, 0.062, 28, 0.064),
    (1, 0, 5_200, 0.031, 46, 0.031),
    (1, 0, 3_400, 0.027, 44, 0.029),
    (2, 1, 14_000, 0.0095, 31, 0.015),
    (2, 3, 21_000, 0.0031, 38, 0.009),
    (3, 1, 7_800, 0.0120, 35, 0.021),
    (3, 2, 26_000, 0.0022, 24, 0.008),
    (4, 0, 2_100, 0.036, 62, 0.036),
    (4, 2, 12_000, 0.0026, 26, 0.010),
)
_AD_IDS = tuple(f"ad{n + 1:02d}" for n in range(len(_ADS)))
_SALE, _MARGIN = 5_600, 0.47
_SEASON = (0.95, 0.95, 1.0, 1.0, 1.05, 0.95, 0.9, 0.9, 1.0, 1.05, 1.25, 1.35)
_COST_KINDS = ("marketing", "experience", "data", "capital")
_RUNNING = (
    # kind, item, yen a month
    (0, "agency", 420_000),
    (0, "sampling and events", 310_000),
    (1, "support staff", 2_650_000),
    (1, "survey and help desk tools", 190_000),
    (2, "analytics and data tools", 240_000),
    (3, "web shop and app", 1_700_000),
    (3, "store fittings", 800_000),
)


def _ad_figures(seed: int, clock: Clock) -> dict[str, Ints]:
    rng, days = stream(seed, "ad"), clock.days
    ad, day = np.repeat(np.arange(len(_ADS)), len(days)), np.tile(days, len(_ADS))
    campaign, channel, shown, clicked, price, bought = (np.asarray(column)[ad] for column in zip(*_ADS, strict=True))
    growth = 1 + 0.25 * (day - days[0]) / 546
    impressions = np.rint(around(rng, shown * np.asarray(_SEASON)[month_of_day(day)] * growth, 0.16, len(ad)))
    clicks = rng.binomial(impressions.astype(np.int64), clicked)
    conversions = rng.binomial(clicks, bought)
    spend = np.rint(clicks * price * rng.uniform(0.88, 1.12, len(ad))).astype(np.int64)
    revenue = np.rint(conversions * around(rng, _SALE, 0.3, len(ad))).astype(np.int64)
    return {
        "ad": ad,
        "day": day,
        "campaign": campaign,
        "channel": channel,
        "impressions": impressions.astype(np.int64),
        "clicks": clicks,
        "conversions": conversions,
        "spend": spend,
        "revenue": revenue,
    }


def ad_columns(seed: int, clock: Clock) -> files.Columns:
    """The ad fact."""
    figures = _ad_figures(seed, clock)
    return {
        "day": files.days(figures["day"]),
        "channel": files.words(figures["channel"], _CHANNELS),
        "campaign": files.words(figures["campaign"], AD_CAMPAIGNS),
        "ad_id": files.words(figures["ad"], _AD_IDS),
        "source": files.words(figures["channel"], ("google ads", "meta ads", "ad exchange", "youtube")),
        "impressions": files.whole(figures["impressions"]),
        "clicks": files.whole(figures["clicks"]),
        "conversions": files.whole(figures["conversions"]),
        "spend": files.whole(figures["spend"]),
        "attributed_revenue": files.whole(figures["revenue"]),
        "attributed_margin": files.whole(figures["revenue"] * _MARGIN),
    }


def cost_columns(seed: int, clock: Clock) -> files.Columns:
    """The cost fact: the ads' spend as marketing, and what is paid by the month, accrued by the day."""
    rng, figures = stream(seed, "cost"), _ad_figures(seed, clock)
    count = len(figures["day"])
    ads = {
        "day": files.days(figures["day"]),
        "kind": files.word("marketing", count),
        "campaign": files.words(figures["campaign"], AD_CAMPAIGNS),
        "channel": files.words(figures["channel"], _CHANNELS),
        "item": files.words(figures["ad"], _AD_IDS),
        "amount": files.whole(figures["spend"]),
    }
    row, day = np.repeat(np.arange(len(_RUNNING)), len(clock.days)), np.tile(clock.days, len(_RUNNING))
    kind, item, amount = zip(*_RUNNING, strict=True)
    running = {
        "day": files.days(day),
        "kind": files.words(np.asarray(kind)[row], _COST_KINDS),
        "campaign": files.word("none", len(row)),
        "item": files.words(row, item),
        "amount": files.whole(np.asarray(amount)[row] * 12 / 365.25 * rng.uniform(0.94, 1.06, len(row))),
    }
    return files.stack([ads, running])


def share_price_columns(seed: int, clock: Clock) -> files.Columns:
    """The share_price fact: a random walk over the weekdays."""
    rng = stream(seed, "share price")
    days = clock.days[(clock.days + 3) % 7 < 5]
    close = 1_840 * np.exp(np.cumsum(rng.normal(0.0004, 0.013, len(days))))
    return {"day": files.days(days), "symbol": files.word("YKL", len(days)), "close": files.whole(close)}
