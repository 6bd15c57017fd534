"""``/calculators``: the published formulas on numbers that are sent; no data needed."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response

from kizuna.errors import QuestionError, UnknownName, did_you_mean
from kizuna.measure.calculation import MOST, name_of
from kizuna.measure.calculator import CALCULATORS
from kizuna.show.web.api import examples
from kizuna.show.web.api.answered import told
from kizuna.show.web.api.call import Call, serves
from kizuna.show.web.api.operation import YES_OR_NO, Operation, Parameter, one_of, text


class Input(msgspec.Struct):
    """A number that a calculator takes; those that are not `needed` are instead of others, or have a default."""

    name: str
    needed: bool


class Calculator(msgspec.Struct):
    """What can be calculated, and from which numbers."""

    id: str
    name: str
    inputs: list[Input]


class Calculators(msgspec.Struct):
    """All of them."""

    items: list[Calculator]


class Calculated(msgspec.Struct):
    """A calculated number. `value` is null where it would be divided by zero, `low` and `high` where the numbers allow
    no interval; `note` says why."""

    id: str
    name: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    level: float
    formula: str
    note: str
    inputs: dict[str, float]


_NUMBER = {"type": "number", "minimum": 0, "maximum": MOST}
_OF_ALL = ("counts", "level", "nps")


def _inputs(name: str) -> list[inspect.Parameter]:
    return list(inspect.signature(CALCULATORS[name]).parameters.values())


_NAMES = list(dict.fromkeys(each.name for name in CALCULATORS for each in _inputs(name) if each.name not in _OF_ALL))

LANGUAGE = Parameter("lang", {**one_of("en", "ja", "da"), "default": "en"})
ID = Parameter("id", text(40), "nps", place="path", text="p_calculator")

LIST = Operation("calculators", "GET", "/calculators", Calculators, (LANGUAGE,), example=examples.CALCULATORS)
CALCULATE = Operation(
    "calculate",
    "GET",
    "/calculators/{id:str}",
    Calculated,
    (
        ID,
        *(Parameter(name, _NUMBER, text="p_calculator_input") for name in _NAMES),
        Parameter("counts", _NUMBER, "1,0,0,0,0,0,2,3,4,5,5", many=True, text="p_calculator_counts"),
        Parameter("nps", YES_OR_NO, text="p_calculator_nps"),
        Parameter("level", {"type": "number", "minimum": 0.5, "maximum": 0.999, "default": 0.95}),
        LANGUAGE,
    ),
    example=examples.CALCULATED,
    statuses=(404,),
)


@serves(LIST)
def calculators(call: Call) -> Response[bytes]:
    """What there is."""
    language = call.asked.text("lang")
    found = [
        Calculator(
            name,
            name_of(name, language),
            [Input(each.name, each.default is inspect.Parameter.empty) for each in _inputs(name)],
        )
        for name in CALCULATORS
    ]
    return told(call.request, Calculators(found))


@serves(CALCULATE)
def calculate(call: Call) -> Response[bytes]:
    """One of them on the numbers given."""
    name = call.asked.text("id")
    if name not in CALCULATORS:
        raise UnknownName("calculator", name, CALCULATORS, "/api/v1/calculators lists them.")
    found = CALCULATORS[name](**_given(name, call.asked.values))
    language = call.asked.text("lang")
    return told(call.request, Calculated(id=name, **found.to_dict(language)))


def _given(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, as the calculator takes it."""
    takes = {each.name: each for each in _inputs(name)}
    said = {key: value for key, value in values.items() if key not in ("id", "lang") and value is not None}
    said = {key: value for key, value in said.items() if key != "nps" or value}
    for key in said:
        if key not in takes:
            near = did_you_mean(key, takes)
            hint = f"Did you mean {near!r}?" if near else f"It takes {', '.join(takes)}."
            raise QuestionError(f"The calculator {name} takes no {key!r}.", hint)
    missing = [
        each.name for each in takes.values() if each.default is inspect.Parameter.empty and each.name not in said
    ]
    if missing:
        raise QuestionError(f"{name} needs {' and '.join(missing)}.", f"It takes {', '.join(takes)}.")
    return said


HANDLERS = (calculators, calculate)
