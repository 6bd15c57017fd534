"""Run a plan and lay its statistics out as arrays.

Every additive statistic becomes an array of shape (periods, groups, 33): the whole, and the whole
without each of the 32 buckets, scaled back to full size. Everything after this is arithmetic on
such arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kizuna.errors import QuestionError
from kizuna.facts import BUCKETS, Fact, day_of
from kizuna.measure.calendar import Axis, window
from kizuna.measure.peopleset import Atom, SetExpression, atoms, carriers
from kizuna.measure.plan import NO_GROUP, OTHER, Planner, Shape, Statement, calendar_name
from kizuna.measure.rowplan import GRID
from kizuna.measure.statistic import Last, People, Quantile, Rows, Statistic

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
Group = tuple[str, ...]
Extra = tuple[str, ...]

SIZE = BUCKETS + 1
MAX_CELLS = 50_000_000
"""So many figures are laid out at once at most: 0.4 GB, and half a minute of a processor."""

_GROW = BUCKETS / (BUCKETS - 1)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a fact's data goes: `placed` is the last day of its main time, `last` that of any time."""

    first: date | None
    placed: date | None
    last: date | None
    rows: int


@dataclass(frozen=True, slots=True)
class QuantileParts:
    """What a quantile's interval needs: rows by bucket, those at or below it, and the grid of quantiles."""

    rows: Array
    below: Array
    grid: Array


@dataclass
class Fetched:
    """The statistics of one question.

    `groups` lists the groups per set of extra columns; `arrays` has shape (periods, groups, 33),
    NaN where the fact has no data.
    """

    axis: Axis
    groups: dict[Extra, list[Group]]
    arrays: dict[Statistic, Array] = field(default_factory=dict)
    filled: dict[Statistic, Array] = field(default_factory=dict)
    quantiles: dict[Quantile, QuantileParts] = field(default_factory=dict)
    statements: tuple[Statement, ...] = ()
    reach: Mapping[str, Reach] = field(default_factory=dict)


def replicate(parts: Array) -> Array:
    """(…, 32) by bucket → (…, 33): the total, and the total without each bucket, scaled by 32/31."""
    total = parts.sum(axis=-1, keepdims=True)
    return np.concatenate([total, (total - parts) * _GROW], axis=-1)


def calendars(axis: Axis, spans: Iterable[str], first_day: date, back: int = 0) -> dict[str, pa.Table]:
    """The tables that the statements join; sets of people look at most `back` periods back."""
    tables: dict[str, pa.Table] = {}
    for span in spans:
        if span == "end":
            tables[calendar_name(span)] = axis.instants()
        elif span == "to_date":
            tables[calendar_name(span)] = axis.segments(first_day)
        elif span == "back":
            tables[calendar_name(span)] = _back(axis, back)
        else:
            tables[calendar_name(span)] = axis.calendar(span)
    return tables


def fetch(
    ask: Callable[[str], pa.Table],
    statements: Sequence[Statement],
    axis: Axis,
    shape: Shape,
    reach: Mapping[str, Reach],
    planner: Planner,
    max_groups: int,
) -> Fetched:
    """Run the statements and lay out their results."""
    tables = [ask(statement.sql) for statement in statements]
    if kept := _kept(statements, tables, len(shape.by), max_groups):
        # Asked again with the rest as one group: people and quantiles of many groups do not add up.
        asked = {stat for statement in statements for stat in statement.statistics}
        statements = planner.plan(asked, replace(shape, kept=kept))
        tables = [ask(statement.sql) for statement in statements]
    groups, codes = _group_codes(statements, tables, len(shape.by), max_groups)
    _check_size(axis, statements, groups)
    found = Fetched(axis, groups, statements=tuple(statements), reach=reach)
    for statement, table, code in zip(statements, tables, codes, strict=True):
        count = len(groups[statement.extra])
        first = statement.statistics[0]
        if isinstance(first, Quantile):
            _lay_quantiles(found, statement, table, code, count)
        elif isinstance(first, Last):
            _lay_last(found, statement, table, code, count)
        else:
            _lay_additive(found, statement, table, code, count)
    _mark_uncovered(found, planner)
    return found


def _check_size(axis: Axis, statements: Sequence[Statement], groups: Mapping[Extra, Sequence[Group]]) -> None:
    """Raise `QuestionError` for a question whose statistics would fill the memory of the process."""
    each = sum(len(statement.statistics) * len(groups[statement.extra]) for statement in statements)
    cells = len(axis.periods) * each * SIZE
    if cells > MAX_CELLS:
        raise QuestionError(
            f"{len(axis.periods):,} periods of {each:,} statistics by group are too much at once.",
            "Ask for fewer metrics, longer periods, a shorter range or fewer groups.",
        )


def _lay_additive(found: Fetched, statement: Statement, table: pa.Table, code: Codes, groups: int) -> None:
    axis = found.axis
    first = statement.statistics[0]
    running = isinstance(first, Rows) and first.span == "to_date"
    height = len(axis.cuts()) if running else len(axis.periods)
    period = _numbers(table, "period").astype(np.intp)
    bucket = _numbers(table, "bucket").astype(np.intp)
    for i, stat in enumerate(statement.statistics):
        parts = np.zeros((height, groups, BUCKETS))
        values = np.nan_to_num(_numbers(table, f"s{i}"))
        # groups beyond the limit share a place, so add rather than assign
        np.add.at(parts, (period, code, bucket), values)
        if running:
            cuts = {cut: j for j, cut in enumerate(axis.cuts())}
            parts = np.cumsum(parts, axis=0)[[cuts[p.end] for p in axis.periods]]
        found.arrays[stat] = replicate(parts)
        if isinstance(stat, Rows) and stat.what == "sum":
            found.arrays[stat][..., 0] = _to_places(found.arrays[stat][..., 0])
        found.filled[stat] = (parts != 0).sum(axis=-1).astype(float)


def _to_places(total: Array) -> Array:
    """A total of buckets, each exact to six places, as exact: 0.1 + 0.2 is 0.3 again."""
    # beyond this the spacing of floats is near the sixth place, and rounding would not be exact
    return np.where(np.abs(total) < 1e9, np.round(total, 6), total)


def _lay_quantiles(found: Fetched, statement: Statement, table: pa.Table, code: Codes, groups: int) -> None:
    shape = (len(found.axis.periods), groups)
    period = _numbers(table, "period").astype(np.intp)
    bucket = _numbers(table, "bucket").astype(np.intp)
    rows = np.zeros((*shape, BUCKETS))
    rows[period, code, bucket] = _numbers(table, "n")
    asked = len(statement.statistics)
    lists = np.full((*shape, asked + len(GRID)), np.nan)
    if len(table):
        flat = table["qs"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        lists[period, code] = flat.reshape(len(table), -1)
    for i, stat in enumerate(statement.statistics):
        assert isinstance(stat, Quantile)
        below = np.zeros((*shape, BUCKETS))
        below[period, code, bucket] = _numbers(table, f"below{i}")
        parts = QuantileParts(rows, below, lists[..., asked:])
        found.arrays[stat] = _quantile_replicates(stat.q, lists[..., i], parts)
        found.quantiles[stat] = parts
        found.filled[stat] = (rows != 0).sum(axis=-1).astype(float)


def _quantile_replicates(q: float, value: Array, parts: QuantileParts) -> Array:
    """The value, and replicates linearised by the influence of each bucket (Woodruff 1952 gives the slope)."""
    step = max(1, round(100 * min(q, 1 - q) / 2))
    at = round(100 * q)
    low, high = max(at - step, 0), min(at + step, 100)
    slope = (parts.grid[..., high] - parts.grid[..., low]) / ((high - low) / 100)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = replicate(parts.below) / replicate(parts.rows)
    influence = -(whole[..., 1:] - whole[..., :1]) * slope[..., None]
    return np.concatenate([value[..., None], value[..., None] + influence], axis=-1)


def _lay_last(found: Fetched, statement: Statement, table: pa.Table, code: Codes, groups: int) -> None:
    """Closing and opening values of each series, added up. A reading is no sample: all replicates are equal."""
    axis = found.axis
    cuts = {cut: j for j, cut in enumerate(axis.cuts())}
    history: dict[tuple[int, str], list[tuple[int, float, float, float]]] = {}
    columns = [table[name].to_pylist() for name in ("period", "series", "closing", "first", "readings")]
    for group, segment, series, closing, first, readings in zip(code.tolist(), *columns, strict=True):
        history.setdefault((group, series), []).append((segment, closing, first, readings))
    laid = {name: np.full((len(axis.periods), groups), np.nan) for name in ("closing", "opening", "readings")}
    for (group, _), segments in history.items():
        segments.sort()
        for p, period in enumerate(axis.periods):
            first_cut, last_cut = cuts[period.start], cuts[period.end]
            inside = [s for s in segments if first_cut < s[0] <= last_cut]
            if not inside:
                continue
            before = [s for s in segments if s[0] <= first_cut]
            readings_in = sum(s[3] for s in inside)
            for name, number in (
                ("closing", inside[-1][1]),
                ("opening", before[-1][1] if before else inside[0][2]),
                ("readings", readings_in),
            ):
                laid[name][p, group] = np.nansum([laid[name][p, group], number])
    for stat in statement.statistics:
        assert isinstance(stat, Last)
        found.arrays[stat] = np.repeat(laid[stat.which][..., None], SIZE, axis=-1)
        found.filled[stat] = np.zeros((len(axis.periods), groups))


def _mark_uncovered(found: Fetched, planner: Planner) -> None:
    """A count of nothing is zero only where the fact has data; elsewhere it is no value."""
    for stat, array in found.arrays.items():
        if isinstance(stat, Rows):
            covered = np.array(
                [_covers(found.reach[stat.fact], stat.span, found.axis, p) for p in range(len(found.axis.periods))]
            )
        elif isinstance(stat, People):
            covered = np.array([_people_covered(found, planner, stat, p) for p in range(len(found.axis.periods))])
        else:
            continue
        array[~covered] = np.nan
    for stat, array in found.arrays.items():
        if isinstance(stat, Rows) and stat.what == "sum":
            rows, values = _companion(found, stat, "count"), _companion(found, stat, "values")
            if rows is not None and values is not None:
                array[(rows[..., 0] > 0) & (values[..., 0] == 0)] = np.nan


def _companion(found: Fetched, stat: Rows, what: Literal["count", "values"]) -> Array | None:
    return found.arrays.get(replace(stat, what=what, value=stat.value if what == "values" else ""))


def _covers(reach: Reach, span: str, axis: Axis, index: int) -> bool:
    if reach.first is None or reach.last is None:
        return False
    period = axis.periods[index]
    if axis.every == "hour":
        local = period.start.astimezone(axis.zone).date()  # type: ignore[attr-defined]
        return bool(reach.first <= local <= reach.last)
    if span in ("end", "to_date"):
        return reach.first < period.end
    start, end = window(span, period)
    return reach.first < end and reach.last >= start


def _people_covered(found: Fetched, planner: Planner, stat: People, index: int) -> bool:
    """People are known where any of the sets that are counted has data, and what it is met with exists at all."""
    if not _exists(found, planner, stat.expression):
        return False
    return any(_atom_covered(found, planner, atom, index) for atom in carriers(stat.expression))


def _exists(found: Fetched, planner: Planner, expression: SetExpression) -> bool:
    """Either side of ``|`` may be missing from the data; of ``a & b`` and ``a - b`` neither."""
    if isinstance(expression, Atom):
        return found.reach[planner.sets[expression.name].fact].rows > 0
    sides = (_exists(found, planner, side) for side in (expression.left, expression.right))
    return any(sides) if expression.operator == "|" else all(sides)


def _atom_covered(found: Fetched, planner: Planner, atom: Atom, index: int) -> bool:
    for _ in range(atom.back):
        index = found.axis.before[index]
        if index < 0:
            return False
    people = planner.sets[atom.name]
    return _covers(found.reach[people.fact], planner.span(people.span), found.axis, index)


def _group_codes(
    statements: Sequence[Statement], tables: Sequence[pa.Table], by: int, most: int
) -> tuple[dict[Extra, list[Group]], list[Codes]]:
    """All groups per set of extra columns, and for each statement the group number of each row.

    Where there are more than `most` with their extra columns, the largest are kept and the rest
    share one place within their group, so that shares of the group still add up.
    """
    keys = [_keys(table, by + len(statement.extra)) for statement, table in zip(statements, tables, strict=True)]
    groups: dict[Extra, list[Group]] = {}
    codes: list[Codes] = []
    for extra in dict.fromkeys(statement.extra for statement in statements):
        weights: dict[Group, float] = {}
        for statement, table, rows in zip(statements, tables, keys, strict=True):
            if statement.extra == extra:
                _add_weights(weights, statement, table, rows)
        width = by + len(extra)
        found = set(weights)
        if extra and len(weights) > most:
            largest = set(_largest(weights, most - 1))
            found = {group if group in largest else _rest(group, by) for group in weights}
        groups[extra] = sorted(found, key=_group_order) if width else [()]
    for statement, (unique, inverse) in zip(statements, keys, strict=True):
        place = {group: i for i, group in enumerate(groups[statement.extra])}
        table_of = np.array([place[g] if g in place else place[_rest(g, by)] for g in unique], dtype=np.intp)
        codes.append(table_of[inverse] if len(unique) else np.zeros(0, np.intp))
    return groups, codes


def _kept(statements: Sequence[Statement], tables: Sequence[pa.Table], by: int, most: int) -> tuple[Group, ...]:
    """The groups to tell apart where there are more than `most`; empty where all can be."""
    weights: dict[Group, float] = {}
    for statement, table in zip(statements, tables, strict=True):
        _add_weights(weights, statement, table, _keys(table, by))
    return tuple(_largest(weights, max(most - 1, 1))) if by and len(weights) > most else ()


def _largest(weights: Mapping[Group, float], most: int) -> list[Group]:
    """The groups of most weight; by name among equals, so that the same question keeps the same ones."""
    return sorted(sorted(weights, key=lambda group: (-weights[group], group))[:most])


def _rest(group: Group, by: int) -> Group:
    return (*group[:by], *(OTHER,) * (len(group) - by))


def _keys(table: pa.Table, width: int) -> tuple[list[Group], Codes]:
    """Distinct groups of a result and, for each row, which one it is."""
    if not width:
        return [()], np.zeros(len(table), np.intp)
    combined = np.zeros(len(table), np.int64)
    dictionaries: list[list[str]] = []
    for i in range(width):
        column = table[f"g{i}"].combine_chunks().dictionary_encode()
        dictionaries.append(column.dictionary.to_pylist())
        combined = combined * max(len(dictionaries[-1]), 1) + column.indices.to_numpy(zero_copy_only=False)
    distinct, inverse = np.unique(combined, return_inverse=True)
    groups: list[Group] = []
    for number in distinct.tolist():
        parts: list[str] = []
        for values in reversed(dictionaries):
            number, place = divmod(number, len(values))
            parts.append(values[place])
        groups.append(tuple(reversed(parts)))
    return groups, inverse.astype(np.intp)


def _add_weights(
    weights: dict[Group, float], statement: Statement, table: pa.Table, keys: tuple[list[Group], Codes]
) -> None:
    unique, inverse = keys
    size = _numbers(table, "s0") if "s0" in table.column_names else np.ones(len(table))
    counted = np.bincount(inverse, np.abs(np.nan_to_num(size)), len(unique)) if len(unique) else np.zeros(0)
    for group, weight in zip(unique, counted.tolist(), strict=True):
        weights[group] = weights.get(group, 0.0) + weight


def _group_order(group: Group) -> tuple[object, ...]:
    """Numbers in numeric order, words in alphabetical, no value and the rest last."""
    return tuple((part == OTHER, part == NO_GROUP, *_number_first(part)) for part in group)


def _number_first(part: str) -> tuple[bool, int, str]:
    # ASCII alone: "²" is a digit that int() does not read; and int() stops at 4,300 digits
    number = part.isascii() and part.isdigit() and len(part) < 20
    return not number, int(part) if number else 0, part


def _numbers(table: pa.Table, name: str) -> Array:
    return np.asarray(table[name].to_numpy(zero_copy_only=False), dtype=float)


def _back(axis: Axis, most: int) -> pa.Table:
    """For every period, the periods 0, 1, 2 … `most` before it."""
    rows: list[tuple[int, int, int]] = []
    for i in range(len(axis.periods)):
        source, back = i, 0
        while source >= 0 and back <= most:
            rows.append((i, back, source))
            source, back = axis.before[source], back + 1
    period, back_column, source_column = zip(*rows, strict=True)
    return pa.table(
        {
            name: pa.array(column, pa.int32())
            for name, column in (("period", period), ("back", back_column), ("source", source_column))
        }
    )


def facts_of(stat: Statistic, planner: Planner) -> set[str]:
    """The facts that a statistic looks at."""
    if isinstance(stat, People):
        return {planner.sets[atom.name].fact for atom in atoms(stat.expression)}
    return {stat.fact}


def reach_sql(fact: Fact) -> str:
    """How far a fact's data goes, over all its times: a day without openings may have resolutions."""
    days = [f'"{day_of(time)}"' for time in fact.times]
    firsts, lasts = (", ".join(f"{f}({day})" for day in days) for f in ("min", "max"))
    placed = f'max("{day_of(fact.time)}")'
    columns = f"least({firsts}) AS first, {placed} AS placed, greatest({lasts}) AS last, count(*) AS rows"
    return f'SELECT {columns} FROM "{fact.name}"'
