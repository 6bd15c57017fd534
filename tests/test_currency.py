"""Currencies by code and by the words people have for them."""

from __future__ import annotations

import pytest

from kizuna.currency import _WORDS, CODES, PAST_CODES, is_currency, nearest_currency


def test_the_lists_are_of_codes_and_share_none() -> None:
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CODES | PAST_CODES)
    assert not CODES & PAST_CODES
    assert {"JPY", "DKK", "EUR", "USD", "GBP", "XPF"} <= CODES
    assert {"DEM", "HRK"} <= PAST_CODES
    assert {*_WORDS.values()} <= CODES


@pytest.mark.parametrize(
    ("said", "meant"),
    [("yen", "JPY"), (" Euro ", "EUR"), ("jpy", "JPY"), ("hrk", "HRK"), ("GPB", "GBP"), ("???", None), ("", None)],
)
def test_what_was_meant(said: str, meant: str | None) -> None:
    assert nearest_currency(said) == meant
    assert not is_currency(said)
