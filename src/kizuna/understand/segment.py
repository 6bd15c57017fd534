"""Segments: the customers of whom a condition holds, how many they are, and what values conditions may name.

Who can be in a segment is who is known, by an id of ours, an address or a phone number: visitors without a name are
no customers yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa

from kizuna.errors import QuestionError, did_you_mean
from kizuna.expression import quote_name, quote_text
from kizuna.facts import FACTS
from kizuna.history import SEGMENT
from kizuna.measure.ask import Business, Reader
from kizuna.measure.names import Names, trait_names
from kizuna.measure.past import Past, last_day
from kizuna.understand.condition import named_in, segments_in

MOST_VALUES = 100
"""So many values are suggested, the commonest."""

_CUSTOMER = FACTS["customer"]


class Planned(Protocol):
    """What a condition is looked up in; a `Planner` is one."""

    @property
    def properties(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def segments(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Size:
    """How many customers are in a segment, of how many, and until which day what they did counts."""

    people: int
    of: int
    day: date

    @property
    def share(self) -> float | None:
        """Of all customers, from 0 to 1; none where there are none."""
        return self.people / self.of if self.of else None


def members_sql(planner: Planned, condition: str, day: date, name: str = "") -> str:
    """A SELECT of the ``customer_no`` of everybody in a segment, each once, in no order.

    `name` is that of the segment, where it has one: it cannot be made of itself. Raises `QuestionError` where the
    condition is not right.
    """
    names = Names(_CUSTOMER, _CUSTOMER.time, planner.properties, segments=planner.segments, past=Past(_as_sql(day)))
    names.within = (name,) if name else ()
    asked = names.condition(condition)
    return (
        f"SELECT DISTINCT t.customer_no FROM customer AS t{names.joins()} WHERE t.customer_no IS NOT NULL AND ({asked})"
    )


def size(business: Business, condition: str, day: date | None = None, name: str = "") -> Size:
    """How large a segment is on a day; without one, on the last day with data. Raises `QuestionError`."""
    day = day or data_day(business.store, business.settings.zone)
    sql = members_sql(business.planner, condition, day, name)
    with business.store.reading() as data:
        (people,) = data.ask(f"SELECT count(*) AS n FROM ({sql})")["n"].to_pylist()
        (of,) = data.ask("SELECT count(DISTINCT customer_no) AS n FROM customer")["n"].to_pylist()
    return Size(people, of, day)


def data_day(store: Reader, zone: ZoneInfo) -> date:
    """The last day with data that is not after today, or today."""
    today = datetime.now(zone).date()
    with store.reading() as data:
        return last_day(data, today) or today


def values(business: Business, subject: str) -> list[str]:
    """The commonest values of a customer's trait, or of a column such as ``event.name``, in order of how common."""
    fact, _, column = subject.rpartition(".")
    if fact:
        sql = _listed(quote_name(fact), f"t.{quote_name(column)}") if column in _NAMED.get(fact, ()) else ""
    else:
        own = _CUSTOMER.by_name.get(column)
        known = column in trait_names(business.planner.properties)
        sql = (
            _listed("customer", f"t.{quote_name(column)}" if own else f"t.properties[{quote_text(column)}]")
            if known
            else ""
        )
    if not sql:
        return []
    with business.store.reading() as data:
        table: pa.Table = data.ask(sql)
    return [str(value) for value in table["value"].to_pylist()]


_NAMED = {
    "event": ("name",),
    "survey_response": ("question", "choice"),
    "message": ("channel",),
    "contact": ("channel",),
    "ticket": ("topic",),
    "subscription": ("plan",),
}
"""The columns that a text between brackets is compared with, and what is chosen in answers."""


def doubts(business: Business, condition: str) -> list[tuple[str, str | None]]:
    """Names of events, questions … in a condition that no row has so far, each with the nearest that some row has."""
    found = []
    for subject, text in dict.fromkeys(named_in(condition)):
        if subject == SEGMENT:
            continue  # one that there is not is an error, not a doubt
        known = values(business, subject)
        if known and text not in known and len(known) < MOST_VALUES:
            found.append((text, did_you_mean(text, known)))
    return found


def used_by(conditions: Mapping[str, str], name: str) -> list[str]:
    """The segments that are made of one."""
    found = []
    for other, condition in conditions.items():
        with suppress(QuestionError):
            if other != name and name in segments_in(condition):
                found.append(other)
    return found


def _listed(fact: str, column: str) -> str:
    value = f"CAST({column} AS VARCHAR)"
    return (
        f"SELECT {value} AS value FROM {fact} AS t WHERE {column} IS NOT NULL AND {value} <> '' "
        f"GROUP BY {value} ORDER BY count(*) DESC, {value} LIMIT {MOST_VALUES}"
    )


def _as_sql(day: date) -> str:
    return f"DATE '{day:%Y-%m-%d}'"
