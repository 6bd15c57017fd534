"""The hours in which nobody is disturbed, by the clock on their own wall."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from kizuna.errors import SettingError

_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-3]):([0-5]\d)")
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one minute of the day until before another, perhaps over midnight; the same twice means never."""

    begins: int = 0
    ends: int = 0

    @classmethod
    def read(cls, text: str, origin: str = "settings") -> QuietHours:
        """As the setting ``quiet_hours`` writes them. Raises `SettingError`."""
        if not text.strip():
            return cls()
        found = _FORM.fullmatch(text.strip())
        if not found:
            raise SettingError(
                f"{origin}: quiet_hours must be two times of day, not {text!r}.",
                'Write quiet_hours = "21:00-08:00", or "" for none.',
            )
        hours = [int(part) for part in found.groups()]
        begins, ends = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if begins == ends:
            raise SettingError(f"{origin}: quiet_hours {text!r} is no time or the whole day.", 'Write "" for none.')
        return cls(begins, ends)

    def holds(self, at: int, zone: ZoneInfo) -> bool:
        """Whether it is quiet; `at` in microseconds since 1970, UTC."""
        wall = _wall(at, zone)
        return (wall.hour * 60 + wall.minute - self.begins) % _DAY < (self.ends - self.begins) % _DAY

    def over(self, at: int, zone: ZoneInfo) -> int:
        """When it is not quiet any more: `at` itself, or the end of the hours that hold then.

        Where the clocks change it may be up to an hour after that, never before.
        """
        while self.holds(at, zone):
            wall = _wall(at, zone)
            left = (self.ends - (wall.hour * 60 + wall.minute)) % _DAY
            # Wall-clock arithmetic: the night in which the clocks change ends at the same hour as any other.
            end = wall.replace(second=0, microsecond=0) + timedelta(minutes=left)
            at = max(_micros(end), at + 60_000_000 - at % 60_000_000)
        return at


def _wall(at: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at // 1_000_000, UTC).astimezone(zone)


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000
