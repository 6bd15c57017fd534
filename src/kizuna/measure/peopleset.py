"""Sets of people and their algebra: ``subscriber[-1] - subscriber`` are the lost.

Grammar: names of sets, ``a & b``, ``a | b``, ``a - b``, parentheses, ``a[-1]`` for the set one
period earlier, ``each(a, 3)`` for ``a & a[-1] & a[-2]``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from kizuna.errors import NotAllowed, QuestionError


@dataclass(frozen=True, slots=True)
class Atom:
    """A named set, `back` periods earlier."""

    name: str
    back: int = 0


@dataclass(frozen=True, slots=True)
class Combination:
    """Two expressions joined by ``&``, ``|`` or ``-``."""

    operator: Literal["&", "|", "-"]
    left: SetExpression
    right: SetExpression


SetExpression = Atom | Combination

_OPERATORS: dict[type[ast.operator], Literal["&", "|", "-"]] = {ast.BitAnd: "&", ast.BitOr: "|", ast.Sub: "-"}
_SQL = {"&": "({} AND {})", "|": "({} OR {})", "-": "({} AND NOT {})"}


def parse_set(text: str) -> SetExpression:
    """Read a set expression. Raises `QuestionError` where it does not parse."""
    try:
        return _read(ast.parse(text.strip(), mode="eval").body, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise QuestionError(
            f"{text!r} is not a set expression.", "Write something like subscriber[-1] - subscriber."
        ) from None


def atoms(expression: SetExpression) -> Iterator[Atom]:
    """The named sets of an expression, left to right."""
    if isinstance(expression, Atom):
        yield expression
    else:
        yield from atoms(expression.left)
        yield from atoms(expression.right)


def carriers(expression: SetExpression) -> tuple[Atom, ...]:
    """The sets whose members are counted, and whose columns therefore say a person's group.

    Of ``a & b`` and ``a - b`` they are those of ``a``: a subscriber lost from the basic plan is one
    who was on the basic plan, whatever they are now.
    """
    if isinstance(expression, Atom):
        return (expression,)
    if expression.operator == "|":
        return tuple(dict.fromkeys((*carriers(expression.left), *carriers(expression.right))))
    return carriers(expression.left)


def to_sql(expression: SetExpression, flag: Callable[[Atom], str]) -> str:
    """The expression as an SQL condition over one membership flag per atom."""
    if isinstance(expression, Atom):
        return flag(expression)
    return _SQL[expression.operator].format(to_sql(expression.left, flag), to_sql(expression.right, flag))


def to_text(expression: SetExpression) -> str:
    """The expression as it would be written in a definition."""
    if isinstance(expression, Atom):
        return f"{expression.name}[-{expression.back}]" if expression.back else expression.name
    left, right = (
        to_text(side) if isinstance(side, Atom) else f"({to_text(side)})"
        for side in (expression.left, expression.right)
    )
    return f"{left} {expression.operator} {right}"


def both(left: SetExpression, right: SetExpression) -> SetExpression:
    """Members of both."""
    return Combination("&", left, right)


def earlier(expression: SetExpression, back: int) -> SetExpression:
    """The same expression, `back` periods earlier."""
    if isinstance(expression, Atom):
        return Atom(expression.name, expression.back + back)
    return Combination(expression.operator, earlier(expression.left, back), earlier(expression.right, back))


def _read(node: ast.expr, text: str) -> SetExpression:
    if isinstance(node, ast.Name):
        return Atom(node.id)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return Combination(_OPERATORS[type(node.op)], _read(node.left, text), _read(node.right, text))
    if isinstance(node, ast.Subscript):
        return earlier(_read(node.value, text), -_whole(node.slice, text, -24, 0))
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "each"
        and len(node.args) == 2
    ):
        inner, periods = _read(node.args[0], text), _whole(node.args[1], text, 1, 24)
        whole = inner
        for back in range(1, periods):
            whole = both(whole, earlier(inner, back))
        return whole
    raise NotAllowed(
        f"{text!r} uses {ast.unparse(node)!r}, which a set expression does not know.",
        "It knows names, &, |, -, parentheses, name[-1] and each(name, 3).",
    )


def _whole(node: ast.expr, text: str, low: int, high: int) -> int:
    value = ast.literal_eval(node)
    if not isinstance(value, int) or not low <= value <= high:
        raise QuestionError(f"{text!r}: {ast.unparse(node)} must be a whole number from {low} to {high}.")
    return value
