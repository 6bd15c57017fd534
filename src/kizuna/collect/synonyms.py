"""What the columns of other programs' exports are called, in three languages."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files as package_files

from kizuna.facts import FACTS, Fact

_REMARK = re.compile(r"\s*[(\[]\s*(?:\d+\s*(?:[-–—~〜…]|to|til|から)\s*\d+|円|税込)\s*[)\]]\s*$")


_OTHERWISE = {("event", "message_id")}
"""Fields not found by their own name: in a file of events a messageId is the event's own (Segment spec)."""


def plain(name: str) -> str:
    """A column's name with case, width, spaces and punctuation taken off, for comparing."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum() or character in "%#")


def without_remark(name: str) -> str:
    """The name without a scale or the currency of Japan in brackets: ``推奨度（0〜10）``, ``金額(円)``.

    Other units stay: minutes are not seconds, and dollars not yen.
    """
    return _REMARK.sub("", unicodedata.normalize("NFKC", name))


@cache
def _read() -> dict[str, dict[str, list[str]]]:
    text = package_files("kizuna.collect").joinpath("synonyms.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def names_of(fact: Fact) -> dict[str, tuple[str, ...]]:
    """Field → the names it goes by, plain, best first: its own, the fact's synonyms, the common ones."""
    everywhere, own = _read()["any"], _read().get(fact.name, {})
    result = {}
    for column in fact.importable():
        named = [] if (fact.name, column.name) in _OTHERWISE else [column.name]
        words = [*named, *own.get(column.name, []), *everywhere.get(column.name, [])]
        result[column.name] = tuple(dict.fromkeys(plain(word) for word in words))
    return result


@cache
def known_names() -> frozenset[str]:
    """Every name of every fact's fields, plain; a row of cells that has one of them is a header."""
    return frozenset(
        name for fact in FACTS.values() for names in names_of(fact).values() for name in names if len(name) > 1
    )
