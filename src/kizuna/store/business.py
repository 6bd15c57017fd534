"""Business hours as UTC intervals, with a clock that runs only inside them.

The hours are local; each interval is converted to UTC on its own day by the zone's rules, so that a
day on which the clocks change has the seconds it really had.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from kizuna.errors import SettingError
from kizuna.settings import WEEKDAYS, Settings
from kizuna.store.duckdb import DuckDBStore

Interval = tuple[int, int]
"""Start and end, in seconds since 1970, UTC."""

_RANGE = """
SELECT min(opened_at), greatest(max(opened_at), max(first_response_at), max(resolved_at)) FROM ticket
"""


def intervals(settings: Settings, first: date, last: date) -> list[Interval]:
    """Opening hours on the local days from `first` to `last`, in order, none overlapping."""
    hours = {WEEKDAYS.index(_weekday(day)): list(_spans(day, text)) for day, text in settings.business_hours.items()}
    closed = {_holiday(text) for text in settings.holidays}
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


def _weekday(name: str) -> str:
    if name not in WEEKDAYS:
        raise SettingError(f"business_hours: there is no weekday {name!r}.", f"Use {', '.join(WEEKDAYS)}.")
    return name


def _spans(day: str, text: str) -> Iterator[tuple[int, int]]:
    """Minutes after midnight from ``09:00-12:00, 13:00-17:30``; an end before its start is on the next day."""
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        try:
            start, end = (_minutes(clock) for clock in part.split("-"))
        except ValueError:
            raise SettingError(
                f"business_hours.{day}: {part!r} cannot be read.",
                "Write it as 09:00-17:00, or 09:00-12:00, 13:00-17:00.",
            ) from None
        yield start, end if end > start else end + 24 * 60


def _minutes(clock: str) -> int:
    if clock.strip() == "24:00":
        return 24 * 60
    read = time.fromisoformat(clock.strip())
    return read.hour * 60 + read.minute


def _holiday(day: date | str) -> date:
    if isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except (TypeError, ValueError):
        raise SettingError(f"holidays: {day!r} is not a date.", "Write dates as 2026-01-01.") from None


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
