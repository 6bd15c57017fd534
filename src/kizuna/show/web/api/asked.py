"""Reads what a request asks for by what its operation takes; says which parameter is wrong, and what was meant."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kizuna.errors import QuestionError, did_you_mean
from kizuna.show.web.api.operation import Operation, Parameter

MOST = 200
"""So many values of one parameter."""

_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of one request, read: absent ones have their default, or ``None``."""

    operation: Operation
    values: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A text; empty where it was not said."""
        found = self.values[name]
        return "" if found is None else str(found)

    def whole(self, name: str) -> int:
        """A whole number that was said or has a default."""
        return int(self.values[name])

    def number(self, name: str) -> float:
        """A number that was said or has a default."""
        return float(self.values[name])

    def yes(self, name: str) -> bool:
        """Whether something is wanted."""
        return bool(self.values[name])

    def many(self, name: str) -> tuple[str, ...]:
        """All values that were said."""
        return tuple(self.values[name] or ())


def read(operation: Operation, query: Mapping[str, Sequence[str]], path: Mapping[str, Any]) -> Asked:
    """What a request asks an operation. Raises `QuestionError` naming the parameter that is not right."""
    known = {each.name: each for each in operation.parameters if each.place == "query"}
    for name in query:
        if name not in known:
            near = did_you_mean(name[:_SHOWN], known)
            hint = f"Did you mean {near!r}?" if near else f"It takes {', '.join(known) or 'none'}."
            raise QuestionError(f"{operation.address} takes no parameter {name[:_SHOWN]!r}.", hint)
    values: dict[str, Any] = {}
    for each in operation.parameters:
        if each.place == "path":
            values[each.name] = _value(each, str(path[each.name]))
        else:
            values[each.name] = _read(operation, each, list(query.get(each.name, ())))
    return Asked(operation, values)


def _read(operation: Operation, each: Parameter, given: list[str]) -> Any:
    if each.many:
        parts = [part.strip() for text in given for part in (text.split(",") if each.commas else [text])]
        said = [part for part in parts if part]
        if len(said) > MOST:
            raise QuestionError(f"{each.name} has {len(said)} values; {MOST} are the most.", "Ask several times.")
        if said:
            return [_value(each, part) for part in said]
    elif len(given) > 1:
        raise QuestionError(f"{each.name} is said {len(given)} times.", "Say it once.")
    elif given and given[0] != "":
        return _value(each, given[0])
    if each.needed:
        hint = f"For example {each.name}={each.example}." if each.example is not None else ""
        raise QuestionError(f"{operation.address} needs the parameter {each.name!r}.", hint)
    return each.schema.get("default")


def _value(each: Parameter, given: str) -> Any:
    kind = each.schema["type"]
    if "\0" in given or any("\ud800" <= letter <= "\udfff" for letter in given):
        raise QuestionError(f"{each.name} has a character in it that no text has.", "Write it as UTF-8.")
    if kind == "string":
        return _text(each, given)
    if kind == "boolean":
        if given.lower() not in _BOOLEANS:
            raise QuestionError(f"{each.name} cannot be {given[:_SHOWN]!r}.", "It is true or false.")
        return _BOOLEANS[given.lower()]
    return _number(each, given)


def _text(each: Parameter, given: str) -> str:
    choices, longest = each.schema.get("enum"), each.schema.get("maxLength", 200)
    if choices and given not in choices:
        near = did_you_mean(given[:_SHOWN], choices)
        hint = f"Did you mean {near!r}?" if near else f"It is one of {', '.join(choices)}."
        raise QuestionError(f"{each.name} cannot be {given[:_SHOWN]!r}.", hint)
    if len(given) > longest:
        raise QuestionError(f"{each.name} has {len(given):,} characters; {longest:,} are the most.", "Say it shorter.")
    return given


def _number(each: Parameter, given: str) -> float:
    least, most = each.schema["minimum"], each.schema["maximum"]
    try:
        # int() and float() read digits of all scripts, underscores and spaces too; an address has plain ones.
        number = (
            (int if each.schema["type"] == "integer" else float)(given)
            if given.isascii() and len(given) < 30
            else math.nan
        )
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        kind = "a whole number" if each.schema["type"] == "integer" else "a number"
        raise QuestionError(f"{each.name} cannot be {given[:_SHOWN]!r}.", f"It is {kind} from {least} to {most}.")
    return number
