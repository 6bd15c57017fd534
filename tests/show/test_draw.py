"""Pictures of characters, and the words for periods and changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kizuna.measure.answer import FLAGS
from kizuna.show import draw
from kizuna.show.period import period
from kizuna.show.verdict import verdict
from kizuna.show.words import LANGUAGES, flag

SCALE = draw.Scale(0, 10)


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (5, 0, 10, "─────●────"),
        (5, 5, 5, "     ●    "),
        (5, None, None, "     ●    "),
        (0, 0, 3, "●──╴      "),
        (10, 8, 10, "       ╶─●"),
        (None, None, None, "          "),
    ],
)
def test_bar(value: float | None, low: float | None, high: float | None, expected: str) -> None:
    assert draw.bar(SCALE, value, low, high, 10) == expected


def test_bar_in_ascii() -> None:
    assert draw.bar(SCALE, 5, 2, 8, 10, plain=True).isascii()


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3), st.integers(1, 40))
def test_bar_fills_its_cells_whatever_the_numbers(ends: list[float], cells: int) -> None:
    low, value, high = sorted(ends)
    drawn = draw.bar(draw.Scale(low, high), value, low, high, cells)
    assert len(drawn) == cells
    assert drawn.count("●") == 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 2, 3], "▁▅█"), ([1, None, 3], "▁ █"), ([2, 2], "▅▅"), ([], ""), ([None, None], "  ")],
)
def test_sparkline(values: list[float | None], expected: str) -> None:
    assert draw.sparkline(values) == expected


def test_sparkline_shows_the_latest() -> None:
    assert draw.sparkline([9, 9, 1, 2], 2) == "▁█"


PERIODS = [
    ("2026-01-01", "2026-02-01", "all", "Jan 2026", "2026年1月", "jan. 2026"),
    ("2026-04-01", "2026-07-01", "quarter", "Q2 2026", "2026年第2四半期", "2. kvt. 2026"),
    ("2026-01-01", "2027-01-01", "all", "2026", "2026年", "2026"),
    ("2026-01-05", "2026-01-12", "week", "5 Jan 2026", "2026年1月5日", "5. jan. 2026"),
    ("2026-01-05", "2026-01-07", "all", "5 Jan 2026 – 6 Jan 2026", "2026年1月5日 – 2026年1月6日", "5. jan. 2026 – 6. jan. 2026"),
    ("2026-01-05", "2026-01-06", "all", "5 Jan 2026", "2026年1月5日", "5. jan. 2026"),
    ("2026-01-05T14", "2026-01-05T15", "hour", "5 Jan 2026 14:00", "2026年1月5日 14:00", "5. jan. 2026 14:00"),
]  # fmt: skip


@pytest.mark.parametrize(("start", "end", "every", "en", "ja", "da"), PERIODS)
def test_period(start: str, end: str, every: str, en: str, ja: str, da: str) -> None:
    read = datetime.fromisoformat if every == "hour" else date.fromisoformat
    assert [period(read(start), read(end), every, say) for say in ("en", "ja", "da")] == [en, ja, da]


VERDICTS = [
    # change, p, direction, key, glyph
    (4.0, 0.001, "up", "better", "▲"),
    (4.0, 0.001, "down", "worse", "▲"),
    (-4.0, 0.001, "down", "better", "▼"),
    (-4.0, 0.001, "none", "real change", "▼"),
    (4.0, 0.05, "up", "not sure", "≈"),
    (4.0, None, "up", "not tested", "▲"),
    (0.0, 1.0, "up", "no change", "="),
    (None, None, "up", "no comparison", ""),
]


@pytest.mark.parametrize(("change", "p", "direction", "key", "glyph"), VERDICTS)
def test_verdict_says_no_more_than_the_test(
    make_answer: Any, change: float | None, p: float | None, direction: str, key: str, glyph: str
) -> None:
    record = replace(make_answer(["nps"], 1).records[0], change=change, p_value=p)
    found = verdict(record, direction)
    assert (found.key, found.glyph) == (key, glyph)


def test_every_flag_is_said_in_every_language() -> None:
    for name in FLAGS:
        said = [flag(name, language) for language in LANGUAGES]
        assert len(set(said)) == len(LANGUAGES), name


def test_a_flag_of_a_metric_s_own_is_said_by_its_name() -> None:
    assert flag("my_own") == "my own"
