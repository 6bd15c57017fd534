"""Deciding who somebody is: merging two people and splitting them again, for commands and pages alike.

A decision is a message of the spool (`kizuna.store.people`), so it is kept and taken again by a rebuild.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from kizuna.collect.message import Envelope, Kept
from kizuna.collect.record import Record, record
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.people import Id, number_of
from kizuna.store.whois import Person, person

Send = Callable[[Iterable[Record]], list[bool]]
"""Keeps records and has them in the facts when it returns: `Workspace.send`, or a server's."""

What = Literal["merged", "one already", "still two", "split", "two already", "alone already", "not merged"]


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a decision; only `merged` and `split` have changed anything.

    `moved` are the rows that changed hands in a merge, by fact; `left` the ids that a split took `one` apart from;
    `undo` the verb and ids that take it back.
    """

    what: What
    one: Id
    other: Id | None = None
    moved: Mapping[str, int] = field(default_factory=dict)
    left: tuple[Id, ...] = ()

    @property
    def done(self) -> bool:
        return self.what in ("merged", "split")

    @property
    def undo(self) -> tuple[str, Id, Id] | None:
        if self.what == "merged" and self.other:
            return "split", self.one, self.other
        return ("merge", self.one, self.other or self.left[0]) if self.what == "split" else None


def merge(store: DuckDBStore, send: Send, one: Id, other: Id) -> Decided:
    """Make the people of two known ids one person."""
    before = {who.customer_no: who for who in (who_is(store, one), who_is(store, other))}
    if len(before) == 1:
        return Decided("one already", one, other)
    _send(send, "merge", one, other)
    after = who_is(store, one)
    if after.customer_no != who_is(store, other).customer_no:
        return Decided("still two", one, other)
    moved = [who for number, who in before.items() if number != after.customer_no]
    counts = {name: sum(who.rows.get(name, 0) for who in moved) for who in moved for name in who.rows}
    return Decided("merged", one, other, counts)


def split(store: DuckDBStore, send: Send, one: Id, other: Id | None = None) -> Decided:
    """Take back what was decided of an id (or of two), or make it a person of its own."""
    ids = [seen.id for seen in who_is(store, one).ids]
    if other and other not in ids:
        return Decided("two already", one, other)
    if len(ids) == 1:
        return Decided("alone already", one, other)
    _send(send, "split", *((one, other) if other else (one,)))
    with_one = {seen.id for seen in who_is(store, one).ids}
    left = tuple(id for id in ids if id not in with_one)
    return Decided("split" if left else "not merged", one, other, left=left)


def who_is(store: DuckDBStore, id: Id) -> Person:
    """The person of a known id."""
    return person(store, number_of(store, id) or 0)


def _send(send: Send, kind: Literal["merge", "split"], *ids: Id) -> None:
    at = time.time_ns() // 1000
    kept = Kept(kind, uuid.uuid4().hex, at, {"type": kind, "ids": [str(id) for id in ids]})
    send([record(Envelope(at, "people", kind), kept)])
