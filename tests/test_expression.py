"""The road from text to SQL: what passes, what does not, and what people are told (fault 12)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kizuna.errors import KizunaError, NotAllowed, QuestionError
from kizuna.expression import compile_expression, fill_settings

PASSES = [
    ("country = 'JP'", "t.country = 'JP'"),
    ("score >= 9 AND NOT machine_opened", "t.score >= 9 AND NOT t.machine_opened"),
    ("channel IN ('web', 'app')", "t.channel IN ('web', 'app')"),
    ("value BETWEEN 1 AND 2", "t.value BETWEEN 1 AND 2"),
    ("name LIKE 'Page%'", "t.name LIKE 'Page%'"),
    ("coalesce(value, 0) / nullif(n, 0)", "COALESCE(t.value, 0) / NULLIF(t.n, 0)"),
    ("CASE WHEN a THEN 1 ELSE 0 END", "CASE WHEN t.a THEN 1 ELSE 0 END"),
    ("date_diff('second', opened_at, resolved_at)", "DATE_DIFF('SECOND', t.opened_at, t.resolved_at)"),
    ("name = 'it''s'", "t.name = 'it''s'"),
    ("CAST(x AS DECIMAL(10, 2))", "CAST(t.x AS DECIMAL(10, 2))"),
    ("a -- a remark", "t.a"),
]

REFUSED = [
    "x IN (SELECT 1)",
    "(SELECT password FROM accounts)",
    "EXISTS (SELECT 1)",
    "a; DROP TABLE customer",
    "DROP TABLE customer",
    "read_csv('/etc/passwd')",
    "getenv('HOME')",
    "current_setting('secret_directory')",
    "query('SELECT 1')",
    "count(*)",
    "sum(value)",
    "row_number() OVER ()",
    "list_transform(a, x -> x)",
    "a[1]",
    "'x' || a",
    "current_user",
    "INTERVAL 1 DAY",
    "regexp_matches(a, '(a+)+$')",
    "pg_sleep(10)",
    "x = ANY (SELECT 1)",
    "a COLLATE nocase",
    "CAST(a AS STRUCT(b INT))",
    "$1",
    "?",
    "*",
    "x IN (FROM customer)",
    "CAST(a AS JSON)",
]


@pytest.mark.parametrize(("text", "sql"), PASSES, ids=[text for text, _ in PASSES])
def test_passes(text: str, sql: str) -> None:
    assert compile_expression(text, lambda name: f"t.{name}") == sql


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(QuestionError):
        compile_expression(text, lambda name: f"t.{name}")


def test_the_refusal_names_what_and_what_else() -> None:
    with pytest.raises(NotAllowed, match=r"READ_CSV.*not allowed.*Allowed: comparisons"):
        compile_expression("read_csv('x')", str)


def test_a_number_is_no_condition() -> None:
    with pytest.raises(QuestionError, match="is not a condition"):
        compile_expression("value + 1", str, boolean=True)


@pytest.mark.parametrize("text", ["", "a =", "((a)", "'", "a AND", "\x00", "(" * 5000])
def test_what_does_not_parse_is_said_kindly(text: str) -> None:
    with pytest.raises(QuestionError):
        compile_expression(text, str)


@given(st.text(max_size=60))
def test_any_text_is_answered_or_refused(text: str) -> None:
    with suppress(KizunaError):
        compile_expression(text, lambda name: "t.x")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000 + "a" + ")" * 100_000,
        "NOT " * 100_000 + "a",
        "- " * 100_000 + "a",
        "CASE WHEN " * 50_000 + "a" + " THEN 1 END" * 50_000,
        "abs(" * 50_000 + "a" + ")" * 50_000,
        " AND ".join(["a"] * 100_000),
        "+".join(["a"] * 100_000),
        "a" + "::INT" * 100_000,
        "a" + "[1]" * 100_000,
        "a = '" + "x" * 2_000_000 + "'",
    ],
    ids=["brackets", "not", "minus", "case", "calls", "and", "plus", "casts", "subscripts", "long"],
)
def test_depth_is_refused_before_it_can_end_the_process(text: str) -> None:
    with pytest.raises(QuestionError, match="too large"):
        compile_expression(text, str)


def test_many_values_are_welcome() -> None:
    listed = ", ".join(f"'c-{i}'" for i in range(10_000))
    assert compile_expression(f"customer_id IN ({listed})", str).count(",") == 9_999


def test_settings_are_filled_in_outside_of_quotes() -> None:
    assert fill_settings("days > :lapse_days AND name = ':lapse_days'", {"lapse_days": 90}) == (
        "days > 90 AND name = ':lapse_days'"
    )
    assert fill_settings(":cxi.effort * 2", {"cxi": {"effort": 0.5}}) == "0.5 * 2"
    assert fill_settings("a::INT", {}) == "a::INT"
    with pytest.raises(QuestionError, match="no setting has"):
        fill_settings(":nothing", {})
    with pytest.raises(QuestionError, match="not a number"):
        fill_settings(":name", {"name": "x'; DROP TABLE customer"})
