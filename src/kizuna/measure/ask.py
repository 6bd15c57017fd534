"""Question → plan → statistics → estimates → answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from kizuna.errors import NoCustomers, NoHours, QuestionError, UnknownName
from kizuna.expression import fill_settings
from kizuna.facts import FACTS
from kizuna.measure.anonymity import Guard
from kizuna.measure.answer import Answer, Lineage, Record
from kizuna.measure.calendar import Axis, make_axis
from kizuna.measure.catalogue import Catalogue
from kizuna.measure.estimate import MIN_UNITS, PERCENTILE_PERIODS, TOTALS, Change, Estimate, compare, estimate, holm
from kizuna.measure.fetch import Fetched, Reach, calendars, facts_of, fetch, reach_sql
from kizuna.measure.kind import Recipe
from kizuna.measure.past import day_asked, day_table
from kizuna.measure.peopleset import atoms
from kizuna.measure.plan import Planner, Shape
from kizuna.measure.question import Question
from kizuna.measure.statistic import People, Rows, Statistic
from kizuna.settings import Settings

MISSING_SHARE = 0.05
"""A compared period that lacks more of its first days than this is not whole."""

ReachOf = Mapping[str, Reach]


class Snapshot(Protocol):
    """One state of the data, to ask several SELECTs of."""

    def bring(self, tables: Mapping[str, pa.Table]) -> None: ...
    def ask(self, sql: str) -> pa.Table: ...


class Reader(Protocol):
    """What measuring needs of a store."""

    dialect: str

    def reading(self) -> AbstractContextManager[Snapshot]: ...


@dataclass(frozen=True, slots=True)
class Business:
    """What a question is asked of: the store, its catalogue, a planner that keeps plans, the settings."""

    store: Reader
    catalogue: Catalogue
    planner: Planner
    settings: Settings
    name: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A question worked out: its periods, its statistics and the estimates of all metrics in it.

    `late` says how much of the periods came after they were over, `as_of` from which day functions over what
    customers did count back.
    """

    axis: Axis
    fetched: Fetched
    estimates: Mapping[str, Estimate]
    late: str = ""
    as_of: date | None = None


FROM_MESSAGES = frozenset(("event", "session", "customer_day", "cart", "order", "message", "customer"))
"""Facts that messages make, and late ones restate."""


def ask(business: Business, question: Question) -> Answer:
    """Answer a question. Raises `QuestionError` where it cannot be asked that way."""
    asked, notes = _answerable(business, question)
    found = evaluate(business, question, asked)
    guard = Guard.of(question.by, business.planner.properties, business.settings.least_people)
    records, hidden = guard.shown(_records(business, question, found, asked, guard))
    lineage = [lineage_of(business, question, name, found.fetched) for name in asked]
    metrics = {name: business.catalogue[name] for name in asked}
    notes += [*hidden, found.late] if found.late else hidden
    notes += [f"What customers did is counted until {found.as_of}, that day included."] if found.as_of else []
    return Answer(question, records, metrics, lineage, tuple(notes), business.name, business.settings.currency)


def evaluate(business: Business, question: Question, asked: Sequence[str]) -> Evaluation:
    """Plan, fetch and estimate the metrics `asked` and all they are made of."""
    needed = in_order(business.catalogue, asked)
    return evaluate_recipes(business, question, {name: business.catalogue.recipe(name) for name in needed})


def evaluate_recipes(
    business: Business, question: Question, recipes: Mapping[str, Recipe], most: int | None = None
) -> Evaluation:
    """Plan, fetch and estimate by recipes, parts before wholes; they need not be in the catalogue.

    Of more than `most` groups (the setting max_groups) the smallest become one.
    """
    statistics = all_statistics(recipes.values())
    shape = Shape(question.by, question.where, question.every == "hour", segment=question.segment)
    statements = business.planner.plan(statistics, shape)
    spans = {span for statement in statements for span in statement.spans}
    with business.store.reading() as data:
        reach = data_reach(data, statistics, business.planner)
        axis = _axis(business, question, list(recipes.values()), statistics, reach)
        first_day = min((r.first for r in reach.values() if r.first), default=_first(axis))
        data.bring(calendars(axis, spans, first_day, _furthest(statistics)))
        as_of = None
        if any(statement.looks_back for statement in statements):
            as_of = day_asked(data, question.until, business.settings.zone)
            data.bring(day_table(as_of))
        most = business.settings.max_groups if most is None else most
        fetched = fetch(data.ask, statements, axis, shape, reach, business.planner, most)
        late = _late(data, axis, business.settings.zone) if reach.keys() & FROM_MESSAGES else ""
    done: dict[str, Estimate] = {}
    for name, recipe in recipes.items():
        done[name] = estimate(recipe, fetched, done, question.level)
    return Evaluation(axis, fetched, done, late, as_of)


def _late(data: Snapshot, axis: Axis, zone: ZoneInfo) -> str:
    """Late messages restate the past; whoever compares with a number of last week is told so."""
    asked = [axis.periods[i] for i in axis.asked]
    if not asked:
        return ""
    first, end = f"{min(p.start for p in asked):%Y-%m-%d}", f"{max(p.end for p in asked):%Y-%m-%d %H:%M}"
    within = f"day >= DATE '{first}' AND day < TIMESTAMP '{end}'"
    told = f"SELECT count(*) AS days, sum(rows)::BIGINT AS rows, max(last_at) AS last_at FROM late WHERE {within}"
    (found,) = data.ask(told).to_pylist()
    if not found["days"]:
        return ""
    days = "1 day was" if found["days"] == 1 else f"{found['days']:,} days were"
    messages = "1 late message" if found["rows"] == 1 else f"{found['rows']:,} late messages"
    last = found["last_at"].replace(tzinfo=UTC).astimezone(zone)
    return f"{days} restated by {messages}, the last on {last:%Y-%m-%d %H:%M} ({zone.key})"


def all_statistics(recipes: Iterable[Recipe]) -> frozenset[Statistic]:
    """Everything to fetch: the recipes' statistics, and beside each sum how many rows and values it has."""
    found = {stat for recipe in recipes for stat in recipe.statistics()}
    sums = [stat for stat in found if isinstance(stat, Rows) and stat.what == "sum"]
    found |= {replace(stat, what="values") for stat in sums}
    found |= {replace(stat, what="count", value="") for stat in sums}
    return frozenset(found)


def data_reach(data: Snapshot, statistics: Iterable[Statistic], planner: Planner) -> dict[str, Reach]:
    """How far the data of each fact goes that the statistics look at."""
    facts = sorted(set[str]().union(*(facts_of(stat, planner) for stat in statistics)))
    if not facts:
        return {}
    each = (f"SELECT {i} AS i, * FROM ({reach_sql(FACTS[fact])})" for i, fact in enumerate(facts))
    rows = data.ask(" UNION ALL ".join(each)).to_pylist()
    return {facts[row["i"]]: Reach(row["first"], row["placed"], row["last"], row["rows"]) for row in rows}


def _answerable(business: Business, question: Question) -> tuple[list[str], list[str]]:
    """The metrics asked for by name; those of a whole group that lack a dimension are left out with a note."""
    catalogue = business.catalogue
    asked = catalogue.select(question.metrics) if question.metrics else list(catalogue)
    kept, notes = [], []
    nobody_s: NoCustomers | None = None
    for name in asked:
        try:
            _check_dimensions(business, question, name)
            kept.append(name)
        except QuestionError as error:
            # Of many metrics asked of a segment, those of ads and posts are left out even where they are named.
            left_out = isinstance(error, NoCustomers) and len(asked) > 1
            if (name in question.metrics and not left_out) or not _of_the_fact(error):
                raise
            notes.append(f"{name} is left out: {error.what}")
            nobody_s = error if isinstance(error, NoCustomers) else nobody_s
    if not kept and nobody_s is not None:
        raise nobody_s
    if not kept:
        raise QuestionError(
            f"Nothing asked can be answered that way: {notes[0]}", "Leave out a dimension or a condition."
        )
    return kept, notes


def _of_the_fact(error: QuestionError) -> bool:
    """Whether it is only that this metric's fact has no such thing; other metrics' may."""
    lacks = isinstance(error, UnknownName) and error.kind.startswith("dimension")
    return lacks or isinstance(error, (NoHours, NoCustomers))


def _check_dimensions(business: Business, question: Question, name: str) -> None:
    if question.by or question.filters or question.every == "hour":
        needed = in_order(business.catalogue, [name])
        shape = Shape(question.by, question.where, question.every == "hour", segment=question.segment)
        business.planner.plan(all_statistics(business.catalogue.recipe(n) for n in needed), shape)


def in_order(catalogue: Catalogue, names: Iterable[str]) -> list[str]:
    """The metrics and all they are made of, parts before wholes."""
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name not in ordered:
            for part in catalogue.recipe(name).metrics:
                visit(part)
            ordered.append(name)

    for name in names:
        visit(name)
    return ordered


def _axis(
    business: Business, question: Question, recipes: Sequence[Recipe], statistics: Iterable[Statistic], reach: ReachOf
) -> Axis:
    settings = business.settings
    since, until = _range(question, reach)
    try:
        axis = make_axis(question.every, since, until, question.compare, settings.zone, settings.first_weekday)
        _reach_back(axis, recipes, statistics)
    except (OverflowError, ValueError):
        raise QuestionError(
            "The range asked, or one it is compared with, lies outside the years 1 to 9999.", "Ask for a shorter range."
        ) from None
    return axis


def _reach_back(axis: Axis, recipes: Sequence[Recipe], statistics: Iterable[Statistic]) -> None:
    """Add the earlier periods that comparisons, formulas and sets of people look at."""
    shifts = {shift for recipe in recipes for shift in recipe.formula.shifts}
    wanted = list(axis.asked)
    if axis.compare != "none":
        wanted = axis.reach_against(wanted)
    if "previous" in shifts and axis.compare != "none":
        wanted = axis.reach_against(wanted)
    elif "previous" in shifts:
        wanted = axis.reach_back(wanted, 1)
    if "percentile" in shifts:
        wanted = axis.reach_back(wanted, PERCENTILE_PERIODS - 1)
    axis.reach_back(wanted, max(r.reach for r in recipes) + _furthest(statistics))


def _furthest(statistics: Iterable[Statistic]) -> int:
    """How many periods back any set of people looks."""
    inside = (atom.back for stat in statistics if isinstance(stat, People) for atom in atoms(stat.expression))
    return max(inside, default=0)


def _range(question: Question, reach: ReachOf) -> tuple[date, date]:
    """The days asked for, or else as far as the data goes (but not to ends that are yet to come)."""
    firsts = [r.first for r in reach.values() if r.first]
    lasts = [max(r.placed, min(r.last, date.today())) for r in reach.values() if r.last and r.placed]
    since = question.since or min(firsts, default=date(1970, 1, 1))
    until = question.until or max(lasts, default=date(1970, 1, 1)) + timedelta(days=1)
    return since, until if question.until else max(until, since + timedelta(days=1))


def _first(axis: Axis) -> date:
    return min(period.start for period in axis.periods)


def _records(
    business: Business, question: Question, found: Evaluation, asked: Sequence[str], guard: Guard
) -> list[Record]:
    axis, estimates = found.axis, {name: found.estimates[name] for name in asked}
    changes: dict[str, Change] = {}
    if question.compare != "none":
        changes = {name: compare(est, axis, question.level) for name, est in estimates.items()}
    adjusted = _adjusted(axis, changes)
    records: list[Record] = []
    for name, est in estimates.items():
        compared = {n: _compared(changes[name], adjusted[name], n) for n in _places(axis, est)} if changes else {}
        records += [
            guard.hidden(_place(question, found, est, place))
            if guard.hides(est, *place)
            else _record(business, question, found, est, place, _comparable(guard, axis, est, place, compared))
            for place in _places(axis, est)
        ]
    return records


def _places(axis: Axis, est: Estimate) -> list[tuple[int, int]]:
    """(period, group) of every number asked for.

    A metric that is always given apart has only the groups it has rows in, not those that other
    rows of the fact are in (the choices of another question, the scale of another answer).
    """
    groups = [g for g in range(len(est.groups)) if not est.recipe.extra or np.nansum(est.n[:, g]) > 0]
    return [(i, g) for g in groups for i in axis.asked]


def _adjusted(axis: Axis, changes: Mapping[str, Change]) -> dict[str, np.ndarray[Any, Any]]:
    """Holm over everything that is compared in the same period."""
    if not changes:
        return {}
    together = np.concatenate([change.p_value for change in changes.values()], axis=1)
    for i in axis.asked:
        together[i] = holm(together[i])
    edges = np.cumsum([change.p_value.shape[1] for change in changes.values()])[:-1]
    return dict(zip(changes, np.split(together, edges, axis=1), strict=True))


def _compared(change: Change, adjusted: np.ndarray[Any, Any], place: tuple[int, int]) -> dict[str, Any]:
    return {
        "previous": _number(change.previous[place]),
        "change": _number(change.change[place]),
        "change_low": _number(change.low[place]),
        "change_high": _number(change.high[place]),
        "p_raw": _number(change.p_value[place]),
        "p_value": _number(adjusted[place]),
    }


def _comparable(
    guard: Guard, axis: Axis, est: Estimate, place: tuple[int, int], compared: Mapping[tuple[int, int], dict[str, Any]]
) -> dict[str, Any]:
    """The comparison of a place, unless too few people are behind what it is compared with."""
    return {} if guard.hides(est, axis.against[place[0]], place[1]) else compared.get(place, {})


def _place(question: Question, found: Evaluation, est: Estimate, place: tuple[int, int]) -> Record:
    """Which number it is, and over how many, without what it says of itself."""
    recipe, period = est.recipe, found.axis.periods[place[0]]
    names = (*question.by, *recipe.extra)
    n, people, value = (_number(array[place]) for array in (est.n, est.people, est.value))
    return Record(
        metric=recipe.metric.id,
        variant=recipe.metric.variant,
        start=period.start,
        end=period.end,
        group=dict(zip(names, est.groups[place[1]], strict=True)),
        value=value,
        n=round(n) if n is not None else None,
        people=round(people) if people is not None else None,
    )


def _record(
    business: Business,
    question: Question,
    found: Evaluation,
    est: Estimate,
    place: tuple[int, int],
    compared: Mapping[str, Any],
) -> Record:
    record = _place(question, found, est, place)
    if record.value is None:
        return record
    flags = _flags(business, found.fetched, est, *place)
    if "partial_comparison" in flags:
        # part of a period against a whole one differs for no other reason: there is nothing to test
        compared = {**compared, "p_value": None, "p_raw": None}
    return replace(record, low=_number(est.low[place]), high=_number(est.high[place]), flags=flags, **compared)


def _flags(business: Business, fetched: Fetched, est: Estimate, i: int, g: int) -> tuple[str, ...]:
    flags: list[str] = []
    if est.recipe.method == "reading":
        flags.append("no_sampling")
    else:
        units = est.people[i, g] if not np.isnan(est.people[i, g]) else est.n[i, g]
        if units < business.settings.small_base:
            flags.append("small_base")
        if est.used[i, g] < MIN_UNITS:
            flags.append("few_units")
    facts = set[str]().union(*(facts_of(stat, business.planner) for stat in est.recipe.statistics()))
    last = [r.last for fact, r in fetched.reach.items() if r.last and fact in facts]
    period = fetched.axis.periods[i]
    against = fetched.axis.against[i]
    total = est.recipe.metric.kind in TOTALS or "previous" in est.recipe.formula.shifts
    if against >= 0 and total and _begins_inside(fetched, facts, against):
        flags.append("partial_comparison")
    if last and fetched.axis.every != "hour" and max(last) < period.end - timedelta(days=1):
        flags.append("partial_period")
    matures = est.recipe.metric.matures
    if matures and last:
        window = timedelta(days=int(fill_settings(matures, business.settings)))
        if max(last) + timedelta(days=1) < period.end + window:
            flags.append("immature")
    flags += [name for name, raised in est.flags.items() if raised[i, g]]
    return tuple(flags)


def _begins_inside(fetched: Fetched, facts: set[str], period: int) -> bool:
    """Whether the data begins so late in a period that a total of it is not the period's total."""
    if fetched.axis.every == "hour":
        return False
    start, end = fetched.axis.periods[period].start, fetched.axis.periods[period].end
    firsts = [r.first for fact, r in fetched.reach.items() if r.first and fact in facts]
    return any(MISSING_SHARE < (first - start) / (end - start) < 1 for first in firsts)


def lineage_of(business: Business, question: Question, name: str, fetched: Fetched) -> Lineage:
    """Where the numbers of one metric came from."""
    recipes = [business.catalogue.recipe(n) for n in in_order(business.catalogue, [name])]
    statistics = {stat for recipe in recipes for stat in recipe.statistics()}
    facts = set[str]().union(*(facts_of(stat, business.planner) for stat in statistics))
    reaches = [fetched.reach[fact] for fact in facts if fact in fetched.reach]
    return Lineage(
        metric=name,
        definition=business.catalogue[name].meaning.en,
        sql=tuple(s.sql for s in fetched.statements if statistics & set(s.statistics)),
        filters=question.filters,
        data_from=min((r.first for r in reaches if r.first), default=None),
        data_until=max((r.last for r in reaches if r.last), default=None),
        rows=sum(r.rows for r in reaches),
    )


def _number(value: float) -> float | None:
    number = float(value)
    return None if np.isnan(number) or np.isinf(number) else number


def planned_sql(business: Business, metrics: Sequence[str], by: Sequence[str] = (), where: str = "") -> list[str]:
    """The statements a question would run, without running them."""
    names = in_order(business.catalogue, business.catalogue.select(metrics))
    statistics = all_statistics(business.catalogue.recipe(name) for name in names)
    return [s.sql for s in business.planner.plan(statistics, Shape(tuple(by), where))]
