"""Moments of the facts, by the workspace's clock and in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from kizuna.show.period import day


@dataclass(frozen=True, slots=True)
class Clock:
    """Writes times that the store has in UTC."""

    zone: tzinfo
    language: str

    def local(self, at: datetime) -> datetime:
        return at.replace(tzinfo=UTC).astimezone(self.zone)

    def day(self, at: datetime | None) -> str:
        """``5 Jan 2026``; empty for none."""
        return "" if at is None else day(self.local(at).date(), self.language)

    def of_date(self, when: date) -> str:
        return day(when, self.language)

    def time(self, at: datetime | None) -> str:
        """``14:05``; empty for none."""
        return "" if at is None else f"{self.local(at):%H:%M}"

    def whole(self, at: datetime | None) -> str:
        """``5 Jan 2026 14:05``; empty for none."""
        return "" if at is None else f"{self.day(at)} {self.time(at)}"
