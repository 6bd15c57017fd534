"""A record that Kizuna itself writes to raw/messages: a decision about people, an answer to a survey, a replay.

It is told from what is there already as a client's message is, by its source and the ids of its messages.
"""

from __future__ import annotations

from typing import NamedTuple

from kizuna.collect.ids import key
from kizuna.collect.message import Envelope, Kept, write_record
from kizuna.collect.said import said


class Record(NamedTuple):
    """A record's payload, and of each message that has an id 16 bytes for it and 8 for what it says.

    Without ids it is another one however often it comes.
    """

    payload: bytes
    ids: tuple[tuple[bytes, bytes], ...] = ()


def record(envelope: Envelope, *messages: Kept) -> Record:
    """A record of these messages, known by the ids they have."""
    ids = tuple((key(envelope.source, kept.id), said(kept.message)) for kept in messages if kept.id)
    return Record(write_record(envelope, messages), ids)
