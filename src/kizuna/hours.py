"""Opening hours and holidays, as ``kizuna.toml`` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from typing import Any

from kizuna.errors import SettingError

Span = tuple[int, int]
"""Minutes after midnight; past 1440 it ends on the next day."""


def opening_hours(
    hours: Mapping[str, Any], weekdays: tuple[str, ...], origin: str = "settings"
) -> dict[int, list[Span]]:
    """Weekday (0 for Monday) → when it is open, from ``"09:00-12:00, 13:00-17:30"``. Raises `SettingError`."""
    return {weekdays.index(day): list(_spans(day, text, origin)) for day, text in hours.items()}


def closed_days(holidays: Iterable[Any], origin: str = "settings") -> set[date]:
    """Dates without opening hours. Raises `SettingError`."""
    return {_holiday(day, origin) for day in holidays}


def _spans(day: str, text: Any, origin: str) -> Iterator[Span]:
    """An end before its start is on the next day."""
    for part in filter(None, (piece.strip() for piece in str(text).split(","))):
        try:
            start, end = (_minutes(clock) for clock in part.split("-"))
        except ValueError:
            raise SettingError(
                f"{origin}: business_hours.{day}: {part!r} cannot be read.",
                "Write it as 09:00-17:00, or 09:00-12:00, 13:00-17:00.",
            ) from None
        yield start, end if end > start else end + 24 * 60


def _minutes(clock: str) -> int:
    if clock.strip() == "24:00":
        return 24 * 60
    read = time.fromisoformat(clock.strip())
    return read.hour * 60 + read.minute


def _holiday(day: Any, origin: str) -> date:
    if isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except (TypeError, ValueError):
        raise SettingError(f"{origin}: holidays: {day!r} is not a date.", "Write dates as 2026-01-01.") from None
