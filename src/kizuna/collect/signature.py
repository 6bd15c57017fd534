"""Whether a webhook comes from whom it says.

The sender and we share a secret. The sender signs the body, mostly together with a time, and puts the
signature in a header; we sign the same bytes and compare in constant time (HMAC, RFC 2104). A time
that is signed too is held against our clock, so that a recording cannot be played back later; within
that window the delivery's id sees to it that a replay counts once. Some sign with a key of their own instead and
publish the other half of it (ECDSA); then no secret is shared, and what we hold can make no signature.

How vendors do it differs in details only, which a hook file declares: the hash, the header, how the
signature is written (hex, base64), what stands before it, and which bytes are signed, as a template.
Several secrets may be valid at a time, and several signatures may be sent, while a secret is changed.

What this does not protect from: a secret that has leaked; a vendor whose signature leaves out the body
(Mailgun's); one that signs no time, where a recording can be sent again, though it counts once; and
``token``, which only proves that the sender knows the secret, and shows it to whoever sees the request.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from kizuna.collect import ecdsa
from kizuna.collect.clock import read_time
from kizuna.collect.hookpath import Delivery, as_text, find, read_path

Scheme = Literal["hmac-sha256", "hmac-sha1", "hmac-sha512", "ecdsa-sha256", "token", "none"]
_HASHES: dict[str, Callable[[], Any]] = {
    "hmac-sha256": hashlib.sha256,
    "hmac-sha1": hashlib.sha1,
    "hmac-sha512": hashlib.sha512,
}
_PLACE = re.compile(r"\{([^{}]+)\}")
PLACES = ("body", "timestamp", "url")
"""What may stand in a template besides paths."""

_MOST_SENT = 4
"""So many signatures of one request are checked by a public key, which takes 0.05 ms each."""


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[signature]`` of a hook file.

    `secret` is the secret itself, `secret_env` the environment variable that holds it; each may be a
    list while a secret is changed. `secret_form` says that the secret is base64 or hex of the key; for
    ``ecdsa-sha256`` it is the sender's public key, as the sender shows it.
    `where` is a path to the signature, mostly a header. A header with several parts is split at
    `separator`; the parts that begin with `prefix` are signatures. `timestamp` is a path to the signed
    time, or ``part:t=`` for the part of the header that begins so. `signed` is the template of what is
    signed: ``{body}``, ``{timestamp}``, ``{url}`` (as vendors know it) or ``{path}``.
    """

    scheme: Scheme
    where: str = ""
    encoding: Literal["hex", "base64", "plain"] = "hex"
    prefix: str = ""
    separator: str = ""
    signed: str = "{body}"
    timestamp: str = ""
    tolerance_minutes: int | None = None
    secret: str | list[str] = ""
    secret_env: str | list[str] = ""
    secret_form: Literal["plain", "base64", "hex"] = "plain"
    secret_prefix: str = ""

    def secrets(self) -> list[bytes]:
        """The keys, those of the environment first; none where nothing is set."""
        texts = [os.environ.get(name, "") for name in _listed(self.secret_env)] + _listed(self.secret)
        return [_key(self, text) for text in texts if text]


def by_headers(signature: Signature) -> bool:
    """Whether headers and the body's bytes are all that is needed to check it."""
    texts = [signature.where, signature.timestamp, *_PLACE.findall(signature.signed)]
    return all(not (path := read_path(text)) or path.root == "header" for text in texts if text not in PLACES)


class Unsigned(Exception):
    """The signature is missing, wrong or too old; the text says which, for the vendor's log."""


def problems(signature: Signature) -> list[str]:
    """What is not right about the declaration."""
    if signature.scheme == "none":
        return []
    found = []
    if not signature.where or read_path(signature.where) is None:
        found.append("signature.where must be a path to the signature, such as header.X-Signature")
    if not signature.secret and not signature.secret_env:
        found.append("signature.secret_env must name the environment variable that holds the secret")
    found += [
        f"signature.signed has {{{place}}}, which is neither a path nor one of {', '.join(PLACES)}"
        for place in _PLACE.findall(signature.signed)
        if place not in PLACES and read_path(place) is None
    ]
    if signature.scheme == "ecdsa-sha256" and signature.encoding == "plain":
        found.append("signature.encoding must be base64 or hex, because an ECDSA signature is no text")
    if "{timestamp}" in signature.signed and not signature.timestamp:
        found.append("signature.timestamp must say where the signed time is")
    if "{timestamp}" not in signature.signed and signature.timestamp and not _signs(signature, signature.timestamp):
        found.append("signature.timestamp is not part of signature.signed, so anybody could set it")
    return found


def check(signature: Signature, raw: bytes, delivery: Delivery, now: int, minutes: int, url: str) -> None:
    """Raise `Unsigned` unless one of the signatures sent was made with one of our secrets, in time.

    `raw` is the body as it was signed, `now` in microseconds.
    """
    if signature.scheme == "none":
        return
    keys = signature.secrets()
    if not keys:
        raise Unsigned("this server has no secret for the hook: set the variable that signature.secret_env names")
    where = read_path(signature.where)
    assert where is not None
    given = as_text(find(where, delivery)[1])
    if not given:
        raise Unsigned(f"there is no signature at {signature.where}")
    parts = [part.strip() for part in given.split(signature.separator)] if signature.separator else [given.strip()]
    stamp = _timestamp(signature, parts, delivery)
    sent = [decoded for part in parts if (decoded := _decoded(signature, part)) is not None]
    if not sent:
        raise Unsigned(f"{signature.where} is not written as {signature.prefix}{signature.encoding}")
    message = _signed(signature, raw, stamp, url, delivery)
    if not (_by_pair if signature.scheme == "ecdsa-sha256" else _by_secret)(signature, keys, sent, message):
        raise Unsigned("the signature is wrong: the secret, or the body on its way, is another")
    if stamp:
        _in_time(signature, stamp, now, minutes)


def sign(signature: Signature, key: bytes, raw: bytes, stamp: str, url: str, delivery: Delivery) -> str:
    """The signature as it is written in the header, without its prefix: for challenges and tests."""
    digest = _expected(signature, key, _signed(signature, raw, stamp, url, delivery))
    return base64.b64encode(digest).decode() if signature.encoding == "base64" else digest.hex()


def _by_secret(signature: Signature, keys: list[bytes], sent: list[bytes], message: bytes) -> bool:
    expected = [_expected(signature, key, message) for key in keys]
    # Every pair is compared, so that the time taken does not tell which came near.
    return bool(sum(hmac.compare_digest(one, other) for one in sent for other in expected))


def _by_pair(signature: Signature, keys: list[bytes], sent: list[bytes], message: bytes) -> bool:
    return any(ecdsa.verified(key, one, message) for one in sent[:_MOST_SENT] for key in keys)


def _expected(signature: Signature, key: bytes, message: bytes) -> bytes:
    return key if signature.scheme == "token" else hmac.new(key, message, _HASHES[signature.scheme]).digest()


def _signed(signature: Signature, raw: bytes, stamp: str, url: str, delivery: Delivery) -> bytes:
    """The bytes that are signed. The template is filled in byte by byte: a body need not be UTF-8."""
    message, end = b"", 0
    for place in _PLACE.finditer(signature.signed):
        message += signature.signed[end : place.start()].encode()
        message += _filled(place[1], raw, stamp, url, delivery)
        end = place.end()
    return message + signature.signed[end:].encode()


def _filled(place: str, raw: bytes, stamp: str, url: str, delivery: Delivery) -> bytes:
    if place == "body":
        return raw
    if place in ("timestamp", "url"):
        return (stamp if place == "timestamp" else url).encode()
    path = read_path(place)
    value = find(path, delivery)[1] if path else None
    return (as_text(value) or "").encode()


def _timestamp(signature: Signature, parts: list[str], delivery: Delivery) -> str:
    if not signature.timestamp:
        return ""
    if signature.timestamp.startswith("part:"):
        beginning = signature.timestamp.removeprefix("part:")
        found = next((part.removeprefix(beginning) for part in parts if part.startswith(beginning)), None)
    else:
        path = read_path(signature.timestamp)
        found = as_text(find(path, delivery)[1]) if path else None
    if not found:
        raise Unsigned(f"there is no time at {signature.timestamp}")
    return found


def _in_time(signature: Signature, stamp: str, now: int, minutes: int) -> None:
    try:
        signed_at = read_time(stamp)
    except ValueError:
        raise Unsigned(f"the signed time {stamp[:40]!r} cannot be read") from None
    allowed = minutes if signature.tolerance_minutes is None else signature.tolerance_minutes
    if abs(now - signed_at) > allowed * 60_000_000:
        raise Unsigned(f"it was signed more than {allowed} minutes ago, or the clocks differ")


def _decoded(signature: Signature, part: str) -> bytes | None:
    if not part.startswith(signature.prefix):
        return None
    text = part.removeprefix(signature.prefix).strip()
    try:
        if signature.encoding == "hex":
            return bytes.fromhex(text)
        if signature.encoding == "base64":
            return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (ValueError, binascii.Error):
        return None
    return text.encode()


def _key(signature: Signature, secret: str) -> bytes:
    secret = secret.strip().removeprefix(signature.secret_prefix)
    if signature.scheme == "ecdsa-sha256":
        try:
            return ecdsa.der(secret)
        except ValueError:
            raise Unsigned("the hook's secret is no public key: base64 of DER, of the curve P-256") from None
    try:
        if signature.secret_form == "base64":
            return base64.b64decode(secret, validate=True)
        if signature.secret_form == "hex":
            return bytes.fromhex(secret)
    except (ValueError, binascii.Error):
        raise Unsigned(f"the hook's secret is not {signature.secret_form}") from None
    return secret.encode()


def _signs(signature: Signature, path: str) -> bool:
    return path in _PLACE.findall(signature.signed)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) and value else list(value)
