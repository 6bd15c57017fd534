"""Business hours as UTC intervals, with a clock that runs only inside them.

The hours are local; each interval is converted to UTC on its own day by the zone's rules, so that a
day on which the clocks change has the seconds it really had.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from kizuna.hours import closed_days, opening_hours
from kizuna.settings import WEEKDAYS, Settings
from kizuna.store.duckdb import DuckDBStore

Interval = tuple[int, int]
"""Start and end, in seconds since 1970, UTC."""

_RANGE = """
SELECT min(opened_at), greatest(max(opened_at), max(first_response_at), max(resolved_at)) FROM ticket
"""


def intervals(settings: Settings, first: date, last: date) -> list[Interval]:
    """Opening hours on the local days from `first` to `last`, in order, none overlapping."""
    hours = opening_hours(settings.business_hours, WEEKDAYS)
    closed = closed_days(settings.holidays)
    found: list[Interval] = []
    day = first
    while day <= last:
        if day not in closed:
            found += [
                (_utc(day, start, settings), _utc(day, end, settings)) for start, end in hours.get(day.weekday(), [])
            ]
        day += timedelta(days=1)
    return _merged(found)


def lay_out(store: DuckDBStore) -> None:
    """Write the table ``business`` (starts, seconds, before) over the time the tickets span."""
    first, last = store.execute(_RANGE)[0]
    found: list[Interval] = []
    if first is not None:
        found = intervals(store.settings, first.date() - timedelta(days=2), last.date() + timedelta(days=2))
    store.execute(
        """
        CREATE OR REPLACE TEMP TABLE business AS
        SELECT starts, seconds, (sum(seconds) OVER (ORDER BY starts) - seconds)::DOUBLE AS before
        FROM (SELECT unnest($starts::BIGINT[])::DOUBLE AS starts, unnest($seconds::BIGINT[])::DOUBLE AS seconds)""",
        {"starts": [start for start, _ in found], "seconds": [end - start for start, end in found]},
    )


def _utc(day: date, minutes: int, settings: Settings) -> int:
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return int(wall.replace(tzinfo=settings.zone).astimezone(UTC).timestamp())


def _merged(found: list[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for start, end in sorted(found):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
