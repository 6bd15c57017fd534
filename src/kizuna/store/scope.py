"""What a load touched: whose rows, and from when until when.

`derive` with ``whole=False`` makes anew only what these spans can have changed. Whoever writes rows of
a fact with people notes them here, before `derive`: the new rows, and rows that moved from one person to another
once under the old number and once under the new. A span that is too wide costs time and nothing else.

A step that is narrowed by more than its customers has a file in ``derived/narrow/``: statements that leave
``near``, the events the step reads in place of all of them, and ``stale``, the derived rows that it makes anew. In them
``{window TABLE COLUMN}`` becomes a condition on time, in parameters, so that DuckDB can leave most of a table unread,
as it cannot for a condition that arrives by a join: rows lie roughly in the order of time. ``{events TABLE COLUMN}`` is
where such events are read from: ``nearby``, what touched customers did around what was touched, read once for all
steps, or the fact itself where that does not reach. ``{stop TABLE …}`` ends it where these tables are empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from kizuna.store.duckdb import DuckDBStore

_SPANS = """
CREATE TEMP TABLE IF NOT EXISTS touched_span (
    customer_no INTEGER, session_id VARCHAR, since TIMESTAMP, until TIMESTAMP)
"""
_WINDOW = re.compile(r"\{window (\w+) (\w+)(?: (\w+))?\}")
_EVENTS = re.compile(r"\{events (\w+) (\w+)\}")
_STOP = re.compile(r"\{stop ([\w ]+)\}")
_MADE = re.compile(r"^CREATE OR REPLACE TEMP TABLE (\w+)", re.MULTILINE)
_MOST_WINDOWS = 8

# Beyond so many a step's own look at the events costs less than a copy of them all.
_FEW_SPANS = 10_000
_NEARBY = """customer_no, session_id, platform, occurred_at, occurred_day, row_key, name, engaged_seconds, customer_id,
    anonymous_id, page, channel, campaign, source, device, country, referrer, browser, os, order_id, message_id,
    import_no"""

# The widest that steps look around a span: the local day it lies in, whatever the zone.
_AROUND = timedelta(hours=54)
_OF_A_DAY = (timedelta(hours=-14), timedelta(hours=38))

Spans = list[tuple[Any, Any]]


def note(
    store: DuckDBStore, rows: str, time: str, *, session_id: str = "NULL", customer_no: str = "customer_no"
) -> None:
    """Note the rows of the relation `rows` (a table, or a SELECT in brackets) as touched.

    `time` is SQL for their time in UTC (of an event when it happened, of an order when it was placed …);
    `session_id` the client's own session id (events), `customer_no` whose they are, NULL for nobody's.
    """
    store.execute(_SPANS)
    # By day, so that one late row does not stretch the span of a person who is here now over all the days between.
    store.execute(
        f"INSERT INTO touched_span SELECT customer_no, session_id, min(moment), max(moment)"
        f" FROM (SELECT {customer_no} AS customer_no, {session_id} AS session_id, {time} AS moment FROM {rows})"
        " GROUP BY customer_no, session_id, date_trunc('day', moment)"
    )


@dataclass(frozen=True, slots=True)
class Touched:
    """What there is in ``span`` and ``touched_customer``: nobody's rows too, rows with a client's session id.

    `spans` are the times of ``span``, `around` those of ``nearby``.
    """

    nobody: bool
    by_clients: bool
    customers: int
    spans: Spans
    around: Spans

    @property
    def whose(self) -> str:
        """SQL for the rows of touched customers, and of nobody where nobody's rows were touched."""
        theirs = "customer_no IN (SELECT customer_no FROM touched_customer)"
        return f"({theirs} OR customer_no IS NULL)" if self.nobody else theirs

    def events(self, spans: Spans) -> str:
        """The relation that has all events of these customers at the times `spans`."""
        reached = self.around and all(any(_holds(wide, span) for wide in self.around) for span in spans)
        return "nearby" if reached else "event"


def settle(store: DuckDBStore, before: Touched | None = None) -> Touched:
    """Lay out what was noted so far: ``span``, numbered, ``touched_customer``, and what they did, ``nearby``.

    `before` is what was laid out when less had been noted.
    """
    store.execute(_SPANS)
    store.execute(
        "CREATE OR REPLACE TEMP TABLE span AS SELECT row_number() OVER () AS number, *"
        " FROM (SELECT DISTINCT * FROM touched_span WHERE since IS NOT NULL AND until IS NOT NULL)"
    )
    customers = store.execute(
        "CREATE OR REPLACE TEMP TABLE touched_customer AS"
        " SELECT DISTINCT customer_no FROM touched_span WHERE customer_no IS NOT NULL"
    )[0][0]
    ((nobody, by_clients, number),) = store.execute(
        "SELECT count(*) > count(customer_no), count(session_id) > 0, count(*) FROM span"
    )
    touched = Touched(nobody, by_clients, customers, _times(store, "span"), [])
    if before and (before.customers, before.nobody) == (customers, nobody):
        # Customers are only ever added, so they are the same.
        return replace(touched, around=before.around)
    if not 0 < number <= _FEW_SPANS:
        return touched
    touched = replace(
        touched, around=_few([(_moved(since, -_AROUND), _moved(until, _AROUND)) for since, until in touched.spans])
    )
    values: dict[str, Any] = {}
    within = _condition("span", touched.around, "occurred_at", "occurred_at", values)
    store.execute(
        f"CREATE OR REPLACE TEMP TABLE nearby AS SELECT {_NEARBY} FROM event WHERE {within} AND {touched.whose}", values
    )
    return touched


def forget(store: DuckDBStore) -> None:
    """All of it is dealt with."""
    store.execute(_SPANS)
    store.execute("DELETE FROM touched_span")


def lay_out(
    store: DuckDBStore, script: str, touched: Touched, fill: Callable[[str], tuple[str, Mapping[str, Any]]]
) -> bool:
    """Run the statements of a file in ``derived/narrow/``; `fill` puts in pieces and gives parameters.

    False when there is nothing to make anew: all tables that a ``{stop …}`` names are empty.
    """
    spans = {"span": touched.spans}
    for statement in filter(str.strip, script.split(";\n")):
        if stop := _STOP.fullmatch(statement.strip()):
            rows = " UNION ALL ".join(f"(SELECT 1 FROM {table} LIMIT 1)" for table in stop[1].split())
            if not store.execute(rows):
                return False
            continue
        sql, filled = fill(statement)
        values = dict(filled)
        for table in {match[1] for pattern in (_WINDOW, _EVENTS) for match in pattern.finditer(sql)} - spans.keys():
            spans[table] = _times(store, table)
        for found in {match[0]: match for match in _EVENTS.finditer(sql)}.values():
            sql = sql.replace(found[0], touched.events(spans[found[1]]))
        for found in {match[0]: match for match in _WINDOW.finditer(sql)}.values():
            table, starts, ends = found.groups()
            sql = sql.replace(found[0], _condition(table, spans[table], starts, ends or starts, values))
        store.execute(sql, values)
        if made := _MADE.search(sql):
            spans.pop(made[1], None)
    return True


def window(touched: Touched, time: str, values: dict[str, Any]) -> str:
    """SQL for rows whose `time` can lie in what was touched; `values` gets the parameters that it names."""
    return _condition("span", touched.spans, time, time, values)


def _times(store: DuckDBStore, table: str) -> Spans:
    """The intervals since … until of a table, at most `_MOST_WINDOWS`; None is no end."""
    found = store.execute(
        f"SELECT min(since), nullif(max(until), 'infinity') FROM {table} GROUP BY date_trunc('day', since) ORDER BY 1"
    )
    return _few(found)


def _condition(table: str, spans: Spans, starts: str, ends: str, values: dict[str, Any]) -> str:
    """SQL for rows whose time from `starts` to `ends` can lie in one of `spans`."""
    each = []
    for number, (since, until) in enumerate(spans):
        first, last = f"{table}_since_{number}", f"{table}_until_{number}"
        values[first] = since
        each.append(f"{ends} >= ${first}")
        if until:
            values[last] = until
            each[-1] += f" AND {starts} <= ${last}"
    return f"({' OR '.join(f'({one})' for one in each)})" if each else "FALSE"


def _holds(wide: tuple[Any, Any], span: tuple[Any, Any]) -> bool:
    since, until = span
    if until is None:
        return False
    if not isinstance(since, datetime):
        first, last = (datetime.combine(day, time()) for day in span)
        since, until = _moved(first, _OF_A_DAY[0]), _moved(last, _OF_A_DAY[1])
    return bool(wide[0] <= since and until <= wide[1])


def _moved(at: datetime, by: timedelta) -> datetime:
    """An instant that much earlier or later, within the years that there are."""
    try:
        return at + by
    except OverflowError:
        return datetime.max if by > timedelta() else datetime.min


def _few(found: Sequence[tuple[Any, Any]]) -> Spans:
    """At most `_MOST_WINDOWS` intervals that cover those found, joined where they lie closest; None is no end."""
    spans: Spans = []
    for since, until in found:
        if spans and (spans[-1][1] is None or since <= spans[-1][1]):
            ends = (spans[-1][1], until)
            spans[-1] = (spans[-1][0], None if None in ends else max(ends))
        else:
            spans.append((since, until))
    while len(spans) > _MOST_WINDOWS:
        gaps = [spans[n + 1][0] - spans[n][1] for n in range(len(spans) - 1)]
        near = gaps.index(min(gaps))
        spans[near : near + 2] = [(spans[near][0], spans[near + 1][1])]
    return spans
