"""Events around what was touched are read once; who needs others reads the fact itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from kizuna.store import scope

NOON = datetime(2026, 3, 1, 12)
HOURS = timedelta(hours=1)


@pytest.fixture
def shop(open_shop: Callable[..., Any]) -> Any:
    shop = open_shop(timezone="Pacific/Kiritimati")
    for number, at in enumerate((NOON, NOON + 50 * HOURS, NOON + 60 * HOURS)):
        shop.put("event", {"event_id": f"e{number}", "occurred_at": at, "name": "Page Viewed", "customer_id": "c"})
    shop.put("event", {"event_id": "other", "occurred_at": NOON, "name": "Page Viewed", "customer_id": "d"})
    return shop


def touched(shop: Any, *times: datetime) -> scope.Touched:
    for at in times:
        scope.note(shop.store, f"(SELECT 1 AS customer_no, TIMESTAMP '{at}' AS noon)", "noon")
    return scope.settle(shop.store)


@pytest.mark.parametrize(
    ("span", "relation"),
    [
        ((NOON - 54 * HOURS, NOON + 54 * HOURS), "nearby"),
        ((NOON - 55 * HOURS, NOON), "event"),
        ((NOON, NOON + 55 * HOURS), "event"),
        ((NOON, None), "event"),
        ((date(2026, 2, 28), date(2026, 3, 2)), "nearby"),
        ((date(2026, 2, 28), date(2026, 3, 3)), "event"),
    ],
)
def test_only_what_lies_around_is_read_from_the_copy(shop: Any, span: tuple[Any, Any], relation: str) -> None:
    assert touched(shop, NOON).events([span]) == relation


def test_the_copy_has_all_events_of_the_touched_around_and_no_others(shop: Any) -> None:
    touched(shop, NOON)
    assert shop.store.execute("SELECT occurred_at FROM nearby ORDER BY ALL") == [(NOON,), (NOON + 50 * HOURS,)]


def test_nothing_touched_reads_the_fact(shop: Any) -> None:
    assert touched(shop).events([]) == "event"
    assert touched(shop).events([(NOON, NOON)]) == "event"


def test_another_customer_is_read_anew(shop: Any) -> None:
    before = touched(shop, NOON)
    scope.note(shop.store, f"(SELECT 2 AS customer_no, TIMESTAMP '{NOON}' AS noon)", "noon")
    after = scope.settle(shop.store, before)
    assert after.events([(NOON, NOON)]) == "nearby"
    assert shop.store.execute("SELECT count(DISTINCT customer_no) FROM nearby") == [(2,)]


@pytest.mark.parametrize("at", [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59)])
def test_the_first_and_the_last_year_have_no_hours_around(shop: Any, at: datetime) -> None:
    assert touched(shop, at).events([(at, at)]) == "nearby"
