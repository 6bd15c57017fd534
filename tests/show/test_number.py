"""Numbers as people read them: one line, one case."""

from __future__ import annotations

import pytest

from kizuna.show import number

VALUES = [
    # unit, value, currency, en, ja, da
    ("percent", 63.04, "", "63.0 %", "63.0%", "63,0 %"),
    ("percent", 0.043, "", "0.043 %", "0.043%", "0,043 %"),
    ("percent", 100.0, "", "100.0 %", "100.0%", "100,0 %"),
    ("percent", 0.0, "", "0.0 %", "0.0%", "0,0 %"),
    ("points", -12.34, "", "−12.3", "−12.3", "−12,3"),
    ("points", -0.01, "", "−0.010", "−0.010", "−0,010"),
    ("points", -0.00001, "", "0.0", "0.0", "0,0"),
    ("score", 5.314, "", "5.31", "5.31", "5,31"),
    ("ratio", 1234.5, "", "1,234.50", "1,234.50", "1.234,50"),
    ("index", 71.26, "", "71.3", "71.3", "71,3"),
    ("count", 12040, "", "12,040", "12,040", "12.040"),
    ("count", 3.25, "", "3.2", "3.2", "3,2"),
    ("days", 3.26, "", "3.3 d", "3.3日", "3,3 d"),
    ("money", 48200.4, "JPY", "¥48,200", "¥48,200", "48.200 ¥"),
    ("money", 1234.5, "DKK", "DKK 1,234.50", "DKK 1,234.50", "1.234,50 kr."),
    ("money", 1234567.8, "USD", "$1,234,568", "$1,234,568", "1.234.568 $"),
    ("money", 0.4213, "USD", "$0.4213", "$0.4213", "0,4213 $"),
    ("money", -5.0, "EUR", "−€5.00", "−€5.00", "−5,00 €"),
    ("money", 1200.0, "SEK", "SEK 1,200.00", "SEK 1,200.00", "1.200,00 SEK"),
    ("seconds", 187_200.0, "", "2 d 4 h", "2日4時間", "2 d 4 t"),
    ("seconds", 4_320.0, "", "1 h 12 m", "1時間12分", "1 t 12 min"),
    ("seconds", 725.0, "", "12 m 5 s", "12分5秒", "12 min 5 s"),
    ("seconds", 0.42, "", "0.42 s", "0.42秒", "0,42 s"),
    ("seconds", 59.7, "", "1 m", "1分", "1 min"),
    ("seconds", 3_599.6, "", "1 h", "1時間", "1 t"),
    ("seconds", 86_399.0, "", "1 d", "1日", "1 d"),
    ("percent", None, "", "no data", "データなし", "ingen data"),
    ("money", float("nan"), "JPY", "no data", "データなし", "ingen data"),
]


@pytest.mark.parametrize(("unit", "value", "currency", "en", "ja", "da"), VALUES)
def test_value(unit: str, value: float | None, currency: str, en: str, ja: str, da: str) -> None:
    assert [number.value(value, unit, say, currency) for say in ("en", "ja", "da")] == [en, ja, da]


INTERVALS = [
    ("percent", 38.12, 45.2, "38.1 to 45.2 %", "38.1～45.2%", "38,1 til 45,2 %"),
    ("percent", 0.9, 3.2, "0.9 to 3.2 %", "0.9～3.2%", "0,9 til 3,2 %"),
    ("points", -5.0, 3.2, "−5.0 to 3.2", "−5.0～3.2", "−5,0 til 3,2"),
    ("seconds", 60.0, 4_000.0, "1 m to 1 h 7 m", "1分～1時間7分", "1 min til 1 t 7 min"),
    ("money", 900.0, 12_000.0, "¥900 to ¥12,000", "¥900～¥12,000", "900 ¥ til 12.000 ¥"),
    ("percent", None, 3.2, "", "", ""),
]


@pytest.mark.parametrize(("unit", "low", "high", "en", "ja", "da"), INTERVALS)
def test_interval(unit: str, low: float | None, high: float | None, en: str, ja: str, da: str) -> None:
    assert [number.interval(low, high, unit, say, "JPY") for say in ("en", "ja", "da")] == [en, ja, da]


CHANGES = [
    ("percent", 4.42, 74.0, "+4.4 points", "+4.4ポイント", "+4,4 procentpoint"),
    ("points", -6.1, 41.0, "−6.1", "−6.1", "−6,1"),
    ("seconds", -1_080.0, 4_300.0, "−18 m", "−18分", "−18 min"),
    ("money", 1_900.0, 48_200.0, "+¥1,900", "+¥1,900", "+1.900 ¥"),
    ("count", 3.0, 900.0, "+3", "+3", "+3"),
    ("percent", 0.001, 40.0, "0.0 points", "0.0ポイント", "0,0 procentpoint"),
    ("percent", None, 40.0, "", "", ""),
]


@pytest.mark.parametrize(("unit", "change", "size", "en", "ja", "da"), CHANGES)
def test_change(unit: str, change: float | None, size: float, en: str, ja: str, da: str) -> None:
    said = [number.change(change, unit, say, "JPY", size=size, spoken=True) for say in ("en", "ja", "da")]
    assert said == [en, ja, da]


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [(50.0, 46.0, 54.0, "± 4.0"), (2.0, 0.9, 5.2, "−1.1 +3.2"), (2.0, None, None, ""), (None, 1.0, 2.0, "")],
)
def test_margin(value: float | None, low: float | None, high: float | None, expected: str) -> None:
    assert number.margin(value, low, high, "percent") == expected


@pytest.mark.parametrize(
    ("p", "en", "da"),
    [
        (0.00001, "<0.001", "<0,001"),
        (0.0321, "0.032", "0,032"),
        (0.21, "0.21", "0,21"),
        (1.0, "1.00", "1,00"),
        (None, "", ""),
    ],
)
def test_p_value(p: float | None, en: str, da: str) -> None:
    assert [number.p_value(p, "en"), number.p_value(p, "da")] == [en, da]


@pytest.mark.parametrize(("share", "expected"), [(0.95, "95 %"), (0.999, "99.9 %"), (0.05, "5 %"), (1 - 0.95, "5 %")])
def test_level(share: float, expected: str) -> None:
    assert number.percent(share) == expected
