"""What can be asked of a customer's past: the functions of ``where`` and of segments.

``orders(90) >= 2`` is about customers who ordered twice within the last 90 days. Each function is an entry of the
table below: the fact it looks at, which of its rows, and what is made of them. The days count back from one day, that
day included (see docs/decisions/0029): ``orders(1)`` are the orders of that day, ``orders()`` all until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kizuna.errors import QuestionError, UnknownName
from kizuna.expression import Called, Given

Kind = Literal["number", "text", "condition"]
Make = Literal["count", "sum", "latest", "since_last", "since_first", "holds"]
MOST_DAYS = 36_500
SEGMENT = "segment"

_ORDERS = "h.value >= 0 AND h.transaction_type <> 'refund'"
_ANSWERS = "h.status = 'complete' AND h.audience = 'customer'"


@dataclass(frozen=True, slots=True)
class History:
    """One function.

    `make` says what becomes of the rows of `fact` that fit `of` (SQL over ``h``): how many they are, the sum of
    `value`, its latest one, or the days since the last or first row. A row that ``holds`` began before the day and has
    not ended. `column` is what a text between the brackets is compared with; `needed` says that there must be one;
    `choices` are then the only ones. `windows`: a number of days may be given.
    """

    name: str
    help: str
    fact: str
    time: str
    make: Make = "count"
    of: str = ""
    value: str = ""
    column: str = ""
    needed: bool = False
    ends: str = ""
    kind: Kind = "number"
    windows: bool = True

    @property
    def forms(self) -> tuple[str, ...]:
        """The ways in which it is written, with an example of a text and of a number of days."""
        text = _EXAMPLES.get(self.name, _EXAMPLES.get(self.column, "'…'"))
        texts = [text] if self.needed else ["", text] if self.column else [""]
        days = ["90", ""] if self.windows else [""]
        return tuple(f"{self.name}({', '.join(filter(None, (said, day)))})" for said in texts for day in days)


_EXAMPLES = {
    "did": "'Product Added'",
    "chose": "'visitor_intent'",
    "question": "'nps'",
    "channel": "'email'",
    "topic": "'delivery'",
    "plan": "'basic'",
}

HISTORIES: dict[str, History] = {
    each.name: each
    for each in (
        History("orders", "orders placed", "order", "ordered_at", of=_ORDERS),
        History("spent", "paid, less what was paid back", "order", "ordered_at", "sum", value="h.value - h.refunded"),
        History("did", "events of a name", "event", "occurred_at", column="name", needed=True),
        History("visits", "visits to the site or app", "session", "started_at"),
        History("active_days", "days with any event or order", "customer_day", "day", of="h.first_of_day"),
        History("tickets", "tickets opened", "ticket", "opened_at", column="topic"),
        History(
            "open_tickets", "tickets open on the day", "ticket", "opened_at", "holds", ends="resolved_at", windows=False
        ),
        History("contacts", "calls, chats, mails and visits to support", "contact", "contacted_at", column="channel"),
        History("messages", "e-mails, pushes and SMS sent to them", "message", "sent_at", column="channel"),
        History("opens", "messages they opened", "message", "sent_at", of="h.opened", column="channel"),
        History("clicks", "messages they clicked in", "message", "sent_at", of="h.clicked", column="channel"),
        History("answers", "answers to surveys", "survey_response", "answered_at", of=_ANSWERS, column="question"),
        History(
            "answered", "latest score given to a question", "survey_response", "answered_at", "latest",
            _ANSWERS, "h.score", "question", needed=True,
        ),
        History(
            "chose", "latest option chosen for a question", "survey_response", "answered_at", "latest",
            _ANSWERS, "h.choice", "question", needed=True, kind="text",
        ),
        History("referrals", "people they recommended us to", "referral", "referred_at"),
        History(
            "subscriptions", "subscriptions that run on the day", "subscription", "started_at", "holds",
            column="plan", ends="ended_at", windows=False,
        ),
        History(
            "mrr", "recurring revenue a month on the day", "subscription", "started_at", "holds",
            value="h.mrr", column="plan", ends="ended_at", windows=False,
        ),
    )
}  # fmt: skip
"""Every function but `segment` and `days_since`, by name."""

SINCE = "days_since"
MOMENTS: dict[str, History] = {
    name: History(
        SINCE, help, fact, time, "since_first" if name.startswith("first") else "since_last", of, windows=False
    )
    for name, help, fact, time, of in (
        ("order", "their last order", "order", "ordered_at", _ORDERS),
        ("first_order", "their first order", "order", "ordered_at", _ORDERS),
        ("visit", "their last visit", "session", "started_at", ""),
        ("first_visit", "their first visit", "session", "started_at", ""),
        ("activity", "the last day with any event or order", "customer_day", "day", ""),
        ("ticket", "the ticket they opened last", "ticket", "opened_at", ""),
        ("message", "the last message sent to them", "message", "sent_at", ""),
        ("open", "the last message they opened was sent", "message", "sent_at", "h.opened"),
        ("answer", "their last answer to a survey", "survey_response", "answered_at", _ANSWERS),
        ("signup", "they signed up", "customer", "signed_up_at", ""),
    )
}
"""What ``days_since('…')`` may name."""

NAMES = (*HISTORIES, SINCE, SEGMENT)
"""Every function, in the order in which people are shown them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A function as it was written: with which text and how many days, both empty where none was given."""

    history: History
    text: str = ""
    days: int = 0


def read_call(name: str, given: Sequence[Given]) -> Asked:
    """What a call other than of `segment` asks for; raises `QuestionError` where it is not right."""
    if name == SINCE:
        return Asked(_moment(given))
    history = HISTORIES.get(name)
    if history is None:
        raise UnknownName("function", name, NAMES, f"Functions over what customers did: {', '.join(NAMES)}.")
    rest = list(given)
    text = ""
    if history.column and rest and isinstance(rest[0], str):
        text = str(rest.pop(0))
    days = rest.pop(0) if rest and history.windows else 0
    if rest or isinstance(days, str) or (history.needed and not text):
        raise QuestionError(f"{_written(name, given)} cannot be read.", f"Write it as {' or '.join(history.forms)}.")
    if (days or given[-1:] == [0]) and not 1 <= days <= MOST_DAYS:
        raise QuestionError(
            f"{_written(name, given)}: days go from 1 to {MOST_DAYS:,}.",
            f"{history.name}(…) without days is at any time.",
        )
    return Asked(history, text, days)


def check_call(name: str, given: Sequence[Given]) -> Called:
    """Check how a call is written, where there is nothing to look into: the SQL it gives is for nobody to run."""
    if name == SEGMENT:
        segment_name(given)
        return Called("TRUE", "condition")
    return Called("NULL", read_call(name, given).history.kind)


def segment_name(given: Sequence[Given]) -> str:
    """The name between the brackets of ``segment('loyal')``."""
    if len(given) == 1 and isinstance(given[0], str) and given[0]:
        return given[0]
    raise QuestionError(f"{_written(SEGMENT, given)} cannot be read.", "Write the segment's name: segment('loyal').")


def _moment(given: Sequence[Given]) -> History:
    if len(given) != 1 or not isinstance(given[0], str):
        raise QuestionError(
            f"{_written(SINCE, given)} cannot be read.", f"Write one of {', '.join(MOMENTS)}: days_since('order')."
        )
    if given[0] not in MOMENTS:
        raise UnknownName("moment", given[0], MOMENTS, f"days_since(…) knows {', '.join(MOMENTS)}.")
    return MOMENTS[given[0]]


def _written(name: str, given: Sequence[Given]) -> str:
    return f"{name}({', '.join(repr(each) for each in given)})"
