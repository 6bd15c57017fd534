"""The visits that servers' events belong to.

A shop's server that tells of an order is no visitor. Its events have the platform ``server``; most workspaces have
none, so what joins them to visits (``derived/session_joined.sql``) is only planned where there are any.
"""

from __future__ import annotations

from kizuna.store.duckdb import DuckDBStore
from kizuna.store.steps import text

BY_SERVER = "platform = 'server' AND session_id IS NULL"
"""A server's event, unless it names the visit itself."""


def joined(store: DuckDBStore, events: str, inside: str) -> str:
    """SQL for the ``active`` events of ``session.sql`` with what servers told of in its place.

    `inside` is SQL for events of visits that are made anew; others are there for what comes after them.
    """
    if store.execute(f"SELECT 1 FROM {events} WHERE {BY_SERVER} AND customer_no IS NOT NULL LIMIT 1"):
        return f"({text('session_joined').replace('{inside}', inside)})"
    return "active"
