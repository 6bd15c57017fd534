"""When things happen: the span of the demo, the rhythm of customers, and the hours of the staff.

Times are whole seconds since 1970 UTC; `NEVER` stands for a time that is not (yet) known. Days are
day numbers since 1970 in the company's zone, or in the customer's where a rhythm is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

import numpy as np

from kizuna.demo.chance import Floats, Ints, Rng
from kizuna.demo.company import COUNTRIES, DK, END, HOURS_FROM_UTC, SETTINGS

DAY = 86_400
HOUR = 3_600
MONTH = 30.4375 * DAY
TOKYO = 9 * HOUR
NEVER = np.iinfo(np.int64).min
HISTORY_MONTHS = 12
"""The books (customers, orders, subscriptions) go back this much further than everything else."""

_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAYS = (1.0, 0.94, 0.94, 0.98, 1.02, 1.12, 1.16)
_SEASON = (0.97, 0.98, 1.0, 1.0, 1.0, 0.98, 0.98, 0.97, 1.0, 1.0, 1.06, 1.22)
_DANISH_SEASON = (0.97, 0.98, 1.0, 1.0, 1.0, 0.98, 0.55, 0.97, 1.0, 1.0, 1.06, 1.90)
_HOURS = (9, 5, 3, 2, 2, 4, 10, 22, 34, 40, 44, 50, 62, 52, 42, 40, 42, 48, 58, 72, 84, 88, 60, 26)


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - date(1970, 1, 1)).days


def midnight(day: date) -> int:
    """The instant a day begins in the company's zone."""
    return day_number(day) * DAY - TOKYO


def local_day(seconds: Ints) -> Ints:
    """Day numbers in the company's zone."""
    return (seconds + TOKYO) // DAY


def month_of_day(days: Ints) -> Ints:
    """Calendar months (0 for January) of day numbers."""
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(months % 12)


def first_of_month(days: Ints) -> Ints:
    """The first day of the month of each day."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def at_hour(days: Ints, hour: int) -> Ints:
    """The instants at which an hour of these days begins in the company's zone."""
    return days * DAY - TOKYO + hour * HOUR


def in_local(seconds: Ints, first: date, until: date) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which instants lie in the company's days from `first` to before `until`."""
    return np.asarray((seconds >= midnight(first)) & (seconds < midnight(until)))


@dataclass(frozen=True, slots=True)
class Clock:
    """The span of the demo: books from `books`, everything from `start`, nothing at or after `end`."""

    books: int
    start: int
    end: int

    @classmethod
    def of(cls, months: int) -> Clock:
        return cls(midnight(_months_back(months + HISTORY_MONTHS)), midnight(_months_back(months)), midnight(END))

    @property
    def days(self) -> Ints:
        """The day numbers of the span, books not counted."""
        return np.arange((self.start + TOKYO) // DAY, (self.end + TOKYO) // DAY)

    def known(self, seconds: Ints) -> Ints:
        """The same times, with those that lie in the future set to `NEVER`."""
        return np.where(seconds < self.end, seconds, NEVER)


def _months_back(months: int) -> date:
    whole = END.year * 12 + END.month - 1 - months
    return date(whole // 12, whole % 12 + 1, 1)


class Rhythm:
    """How much customers of a country do on each day of the year and hour of the day, by their own clock.

    The amount of activity up to an instant is a clock of its own: what is even on that clock follows
    seasons, weekdays and hours on ours. `growth` is the yearly growth of the activity as a factor.
    """

    def __init__(self, clock: Clock, growth: float = 1.0) -> None:
        self._first = clock.books // DAY - 1
        days = np.arange(self._first, clock.end // DAY + 3)
        level = np.power(growth, (days - days[0]) / 365.25)
        self._grid = np.arange(len(days) + 1, dtype=float)
        self._sums = [np.concatenate(([0.0], np.cumsum(level * _demand(c, days)))) for c in range(len(COUNTRIES))]
        self._hours = np.cumsum(_HOURS) / sum(_HOURS)

    def amount(self, country: Ints, seconds: Ints) -> Floats:
        """The activity up to these instants, in average days."""
        result = np.zeros(len(seconds))
        for code, sums in enumerate(self._sums):
            rows = country == code
            days = (seconds[rows] + HOURS_FROM_UTC[code] * HOUR) / DAY - self._first
            result[rows] = np.interp(days, self._grid, sums)
        return result

    def when(self, rng: Rng, country: Ints, amount: Floats) -> Ints:
        """Instants at which the activity has reached these amounts, to the day, at a usual hour."""
        days = np.zeros(len(amount), dtype=np.int64)
        for code, sums in enumerate(self._sums):
            rows = country == code
            days[rows] = np.interp(amount[rows], sums, self._grid).astype(np.int64)
        return self.at(rng, country, days + self._first)

    def at(self, rng: Rng, country: Ints, days: Ints) -> Ints:
        """Instants on these days of the customers' calendar, at a usual hour."""
        hours = np.searchsorted(self._hours, rng.random(len(days)), side="right")
        zone = np.asarray(HOURS_FROM_UTC)[country]
        return np.asarray(days * DAY + (hours - zone) * HOUR + rng.integers(0, HOUR, len(days)), dtype=np.int64)

    def visits(self, rng: Rng, country: Ints, low: Ints, high: Ints, pace: Floats) -> tuple[Ints, Ints]:
        """A Poisson process a row between `low` and `high`, `pace` a day: (row, instant), by row."""
        begin = self.amount(country, low)
        length = np.maximum(self.amount(country, np.maximum(high, low)) - begin, 0)
        rows = np.repeat(np.arange(len(low)), rng.poisson(length * pace))
        seconds = self.when(rng, country[rows], begin[rows] + length[rows] * rng.random(len(rows)))
        early = seconds < low[rows]
        seconds = np.where(early, low[rows] + rng.integers(60, 2 * HOUR, len(rows)), seconds)
        kept = seconds < high[rows]
        return rows[kept], seconds[kept]


def _demand(country: int, days: Ints) -> Floats:
    season = np.asarray(_DANISH_SEASON if country == DK else _SEASON)
    weekday = (days + 3) % 7  # day 0 of 1970 was a Thursday
    demand: Floats = season[month_of_day(days)] * np.asarray(_WEEKDAYS)[weekday]
    return demand


class OpenHours:
    """The staff's clock, which stands still outside business hours."""

    def __init__(self, clock: Clock) -> None:
        spans = [span for day in range(clock.books // DAY, clock.end // DAY + 120) if (span := _opening(day))]
        self._edges = np.asarray(spans, dtype=np.int64).reshape(-1)
        lengths = self._edges[1::2] - self._edges[::2]
        self._closed = np.cumsum(lengths)
        self._worked = np.repeat(np.concatenate(([0], self._closed)), 2)[1:-1]

    def after(self, seconds: Ints, work: Floats) -> Ints:
        """The instants at which so many seconds of business time have passed."""
        target = np.interp(seconds, self._edges, self._worked) + np.maximum(work, 1)
        span = np.searchsorted(self._closed, target, side="left")
        return np.asarray(self._edges[1::2][span] - (self._closed[span] - target)).astype(np.int64)

    def moved_in(self, rng: Rng, seconds: Ints) -> Ints:
        """Instants inside business hours, soon after these: callers try again when it is open."""
        return self.after(seconds, rng.random(len(seconds)) * 5 * HOUR)


def _opening(day: int) -> tuple[int, int] | None:
    """When business opens and closes on a day, as instants."""
    on = date.fromordinal(day + date(1970, 1, 1).toordinal())
    hours = SETTINGS["business_hours"].get(_DAY_NAMES[on.weekday()])
    if hours is None or on.isoformat() in SETTINGS["holidays"]:
        return None
    opens, closes = (time.fromisoformat(text) for text in hours.split("-"))
    return tuple(midnight(on) + t.hour * HOUR + t.minute * 60 for t in (opens, closes))  # type: ignore[return-value]
