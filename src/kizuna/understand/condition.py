"""Conditions on customers as rows of a form, and rows as a condition: the same grammar both ways.

A row compares one thing: a trait, something customers did, or whether they are in another segment. Rows hold all
together or any of them. A condition that says more than that stays a text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from kizuna.errors import QuestionError
from kizuna.expression import Called, Given, check_size, compile_expression, quote_name, quote_text
from kizuna.history import HISTORIES, MOMENTS, SEGMENT, SINCE, History, check_call, read_call, segment_name

Join = Literal["and", "or"]
Operator = Literal["=", "<>", ">=", "<=", ">", "<", "contains", "known", "unknown"]
OPERATORS: tuple[Operator, ...] = ("=", "<>", ">=", "<=", ">", "<", "contains", "known", "unknown")
TRAIT = "trait"
MOST_ROWS = 30

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SIGNS: dict[type[exp.Expr], Operator] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.GTE: ">=", exp.LTE: "<=", exp.GT: ">", exp.LT: "<",
}  # fmt: skip
_ORDERED: tuple[Operator, ...] = (">=", "<=", ">", "<")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `subject` is ``trait:country``, a function (``orders``), ``days_since:order``, or ``segment``.

    `text` is what a function has between its brackets (``Product Added``), `days` its window (0: at any time); `value`
    is what is compared with, as it was typed.
    """

    subject: str
    operator: Operator = ">="
    value: str = ""
    text: str = ""
    days: int = 0

    @property
    def history(self) -> History | None:
        """The function it asks, if any."""
        name, _, moment = self.subject.partition(":")
        return MOMENTS.get(moment) if name == SINCE else HISTORIES.get(self.subject)

    @property
    def operators(self) -> tuple[Operator, ...]:
        """What it can be compared by."""
        history = self.history
        if self.subject == SEGMENT:
            return ("=", "<>")
        if history is None:
            return OPERATORS
        if history.kind == "text":
            return ("=", "<>", "known", "unknown")
        counted = history.make in ("count", "sum", "holds")
        return OPERATORS[:6] if counted else (*OPERATORS[:6], "known", "unknown")


def to_text(rows: Sequence[Row], join: Join = "and") -> str:
    """The condition that rows say; raises `QuestionError` where one is not complete."""
    if not rows:
        raise QuestionError("There is no condition yet.", "Add one.")
    if len(rows) > MOST_ROWS:
        raise QuestionError(f"There are more than {MOST_ROWS} conditions.", "Write them as text.")
    return f" {join.upper()} ".join(row_text(row) for row in rows)


def row_text(row: Row) -> str:
    """What one row says; raises `QuestionError` where it is not complete."""
    if row.operator not in row.operators:
        raise QuestionError(
            f"{row.subject} cannot be compared by {row.operator!r}.", f"{', '.join(row.operators)} can."
        )
    if row.subject == SEGMENT:
        if not row.value:
            raise QuestionError("Which segment is not said.", "Choose one.")
        return ("NOT " if row.operator == "<>" else "") + f"segment({quote_text(row.value)})"
    what = _what(row)
    if row.operator in ("known", "unknown"):
        return f"{what} IS {'NOT ' if row.operator == 'known' else ''}NULL"
    history = row.history
    number = _NUMBER.fullmatch(row.value.strip())
    if history is None and row.operator in _ORDERED:
        what = f"TRY_CAST({what} AS DOUBLE)"
    if (history is None and row.operator not in _ORDERED) or (history is not None and history.kind == "text"):
        if not row.value:
            raise QuestionError("What it is compared with is not said.", "Write or choose a value.")
        value = quote_text(row.value)
        return f"contains({what}, {value})" if row.operator == "contains" else f"{what} {row.operator} {value}"
    if not number:
        raise QuestionError(
            f"{row.value[:40]!r} is no number." if row.value else "The number is missing.", "Write one."
        )
    return f"{what} {row.operator} {row.value.strip()}"


def from_text(text: str) -> tuple[list[Row], Join] | None:
    """The rows that say the same as a condition; none where it says more than rows can."""
    check_size(text)
    try:
        tree = sqlglot.parse_one(text, read="duckdb").unnest()
    except (SqlglotError, RecursionError, AttributeError):
        return None
    if any(node.comments for node in tree.walk()):
        return None
    joined = type(tree) if isinstance(tree, (exp.And, exp.Or)) else exp.And
    rows = [_row(part.unnest()) for part in _parts(tree, joined)]
    if None in rows or not 1 <= len(rows) <= MOST_ROWS:
        return None
    return cast("list[Row]", rows), "or" if joined is exp.Or else "and"


def segments_in(condition: str) -> list[str]:
    """The segments that a condition names itself."""
    return [text for subject, text in named_in(condition) if subject == SEGMENT]


def named_in(condition: str) -> list[tuple[str, str]]:
    """What a condition names between brackets: (``event.name``, ``Product Added``), (``segment``, ``loyal``)."""
    found: list[tuple[str, str]] = []

    def call(name: str, given: Sequence[Given]) -> Called:
        if name == SEGMENT:
            found.append((SEGMENT, segment_name(given)))
        else:
            asked = read_call(name, given)
            if asked.text:
                found.append((f"{asked.history.fact}.{asked.history.column}", asked.text))
        return check_call(name, given)

    compile_expression(condition, lambda name: "x", boolean=True, call=call)
    return found


def _what(row: Row) -> str:
    name, _, rest = row.subject.partition(":")
    if name == TRAIT and rest:
        return rest if _PLAIN.fullmatch(rest) and _is_name(rest) else quote_name(rest)
    history = row.history
    if history is None:
        raise QuestionError(f"There is nothing called {row.subject[:80]!r} to ask about.", "Choose from the list.")
    if name == SINCE:
        return f"{SINCE}({quote_text(rest)})"
    given = [quote_text(row.text)] if row.text and history.column else []
    given += [str(row.days)] if row.days and history.windows else []
    if history.needed and not row.text:
        raise QuestionError(f"What {history.name} is about is not said.", f"Write it like {history.forms[0]}.")
    return f"{history.name}({', '.join(given)})"


def _is_name(text: str) -> bool:
    """Whether SQL takes a plain word for a name, and not for one of its own."""
    try:
        return isinstance(sqlglot.parse_one(f"{text} = 1", read="duckdb").this, exp.Column)
    except SqlglotError:
        return False


def _parts(node: exp.Expr, joined: type[exp.Expr]) -> list[exp.Expr]:
    """The parts of a chain of ANDs or ORs, in order; such chains lean to the left."""
    parts: list[exp.Expr] = []
    while type(node) is joined:
        parts.append(node.expression)
        node = node.this
    return [node, *reversed(parts)]


def _row(node: exp.Expr) -> Row | None:
    if isinstance(node, exp.Anonymous):
        return _compared(node, "=", "")
    if isinstance(node, exp.Not):
        inner = node.this.unnest()
        if isinstance(inner, exp.Anonymous):
            return _compared(inner, "<>", "")
        if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
            return _compared(inner.this, "known", "")
        return None
    if isinstance(node, exp.Is):
        return _compared(node.this, "unknown", "") if isinstance(node.expression, exp.Null) else None
    if isinstance(node, exp.Contains) and isinstance(node.expression, exp.Literal):
        return _compared(node.this, "contains", str(node.expression.this))
    if type(node) in _SIGNS:
        value = _value(node.expression)
        return None if value is None else _compared(node.this, _SIGNS[type(node)], value)
    return None


def _value(node: exp.Expr) -> str | None:
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return f"-{node.this.this}"
    return str(node.this) if isinstance(node, exp.Literal) else None


def _compared(what: exp.Expr, operator: Operator, value: str) -> Row | None:
    """The row, where what it would say is what was said."""
    row = _subject(what, operator, value)
    try:
        said = "" if row is None else row_text(row)
    except QuestionError:
        return None
    return row if said and _same(said, what, operator, value) else None


def _same(said: str, what: exp.Expr, operator: Operator, value: str) -> bool:
    """Whether text was compared as text and a number as a number."""
    tree = sqlglot.parse_one(said, read="duckdb")
    original = what.parent
    while original is not None and isinstance(original, exp.Paren):
        original = original.parent
    if operator in ("known", "unknown") or (isinstance(what, exp.Anonymous) and str(what.this).lower() == SEGMENT):
        return True
    return original is not None and tree.sql(dialect="duckdb") == original.sql(dialect="duckdb")


def _subject(what: exp.Expr, operator: Operator, value: str) -> Row | None:
    if isinstance(what, exp.TryCast) and isinstance(what.this, exp.Column) and operator in _ORDERED:
        what = what.this
    if isinstance(what, exp.Column):
        return (
            Row(f"{TRAIT}:{'.'.join(part.name for part in what.parts)}", operator, value)
            if len(what.parts) == 1
            else None
        )
    if not isinstance(what, exp.Anonymous):
        return None
    name, given = str(what.this).lower(), [_literal(each) for each in what.expressions]
    if any(each is None for each in given):
        return None
    plain = cast("list[Given]", given)
    try:
        if name == SEGMENT:
            return Row(SEGMENT, operator, segment_name(plain))
        asked = read_call(name, plain)
    except QuestionError:
        return None
    if name == SINCE:
        return Row(f"{SINCE}:{plain[0]}", operator, value)
    return Row(name, operator, value, asked.text, asked.days)


def _literal(node: exp.Expr) -> Given | None:
    if not isinstance(node, exp.Literal):
        return None
    return str(node.this) if node.is_string else int(node.this) if str(node.this).isdecimal() else None
