"""The additive statistics a question needs, as values that can be compared and shared.

Two metrics that need the same statistic get the same object, so that it is computed once.
Expressions in here are texts whose settings are already filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kizuna.measure.peopleset import SetExpression


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a fact, counted or summed, by period and bucket.

    `what`: ``count`` rows, ``sum`` the value, ``values`` the rows with a value, ``units`` the
    distinct sampling units. `extra` are columns to group by besides those asked.
    """

    what: Literal["count", "sum", "values", "units"]
    fact: str
    base: str = ""
    value: str = ""
    time: str = ""
    span: str = "period"
    holds: tuple[str, str] | None = None
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class People:
    """The number of distinct people in a set expression."""

    expression: SetExpression


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of a value over rows."""

    q: float
    fact: str
    base: str
    value: str
    time: str
    span: str = "period"


@dataclass(frozen=True, slots=True)
class Last:
    """The last value of each series, added up over series; `opening` the one before the period."""

    which: Literal["closing", "opening", "readings"]
    fact: str
    base: str
    value: str
    time: str
    series: tuple[str, ...]
    extra: tuple[str, ...] = ()


Statistic = Rows | People | Quantile | Last
