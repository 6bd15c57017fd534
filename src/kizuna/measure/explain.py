"""What stands behind a number: definition, formula, SQL for every engine, freshness, and the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import sqlglot

from kizuna.expression import compile_expression, fill_settings, quote_text
from kizuna.facts import FACTS
from kizuna.measure.ask import Business, Evaluation, all_statistics, data_reach, evaluate, lineage_of, planned_sql
from kizuna.measure.calendar import Every, Period, make_axis
from kizuna.measure.fetch import calendars
from kizuna.measure.kind import HOLDS, Recipe
from kizuna.measure.metric import Metric, PeopleSet
from kizuna.measure.past import AS_OF, day_asked, day_table
from kizuna.measure.peopleset import atoms, to_text
from kizuna.measure.plan import Shape
from kizuna.measure.question import Question
from kizuna.measure.statistic import Last, People, Quantile, Rows, Statistic

DIALECTS = ("duckdb", "spark", "clickhouse")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one metric.

    `formula` is written in names, `filled` with the numbers of the month `example`, whose result is
    `value`; `parts` says what each name counts; `variants` are all definitions of the same idea, this one
    included; `sql` is by dialect; `data_from`, `data_until` and `rows` say what the numbers rest on.
    """

    metric: Metric
    formula: str
    filled: str
    parts: dict[str, str]
    variants: Sequence[Metric]
    sql: dict[str, tuple[str, ...]]
    data_from: date | None
    data_until: date | None
    rows: int
    example: Period
    value: float | None


def explain(
    business: Business, name: str, period: Period | None = None, every: Every = "all", where: str = ""
) -> Explanation:
    """Explain a metric; raises `UnknownName` if there is none of that name.

    The example is the `period` of the grain `every` under the condition `where`, or else the last whole month in
    which the metric has a value.
    """
    catalogue = business.catalogue
    recipe = catalogue.recipe(name)
    statements = planned_sql(business, [name], where=where)
    question = Question((name,), every="month", compare="none", where=where)
    if period is not None:
        question = replace(question, every=every, since=period.start, until=period.end)
    found = evaluate(business, question, [name])
    lineage = lineage_of(business, question, name, found.fetched)
    example = _latest(found, name, lineage.data_until) if period is None else found.axis.asked[-1]
    return Explanation(
        metric=recipe.metric,
        formula=recipe.formula.text,
        filled=recipe.formula.written(_numbers(found, recipe, example)),
        parts={
            part: describe(use.statistic, use.back) for part, use in recipe.uses.items() if part in recipe.formula.names
        }
        | {part: catalogue[part].meaning.en for part in recipe.metrics},
        variants=catalogue.variants(name),
        sql={dialect: tuple(_written(sql, dialect) for sql in statements) for dialect in DIALECTS},
        data_from=lineage.data_from,
        data_until=lineage.data_until,
        rows=lineage.rows,
        example=found.axis.periods[example],
        value=_value(found, name, example),
    )


def describe(stat: Statistic, back: int = 0) -> str:
    """A statistic in words."""
    when = f", {back} period{'s' * (back > 1)} earlier" if back else ""
    if isinstance(stat, People):
        return f"people in {to_text(stat.expression)}{when}"
    span = {"period": "", "end": " at the period's end", "to_date": " up to the period's end"}
    where = f" where {stat.base}" if stat.base else ""
    if isinstance(stat, Quantile):
        return f"quantile {stat.q:g} of {stat.value} over {stat.fact} rows{where}, by {stat.time}"
    if isinstance(stat, Last):
        return f"{stat.which} {stat.value} of each {' and '.join(stat.series)} in {stat.fact}, added up"
    what = {
        "count": "rows of",
        "sum": f"sum of {stat.value} over",
        "values": f"rows with {stat.value} in",
        "units": "units in",
    }
    return f"{what[stat.what]} {stat.fact}{where}, by {stat.time}{span.get(stat.span, f' in the {stat.span}')}{when}"


def rows_behind(
    business: Business, name: str, since: date | None, until: date | None, where: str = "", limit: int | None = None
) -> pa.Table:
    """The facts that a metric counts in a range of days, newest first, with the fact's own columns.

    For a metric made of several facts these are the rows of its base; columns that are empty in
    all rows are left out. `line_no` and `import_no` say which file and line each came from.
    """
    return rows_after(business, name, since, until, where, limit).table


Place = tuple[date, int, int, str]
"""Where a row stands among all: its time, import, line and key."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Facts behind a number, and the place of each."""

    table: pa.Table
    places: Sequence[Place]


def rows_after(
    business: Business,
    name: str,
    since: date | None,
    until: date | None,
    where: str = "",
    limit: int | None = None,
    after: Place | None = None,
) -> Behind:
    """As `rows_behind`, but only those that come after a place: for reading them page by page."""
    recipe = _first_with_rows(business, business.catalogue.recipe(name))
    fact, time, base, span, holds = _scan_of(business, recipe)
    with business.store.reading() as data:
        reach = data_reach(data, [Rows("count", fact, time=time)], business.planner)[fact]
    if reach.first is None or reach.last is None:
        return Behind(pa.table({}), ())
    last = date.fromordinal(reach.last.toordinal() + 1)
    axis = make_axis("all", since or reach.first, until or max(last, since or last), "none", business.settings.zone)
    names = business.planner.names(fact, time)
    condition = compile_expression(base, names.column, boolean=True) if base else ""
    source = business.planner.source(names, span, holds, Shape((), where), condition)
    with business.store.reading() as data:
        data.bring(calendars(axis, {span}, reach.first))
        if AS_OF in source:
            data.bring(day_table(day_asked(data, until, business.settings.zone)))
        table = data.ask(_rows_sql(fact, time, source, limit, after))
    moments, imports, lines, keys = (table[c].to_pylist() for c in (time, "import_no", "line_no", "row_key"))
    shown = [c for c in table.column_names if c != "row_key" and (table[c].null_count < len(table) or not len(table))]
    return Behind(table.select(shown), list(zip(moments, imports, lines, keys, strict=True)))


def _rows_sql(fact: str, time: str, source: str, limit: int | None, after: Place | None) -> str:
    columns = ", ".join(f't."{c}"' for c in FACTS[fact].stored_columns() if c != "bucket")
    rest = ""
    if after is not None:
        moment, number, line, key = after
        at = f"TIMESTAMP '{moment.isoformat(sep=' ')}'" if isinstance(moment, datetime) else f"DATE '{moment}'"
        place = f"({int(number)}, {int(line)}, {quote_text(key)})"
        rest = f' WHERE "{time}" < {at} OR ("{time}" = {at} AND (import_no, line_no, row_key) > {place})'
    cut = f" LIMIT {int(limit)}" if limit is not None else ""
    rows = f"SELECT DISTINCT {columns} {source}"
    return f'SELECT * FROM ({rows}){rest} ORDER BY "{time}" DESC, import_no, line_no, row_key{cut}'


def _latest(found: Evaluation, name: str, until: date | None) -> int:
    """The last whole month in which the metric has a value (else the last month with one)."""
    values = found.estimates[name].value
    known = [i for i in found.axis.asked if values.shape[1] and not np.isnan(values[i, 0])]
    whole = [i for i in known if until is not None and found.axis.periods[i].end <= until + timedelta(days=1)]
    return (whole[-1:] or known[-1:] or found.axis.asked[-1:])[0]


def _value(found: Evaluation, name: str, period: int) -> float | None:
    values = found.estimates[name].value
    known = values.shape[1] == 1 and not np.isnan(values[period, 0])
    return float(values[period, 0]) if known else None


def _numbers(found: Evaluation, recipe: Recipe, asked: int) -> dict[str, str]:
    """The value of every name in a formula in one period, as text."""
    numbers = {name: _short(found.estimates[name].value[asked, 0]) for name in recipe.metrics}
    for name, use in recipe.uses.items():
        period = asked
        for _ in range(use.back):
            period = found.axis.before[period]
        array = found.fetched.arrays.get(use.statistic)
        numbers[name] = _short(array[period, 0, 0] if array is not None and array.shape[1] == 1 else float("nan"))
    return numbers


def _short(value: float) -> str:
    return "no_data" if value != value else f"{value:.10g}"


def _written(sql: str, dialect: str) -> str:
    return sqlglot.transpile(sql, read="duckdb", write=dialect, pretty=True)[0]


def _first_with_rows(business: Business, recipe: Recipe) -> Recipe:
    """The metric itself, or the first part of its formula that looks at facts."""
    while not recipe.uses:
        recipe = business.catalogue.recipe(recipe.metrics[0])
    return recipe


def _scan_of(business: Business, recipe: Recipe) -> tuple[str, str, str, str, tuple[str, str] | None]:
    """Fact, time, condition, span and interval of the rows in a metric's base."""
    names = [*recipe.base, *recipe.uses]
    stat = next(recipe.uses[n].statistic for n in names if n in recipe.uses)
    if isinstance(stat, People):
        people: PeopleSet = business.planner.sets[next(atoms(stat.expression)).name]
        base = fill_settings(people.base, business.settings)
        holds = people.holds or HOLDS.get(people.fact)
        return people.fact, people.time or FACTS[people.fact].time, base, business.planner.span(people.span), holds
    span = getattr(stat, "span", "period")
    return stat.fact, stat.time, stat.base, span, getattr(stat, "holds", None)


def metric_tables(business: Business, names: Sequence[str]) -> Iterator[str]:
    """The facts a set of metrics needs, for saying what would feed them."""
    statistics = all_statistics(business.catalogue.recipe(n) for name in names for n in business.catalogue.needs(name))
    seen: set[str] = set()
    for stat in statistics:
        facts = (
            [business.planner.sets[a.name].fact for a in atoms(stat.expression)]
            if isinstance(stat, People)
            else [stat.fact]
        )
        for fact in facts:
            if fact not in seen:
                seen.add(fact)
                yield fact
