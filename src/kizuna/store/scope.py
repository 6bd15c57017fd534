"""What a load touched: whose rows, and from when until when.

`derive` with ``whole=False`` makes anew only what these spans can have changed. Whoever writes rows of
a fact with people notes them here, before `derive`: the new rows, and rows that moved from one person to another
once under the old number and once under the new. A span that is too wide costs time and nothing else.

A step that is narrowed by more than its customers has a file in ``derived/narrow/``: statements that leave
``near``, the events the step reads in place of all of them, and ``stale``, the derived rows that it makes anew. In them
``{window TABLE COLUMN}`` becomes a condition on time, in parameters, so that DuckDB can leave most of a table unread,
as it cannot for a condition that arrives by a join: rows lie roughly in the order of time. ``{stop TABLE …}`` ends it
where these tables are empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kizuna.store.duckdb import DuckDBStore

_SPANS = """
CREATE TEMP TABLE IF NOT EXISTS touched_span (
    customer_no INTEGER, session_id VARCHAR, since TIMESTAMP, until TIMESTAMP)
"""
_WINDOW = re.compile(r"\{window (\w+) (\w+)(?: (\w+))?\}")
_STOP = re.compile(r"\{stop ([\w ]+)\}")
_MADE = re.compile(r"^CREATE OR REPLACE TEMP TABLE (\w+)", re.MULTILINE)
_MOST_WINDOWS = 8


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
    """What there is in ``span`` and ``touched_customer``: nobody's rows too, rows with a client's session id."""

    nobody: bool
    by_clients: bool

    @property
    def whose(self) -> str:
        """SQL for the rows of touched customers, and of nobody where nobody's rows were touched."""
        theirs = "customer_no IN (SELECT customer_no FROM touched_customer)"
        return f"({theirs} OR customer_no IS NULL)" if self.nobody else theirs


def settle(store: DuckDBStore) -> Touched:
    """Lay out what was noted so far: ``span``, numbered, and ``touched_customer``."""
    store.execute(_SPANS)
    store.execute(
        "CREATE OR REPLACE TEMP TABLE span AS SELECT row_number() OVER () AS number, *"
        " FROM (SELECT DISTINCT * FROM touched_span WHERE since IS NOT NULL AND until IS NOT NULL)"
    )
    store.execute(
        "CREATE OR REPLACE TEMP TABLE touched_customer AS"
        " SELECT DISTINCT customer_no FROM touched_span WHERE customer_no IS NOT NULL"
    )
    found = store.execute("SELECT count(*) > count(customer_no), count(session_id) > 0 FROM span")[0]
    return Touched(*found)


def forget(store: DuckDBStore) -> None:
    """All of it is dealt with."""
    store.execute(_SPANS)
    store.execute("DELETE FROM touched_span")


def lay_out(store: DuckDBStore, script: str, fill: Callable[[str], tuple[str, Mapping[str, Any]]]) -> bool:
    """Run the statements of a file in ``derived/narrow/``; `fill` puts in pieces and gives parameters.

    False when there is nothing to make anew: all tables that a ``{stop …}`` names are empty.
    """
    spans: dict[str, list[tuple[Any, Any]]] = {}
    for statement in filter(str.strip, script.split(";\n")):
        if stop := _STOP.fullmatch(statement.strip()):
            rows = " UNION ALL ".join(f"(SELECT 1 FROM {table} LIMIT 1)" for table in stop[1].split())
            if not store.execute(rows):
                return False
        else:
            sql, filled = fill(statement)
            values = dict(filled)
            for found in {match[0]: match for match in _WINDOW.finditer(sql)}.values():
                sql = sql.replace(found[0], window(store, *found.groups(), values=values, spans=spans))
            store.execute(sql, values)
            if made := _MADE.search(sql):
                spans.pop(made[1], None)
    return True


def window(
    store: DuckDBStore,
    table: str,
    starts: str,
    ends: str | None = None,
    *,
    values: dict[str, Any],
    spans: dict[str, list[tuple[Any, Any]]] | None = None,
) -> str:
    """SQL for rows whose time (or time from `starts` to `ends`) can lie in an interval since … until of `table`.

    `values` gets the parameters that it names; `spans` keeps what was found of each table, for as long as it stays
    as it is.
    """
    kept = {} if spans is None else spans
    if table not in kept:
        found = store.execute(
            "SELECT min(since), nullif(max(until), 'infinity')"
            f" FROM {table} GROUP BY date_trunc('day', since) ORDER BY 1"
        )
        kept[table] = _few(found)
    each = []
    for number, (since, until) in enumerate(kept[table]):
        first, last = f"{table}_since_{number}", f"{table}_until_{number}"
        values[first] = since
        each.append(f"{ends or starts} >= ${first}")
        if until:
            values[last] = until
            each[-1] += f" AND {starts} <= ${last}"
    return f"({' OR '.join(f'({one})' for one in each)})" if each else "FALSE"


def _few(found: Sequence[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """At most `_MOST_WINDOWS` intervals that cover those found, joined where they lie closest; None is no end."""
    spans: list[tuple[Any, Any]] = []
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
