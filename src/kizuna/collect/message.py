"""What the collector keeps: a request's envelope and its messages, one JSON document a line.

A *record* of raw/messages is one request: its first line is the `Envelope`, each further line a
`Kept` message. Messages follow the Segment spec (https://segment.com/docs/connections/spec/). What
the door decided (identity of the message, its time, why it was rejected) stands beside the message,
so that the loader need not decide again; `kizuna.collect.receive.again` decides anew from the same
lines when the database is rebuilt.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

Kind = Literal[
    "track",
    "page",
    "screen",
    "identify",
    "group",
    "alias",
    "hook",  # the body of a webhook, to be mapped by hooks/NAME.toml
    "merge",  # somebody decided that ids are one person …
    "split",  # … or that an id is a person of its own
    "survey",  # a step of asking somebody, see `kizuna.collect.survey.step`
    "rejected",
]

Reason = Literal[
    "not_json",
    "not_an_object",
    "too_large",
    "too_deep",
    "unknown_type",
    "missing_event",
    "missing_user",
    "wrong_type",
    "bad_time",
    "conflicting_duplicate",
    "signature",
    "mapping",
    "not_loaded",
    "survey_link",
    "survey_closed",
    "survey_answer",
]
"""Why a message was rejected: a closed set. The sentence for people is beside it, in `Kept.detail`."""


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a request besides its messages.

    `received_at` is in microseconds since 1970, UTC. `source` is the name of the write key. `call` is
    the path's last part (``track``, ``batch``, ``hook:NAME`` …); `agent` the User-Agent header, at
    most 512 characters; `address` the client's network address, truncated already.
    """

    received_at: int
    source: str
    call: str
    sent_at: str | None = None
    agent: str | None = None
    address: str | None = None


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message as it is kept.

    `at` is when it happened, corrected for the client's clock, in microseconds since 1970, UTC.
    `message` is the message itself; `text` is there instead when it was not JSON. A rejected message
    has the kind ``rejected``, a `reason` and a `detail`. `note` warns of what was put right.
    """

    kind: Kind
    id: str = ""
    at: int = 0
    message: dict[str, Any] | None = msgspec.field(default=None, name="m")
    reason: Reason | None = None
    detail: str = ""
    note: str = ""
    text: str | None = None


_encoder = msgspec.json.Encoder()
_envelope = msgspec.json.Decoder(Envelope)
_kept = msgspec.json.Decoder(Kept)


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """A `Kept` whose message is written already."""

    kind: str
    id: str
    at: int
    message: msgspec.Raw = msgspec.field(name="m")
    reason: str | None = None
    detail: str = ""
    note: str = ""


def write_line(kept: Kept, text: bytes | None = None) -> bytes:
    """A message's line in a record; `text` is its message as JSON, which need not be written twice then."""
    if text is None or kept.message is None:
        return _encoder.encode(kept)
    raw = msgspec.Raw(text)
    return _encoder.encode(_Line(kept.kind, kept.id, kept.at, raw, kept.reason, kept.detail, kept.note))


def write_lines(envelope: Envelope, lines: Iterable[bytes]) -> bytes:
    """A record's payload from lines that are written already."""
    return b"\n".join([_encoder.encode(envelope), *lines])


def write_record(envelope: Envelope, messages: Iterable[Kept]) -> bytes:
    """A record's payload."""
    return b"\n".join([_encoder.encode(envelope), *map(_encoder.encode, messages)])


def read_record(payload: bytes) -> tuple[Envelope, list[Kept]]:
    """The envelope and messages of a record's payload."""
    first, *lines = payload.split(b"\n")
    return _envelope.decode(first), [_kept.decode(line) for line in lines]
