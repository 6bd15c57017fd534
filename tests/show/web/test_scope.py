"""Period, comparison and segment as the address says them."""

from __future__ import annotations

from datetime import date

import pytest

from kizuna.errors import QuestionError
from kizuna.settings import Settings
from kizuna.show.web.scope import NAMED, course_of, read_scope

SETTINGS = Settings({"timezone": "Asia/Tokyo"})
LAST = date(2026, 6, 17)
CASES = {
    "": (date(2026, 5, 1), date(2026, 6, 1), "month"),
    "last-month": (date(2026, 5, 1), date(2026, 6, 1), "month"),
    "this-month": (date(2026, 6, 1), date(2026, 7, 1), "month"),
    "last-7-days": (date(2026, 6, 11), date(2026, 6, 18), "all"),
    "last-28-days": (date(2026, 5, 21), date(2026, 6, 18), "all"),
    "last-90-days": (date(2026, 3, 20), date(2026, 6, 18), "all"),
    "last-12-months": (date(2025, 6, 1), date(2026, 6, 1), "all"),
    "last-year": (date(2025, 1, 1), date(2026, 1, 1), "year"),
    "2026": (date(2026, 1, 1), date(2027, 1, 1), "year"),
    "2026-q1": (date(2026, 1, 1), date(2026, 4, 1), "quarter"),
    "2025-Q4": (date(2025, 10, 1), date(2026, 1, 1), "quarter"),
    "2026-02": (date(2026, 2, 1), date(2026, 3, 1), "month"),
    "2024-02-29": (date(2024, 2, 29), date(2024, 3, 1), "day"),
    "2026-01-05..2026-01-11": (date(2026, 1, 5), date(2026, 1, 12), "all"),
    "2025-11..2026-01": (date(2025, 11, 1), date(2026, 2, 1), "all"),
}


@pytest.mark.parametrize(("period", "meant"), CASES.items())
def test_a_period_is_read(period: str, meant: tuple[date, date, str]) -> None:
    scope = read_scope({"period": period}, LAST, SETTINGS, {})
    assert (scope.since, scope.until, scope.unit) == meant


def test_a_month_whose_last_day_has_come_is_the_last_whole_one() -> None:
    scope = read_scope({}, date(2026, 6, 30), SETTINGS, {})
    assert (scope.since, scope.until) == (date(2026, 6, 1), date(2026, 7, 1))


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ({"period": "last-28-day"}, "last-28-days"),
        ({"period": "2026-13"}, "2026-03"),
        ({"period": "2026-02-30"}, "2026-03"),
        ({"period": "2026-q5"}, "2026-03"),
        ({"period": "2026-02..2026-01"}, "earlier day first"),
        ({"period": "9999"}, "2026-03"),
        ({"period": "9999-12-31"}, "2026-03"),
        ({"period": "0000-01"}, "2026-03"),
        ({"period": "'; DROP TABLE event; --"}, "2026-03"),
        ({"compare": "previos"}, "previous"),
        ({"segment": "loyl"}, "loyal"),
    ],
)
def test_what_cannot_be_read_is_told_with_what_was_meant(query: dict[str, str], hint: str) -> None:
    with pytest.raises(QuestionError) as told:
        read_scope(query, LAST, SETTINGS, {"loyal": "orders(90) >= 2"})
    assert hint in str(told.value)


def test_links_say_only_what_is_not_as_usual() -> None:
    assert read_scope({}, LAST, SETTINGS, {}).link("/metrics") == "/metrics"
    query = {"period": "2026-02", "compare": "year", "segment": "loyal"}
    scope = read_scope(query, LAST, SETTINGS, {"loyal": "orders(90) >= 2"})
    assert scope.where == "segment('loyal')"
    assert scope.link("/metric/nps#by", by="channel", every="") == (
        "/metric/nps?period=2026-02&compare=year&segment=loyal&by=channel#by"
    )


def test_a_course_is_the_dozen_periods_up_to_it() -> None:
    assert course_of(read_scope({"period": "2026-05"}, LAST, SETTINGS, {}), SETTINGS) == date(2025, 6, 1)
    assert course_of(read_scope({"period": "2026-q1"}, LAST, SETTINGS, {}), SETTINGS) == date(2023, 4, 1)
    assert course_of(read_scope({"period": "last-7-days"}, LAST, SETTINGS, {}), SETTINGS) == date(2026, 6, 11)


def test_the_names_of_periods_all_mean_something() -> None:
    for name in NAMED:
        scope = read_scope({"period": name}, LAST, SETTINGS, {})
        assert scope.since < scope.until and scope.every in ("day", "week", "month")
