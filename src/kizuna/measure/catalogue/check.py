"""The checks a definition passes before it is used. Each error names file, metric and key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from kizuna.errors import CatalogueError, KizunaError, UnknownName, did_you_mean
from kizuna.expression import compile_expression, fill_settings
from kizuna.facts import FACTS, Fact
from kizuna.measure.formula import Formula
from kizuna.measure.metric import Metric, PeopleSet, Term
from kizuna.measure.peopleset import atoms, parse_set

_ALWAYS = {"name", "meaning", "group", "kind", "unit", "direction", "also", "source", "reference", "id", "file"}
_ROWS = {"fact", "base", "time", "span", "holds", "flag", "pooled_flag", "separate", "closed", "matures"}

KEYS: dict[str, tuple[set[str], set[str]]] = {
    # kind: keys it must have, keys it may have besides
    "count": ({"fact"}, _ROWS),
    "sum": ({"fact", "value"}, _ROWS),
    "mean": ({"fact", "value"}, _ROWS),
    "share": ({"fact", "of"}, _ROWS),
    "net": ({"fact", "favourable", "unfavourable"}, _ROWS),
    "quantile": ({"fact", "value"}, _ROWS | {"q"}),
    "mix": ({"fact", "column"}, _ROWS | {"value"}),
    "ratio": ({"numerator", "denominator"}, {"scale", "proportion", "flag", "separate"}),
    "people": ({"people"}, set()),
    "people_share": ({"base", "of"}, set()),
    "last": ({"fact", "value"}, _ROWS | {"series", "growth"}),
    "formula": ({"formula"}, {"terms", "flag"}),
}
_SPAN = re.compile(r"period|end|to_date|last month|last \d+ days")


class Checker:
    """Checks one entry; `place` says where it stands."""

    def __init__(self, file: str, entry: str, settings: Mapping[str, Any]) -> None:
        self.file, self.entry, self.settings = file, entry, settings

    def fail(self, key: str, what: str, next_step: str = "") -> CatalogueError:
        return CatalogueError(self.file, self.entry, key, what, next_step)

    def fact(self, name: str, key: str) -> Fact:
        if name not in FACTS:
            near = did_you_mean(name, FACTS)
            raise self.fail(
                key, f"there is no fact {name!r}.", f"Did you mean {near!r}?" if near else "docs/facts.md lists them."
            )
        return FACTS[name]

    def expression(self, fact: Fact, text: str, key: str, *, boolean: bool = False) -> None:
        if not text:
            return
        known = {*fact.stored_columns(), "period_start", "period_end"}

        def resolve(name: str) -> str:
            if name not in known and not name.startswith(("customer.", "properties.")):
                raise UnknownName(f"column of {fact.name}", name, known, "docs/facts.md lists the columns.")
            return "x"

        try:
            compile_expression(fill_settings(text, self.settings), resolve, boolean=boolean)
        except KizunaError as error:
            raise self.fail(key, error.what, error.next_step) from None

    def rows(self, source: Metric | Term | PeopleSet, key: str = "") -> Fact:
        """Fact, base, time and span of whatever has them."""
        prefix = f"{key}." if key else ""
        fact = self.fact(source.fact, f"{prefix}fact")
        self.expression(fact, source.base, f"{prefix}base", boolean=True)
        if source.time and source.time not in fact.times:
            near = did_you_mean(source.time, fact.times)
            raise self.fail(
                f"{prefix}time", f"{fact.name} has no time {source.time!r}.", f"Did you mean {near!r}?" if near else ""
            )
        self.span(source.span, f"{prefix}span")
        return fact

    def span(self, span: str, key: str) -> None:
        try:
            filled = fill_settings(span, self.settings)
        except KizunaError as error:
            raise self.fail(key, error.what, error.next_step) from None
        if not _SPAN.fullmatch(filled):
            raise self.fail(key, f"{span!r} is not a span.", "It is period, end, to_date, last month or last N days.")

    def term(self, term: Term, key: str, sets: Mapping[str, PeopleSet]) -> None:
        if term.people:
            self.people(term.people, f"{key}.people", sets)
            return
        fact = self.rows(term, key)
        self.expression(fact, term.value, f"{key}.value")
        if term.offset > 0:
            raise self.fail(f"{key}.offset", "an offset looks back, so it is 0 or negative.")

    def people(self, text: str, key: str, sets: Mapping[str, PeopleSet]) -> None:
        try:
            names = [atom.name for atom in atoms(parse_set(fill_settings(text, self.settings)))]
        except KizunaError as error:
            raise self.fail(key, error.what, error.next_step) from None
        for name in names:
            if name not in sets:
                near = did_you_mean(name, sets)
                raise self.fail(
                    key, f"there is no set {name!r}.", f"Did you mean {near!r}?" if near else "Sets are [set.…] tables."
                )

    def formula(self, metric: Metric, metrics: Mapping[str, Metric]) -> None:
        try:
            names = Formula(fill_settings(metric.formula, self.settings)).names
        except KizunaError as error:
            raise self.fail("formula", error.what, error.next_step) from None
        for name in names:
            if name in metric.terms:
                continue
            if name not in metrics:
                near = did_you_mean(name, (*metrics, *metric.terms))
                raise self.fail(
                    "formula", f"there is no metric or term {name!r}.", f"Did you mean {near!r}?" if near else ""
                )
            if metrics[name].separate or metrics[name].kind == "mix":
                raise self.fail("formula", f"{name} is given apart by a column and cannot stand in a formula.")
            if metric.id in _reaches(name, metrics, self.settings):
                raise self.fail("formula", f"{name} is made of {metric.id} itself.", "Take it out of one of the two.")


def check_metric(
    metric: Metric, metrics: Mapping[str, Metric], sets: Mapping[str, PeopleSet], settings: Mapping[str, Any]
) -> None:
    """Raise `CatalogueError` for the first thing in a metric that is not right."""
    check = Checker(metric.file, metric.id, settings)
    _check_keys(metric, check)
    if metric.kind in ("people", "people_share"):
        for key in ("people", "base", "of"):
            if getattr(metric, key):
                check.people(getattr(metric, key), key, sets)
        return
    for side in ("numerator", "denominator"):
        for i, term in enumerate(getattr(metric, side)):
            check.term(term, f"{side}[{i}]", sets)
    for name, term in metric.terms.items():
        check.term(term, f"terms.{name}", sets)
    if metric.formula:
        check.formula(metric, metrics)
    if metric.fact:
        _check_row_metric(metric, check)


def check_set(name: str, people: PeopleSet, settings: Mapping[str, Any]) -> None:
    """Raise `CatalogueError` for the first thing in a set of people that is not right."""
    check = Checker("sets", f"set.{name}", settings)
    fact = check.rows(people)
    if not fact.has_customer:
        raise check.fail("fact", f"{fact.name} has no customers to make a set of.")
    if people.having:
        check.expression(fact, people.having.of, "having.of", boolean=True)


def _check_keys(metric: Metric, check: Checker) -> None:
    needed, allowed = KEYS[metric.kind]
    default = {field.name: field.default for field in _fields()}
    given = {
        key for key in Metric.__struct_fields__ if key not in _ALWAYS and _is_given(getattr(metric, key), default[key])
    }
    for key in sorted(needed - given):
        raise check.fail(key, f"a metric of kind {metric.kind} needs {key}.")
    for key in sorted(given - needed - allowed):
        raise check.fail(
            key,
            f"a metric of kind {metric.kind} has no use for {key}.",
            f"It takes {', '.join(sorted(needed | allowed))}.",
        )


def _check_row_metric(metric: Metric, check: Checker) -> None:
    fact = check.rows(metric)
    for key in ("of", "favourable", "unfavourable"):
        check.expression(fact, getattr(metric, key), key, boolean=True)
    check.expression(fact, metric.value, "value")
    for flag, condition in metric.flag.items():
        check.expression(fact, condition, f"flag.{flag}", boolean=True)
    for key in ("separate", "pooled_flag", "column"):
        name = getattr(metric, key)
        if name and name not in fact.by_name:
            near = did_you_mean(name, fact.by_name)
            raise check.fail(key, f"{fact.name} has no column {name!r}.", f"Did you mean {near!r}?" if near else "")
    if metric.matures and not fill_settings(metric.matures, check.settings).isdigit():
        raise check.fail("matures", f"{metric.matures!r} is not a number of days.")
    if not 0 < metric.q < 1:
        raise check.fail("q", f"a quantile lies between 0 and 1, not {metric.q}.")


def _reaches(name: str, metrics: Mapping[str, Metric], settings: Mapping[str, Any]) -> Iterable[str]:
    """Ids that a metric's formula leads to; stops at a ring."""
    found, waiting = set[str](), [name]
    while waiting:
        metric = metrics.get(waiting.pop())
        if metric and metric.formula and metric.id not in found:
            waiting += [n for n in Formula(fill_settings(metric.formula, settings)).names if n not in metric.terms]
        if metric:
            found.add(metric.id)
    return found


def _fields() -> Any:
    import msgspec

    return msgspec.structs.fields(Metric)


def _is_given(value: object, default: object) -> bool:
    return bool(value) and value != default
