"""Marks of currencies in amounts: ``20,000円`` is no amount in kroner, however well its digits can be read.

A mark may stand for several currencies (``$``, ``kr``); it is foreign where the workspace's is none of them.
"""

from __future__ import annotations

_DOLLARS = "USD AUD CAD NZD SGD HKD TWD MXN ARS CLP COP BRL UYU FJD JMD TTD BBD BSD BZD BMD KYD LRD NAD SBD SRD XCD"
_POUNDS = "GBP EGP FKP GIP SHP SDG SSP SYP LBP"

MARKS: dict[str, frozenset[str]] = {
    "円": frozenset({"JPY"}),
    "[¥￥]": frozenset({"JPY", "CNY"}),
    "€": frozenset({"EUR"}),
    "£": frozenset(_POUNDS.split()),
    r"\$": frozenset(_DOLLARS.split()),
    r"\bkr\b": frozenset({"DKK", "SEK", "NOK", "ISK"}),
    r"\bdkr\b": frozenset({"DKK"}),
    r"\byen\b": frozenset({"JPY"}),
    **{rf"\b{code.lower()}\b": frozenset({code}) for code in ("JPY", "USD", "DKK", "EUR", "GBP", "SEK", "NOK")},
}
"""Pattern → the currencies that it may mean."""


def foreign(home: str) -> str:
    """The pattern of all marks that do not mean `home`, without regard to capitals."""
    return "(?i)" + "|".join(pattern for pattern, meant in MARKS.items() if home not in meant)
