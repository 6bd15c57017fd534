"""Reading the tables of a survey file: what is not in its form is told with the place, and with what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from kizuna.errors import SettingError, did_you_mean

GUIDE = "docs/guides/surveys.md"

_PLACE = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?", re.S)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.S)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_NO_CHOICE = re.compile(r"Invalid enum value '(.*)'", re.S)
_TYPES = {"str": "text", "float": "a number", "int": "a whole number", "bool": "true or false"}
_TYPES |= {"array": "a list", "object": 'a table, such as { en = "…" }'}
_TABLES = {"options": 'a table, such as { id = "…", text = { en = "…" } }', "when": "a table", "close_loop": "a table"}
"""Keys under which another table stands than words by language."""

Struct = TypeVar("Struct", bound=msgspec.Struct)


def converted(found: Any, struct: type[Struct], origin: str) -> Struct:
    """A table of TOML as a struct. Raises `SettingError` that names the place, and the nearest valid name."""
    try:
        return msgspec.convert(found, struct)
    except msgspec.ValidationError as error:
        raise _told(str(error), struct, origin) from None


def _told(error: str, struct: type[msgspec.Struct], origin: str) -> SettingError:
    found = _PLACE.fullmatch(error)
    assert found is not None
    what, path = found["what"], found["path"] or ""
    keys = [part for part in re.split(r"[.\[\]]", path) if part and not part.isdigit() and part != "..."]
    at = f"{origin}: {': '.join(keys)}" if keys else origin
    if unknown := _UNKNOWN.fullmatch(what):
        known = _struct_at(struct, keys).__struct_fields__
        return SettingError(f"{at}: there is no key {unknown[1]!r}.", _meant(unknown[1], known, struct))
    if missing := _MISSING.fullmatch(what):
        return SettingError(f"{at}: {missing[1]} is missing.", f"{GUIDE} tells about each key.")
    if wrong := _NO_CHOICE.fullmatch(what):
        words = [*_words(_type_at(struct, keys))]
        near = did_you_mean(wrong[1], words)
        hint = f"Did you mean {near!r}?" if near else f"It is one of {', '.join(filter(None, words))}."
        return SettingError(f"{at} cannot be {wrong[1]!r}.", hint)
    types = _TYPES | {"object": _TABLES.get(keys[-1] if keys else "", _TYPES["object"])}
    plain = re.sub(r"`(\w+)`", lambda each: types.get(each[1], each[1]), what.replace(", got", "; it is"))
    return SettingError(f"{at}: {plain[:1].lower()}{plain[1:]}.", f"{GUIDE} tells about each key.")


def _meant(key: str, known: tuple[str, ...], struct: type[msgspec.Struct]) -> str:
    """What to write in place of a key that there is not: the nearest, or the table where it belongs."""
    if near := did_you_mean(key, known):
        return f"Did you mean {near!r}?"
    for table, kind in get_type_hints(struct).items():
        if any(key in inside.__struct_fields__ for inside in _structs(kind)):
            return f"It belongs under [{table}]."
    return f"The keys are {', '.join(known)}; {GUIDE} tells about each."


def _struct_at(struct: type[msgspec.Struct], keys: list[str]) -> type[msgspec.Struct]:
    found = next(_structs(_type_at(struct, keys)), None) if keys else struct
    return found or struct


def _type_at(struct: type[msgspec.Struct], keys: list[str]) -> Any:
    """The type of what lies under these keys."""
    here: Any = struct
    for key in keys:
        inside = next(_structs(here), None)
        if inside is None:
            break
        here = get_type_hints(inside).get(key, here)
    return here


def _structs(kind: Any) -> Iterator[type[msgspec.Struct]]:
    """The structs that a type is made of: of ``list[Option]`` it is ``Option``."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
    for part in get_args(kind):
        if get_origin(kind) is not Literal:
            yield from _structs(part)


def _words(kind: Any) -> Iterator[str]:
    """The words that a type allows."""
    if get_origin(kind) is Literal:
        yield from map(str, get_args(kind))
    else:
        for part in get_args(kind):
            yield from _words(part)
