"""Keeping what was received: each message once, on the disk before anybody is told.

A duplicate of what is still being written waits for the same write, and fails with it. A message under
a known id that says something else is kept as rejected, once. What was rejected before is not kept
again when it comes again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kizuna.collect.answers import Outcome
from kizuna.collect.ids import Ids, key
from kizuna.collect.message import Kept, Reason, write_line, write_lines
from kizuna.collect.receive import Received
from kizuna.collect.record import Record
from kizuna.collect.spool import Group, Spool

CONFLICT: Reason = "conflicting_duplicate"


class Keeper:
    """A spool and the ids in it. Belongs to one event loop."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.ids = Ids(spool)

    async def keep(self, received: Received) -> Outcome:
        """Keep messages; returns when they are on the disk. Raises `SpoolError`: then none of them counts."""
        outcome, groups = self.take(received)
        # Messages are many small objects: let them go before others come.
        del received
        for group in groups:
            await group.settled()
        return outcome

    def take(self, received: Received) -> tuple[Outcome, list[Group]]:
        """Have messages kept; the outcome holds once all the groups are on the disk."""
        keeping = _Keeping(self.ids, received.envelope.source)
        if not keeping.add_all(received):
            parts = zip(received.order, received.messages, received.lines, received.said, strict=True)
            for index, kept, line, said in parts:
                keeping.add(index, kept, line, said)
        keeping.outcome.dropped = received.dropped
        if keeping.new:
            group = self.spool.append(write_lines(received.envelope, keeping.new), keeping.new_ids)
            self.ids.add(group, keeping.new_ids)
            keeping.groups.append(group)
        return keeping.outcome, keeping.groups

    def take_records(self, records: Sequence[Record]) -> tuple[list[bool], list[Group]]:
        """Have records kept that are complete; whether each is new, once all the groups are on the disk.

        One of which a message's id is known is not new, and not kept. Raises `SpoolError`: what was taken before the
        one that was too much is kept, and not new when it is sent again.
        """
        new: list[bool] = []
        groups: dict[Group, None] = {}
        for payload, ids in records:
            known = [found for id, _ in ids if (found := self.ids.find(id)) is not None]
            groups.update((found.group, None) for found in known if found.group is not None)
            if not known:
                group = self.spool.append(payload, ids)
                self.ids.add(group, ids)
                groups[group] = None
            new.append(not known)
        return new, list(groups)

    def close(self) -> None:
        """Close the spool with what waits written."""
        self.spool.close()
        self.ids.close()


class _Keeping:
    """One request's messages, sorted into new and known."""

    __slots__ = ("_ids", "_seen", "_source", "groups", "new", "new_ids", "outcome")

    def __init__(self, ids: Ids, source: str) -> None:
        self._ids, self._source = ids, source
        self._seen: dict[bytes, bytes] = {}
        self.new: list[bytes] = []
        self.new_ids: list[tuple[bytes, bytes]] = []
        self.groups: list[Group] = []
        self.outcome = Outcome()

    def add_all(self, received: Received) -> bool:
        """Take all messages at once, where each is good and new, as nearly always; False, and none is taken, else."""
        source = self._source
        keys = [key(source, kept.id) for kept in received.messages if kept.kind != "rejected"]
        if len(keys) < len(received.messages) or not self._ids.are_new(keys):
            return False
        self.new, self.new_ids = received.lines, list(zip(keys, received.said, strict=True))
        self.outcome.accepted = len(keys)
        for index, kept in zip(received.order, received.messages, strict=True):
            if kept.note:
                self._warn(index, kept)
        return True

    def add(self, index: int, kept: Kept, line: bytes, said: bytes) -> None:
        if kept.kind == "rejected":
            self._reject(index, kept, line, said)
            return
        id = key(self._source, kept.id)
        known = self._known(id)
        if known is None:
            self._keep(line, id, said)
            self.outcome.accepted += 1
        elif known == said or kept.kind == "hook":
            # A vendor that delivers again may add that it does; the delivery is the same.
            self.outcome.duplicates += 1
        else:
            detail = f"Another message with the messageId {kept.id!r} came before and says something else."
            other = Kept("rejected", kept.id, kept.at, kept.message, CONFLICT, detail, kept.note)
            self._reject(index, other, write_line(other), said)
            return
        if kept.note:
            self._warn(index, kept)

    def _warn(self, index: int, kept: Kept) -> None:
        self.outcome.warnings.append(_item(index, kept) | {"detail": kept.note})

    def _reject(self, index: int, kept: Kept, line: bytes, said: bytes) -> None:
        # What it says is part of what is looked up: once mended, the message comes under the same id.
        id = key(self._source, kept.id, f"{kept.reason}\0{said.hex()}")
        if self._known(id) is None:
            self._keep(line, id, said)
        self.outcome.rejected.append(_item(index, kept) | {"reason": kept.reason, "detail": kept.detail})

    def _keep(self, line: bytes, id: bytes, said: bytes) -> None:
        self._seen[id] = said
        self.new.append(line)
        self.new_ids.append((id, said))

    def _known(self, id: bytes) -> bytes | None:
        """What is said under an id already; what is still being written is waited for."""
        said = self._seen.get(id)
        if said is None:
            known = self._ids.find(id)
            if known is not None:
                said = known.said
                if known.group is not None and known.group not in self.groups:
                    self.groups.append(known.group)
        return said


def _item(index: int, kept: Kept) -> dict[str, Any]:
    return {"index": index, "messageId": kept.id}
