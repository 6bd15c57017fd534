"""From statistics to SQL text: one SELECT for everything asked of a fact at one time column.

A plan depends on the shape of a question (which statistics, which groups, which filter), not on
its dates: those come in as calendars. So plans are kept and used again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from kizuna.errors import NoHours
from kizuna.expression import compile_expression, fill_settings, quote_name, quote_text
from kizuna.facts import FACTS, day_of
from kizuna.history import SEGMENT
from kizuna.measure.metric import PeopleSet
from kizuna.measure.names import Names
from kizuna.measure.past import AS_OF
from kizuna.measure.peopleplan import people_sql
from kizuna.measure.rowplan import quantiles_sql, rows_sql
from kizuna.measure.statistic import Last, People, Quantile, Rows, Statistic

Known = tuple[tuple[str, str], ...]
"""Segments, by name: their conditions."""

NO_GROUP = "(none)"
OTHER = "(other)"


@dataclass(frozen=True, slots=True)
class Shape:
    """All that the SQL depends on besides the statistics.

    `segment` is the name of the one whose customers' rows count. `kept` are the groups of `by` to tell apart, where
    there are too many: all others are one.
    """

    by: tuple[str, ...] = ()
    where: str = ""
    hourly: bool = False
    kept: tuple[tuple[str, ...], ...] = ()
    segment: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether not all rows count."""
        return bool(self.where or self.segment)


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT. It gives period, g0…, bucket (not for `Last`) and one column s0… per statistic.

    `spans` are the calendars it joins, by span name; it may also look back at what customers did.
    """

    sql: str
    statistics: tuple[Statistic, ...]
    spans: frozenset[str]
    extra: tuple[str, ...] = ()

    @property
    def looks_back(self) -> bool:
        """Whether it needs the day to count back from."""
        return AS_OF in self.sql


class Planner:
    """Plans statistics for one workspace.

    `properties` are the property names known per fact, `segments` the conditions of segments by name.
    """

    def __init__(
        self,
        sets: Mapping[str, PeopleSet],
        properties: Mapping[str, Sequence[str]],
        settings: Mapping[str, object],
        segments: Mapping[str, str] | None = None,
    ) -> None:
        self.sets, self.properties, self.settings = sets, properties, settings
        self.segments: Mapping[str, str] = {} if segments is None else segments
        self._plans: dict[tuple[frozenset[Statistic], Shape, Known], tuple[Statement, ...]] = {}
        self._compiled: dict[tuple[str, str], str] = {}

    def plan(self, statistics: Iterable[Statistic], shape: Shape) -> tuple[Statement, ...]:
        """The statements that fetch `statistics`; the same shape is planned once."""
        # A plan has the conditions of segments in it, and these may be changed.
        looked_up = shape.segment or SEGMENT in shape.where.lower()
        key = (frozenset(statistics), shape, tuple(sorted(self.segments.items())) if looked_up else ())
        planned = self._plans.get(key)
        if planned is None:
            if len(self._plans) > 500:
                self._plans.clear()
            planned = self._plans[key] = tuple(self._statements(key[0], shape))
        return planned

    def _statements(self, statistics: frozenset[Statistic], shape: Shape) -> Iterator[Statement]:
        ordered = sorted(statistics, key=repr)
        rows = [s for s in ordered if isinstance(s, Rows)]
        for _, together in groupby(sorted(rows, key=_scan), key=_scan):
            scan = tuple(together)
            yield Statement(rows_sql(self, scan, shape), scan, frozenset({scan[0].span}), scan[0].extra)
        quantiles = [s for s in ordered if isinstance(s, Quantile)]
        for _, alike in groupby(sorted(quantiles, key=_spread), key=_spread):
            asked = tuple(alike)
            yield Statement(quantiles_sql(self, asked, shape), asked, frozenset({asked[0].span}))
        lasts = [s for s in ordered if isinstance(s, Last)]
        for _, together_last in groupby(sorted(lasts, key=_series), key=_series):
            yield self._last(tuple(together_last), shape)
        people = tuple(s for s in ordered if isinstance(s, People))
        if people:
            yield from (Statement(sql, stats, spans) for sql, stats, spans in people_sql(self, people, shape))

    def source(
        self,
        names: Names,
        span: str,
        holds: tuple[str, str] | None,
        shape: Shape,
        condition: str = "",
        *,
        filtered: bool = True,
    ) -> str:
        """``FROM fact JOIN calendar … WHERE filter`` of a scan. Look names up before, so that traits are joined.

        `condition`, SQL already, narrows it further.
        """
        asked = names.condition(shape.where) if shape.where and filtered else ""
        member = names.segment(shape.segment) if shape.segment and filtered else ""
        # in brackets: an OR in one of them must not let rows past the others
        conditions = " AND ".join(f"({part})" for part in (asked, member, condition) if part)
        where = f" WHERE {conditions}" if conditions else ""
        if shape.hourly and span not in ("period", "end"):
            raise NoHours(f"The {span} of {names.fact.name}")
        on = _holds(holds, shape) if holds and span == "end" else _placed(names.time, shape)
        return f'FROM "{names.fact.name}" AS t JOIN {calendar_name(span)} AS c ON {on}{names.joins()}{where}'

    def span(self, span: str) -> str:
        """A span with the settings filled in."""
        return fill_settings(span, self.settings)

    def names(self, fact: str, time: str = "") -> Names:
        return Names(FACTS[fact], time or FACTS[fact].time, self.properties, segments=self.segments)

    def groups(self, names: Names, shape: Shape, extra: tuple[str, ...] = ()) -> str:
        """``g0 …`` columns, each with a comma after it; no value is a group of its own."""
        columns = [f"COALESCE({names.dimension(name)}, '{NO_GROUP}')" for name in (*shape.by, *extra)]
        if shape.kept:
            own = columns[: len(shape.by)]
            listed = ", ".join(f"({', '.join(map(quote_text, group))})" for group in shape.kept)
            kept = f"({', '.join(own)}) IN ({listed})"
            columns[: len(own)] = [f"CASE WHEN {kept} THEN {column} ELSE '{OTHER}' END" for column in own]
        return "".join(f"{column} AS g{i}, " for i, column in enumerate(columns))

    def condition(self, names: Names, text: str) -> str:
        """A definition's condition as SQL; empty for none."""
        return self.compiled(names, text, boolean=True) if text else ""

    def compiled(self, names: Names, text: str, *, boolean: bool = False) -> str:
        """A definition's expression as SQL. Definitions stay, so each is parsed once per fact."""
        key = (names.fact.name, text)
        if key not in self._compiled:
            apart = Names(names.fact, names.time, names.properties)
            sql = compile_expression(text, apart.column, boolean=boolean)
            if apart.traits:
                # it needs a join, which is this statement's own, as are the names of its columns
                return compile_expression(text, names.column, boolean=boolean)
            self._compiled[key] = sql
        return self._compiled[key]

    def _last(self, statistics: tuple[Last, ...], shape: Shape) -> Statement:
        first = statistics[0]
        names = self.names(first.fact, first.time)
        groups = self.groups(names, shape, first.extra)
        value = self.compiled(names, first.value)
        series = (
            " || chr(31) || ".join(
                f"COALESCE(CAST(t.{quote_name(c)} AS VARCHAR), '')" for c in first.series if c != first.time
            )
            or "'all'"
        )
        condition = self.condition(names, first.base)
        only = f"({condition}) AND " if condition else ""
        known = f"{only}{value} IS NOT NULL"
        at = f"t.{quote_name(first.time)}"
        source = self.source(names, "to_date", None, shape, known)
        sql = (
            f"SELECT c.period, {groups}{series} AS series, "
            f"CAST(arg_max({value}, {at}) AS DOUBLE) AS closing, CAST(arg_min({value}, {at}) AS DOUBLE) AS first, "
            f"COUNT(*) AS readings "
            f"{source} GROUP BY ALL"
        )
        return Statement(sql, statistics, frozenset({"to_date"}), first.extra)


def calendar_name(span: str) -> str:
    """The table a span's calendar is kept in (``last 90 days`` → ``calendar_last_90_days``)."""
    return "calendar_" + span.replace(" ", "_")


def _placed(time: str, shape: Shape) -> str:
    if shape.hourly:
        if not time.endswith("_at"):
            raise NoHours(time)
        return f"time_bucket(INTERVAL '15 minutes', t.{quote_name(time)}) = c.slot"
    return f"t.{quote_name(day_of(time))} = c.day"


def _holds(holds: tuple[str, str], shape: Shape) -> str:
    """A row holds at a period's end if it began before it and had not ended before it."""
    begins, ends = (quote_name(name if shape.hourly else day_of(name)) for name in holds)
    edge = "c.end_at" if shape.hourly else "c.period_end"
    return f"t.{begins} < {edge} AND (t.{ends} IS NULL OR t.{ends} >= {edge})"


def _scan(stat: Rows) -> tuple[str, ...]:
    return (stat.fact, stat.time, stat.span, *(stat.holds or ()), "|", *stat.extra)


def _spread(stat: Quantile) -> tuple[str, ...]:
    return (stat.fact, stat.base, stat.value, stat.time, stat.span)


def _series(stat: Last) -> tuple[str, ...]:
    return (stat.fact, stat.base, stat.value, stat.time, *stat.series, "|", *stat.extra)
