"""Formulas and set expressions: what they mean and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from kizuna.errors import KizunaError
from kizuna.measure.formula import Formula
from kizuna.measure.peopleset import Atom, atoms, carriers, parse_set, to_sql, to_text


def value(text: str, **names: float) -> float:
    values = {name.replace("__", "."): np.asarray(number) for name, number in names.items()}
    return float(Formula(text).evaluate(values, {}))


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("100 * (a - b) / c", {"a": 5, "b": 1, "c": 8}, 50),
        ("mean(csat, retention_rate.cohort, (nps + 100) / 2)", {"csat": 80, "retention_rate__cohort": 90, "nps": 20}, 76.66666667),
        ("added(a, b)", {"a": float("nan"), "b": 2}, 2),
        ("added(a, b)", {"a": float("nan"), "b": float("nan")}, float("nan")),
        ("coalesce(a, 7)", {"a": float("nan")}, 7),
        ("least(a, 3) + greatest(a, 3)", {"a": 5}, 8),
        ("-a", {"a": 5}, -5),
        ("a / b", {"a": 5, "b": 0}, float("nan")),
        ("a / nullif(b, 2)", {"a": 5, "b": 2}, float("nan")),
    ],
)  # fmt: skip
def test_values(text: str, names: dict[str, float], expected: float) -> None:
    assert value(text, **names) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "a if b else c", "a ** b", "[a]", "lambda: 1", "f'{a}'", "a @ b", "open(a)", "'text'", ""],
)
def test_refused(text: str) -> None:
    with pytest.raises(KizunaError):
        Formula(text)


def test_a_misspelt_function_is_named() -> None:
    with pytest.raises(KizunaError, match="previous"):
        Formula("previuos(revenue)")


def test_the_denominator_is_the_base() -> None:
    assert Formula("100 * (at_end - acquired) / at_start").denominator == ("at_start",)
    assert Formula("a + b").denominator == ()


def test_written_with_numbers() -> None:
    assert (
        Formula("100 * (a - nps.ten_point) / b").written({"a": "3", "nps.ten_point": "1", "b": "4"})
        == "100 * (3 - 1) / 4"
    )


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("subscriber[-1] - subscriber", "(subscriber1 AND NOT subscriber0)"),
        ("a & (b | c[-2])", "(a0 AND (b0 OR c2))"),
        ("each(buyer, 3)", "((buyer0 AND buyer1) AND buyer2)"),
        ("(a | b)[-1]", "(a1 OR b1)"),
    ],
)
def test_sets_as_sql(text: str, sql: str) -> None:
    assert to_sql(parse_set(text), lambda atom: f"{atom.name}{atom.back}") == sql


def test_groups_are_those_of_the_people_counted() -> None:
    assert carriers(parse_set("subscriber[-1] - subscriber")) == (Atom("subscriber", 1),)
    assert carriers(parse_set("(a | b[-1]) & c")) == (Atom("a"), Atom("b", 1))


def test_sets_are_written_as_they_are_read() -> None:
    for text in ("a[-1] - a", "(a | b) & c", "a"):
        assert parse_set(to_text(parse_set(text))) == parse_set(text)
    assert [atom.name for atom in atoms(parse_set("a & b"))] == ["a", "b"]


@pytest.mark.parametrize("text", ["a + b", "a[1]", "a[-99]", "each(a)", "a(b)", "1", "", "a &", "each(a, 0)"])
def test_sets_refused(text: str) -> None:
    with pytest.raises(KizunaError):
        parse_set(text)
