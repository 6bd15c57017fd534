"""Refunds without an amount: full ones, and those that list the products that came back.

They are few, and prices inside of lists of products take long to plan for. So ``derived/order_returned.sql``
is run where there are any, and orders are joined with what it finds.
"""

from __future__ import annotations

from kizuna.collect.exchange import rate
from kizuna.settings import Settings
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.steps import event_names, text

_NONE = "(SELECT *, FALSE AS all_back, 0 AS products_back FROM orders)"
_JOINED = """(SELECT orders.*, coalesce(r.all_back, FALSE) AS all_back, coalesce(r.paid_back, 0) AS products_back
    FROM orders LEFT JOIN returned r USING (order_id))"""


def returned(store: DuckDBStore, events: str) -> str:
    """SQL for ``orders`` of ``order_told.sql`` with what the refunds among `events` paid back without an amount."""
    names = event_names()
    told = {name: names[name] for name in ("order_completed", "order_updated", "order_refunded")}
    unsaid = "value IS NULL AND order_id IS NOT NULL AND list_contains($names::VARCHAR[], name)"
    if not store.execute(f"SELECT 1 FROM {events} WHERE {unsaid} LIMIT 1", {"names": told["order_refunded"]}):
        return _NONE
    store.execute(f"CREATE OR REPLACE TEMP TABLE returned AS {_filled(store.settings, events)}", told)
    return _JOINED


def _filled(settings: Settings, events: str) -> str:
    worth = rate("coalesce(list.currency, currency)", settings.currency, settings.exchange)
    return text("order_returned").replace("{event}", events).replace("{rate}", worth)
