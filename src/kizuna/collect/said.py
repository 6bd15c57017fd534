"""What a message says, as a number: equal when a client sends the same message again."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec

from kizuna.collect.privacy import DAY_ID

SAID_BYTES = 8

# What a client may send otherwise the second time: the time of sending, and what it (or the batch
# around the message) tells of itself and of where it is.
_OF_THE_ATTEMPT = ("context", "sentAt", "integrations", "_metadata", "sent_at", "receivedAt")
_encode = msgspec.json.Encoder().encode


def said(message: dict[str, Any] | str | None) -> bytes:
    """8 bytes for the content of a message (or of the text that stands for it): CRC-32 and length.

    Who forges two messages under one messageId with one number wins nothing: the second counts as a
    duplicate, as it would be refused otherwise.
    """
    value: Any = message
    if isinstance(message, dict):
        value = message.copy()
        for name in _OF_THE_ATTEMPT:
            if name in value:
                del value[name]
        anonymous = value.get("anonymousId")
        if anonymous.__class__ is str and anonymous.startswith(DAY_ID):
            # the visitor's id of another day does not make it another message
            del value["anonymousId"]
    text = _encode(value)
    return zlib.crc32(text).to_bytes(4, "little") + len(text).to_bytes(4, "little")
