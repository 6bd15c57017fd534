"""Expressions over a file's columns, checked node by node before any database sees them.

Only what is listed here passes: no subquery, no window, no statement, no function that reads a file or
the clock. A column written inside an expression is a number or a time where all its values are, and
text where it is compared with text, handed to a text function, or passed on as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from kizuna.collect.source import quoted
from kizuna.errors import ImportFailed, NotAllowed, did_you_mean
from kizuna.expression import check_size

AGGREGATES = frozenset(
    {"min", "max", "sum", "count", "any_value", "first", "last", "arg_min", "arg_max", "avg", "bool_or", "bool_and"}
)

LONGEST_PAD = 1_000
"""Letters that lpad makes at most."""

_TEXT_FUNCTIONS = frozenset(
    {
        "lower", "upper", "trim", "ltrim", "rtrim", "length", "left", "right", "substr", "substring", "replace",
        "concat",
        "regexp_extract", "regexp_replace", "regexp_matches", "split_part", "contains", "starts_with", "ends_with",
        "strptime", "try_strptime", "lpad", "reverse", "translate", "instr", "strpos", "md5",
    }
)  # fmt: skip
_OTHER_FUNCTIONS = frozenset(
    {
        "coalesce", "nullif", "if", "abs", "round", "floor", "ceil", "greatest", "least", "sqrt", "ln", "exp", "power",
        "sign",
        "date_trunc", "date_diff", "datediff", "date_part", "date_add", "strftime", "make_date", "make_timestamp",
        "to_timestamp",
        "epoch", "epoch_ms", "year", "month", "day", "hour", "minute", "second", "last_day", "to_years", "to_months",
        "to_weeks",
        "to_days", "to_hours", "to_minutes", "to_seconds", "isfinite", "extract",
    }
)  # fmt: skip
_GIVE_TEXT = _TEXT_FUNCTIONS - {
    "length",
    "instr",
    "strpos",
    "contains",
    "starts_with",
    "ends_with",
    "strptime",
    "try_strptime",
}
FUNCTIONS = AGGREGATES | _TEXT_FUNCTIONS | _OTHER_FUNCTIONS

_NODES: tuple[type[exp.Expr], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Add, exp.Sub, exp.Mul, exp.Div,
    exp.IntDiv, exp.Mod, exp.Neg, exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In,
    exp.Between, exp.Like, exp.ILike, exp.Is, exp.Case, exp.If, exp.Cast, exp.TryCast, exp.DataType, exp.DPipe,
    exp.Interval, exp.Var, exp.Tuple, exp.Distinct, exp.Star, exp.IgnoreNulls,
)  # fmt: skip
_CASTS = {
    "TEXT",
    "VARCHAR",
    "BIGINT",
    "INT",
    "INTEGER",
    "DOUBLE",
    "DECIMAL",
    "DATE",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "BOOLEAN",
}
_PASSING = (exp.Paren, exp.IgnoreNulls, exp.Coalesce, exp.Case, exp.If, exp.Nullif)
_PASSING_NAMES = frozenset({"min", "max", "any_value", "first", "last", "arg_min", "arg_max"})
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between)
_TO_INTERVAL = frozenset({"to_years", "to_months", "to_weeks", "to_days", "to_hours", "to_minutes"})


@dataclass(frozen=True, slots=True)
class Parsed:
    """A checked expression: the columns it uses and whether it has an aggregate."""

    tree: exp.Expr
    columns: tuple[str, ...]
    aggregate: bool


def parse(text: str, columns: Mapping[str, str], *, grouped: bool) -> Parsed:
    """Parse and check an expression over `columns`.

    Raises `NotAllowed` for anything outside the list, `ImportFailed` for a column the file does not have.
    """
    tree = _tree(text, columns)
    if (
        not isinstance(tree, exp.Select)
        or len(tree.expressions) != 1
        or any(v for k, v in tree.args.items() if k != "expressions")
    ):
        raise NotAllowed(
            f"{text!r} is not one expression.", "Give one value: a column, a 'literal' or a formula of columns."
        )
    root = tree.expressions[0]
    by_name = {name.lower(): name for name in columns}
    used: dict[str, None] = {}
    aggregate = False
    for node in root.walk():
        aggregate |= _check(node, text, grouped)
        if isinstance(node, exp.Column):
            used[_known(node, text, by_name)] = None
    return Parsed(root.copy(), tuple(used), aggregate)


def _tree(text: str, columns: Mapping[str, str]) -> exp.Expr:
    """Parse; where that fails, once more with columns quoted, as a column may be called ``when`` or ``order``."""
    names = sorted((re.escape(name) for name in columns if name.isidentifier()), key=len, reverse=True)
    written = r"""('(?:[^']|'')*'|"(?:[^"]|"")*")"""
    bare = re.compile(rf"{written}|\b({'|'.join(names) or '(?!)'})\b(?!\s*\()", re.IGNORECASE)
    quoting = bare.sub(lambda found: found[1] or quoted(found[2]), text)
    error = ""
    check_size(text)
    for attempt in dict.fromkeys((text, quoting)):
        try:
            tree: exp.Expr = sqlglot.parse_one(f"SELECT {attempt}", dialect="duckdb")
            return tree
        except SqlglotError as failure:
            error = error or str(failure).split("\n")[0].replace("\x1b[4m", "").replace("\x1b[0m", "")
    raise NotAllowed(f"{text!r} cannot be read as an expression: {error}", 'Quote names with spaces: "Total price".')


def _known(node: exp.Column, text: str, by_name: Mapping[str, str]) -> str:
    if node.table or node.name.lower() not in by_name:
        near = did_you_mean(node.name, by_name.values())
        raise ImportFailed(
            f"The file has no column {node.sql(dialect='duckdb')} (in {text!r}).",
            f"Did you mean {near!r}?" if near else f"It has: {', '.join(by_name.values())}.",
        )
    return by_name[node.name.lower()]


def _check(node: exp.Expr, text: str, grouped: bool) -> bool:
    """Whether the node is an aggregate; raises when it is not allowed."""
    if isinstance(node, exp.Func) and not isinstance(node, (exp.And, exp.Or, exp.Case, exp.If, exp.Cast, exp.TryCast)):
        name = function_name(node)
        if name not in FUNCTIONS:
            near = did_you_mean(name, FUNCTIONS)
            raise NotAllowed(
                f"{name}() is not allowed in {text!r}.",
                f"Did you mean {near}()?" if near else "docs/import.md lists what is.",
            )
        if name in AGGREGATES and not grouped:
            raise NotAllowed(f"{name}() in {text!r} adds rows up, which needs a group.", "Say --group COLUMN.")
        if name == "lpad" and not _short(node):
            raise NotAllowed(
                f"lpad() in {text!r} makes no text of up to {LONGEST_PAD} letters.", "Write lpad(no, 8, '0')."
            )
        return name in AGGREGATES
    if not isinstance(node, _NODES):
        raise NotAllowed(f"{node.key.upper()} is not allowed in {text!r}.", "docs/import.md lists what is.")
    if isinstance(node, exp.In) and any(node.args.get(part) for part in ("query", "unnest", "field")):
        raise NotAllowed(f"A subquery is not allowed in {text!r}.", "Give the list of values.")
    if isinstance(node, exp.DataType) and not isinstance(node.parent, exp.Interval) and node.this.name not in _CASTS:
        raise NotAllowed(
            f"A cast to {node.this.name} is not allowed in {text!r}.", f"Use one of {', '.join(sorted(_CASTS))}."
        )
    if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
        raise NotAllowed(f"* is not allowed in {text!r}.", "Name the column.")
    return False


def _short(pad: exp.Func) -> bool:
    """Whether the width of an lpad is a small number as written: a gigabyte a row would take the server's memory."""
    width = pad.args.get("expression")
    return isinstance(width, exp.Literal) and width.name.isdecimal() and int(width.name[:9]) <= LONGEST_PAD


def function_name(node: exp.Func) -> str:
    """The function's name as DuckDB writes it."""
    if isinstance(node, exp.Anonymous):
        return str(node.name).lower()
    written = node.sql(dialect="duckdb")
    head = written.split("(", 1)[0].strip().lower()
    return head if head.isidentifier() else node.sql_name().lower()


def render(parsed: Parsed, by_type: Callable[[str], str]) -> str:
    """The expression as DuckDB SQL; `by_type` gives the typed SQL of a column by its name.

    A column that is passed on as it is stays text: the target's own reader knows better what it is.
    """
    names = {name.lower(): name for name in parsed.columns}

    tree = parsed.tree.copy()
    columns = list(tree.find_all(exp.Column))
    written = [_written(column, names[column.name.lower()], by_type) for column in columns]
    for column, sql in zip(columns, written, strict=True):
        placeholder = exp.Anonymous(this="kizuna_column", expressions=[exp.Literal.string(sql)])
        if column is tree:
            tree = placeholder
        else:
            column.replace(placeholder)
    return _filled(tree.sql(dialect="duckdb"))


def _written(column: exp.Column, name: str, by_type: Callable[[str], str]) -> str:
    sql = quoted(name) if stays_text(column) else by_type(name)
    if isinstance(column.parent, exp.Func) and function_name(column.parent) in _TO_INTERVAL:
        return f"CAST({sql} AS INTEGER)"
    return sql


def _filled(sql: str) -> str:
    """Put the columns' own SQL where placeholders stand; it is ours, and not to be rewritten by SQLGlot."""
    marker = "KIZUNA_COLUMN('"
    while (start := sql.find(marker)) >= 0:
        end = start + len(marker)
        while True:
            end = sql.index("'", end)
            if sql[end : end + 2] != "''":
                break
            end += 2
        inner = sql[start + len(marker) : end].replace("''", "'")
        sql = f"{sql[:start]}{inner}{sql[end + 2 :]}"
    return sql


def stays_text(column: exp.Expr) -> bool:
    """Whether a column is used as text: compared with text, in a text function, or just passed on."""
    node: exp.Expr = column
    parent = column.parent
    while parent is not None:
        if isinstance(parent, _PASSING) and not only_text(parent):
            return False
        if isinstance(parent, (exp.Like, exp.ILike, exp.DPipe)):
            return True
        if isinstance(parent, exp.Is):
            return True
        if isinstance(parent, _COMPARISONS):
            return any(
                other.is_string
                for other in parent.find_all(exp.Literal)
                if other.find_ancestor(*_COMPARISONS) is parent
            )
        if isinstance(parent, exp.Count):
            return True
        if isinstance(parent, exp.Func) and not isinstance(parent, _PASSING):
            name = function_name(parent)
            if name in _TEXT_FUNCTIONS:
                return True
            if name in ("arg_min", "arg_max") and parent.this is not node:
                return False
            if name not in _PASSING_NAMES:
                return False
        elif not isinstance(parent, _PASSING):
            return isinstance(parent, exp.Select)
        if isinstance(parent, exp.If) and parent.this is node:
            return False
        node, parent = parent, parent.parent
    return True


def only_text(node: exp.Expr | None) -> bool:
    """Whether all that a node may give is columns as they are, or text: a number among them makes all numbers."""
    if node is None or isinstance(node, (exp.Column, exp.Null)) or (isinstance(node, exp.Literal) and node.is_string):
        return True
    if isinstance(node, exp.Case):
        branches = [branch.args["true"] for branch in node.args["ifs"]]
        return all(map(only_text, [*branches, node.args.get("default")]))
    if isinstance(node, exp.If):
        return only_text(node.args["true"]) and only_text(node.args.get("false"))
    if isinstance(node, (exp.Paren, exp.IgnoreNulls, exp.Coalesce, exp.Nullif)):
        return all(only_text(child) for child in node.iter_expressions())
    if isinstance(node, exp.Func):
        name = function_name(node)
        return name in _GIVE_TEXT or (name in _PASSING_NAMES and only_text(node.this))
    return isinstance(node, exp.DPipe)
