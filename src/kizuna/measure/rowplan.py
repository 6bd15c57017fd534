"""SQL for rows of a fact: counts, sums, distinct units and quantiles by period, group and bucket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kizuna.expression import quote_name
from kizuna.measure.names import Names
from kizuna.measure.statistic import Quantile, Rows

if TYPE_CHECKING:
    from kizuna.measure.plan import Planner, Shape

EXACT = "DECIMAL(38,6)"
"""Values are added up in decimals, so that a sum is the same in whatever order rows come."""

GRID = tuple(round(i / 100, 2) for i in range(101))
"""Quantiles fetched around those asked, from which an interval is read."""


def rows_sql(planner: Planner, statistics: Sequence[Rows], shape: Shape) -> str:
    """One SELECT for statistics over the same fact, time and span.

    Where customers are counted, rows are first gathered by customer: then each count of customers
    is a condition on what was gathered, instead of a set of its own (measured on 1.4 M events and
    five counts of people: half the time).
    """
    first = statistics[0]
    names = planner.names(first.fact, first.time)
    groups = planner.groups(names, shape, first.extra)
    if names.fact.unit == "customer_no" and any(stat.what == "units" for stat in statistics):
        return _by_customer(planner, statistics, shape, names, groups)
    columns = ", ".join(
        f"{_final(stat, _aggregate(planner, stat, names))} AS s{i}" for i, stat in enumerate(statistics)
    )
    source = planner.source(names, first.span, first.holds, shape)
    return f"SELECT c.period, {groups}t.bucket, {columns} {source} GROUP BY ALL"


def _by_customer(planner: Planner, statistics: Sequence[Rows], shape: Shape, names: Names, groups: str) -> str:
    first = statistics[0]
    inner = [replace(stat, what="count") if stat.what == "units" else stat for stat in statistics]
    place = {stat: i for i, stat in enumerate(dict.fromkeys(inner))}
    gathered = ", ".join(f"{_aggregate(planner, stat, names)} AS i{i}" for stat, i in place.items())
    source = planner.source(names, first.span, first.holds, shape)
    keys = "".join(f"g{i}, " for i in range(len(shape.by) + len(first.extra)))
    outer = ", ".join(
        f"{_gathered(stat, f'i{place[part]}')} AS s{i}"
        for i, (stat, part) in enumerate(zip(statistics, inner, strict=True))
    )
    rows = f"SELECT c.period, {groups}t.bucket, t.customer_no, {gathered} {source} GROUP BY ALL"
    return f"SELECT period, {keys}bucket, {outer} FROM ({rows}) GROUP BY ALL"


def _gathered(stat: Rows, column: str) -> str:
    if stat.what == "units":
        # rows without a customer are each a unit of their own
        unknown = f"COALESCE(SUM({column}) FILTER (WHERE customer_no IS NULL), 0)"
        return f"CAST(COUNT(*) FILTER (WHERE customer_no IS NOT NULL AND {column} > 0) + {unknown} AS BIGINT)"
    return f"CAST(SUM({column}) AS {'DOUBLE' if stat.what == 'sum' else 'BIGINT'})"


def _aggregate(planner: Planner, stat: Rows, names: Names) -> str:
    condition = planner.condition(names, stat.base)
    only = f" FILTER (WHERE {condition})" if condition else ""
    if stat.what == "count":
        return f"COUNT(*){only}"
    if stat.what == "units":
        unit = names.fact.unit
        return f"COUNT(DISTINCT t.{quote_name(unit)}){only}" if unit else f"COUNT(*){only}"
    value = planner.compiled(names, stat.value)
    return f"COUNT({value}){only}" if stat.what == "values" else f"SUM(CAST({value} AS {EXACT})){only}"


def _final(stat: Rows, aggregate: str) -> str:
    return f"CAST({aggregate} AS DOUBLE)" if stat.what == "sum" else aggregate


def quantiles_sql(planner: Planner, statistics: Sequence[Quantile], shape: Shape) -> str:
    """One SELECT for quantiles of the same rows: how many rows, how many at or below each, and the grid.

    ``qs`` holds the quantiles asked, in order, then those of `GRID`.
    """
    first = statistics[0]
    names = planner.names(first.fact, first.time)
    groups = planner.groups(names, shape)
    value = f"CAST({planner.compiled(names, first.value)} AS DOUBLE)"
    condition = planner.condition(names, first.base) or "TRUE"
    source = planner.source(names, first.span, None, shape)
    rows = f"SELECT c.period, {groups}t.bucket, {value} AS v, {condition} AS counted {source}"
    keys = [f"g{i}" for i in range(len(shape.by))]
    listed = "".join(f"{key}, " for key in keys)
    own = "".join(f"x.{key}, " for key in keys)
    same = " AND ".join(f"x.{key} = q.{key}" for key in ("period", *keys))
    grid = ", ".join(map(str, (*(stat.q for stat in statistics), *GRID)))
    below = ", ".join(f"COUNT(*) FILTER (WHERE x.v <= q.qs[{i + 1}]) AS below{i}" for i in range(len(statistics)))
    return (
        f"WITH x AS (SELECT * FROM ({rows}) WHERE v IS NOT NULL AND counted), "
        f"q AS (SELECT period, {listed}quantile_cont(v, [{grid}]) AS qs FROM x GROUP BY ALL) "
        f"SELECT x.period, {own}x.bucket, COUNT(*) AS n, {below}, any_value(q.qs) AS qs "
        f"FROM x JOIN q ON {same} GROUP BY ALL"
    )
