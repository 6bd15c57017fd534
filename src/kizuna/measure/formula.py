"""Arithmetic over metrics and statistics, on whole arrays at once.

A formula is read with Python's own parser and only names, numbers, ``+ - * /`` and the functions
below pass. Names may have a dot (``retention_rate.cohort``). Evaluation never divides by zero: a
zero denominator gives NaN, which is "no value".
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from kizuna.errors import NotAllowed, QuestionError, UnknownName

Array = npt.NDArray[np.float64]
Shift = Callable[[Array], Array]

VARIABLES = ("period_days", "period_months", "month_days")
SHIFTS = ("previous", "percentile", "whole")
"""Functions that look at other periods or groups; the caller brings them."""


def divide(numerator: Array, denominator: Array) -> Array:
    """Element by element; NaN where the denominator is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.true_divide(numerator, denominator)
    return np.where(np.asarray(denominator) == 0, np.nan, result)


def _mean(*parts: Array) -> Array:
    return np.asarray(sum(parts) / len(parts))


def _added(*parts: Array) -> Array:
    """The sum of what there is; NaN only where there is nothing at all."""
    stacked = np.stack(np.broadcast_arrays(*parts))
    return np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))


def _coalesce(first: Array, *rest: Array) -> Array:
    result = np.asarray(first)
    for other in rest:
        result = np.where(np.isnan(result), other, result)
    return result


_FUNCTIONS: dict[str, Callable[..., Array]] = {
    "mean": _mean,
    "added": _added,
    "least": lambda *parts: np.minimum.reduce(np.broadcast_arrays(*parts)),
    "greatest": lambda *parts: np.maximum.reduce(np.broadcast_arrays(*parts)),
    "coalesce": _coalesce,
    "nullif": lambda value, nothing: np.where(value == nothing, np.nan, value),
    "abs": np.abs,
}


class Formula:
    """A parsed formula. `names` are the metrics and terms it uses, `shifts` the functions over periods."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise QuestionError(
                f"The formula {text!r} cannot be read.", "Write arithmetic over metric ids, such as revenue / orders."
            ) from None
        self.names: tuple[str, ...] = ()
        self.shifts: tuple[str, ...] = ()
        self._check(self._tree)

    def evaluate(self, values: Mapping[str, Array], shifts: Mapping[str, Shift]) -> Array:
        """The formula's value; arrays broadcast. `values` holds every name, variables included."""
        return np.asarray(self._value(self._tree, values, shifts), dtype=float)

    @property
    def denominator(self) -> tuple[str, ...]:
        """Names below the first division line: what the result is a share or mean of."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                names = [ast.unparse(n) for n in ast.walk(node.right) if isinstance(n, (ast.Name, ast.Attribute))]
                if found := tuple(name for name in names if name in self.names):
                    return found
        return ()

    def written(self, numbers: Mapping[str, str]) -> str:
        """The formula with numbers in the place of names, for `explain`."""
        tree = ast.parse(self.text.strip(), mode="eval").body

        class Fill(ast.NodeTransformer):
            def visit_Name(self, node: ast.Name) -> ast.expr:
                return ast.Name(id=numbers.get(node.id, node.id))

            def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
                return ast.Name(id=numbers.get(ast.unparse(node), ast.unparse(node)))

        return ast.unparse(Fill().visit(tree))

    def _check(self, node: ast.expr) -> None:
        match node:
            case ast.Constant(value=int() | float()):
                return
            case ast.Name() | ast.Attribute():
                name = ast.unparse(node)
                if name not in VARIABLES and name not in self.names:
                    self.names += (name,)
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div()):
                self._check(node.left)
                self._check(node.right)
            case ast.UnaryOp(op=ast.USub()):
                self._check(node.operand)
            case ast.Call(func=ast.Name(id=function), keywords=[]):
                if function in SHIFTS:
                    self.shifts += (function,)
                elif function not in _FUNCTIONS:
                    raise UnknownName("function", function, (*_FUNCTIONS, *SHIFTS))
                for argument in node.args:
                    self._check(argument)
            case _:
                raise NotAllowed(
                    f"The formula {self.text!r} uses {ast.unparse(node)!r}, which is not allowed.",
                    f"Allowed are metric ids, numbers, + - * / and {', '.join((*_FUNCTIONS, *SHIFTS))}.",
                )

    def _value(self, node: ast.expr, values: Mapping[str, Array], shifts: Mapping[str, Shift]) -> Array:
        match node:
            case ast.Constant(value=number):
                return np.asarray(float(number))  # type: ignore[arg-type]
            case ast.BinOp(op=operator):
                left, right = self._value(node.left, values, shifts), self._value(node.right, values, shifts)
                return _ARITHMETIC[type(operator)](left, right)
            case ast.UnaryOp():
                return -self._value(node.operand, values, shifts)
            case ast.Call(func=ast.Name(id=function)):
                arguments = [self._value(argument, values, shifts) for argument in node.args]
                return shifts[function](*arguments) if function in SHIFTS else _FUNCTIONS[function](*arguments)
        return values[ast.unparse(node)]


_ARITHMETIC: dict[type[ast.operator], Callable[[Array, Array], Array]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: divide,
}
