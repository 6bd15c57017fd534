"""What a message says, as a number: equal when a client sends the same message again."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import msgspec

from kizuna.collect.privacy import DAY_ID

SAID_BYTES = 8

# What a client may send otherwise the second time: the time of sending, and what it (or the batch
# around the message) tells of itself and of where it is.
_OF_THE_ATTEMPT = ("context", "integrations", "sentAt", "sent_at", "receivedAt", "_metadata")
_encoder = msgspec.json.Encoder()
_number = struct.Struct("<II").pack


def said(message: dict[str, Any] | str | None) -> bytes:
    """8 bytes for the content of a message (or of the text that stands for it): CRC-32 and length.

    Who forges two messages under one messageId with one number wins nothing: the second counts as a
    duplicate, as it would be refused otherwise.
    """
    if isinstance(message, dict):
        return Writer().write(message)[1]
    text = _encoder.encode(message)
    return _number(zlib.crc32(text), len(text))


class Writer:
    """Writes messages as JSON, one after the other into the same memory. Belongs to one thread."""

    __slots__ = ("_text",)

    def __init__(self) -> None:
        self._text = bytearray(2_048)

    def write(self, message: dict[str, Any]) -> tuple[bytes, bytes]:
        """A message on one line, and what it says.

        What belongs to the attempt stands at the end, so that nothing is written twice to tell it apart.
        """
        content, attempt = message.copy(), {}
        for name in _OF_THE_ATTEMPT:
            if name in content:
                attempt[name] = content.pop(name)
        anonymous = content.get("anonymousId")
        if anonymous.__class__ is str and anonymous.startswith(DAY_ID):
            # the visitor's id of another day does not make it another message
            attempt["anonymousId"] = content.pop("anonymousId")
        text = self._text
        _encoder.encode_into(content, text)
        size = len(text)
        number = _number(zlib.crc32(text), size)
        if attempt:
            # Its opening brace comes over the content's closing one, and a comma over it.
            _encoder.encode_into(attempt, text, size - 1 if content else 0)
            if content:
                text[size - 1] = _COMMA
        return bytes(text), number


_COMMA = ord(",")
