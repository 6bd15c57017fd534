"""Records of the spool on their way to the loader: what can be loaded in bulk, and what must keep its turn.

Decisions about people mean the people as they are at that place of the spool, so they part the
messages into runs, which are loaded one after the other. Within a run the order does not matter: every
message has its position.
"""

from __future__ import annotations

from array import array
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
_Numbers = np.ndarray[Any, np.dtype[np.signedinteger[Any]]]
SurveyRow = tuple[int, Kept]

PART = 10_000
"""Rows in one Arrow batch, at most: few enough that the engine reads several at once."""

_PART_BYTES = 8 << 20
_MOST_TEXTS = 500

_SEGMENT_BITS = 40
_INLINE = 12
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
    _payloads: list[bytes] = field(default_factory=list)
    _heads: list[int] = field(default_factory=list)
    _firsts: list[int] = field(default_factory=list)
    _counts: list[int] = field(default_factory=list)
    _lengths: array[int] = field(default_factory=lambda: array("i"))
    _beginnings: list[bytes] = field(default_factory=list)

    def add(self, envelope: Envelope, payload: bytes, first: int, head: int, lines: list[bytes]) -> None:
        """Take the messages of one request: `lines` stand in `payload` behind its first line of `head` bytes.

        The first of them is at position `first`.
        """
        self._envelopes.append(envelope)
        self._payloads.append(payload)
        self._heads.append(head)
        self._firsts.append(first)
        self._counts.append(len(lines))
        self._lengths.extend(map(len, lines))
        self._beginnings += [line[:4] for line in lines]
        self.rows += len(lines)

    def table(self) -> pa.Table:
        """The messages in the form of `kizuna.store.messages.INCOMING`."""
        return pa.Table.from_batches([batch for part in self._parts() for batch in self._batches(*part)])

    def _parts(self) -> Iterator[tuple[slice, slice]]:
        """Requests that go into batches together, and their rows: a batch says where its own requests came from."""
        start = began = rows = size = 0
        for place, payload in enumerate(self._payloads):
            if place > start and (rows + self._counts[place] - began > PART or size + len(payload) > _PART_BYTES):
                yield slice(start, place), slice(began, rows)
                start, began, size = place, rows, 0
            rows += self._counts[place]
            size += len(payload)
        yield slice(start, len(self._payloads)), slice(began, rows)

    def _batches(self, requests: slice, rows: slice) -> list[pa.RecordBatch]:
        each, texts, heads = self._envelopes[requests], self._payloads[requests], self._heads[requests]
        counts = np.array(self._counts[requests], np.int64)
        of = np.repeat(np.arange(len(each), dtype=np.int32), counts)
        within = np.arange(len(of)) - (np.cumsum(counts) - counts)[of]
        index = pa.array(of)

        def told(values: list[Any]) -> pa.Array:
            # said once a request, however many messages it has
            return pa.DictionaryArray.from_arrays(index, pa.array(values, pa.string()))

        columns = {
            "pos": pa.array(np.array(self._firsts[requests], np.int64)[of] + within),
            "received_at": pa.array(np.array([e.received_at for e in each], np.int64)[of]),
            "source": told([e.source for e in each]),
            "call": told([e.call for e in each]),
            "header": told([e.agent for e in each]),
            "address": told([e.address for e in each]),
            "envelope": told([text[:head] for text, head in zip(texts, heads, strict=True)]),
            "item": _lines(texts, heads, of, counts, np.array(self._lengths[rows], np.int32), self._beginnings[rows]),
        }
        whole = pa.RecordBatch.from_pydict(columns)
        return [whole.slice(start, PART) for start in range(0, max(whole.num_rows, 1), PART)]


def _lines(
    texts: list[bytes], heads: list[int], of: _Numbers, counts: _Numbers, lengths: _Numbers, beginnings: list[bytes]
) -> pa.Array:
    """The lines behind the first of each text as a column. They are UTF-8: the door has read them.

    They stay where they are. A *view* says of each how long it is, how it begins and where it lies
    (https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout).
    """
    if len(lengths) and lengths.min() <= _INLINE:
        # So short a text would stand in the view itself. No message is, but what is no message may be.
        return pa.array([line for text in texts for line in text.split(b"\n")[1:]], pa.binary()).cast(pa.string_view())
    ends = np.cumsum(lengths + 1, dtype=np.int64)
    places = np.array(heads, np.int64) + 1 - np.concatenate([[0], ends])[np.cumsum(counts) - counts]
    if len(texts) > _MOST_TEXTS:
        places += np.cumsum([0, *map(len, texts[:-1])])
        texts, of_text = [b"".join(texts)], np.zeros_like(of)
    else:
        of_text = of
    views = np.empty((len(lengths), 4), np.int32)
    views[:, 0] = lengths
    views[:, 1] = np.frombuffer(b"".join(beginnings), np.int32)
    views[:, 2] = of_text
    views[:, 3] = ends - lengths - 1 + places[of]
    return pa.Array.from_buffers(pa.string_view(), len(views), [None, *map(pa.py_buffer, [views, *texts])])


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
            run.add(envelope, payload, first, len(head), lines)
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
                run.add(envelope, head + b"\n" + line, pos, len(head), [line])
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
