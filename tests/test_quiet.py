"""Quiet hours on the clock of the wall, also in the nights in which it is changed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kizuna.quiet import QuietHours

ZONES = [
    "UTC", "Europe/Copenhagen", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Asia/Kathmandu",
    "Africa/Casablanca", "America/Santiago", "Pacific/Apia",
]  # fmt: skip
MINUTE = 60_000_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("hours", "zone", "when", "until"),
    [
        ("21:00-08:00", "Asia/Tokyo", "2026-03-10T03:00", "2026-03-10T03:00"),  # noon
        ("21:00-08:00", "Asia/Tokyo", "2026-03-10T12:00", "2026-03-10T23:00"),  # nine sharp is quiet …
        ("21:00-08:00", "Asia/Tokyo", "2026-03-10T23:00", "2026-03-10T23:00"),  # … eight sharp is not
        ("12:00-13:30", "UTC", "2026-03-10T12:59:59", "2026-03-10T13:30"),
        ("", "UTC", "2026-03-10T03:00", "2026-03-10T03:00"),
        # The clocks go forward in this night, and it is an hour shorter; in the other one longer.
        ("21:00-08:00", "Europe/Copenhagen", "2026-03-28T21:00", "2026-03-29T06:00"),
        ("21:00-08:00", "Europe/Copenhagen", "2026-10-24T20:00", "2026-10-25T07:00"),
        # 02:30 happens twice; the quiet before the second one holds too.
        ("23:00-02:30", "Europe/Copenhagen", "2026-10-25T00:10", "2026-10-25T00:30"),
        ("23:00-02:30", "Europe/Copenhagen", "2026-10-25T01:10", "2026-10-25T01:30"),
        # 02:30 does not happen.
        ("23:00-02:30", "Europe/Copenhagen", "2026-03-29T00:50", "2026-03-29T01:30"),
    ],
)
def test_when_they_are_over(hours: str, zone: str, when: str, until: str) -> None:
    assert QuietHours.read(hours).over(at(when), ZoneInfo(zone)) == at(until)


@given(
    begins=st.integers(0, 1439),
    ends=st.integers(0, 1439),
    zone=st.sampled_from(ZONES),
    minute=st.integers(at("2026-01-01T00:00") // MINUTE, at("2027-01-01T00:00") // MINUTE),
    rest=st.integers(0, MINUTE - 1),
)
@settings(max_examples=300)
def test_what_is_put_off_is_put_off_to_a_time_that_is_not_quiet(
    begins: int, ends: int, zone: str, minute: int, rest: int
) -> None:
    quiet, where, asked = QuietHours(begins, ends), ZoneInfo(zone), minute * MINUTE + rest
    over = quiet.over(asked, where)
    wall = datetime.fromtimestamp(over // 1_000_000, where)
    now = wall.hour * 60 + wall.minute
    inside = begins <= now < ends if begins <= ends else now >= begins or now < ends
    assert not inside
    assert over >= asked
    # Not put off for longer than it is quiet, but for the hour by which clocks are changed.
    assert all(quiet.holds(t, where) for t in range(asked, over - 61 * MINUTE, 7 * MINUTE))
