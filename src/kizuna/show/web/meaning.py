"""What a metric means, in words: its formula with the period's numbers, what its parts count, its variants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kizuna.measure.answer import Answer
from kizuna.measure.calendar import Period
from kizuna.measure.explain import Explanation, explain, metric_tables
from kizuna.measure.metric import Metric
from kizuna.measure.peopleset import to_text
from kizuna.measure.statistic import Last, People, Quantile, Statistic
from kizuna.show import number
from kizuna.show.period import day
from kizuna.show.reading import metric_id
from kizuna.show.reading import parts as parts_of
from kizuna.show.web.card import Figure, figure
from kizuna.show.web.course import numbers, reader_of
from kizuna.show.web.view import View


@dataclass(frozen=True, slots=True)
class Variant:
    """Another definition of the same idea, with its number in the period."""

    id: str
    name: str
    meaning: str
    reference: str
    link: str
    figure: Figure | None
    here: bool


@dataclass(frozen=True, slots=True)
class Meaning:
    """What stands behind a metric's number. `parts` are (name, what it counts, its link if it is a metric)."""

    formula: str
    filled: str
    value: str
    parts: Sequence[tuple[str, str, str]]
    kind: Sequence[str]
    reference: str
    variants: Sequence[Variant]
    sql: Sequence[str]
    fresh: str
    facts: Sequence[str]
    first: date | None
    last: date | None


def meaning(view: View, name: str) -> Meaning:
    """What a metric means in the scope's period."""
    scope, hub = view.scope, view.hub
    period = Period(scope.since, scope.until)
    key = ("meaning", name, scope)
    found = hub.kept.get(key, lambda: explain(hub.workspace.business, name, period, scope.unit, scope.where)).value
    currency = str(hub.settings.currency)
    return Meaning(
        found.formula,
        # A metric that is always broken down has no one number to fill in.
        found.filled if found.value is not None and found.filled != found.formula else "",
        number.value(found.value, found.metric.unit, view.language, currency) if found.value is not None else "",
        _parts(view, found),
        _kind(view, found.metric),
        found.metric.reference,
        _variants(view, found),
        found.sql["duckdb"],
        _fresh(view, found),
        list(metric_tables(hub.workspace.business, [name])),
        found.data_from,
        found.data_until,
    )


def part_in_words(view: View, statistic: Statistic, back: int = 0) -> str:
    """What a part of a formula counts."""
    if isinstance(statistic, People):
        said = view.say("metric.part_people", set=to_text(statistic.expression))
    elif isinstance(statistic, Quantile):
        said = view.say("metric.part_quantile", q=f"{statistic.q:g}", value=statistic.value, fact=statistic.fact)
    elif isinstance(statistic, Last):
        said = view.say(f"metric.part_{statistic.which}", value=statistic.value, fact=statistic.fact)
    else:
        said = view.say(f"metric.part_{statistic.what}", value=statistic.value, fact=statistic.fact)
    base, time = getattr(statistic, "base", ""), getattr(statistic, "time", "")
    said = view.say("metric.part_where", what=said, where=base) if base else said
    said = view.say("metric.part_time", what=said, time=time) if time else said
    if not back:
        return said
    return (
        view.say("metric.part_before", what=said) if back == 1 else view.say("metric.part_back", what=said, count=back)
    )


def _parts(view: View, found: Explanation) -> list[tuple[str, str, str]]:
    recipe = view.hub.workspace.catalogue.recipe(found.metric.id)
    counted = [
        (name, part_in_words(view, use.statistic, use.back), "")
        for name, use in recipe.uses.items()
        if name in recipe.formula.names
    ]
    catalogue = view.hub.workspace.catalogue
    made = [(name, view.reader.name(catalogue[name]), view.link(f"/metric/{name}")) for name in recipe.metrics]
    return counted + made


def _kind(view: View, metric: Metric) -> list[str]:
    return [
        view.word(metric.group),
        view.say(f"metric.unit_{metric.unit}"),
        view.say(f"metric.direction_{metric.direction}"),
    ]


def _variants(view: View, found: Explanation) -> list[Variant]:
    """All definitions of the idea with their numbers in the period; nothing where there is one definition only."""
    if len(found.variants) < 2:
        return []
    answer = numbers(view.hub, tuple(m.id for m in found.variants), view.scope).value
    known = _figures(view, answer)
    return [
        Variant(
            each.id,
            view.reader.name(each),
            view.reader.meaning(each),
            each.reference,
            view.link(f"/metric/{each.id}"),
            known.get(each.id),
            each.id == found.metric.id,
        )
        for each in found.variants
    ]


def _figures(view: View, answer: Answer) -> dict[str, Figure]:
    reader = reader_of(view.hub, answer, view.language)
    single = {p.id: (p, p.records[0]) for p in parts_of(answer) if len(p.records) == 1}
    return {metric_id(r): figure(p, r, reader) for p, r in single.values() if r.value is not None}


def _fresh(view: View, found: Explanation) -> str:
    if not found.rows or found.data_from is None or found.data_until is None:
        return ""
    return view.say(
        "metric.fresh",
        rows=number.count(found.rows, view.language),
        first=day(found.data_from, view.language),
        last=day(found.data_until, view.language),
    )
