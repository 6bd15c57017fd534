"""How a period is named: by its grain and the reader's language."""

from __future__ import annotations

from datetime import date, datetime, timedelta

_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "da": ("jan.", "feb.", "mar.", "apr.", "maj", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "dec."),
}


def period(start: date, end: date | None, every: str | None = None, language: str = "en") -> str:
    """The name of a half-open period: ``2026``, ``Q1 2026``, ``Jan 2026``, ``5 Jan 2026``, a week by its first day.

    Any other range is written with its last day included, as people say it.
    """
    if every == "hour" and isinstance(start, datetime):
        return f"{day(start, language)} {start:%H:%M}"
    grain = every if every in ("day", "week", "month", "quarter", "year") else whole(start, end)
    if grain == "year":
        return f"{start.year}年" if language == "ja" else str(start.year)
    if grain == "quarter":
        return _quarter(start, language)
    if grain == "month":
        return _month(start, language)
    if grain in ("day", "week") or end is None:
        return day(start, language)
    last = end - timedelta(days=1)
    return day(start, language) if last <= start else f"{day(start, language)} – {day(last, language)}"


def whole(start: date, end: date | None) -> str | None:
    """Which calendar unit a range is, exactly, or ``None``."""
    if end is None or start.day != 1 or end.day != 1:
        return None
    months = (end.year - start.year) * 12 + end.month - start.month
    if months == 12 and start.month == 1:
        return "year"
    if months == 3 and start.month % 3 == 1:
        return "quarter"
    return "month" if months == 1 else None


def day(when: date, language: str = "en") -> str:
    """A day as people write it: ``5 Jan 2026``, ``2026年1月5日``."""
    if language == "ja":
        return f"{when.year}年{when.month}月{when.day}日"
    if language == "da":
        return f"{when.day}. {_MONTHS['da'][when.month - 1]} {when.year}"
    return f"{when.day} {_MONTHS['en'][when.month - 1]} {when.year}"


def _month(start: date, language: str) -> str:
    if language == "ja":
        return f"{start.year}年{start.month}月"
    return f"{_MONTHS.get(language, _MONTHS['en'])[start.month - 1]} {start.year}"


def _quarter(start: date, language: str) -> str:
    number = (start.month + 2) // 3
    if language == "ja":
        return f"{start.year}年第{number}四半期"
    return f"{number}. kvt. {start.year}" if language == "da" else f"Q{number} {start.year}"
