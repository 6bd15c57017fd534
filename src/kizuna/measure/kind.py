"""The kinds of metric: which statistics each needs, and the formula that finishes them.

A metric has no code of its own. Its kind turns the TOML entry into a `Recipe`: named statistics, a
formula over them, what counts as the base, and how its interval is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from kizuna.expression import fill_settings
from kizuna.facts import FACTS
from kizuna.measure.formula import Formula
from kizuna.measure.metric import Metric, Term
from kizuna.measure.peopleset import both, parse_set
from kizuna.measure.statistic import Last, People, Quantile, Rows, Statistic

Method = Literal["closed_share", "closed_net", "share", "people_share", "quantile", "reading", "jackknife"]

HOLDS = {"subscription": ("started_at", "ended_at"), "ticket": ("opened_at", "resolved_at")}
"""The interval over which a row of a fact holds, for span ``end``."""


@dataclass(frozen=True, slots=True)
class Use:
    """A statistic, `back` periods earlier than the one asked."""

    statistic: Statistic
    back: int = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a metric is made.

    `uses` are its statistics by local name, `formula` finishes them, `base` names those whose sum
    is n, `people` counts the units behind it, `extra` are columns it is always given apart by,
    `flags` are counts that set a flag when above zero, `pooled` a (flag, statistic) that sets it
    when more than one group of the statistic is in use, `whole` counts rows and units of what a
    group is a share of, where its interval rests on these.
    """

    metric: Metric
    uses: Mapping[str, Use]
    formula: Formula
    base: tuple[str, ...]
    method: Method = "jackknife"
    people: Use | None = None
    extra: tuple[str, ...] = ()
    flags: Mapping[str, Use] = field(default_factory=dict)
    pooled: tuple[str, Rows] | None = None
    whole: tuple[Use, Use] | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        """Ids of the other metrics its formula refers to."""
        return tuple(name for name in self.formula.names if name not in self.uses)

    def statistics(self) -> Iterator[Statistic]:
        """Everything to be fetched for this metric alone."""
        counted = (self.people,) if self.people else ()
        for use in (*self.uses.values(), *self.flags.values(), *counted, *(self.whole or ())):
            yield use.statistic
        if self.pooled:
            yield self.pooled[1]

    @property
    def reach(self) -> int:
        """How many earlier periods its statistics look at, not counting those inside sets."""
        return max((use.back for use in self.uses.values()), default=0)


def make_recipe(metric: Metric, settings: Mapping[str, Any]) -> Recipe:
    """The recipe of a metric under a workspace's settings."""
    return _KINDS[metric.kind](metric, settings)


def _rows(metric: Metric, settings: Mapping[str, Any], what: str, *conditions: str, value: str = "") -> Rows:
    return rows(metric, settings, what, *conditions, value=value, extra=_extra(metric))


def rows(
    source: Metric | Term,
    settings: Mapping[str, Any],
    what: str,
    *conditions: str,
    value: str = "",
    extra: tuple[str, ...] = (),
) -> Rows:
    """Rows of the term that `source` spells out, narrowed by further conditions."""
    fact = FACTS[source.fact]
    base = " AND ".join(f"({fill_settings(part, settings)})" for part in (source.base, *conditions) if part)
    return Rows(
        what,  # type: ignore[arg-type]
        source.fact,
        base,
        fill_settings(value, settings),
        source.time or fact.time,
        fill_settings(source.span, settings),
        (source.holds or HOLDS.get(source.fact)) if source.span == "end" else None,
        extra,
    )


def _extra(metric: Metric) -> tuple[str, ...]:
    return tuple(name for name in (metric.separate, metric.column) if name)


def _recipe(
    metric: Metric, settings: Mapping[str, Any], formula: str, base: str, method: Method = "jackknife", **stats: Rows
) -> Recipe:
    """The common shape: one fact, statistics over its rows."""
    # distinct units do not add up over stretches of time, so a running total does not know them
    units = None if metric.span == "to_date" else Use(_rows(metric, settings, "units"))
    flags = {name: Use(_rows(metric, settings, "count", condition)) for name, condition in metric.flag.items()}
    pooled = None
    if metric.pooled_flag:
        counted = rows(metric, settings, "count", extra=(*_extra(metric), metric.pooled_flag))
        pooled = (f"mixed_{metric.pooled_flag}", counted)
    uses = {name: Use(stat) for name, stat in stats.items()}
    return Recipe(metric, uses, Formula(formula), (base,), method, units, _extra(metric), flags, pooled)


def _count(metric: Metric, settings: Mapping[str, Any]) -> Recipe:
    return _recipe(metric, settings, "rows", "rows", rows=_rows(metric, settings, "count"))


def _sum(metric: Metric, settings: Mapping[str, Any]) -> Recipe:
    total = _rows(metric, settings, "sum", value=metric.value)
    return _recipe(
        metric, settings, "total", "values", total=total, values=_rows(metric, settings, "values", value=metric.value)
    )


def _mean(metric: Metric, settings: Mapping[str, Any]) -> Recipe:
    total = _rows(metric, settings, "sum", value=metric.value)
    values = _rows(metric, settings, "values", value=metric.value)
    return _recipe(metric, settings, "total / values", "values", total=total, values=values)


def _share(metric: Metric, settings: Mapping[str, Any]) -> Recipe:
    hits, base = _rows(metric, settings, "count", metric.of), _rows(metric, settings, "count")
    method: Method = "closed_share" if metric.closed else "share"
    return _recipe(metric, settings, "100 * hits / rows", "rows", method, hits=hits, rows=base)


def _net(metric: Metric, settings: Mapping[str, Any]) -> Recipe:
    up, down = (_rows(metric, settings, "count", side) for side in (metric.favourable, metric.unfavourable))
    method: Method = "closed_net" if metric.closed else "jackknife"
    base = _rows(metric, settings, "count")
    return _recipe(
        metric,
        settings,
        "100 * (favourable - unfavourable) / rows",
        "rows",
        method,
        favourable=up,
        unfavourable=down,
        rows=base,
    )


def _mix(metric: Metric, settings: Mapping[str, Any]) -> Recipe:
    what = "sum" if metric.value else "count"
    part = _rows(metric, settings, what, value=metric.value)
    counted = _rows(metric, settings, "count")
    method: Method = "jackknife" if metric.value else "share"
    recipe = _recipe(metric, settings, "100 * part / whole(part)", "rows", method, part=part, rows=counted)
    # What a share is a share of, and so how well it is founded, is not told apart by the column.
    whole = rows(metric, settings, "count", extra=(metric.separate,) if metric.separate else ())
    return replace(recipe, whole=(Use(whole), Use(replace(whole, what="units"))))


def _quantile(metric: Metric, settings: Mapping[str, Any]) -> Recipe:
    counted = _rows(metric, settings, "values", value=metric.value)
    stat = Quantile(metric.q, metric.fact, counted.base, counted.value, counted.time, counted.span)
    recipe = _recipe(metric, settings, "quantile", "values", "quantile", values=counted)
    return Recipe(
        metric, {"quantile": Use(stat), **recipe.uses}, recipe.formula, ("values",), "quantile", recipe.people
    )


def _last(metric: Metric, settings: Mapping[str, Any]) -> Recipe:
    term = _rows(metric, settings, "count")
    value = fill_settings(metric.value, settings)
    series = metric.series or FACTS[metric.fact].key
    names: tuple[Literal["closing", "opening", "readings"], ...] = ("closing", "opening", "readings")
    extra = _extra(metric)
    uses: dict[str, Use] = {
        name: Use(Last(name, metric.fact, term.base, value, term.time, series, extra)) for name in names
    }
    formula = {"": "closing", "change": "closing - opening", "rate": "100 * (closing - opening) / opening"}[
        metric.growth
    ]
    return Recipe(metric, uses, Formula(formula), ("readings",), "reading", extra=extra)


def term_uses(term: Term, settings: Mapping[str, Any], extra: tuple[str, ...] = ()) -> tuple[Use, Use]:
    """A term as (the statistic, what counts its rows)."""
    if term.people:
        people = Use(People(parse_set(fill_settings(term.people, settings))), -term.offset)
        return people, people
    counted = Use(rows(term, settings, "count", extra=extra), -term.offset)
    if not term.value:
        return counted, counted
    return Use(rows(term, settings, "sum", value=term.value, extra=extra), -term.offset), counted


def _ratio(metric: Metric, settings: Mapping[str, Any]) -> Recipe:
    uses: dict[str, Use] = {}
    sides: list[str] = []
    base: list[str] = []
    extra = _extra(metric)
    for side, terms in (("numerator", metric.numerator), ("denominator", metric.denominator)):
        names = [side] if len(terms) == 1 else [f"{side}_{i}" for i in range(1, len(terms) + 1)]
        for name, term in zip(names, terms, strict=True):
            uses[name], counted = term_uses(term, settings, extra)
            if side == "denominator":
                # a share of impressions is as well founded as it has impressions, not rows
                uses[f"{name}_rows"] = counted
                base.append(name if metric.proportion else f"{name}_rows")
        sides.append(names[0] if len(names) == 1 else f"added({', '.join(names)})")
    formula = Formula((f"{metric.scale:g} * " if metric.scale != 1 else "") + f"{sides[0]} / {sides[1]}")
    people = _units_of(metric.denominator, settings, extra)
    flags = _term_flags(metric, metric.numerator, settings)
    method: Method = "share" if metric.proportion else "jackknife"
    return Recipe(metric, uses, formula, tuple(base), method, people, extra, flags)


def _units_of(terms: tuple[Term, ...], settings: Mapping[str, Any], extra: tuple[str, ...] = ()) -> Use | None:
    """The distinct units behind a single term; ``None`` where several facts are added up."""
    if len(terms) != 1:
        return None
    if terms[0].people:
        return term_uses(terms[0], settings)[0]
    if terms[0].span == "to_date":
        return None
    return Use(rows(terms[0], settings, "units", extra=extra), -terms[0].offset)


def _term_flags(metric: Metric, terms: Iterable[Term], settings: Mapping[str, Any]) -> dict[str, Use]:
    """A flag's condition is looked for in the terms that add up a value."""
    return {
        flag: Use(rows(term, settings, "count", condition), -term.offset)
        for term in terms
        if term.value
        for flag, condition in metric.flag.items()
    }


def _people(metric: Metric, settings: Mapping[str, Any]) -> Recipe:
    use = Use(People(parse_set(fill_settings(metric.people, settings))))
    return Recipe(metric, {"people": use}, Formula("people"), ("people",), "jackknife", use)


def _people_share(metric: Metric, settings: Mapping[str, Any]) -> Recipe:
    base, of = (parse_set(fill_settings(text, settings)) for text in (metric.base, metric.of))
    uses = {"hits": Use(People(both(base, of))), "people": Use(People(base))}
    return Recipe(metric, uses, Formula("100 * hits / people"), ("people",), "people_share", uses["people"])


def _formula(metric: Metric, settings: Mapping[str, Any]) -> Recipe:
    uses = {name: term_uses(term, settings)[0] for name, term in metric.terms.items()}
    formula = Formula(fill_settings(metric.formula, settings))
    below = [name for name in formula.denominator if name in metric.terms]
    counted = [name for name in (*below, *metric.terms) if not metric.terms[name].value][:1]
    units = _units_of((metric.terms[counted[0]],), settings) if counted else None
    flags = _term_flags(metric, metric.terms.values(), settings)
    return Recipe(metric, uses, formula, tuple(counted), people=units, flags=flags)


_KINDS: dict[str, Callable[[Metric, Mapping[str, Any]], Recipe]] = {
    "count": _count,
    "sum": _sum,
    "mean": _mean,
    "share": _share,
    "net": _net,
    "mix": _mix,
    "quantile": _quantile,
    "last": _last,
    "ratio": _ratio,
    "people": _people,
    "people_share": _people_share,
    "formula": _formula,
}
