"""Amounts as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kizuna.show.amount import read_amount, write_amount

CASES = [
    ("45", "points", "en", 45.0),
    ("-12.5", "points", "en", -12.5),
    ("−12.5", "points", "ja", -12.5),
    ("64 %", "percent", "en", 64.0),
    ("64,5%", "percent", "da", 64.5),
    ("64,5", "percent", "en", 64.5),
    ("1,200", "money", "en", 1200.0),
    ("1.200", "money", "da", 1200.0),
    ("1.200,50 kr.", "money", "da", 1200.5),
    ("1.200,50", "money", "en", 1200.5),
    ("¥48,200", "money", "ja", 48200.0),
    ("2 h 30 m", "seconds", "en", 9000.0),
    ("2 t 30 min", "seconds", "da", 9000.0),
    ("2時間30分", "seconds", "ja", 9000.0),
    ("1.5h", "seconds", "en", 5400.0),
    ("5400", "seconds", "en", 5400.0),
    ("", "points", "en", None),
    ("about ten", "points", "en", None),
    ("1,2,3", "points", "en", None),
    ("1e999", "points", "en", None),
    ("nan", "points", "en", None),
    ("12 34 x y 5", "points", "en", None),
    ("2 weeks", "seconds", "en", None),
]


@pytest.mark.parametrize(("text", "unit", "language", "number"), CASES)
def test_what_is_typed_is_read(text: str, unit: str, language: str, number: float | None) -> None:
    assert read_amount(text, unit, language) == number


@given(st.floats(-1e9, 1e9).map(lambda n: round(n, 4)), st.sampled_from(["en", "ja", "da"]))
def test_what_is_written_is_read_again(number: float, language: str) -> None:
    assert read_amount(write_amount(number, "score", language), "score", language) == pytest.approx(number, rel=1e-9)


@given(st.integers(0, 10**7), st.sampled_from(["en", "ja", "da"]))
def test_durations_come_back_to_the_second(seconds: int, language: str) -> None:
    assert read_amount(write_amount(float(seconds), "seconds", language), "seconds", language) == seconds


@given(st.text(max_size=40), st.sampled_from(["seconds", "money"]))
def test_any_text_is_a_number_or_none(text: str, unit: str) -> None:
    found = read_amount(text, unit)
    assert found is None or found == found
