"""Tables for the terminal: what they look like, and that they fit."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.theme import Theme

from kizuna.show.console import STYLES, to_text
from kizuna.show.overview import Overview
from kizuna.show.table import AnswerTable

ALL = ["nps", "csat", "revenue", "cart_abandonment_rate", "first_response_time", "waiting_time"]


@pytest.mark.parametrize("width", [80, 120])
def test_by_month(make_answer: Any, snapshot: Any, width: int) -> None:
    answer = make_answer(["nps", "first_response_time", "waiting_time"], 4)
    snapshot(f"by_month_{width}.txt", to_text(AnswerTable(answer), width))


@pytest.mark.parametrize("width", [80, 120])
def test_by_group_in_japanese(make_answer: Any, snapshot: Any, width: int) -> None:
    answer = make_answer(["csat"], 3, ["web", "電話", "店舗"])
    snapshot(f"by_group_ja_{width}.txt", to_text(AnswerTable(answer, "ja"), width))


@pytest.mark.parametrize("width", [80, 120])
def test_one_number_each(make_answer: Any, snapshot: Any, width: int) -> None:
    snapshot(f"one_each_{width}.txt", to_text(AnswerTable(make_answer(ALL, 1), "da"), width))


@pytest.mark.parametrize("width", [80, 120])
def test_overview(make_answer: Any, snapshot: Any, width: int) -> None:
    now, trend = _last(make_answer(ALL, 4), 2), make_answer(ALL, 4, compare="none")
    snapshot(f"overview_{width}.txt", to_text(Overview(now, trend), width))


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120, 160, 200])
@pytest.mark.parametrize("language", ["en", "ja", "da"])
def test_no_line_is_wider_than_the_terminal(make_answer: Any, width: int, language: str) -> None:
    shown = [
        AnswerTable(make_answer(["nps", "revenue", "waiting_time"], 12), language),
        AnswerTable(make_answer(["csat"], 6, ["web", "電話", "a channel with quite a long name"]), language),
        AnswerTable(make_answer(ALL, 1), language),
        Overview(_last(make_answer(ALL, 4), 2), make_answer(ALL, 4), language),
    ]
    for thing in shown:
        text = to_text(thing, width)
        assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= width


def test_the_definition_and_the_base_are_always_there(make_answer: Any, catalogue: Any) -> None:
    """A number is never shown without its definition."""
    for months in (1, 4):
        text = " ".join(to_text(AnswerTable(make_answer(["nps", "csat"], months)), 60).split())
        for name in ("nps", "csat"):
            assert catalogue[name].meaning.en in text
        assert "people" in text


def test_meaning_has_word_and_glyph_besides_colour(make_answer: Any) -> None:
    answer = make_answer(["nps", "cart_abandonment_rate", "first_response_time"], 4)
    text = to_text(AnswerTable(answer), 80)
    assert "▲ +14.0 better" in text
    assert "▼ −28.0 worse" in text
    assert "▲ +4.4 worse" in text
    assert "not sure" in text


def test_colours_only_where_they_are_wanted(make_answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = make_answer(["nps"], 3)
    assert "\x1b[" not in to_text(AnswerTable(answer))
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Console(file=io.StringIO(), force_terminal=True, theme=Theme(STYLES), width=80)
    with terminal.capture() as captured:
        terminal.print(AnswerTable(answer))
    assert "38;5" not in captured.get()


def test_markup_in_data_is_text(make_answer: Any) -> None:
    assert "[red]shop[/red]" in to_text(AnswerTable(make_answer(["nps"], 2, ["[red]shop[/red]"])), 120)


def test_ascii_where_the_terminal_knows_no_more(make_answer: Any) -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="replace")
    Console(file=file, width=80, theme=Theme(STYLES)).print(AnswerTable(make_answer(["csat"], 4)))
    file.seek(0)
    assert "--o--" in file.read().replace("---", "--")


def _last(answer: Any, place: int) -> Any:
    """One period of an answer, as if it had been asked alone."""
    from dataclasses import replace

    start = sorted({r.start for r in answer.records})[place]
    records = [r for r in answer.records if r.start == start]
    return replace(answer, records=records, question=replace(answer.question, every="all"))
