"""Customers as rows for programs and spreadsheets: the same columns from the command line, the page and the API."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

from kizuna.understand.directory import Figures
from kizuna.understand.finding import Named

HEADER = (
    "customer_no", "customer_id", "name", "email", "phone", "country", "language", "tier", "segment", "value", "orders",
    "last_seen", "customer_since",
)  # fmt: skip
"""`value` is in the workspace's currency; times are by the workspace's clock, with its distance from UTC."""


def as_row(who: Named, figures: Figures, zone: tzinfo) -> dict[str, Any]:
    """A customer by `HEADER`; what is not known is empty."""
    own = {name: getattr(who, name) or None for name in HEADER if hasattr(who, name)}
    own |= {"value": figures.value, "orders": figures.orders}
    return own | {"last_seen": _moment(figures.seen, zone), "customer_since": _moment(figures.since, zone)}


def _moment(at: datetime | None, zone: tzinfo) -> str | None:
    return None if at is None else at.replace(tzinfo=UTC).astimezone(zone).isoformat(timespec="seconds")
