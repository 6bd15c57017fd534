"""What the collector answers: always JSON, always saying what became of each message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from kizuna.collect.refused import Refused

Header = tuple[bytes, bytes]
RETRY_SECONDS = 5
"""What Retry-After says when messages cannot be kept: a full disk is seldom mended sooner."""

_JSON: Header = (b"content-type", b"application/json")
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes
    headers: list[Header] = field(default_factory=lambda: [_JSON])


@dataclass(slots=True)
class Outcome:
    """What became of the messages of one request, item by item.

    `accepted` are on the disk, `duplicates` were there already, `dropped` lack consent; `rejected` and
    `warnings` say which message and why.
    """

    accepted: int = 0
    duplicates: int = 0
    dropped: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether there is nothing good in it: sending it again would be in vain."""
        return bool(self.rejected) and not (self.accepted or self.duplicates or self.dropped)

    def answer(self) -> Answer:
        """200, or 400 when every message was rejected."""
        if self.accepted == 1 and not (self.duplicates or self.dropped or self.rejected or self.warnings):
            return Answer(200, _ONE, _ONE_HEADERS)
        return json_answer(
            400 if self.refused else 200,
            {
                "success": not self.refused,
                "accepted": self.accepted,
                "duplicates": self.duplicates,
                "dropped": self.dropped,
                "rejected": self.rejected,
                "warnings": self.warnings,
            },
        )


_ONE = b'{"success":true,"accepted":1,"duplicates":0,"dropped":0,"rejected":[],"warnings":[]}\n'
_ONE_HEADERS = [_JSON]


def json_answer(status: int, body: Any, headers: Iterable[Header] = ()) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, _encode(body) + b"\n", [_JSON, *headers])


def problem(status: int, reason: str, detail: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Nothing was kept: a word for programs and a sentence for people."""
    given = ((name.encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items())
    return json_answer(status, {"success": False, "reason": reason, "detail": detail}, given)


def refusal(refused: Refused) -> Answer:
    """The answer to a request that is refused as a whole."""
    return problem(refused.status, refused.reason, refused.detail, refused.headers)


def later(detail: str) -> Answer:
    """Messages cannot be kept now: the client is to send them again."""
    return problem(503, "unavailable", detail, {"retry-after": str(RETRY_SECONDS)})
