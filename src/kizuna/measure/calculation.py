"""One calculated number: its value and interval, and the words for them in every language.

The words stand in ``locale/calculator.toml``; a calculation says which of them, and has the numbers for their gaps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kizuna.errors import WrongInput
from kizuna.locale.texts import say

MOST = 1e15
"""The largest number that is calculated with: beyond it whole numbers have gaps."""

_FILE = "calculator"
_SIGNS = {"da": str.maketrans(",.", ".,")}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of ``calculator.toml`` with its numbers.

    `digits` are how many a number is written with after the point; where it has none, as many as it needs.
    """

    key: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    digits: Mapping[str, int] = field(default_factory=dict)

    def say(self, language: str = "en") -> str:
        written = {name: text(number, language, self.digits.get(name)) for name, number in self.numbers.items()}
        return say(_FILE, self.key, language, **written)


@dataclass(frozen=True, slots=True)
class Calculation:
    """One calculated number.

    `id` is the calculator's. `value` is ``None`` where the denominator is zero; `low` and `high` are ``None`` where the
    numbers allow no interval. `steps` are the formula with the numbers in it, `reasons` say how the interval was
    made or why something is missing, `inputs` are the numbers given.
    """

    id: str
    value: float | None
    unit: str
    steps: tuple[Said, ...]
    reasons: tuple[Said, ...]
    inputs: Mapping[str, float]
    low: float | None = None
    high: float | None = None
    level: float = 0.95

    def name_in(self, language: str) -> str:
        """What is calculated."""
        return name_of(self.id, language)

    def formula_in(self, language: str) -> str:
        """The formula with the numbers in it."""
        return "".join(said.say(language) for said in self.steps)

    def note_in(self, language: str) -> str:
        """How the interval was made, or why something is missing."""
        return "".join(said.say(language) for said in self.reasons)

    @property
    def name(self) -> str:
        return self.name_in("en")

    @property
    def formula(self) -> str:
        return self.formula_in("en")

    @property
    def note(self) -> str:
        return self.note_in("en")

    def to_dict(self, language: str = "en") -> dict[str, Any]:
        """Plain values, ready for JSON."""
        told: dict[str, Any] = {"name": self.name_in(language), "value": self.value, "unit": self.unit}
        told |= {"formula": self.formula_in(language), "note": self.note_in(language), "inputs": dict(self.inputs)}
        return told | {"low": self.low, "high": self.high, "level": self.level}


def name_of(calculator: str, language: str = "en") -> str:
    """What a calculator calculates."""
    return say(_FILE, f"name_{calculator.replace('-', '_')}", language)


def made(
    id: str,
    unit: str,
    formula: Said,
    reasons: tuple[str, ...],
    inputs: Mapping[str, float],
    level: float,
    fraction: tuple[float, float],
    scale: float = 1.0,
    bounds: tuple[Any, Any] = (math.nan, math.nan),
) -> Calculation:
    """The calculation of scale·numerator/denominator; `bounds` are unscaled, ``NaN`` for none."""
    numerator, denominator = fraction
    if denominator == 0:
        return Calculation(id, None, unit, (formula,), (Said("zero"),), inputs, level=level)
    value = scale * numerator / denominator
    low, high = (None if math.isnan(bound) else scale * float(bound) for bound in bounds)
    steps = (formula, Said("equals", {"value": value}, {"value": 2}))
    return Calculation(id, value, unit, steps, tuple(map(Said, reasons)), inputs, low, high, level)


def wrong(reason: str, field: str, value: float | None = None, **parts: float | str) -> WrongInput:
    """The error of a number that cannot be; `parts` are numbers, or names of other fields."""
    gaps = {"field": field} | ({} if value is None else {"value": value}) | parts
    return WrongInput(*why(reason, gaps), field, reason, gaps)


def why(reason: str, gaps: Mapping[str, float | str], language: str = "en") -> tuple[str, str]:
    """What is wrong and what to do, in a language; of `gaps` the numbers are written as it writes them."""
    written = {name: gap if isinstance(gap, str) else text(gap, language) for name, gap in gaps.items()}
    return tuple(say(_FILE, f"{kind}_{reason}", language).format(**written) for kind in ("wrong", "next"))  # type: ignore[return-value]


def text(number: float, language: str = "en", digits: int | None = None) -> str:
    """A number as people write it: no trailing zeros unless asked for, thousands set apart."""
    written = f"{number:,.10g}" if digits is None else f"{number:,.{digits}f}"
    return written.translate(_SIGNS.get(language, {}))


def amount(name: str, value: float) -> float:
    """A number from 0 up, else `WrongInput`."""
    if not (math.isfinite(value) and value >= 0):
        raise wrong("amount", name, value)
    if value > MOST:
        raise wrong("large", name, value, most=MOST)
    return value


def whole(name: str, value: float) -> float:
    """A whole number from 0 up, else `WrongInput`."""
    if not float(amount(name, value)).is_integer():
        raise wrong("whole", name, value)
    return value


def percent(name: str, value: float, least: float = 0.0) -> float:
    """A number of percent, 0 or from `least` up, else `WrongInput`."""
    if not 0 <= value <= 100:
        raise wrong("percent", name, value)
    if 0 < value < least:
        raise wrong("tiny", name, value, least=least)
    return value
