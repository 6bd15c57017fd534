"""The wizard's form: what was chosen for each column, as `Choices`, and the other way round.

Columns are named by their place in the file (``c0``, ``c1`` …), so that a header may say what it likes. A field that
would be found by its name and was given to nothing is said to be empty, else it would be found again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from kizuna.collect.mapping import EACH_ROW, match
from kizuna.collect.peek import Peek, encodings
from kizuna.collect.source import Source, quoted
from kizuna.facts import FACTS, QUESTIONS, Column, Fact
from kizuna.show.web.importing.drop import Choices

KEEP, EACH, QUESTION = "+keep", "+each", "q:"
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "spaces": " "}
DATES = ("day-first", "month-first")
DECIMALS = {"point": ".", "comma": ","}
LONGEST = 2_000
"""Letters of an expression."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a form says. `twice` are fields that more than one column was chosen for: the first has it."""

    choices: Choices
    twice: tuple[str, ...] = ()


def columns_for(fact: Fact) -> list[Column]:
    """The fields that a column can be."""
    return [column for column in fact.importable() if column.type != "map"]


def found_alone(fact: Fact, peek: Peek) -> dict[str, str]:
    """Field → column, as far as names tell."""
    if peek.preset and fact.name == "event":
        return {name: text for name, text in peek.preset.items() if text in peek.columns}
    source = Source("", dict.fromkeys(peek.columns, "VARCHAR"), "csv", addresses=peek.addresses)
    return {name: each.column for name, each in match(fact, source, {}).assigned.items() if each.column}


def in_effect(choices: Choices, peek: Peek) -> dict[str, str]:
    """Field → column or expression, as it will be: what was said, else what names tell."""
    fact = FACTS[choices.fact]
    alone = {**(peek.preset if fact.name == "event" else {}), **found_alone(fact, peek)}
    return {name: text for name, text in (alone | choices.mapping).items() if text}


def said_in_full(choices: Choices, peek: Peek) -> Choices:
    """The choices with what names told as well: what is kept of an import then says all, whatever names mean later."""
    return msgspec.structs.replace(choices, mapping={**in_effect(choices, peek), **_emptied(choices)})


def _emptied(choices: Choices) -> dict[str, str]:
    return {name: "" for name, text in choices.mapping.items() if not text}


def same(one: Choices, other: Choices, peek: Peek) -> bool:
    """Whether two choices come to the same."""
    if one.fact != other.fact:
        return False
    bare = [msgspec.structs.replace(each, mapping=in_effect(each, peek)) for each in (one, other)]
    return bare[0] == bare[1]


def read(form: Mapping[str, str], now: Choices, peek: Peek) -> Chosen:
    """The choices of a form that was sent. `now` is what held before."""
    fact = FACTS.get(form.get("fact", now.fact))
    fact = fact if fact and not fact.instead else FACTS[now.fact]
    read_so = _read_so(form, now, peek)
    if fact.name != now.fact or read_so.table != now.table or read_so.header != now.header:
        # Other columns or other fields: what was said of the old ones means nothing.
        # Another sheet may hold something else: it is guessed anew.
        name = fact.name if read_so.table == now.table else ""
        return Chosen(msgspec.structs.replace(read_so, fact=name, mapping={}, keep=(), group=""))
    mapping, keep, twice = _columns(form, fact, peek)
    # A file may have more columns than a page shows: of those nothing is said.
    asked = {name for place, name in enumerate(peek.columns) if f"c{place}" in form}
    alone = found_alone(fact, peek)
    for column in columns_for(fact):
        # What was chosen at a column comes before what was proposed for the field.
        said = _written(form, column) or ("" if column.name in mapping else _proposed(form, column, peek))
        if said:
            mapping[column.name] = said
    left = {name: "" for name, column in alone.items() if name not in mapping and column in asked}
    group = _column(form.get("group", ""), peek)
    chosen = msgspec.structs.replace(read_so, mapping=mapping | left, keep=tuple(keep), group=group)
    return Chosen(_answered(form.get("answer", ""), chosen, fact), tuple(twice))


def _columns(form: Mapping[str, str], fact: Fact, peek: Peek) -> tuple[dict[str, str], list[str], list[str]]:
    known = {column.name for column in columns_for(fact)}
    mapping: dict[str, str] = {}
    keep, twice = [], []
    for place, name in enumerate(peek.columns):
        value = form.get(f"c{place}", "")
        if value == KEEP:
            keep.append(name)
        elif value in known and value in mapping:
            twice.append(value)
        elif value in known:
            mapping[value] = name
    return mapping, keep, twice


def _written(form: Mapping[str, str], column: Column) -> str:
    """An expression that was written for a field."""
    return form.get(f"say-{column.name}", "").strip()[:LONGEST]


def _proposed(form: Mapping[str, str], column: Column, peek: Peek) -> str:
    """What was chosen for a field that is needed and no column was known to be."""
    value = form.get(f"need-{column.name}", "")
    if value == EACH:
        return EACH_ROW
    if value.startswith(QUESTION) and value.removeprefix(QUESTION) in QUESTIONS:
        return f"'{value.removeprefix(QUESTION)}'"
    return _column(value, peek)


def _column(value: str, peek: Peek) -> str:
    """The name of the column that ``c3`` means, empty where it means none."""
    digits = value.removeprefix("c")
    known = value.startswith("c") and digits.isascii() and digits.isdigit() and int(digits[:6]) < len(peek.columns)
    return peek.columns[int(digits)] if known else ""


def _read_so(form: Mapping[str, str], now: Choices, peek: Peek) -> Choices:
    """How the file is read; what is not in the form stays as it was."""

    def one(name: str, known: Mapping[str, str], before: str | None) -> str | None:
        return known.get(form[name]) if name in form else before

    header = {"yes": True, "no": False}.get(form["header"]) if "header" in form else now.header
    return msgspec.structs.replace(
        now,
        table=form["table"] if form.get("table") in peek.tables else now.table,
        encoding=one("encoding", {name: name for name in encodings()}, now.encoding),
        delimiter=one("delimiter", DELIMITERS, now.delimiter),
        decimal=one("decimal", DECIMALS, now.decimal),
        dates=one("dates", {name: name for name in DATES}, now.dates),
        header=header,
    )


def _answered(answer: str, choices: Choices, fact: Fact) -> Choices:
    """A question that the wizard asked, answered by its button."""
    what, _, value = answer.partition(":")
    if what == "dates" and value in DATES:
        return msgspec.structs.replace(choices, dates=value)
    if what == "decimal" and value in DECIMALS:
        return msgspec.structs.replace(choices, decimal=DECIMALS[value])
    key = fact.key[0] if fact.key else ""
    if what == "again" and value == "group" and choices.mapping.get(key):
        return msgspec.structs.replace(choices, group=choices.mapping[key])
    if what == "again" and value == "each" and key:
        return msgspec.structs.replace(choices, mapping={**choices.mapping, key: EACH_ROW}, group="")
    return choices


def added_up(choices: Choices, columns: Sequence[str]) -> dict[str, str]:
    """The mapping for an import of a file with these columns.

    Where several lines make one row, amounts are added up and times span the lines: the time that places the row is
    the first of them, any other the last.
    """
    fact = FACTS[choices.fact]
    if not choices.group:
        return dict(choices.mapping)
    made = {}
    for name, text in choices.mapping.items():
        column, plain = fact.by_name[name], text in columns and text != choices.group
        if plain and column.type in ("time", "date"):
            made[name] = f"{'min' if name == fact.time else 'max'}({quoted(text)})"
        elif plain and column.role == "measure":
            made[name] = f"sum({quoted(text)})"
        else:
            made[name] = text
    return made
