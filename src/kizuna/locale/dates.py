"""A moment in words, as people write it in each language."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from kizuna.locale.texts import nearest

_EN = "January February March April May June July August September October November December"
_DA = "januar februar marts april maj juni juli august september oktober november december"


def moment(at: int, zone: tzinfo, language: str) -> str:
    """A time (microseconds since 1970) on the clock of a zone: ``3 May 2026, 14:05 JST``."""
    there = datetime.fromtimestamp(at / 1e6, UTC).astimezone(zone)
    clock = f"{there:%H:%M} {there.tzname()}"
    spoken = nearest(language, ("en", "ja", "da"))
    if spoken == "ja":
        return f"{there.year}年{there.month}月{there.day}日 {clock}"
    if spoken == "da":
        return f"{there.day}. {_DA.split()[there.month - 1]} {there.year} kl. {clock.replace(':', '.', 1)}"
    return f"{there.day} {_EN.split()[there.month - 1]} {there.year}, {clock}"
