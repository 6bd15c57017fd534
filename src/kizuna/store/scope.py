"""What a load touched: whose rows, and from when until when.

`derive` with ``whole=False`` makes anew only what these spans can have changed. Whoever writes rows of
a fact with people notes them here, before `derive`: the new rows, and rows that moved from one person to another
once under the old number and once under the new. A span that is too wide costs time and nothing else.
"""

from __future__ import annotations

from kizuna.store.duckdb import DuckDBStore

_SPANS = """
CREATE TEMP TABLE IF NOT EXISTS touched_span (
    customer_no INTEGER, session_id VARCHAR, since TIMESTAMP, until TIMESTAMP)
"""


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
        f"INSERT INTO touched_span SELECT customer_no, session_id, min(at), max(at)"
        f" FROM (SELECT {customer_no} AS customer_no, {session_id} AS session_id, {time} AS at FROM {rows})"
        " GROUP BY customer_no, session_id, date_trunc('day', at)"
    )
