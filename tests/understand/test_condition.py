"""Rows of a form and the condition they say: the same, both ways."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.made import COUNTRIES, business

from kizuna.errors import QuestionError
from kizuna.facts import FACTS
from kizuna.history import HISTORIES, MOMENTS, SEGMENT, SINCE
from kizuna.understand.condition import OPERATORS, Row, from_text, named_in, row_text, segments_in, to_text
from kizuna.understand.segment import size, used_by

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
NUMBERS = st.integers(-999, 99_999).map(str) | st.decimals(0, 1000, places=2).map(str)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """Any row that is complete."""
    kind = draw(st.sampled_from((*HISTORIES, *(f"{SINCE}:{moment}" for moment in MOMENTS), SEGMENT, "trait")))
    if kind == "trait":
        kind = "trait:" + draw(TEXTS | st.sampled_from(("country", "order", "select", "a b", "case")))
    operator = draw(st.sampled_from(Row(kind).operators))
    history = Row(kind).history
    if kind == SEGMENT:
        return Row(kind, operator, draw(TEXTS))
    text = draw(TEXTS) if history and history.column and (history.needed or draw(st.booleans())) else ""
    days = draw(st.sampled_from((0, 1, 90))) if history and history.windows else 0
    if operator in ("known", "unknown"):
        return Row(kind, operator, "", text, days)
    number = operator in (">=", "<=", ">", "<") or (history is not None and history.kind == "number")
    return Row(kind, operator, draw(NUMBERS if number else TEXTS), text, days)


@given(st.lists(rows(), min_size=1, max_size=5), st.sampled_from(("and", "or")))
def test_there_and_back(made: list[Row], join: Any) -> None:
    text = to_text(made, join)
    assert from_text(text) == (made, join if len(made) > 1 else "and")


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (Row("orders", ">=", "2", days=90), "orders(90) >= 2"),
        (Row("did", "=", "0", "Product Added"), "did('Product Added') = 0"),
        (Row("answered", "<=", "6", "nps", 365), "answered('nps', 365) <= 6"),
        (Row("answered", "unknown", "", "nps"), "answered('nps') IS NULL"),
        (Row("days_since:order", ">", "90"), "days_since('order') > 90"),
        (Row("trait:country", "=", "JP"), "country = 'JP'"),
        (Row("trait:age", ">=", "30"), "TRY_CAST(age AS DOUBLE) >= 30"),
        (Row("trait:care programme", "known"), '"care programme" IS NOT NULL'),
        (Row("trait:city", "contains", "o'b"), "contains(city, 'o''b')"),
        (Row("segment", "<>", "loyal"), "NOT segment('loyal')"),
    ],
)
def test_what_a_row_says(row: Row, text: str) -> None:
    assert row_text(row) == text


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Row("orders", ">=", ""), "The number is missing."),
        (Row("orders", ">=", "two"), "'two' is no number."),
        (Row("orders", ">=", "1; DROP TABLE customer"), "is no number"),
        (Row("orders", "contains", "2"), "cannot be compared by 'contains'"),
        (Row("did", ">=", "1"), "What did is about is not said."),
        (Row("trait:country", "=", ""), "What it is compared with is not said."),
        (Row("trait:age", ">", "x"), "is no number"),
        (Row("segment", "=", ""), "Which segment is not said."),
        (Row("oders", ">=", "1"), "There is nothing called 'oders'"),
        (Row("trait:", "=", "1"), "There is nothing called 'trait:'"),
        (Row("days_since:oder", ">=", "1"), "There is nothing called"),
        (Row("orders", "OR 1=1 --", "2"), "cannot be compared"),  # type: ignore[arg-type]
    ],
)
def test_a_row_that_is_not_complete(row: Row, said: str) -> None:
    with pytest.raises(QuestionError) as raised:
        row_text(row)
    assert said in raised.value.what


@pytest.mark.parametrize(
    "text",
    [
        "",
        "orders(90) >= 2 AND (country = 'JP' OR country = 'DK')",
        "country IN ('JP', 'DK')",
        "orders(90) + visits(90) > 3",
        "orders(90) > visits(90)",
        "NOT (orders(90) > 3)",
        "lower(country) = 'jp'",
        "customer.country = 'JP'",
        "age >= 30",
        "country = 'JP' -- a remark",
        "orders(90) >= '2'",
        "country = 5",
        "orders(90) >=",
        "2 <= orders(90)",
        "orders(x) > 1",
        "elsewhere(90) > 1",
        "orders(90) >= 1e3",
        "segment('a') = TRUE",
        "(SELECT 1) = 1",
        " AND ".join(["orders() > 1"] * 31),
    ],
)
def test_what_says_more_than_rows_can(text: str) -> None:
    assert from_text(text) is None


def test_brackets_that_change_nothing() -> None:
    assert from_text("((orders(90) >= 2) OR (NOT (segment('a'))))") == (
        [Row("orders", ">=", "2", days=90), Row("segment", "<>", "a")],
        "or",
    )


def test_every_row_is_a_question_that_can_be_asked() -> None:
    """Each function, each moment, each way to compare: the SQL runs."""
    asked = business({"customer": COUNTRIES})
    for subject in (*HISTORIES, *(f"{SINCE}:{moment}" for moment in MOMENTS), "trait:country", "trait:name"):
        for operator in Row(subject).operators:
            value = "x" if Row(subject).history is None and operator in ("=", "<>", "contains") else "3"
            assert 0 <= size(asked, row_text(Row(subject, operator, value, "nps", 30))).people <= len(COUNTRIES)
    assert set(OPERATORS) == {operator for subject in ("trait:a",) for operator in Row(subject).operators}


def test_every_function_names_what_there_is() -> None:
    for history in (*HISTORIES.values(), *MOMENTS.values()):
        columns = FACTS[history.fact].stored_columns()
        assert {history.time, "customer_no"} <= set(columns)
        assert {name for name in (history.column, history.ends) if name} <= set(columns)


def test_what_a_condition_names() -> None:
    condition = "did('A', 3) > 1 AND (answered('nps') > 1 OR NOT segment('x')) AND orders() > days_since('order')"
    assert named_in(condition) == [("event.name", "A"), ("survey_response.question", "nps"), ("segment", "x")]
    assert segments_in(condition) == ["x"]
    assert used_by({"x": "TRUE", "y": condition, "z": "segment('y')", "w": "wrong ("}, "x") == ["y"]
