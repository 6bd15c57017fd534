"""Messages that became no fact: the table ``rejected_message`` keeps each with its reason, until it is replayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from kizuna.collect.message import Envelope, Kept
from kizuna.store.duckdb import DuckDBStore

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class SetAside:
    """One of them. `pos` is its place in the spool, `message` its JSON, or its text where it was none."""

    pos: int
    received_at: datetime
    source: str
    call: str
    message_id: str
    reason: str
    detail: str
    message: str
    envelope: str

    def kept(self) -> tuple[Envelope, Kept]:
        """The request and the message as the spool has them."""
        envelope = msgspec.json.decode(self.envelope, type=Envelope)
        try:
            message = msgspec.json.decode(self.message)
        except msgspec.DecodeError:
            message = None
        found = message if isinstance(message, dict) else None
        text = None if found is not None else self.message
        return envelope, Kept("rejected", self.message_id, 0, found, self.reason, self.detail, text=text)  # type: ignore[arg-type]


def set_aside(store: DuckDBStore, envelope: Envelope, kept: Kept, pos: int, reason: str, detail: str) -> None:
    """Keep a message that the loader could make no fact of."""
    message = kept.text if kept.message is None else _encode(kept.message).decode()
    store.execute(
        "INSERT INTO rejected_message VALUES (?, make_timestamp(?), ?, ?, ?, ?, ?, ?, ?)",
        [
            pos, envelope.received_at, envelope.source, envelope.call, kept.id, reason, detail, message,
            _encode(envelope).decode(),
        ],
    )  # fmt: skip


def all_set_aside(store: DuckDBStore, source: str | None = None, limit: int | None = None) -> list[SetAside]:
    """What is set aside, the latest first."""
    rows = store.execute(
        "SELECT pos, received_at, source, call, message_id, reason, detail, message, envelope FROM rejected_message"
        " WHERE ($source IS NULL OR source = $source) ORDER BY pos DESC LIMIT $limit",
        {"source": source, "limit": limit or 2**31},
    )
    return [SetAside(*row) for row in rows]


def forget_replayed(store: DuckDBStore, positions: Sequence[int]) -> None:
    """Messages at these positions came again: they are no longer set aside."""
    store.execute(
        "DELETE FROM rejected_message WHERE pos IN (SELECT unnest($positions::BIGINT[]))", {"positions": [*positions]}
    )
