"""What a customer and a business have to do with each other: which rows of which facts a timeline shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from kizuna.store.steps import event_names


@dataclass(frozen=True, slots=True)
class Touchpoint:
    """One kind: its fact, when it happened, the columns to show, which rows count, and what names one.

    A condition may look at ``$told`` (see `told_elsewhere`) and ``$no``, the customer's number; ``f`` is the row.
    """

    fact: str
    time: str
    columns: tuple[str, ...]
    where: str = "TRUE"
    key: str = "row_key"


def _kind(fact: str, time: str, columns: str, where: str = "TRUE", key: str = "row_key") -> Touchpoint:
    return Touchpoint(fact, time, tuple(columns.split()), where, key)


_OUTSIDE_VISITS = """name NOT IN (SELECT unnest($told::VARCHAR[])) AND NOT EXISTS (
    SELECT 1 FROM session s WHERE s.customer_no = $no AND (
        s.session_id = f.session_id
        OR f.occurred_at BETWEEN s.started_at AND coalesce(s.ended_at, s.started_at)))"""

TOUCHPOINTS: dict[str, Touchpoint] = {
    "visit": _kind(
        "session",
        "started_at",
        "session_id started_at ended_at platform device channel campaign entry_page exit_page page_views"
        " duration_seconds converted referrer",
    ),
    "order": _kind(
        "order",
        "ordered_at",
        "order_id value refunded transaction_type channel campaign category quantity order_number",
    ),
    "cart": _kind("cart", "started_at", "cart_id products checkout_at channel platform", "ordered_at IS NULL"),
    "subscription": _kind("subscription", "started_at", "subscription_id plan mrr ended_at end_reason"),
    "ticket": _kind(
        "ticket",
        "opened_at",
        "ticket_id topic channel priority team agent first_response_at resolved_at reopened_at contacts",
    ),
    "contact": _kind("contact", "contacted_at", "contact_id ticket_id topic channel team agent answered_at"),
    "message": _kind(
        "message",
        "sent_at",
        "message_id channel campaign template delivered bounced opened_at opened machine_opened clicked unsubscribed"
        " complained returned",
    ),
    "answer": _kind(
        "survey_response",
        "answered_at",
        "response_id question score scale_low scale_high direction choice comment status survey channel ticket_id"
        " order_id",
        "status IS DISTINCT FROM 'dismissed'",
        "response_id",
    ),
    "invitation": _kind(
        "survey_invitation",
        "sent_at",
        "invitation_id survey channel state shown_at first_answer_at responded_at dismissed_at",
    ),
    "task": _kind("task", "raised_at", "task_id survey score due_at done_at owner done_by note"),
    "referral": _kind("referral", "referred_at", "referral_id channel converted_at"),
    "event": _kind(
        "event", "occurred_at", "name channel platform page product element value referrer", _OUTSIDE_VISITS
    ),
}
"""Everything that a timeline has. A visit stands for its events, an answer for all answers of one survey."""

GROUPS: dict[str, tuple[str, ...]] = {
    "visits": ("visit", "cart", "event"),
    "orders": ("order", "subscription", "referral"),
    "support": ("ticket", "contact", "task"),
    "messages": ("message",),
    "feedback": ("answer", "invitation"),
}
"""What a reader can narrow it down to."""


@cache
def told_elsewhere() -> list[str]:
    """Names of events that other facts tell of: orders and mails have entries of their own."""
    names = event_names()
    return sorted({*names["passive"], *names["message_told"], *names["order_told"]})
