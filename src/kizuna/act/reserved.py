"""Askings that the facts do not tell of yet: a widget that was just granted, a mail on its way.

Between a decision and the moment in which the loader has it lie seconds, in which somebody could be asked again on
another channel. So every grant is remembered here until the facts have had time to take it in.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kizuna.act.standing import NOBODY, Asked, Named, Standing, people_of
from kizuna.store.duckdb import Reading

HELD = 15 * 60_000_000
"""A widget that was granted is shown within so many microseconds, or not at all."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """Somebody was asked: by which ids, at which address, what and when; `made` is when that was decided."""

    who: tuple[Named, ...]
    email: str
    asked: Asked
    made: int


class Reservations:
    """What was granted lately. `lock` is held by whoever looks and then grants."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._held: list[Reserved] = []

    def add(self, reserved: Reserved) -> None:
        """Remember a grant."""
        with self.lock:
            self._held.append(reserved)

    def drop(self, invitation: str) -> None:
        """Forget what did not come to pass."""
        with self.lock:
            self._held = [each for each in self._held if each.asked.invitation != invitation]

    def forget(self, before: int) -> None:
        """Forget what was granted longer ago; the facts have it by now."""
        with self.lock:
            self._held = [each for each in self._held if each.made >= before]

    def add_to(
        self,
        data: Reading,
        standings: Mapping[int, Standing],
        emails: Mapping[int, Sequence[str]],
        strangers: Sequence[Named] = (),
    ) -> None:
        """Add what is remembered to what the facts say of people, as `standings` was given them."""
        with self.lock:
            held = list(self._held)
        ids = [id for each in held for id in each.who]
        if not ids:
            return
        owner = dict(zip(ids, people_of(data, ids), strict=True))
        owners: dict[str, set[int]] = {}
        for number, addresses in emails.items():
            for address in addresses:
                owners.setdefault(address, set()).add(number)
        for each in held:
            whose = {owner[id] for id in each.who} | owners.get(each.email, set())
            if not set(strangers).isdisjoint(each.who):
                whose.add(NOBODY)
            for someone in whose:
                if someone is not None and someone in standings:
                    standings[someone].asked.append(each.asked)
