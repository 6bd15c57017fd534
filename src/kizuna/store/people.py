"""Decisions about people: these ids are one person; this id is not.

Evidence alone never makes two known users one, however many devices they share. Somebody may say so,
and may take it back::

    people.merge(store, Id("customer_id", "c1"), Id("email", "ada@example.com"), pos)
    people.split(store, Id("email", "ada@example.com"), pos)

Decisions are messages of the spool like all others, so `kizuna rebuild` takes them again. They mean
the people as they are at that place of the spool: whoever loads it settles the messages before a
decision (`kizuna.store.identity.resolve_all`), then the decision, then what comes after it. They
change facts, so `derive` is due after them.

A merge is kept between the ids that two people stand on (a customer_id where there is one), not
between those that were named: should a named device later turn out to be shared, the people stay
one. A split of two ids takes back the latest decision that makes them one person, a split of one id
all decisions about it; everything is then as if they had not been taken. An id that is with somebody
by evidence alone is from its split on a person of its own, whatever it is seen with, until it is merged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kizuna.store.decisions import BY_EVIDENCE, end, held_together, last_between, regroup
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.identity import prepare
from kizuna.store.ids import KINDS, RANK
from kizuna.store.repoint import repoint
from kizuna.store.settle import settle


@dataclass(frozen=True, slots=True)
class Id:
    """One id of somebody. `value` as it is kept in the fact ``identifier``: addresses in small letters."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"

    @property
    def pair(self) -> tuple[str, str]:
        """As decisions name it."""
        return self.kind, self.value

    @classmethod
    def read(cls, text: str) -> Id | None:
        """``kind:value`` as an id; ``None`` where no kind is named."""
        kind, colon, value = text.partition(":")
        return cls(kind, value) if colon and value and kind in KINDS else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision did: rows that changed the person, by fact; or why it changed nothing."""

    rows: Mapping[str, int]
    nothing: str = ""


def take(store: DuckDBStore, kind: str, message: Mapping[str, Any], pos: int) -> Outcome:
    """Take the decision of a spool message of kind merge or split; its ``ids`` are texts ``kind:value``.

    One that makes no sense (any more) changes nothing and says why: it must not stop the loading.
    """
    texts = message.get("ids")
    ids = [Id.read(text) for text in texts if isinstance(text, str)] if isinstance(texts, list) else []
    match kind, ids:
        case "merge", [Id() as one, Id() as other]:
            return merge(store, one, other, pos)
        case "split", [Id() as one]:
            return split(store, one, pos)
        case "split", [Id() as one, Id() as other]:
            return split(store, one, pos, other)
    return Outcome({}, f"A {kind} does not name its ids: {texts!r}.")


def merge(store: DuckDBStore, one: Id, other: Id, pos: int) -> Outcome:
    """Make the people of two ids one person, as decided at the place `pos` of the spool."""
    prepare(store)
    numbers = [number_of(store, id) for id in (one, other)]
    for id, number in zip((one, other), numbers, strict=True):
        if number is None:
            return Outcome({}, f"There is no id {id}.")
    if numbers[0] == numbers[1]:
        return Outcome({}, f"{one} and {other} are one person already.")
    ends = [_stands_on(store, id, number) for id, number in zip((one, other), numbers, strict=True) if number]
    weak, strong = sorted(ends, key=lambda id: -KINDS.index(id.kind))
    store.execute(
        "INSERT INTO identity_decision VALUES (?, 'merge', ?, ?, ?, ?, NULL)",
        [pos, weak.kind, weak.value, strong.kind, strong.value],
    )
    return _carry_out(store, ends)


def split(store: DuckDBStore, one: Id, pos: int, other: Id | None = None) -> Outcome:
    """Take back what was decided about the person of an id, or else make the id a person of its own.

    With `other`, take back the latest decision that makes the two ids one person, and no more.
    """
    prepare(store)
    for id in (one, other):
        if id and number_of(store, id) is None:
            return Outcome({}, f"There is no id {id}.")
    return _split_pair(store, one, other, pos) if other else _split_off(store, one, pos)


def _split_off(store: DuckDBStore, one: Id, pos: int) -> Outcome:
    number = number_of(store, one) or 0
    root = _root(store, one, number)
    decided = held_together(store, number)
    for place in dict.fromkeys((one, root)):
        others = [Id(*end) for edge in decided for end in edge[:2] if place.pair in edge[:2]]
        if others:
            mates = [mate for id in others for mate in _mates(store, id)]
            end(store, pos, place.pair)
            _note(store, pos, one, None, pos)
            return _carry_out(store, [*others, *mates])
    if root == one:
        return Outcome({}, f"{one} was merged with nothing. Name the id that shall leave the person.")
    _note(store, pos, one, None, None)
    return _carry_out(store, [one])


def _split_pair(store: DuckDBStore, one: Id, other: Id, pos: int) -> Outcome:
    if number_of(store, one) != number_of(store, other):
        return Outcome({}, f"{one} and {other} are two people already.")
    rows: Counter[str] = Counter()
    while (number := number_of(store, one)) == number_of(store, other) and number is not None:
        decided = held_together(store, number)
        ids = dict.fromkeys([one, other, *(Id(*id) for edge in decided for id in edge[:2])])
        decided += [(id.pair, _root(store, id, number).pair, BY_EVIDENCE) for id in ids]
        last = last_between(decided, one.pair, other.pair)
        if last is None:
            return Outcome(rows, f"{one} and {other} are one person by what was seen of them, not by a decision.")
        ends = [Id(*last[0]), Id(*last[1])]
        mates = [mate for id in ends for mate in _mates(store, id)]
        end(store, pos, *last[:2])
        _note(store, pos, one, other, pos)
        rows.update(_carry_out(store, [*ends, *mates]).rows)
        prepare(store)
    return Outcome(dict(rows))


def number_of(store: DuckDBStore, id: Id) -> int | None:
    """The customer_no of the person an id belongs to; ``None`` where it is not known."""
    found = store.execute("SELECT customer_no FROM identifier WHERE kind = ? AND value = ?", [id.kind, id.value])
    return int(found[0][0]) if found else None


def _stands_on(store: DuckDBStore, id: Id, number: int) -> Id:
    """The id to keep a merge with: what the named one comes down to, or the customer_id it is merged with already."""
    root = _root(store, id, number)
    ((kind, value),) = store.execute("SELECT kind, value FROM person WHERE customer_no = ?", [number])
    return root if root.kind == kind else Id(kind, value)


def _root(store: DuckDBStore, id: Id, number: int) -> Id:
    """The id that `id` belongs to by evidence alone, and that by evidence belongs to no other."""
    if store.execute(
        "SELECT 1 FROM identity_decision WHERE verb = 'split' AND kind = ? AND value = ? AND ended IS NULL",
        [id.kind, id.value],
    ):
        return id
    owners = store.execute(
        f"""SELECT l.owner_kind, l.owner_value, i.customer_no FROM identity_link l
        JOIN identifier i ON i.kind = l.owner_kind AND i.value = l.owner_value
        WHERE l.kind = $kind AND l.value = $value AND l.owner_kind <> l.kind
        ORDER BY {RANK.format("l.owner_kind")}, l.owner_value""",
        {"kind": id.kind, "value": id.value},
    )
    # Seen with several people it is nobody's, though a decision may have given it to one of them.
    if {owner for *_, owner in owners} != {number}:
        return id
    return _root(store, Id(*owners[0][:2]), number)


def _mates(store: DuckDBStore, id: Id) -> list[Id]:
    """All ids of the group `id` is in."""
    rows = store.execute(
        "SELECT kind, value FROM identity_group WHERE kind = $kind AND head IN ("
        "SELECT head FROM identity_group WHERE kind = $kind AND value = $value) ORDER BY ALL",
        {"kind": id.kind, "value": id.value},
    )
    return [Id(*row) for row in rows]


def _note(store: DuckDBStore, pos: int, id: Id, other: Id | None, ended: int | None) -> None:
    """Keep a split. One that took decisions back has done its work; one without holds the id apart."""
    store.execute(
        "INSERT INTO identity_decision VALUES (?, 'split', ?, ?, ?, ?, ?)",
        [pos, id.kind, id.value, other and other.kind, other and other.value, ended],
    )


def _carry_out(store: DuckDBStore, ids: list[Id]) -> Outcome:
    for id in dict.fromkeys(ids):
        store.execute("INSERT INTO asked VALUES (?, ?)", [id.kind, id.value])
    for kind in {id.kind for id in ids}:
        regroup(store, kind)
    settle(store, -1)
    return Outcome(repoint(store, spans=True))
