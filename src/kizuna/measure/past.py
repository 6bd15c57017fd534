"""What customers did, as SQL: one sub-select per fact that a condition looks back at, joined by customer.

`kizuna.history` says which functions there are. The day they count back from comes in as a table of one row, like
calendars do, so that a plan does not change with the dates asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa

from kizuna.expression import quote_name, quote_text
from kizuna.facts import FACTS, day_of
from kizuna.history import HISTORIES, Asked

CALENDAR = "calendar_as_of"
"""The table that holds the day in its column ``day``."""

AS_OF = f"(SELECT day FROM {CALENDAR})"
"""The day to count back from, as SQL."""

_LAST = tuple(sorted({(each.fact, day_of(each.time)) for each in HISTORIES.values() if each.fact != "event"}))


class Asks(Protocol):
    """What a SELECT is put to."""

    def ask(self, sql: str) -> pa.Table: ...


@dataclass
class Past:
    """Collects what is asked of customers' pasts; `day` is the day to count back from, as SQL."""

    day: str = AS_OF
    asked: dict[str, dict[Asked, str]] = field(default_factory=dict)

    def value(self, asked: Asked) -> str:
        """What was asked, as an SQL expression over the `joins`."""
        history = asked.history
        columns = self.asked.setdefault(history.fact, {})
        name = columns.setdefault(asked, f"v{len(columns)}")
        value = f"{_alias(history.fact)}.{name}"
        # Who has no row in the sub-select did nothing: that is zero of a thing, and no score, no option and no day.
        return f"COALESCE({value}, 0)" if history.make in ("count", "sum", "holds") else value

    def joins(self) -> str:
        """The joins of all that was asked, each on the customer of ``t``."""
        return "".join(self._join(fact, columns) for fact, columns in self.asked.items())

    def _join(self, fact: str, columns: dict[Asked, str]) -> str:
        made = ", ".join(f"{self._made(asked)} AS {name}" for asked, name in columns.items())
        conditions = list(dict.fromkeys(self._rows(asked) for asked in columns))
        rows = " OR ".join(f"({each})" for each in conditions)
        alias = _alias(fact)
        return (
            f" LEFT JOIN (SELECT h.customer_no, {made} FROM {quote_name(fact)} AS h "
            f"WHERE h.customer_no IS NOT NULL AND ({rows}) GROUP BY h.customer_no) AS {alias} "
            f"ON {alias}.customer_no = t.customer_no"
        )

    def _made(self, asked: Asked) -> str:
        history, only = asked.history, f" FILTER (WHERE {self._rows(asked)})"
        time = f"h.{quote_name(history.time)}"
        if history.make == "latest":
            # Among answers of the same moment the one of the last key, so that the same data give the same number.
            return f"arg_max({history.value}, (({time}), h.row_key)){only}"
        if history.make == "since_last":
            return f"date_diff('day', max(h.{quote_name(day_of(history.time))}){only}, {self.day})"
        if history.make == "since_first":
            return f"date_diff('day', min(h.{quote_name(day_of(history.time))}){only}, {self.day})"
        if history.value:
            return f"CAST(SUM({history.value}){only} AS DOUBLE)"
        return f"COUNT(*){only}"

    def _rows(self, asked: Asked) -> str:
        """Which rows of the fact count."""
        history = asked.history
        day = f"h.{quote_name(day_of(history.time))}"
        parts = [f"{day} <= {self.day}"]
        if asked.days:
            parts.append(f"{day} > {self.day} - {asked.days}")
        if history.ends:
            ended = f"h.{quote_name(day_of(history.ends))}"
            parts.append(f"({ended} IS NULL OR {ended} > {self.day})")
        if asked.text:
            parts.append(f"h.{quote_name(history.column)} = {quote_text(asked.text)}")
        if history.of:
            parts.append(history.of)
        if history.make == "latest":
            parts.append(f"{history.value} IS NOT NULL")
        return " AND ".join(parts)


def day_table(day: date) -> dict[str, pa.Table]:
    """The table that `AS_OF` reads."""
    return {CALENDAR: pa.table({"day": pa.array([day], pa.date32())})}


def day_asked(data: Asks, until: date | None, zone: ZoneInfo) -> date:
    """The day to count back from in a question: its last one, or the last with data where that is earlier."""
    today = datetime.now(zone).date()
    last = last_day(data, today) or today
    return min(last, until - timedelta(days=1)) if until else last


def last_day(data: Asks, today: date) -> date | None:
    """The last day, not after `today`, on which any customer did anything that functions look at."""
    each = (f"SELECT max({quote_name(day)}) AS day FROM {quote_name(fact)} "
            f"WHERE {quote_name(day)} <= DATE '{today:%Y-%m-%d}'" for fact, day in _LAST)  # fmt: skip
    found: date | None = data.ask(f"SELECT max(day) AS day FROM ({' UNION ALL '.join(each)})")["day"][0].as_py()
    return found


def _alias(fact: str) -> str:
    assert fact in FACTS
    return f"past_{fact}"
