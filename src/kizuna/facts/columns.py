"""Columns that many facts have, and short words to declare others with."""

from __future__ import annotations

from kizuna.facts.fact import Column


def key(name: str, help: str) -> Column:
    """A part of the fact's natural key, which every row must have."""
    return Column(name, "text", help, "key", needed=True)


def soft_key(name: str, help: str) -> Column:
    """A key that a row may lack; it is then told by its content."""
    return Column(name, "text", help, "key")


def time(name: str, help: str, *, needed: bool = False, derived: bool = False) -> Column:
    """A point in time that can place a row in a period."""
    return Column(name, "time", help, "time", needed=needed, derived=derived)


def day(help: str) -> Column:
    """The day of a daily figure."""
    return Column("day", "date", help, "time", needed=True)


def dim(
    name: str, help: str, *, choices: tuple[str, ...] = (), default: str | None = None, derived: bool = False
) -> Column:
    """Something to break numbers down by."""
    return Column(name, "text", help, choices=choices, default=default, derived=derived)


def flag(name: str, help: str, *, default: str | None = None, derived: bool = False) -> Column:
    """Yes or no, to break down by."""
    return Column(name, "bool", help, default=default, derived=derived)


def count(name: str, help: str, *, derived: bool = False) -> Column:
    """A number of things, none below 0."""
    return Column(name, "int", help, "measure", low=0, derived=derived)


def seconds(name: str, help: str, *, derived: bool = False) -> Column:
    """A length of time."""
    return Column(name, "number", help, "measure", "seconds", low=0, derived=derived)


def money(name: str, help: str, *, needed: bool = False, default: str | None = None) -> Column:
    """An amount in the workspace's currency."""
    return Column(name, "money", help, "measure", "money", needed=needed, default=default)


def text(name: str, help: str) -> Column:
    """Something to read or to match, not to break down by."""
    return Column(name, "text", help, "text")


CUSTOMER = Column("customer_id", "text", "the customer's id in your own systems", "identity")
EMAIL = Column("email", "text", "the customer's e-mail address", "identity")
PHONE = Column("phone", "text", "the customer's phone number", "identity")
EXTERNAL = Column("external_id", "text", "an id of the customer in another system, as kind:value", "identity")
ANONYMOUS = Column("anonymous_id", "text", "the id of a visitor who is not known (yet)", "identity")
CHANNEL = dim("channel", "where it happened or came from: web, app, email, phone, chat, store, social …")
CAMPAIGN = dim("campaign", "the campaign it belongs to")
SOURCE = dim("source", "the system or site it came from")
DEVICE = dim("device", "desktop, mobile, tablet")
PLATFORM = dim(
    "platform",
    "web or app; server, where no visitor's browser or app told of it",
    choices=("web", "app", "server"),
    default="web",
)
COUNTRY = dim("country", "ISO 3166 two-letter country code")
