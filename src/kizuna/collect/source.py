"""What a file was found to be, and what it became: one relation of text with line numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total); total is 0 where it is not known."""


class Store(Protocol):
    """The part of a store that reading files needs."""

    def execute(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]: ...


Kind = Literal["csv", "whitespace", "json", "jsonl", "parquet", "xlsx", "sqlite", "weblog"]


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user said about a file; everything left as ``None`` is found out.

    `dates` is ``"day-first"`` or ``"month-first"``, `decimal` is ``"."`` or ``","``. `header` says
    whether the first line names the columns.
    """

    kind: Kind | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    decimal: str | None = None
    dates: str | None = None
    sheet: str | None = None
    query: str | None = None

    def said(self) -> dict[str, str | bool]:
        """Only what was said, for the file kept beside the import."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(slots=True)
class Source:
    """A file as a temp table: `columns` (name → SQL type) and ``line_no``, quoted names as in the file.

    `found` is what was found out about the file, in words. `unparsed` is how many lines could not be
    taken apart; they are in the temp table ``_unparsed`` (line_no, reason, kind, row). `addresses` are the
    columns whose values are e-mail addresses, as far as was looked.
    """

    table: str
    columns: dict[str, str]
    kind: Kind
    found: dict[str, str] = field(default_factory=dict)
    delimiter: str = ""
    rows: int = 0
    unparsed: int = 0
    preset: Mapping[str, str] = field(default_factory=dict)
    addresses: frozenset[str] = frozenset()


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def unique_names(names: list[str], *, taken: tuple[str, ...] = ("line_no",)) -> list[str]:
    """Column names that differ even when case is ignored; empty ones become column1, column2 …"""
    seen = {name.lower() for name in taken}
    result = []
    for number, name in enumerate(names, 1):
        base = " ".join(name.replace("\x00", "").split()) or f"column{number}"
        candidate, copy = base, 2
        while candidate.lower() in seen:
            candidate, copy = f"{base}_{copy}", copy + 1
        seen.add(candidate.lower())
        result.append(candidate)
    return result


def drop(store: Store, name: str) -> None:
    """Drop a temp table or view, whichever it is."""
    found = store.execute(
        "SELECT table_type FROM information_schema.tables WHERE table_name = ? AND table_catalog = 'temp'", [name]
    )
    if found:
        store.execute(f"DROP {'VIEW' if found[0][0] == 'VIEW' else 'TABLE'} temp.{name}")
