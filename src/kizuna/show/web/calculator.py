"""What is typed into a calculator's page, and what is shown of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from kizuna.errors import QuestionError, WrongInput
from kizuna.measure.calculation import Calculation, name_of, why
from kizuna.measure.calculator import CALCULATORS, sample_size
from kizuna.show import number
from kizuna.show.calculated import exact, interval
from kizuna.show.web.view import View

LEVELS = ("90", "95", "99")
CURRENCIES = ("USD", "EUR", "GBP", "JPY", "DKK", "SEK", "NOK", "CHF", "CNY", "KRW", "INR")
WISHED = 5.0
"""Points of margin for which it is told how many answers they take."""

_SCALES = {"points": (-100.0, 100.0), "percent": (0.0, 100.0), "score": (1.0, 7.0)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One number to type: `kind` is count, percent, money or number; `example` is there before anything is typed."""

    name: str
    example: float | None
    kind: str = "count"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """One way to give a calculator its numbers; with `scale` it is one count for each answer from low to high."""

    key: str
    entries: tuple[Entry, ...]
    scale: tuple[int, int] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def _answers(low: int, *examples: float) -> Way:
    entries = tuple(Entry(f"a{low + place}", example) for place, example in enumerate(examples))
    return Way("answers", entries, (low, low + len(examples) - 1))


_POPULATION = Entry("population", None, optional=True)
_CUSTOMERS = (("start", 100), ("acquired", 20))

WAYS: dict[str, tuple[Way, ...]] = {
    "nps": (
        Way("groups", (Entry("promoters", 16), Entry("passives", 9), Entry("detractors", 0))),
        _answers(0, 1, 0, 0, 1, 1, 2, 3, 9, 14, 21, 28),
    ),
    "csat": (Way("totals", (Entry("positive", 7), Entry("total", 12))), _answers(1, 2, 3, 9, 24, 32)),
    "ces": (_answers(1, 1, 2, 4, 9, 16, 22, 11), Way("sum", (Entry("sum", 11), Entry("answers", 3)))),
    "churn": (Way("", (*(Entry(*each) for each in _CUSTOMERS), Entry("end", 100))),),
    "retention": (Way("", (*(Entry(*each) for each in _CUSTOMERS), Entry("end", 110))),),
    "ctr": (Way("", (Entry("clicks", 60), Entry("impressions", 100))),),
    "clv": (
        Way(
            "orders",
            (
                Entry("order_value", 50, "money"),
                Entry("frequency", 4, "number"),
                Entry("lifespan", 3, "number"),
                Entry("margin", 30, "percent"),
            ),
        ),
        Way(
            "subscription",
            (
                Entry("monthly_margin", 12, "money"),
                Entry("churn", 3, "percent"),
                Entry("customers", 800, optional=True),
            ),
        ),
    ),
    "cac": (
        Way(
            "",
            (
                Entry("new_customers", 40),
                Entry("marketing", 9_000, "money"),
                Entry("experience", 2_000, "money"),
                Entry("data", 1_000, "money"),
            ),
        ),
    ),
    "sample-size": (
        Way("share", (Entry("margin", 5, "number"), Entry("share", 50, "percent"), _POPULATION)),
        Way(
            "nps",
            (
                Entry("margin", 8, "number"),
                Entry("promoters", 45, "percent"),
                Entry("detractors", 20, "percent"),
                _POPULATION,
            ),
            more={"nps": True},
        ),
    ),
}
"""How each calculator takes its numbers, the usual way first."""

METRICS = {
    "nps": "nps",
    "csat": "csat",
    "ces": "ces",
    "churn": "churn_rate",
    "retention": "retention_rate",
    "ctr": "click_through_rate",
    "clv": "customer_lifetime_value",
    "cac": "customer_acquisition_cost",
}
"""The metric that is the same thing measured from facts; its meaning is told."""


@dataclass(frozen=True, slots=True)
class Field:
    """An entry as it stands on the page."""

    name: str
    label: str
    hint: str
    value: str
    error: str
    optional: bool
    attributes: str


@dataclass(frozen=True, slots=True)
class Spot:
    """Where value and interval lie on the scale, in percent of its length; the ends in words."""

    value: float
    low: float | None
    high: float | None
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Result:
    """A calculation in words. `ends` is empty where there is no interval, and `note` says why."""

    name: str
    value: str
    ends: str
    level: str
    formula: str
    note: str
    spot: Spot | None
    needed: str
    needed_query: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """All of a calculator's page. `result` is ``None`` where something is wrong, and then `wrong` says what."""

    id: str
    name: str
    about: str
    ways: Sequence[tuple[str, str]]
    way: str
    fields: Sequence[Field]
    level: str
    currency: str
    money: bool
    example: bool
    result: Result | None
    wrong: Sequence[str]
    metric: str = ""
    currencies: Sequence[str] = ()


def sheet(view: View, name: str) -> Sheet:
    """The page that an address asks for: what it has in its query is typed in, else an example."""
    query = view.query
    way = next((each for each in WAYS[name] if each.key == query.get("way")), WAYS[name][0])
    example = not any(entry.name in query for entry in way.entries)
    typed = {entry.name: _typed(entry, query, example) for entry in way.entries}
    level = query["level"] if query.get("level") in LEVELS else "95"
    currency = _currency(view)
    found, errors = _calculate(view, name, way, typed, float(level) / 100)
    return Sheet(
        id=name,
        name=name_of(name, view.language),
        about=about(view, name),
        ways=[
            (each.key, view.say(f"calculators.way_{name.replace('-', '_')}_{each.key}"))
            for each in WAYS[name]
            if each.key
        ],
        way=way.key,
        fields=[_field(view, name, entry, typed[entry.name], errors.get(entry.name, "")) for entry in way.entries],
        level=level,
        currency=currency,
        money=any(entry.kind == "money" for entry in way.entries),
        example=example,
        result=_result(view, found, currency) if found else None,
        wrong=[said for said in errors.values() if said],
        metric=METRICS.get(name, ""),
        currencies=tuple(dict.fromkeys((currency, view.hub.settings.currency, *CURRENCIES))),
    )


def about(view: View, name: str) -> str:
    """What a calculator is for; where nothing is said of it, its metric's meaning in the catalogue."""
    with suppress(KeyError):
        return view.say(f"calculators.about_{name.replace('-', '_')}")
    return view.reader.meaning(view.hub.workspace.catalogue[METRICS[name]])


def _calculate(
    view: View, name: str, way: Way, typed: Mapping[str, str], level: float
) -> tuple[Calculation | None, dict[str, str]]:
    """The calculation, or what is wrong, by field."""
    numbers, errors = _numbers(view, name, way, typed)
    if errors:
        return None, errors
    given: dict[str, Any] = {"counts": list(numbers.values())} if way.scale else dict(numbers)
    try:
        return CALCULATORS[name](**given, **way.more, level=level), {}
    except WrongInput as error:
        place = _field_of(error.field, way)
        gaps = dict(error.gaps) | {"field": place}
        gaps = {key: _label(view, name, gap) if isinstance(gap, str) else gap for key, gap in gaps.items()}
        return None, {place: " ".join(why(error.reason, gaps, view.language))}
    except QuestionError as error:
        return None, {way.entries[0].name: str(error)}


def _numbers(view: View, name: str, way: Way, typed: Mapping[str, str]) -> tuple[dict[str, float], dict[str, str]]:
    numbers: dict[str, float] = {}
    errors: dict[str, str] = {}
    for entry in way.entries:
        text = typed[entry.name]
        if not text and way.scale:
            numbers[entry.name] = 0.0
        elif not text and not entry.optional:
            errors[entry.name] = view.say("calculators.missing", field=_label(view, name, entry.name))
        elif text:
            try:
                numbers[entry.name] = float(text)
            except ValueError:
                errors[entry.name] = view.say("calculators.no_number", field=_label(view, name, entry.name))
    return numbers, errors


def _field_of(named: str, way: Way) -> str:
    """The field that an error of a calculator is about; counts are named "the count for answer 3"."""
    match = re.fullmatch(r"the count for answer (\d+)", named)
    known = {entry.name for entry in way.entries}
    wanted = f"a{match[1]}" if match else named
    return wanted if wanted in known else way.entries[0].name


def _typed(entry: Entry, query: Mapping[str, str], example: bool) -> str:
    if example:
        return "" if entry.example is None else f"{entry.example:g}"
    return query.get(entry.name, "").strip()[:40]


def _label(view: View, name: str, entry: str) -> str:
    if match := re.fullmatch(r"a(\d+)", entry):
        return view.say("calculators.field_answer", answer=match[1])
    return _word(view, "field", name, entry)


def _word(view: View, kind: str, name: str, entry: str) -> str:
    """The label or hint of an entry: that of this calculator, else the one of all, else none."""
    for key in (f"{kind}_{name.replace('-', '_')}_{entry}", f"{kind}_{entry}"):
        with suppress(KeyError):
            return view.say(f"calculators.{key}")
    return ""


def _field(view: View, name: str, entry: Entry, value: str, error: str) -> Field:
    step = "1" if entry.kind == "count" else "any"
    most = ' max="100"' if entry.kind == "percent" else ""
    attributes = f'inputmode="{"numeric" if step == "1" else "decimal"}" min="0" step="{step}"{most}'
    hint = _word(view, "hint", name, entry.name)
    return Field(entry.name, _label(view, name, entry.name), hint, value, error, entry.optional, attributes)


def _currency(view: View) -> str:
    asked = view.query.get("currency", "")
    return asked if re.fullmatch(r"[A-Z]{3}", asked) else view.hub.settings.currency


def _result(view: View, found: Calculation, currency: str) -> Result:
    say = view.language
    needed = _needed(found)
    query = _needed_query(found) if needed else ""
    return Result(
        found.name_in(say),
        exact(found, say, currency),
        interval(found, say, currency),
        number.percent(found.level, say),
        found.formula_in(say),
        found.note_in(say),
        _spot(found, say),
        number.count(needed.value, say) if needed else "",
        query,
    )


def _spot(found: Calculation, language: str) -> Spot | None:
    if found.value is None or found.unit not in _SCALES:
        return None
    low, high = _SCALES[found.unit]

    def place(value: float | None) -> float | None:
        return None if value is None else round(100 * (value - low) / (high - low), 2)

    value = place(found.value)
    if value is None or not 0 <= value <= 100:
        return None
    ends = (number.value(end, "count", language) for end in (low, high))
    return Spot(value, place(found.low), place(found.high), *ends)


def _needed(found: Calculation) -> Calculation | None:
    """The answers that a narrow interval would take, where opinions differ at all."""
    try:
        if found.id == "nps" and found.value is not None:
            n = sum(found.inputs.values())
            up, down = (100 * found.inputs[name] / n for name in ("promoters", "detractors"))
            return sample_size(WISHED, nps=True, promoters=up, detractors=down, level=found.level)
        if found.id == "csat" and found.value is not None:
            return sample_size(WISHED, share=found.value, level=found.level)
    except QuestionError:
        pass
    return None


def _needed_query(found: Calculation) -> str:
    """The address of that calculation."""
    level = f"level={100 * found.level:.0f}"
    if found.id == "csat":
        return f"way=share&margin={WISHED:g}&share={found.value:.4g}&{level}"
    n = sum(found.inputs.values())
    up, down = (100 * found.inputs[name] / n for name in ("promoters", "detractors"))
    return f"way=nps&margin={WISHED:g}&promoters={up:.4g}&detractors={down:.4g}&{level}"
