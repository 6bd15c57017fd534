"""The one road from a text to SQL.

Metric definitions, ``where`` filters and segments are written as SQL expressions by people who may
not be trusted. A text is parsed by SQLGlot, every node of the tree must be on the allow-list
below, every name is looked up by the caller, and only then the tree is written out again. What is
not listed does not pass: no subquery, no statement, no function that reads a file, a setting or
the catalogue.

A text is measured before it is parsed: the parser is recursive and compiled, and thousands of nested
brackets would end the process instead of raising.

What this does not protect from: an expression that is merely slow (the query time limit does), and
one that is allowed but wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from kizuna.errors import NotAllowed, QuestionError, UnknownName

Resolve = Callable[[str], str]
"""Turns a name of the expression into SQL, or raises `UnknownName`."""

Given = str | int
"""What may stand between the brackets of a function over what customers did: a text or a whole number."""


@dataclass(frozen=True, slots=True)
class Called:
    """What stands for such a function in SQL, and what kind of value it has."""

    sql: str
    kind: Literal["number", "text", "condition"]


Call = Callable[[str, Sequence[Given]], Called]
"""Turns a function over what customers did into SQL, or raises `QuestionError`; see `kizuna.history`."""

FUNCTIONS: dict[str, type[exp.Expr]] = {
    "coalesce": exp.Coalesce,
    "nullif": exp.Nullif,
    "abs": exp.Abs,
    "least": exp.Least,
    "greatest": exp.Greatest,
    "lower": exp.Lower,
    "upper": exp.Upper,
    "round": exp.Round,
    "ln": exp.Ln,
    "exp": exp.Exp,
    "sqrt": exp.Sqrt,
    "date_diff": exp.DateDiff,
    "length": exp.Length,
    "starts_with": exp.StartsWith,
    "contains": exp.Contains,
}

_SYNTAX: tuple[type[exp.Expr], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Tuple,
    exp.And, exp.Or, exp.Not, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.Case, exp.If, exp.Var,
)  # fmt: skip

_CASTS = {"INT", "BIGINT", "DOUBLE", "FLOAT", "TEXT", "VARCHAR", "DATE", "BOOLEAN", "TIMESTAMP", "DECIMAL"}
_ALLOWED = frozenset(_SYNTAX) | frozenset(FUNCTIONS.values())
_BOOLEAN = (
    exp.And, exp.Or, exp.Not, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike, exp.EQ, exp.NEQ, exp.GT, exp.GTE,
    exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Boolean, exp.StartsWith, exp.Contains,
)  # fmt: skip
MAX_LENGTH = 1_000_000
MAX_OPERATORS = 1000
_DEEPENS = re.compile(
    r"[(\[{+\-*/%<>=|~!^&:@]|\b(?:case|not|and|or|is|like|between|cast|collate|escape)\b", re.IGNORECASE
)
_QUOTED = re.compile(r"('(?:[^']|'')*')")
_SETTING = re.compile(r"(?<![:\w]):([a-z_]+(?:\.[a-z_]+)*)")


def compile_expression(
    text: str, resolve: Resolve, *, boolean: bool = False, dialect: str = "duckdb", call: Call | None = None
) -> str:
    """Check `text` and write it as SQL, its names replaced by what `resolve` gives for them.

    With `boolean`, the expression must be a condition (``where``), not a number. With `call`, it may look at what
    customers did: ``orders(90) >= 2``. Raises `NotAllowed` for anything outside the allow-list, `QuestionError`
    where it does not parse.
    """
    tree = _parse(text)
    called: dict[int, exp.Expr] = {}
    for node in tree.walk():
        if call is not None and isinstance(node, exp.Anonymous):
            called[id(node)] = _called(node, text, call, boolean=boolean)
        else:
            _check(node, text)
    if boolean and not isinstance(tree.unnest(), (*_BOOLEAN, exp.Column, exp.Case, exp.Coalesce, exp.Anonymous)):
        raise QuestionError(
            f"{text!r} is not a condition.", "Write something that is true or false, such as country = 'JP'."
        )
    resolved = tree.transform(lambda node: called.get(id(node)) or _resolve(node, resolve), copy=False)
    return resolved.sql(dialect=dialect, comments=False, copy=False)


def fill_settings(text: str, values: Mapping[str, Any]) -> str:
    """Replace ``:name`` and ``:table.key`` by the numbers the settings give; text in quotes stays."""

    def number(match: re.Match[str]) -> str:
        value: Any = values
        for part in match.group(1).split("."):
            try:
                value = value[part]
            except (KeyError, TypeError):
                raise QuestionError(
                    f"{text!r} refers to :{match.group(1)}, which no setting has.", "docs/settings.md lists them."
                ) from None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise QuestionError(f"{text!r} refers to :{match.group(1)}, which is not a number.")
        return repr(value)

    parts = _QUOTED.split(text)
    return "".join(part if part.startswith("'") else _SETTING.sub(number, part) for part in parts)


def quote_name(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def check_size(text: str) -> None:
    """Raise `QuestionError` for a text too long or too deep to be parsed safely; lists of values may be long."""
    operators = len(_DEEPENS.findall(_QUOTED.sub("''", text)))
    if len(text) > MAX_LENGTH or operators > MAX_OPERATORS:
        raise QuestionError(
            f"The expression is too large: {len(text):,} characters and {operators:,} operators or brackets.",
            f"At most {MAX_LENGTH:,} and {MAX_OPERATORS:,} are read; use IN (…) for many values.",
        )


def _parse(text: str) -> exp.Expr:
    if not text.strip("\0 \t\r\n"):
        raise QuestionError("The expression is empty.", "Leave it out, or write something like country = 'JP'.")
    check_size(text)
    try:
        tree = sqlglot.parse_one(text, read="duckdb")
    except (SqlglotError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else "it does not parse"
        first = re.sub(r"\x1b\[[0-9;]*m", "", first)
        raise QuestionError(
            f"{text!r} cannot be read: {first}", "Write an SQL condition such as country = 'JP' AND value > 100."
        ) from None
    return tree


def _check(node: exp.Expr, text: str) -> None:
    if isinstance(node, exp.DataType):
        if node.this.name not in _CASTS:
            raise NotAllowed(
                f"{text!r} casts to {node.this.name}, which is not allowed.", f"Allowed: {', '.join(sorted(_CASTS))}."
            )
        return
    if isinstance(node, exp.Cast) or (isinstance(node, exp.DataTypeParam) and isinstance(node.parent, exp.DataType)):
        return
    if type(node) not in _ALLOWED or (isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest"))):
        what = node.sql(dialect="duckdb") if not isinstance(node, exp.Block) else "several statements"
        raise NotAllowed(
            f"{text!r} uses {what!r}, which is not allowed in an expression.",
            f"Allowed: comparisons, AND OR NOT, IN, BETWEEN, LIKE, IS NULL, CASE, arithmetic, {', '.join(FUNCTIONS)}.",
        )


def _called(node: exp.Anonymous, text: str, call: Call, *, boolean: bool) -> exp.Expr:
    """A function over what customers did as SQL that nothing looks into again; its arguments are plain values."""
    name = str(node.this).lower()
    try:
        found = call(name, [_given(each, name) for each in node.expressions])
    except UnknownName as error:
        if error.kind != "function":
            raise
        raise NotAllowed(f"{text!r} uses {name}(…), which is not allowed. {error.what}", error.next_step) from None
    above = node.parent
    while isinstance(above, exp.Paren):
        above = above.parent
    alone = isinstance(above, (exp.And, exp.Or, exp.Not)) or (above is None and boolean)
    if alone and found.kind != "condition":
        written, than = (
            node.sql(dialect="duckdb", normalize_functions=False),
            ">= 1" if found.kind == "number" else "= '…'",
        )
        raise QuestionError(f"{written} is a {found.kind}, not a condition.", f"Compare it: {written} {than}.")
    return exp.Var(this=f"({found.sql})")


def _given(node: exp.Expr, name: str) -> Given:
    if isinstance(node, exp.Literal):
        if node.is_string:
            return str(node.this)
        if str(node.this).isdecimal():
            return int(node.this)
    raise QuestionError(
        f"{name}({node.sql(dialect='duckdb')}) cannot be read.",
        f"Write a text in single quotes, or a whole number of days: {name}('…', 90).",
    )


def _name(column: exp.Column) -> str:
    return ".".join(part.name for part in column.parts)


def _resolve(node: exp.Expr, resolve: Resolve) -> exp.Expr:
    if isinstance(node, exp.Column):
        return exp.Var(this=resolve(_name(node)))
    return node
