"""A request's body as it was before it was packed, never more of it than the limit.

gzip, deflate and zstd are unpacked only as far as the limit, so that a small body which unpacks to
gigabytes costs what the limit costs. Some clients pack without saying so; gzip and zstd are known by
their first bytes, with which no JSON begins.
"""

from __future__ import annotations

import zlib

import zstandard

from kizuna.collect.refused import Refused

ENCODINGS = ("identity", "gzip", "deflate", "zstd")

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_WINDOW = 1 << 23
"""The largest zstd window (8 MB, what RFC 9659 asks decoders on the web to hold)."""


def unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """`body` unpacked. Raises `Refused`: 415 unknown encoding, 400 damaged or packed twice, 413 over `limit`."""
    name = encoding.strip().lower()
    if name in ("", "identity", "none"):
        name = _by_first_bytes(body)
        if not name:
            if len(body) > limit:
                raise too_large(limit, f"{len(body):,}")
            return body
    unpacker = _UNPACKERS.get(name)
    if unpacker is None:
        raise Refused(
            415,
            "unknown_encoding",
            f"Content-Encoding {encoding[:40]!r} is not read. Send {', '.join(ENCODINGS)}.",
            {"accept-encoding": ", ".join(ENCODINGS)},
        )
    plain = unpacker(body, limit)
    if len(plain) > limit:
        raise too_large(limit, f"more than {limit:,}")
    if _by_first_bytes(plain):
        raise Refused(400, "packed_twice", "The body is packed twice. Pack it once.")
    return plain


def _by_first_bytes(body: bytes) -> str:
    if body.startswith(_GZIP):
        return "gzip"
    return "zstd" if body.startswith(_ZSTD) else ""


def too_large(limit: int, actual: str) -> Refused:
    """A request over max_request_bytes; `actual` is its size in words."""
    what = f"The request has {actual} bytes, the limit is {limit:,} (unpacked; setting max_request_bytes)."
    return Refused(413, "too_large", f"{what} Send fewer messages at once.")


def _damaged(name: str, why: str) -> Refused:
    return Refused(400, "damaged", f"The body is not whole {name}: {why}.")


def _gunzip(body: bytes, limit: int) -> bytes:
    """All members of a gzip body (RFC 1952 allows several), up to one byte over the limit."""
    parts: list[bytes] = []
    room = limit + 1
    while room > 0:
        part, body = _inflate(body, 31, "gzip", room)
        parts.append(part)
        room -= len(part)
        if not body:
            break
    return b"".join(parts)


def _deflate(body: bytes, limit: int) -> bytes:
    """zlib's format, or the bare deflate that some clients mean by the name."""
    wrapped = len(body) > 1 and body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    return _inflate(body, 15 if wrapped else -15, "deflate", limit + 1)[0]


def _inflate(body: bytes, bits: int, name: str, room: int) -> tuple[bytes, bytes]:
    """At most `room` unpacked bytes, and what follows the end in the body."""
    unpacker = zlib.decompressobj(bits)
    try:
        plain = unpacker.decompress(body, room)
    except zlib.error as error:
        raise _damaged(name, str(error).rpartition(": ")[2]) from None
    if not unpacker.eof and len(plain) < room:
        raise _damaged(name, "it ends too early")
    return plain, unpacker.unused_data


def _unzstd(body: bytes, limit: int) -> bytes:
    try:
        unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        with unpacker.stream_reader(body) as reader:
            plain = reader.read(limit + 1)
        if len(plain) <= limit:
            # The reader ends in silence where the input does; this one, now known to be bounded, tells.
            whole = unpacker.decompressobj()
            whole.decompress(body)
            if not whole.eof:
                raise _damaged("zstd", "it ends too early")
    except zstandard.ZstdError as error:
        raise _damaged("zstd", str(error).rpartition(": ")[2]) from None
    return plain


_UNPACKERS = {"gzip": _gunzip, "x-gzip": _gunzip, "deflate": _deflate, "zstd": _unzstd}
