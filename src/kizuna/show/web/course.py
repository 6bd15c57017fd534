"""One metric as a page looks at it: its number, its course over time, its groups. Each is worked out once for all.

A course is either the dozen periods that end with the scope's, each compared as the scope says, or the days, weeks
or months inside the scope's period, with the same stretch of the period it is compared with beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from kizuna.errors import QuestionError, did_you_mean
from kizuna.facts import FACTS
from kizuna.measure.answer import Answer, Record
from kizuna.measure.calendar import Every, Period, make_axis
from kizuna.measure.explain import metric_tables
from kizuna.measure.names import known_dimensions
from kizuna.show.marked import Marked
from kizuna.show.reading import Reader
from kizuna.show.web.hub import Hub
from kizuna.show.web.kept import Worked
from kizuna.show.web.scope import Scope, course_of
from kizuna.store.state import notes, targets

PERIODS = "periods"
"""The word for the dozen periods; the others are grains inside the period."""

T = TypeVar("T")
_MOST_POINTS = {"day": 92, "week": 550, "month": 1900}
_LEAST_DAYS = {"day": 2, "week": 14, "month": 56}


@dataclass(frozen=True, slots=True)
class Course:
    """A metric over time: the `answer`, and beside each of its records the one it is compared with, if any."""

    show: str
    answer: Answer
    before: Sequence[Record] = ()

    @property
    def records(self) -> Sequence[Record]:
        return self.answer.records


def shows(scope: Scope) -> list[str]:
    """How the course of a scope can be shown, the usual way first."""
    days = (scope.until - scope.since).days
    grains = [g for g in ("day", "week", "month") if _LEAST_DAYS[g] <= days <= _MOST_POINTS[g]]
    usual = [PERIODS] if scope.unit != "all" else [scope.every] if scope.every in grains else []
    return list(dict.fromkeys([*usual, *grains]))


def show_of(scope: Scope, asked: str) -> str:
    """The way asked for, or the usual one. Raises `QuestionError` for what is none."""
    known = ["day", "week", "month", PERIODS]
    if asked and asked not in known:
        near = did_you_mean(asked[:40], known)
        raise QuestionError(
            f"A course cannot be shown by {asked[:40]!r}.", f"Did you mean {near!r}?" if near else f"One of {known}."
        )
    found = shows(scope)
    # What was chosen for a month may not suit the year that is looked at next.
    return asked if asked in found else found[0] if found else "day"


def number(hub: Hub, metric: str, scope: Scope) -> Worked[Answer]:
    """A metric in the period, with all its groups where it always has some."""
    return _kept(hub, ("number", metric, scope), lambda: _measure(hub, (metric,), scope))


def numbers(hub: Hub, metrics: Sequence[str], scope: Scope) -> Worked[Answer]:
    """Several metrics in the period."""
    return _kept(hub, ("numbers", tuple(metrics), scope), lambda: _measure(hub, metrics, scope))


def courses(hub: Hub, metrics: Sequence[str], scope: Scope) -> Worked[Answer]:
    """The usual course of several metrics, for sparklines; not compared with anything."""

    def make() -> Answer:
        if scope.unit == "all":
            return _measure(hub, metrics, scope, every=scope.every, plain=True)
        first = replace(scope, since=course_of(scope, hub.settings))
        return _measure(hub, metrics, first, every=scope.unit, plain=True)

    return _kept(hub, ("courses", tuple(metrics), scope), make)


def groups(hub: Hub, metric: str, scope: Scope, by: str, *, outside: bool = False) -> Answer:
    """A metric in the period, for each group of a dimension.

    People `outside` the business are shown no group of fewer people than the setting ``least_people``, whatever the
    dimension; where it is a trait of customers the engine shows them to nobody.
    """
    found = all_groups(hub, metric, scope, by)
    least = int(hub.settings.least_people) if outside else 0
    return replace(found, records=[r for r in found.records if not is_few(r, least)])


def all_groups(hub: Hub, metric: str, scope: Scope, by: str) -> Answer:
    """A metric in the period, for each group of a dimension, of few people too."""
    return _kept(hub, ("groups", metric, scope, by), lambda: _measure(hub, (metric,), scope, by=(by,))).value


def is_few(record: Record, least: int) -> bool:
    """Whether a group is of people, and of fewer than `least`."""
    return record.people is not None and 0 < record.people < least


def groups_of(hub: Hub, metrics: Sequence[str], scope: Scope, by: str) -> Worked[Answer]:
    """Several metrics in the period, for each group of a dimension they have in common."""
    key = ("groups of", tuple(metrics), scope, by)
    return _kept(hub, key, lambda: _measure(hub, metrics, scope, by=(by,)))


def group_courses(hub: Hub, metric: str, scope: Scope, by: str) -> Worked[Answer]:
    """The usual course of each group of a dimension."""

    def make() -> Answer:
        if scope.unit == "all":
            return _measure(hub, (metric,), scope, every=scope.every, by=(by,), plain=True)
        first = replace(scope, since=course_of(scope, hub.settings))
        return _measure(hub, (metric,), first, every=scope.unit, by=(by,), plain=True)

    return _kept(hub, ("group courses", metric, scope, by), make)


def course(hub: Hub, metric: str, scope: Scope, show: str = "") -> Worked[Course]:
    """A metric over time."""
    shown = show_of(scope, show)
    return _kept(hub, ("course", metric, scope, shown), lambda: _course(hub, metric, scope, shown))


def marked(hub: Hub, metric: str, found: Course) -> Marked:
    """What a course is drawn with: notes of its days, target, benchmark, and what it is compared with."""
    records = found.records
    with hub.state.session() as session:
        aim = targets.of(session, metric)
        days = [r.start for r in records] + [r.end for r in records]
        told = notes.between(session, min(days), max(days), metric) if days else []
    inside = [note for note in told if records and note.day < max(days)]
    before = found.before if one_line(found.answer) else ()
    return Marked(inside, aim.value if aim else None, aim.benchmark if aim else None, before)


def one_line(answer: Answer) -> bool:
    """Whether an answer is one course, not one for each of several groups."""
    return len({tuple(r.group.values()) for r in answer.records}) <= 1


def dimensions(hub: Hub, metric: str) -> dict[str, list[str]]:
    """What a metric can be broken down by: names of its facts' own, of their properties, of customers' traits."""
    planner = hub.workspace.business.planner
    facts = [FACTS[name] for name in metric_tables(hub.workspace.business, [metric])]
    if not facts:
        return {}
    common = [
        n
        for n in known_dimensions(facts[0], planner.properties)
        if all(n in known_dimensions(f, planner.properties) for f in facts[1:])
    ]
    own = [n for n in common if all(n in f.dimensions() for f in facts)]
    own += [n for n in common if n not in own and any(n in f.dimensions() for f in facts)]
    traits = set(known_dimensions(FACTS["customer"], planner.properties)) - set(own)
    of_rows = [n for n in common if n not in own and n not in traits]
    people = [n for n in common if n in traits]
    return {name: found for name, found in (("own", own), ("properties", of_rows), ("traits", people)) if found}


def reader_of(hub: Hub, answer: Answer, language: str) -> Reader:
    """The reader of an answer on this workspace's pages."""
    return Reader.of(answer, language, hub.settings.zone)


def _kept(hub: Hub, key: Hashable, make: Callable[[], T]) -> Worked[T]:
    return hub.kept.get(key, make)


def _measure(
    hub: Hub,
    metrics: Sequence[str],
    scope: Scope,
    *,
    every: Every = "all",
    by: tuple[str, ...] = (),
    plain: bool = False,
) -> Answer:
    compare = "none" if plain else scope.compare
    return hub.workspace.measure(
        *metrics, by=by, every=every, since=scope.since, until=scope.until, where=scope.where, compare=compare
    )


def _course(hub: Hub, metric: str, scope: Scope, show: str) -> Course:
    if show == PERIODS:
        first = replace(scope, since=course_of(scope, hub.settings))
        answer = _measure(hub, (metric,), first, every=scope.unit)
        return Course(show, answer, _year_before(hub, answer, scope) if scope.compare == "year" else ())
    grain: Every = "day" if show == "day" else "week" if show == "week" else "month"
    answer = _measure(hub, (metric,), scope, every=grain, plain=True)
    if scope.compare == "none":
        return Course(show, answer)
    then = _compared(hub, scope)
    past = replace(scope, since=then.start, until=then.end)
    return Course(show, answer, _measure(hub, (metric,), past, every=grain, plain=True).records)


def _compared(hub: Hub, scope: Scope) -> Period:
    """The period that the scope's is compared with."""
    axis = make_axis(scope.unit, scope.since, scope.until, scope.compare, hub.settings.zone, hub.settings.first_weekday)
    return axis.compared(Period(scope.since, scope.until))


def _year_before(hub: Hub, answer: Answer, scope: Scope) -> list[Record]:
    """What each record was compared with, as records of their own."""
    axis = make_axis(scope.unit, scope.since, scope.until, "year", hub.settings.zone, hub.settings.first_weekday)
    past = ((r, axis.compared(Period(r.start, r.end))) for r in answer.records)
    return [replace(r, start=p.start, end=p.end, value=r.previous, low=None, high=None, change=None) for r, p in past]
