"""Periods: whole, half-open, in the workspace's zone; weeks on its first weekday; 23 and 25 hours."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kizuna.errors import QuestionError
from kizuna.measure.calendar import EVERY, Axis, Every, Period, add_months, first_of, make_axis, window

TOKYO, COPENHAGEN = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Copenhagen")


def axis(every: Every, since: str, until: str, compare: str = "previous", weekday: int = 0) -> Axis:
    return make_axis(every, date.fromisoformat(since), date.fromisoformat(until), compare, TOKYO, weekday)  # type: ignore[arg-type]


def spans(found: Axis) -> list[str]:
    return [f"{found.periods[i].start}..{found.periods[i].end}" for i in found.asked]


@pytest.mark.parametrize(
    ("every", "since", "until", "expected"),
    [
        ("month", "2026-01-15", "2026-03-01", ["2026-01-01..2026-02-01", "2026-02-01..2026-03-01"]),
        ("quarter", "2026-02-01", "2026-05-01", ["2026-01-01..2026-04-01", "2026-04-01..2026-07-01"]),
        ("year", "2026-02-01", "2026-05-01", ["2026-01-01..2027-01-01"]),
        ("week", "2026-01-01", "2026-01-06", ["2025-12-29..2026-01-05", "2026-01-05..2026-01-12"]),
        ("day", "2024-02-28", "2024-03-02", ["2024-02-28..2024-02-29", "2024-02-29..2024-03-01", "2024-03-01..2024-03-02"]),
        ("all", "2026-01-15", "2026-02-20", ["2026-01-15..2026-02-20"]),
    ],
)  # fmt: skip
def test_periods_are_whole(every: Every, since: str, until: str, expected: list[str]) -> None:
    assert spans(axis(every, since, until)) == expected


def test_weeks_start_on_the_first_weekday() -> None:
    assert spans(axis("week", "2026-01-01", "2026-01-02", weekday=6)) == ["2025-12-28..2026-01-04"]


@pytest.mark.parametrize(
    ("every", "compare", "period", "expected"),
    [
        ("month", "previous", ("2026-03-01", "2026-04-01"), ("2026-02-01", "2026-03-01")),
        ("month", "year", ("2026-03-01", "2026-04-01"), ("2025-03-01", "2025-04-01")),
        ("week", "year", ("2026-01-05", "2026-01-12"), ("2025-01-06", "2025-01-13")),
        ("day", "year", ("2024-02-29", "2024-03-01"), ("2023-02-28", "2023-03-01")),
        ("all", "previous", ("2026-01-01", "2026-04-01"), ("2025-10-01", "2026-01-01")),
        ("all", "previous", ("2026-01-10", "2026-01-20"), ("2025-12-31", "2026-01-10")),
        ("all", "year", ("2026-01-10", "2026-01-20"), ("2025-01-10", "2025-01-20")),
    ],
)
def test_what_a_period_is_compared_with(
    every: Every, compare: str, period: tuple[str, str], expected: tuple[str, str]
) -> None:
    found = axis(every, *period, compare)
    found.reach_against(found.asked)
    against = found.periods[found.against[found.asked[0]]]
    assert (str(against.start), str(against.end)) == expected


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_has_the_hours_it_has(day: str, hours: int) -> None:
    since = date.fromisoformat(day)
    assert len(make_axis("hour", since, since + timedelta(days=1), "none", COPENHAGEN).asked) == hours


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(QuestionError, match="is empty"):
        axis("month", "2026-02-01", "2026-02-01")


def test_too_many_periods_are_refused() -> None:
    with pytest.raises(QuestionError, match="more than 4000 periods"):
        axis("day", "1990-01-01", "2026-01-01")


def test_spans() -> None:
    march = Period(date(2026, 3, 1), date(2026, 4, 1))
    assert window("last 90 days", march) == (date(2026, 1, 1), date(2026, 4, 1))
    assert window("last month", Period(date(2026, 1, 1), date(2026, 4, 1))) == (date(2026, 3, 1), date(2026, 4, 1))


@given(st.sampled_from([e for e in EVERY if e not in ("all", "hour")]), st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_periods_tile_the_range(every: Every, since: date) -> None:
    found = make_axis(every, since, since + timedelta(days=200), "previous", TOKYO, 0)
    periods = [found.periods[i] for i in found.asked]
    assert periods[0].start <= since < periods[0].end
    assert all(a.end == b.start for a, b in pairwise(periods))
    assert all(found.earlier(b) == a for a, b in pairwise(periods))


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(-40, 40))
def test_months_add_up(day: date, months: int) -> None:
    moved = add_months(day, months)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day == day.day or moved == first_of("month", add_months(moved.replace(day=1), 1)) - timedelta(days=1)


def test_a_calendar_lists_each_day_of_each_period_once() -> None:
    found = axis("month", "2026-01-01", "2026-03-01")
    table = found.calendar("period")
    assert len(table) == 59
    assert len(set(zip(table["day"].to_pylist(), table["period"].to_pylist(), strict=True))) == 59


def test_segments_cover_everything_before_the_last_cut() -> None:
    found = axis("month", "2026-02-01", "2026-04-01")
    table = found.segments(date(2025, 12, 30))
    assert found.cuts() == [date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)]
    assert table["period"].to_pylist().count(0) == 33
    assert len(table) == 33 + 28 + 31
