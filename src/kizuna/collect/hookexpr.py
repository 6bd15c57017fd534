"""Expressions over the paths of a webhook: the language of the import, read row by row.

An import looks at a whole column to find out how it is written. Webhooks come one at a time, and
the same body must give the same row whatever came with it; so here the use of a path decides what
it is: a time inside a function of times or beside an interval, yes or no in a condition, text beside
text or in a function of text, else a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from kizuna.collect import expressions, times, values
from kizuna.collect.expressions import Parsed, function_name
from kizuna.collect.hookpath import HookPath, names_in, quote_paths, read_path
from kizuna.collect.source import quoted
from kizuna.errors import ImportFailed

Use = Literal["text", "number", "whole", "time", "bool"]

_OF_TIMES = frozenset(
    {
        "date_trunc", "date_diff", "datediff", "date_part", "date_add", "strftime", "epoch", "year", "month", "day",
        "hour", "minute", "second", "last_day", "extract",
    }
)  # fmt: skip
_INTERVALS = frozenset({"to_years", "to_months", "to_weeks", "to_days", "to_hours", "to_minutes", "to_seconds"})
_OF_WHOLE = frozenset({"make_date", "make_timestamp", "epoch_ms"}) | _INTERVALS
_TIMES = {"DATE", "TIMESTAMP", "TIMESTAMPTZ"}


@dataclass(frozen=True, slots=True)
class HookExpression:
    """A checked expression: `paths` by the text that stands for them, `uses` what each is read as."""

    text: str
    parsed: Parsed
    paths: Mapping[str, HookPath]
    uses: Mapping[str, Use]

    def sql(self, decimal: str, dates: str | None, zone: str) -> str:
        """SQL over columns that are called as their paths; NULL where it cannot be computed for a row."""
        return f"TRY({self._rendered(decimal, dates, zone)})"

    def failed(self, decimal: str, dates: str | None, zone: str) -> str:
        """SQL that is true where it cannot be computed for a row."""
        return f"(TRY(({self._rendered(decimal, dates, zone)}) IS NULL) IS NULL)"

    def _rendered(self, decimal: str, dates: str | None, zone: str) -> str:
        def typed(name: str) -> str:
            return typed_sql(quoted(name), self.uses.get(name, "text"), decimal, dates, zone)

        return expressions.render(self.parsed, typed)


def typed_sql(text: str, use: Use, decimal: str, dates: str | None, zone: str) -> str:
    """SQL of a text read as what it is used as, NULL where it is not that."""
    if use == "text":
        return text
    if use == "time":
        return times.fixed(text, zone, "local", dates)
    if use == "bool":
        return values.boolean(text).sql
    ready = values.plain_number(text, decimal)
    return f"TRY_CAST({ready} AS {'BIGINT' if use == 'whole' else 'DECIMAL(28,6)'})"


def read_expression(text: str) -> HookExpression:
    """Check an expression. Raises `NotAllowed` or `ImportFailed`."""
    sql = quote_paths(text)
    paths = {name: path for name in names_in(sql) if (path := read_path(name))}
    parsed = expressions.parse(sql, dict.fromkeys(paths, "VARCHAR"), grouped=False)
    paths = {name: path for name, path in paths.items() if name in parsed.columns}
    return HookExpression(text, parsed, paths, _uses(parsed, text))


def _uses(parsed: Parsed, text: str) -> dict[str, Use]:
    names = {name.lower(): name for name in parsed.columns}
    found: dict[str, Use] = {}
    for column in parsed.tree.find_all(exp.Column):
        if expressions.stays_text(column):
            continue
        name, use = names[column.name.lower()], _use(column)
        if found.setdefault(name, use) != use:
            raise ImportFailed(
                f"{name} is used as {found[name]} and as {use} in {text!r}.", "Say which: CAST(… AS TIMESTAMP)."
            )
    return found


def _use(column: exp.Expr) -> Use:
    """What the place of a column makes it."""
    node, parent = column, column.parent
    while parent is not None:
        told = _told(node, parent)
        if told:
            return told
        node, parent = parent, parent.parent
    return "number"


def _told(node: exp.Expr, parent: exp.Expr) -> Use | None:
    if isinstance(parent, (exp.Cast, exp.TryCast)):
        return "time" if parent.to.this.name in _TIMES else "text"
    if isinstance(parent, (exp.And, exp.Or, exp.Not)):
        return "bool"
    if isinstance(parent, (exp.If, exp.Case)) and parent.this is node:
        return "bool" if isinstance(parent, exp.If) else None
    if isinstance(parent, (exp.EQ, exp.NEQ)):
        other = _other(node, parent)
        return "bool" if isinstance(other, exp.Boolean) else "text" if expressions.only_text(other) else "number"
    if isinstance(parent, (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between)):
        return "number"
    if isinstance(parent, (exp.Add, exp.Sub)) and _is_interval(_other(node, parent)):
        return "time"
    if isinstance(parent, exp.Func):
        name = function_name(parent)
        if name in _OF_TIMES:
            return "time"
        if name in _OF_WHOLE:
            return "whole"
    return None


def _other(node: exp.Expr, parent: exp.Binary) -> exp.Expr:
    other: exp.Expr = parent.expression if parent.this is node else parent.this
    return other


def _is_interval(node: exp.Expr) -> bool:
    return isinstance(node, exp.Interval) or (isinstance(node, exp.Func) and function_name(node) in _INTERVALS)
