"""What somebody is asked after, as SQL: the rows of a fact that a survey's rule is about.

Each kind of rule is a SELECT over one fact, which stands there as ``t``: which rows, when they happened, and what
makes one different from the next. The condition of the rule (``where``) is about the same row and its customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kizuna.collect.survey.survey import When
from kizuna.facts import FACTS, Fact

DELIVERED_EVENTS = ["Order Delivered", "Shipment Delivered", "Delivery Completed"]
UPDATED_EVENTS = ["Order Updated"]
STATUSES = ("status", "order_status", "fulfillment_status", "delivery_status", "shipment_status")
DELIVERED_AT = "delivered_at"
"""The property of an order that tells when it arrived."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule is about: `fact`, the time column of it, and SQL for the time, the identity and what must hold."""

    fact: Fact
    time: str
    at: str
    id: str
    holds: str = "TRUE"
    source: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> str:
        """The relation of the rows, as ``t``."""
        return f'"{self.fact.name}" AS t {self.source}'


def subject_of(when: When, zone: str) -> Subject | None:
    """What a rule is about; None for rules without a fact (by hand, on a page). `zone` is the workspace's."""
    match when.after:
        case "ticket_resolved":
            still = "t.resolved_at IS NOT NULL AND NOT coalesce(t.reopened_at > t.resolved_at, FALSE)"
            return Subject(FACTS["ticket"], "resolved_at", "t.resolved_at", "t.ticket_id", still)
        case "order":
            return Subject(FACTS["order"], "ordered_at", "t.ordered_at", "t.order_id", _BOUGHT)
        case "order_delivered":
            return _delivered(zone)
        case "signup":
            return _signup(when)
        case "event":
            return Subject(
                FACTS["event"],
                "occurred_at",
                "t.occurred_at",
                "t.row_key",
                "t.name = $event",
                "",
                {"event": when.event},
            )
    return None


_BOUGHT = "t.value >= 0 AND t.transaction_type <> 'refund' AND (t.refunded < t.value OR t.value = 0)"


def _delivered(zone: str) -> Subject:
    """Orders of which an event or the order's own property says that they arrived."""
    said = f"t.properties['{DELIVERED_AT}']"
    # Where it is written without an offset it is the workspace's own time.
    own = (
        rf"CASE WHEN regexp_matches({said}, '(Z|[+-]\d\d:?\d\d)$')"
        f" THEN timezone('UTC', try_cast({said} AS TIMESTAMPTZ))"
        f" ELSE timezone('UTC', timezone('{zone}', try_cast({said} AS TIMESTAMP))) END"
    )
    statuses = ", ".join(f"lower(properties['{name}'])" for name in STATUSES)
    told = (
        "LEFT JOIN (SELECT order_id, min(occurred_at) AS at FROM event WHERE order_id IS NOT NULL"
        " AND (list_contains($delivered_events::VARCHAR[], name)"
        f" OR list_contains($updated_events::VARCHAR[], name) AND list_contains([{statuses}], 'delivered'))"
        " GROUP BY order_id) AS delivered ON delivered.order_id = t.order_id"
    )
    values = {"delivered_events": DELIVERED_EVENTS, "updated_events": UPDATED_EVENTS}
    return Subject(FACTS["order"], "ordered_at", f"coalesce(delivered.at, {own})", "t.order_id", _BOUGHT, told, values)


def _signup(when: When) -> Subject:
    """So many days after it, and then every so many: the last such day that has come, and which of them it is."""
    first = f"(t.signed_up_at + to_hours({24 * when.days}))"
    holds = "t.signed_up_at IS NOT NULL"
    if when.every_days <= 0:
        return Subject(FACTS["customer"], "signed_up_at", first, f"{_WHO} || '/0'", holds)
    every = f"{when.every_days * 86_400}"
    turn = f"greatest(0, floor((epoch($now::TIMESTAMP) - epoch({first}) - $delay) / {every}))::BIGINT"
    at = f"({first} + to_seconds({turn} * {every}))"
    return Subject(FACTS["customer"], "signed_up_at", at, f"{_WHO} || '/' || {turn}", holds)


# A customer's strongest id: numbers of customers are the database's own.
_WHO = (
    "coalesce('customer_id:' || t.customer_id, 'email:' || lower(trim(t.email)), 'phone:' || t.phone,"
    " 'external_id:' || t.external_id, t.row_key)"
)
