"""Request bodies by the hundred thousand: good ones, good ones spoilt, and nonsense; the same for the same seed.

    for sent in generated(100_000, seed=1):
        answer = post(sent.path, sent.body, sent.headers)

`receive` and the whole server are tested with them: no body may be answered with a 5xx.
"""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import zstandard

CALLS = ("track", "identify", "page", "screen", "group", "alias", "batch", "capture")
PATHS = {**{call: f"/v1/{call}" for call in CALLS}, "capture": "/capture/"}
KEY = "k"
"""The write key that good bodies have."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request: `call` is what `path` means; the write key is in Basic authentication where `basic` is set."""

    call: str
    body: bytes
    encoding: str = ""
    basic: bool = True
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return PATHS[self.call]


def generated(count: int, seed: int = 0) -> Iterator[Sent]:
    """`count` requests."""
    chance = random.Random(seed)
    for _ in range(count):
        call = chance.choice(CALLS)
        text = json.dumps(_body(chance, call), ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
        for _ in range(chance.choice((0, 0, 1, 1, 2, 5))):
            text = chance.choice(SPOILERS)(chance, text)
        encoding, body = _packed(chance, text)
        headers = {
            "content-type": chance.choice(("application/json", "text/plain", "application/x-www-form-urlencoded"))
        }
        if encoding:
            headers["content-encoding"] = encoding
        yield Sent(call, body, encoding, chance.random() < 0.8, headers)


# --- good bodies


def _body(chance: random.Random, call: str) -> Any:
    if call in ("batch", "capture"):
        many = [_message(chance) for _ in range(chance.choice((0, 1, 2, 10)))]
        body: dict[str, Any] = {"batch": many, "sentAt": _time(chance)}
        if chance.random() < 0.3:
            body["context"] = {"ip": "203.0.113.77", "locale": "ja-JP"}
    else:
        body = _message(chance)
    if chance.random() < 0.7:
        body[chance.choice(("writeKey", "api_key", "write_key", "token"))] = KEY
    return body if chance.random() < 0.97 else _value(chance, 3)


def _message(chance: random.Random) -> dict[str, Any]:
    if chance.random() < 0.25:
        return _posthog(chance)
    message: dict[str, Any] = {
        "type": chance.choice(CALLS[:6]),
        "event": chance.choice(("Order Completed", "Signed Up", "製品を見た")),
        "messageId": f"m{chance.randrange(10**6)}",
        "userId": f"u{chance.randrange(50)}",
        "anonymousId": f"a{chance.randrange(50)}",
        "groupId": "g1",
        "previousId": f"a{chance.randrange(50)}",
        "timestamp": _time(chance),
        "sentAt": _time(chance),
        "properties": {"total": 12.5, "currency": "JPY", "products": [{"sku": "t-1", "quantity": 2}]},
        "traits": {"email": "a@b.example", "plan": "pro"},
        "context": {
            "ip": "203.0.113.77",
            "library": {"name": "analytics.js", "version": "next-1.70"},
            "page": {"path": "/tea", "referrer": "https://www.google.com/"},
            "consent": {"categoryPreferences": {"Analytics": chance.random() < 0.5}},
        },
    }
    for name in list(message):
        if chance.random() < 0.12:
            del message[name]
        elif chance.random() < 0.03:
            message[name] = _value(chance, 2)
    return message


def _posthog(chance: random.Random) -> dict[str, Any]:
    event = chance.choice(("$pageview", "$identify", "$set", "$create_alias", "$groupidentify", "$screen", "Bought"))
    properties = {"$device_id": "d1", "$ip": "203.0.113.77", "$set": {"plan": "pro"}, "alias": "u2", "$group_key": "g"}
    item = {"event": event, "distinct_id": chance.choice(("d1", "u1", 7)), "properties": properties}
    if chance.random() < 0.2:
        item[chance.choice(list(item))] = _value(chance, 2)
    return item


def _time(chance: random.Random) -> Any:
    year = chance.choice((1969, 1970, 2016, 2025, 2026, 2026, 2026, 2027, 9999))
    text = f"{year}-{chance.randint(1, 13):02d}-{chance.randint(1, 31):02d}T{chance.randint(0, 24):02d}:00:00.{chance.randrange(10**6)}"
    return chance.choice((text + "Z", text + "+09:00", text, chance.randrange(-(10**20), 10**20), 1795339800, None, {}))


# --- any value

_WORDS = (
    "",
    " ",
    "a",
    "userId",
    "undefined",
    "\0",
    "\x1b[2J",
    "\ud83d",
    "😀",
    "' OR 1=1 --",
    "<script>",
    "=1+1",
    "x" * 300,
)


def _value(chance: random.Random, depth: int) -> Any:
    kind = chance.randrange(9 if depth else 7)
    if kind == 7:
        return [_value(chance, depth - 1) for _ in range(chance.randrange(4))]
    if kind == 8:
        names = (*_WORDS, "type", "batch", "context", "properties", "ip", "placeholders")
        return {chance.choice(names): _value(chance, depth - 1) for _ in range(chance.randrange(4))}
    plain = (
        None,
        True,
        chance.randrange(-9, 9),
        chance.randrange(10**40),
        chance.random(),
        chance.choice(_WORDS),
        -0.0,
    )
    return plain[kind]


# --- ways to spoil a text

Spoiler = Callable[[random.Random, bytes], bytes]
_NASTY = (
    b"\0", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b",", b":", b'"', b"\\", b"{", b"}", b"[", b"]", b"NaN", b"1e999",
    b"\\ud800", b"\\u0022", b"\\u0000", b"-", b"9" * 5_000, b"[" * 2_000, b'{"a":' * 600, b"null", b"\r\n", b" " * 2_000,
)  # fmt: skip


def _flip(chance: random.Random, text: bytes) -> bytes:
    if not text:
        return text
    at = chance.randrange(len(text))
    return text[:at] + bytes([text[at] ^ (1 << chance.randrange(8))]) + text[at + 1 :]


def _cut(chance: random.Random, text: bytes) -> bytes:
    return text[: chance.randrange(len(text) + 1)]


def _put(chance: random.Random, text: bytes) -> bytes:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(_NASTY) + text[at:]


def _put_value(chance: random.Random, text: bytes) -> bytes:
    """Something nasty in the place of a value, where it is read and not only refused."""
    places = [at for at, byte in enumerate(text) if byte == ord(":")]
    if not places:
        return text
    at = chance.choice(places) + 1
    value = json.dumps(_value(chance, 3)).encode()
    return (
        text[:at] + chance.choice((value, b"[" * 50 + b"1" + b"]" * 50, b"1", b'"1"', b"null")) + b',"x":' + text[at:]
    )


def _twice(chance: random.Random, text: bytes) -> bytes:
    first, last = sorted(chance.randrange(len(text) + 1) for _ in range(2))
    return text[:last] + text[first:last] + text[last:]


def _without(chance: random.Random, text: bytes) -> bytes:
    first, last = sorted(chance.randrange(len(text) + 1) for _ in range(2))
    return text[:first] + text[last:]


def _noise(chance: random.Random, text: bytes) -> bytes:
    return chance.randbytes(chance.randrange(200))


def _large(chance: random.Random, text: bytes) -> bytes:
    return text.replace(b'"/tea"', b'"' + b"x" * chance.choice((30_000, 40_000, 600_000)) + b'"', 1)


SPOILERS: tuple[Spoiler, ...] = (
    _flip,
    _flip,
    _cut,
    _put,
    _put,
    _put_value,
    _put_value,
    _twice,
    _without,
    _noise,
    _large,
)


def _packed(chance: random.Random, text: bytes) -> tuple[str, bytes]:
    if chance.random() < 0.7:
        return "", text
    name, pack = chance.choice(
        (
            ("gzip", lambda body: gzip.compress(body, 1)),
            ("", lambda body: gzip.compress(body, 1)),
            ("deflate", zlib.compress),
            ("zstd", zstandard.ZstdCompressor().compress),
            ("gzip", bytes),
            ("br", bytes),
            ("gzip", lambda body: gzip.compress(gzip.compress(body, 1), 1)),
        )
    )
    body = pack(text)
    if chance.random() < 0.2:
        body = chance.choice((_flip, _cut, _twice))(chance, body)
    return name, body
