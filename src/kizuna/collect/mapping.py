"""Which column of a file is which field of a fact: by what the user said, by name, by synonym."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from kizuna.collect import expressions
from kizuna.collect.expressions import Parsed
from kizuna.collect.source import Source
from kizuna.collect.synonyms import names_of, plain, without_remark
from kizuna.errors import ImportFailed, UnknownName, did_you_mean
from kizuna.facts import QUESTIONS, Column, Fact

How = Literal["said", "name", "synonym", "format", "group"]
EACH_ROW = "each_row()"
"""On the right of a key: every row stands for itself, told apart by its content."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """One field of the fact and where its values come from.

    `column` is set when it is a column taken as it is; else `parsed` is a checked expression.
    """

    column_of_fact: Column
    text: str
    how: How
    column: str | None = None
    parsed: Parsed | None = None

    @property
    def field(self) -> str:
        return self.column_of_fact.name


@dataclass(slots=True)
class Matched:
    """The whole mapping of one file. `problems` are (what, next step) that stop the import."""

    fact: Fact
    assigned: dict[str, Assigned] = field(default_factory=dict)
    group: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    each_row: bool = False
    problems: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def match(
    fact: Fact, source: Source, said: Mapping[str, str], group: Sequence[str] = (), keep: Sequence[str] = ()
) -> Matched:
    """Match a file's columns to the fact's fields.

    `said` is field → column, expression or literal, as in ``--map``. Fields it does not name are matched
    by name or synonym; under `group` only to the grouping columns and to what is not a measure, whose
    rows must not be added up without being asked. Raises for names that do not exist; what is missing or
    left open is in `problems`.
    """
    result = Matched(fact, group=tuple(_column(source, name, "--group") for name in group))
    result.keep = tuple(_column(source, name, "--keep") for name in keep)
    for name, text in {**source.preset, **said}.items():
        _say(result, source, name, text, "said" if name in said else "format")
    _group_key(result)
    if source.kind != "weblog":
        _by_name(result, source)
        _by_address(result, source)
    _traits(result, source)
    _needed(result, source)
    return result


def _column(source: Source, name: str, option: str) -> str:
    found = _find(source, name)
    if found is None:
        near = did_you_mean(name, source.columns)
        hint = f"Did you mean {near!r}?" if near else f"It has: {', '.join(source.columns)}."
        raise ImportFailed(f"The file has no column {name!r} ({option}).", hint)
    return found


def _find(source: Source, name: str) -> str | None:
    if name in source.columns:
        return name
    wanted = name.strip().strip('"').lower()
    return next((column for column in source.columns if column.lower() == wanted), None)


def _say(result: Matched, source: Source, name: str, text: str, how: How) -> None:
    fact = result.fact
    column = fact.by_name.get(name)
    if column is None or column.derived:
        raise UnknownName(
            f"field of {fact.name}", name, [c.name for c in fact.importable()], "Extra columns: --keep COLUMN."
        )
    if column.type == "map":
        raise ImportFailed(f"{name} cannot be mapped.", "Name the columns to keep: --keep COLUMN.")
    text = text.strip()
    if not text:
        result.assigned.pop(name, None)
        result.notes.append(f"{name} is left empty, as said")
        result.assigned[name] = Assigned(column, "", how)
        return
    if text.replace(" ", "").lower() == EACH_ROW:
        if name not in fact.key or fact.by_name[name].type != "text":
            raise ImportFailed(
                f"{EACH_ROW} makes keys, and {name} is none.", f"Keys of {fact.name}: {', '.join(fact.key)}."
            )
        result.each_row = True
        result.assigned[name] = Assigned(column, EACH_ROW, how)
        return
    found = _find(source, text)
    if found is not None:
        result.assigned[name] = _plain(result, column, found, how)
        return
    if fact.name == "survey_response" and name == "question" and text.lower() in QUESTIONS:
        text = f"'{text.lower()}'"
    parsed = expressions.parse(text, source.columns, grouped=bool(result.group))
    result.assigned[name] = Assigned(column, text, how, parsed=parsed)


def _plain(result: Matched, column: Column, found: str, how: How) -> Assigned:
    if result.group and found not in result.group and column.role == "measure" and how == "said":
        what = f"{column.name} is taken from {found}, but several rows make one {result.fact.name}."
        result.problems.append(
            (what, f"Say how they add up: --map '{column.name}=sum({_shown(found)})' (or max, min, first).")
        )
    return Assigned(column, found, how, column=found)


def _shown(name: str) -> str:
    return name if name.isidentifier() else f'"{name}"'


def _by_name(result: Matched, source: Source) -> None:
    taken = {a.column for a in result.assigned.values() if a.column} | set(result.group)
    if result.group:
        taken |= {c for a in result.assigned.values() if a.parsed for c in a.parsed.columns}
    columns = [name for name in reversed(source.columns) if name not in taken]
    free = {plain(without_remark(name)): name for name in columns} | {plain(name): name for name in columns}
    names = names_of(result.fact)
    for own in (True, False):
        for column in result.fact.importable():
            if column.name in result.assigned or column.type == "map":
                continue
            wanted = names[column.name][:1] if own else names[column.name][1:]
            found = next((free[name] for name in wanted if name in free), None)
            if found is None:
                continue
            if result.group and column.role == "measure":
                continue
            result.assigned[column.name] = _plain(result, column, found, "name" if own else "synonym")
            free = {name: column for name, column in free.items() if column != found}


def _by_address(result: Matched, source: Source) -> None:
    """A column called customer that holds e-mail addresses is the e-mail address.

    As an id of its own an address would be another person than the same address elsewhere, and than itself with a
    capital letter.
    """
    found = result.assigned.get("customer_id")
    email = result.fact.by_name.get("email")
    if found is None or email is None or found.how != "synonym" or "email" in result.assigned:
        return
    if found.column in source.addresses:
        del result.assigned["customer_id"]
        result.assigned["email"] = replace(found, column_of_fact=email)


def _group_key(result: Matched) -> None:
    """A single grouping column is the key when nothing else was said."""
    key = result.fact.key
    if len(result.group) == 1 and key and key[0] not in result.assigned:
        column = result.fact.by_name[key[0]]
        result.assigned[key[0]] = Assigned(column, result.group[0], "group", column=result.group[0])


def _traits(result: Matched, source: Source) -> None:
    used = {a.column for a in result.assigned.values() if a.column} | set(result.group)
    used |= {c for a in result.assigned.values() if a.parsed for c in a.parsed.columns}
    unused = [name for name in source.columns if name not in used and name not in result.keep]
    if result.fact.name == "customer":
        # A column that an expression uses is a trait as well: the expression says something else.
        plainly = {a.column for a in result.assigned.values() if a.column}
        result.keep = tuple(name for name in source.columns if name not in plainly or name in result.keep)
        unused = []
    result.unused = tuple(unused)


def _needed(result: Matched, source: Source) -> None:
    fact = result.fact
    for column in fact.importable():
        if not column.needed or column.name in result.assigned:
            continue
        free = list(result.unused)
        near = did_you_mean(column.name, free)
        guess = near or "COLUMN"
        step = f"Say which column it is: --map {column.name}={_shown(guess)}"
        if column.name in fact.key and column.type == "text":
            step += f"; if each row is one {fact.name} of its own: --map '{column.name}={EACH_ROW}'"
            step += "; if several rows make one: --group COLUMN"
        if column.name == "question":
            some = ", ".join(list(QUESTIONS)[1:4])
            step = f"Say which it is: --map question=nps (or {some} …), or --map question=COLUMN"
        columns = f" Columns not used: {', '.join(free)}." if free else ""
        result.problems.append((f"{column.name} is needed ({column.help}), and no column is it.{columns}", step + "."))
    if fact.has_customer and not any(c.role == "identity" and c.name in result.assigned for c in fact.columns):
        result.notes.append("no column names the customer: these rows count in totals, not in figures about people")
    if _scored(result) and "score" not in result.assigned:
        unused = f" (columns not used: {', '.join(result.unused)})" if result.unused else ""
        result.notes.append(f"no column is the score, so these answers are in no figure; --map score=COLUMN{unused}")
    if fact.name == "customer" and not any(c.role == "identity" and c.name in result.assigned for c in fact.columns):
        result.problems.append(
            ("A customer needs customer_id, email, phone or anonymous_id.", "--map customer_id=COLUMN.")
        )


def _scored(result: Matched) -> bool:
    """All rows answer one question that has a scale."""
    if result.fact.name != "survey_response" or "question" not in result.assigned:
        return False
    return QUESTIONS.get(result.assigned["question"].text.strip("'")) is not None
