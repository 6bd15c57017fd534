"""Looking people up: by which ids somebody is known, and where each of them comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kizuna.errors import QuestionError, UnknownName
from kizuna.facts import FACTS
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.ids import KINDS, RANK, spelled
from kizuna.store.people import Id

_NEAR = 0.8


@dataclass(frozen=True, slots=True)
class Seen:
    """An id, its first day, and with which stronger ids it was seen: (id, where)."""

    id: Id
    day: str
    beside: tuple[tuple[Id, str], ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of an id: ``merge``, ``split`` or ``alias``; `holds` unless it was taken back, or did that."""

    verb: str
    id: Id
    other: Id | None
    holds: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: the number the facts have, the ids, the strongest first, what was decided, and rows by fact."""

    customer_no: int
    ids: tuple[Seen, ...]
    decisions: tuple[Decision, ...]
    rows: dict[str, int]


def find(store: DuckDBStore, text: str) -> Id:
    """The id somebody means by a plain value, or by ``kind:value``.

    Raises `UnknownName` when there is none, `QuestionError` when the value is an id of several people.
    """
    named = Id.read(text)
    kinds = [named.kind] if named else list(KINDS)
    found = _ids_like(store, kinds, named.value if named else text)
    if not found and named:
        found = _ids_like(store, KINDS, text)
    if not found:
        raise UnknownName("id", text, _near(store, text), "kizuna rows lists facts with the ids they carry.")
    if len({number for _, number in found}) > 1:
        ids = " or ".join(str(id) for id, _ in found)
        raise QuestionError(f"{text!r} is an id of several people.", f"Say which kind it is: {ids}.")
    return found[0][0]


def person(store: DuckDBStore, customer_no: int) -> Person:
    """All that is known of who somebody is."""
    rows = store.execute(
        "SELECT kind, value, day::VARCHAR FROM identifier WHERE customer_no = ?"
        f" ORDER BY {RANK.format('kind')}, day, value",
        [customer_no],
    )
    beside = _beside(store, customer_no)
    ids = tuple(Seen(Id(kind, value), day or "", tuple(beside.get(Id(kind, value), ()))) for kind, value, day in rows)
    return Person(customer_no, ids, _decisions(store, customer_no), _rows(store, customer_no))


def _ids_like(store: DuckDBStore, kinds: Sequence[str], value: str) -> list[tuple[Id, int]]:
    found: list[tuple[Id, int]] = []
    for kind in kinds:
        rows = store.execute(
            f"SELECT value, customer_no FROM identifier WHERE kind = $kind AND value = {spelled(kind, '$value')}",
            {"kind": kind, "value": value},
        )
        found += [(Id(kind, known), int(number)) for known, number in rows]
    return found


def _near(store: DuckDBStore, text: str) -> list[str]:
    rows = store.execute(
        "SELECT value FROM identifier WHERE jaro_winkler_similarity(value, $text) > $near"
        " ORDER BY jaro_winkler_similarity(value, $text) DESC, value LIMIT 5",
        {"text": text, "near": _NEAR},
    )
    return [str(row[0]) for row in rows]


def _beside(store: DuckDBStore, customer_no: int) -> dict[Id, list[tuple[Id, str]]]:
    links = store.execute(
        """SELECT l.kind, l.value, l.owner_kind, l.owner_value, l.import_no, l.line_no, m.file
        FROM identity_link l JOIN identifier i USING (kind, value) LEFT JOIN import m ON m.import_no = l.import_no
        WHERE i.customer_no = ? ORDER BY ALL""",
        [customer_no],
    )
    messages = _messages(store, [link[5] for link in links if link[4] < 0])
    found: dict[Id, list[tuple[Id, str]]] = {}
    for kind, value, owner_kind, owner_value, import_no, line, file in links:
        where = f"{file or f'import {import_no}'}, line {line}" if import_no > 0 else messages.get(line, "a message")
        found.setdefault(Id(kind, value), []).append((Id(owner_kind, owner_value), where))
    return found


def _messages(store: DuckDBStore, places: list[int]) -> dict[int, str]:
    """What the messages at places of the spool are called: source/messageId, and the day."""
    if not places:
        return {}
    each = " UNION ALL ".join(
        f'SELECT line_no, row_key, {FACTS[name].time}::DATE::VARCHAR FROM "{name}"'
        " WHERE import_no < 0 AND line_no IN (SELECT unnest($places::BIGINT[]))"
        for name in ("event", "trait")
    )
    rows = store.execute(f"{each} ORDER BY ALL", {"places": places})
    return {int(place): f"message {key} of {day}" for place, key, day in rows}


def _decisions(store: DuckDBStore, customer_no: int) -> tuple[Decision, ...]:
    rows: list[tuple[Any, ...]] = store.execute(
        """SELECT d.verb, d.kind, d.value, d.other_kind, d.other_value, d.ended IS NULL FROM identity_decision d
        WHERE EXISTS (SELECT 1 FROM identifier i WHERE i.customer_no = $number
            AND ((i.kind = d.kind AND i.value = d.value) OR (i.kind = d.other_kind AND i.value = d.other_value)))
        ORDER BY d.pos NULLS FIRST, d.verb, d.kind, d.value, d.other_kind, d.other_value""",
        {"number": customer_no},
    )
    return tuple(
        Decision(verb, Id(kind, value), Id(other_kind, other) if other_kind else None, holds)
        for verb, kind, value, other_kind, other, holds in rows
    )


def _rows(store: DuckDBStore, customer_no: int) -> dict[str, int]:
    names = [name for name, fact in FACTS.items() if fact.has_customer and not {"identifier"} & {name}]
    each = " UNION ALL ".join(
        f"""SELECT '{name}', count(*) FROM "{name}" WHERE customer_no = $number AND import_no <> 0""" for name in names
    )
    return {name: int(count) for name, count in store.execute(each, {"number": customer_no}) if count}
