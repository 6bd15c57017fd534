"""The vocabulary: every fact, its grain and its columns.

A fact is something that happened or held, one row each: an order, a ticket, an answer. This
module declares them once, in the form of `kizuna.fact`; tables, import, docs and the planner all
read the declaration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kizuna.fact import BUCKETS, SQL_TYPES, Column, Fact, Role, Type, day_of

__all__ = ["BUCKETS", "FACTS", "QUESTIONS", "SQL_TYPES", "Column", "Fact", "Role", "Scale", "Type", "day_of"]


def _key(name: str, help: str) -> Column:
    return Column(name, "text", help, "key", needed=True)


def _soft_key(name: str, help: str) -> Column:
    return Column(name, "text", help, "key")


def _time(name: str, help: str, *, needed: bool = False, derived: bool = False) -> Column:
    return Column(name, "time", help, "time", needed=needed, derived=derived)


def _day(help: str) -> Column:
    return Column("day", "date", help, "time", needed=True)


def _dim(
    name: str, help: str, *, choices: tuple[str, ...] = (), default: str | None = None, derived: bool = False
) -> Column:
    return Column(name, "text", help, choices=choices, default=default, derived=derived)


def _flag(name: str, help: str, *, default: str | None = None, derived: bool = False) -> Column:
    return Column(name, "bool", help, default=default, derived=derived)


def _count(name: str, help: str, *, derived: bool = False) -> Column:
    return Column(name, "int", help, "measure", low=0, derived=derived)


def _seconds(name: str, help: str, *, derived: bool = False) -> Column:
    return Column(name, "number", help, "measure", "seconds", low=0, derived=derived)


def _money(name: str, help: str, *, needed: bool = False, default: str | None = None) -> Column:
    return Column(name, "money", help, "measure", "money", needed=needed, default=default)


def _text(name: str, help: str) -> Column:
    return Column(name, "text", help, "text")


_CUSTOMER = Column("customer_id", "text", "the customer's id in your own systems", "identity")
_EMAIL = Column("email", "text", "the customer's e-mail address", "identity")
_PHONE = Column("phone", "text", "the customer's phone number", "identity")
_EXTERNAL = Column("external_id", "text", "an id of the customer in another system, as kind:value", "identity")
_ANONYMOUS = Column("anonymous_id", "text", "the id of a visitor who is not known (yet)", "identity")
_CHANNEL = _dim("channel", "where it happened or came from: web, app, email, phone, chat, store, social …")
_CAMPAIGN = _dim("campaign", "the campaign it belongs to")
_SOURCE = _dim("source", "the system or site it came from")
_DEVICE = _dim("device", "desktop, mobile, tablet")
_PLATFORM = _dim("platform", "web or app", choices=("web", "app"), default="web")
_COUNTRY = _dim("country", "ISO 3166 two-letter country code")

_FACTS = (
    Fact(
        "event",
        "something a person did on the site or in the app; names follow the Segment spec",
        "one event",
        ("event_id",),
        "occurred_at",
        (
            _soft_key("event_id", "unique id of the event"),
            _time("occurred_at", "when it happened", needed=True),
            Column("name", "text", "what happened: Page Viewed, Product Added, Order Completed …", needed=True),
            _CUSTOMER,
            _EMAIL,
            _ANONYMOUS,
            _dim("session_id", "the client's own session id, used when it is sent"),
            _CHANNEL,
            _CAMPAIGN,
            _SOURCE,
            _PLATFORM,
            _DEVICE,
            _COUNTRY,
            _dim("page", "path of the page or name of the screen"),
            _dim("referrer", "the address that led here"),
            _dim("element", "what was clicked"),
            _dim("product", "the product concerned"),
            _dim("status", "HTTP status, where the event comes from a server log"),
            _dim("browser", "browser's name"),
            _dim("os", "operating system's name"),
            _text("order_id", "the order an Order Completed event stands for"),
            _text("message_id", "the e-mail, push or SMS the event tells of"),
            _money("value", "money the event is worth"),
            _seconds("engaged_seconds", "seconds the page was visible and in use"),
            _seconds("load_seconds", "time the page took to load"),
        ),
    ),
    Fact(
        "session",
        "a visit: events of one person without a pause of 30 minutes (a setting)",
        "one visit",
        ("session_id",),
        "started_at",
        (
            _soft_key("session_id", "unique id of the visit"),
            _time("started_at", "first event", needed=True),
            Column("ended_at", "time", "last event", "text"),
            _CUSTOMER,
            _ANONYMOUS,
            _CHANNEL,
            _CAMPAIGN,
            _SOURCE,
            _PLATFORM,
            _DEVICE,
            _COUNTRY,
            _dim("visitor_type", "new, returning, or as the file says"),
            _dim("entry_page", "first page"),
            _dim("exit_page", "last page"),
            _dim("referrer", "the address that led to the visit"),
            _dim("browser", "browser's name"),
            _dim("os", "operating system's name"),
            _count("page_views", "pages or screens seen"),
            _count("clicks", "clicks on elements, links and products"),
            _count("events", "all events"),
            _seconds("engaged_seconds", "seconds in use, all pages"),
            _seconds("duration_seconds", "last minus first event, engaged time counted on the last page"),
            _flag("converted", "a goal event happened (setting goal_events)", default="false"),
            Column("first_seen_day", "date", "day of this person's first visit", "text", derived=True),
        ),
        derived=True,
    ),
    Fact(
        "customer_day",
        "a day on which a person was active (any event, or an order)",
        "one person, day and platform",
        (),
        "day",
        (
            Column("day", "date", "the day", "time", needed=True, derived=True),
            Column("customer_id", "text", "the customer's id in your own systems", "identity", derived=True),
            _dim("platform", "web, app, or order for days known only by an order", derived=True),
            _dim("channel", "channel of the day's first event", derived=True),
            _count("events", "events of that day", derived=True),
            _flag("first_of_day", "true on one row per person and day", derived=True),
        ),
        derived=True,
    ),
    Fact(
        "cart",
        "a shopping cart, from the first product added to the order or the giving up",
        "one cart",
        ("cart_id",),
        "started_at",
        (
            _soft_key("cart_id", "unique id of the cart"),
            _time("started_at", "first product added (or the checkout, if none was)", needed=True),
            _time("checkout_at", "checkout started"),
            _time("ordered_at", "order completed"),
            _CUSTOMER,
            _ANONYMOUS,
            _CHANNEL,
            _CAMPAIGN,
            _SOURCE,
            _PLATFORM,
            _DEVICE,
            _COUNTRY,
            _count("products", "products added"),
            _flag("in_time", "the order came within the window (setting cart_window_hours)", derived=True),
        ),
        derived=True,
    ),
    Fact(
        "order",
        "a purchase; a refund is an amount on its order, or a row of type refund with a negative value",
        "one order",
        ("order_id",),
        "ordered_at",
        (
            _key("order_id", "unique id of the order"),
            _time("ordered_at", "when it was placed", needed=True),
            _CUSTOMER,
            _EMAIL,
            _money("value", "what the customer paid, in the workspace's currency", needed=True),
            _money("refunded", "what was paid back", default="0"),
            _money("margin", "value minus cost of goods; empty where it is not known"),
            _dim("currency", "ISO 4217; other currencies need a rate under [exchange] in kizuna.toml"),
            _dim("transaction_type", "purchase, subscription, refund, in store, online …", default="purchase"),
            _CHANNEL,
            _CAMPAIGN,
            _SOURCE,
            _DEVICE,
            _COUNTRY,
            _dim("category", "main product category"),
            Column("quantity", "number", "items", "measure"),
            _count("order_number", "1 for the customer's first order, 2 for the second …", derived=True),
            Column(
                "days_since_previous",
                "number",
                "days since the customer's previous order",
                "measure",
                "days",
                derived=True,
            ),
        ),
    ),
    Fact(
        "subscription",
        "a recurring contract; a change of plan ends one row and starts the next",
        "one phase of a subscription",
        ("subscription_id", "started_at"),
        "started_at",
        (
            _key("subscription_id", "id of the subscription"),
            _time("started_at", "first day of this phase", needed=True),
            _time("ended_at", "end of this phase; empty while it runs"),
            _CUSTOMER,
            _EMAIL,
            _dim("plan", "plan or contract"),
            _money("mrr", "recurring revenue a month"),
            _money("margin", "margin of it a month; empty where it is not known"),
            _dim("end_reason", "why it ended"),
            _CHANNEL,
            _CAMPAIGN,
            _COUNTRY,
        ),
    ),
    Fact(
        "mrr_movement",
        "a day on which a customer's recurring revenue changed",
        "one customer and day",
        (),
        "day",
        (
            Column("day", "date", "the day", "time", needed=True, derived=True),
            Column("customer_id", "text", "the customer's id in your own systems", "identity", derived=True),
            _dim(
                "movement",
                "what kind of change",
                choices=("new", "expansion", "contraction", "cancellation", "reactivation"),
                derived=True,
            ),
            _dim("plan", "the plan that ended, or else started", derived=True),
            Column("amount", "money", "change of recurring revenue a month", "measure", "money", derived=True),
        ),
        derived=True,
    ),
    Fact(
        "ticket",
        "a request for help, from opening to the last resolution",
        "one ticket",
        ("ticket_id",),
        "opened_at",
        (
            _key("ticket_id", "unique id of the ticket"),
            _time("opened_at", "when it was opened", needed=True),
            _time("first_response_at", "first reply by a human"),
            _time("first_resolved_at", "first time it was resolved"),
            _time("resolved_at", "last time it was resolved; empty while it is open"),
            _time("reopened_at", "first time it was opened again after a resolution"),
            _CUSTOMER,
            _EMAIL,
            _CHANNEL,
            _dim("tier", "service tier"),
            _dim("team", "team that has it"),
            _dim("agent", "person who has it"),
            _dim("priority", "low, normal, high, urgent"),
            _dim("topic", "what it is about"),
            _COUNTRY,
            _count("contacts", "inbound contacts it took", derived=True),
            _flag("settled_first", "answered for good at the first contact", derived=True),
            _seconds("business_response_seconds", "opened to first reply, inside business hours", derived=True),
            _seconds("business_resolution_seconds", "opened to last resolution, inside business hours", derived=True),
        ),
    ),
    Fact(
        "contact",
        "one call, chat, mail or visit that reached support",
        "one inbound contact",
        ("contact_id",),
        "contacted_at",
        (
            _key("contact_id", "unique id of the contact"),
            _time("contacted_at", "when the customer asked", needed=True),
            Column("answered_at", "time", "when an agent took it (live channels)", "text"),
            _text("ticket_id", "the ticket it belongs to"),
            _CUSTOMER,
            _EMAIL,
            _CHANNEL,
            _dim("tier", "service tier"),
            _dim("team", "team that took it"),
            _dim("agent", "person who took it"),
            _dim("priority", "low, normal, high, urgent"),
            _dim("topic", "what it is about"),
            _flag("live", "the customer waits on the line: phone, chat, visit"),
            _flag("resolved", "settled by this contact, where the file says so"),
            _flag("settled_first", "answered for good at first touch", derived=True),
        ),
    ),
    Fact(
        "survey_response",
        "one answer to one question",
        "one response and question",
        ("response_id", "question"),
        "answered_at",
        (
            _key("response_id", "id of the filled-in survey"),
            Column("question", "text", "what was asked, see QUESTIONS", needed=True),
            _time("answered_at", "when it was answered", needed=True),
            _CUSTOMER,
            _EMAIL,
            Column("score", "number", "the answer on the scale", "measure"),
            Column("scale_low", "number", "lowest answer of the scale", "measure"),
            Column("scale_high", "number", "highest answer of the scale", "measure"),
            _dim("direction", "which end of the scale is good", choices=("high_good", "low_good")),
            _dim("choice", "the chosen option, where the answer is not a number"),
            _text("comment", "what was written"),
            _dim(
                "status",
                "only complete answers count",
                choices=("complete", "partial", "dismissed"),
                default="complete",
            ),
            _dim("audience", "who was asked", choices=("customer", "employee"), default="customer"),
            _dim("survey", "name of the survey"),
            _text("invitation_id", "the invitation it answers"),
            _text("ticket_id", "the ticket it is about"),
            _text("order_id", "the order it is about"),
            _dim("intent", "what the person had come to do"),
            _CHANNEL,
            _CAMPAIGN,
            _COUNTRY,
            _dim("tier", "service tier"),
            _dim("team", "team it is about"),
            _dim("agent", "person it is about"),
            _dim("language", "language of the survey"),
            _dim("scale", "the scale as text, such as 1..5", derived=True),
        ),
    ),
    Fact(
        "survey_invitation",
        "someone was asked, or shown a survey",
        "one invitation",
        ("invitation_id",),
        "sent_at",
        (
            _key("invitation_id", "unique id of the invitation"),
            _time("sent_at", "when it was sent or shown", needed=True),
            _time("responded_at", "when the survey was filled in completely"),
            _CUSTOMER,
            _EMAIL,
            _dim("survey", "name of the survey"),
            _dim("question", "its main question"),
            _CHANNEL,
            _CAMPAIGN,
            _COUNTRY,
            _dim("audience", "who was asked", choices=("customer", "employee"), default="customer"),
        ),
    ),
    Fact(
        "message",
        "one e-mail, push or SMS to one customer, with what became of it",
        "one message to one customer",
        ("message_id",),
        "sent_at",
        (
            _soft_key("message_id", "unique id of the message"),
            _time("sent_at", "when it was sent", needed=True),
            _CUSTOMER,
            _EMAIL,
            _dim("channel", "email, push, sms", default="email"),
            _CAMPAIGN,
            _dim("template", "template or subject line"),
            _COUNTRY,
            _flag("delivered", "it arrived (when empty: it did not bounce)"),
            _flag("bounced", "it came back", default="false"),
            _time("opened_at", "first open"),
            _flag("opened", "it was opened (when empty: opened_at is known)"),
            _flag("machine_opened", "the open came from a machine (privacy proxy, scanner); empty when not known"),
            _flag("clicked", "a link in it was clicked", default="false"),
            _flag("unsubscribed", "the customer unsubscribed through it", default="false"),
            _flag("complained", "the customer called it spam", default="false"),
            _flag("returned", "a push was followed by an app session within 24 hours", derived=True),
        ),
    ),
    Fact(
        "social_post",
        "a post of ours, with its counts to date; what a network does not report stays empty",
        "one post",
        ("post_id",),
        "published_at",
        (
            _soft_key("post_id", "unique id of the post"),
            _time("published_at", "when it was published", needed=True),
            _dim("network", "facebook, instagram, x, line, youtube …"),
            _dim("post_type", "photo, video, link, status, story …"),
            _dim("channel", "the channel it counts under", default="social"),
            _CAMPAIGN,
            _count("impressions", "times it was shown"),
            _count("reach", "people it was shown to"),
            _count("likes", "likes and other reactions"),
            _count("comments", "comments"),
            _count("shares", "shares by people (not shares of stock)"),
            _count("saves", "saves"),
            _count("clicks", "clicks on the post"),
            _count("tags", "tags of us in replies to it"),
            _count("conversions", "goals reached through it"),
            _count("story_first_views", "views of a story's first frame"),
            _count("story_last_views", "views of a story's last frame"),
            _count("followers", "followers of the account when it was published"),
        ),
        unit=None,
    ),
    Fact(
        "social_account",
        "followers of one of our accounts on one day",
        "one account and day",
        ("network", "account", "day"),
        "day",
        (
            _day("the day"),
            _dim("network", "facebook, instagram, x, line, youtube …", default="unknown"),
            _dim("account", "name of the account", default="main"),
            Column("followers", "int", "followers at the end of the day", "measure", needed=True, low=0),
        ),
        unit="account",
    ),
    Fact(
        "mention",
        "someone wrote about a brand, or to us, in public or by message",
        "one mention",
        ("mention_id",),
        "mentioned_at",
        (
            _soft_key("mention_id", "unique id of the mention"),
            _time("mentioned_at", "when it was written", needed=True),
            Column("replied_at", "time", "our first reply", "text"),
            _dim("network", "facebook, instagram, x, line, youtube, news …"),
            _dim("channel", "the channel it counts under", default="social"),
            _dim("kind", "what it is", choices=("mention", "tag", "message", "review"), default="mention"),
            _dim("brand", "the brand it is about"),
            _flag("ours", "it is about us, not another tracked brand", default="true"),
            _dim("sentiment", "how it speaks of the brand", choices=("positive", "neutral", "negative")),
            _CAMPAIGN,
            _COUNTRY,
            _text("author", "who wrote it"),
            _text("text", "what was written"),
        ),
        unit=None,
    ),
    Fact(
        "ad",
        "what one ad got and cost on one day",
        "one ad and day",
        ("day", "channel", "campaign", "ad_id"),
        "day",
        (
            _day("the day"),
            _dim("channel", "search, display, social, video …", default="ads"),
            _dim("campaign", "the campaign it belongs to", default="unknown"),
            Column("ad_id", "text", "the ad", default="all"),
            _SOURCE,
            _count("impressions", "times it was shown"),
            _count("clicks", "clicks"),
            _count("conversions", "goals reached through it"),
            _money("spend", "what it cost"),
            _money("attributed_revenue", "revenue attributed to it"),
            _money("attributed_margin", "margin attributed to it"),
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
            _day("the day it belongs to"),
            Column(
                "kind", "text", "what it was for", needed=True, choices=("marketing", "experience", "data", "capital")
            ),
            _dim("campaign", "the campaign it belongs to", default="none"),
            _dim("channel", "the channel it was spent on"),
            Column("item", "text", "what was bought", default="all"),
            _money("amount", "how much", needed=True),
        ),
        unit="day",
    ),
    Fact(
        "referral",
        "a customer recommended us to someone",
        "one referred person",
        ("referral_id",),
        "referred_at",
        (
            _soft_key("referral_id", "unique id of the referral"),
            _time("referred_at", "when the recommendation was made", needed=True),
            _time("converted_at", "when the referred person became a customer"),
            _CUSTOMER,
            _EMAIL,
            _text("referred_id", "the referred person's id"),
            _CHANNEL,
            _CAMPAIGN,
        ),
    ),
    Fact(
        "share_price",
        "the company's stock at a day's close",
        "one stock and day",
        ("symbol", "day"),
        "day",
        (
            _day("the trading day"),
            _dim("symbol", "ticker", default="own"),
            Column("close", "money", "closing price", "measure", "money", needed=True, low=0),
        ),
        unit="day",
    ),
    Fact(
        "customer",
        "a person we know, with traits; other columns of the file become traits",
        "one customer",
        ("customer_id",),
        "acquired_at",
        (
            _CUSTOMER,
            _EMAIL,
            _PHONE,
            _EXTERNAL,
            Column("anonymous_id", "text", "an anonymous id known to be this customer's", "identity"),
            _text("name", "full name"),
            _time("signed_up_at", "when the customer signed up"),
            _COUNTRY,
            _dim("language", "preferred language"),
            _dim("gender", "gender"),
            _dim("age_group", "age group"),
            _dim("tier", "service tier"),
            _dim("segment", "segment in your own books"),
            _dim("acquisition_channel", "channel that brought the customer"),
            _dim("acquisition_campaign", "campaign that brought the customer"),
            Column("properties", "map", "traits: every other column of the file", "text"),
            _time("first_order_at", "first order", derived=True),
            _time("second_order_at", "second order", derived=True),
            _time("first_subscribed_at", "first subscription", derived=True),
            _time("acquired_at", "first order or subscription, whichever came first", derived=True),
            _time("first_touch_at", "first visit", derived=True),
            _dim("first_touch_channel", "channel of the first visit", derived=True),
            _dim("first_touch_campaign", "campaign of the first visit", derived=True),
            _time("last_touch_at", "latest visit", derived=True),
            _dim("last_touch_channel", "channel of the latest visit", derived=True),
            _dim("last_touch_campaign", "campaign of the latest visit", derived=True),
        ),
    ),
    Fact(
        "trait",
        "what a message said about a person: an identify, group or alias call; customers are made from it",
        "one call",
        ("trait_id",),
        "said_at",
        (
            _soft_key("trait_id", "unique id of the call"),
            _time("said_at", "when it was said", needed=True),
            _dim("kind", "which call it was", choices=("identify", "group", "alias"), default="identify"),
            _CUSTOMER,
            _EMAIL,
            _PHONE,
            _EXTERNAL,
            _ANONYMOUS,
            _text("group_id", "the company or household the person belongs to"),
            _SOURCE,
            Column("properties", "map", "the traits", "text"),
        ),
        derived=True,
    ),
    Fact(
        "identifier",
        "an id under which a customer is known",
        "one kind and value",
        ("kind", "value"),
        "day",
        (
            _day("the day it was first seen"),
            Column(
                "kind",
                "text",
                "kind of id",
                choices=("customer_id", "email", "phone", "external_id", "anonymous_id"),
            ),
            _text("value", "the id"),
            Column("customer_id", "text", "the customer it belongs to, in your own systems", "identity", derived=True),
        ),
        derived=True,
    ),
)

FACTS: dict[str, Fact] = {fact.name: fact for fact in _FACTS}


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale a question is asked on unless the answer says otherwise."""

    low: float
    high: float
    direction: Literal["high_good", "low_good"]
    help: str


QUESTIONS: dict[str, Scale | None] = {
    "nps": Scale(0, 10, "high_good", "How likely are you to recommend us?"),
    "csat": Scale(1, 5, "high_good", "How satisfied are you?"),
    "ces": Scale(1, 7, "high_good", "We made it easy to handle the issue (CES 2.0)"),
    "ces_effort": Scale(1, 5, "low_good", "How much effort did you have to put forth? (CES 1.0)"),
    "reaching": Scale(1, 5, "high_good", "How easy was it to reach us?"),
    "waiting": Scale(1, 5, "high_good", "How was the waiting time?"),
    "solution": Scale(1, 5, "high_good", "How satisfied are you with the solution?"),
    "effort": Scale(1, 5, "high_good", "CXI: how little effort it took"),
    "empathy": Scale(1, 5, "high_good", "CXI: we felt for your situation"),
    "understanding": Scale(1, 5, "high_good", "CXI: we understood what you need"),
    "efficiency": Scale(1, 5, "high_good", "CXI: it was settled quickly"),
    "employee_satisfaction": Scale(1, 10, "high_good", "How satisfied are you with your work here?"),
    "visitor_intent": None,
    "task_completion": None,
}
"""Known questions with their usual scales; ``None`` marks a question answered by choice.

Employee NPS is the question ``nps`` with audience ``employee``. Other question names are welcome;
they need their scale in the file.
"""
