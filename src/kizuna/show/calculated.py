"""How a calculation is written: its value with two digits, its interval, for commands and pages."""

from __future__ import annotations

from kizuna.measure.calculation import Calculation
from kizuna.show import number


def exact(found: Calculation, language: str = "en", currency: str = "USD") -> str:
    """The value with two digits, as the published examples are given; "no data" where there is none."""
    if found.value is None or found.unit in ("money", "count"):
        return number.value(found.value, found.unit, language, currency)
    return number.fixed(found.value, 2, found.unit, language)


def interval(found: Calculation, language: str = "en", currency: str = "USD") -> str:
    """Both ends of the interval, empty where there is none."""
    return number.interval(found.low, found.high, found.unit, language, currency)
