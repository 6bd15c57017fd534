"""Periods, and the calendars that tell SQL which rows belong to them.

SQL never computes a period. The planner joins each fact to a *calendar*, a small table that says
for every day which periods it belongs to. So one statement serves months, fiscal weeks, trailing
windows and overlapping comparisons alike, its text does not change with the dates asked, and
every engine computes the same periods (measured on 2 M rows: the join takes 28 ms where
``date_trunc`` took 46 ms).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa

from kizuna.errors import QuestionError

Every = Literal["hour", "day", "week", "month", "quarter", "year", "all"]
Compare = Literal["previous", "year", "none"]
EVERY: tuple[Every, ...] = ("hour", "day", "week", "month", "quarter", "year", "all")

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_SLOT = timedelta(minutes=15)
MAX_PERIODS = 4000


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A half-open span of local time: dates, or for hours UTC datetimes."""

    start: date
    end: date

    @property
    def days(self) -> float:
        return (self.end - self.start).total_seconds() / 86400


def first_of(every: Every, day: date, first_weekday: int = 0) -> date:
    """The first day of the week, month, quarter or year that `day` lies in."""
    if every == "week":
        return day - timedelta(days=(day.weekday() - first_weekday) % 7)
    if every in _MONTHS:
        months = _MONTHS[every]
        return date(day.year, (day.month - 1) // months * months + 1, 1)
    return day


def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))


@dataclass
class Axis:
    """The periods of one question: those asked for and those they are compared with.

    `asked` are indexes into `periods`; `before[i]` is the index of the period before `i` and
    `against[i]` of the one it is compared with, -1 where it is not needed.
    """

    every: Every
    compare: Compare
    zone: ZoneInfo
    periods: list[Period] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    against: list[int] = field(default_factory=list)
    _index: dict[Period, int] = field(default_factory=dict)

    def add(self, period: Period) -> int:
        if period not in self._index:
            self._index[period] = len(self.periods)
            self.periods.append(period)
            self.before.append(-1)
            self.against.append(-1)
        return self._index[period]

    def reach_back(self, indexes: Iterable[int], times: int) -> list[int]:
        """Make sure `times` earlier periods exist for each of `indexes`; gives all of them."""
        reached = list(indexes)
        step = list(reached)
        for _ in range(times):
            for i in step:
                if self.before[i] < 0:
                    self.before[i] = self.add(self.earlier(self.periods[i]))
            step = [self.before[i] for i in step]
            reached += step
        return list(dict.fromkeys(reached))

    def reach_against(self, indexes: Iterable[int]) -> list[int]:
        """Make sure each of `indexes` has the period it is compared with; gives all of them."""
        reached = list(indexes)
        for i in list(reached):
            if self.against[i] < 0:
                self.against[i] = self.add(self.compared(self.periods[i]))
            reached.append(self.against[i])
        return list(dict.fromkeys(reached))

    def earlier(self, period: Period) -> Period:
        """The period before: the calendar's, or as long a range (in whole months if it is one)."""
        if self.every == "hour":
            return Period(_utc(period.start) - timedelta(hours=1), period.start)
        if self.every in _MONTHS:
            return Period(add_months(period.start, -_MONTHS[self.every]), period.start)
        if self.every == "all" and period.start.day == period.end.day == 1:
            months = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month
            return Period(add_months(period.start, -months), period.start)
        return Period(period.start - (period.end - period.start), period.start)

    def compared(self, period: Period) -> Period:
        """The period a period is compared with."""
        if self.compare != "year":
            return self.earlier(period)
        if self.every in ("hour", "week"):
            weeks = timedelta(weeks=52)
            return Period(period.start - weeks, period.end - weeks)
        if self.every == "day":
            start = add_months(period.start, -12)
            return Period(start, start + timedelta(days=1))
        end = add_months(period.end, -12)
        # up to 29 February, not included, is up to 1 March where there is no 29th
        return Period(add_months(period.start, -12), end + timedelta(days=end.day < period.end.day))

    def calendar(self, span: str) -> pa.Table:
        """The calendar of a span: which day (for hours, which quarter of an hour) is in which period."""
        if self.every == "hour":
            return self._slots()
        days: list[date] = []
        numbers: list[int] = []
        for i, period in enumerate(self.periods):
            first, last = window(span, period)
            inside = [first + timedelta(days=n) for n in range((last - first).days)]
            days += inside
            numbers += [i] * len(inside)
        return pa.table(
            {
                "day": pa.array(days, pa.date32()),
                "period": pa.array(numbers, pa.int32()),
                "period_start": pa.array([self.periods[i].start for i in numbers], pa.date32()),
                "period_end": pa.array([self.periods[i].end for i in numbers], pa.date32()),
            }
        )

    def instants(self) -> pa.Table:
        """One row per period with its ends, for states that hold over time."""
        return pa.table(
            {
                "period": pa.array(range(len(self.periods)), pa.int32()),
                "period_start": pa.array([_day(p.start) for p in self.periods], pa.date32()),
                "period_end": pa.array([_day(p.end) for p in self.periods], pa.date32()),
                "end_at": pa.array([self._instant(p.end) for p in self.periods], pa.timestamp("us")),
            }
        )

    def cuts(self) -> list[date]:
        """Every day on which a period starts or ends, sorted: running totals are kept between them."""
        return sorted({edge for period in self.periods for edge in (period.start, period.end)})

    def segments(self, first_day: date) -> pa.Table:
        """A calendar of the stretches between cuts: segment j holds the days before cut j, from cut j-1."""
        cuts = self.cuts()
        days: list[date] = []
        numbers: list[int] = []
        day = min(first_day, cuts[0])
        for j, cut in enumerate(cuts):
            while day < cut:
                days.append(day)
                numbers.append(j)
                day += timedelta(days=1)
        return pa.table(
            {
                "day": pa.array(days, pa.date32()),
                "period": pa.array(numbers, pa.int32()),
                "period_start": pa.array([cuts[j - 1] if j else first_day for j in numbers], pa.date32()),
                "period_end": pa.array([cuts[j] for j in numbers], pa.date32()),
            }
        )

    def _slots(self) -> pa.Table:
        starts: list[datetime] = []
        numbers: list[int] = []
        for i, period in enumerate(self.periods):
            for quarter in range(4):
                starts.append(_utc(period.start) + quarter * _SLOT)
                numbers.append(i)
        days = [_day(self.periods[i].start) for i in numbers]
        return pa.table(
            {
                "slot": pa.array([s.replace(tzinfo=None) for s in starts], pa.timestamp("us")),
                "period": pa.array(numbers, pa.int32()),
                "period_start": pa.array(days, pa.date32()),
                "period_end": pa.array(days, pa.date32()),
            }
        )

    def _instant(self, edge: date) -> datetime:
        if isinstance(edge, datetime):
            return _utc(edge).replace(tzinfo=None)
        local = datetime(edge.year, edge.month, edge.day, tzinfo=self.zone)
        return local.astimezone(UTC).replace(tzinfo=None)


def window(span: str, period: Period) -> tuple[date, date]:
    """First day and day after the last of a span: ``period``, ``last 90 days`` or ``last month``."""
    if span == "period":
        return period.start, period.end
    if span == "last month":
        return add_months(period.end, -1), period.end
    return period.end - timedelta(days=int(span.split()[1])), period.end


def make_axis(every: Every, since: date, until: date, compare: Compare, zone: ZoneInfo, first_weekday: int = 0) -> Axis:
    """The axis of a question from the first day to the day after the last.

    Periods are whole: a range that begins inside a month is asked from that month's first day.
    """
    if until <= since:
        raise QuestionError(
            f"The range from {since} to {until} is empty.", "until must lie after since (it is not included)."
        )
    axis = Axis(every, compare, zone)
    for period in _split(every, since, until, zone, first_weekday):
        axis.asked.append(axis.add(period))
        if len(axis.asked) > MAX_PERIODS:
            raise QuestionError(
                f"That is more than {MAX_PERIODS} periods.", "Ask for a shorter range or longer periods."
            )
    return axis


def _split(every: Every, since: date, until: date, zone: ZoneInfo, first_weekday: int) -> Iterable[Period]:
    if every == "all":
        yield Period(since, until)
    elif every == "hour":
        start = datetime(since.year, since.month, since.day, tzinfo=zone).astimezone(UTC)
        stop = datetime(until.year, until.month, until.day, tzinfo=zone).astimezone(UTC)
        while start < stop:
            yield Period(start, start + timedelta(hours=1))
            start += timedelta(hours=1)
    else:
        day = first_of(every, since, first_weekday)
        while day < until:
            after = _next(every, day)
            yield Period(day, after)
            day = after


def _next(every: Every, day: date) -> date:
    if every in _MONTHS:
        return add_months(day, _MONTHS[every])
    return day + timedelta(days=7 if every == "week" else 1)


def _utc(moment: date) -> datetime:
    assert isinstance(moment, datetime)
    return moment.astimezone(UTC)


def _day(edge: date) -> date:
    return edge.date() if isinstance(edge, datetime) else edge
