"""Amounts in another currency: what one unit is worth, the same for files, webhooks and messages.

Rates are decimals, as money is: 0.1 has no exact binary form, and a thousand orders converted by it would not add
up to what the rate says.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from kizuna.collect.source import literal

_WIDTH = 20
"""Digits of a rate; with the 18 of an amount they make a product that always fits DuckDB's 38."""


def rate(currency: str, home: str, exchange: Mapping[str, float]) -> str:
    """SQL of what one unit of the currency that the SQL `currency` names is worth in `home`; NULL without a rate.

    `exchange` is the table ``[exchange]`` of ``kizuna.toml``. An empty currency is `home`.
    """
    rates = {code.upper(): Decimal(str(value)) for code, value in exchange.items()}
    whole = max((_whole_digits(value) for value in rates.values()), default=1)
    form = f"DECIMAL({_WIDTH}, {_WIDTH - whole})"
    cases = "".join(f" WHEN {literal(code)} THEN {value:f}::{form}" for code, value in rates.items() if code != home)
    return f"(CASE {named(currency, home)} WHEN {literal(home)} THEN 1::{form}{cases} END)"


def named(currency: str, home: str) -> str:
    """SQL of a currency's code in capitals; `home` where none is told."""
    return f"coalesce(nullif(upper(trim({currency})), ''), {literal(home)})"


def converted(amount: str, currency: str, home: str, exchange: Mapping[str, float]) -> str:
    """SQL of `amount`, a DECIMAL(18, 4), in `home`; NULL without a rate, and where it is more than money can be."""
    foreign = f"try_cast({amount} * {rate(currency, home, exchange)} AS DECIMAL(18, 4))"
    return f"CASE WHEN {named(currency, home)} = {literal(home)} THEN {amount} ELSE {foreign} END"


def _whole_digits(value: Decimal) -> int:
    return max(value.adjusted() + 1, 1)
