"""Records of the spool on their way to the loader: what can be loaded in bulk, and what must keep its turn.

Decisions about people mean the people as they are at that place of the spool, so they part the
messages into runs, which are loaded one after the other. Within a run the order does not matter: every
message has its position.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from kizuna.collect.message import Envelope, Kept
from kizuna.collect.reader import Position

Again = Callable[[Envelope, Kept], Kept]
HookRow = tuple[int, str, int, Kept]
SurveyRow = tuple[int, Kept]

PART = 10_000
"""Rows in one Arrow batch: small enough that the engine reads several at once."""

_SEGMENT_BITS = 40
_HOOK, _SURVEY = b'{"kind":"hook"', b'{"kind":"survey"'
_DECISION = (b'{"kind":"merge"', b'{"kind":"split"')
_APART = ("hook:", "merge", "split", "survey:", "replay:")
"""How the calls begin whose messages are not all to be loaded in bulk."""

_encode = msgspec.json.Encoder().encode
_envelope = msgspec.json.Decoder(Envelope).decode
_kept = msgspec.json.Decoder(Kept).decode


@dataclass(slots=True)
class Run:
    """Messages that may be loaded together, then perhaps one decision.

    `hooks` are webhooks, as `kizuna.store.hooks` takes them, `surveys` the steps of asking somebody, as
    `kizuna.store.surveys` takes them; `decision` is (kind, message, position).
    """

    rows: int = 0
    hooks: list[HookRow] = field(default_factory=list)
    hook_envelopes: dict[int, Envelope] = field(default_factory=dict)
    surveys: list[SurveyRow] = field(default_factory=list)
    replayed: list[int] = field(default_factory=list)
    decision: tuple[str, Mapping[str, Any], int] | None = None
    _envelopes: list[Envelope] = field(default_factory=list)
    _heads: list[bytes] = field(default_factory=list)
    _of: list[int] = field(default_factory=list)
    _firsts: list[int] = field(default_factory=list)
    _lines: list[bytes] = field(default_factory=list)

    def add(self, envelope: Envelope, head: bytes, first: int, lines: list[bytes]) -> None:
        """Take messages of one request; the first is at position `first`."""
        self._envelopes.append(envelope)
        self._heads.append(head)
        self._of.append(len(lines))
        self._firsts.append(first)
        self._lines += lines
        self.rows += len(lines)

    def table(self) -> pa.Table:
        """The messages in the form of `kizuna.store.messages.INCOMING`."""
        of = pa.array(np.repeat(np.arange(len(self._of), dtype=np.int32), np.array(self._of, np.int64)))
        firsts, counts = np.array(self._firsts, np.int64), np.array(self._of, np.int64)
        within = np.arange(self.rows) - np.repeat(np.cumsum(counts) - counts, counts)
        each = self._envelopes

        def told(values: list[Any], type: pa.DataType) -> pa.Array:
            # said once a request, however many messages it has
            return pa.DictionaryArray.from_arrays(of, pa.array(values, type))

        columns = {
            "pos": pa.array(np.repeat(firsts, counts) + within, pa.int64()),
            "received_at": pa.array(np.repeat(np.array([e.received_at for e in each], np.int64), counts)),
            "source": told([e.source for e in each], pa.string()),
            "call": told([e.call for e in each], pa.string()),
            "header": told([e.agent for e in each], pa.string()),
            "address": told([e.address for e in each], pa.string()),
            "envelope": told(self._heads, pa.string()),
            "item": _texts(self._lines),
        }
        whole = pa.table(columns)
        return pa.Table.from_batches(whole.to_batches(max_chunksize=PART), whole.schema)


def _texts(lines: list[bytes]) -> pa.Array:
    """Lines as a column. They are UTF-8: the door has read them."""
    ends = np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)))
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    return pa.LargeStringArray.from_buffers(len(lines), pa.py_buffer(offsets), pa.py_buffer(b"".join(lines)))


def place_of(after: Position, count: int) -> int:
    """The position of the first of `count` messages of the record that ends at `after`.

    Positions of messages grow along the spool, and no two messages share one: a message takes at
    least a byte of its record.
    """
    return (after[0] << _SEGMENT_BITS) | (after[1] - count)


def runs(
    records: Iterable[tuple[Position, bytes]],
    again: Again | None = None,
    aside: Mapping[int, str] | None = None,
    window: tuple[int, int] | None = None,
    left: Container[int] = (),
) -> Iterator[Run]:
    """The messages of `records`, in order.

    `again` decides anew what was accepted once. Messages at positions in `aside` are rejected with the
    sentence given there, those in `left` because they were rejected once and came again later; with
    `window` only positions from … to (not included) are given.
    """
    run = Run()
    plain = not (again or aside or window)
    for after, payload in records:
        head, *lines = payload.split(b"\n")
        first, envelope = place_of(after, len(lines)), _envelope(head)
        if envelope.call.startswith("replay:") and not window:
            run.replayed.append(int(envelope.call.split(":")[1]))
        if plain and not envelope.call.startswith(_APART):
            run.add(envelope, head, first, lines)
            continue
        for pos, line in enumerate(lines, first):
            if window and not window[0] <= pos < window[1]:
                continue
            line = _decided(line, envelope, pos, again, aside or {}, left)
            if line.startswith(_HOOK):
                run.hooks.append((pos, hook_of(envelope.call), envelope.received_at, _kept(line)))
                run.hook_envelopes[pos] = envelope
            elif line.startswith(_SURVEY):
                run.surveys.append((pos, _kept(line)))
            elif line.startswith(_DECISION):
                kept = _kept(line)
                run.decision = (kept.kind, kept.message or {}, pos)
                yield run
                run = Run()
            else:
                run.add(envelope, head, pos, [line])
    if run.rows or run.hooks or run.surveys or run.replayed:
        yield run


def positions(records: Iterable[tuple[Position, bytes]]) -> list[int]:
    """The position of every message in `records`."""
    found: list[int] = []
    for after, payload in records:
        count = payload.count(b"\n")
        first = place_of(after, count)
        found += range(first, first + count)
    return found


def hook_of(call: str) -> str:
    """The name of the hook in a call such as ``hook:stripe`` or ``replay:77:hook:stripe``."""
    return call.rpartition("hook:")[2]


def _decided(
    line: bytes, envelope: Envelope, pos: int, again: Again | None, aside: Mapping[int, str], left: Container[int]
) -> bytes:
    if pos in aside or pos in left:
        return _set_aside(line, aside.get(pos, "It came again later, see kizuna replay."))
    if again is None:
        return line
    kept = _kept(line)
    # What was rejected comes back by `kizuna replay`, and then at its place in the spool.
    return line if kept.kind == "rejected" else _encode(again(envelope, kept))


def _set_aside(line: bytes, why: str) -> bytes:
    try:
        kept = _kept(line)
    except msgspec.DecodeError:
        return _encode(Kept("rejected", reason="not_loaded", detail=why, text=line.decode("utf-8", "replace")))
    if kept.kind == "rejected":
        return line
    text = _encode(kept.message).decode() if kept.message is not None else kept.text
    return _encode(Kept("rejected", kept.id, kept.at, reason="not_loaded", detail=why, text=text))
