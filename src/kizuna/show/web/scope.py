"""Period, comparison and customers: chosen once, kept in the address, the same on all pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from kizuna.errors import QuestionError, did_you_mean
from kizuna.measure.calendar import Compare, Every, Period, first_of, make_axis
from kizuna.measure.question import narrowed
from kizuna.settings import Settings

NAMED = ("last-month", "this-month", "last-7-days", "last-28-days", "last-90-days", "last-12-months", "last-year")
"""Periods that move along with the data; the first is the usual one."""

COMPARES: tuple[Compare, ...] = ("previous", "year", "none")
COURSE = 12
"""So many periods a sparkline goes back."""

_DAYS = {"last-7-days": 7, "last-28-days": 28, "last-90-days": 90}
_UNIT = re.compile(r"(\d{4})(?:-(?:(\d{2})|q([1-4])))?(?:-(\d{2}))?", re.I)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at: the days from `since` until (not including) `until`, compared how, of whom.

    `period` is the word for it in the address; `unit` says that it is a whole month, quarter … ("all": it is no
    calendar period). `every` is how a course over it is split. `segment` is the name of one, `where` asks for its
    customers in a question, `condition` is what it is defined by: another one is another question.
    """

    period: str
    since: date
    until: date
    unit: Every
    compare: Compare = "previous"
    segment: str = ""
    where: str = ""
    condition: str = ""

    @property
    def every(self) -> Every:
        """The grain of a course through the period: some ten to fifty points."""
        days = (self.until - self.since).days
        return "day" if days <= 62 else "week" if days <= 190 else "month"

    @property
    def query(self) -> dict[str, str]:
        """What of it is not as usual, for an address."""
        usual = {"period": NAMED[0], "compare": COMPARES[0], "segment": ""}
        mine = {"period": self.period, "compare": self.compare, "segment": self.segment}
        return {name: value for name, value in mine.items() if value != usual[name]}

    def link(self, path: str, **more: object) -> str:
        """An address that keeps the scope; `more` that is empty or ``None`` is left out."""
        query = self.query | {name: str(value) for name, value in more.items()}
        kept = {name: value for name, value in query.items() if value not in ("", "None")}
        path, _, anchor = path.partition("#")
        return path + ("?" + urlencode(kept) if kept else "") + (f"#{anchor}" if anchor else "")


def read_scope(
    query: Mapping[str, str], last_day: date | None, settings: Settings, conditions: Mapping[str, str]
) -> Scope:
    """The scope an address asks for.

    `last_day` is as far as the data goes, `conditions` are the segments by name. Raises `QuestionError` for a period,
    comparison or segment that is none, with the nearest that is.
    """
    compare = _one_of("compare", query.get("compare") or COMPARES[0], COMPARES)
    segment = query.get("segment", "")
    if segment and segment not in conditions:
        near = did_you_mean(segment[:80], conditions)
        hint = f"Did you mean {near!r}?" if near else "The page Segments lists them."
        raise QuestionError(f"There is no segment {segment[:80]!r}.", hint)
    period = query.get("period") or NAMED[0]
    since, until, unit = _range(period.strip().lower()[:30], last_day or date.today(), settings)
    condition = conditions.get(segment, "")
    return Scope(period, since, until, unit, compare, segment, narrowed("", segment), condition)


def course_of(scope: Scope, settings: Settings) -> date:
    """The first day of the dozen periods that end with the scope's, if it is a calendar unit; else its own first."""
    if scope.unit == "all":
        return scope.since
    axis = make_axis(scope.unit, scope.since, scope.until, "none", settings.zone, settings.first_weekday)
    begin = Period(scope.since, scope.until)
    for _ in range(COURSE - 1):
        begin = axis.earlier(begin)
    return begin.start


def _range(period: str, last: date, settings: Settings) -> tuple[date, date, Every]:
    after, this_month = last + timedelta(days=1), last.replace(day=1)
    if period in _DAYS:
        return after - timedelta(days=_DAYS[period]), after, "all"
    if period == "this-month":
        return this_month, _next_month(this_month), "month"
    if period == "last-month":
        # A month whose last day has come is over.
        if after.day == 1:
            return this_month, after, "month"
        return first_of("month", this_month - timedelta(days=1), settings.first_weekday), this_month, "month"
    if period == "last-12-months":
        end = after if after.day == 1 else this_month
        return date(end.year - 1, end.month, 1), end, "all"
    if period == "last-year":
        return date(last.year - 1, 1, 1), date(last.year, 1, 1), "year"
    if ".." in period:
        begin, _, finish = period.partition("..")
        first, after = _unit(begin)[0], _unit(finish)[1]
        if first < after:
            return first, after, "all"
        raise QuestionError(f"The period {period} ends before it begins.", "Write the earlier day first.")
    return _unit(period)


def _unit(text: str) -> tuple[date, date, Every]:
    """2026, 2026-q2, 2026-03 or 2026-03-15."""
    match = _UNIT.fullmatch(text)
    try:
        if match:
            year, month, quarter, day = (int(part) if part else 0 for part in match.groups())
            if quarter and not day:
                first = date(year, 3 * quarter - 2, 1)
                return first, _next_month(_next_month(_next_month(first))), "quarter"
            if day and month:
                return date(year, month, day), date(year, month, day) + timedelta(days=1), "day"
            if month:
                return date(year, month, 1), _next_month(date(year, month, 1)), "month"
            if not quarter:
                return date(year, 1, 1), date(year + 1, 1, 1), "year"
    except (ValueError, OverflowError):
        pass
    near = did_you_mean(text, NAMED)
    hint = f"Did you mean {near!r}?" if near else f"Write 2026-03, 2026-q1, 2026-03-01..2026-03-15, or {NAMED[0]}."
    raise QuestionError(f"The period {text!r} cannot be read.", hint)


def _next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _one_of(name: str, value: str, known: tuple[Compare, ...]) -> Compare:
    for each in known:
        if each == value:
            return each
    near = did_you_mean(value[:40], known)
    hint = f"Did you mean {near!r}?" if near else f"It is one of {', '.join(known)}."
    raise QuestionError(f"{name} cannot be {value[:40]!r}.", hint)
