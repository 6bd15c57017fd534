"""The links people are asked by: signed, so that nobody can make one, and bound to one invitation.

A token is ``base64url(body).base64url(mac)``; the body is a version, a kind, the minute in which it ends, the
invitation's id and the survey's name; the mac the first 16 bytes of HMAC-SHA256 (RFC 2104) under the
workspace's key. It says nothing of a person: whom, which ticket, order, agent and campaign an invitation is about
stands in the invitation's record. What it does not protect from: whoever has the link may answer in that
person's stead, once, as with any letter; so a link ends, and it opens nothing but its own survey.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
import struct
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from kizuna.errors import SettingError

FILE = "surveys.key"
Purpose = Literal["answer", "test", "unsubscribe"]
_PURPOSES: tuple[Purpose, ...] = ("answer", "test", "unsubscribe")
_VERSION, _MAC, _HEAD = 1, 16, struct.Struct(">BBI")
_LONGEST = 400
ID_BYTES = 12
_KEY_BYTES = 32


class BadToken(Exception):
    """A token that was not made here, or was changed on the way."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a link is for: `invitation` of `survey`, until the minute `ends` (minutes since 1970, UTC)."""

    purpose: Purpose
    survey: str
    invitation: str
    ends: int

    def over(self, at: int) -> bool:
        """Whether it has ended; `at` in microseconds since 1970."""
        return at // 60_000_000 > self.ends


def new_invitation() -> str:
    """An id nobody can guess (96 bits), as text."""
    return secrets.token_urlsafe(ID_BYTES)


def seal(token: Token, key: bytes) -> str:
    """The token as the text of a link."""
    head = _HEAD.pack(_VERSION, _PURPOSES.index(token.purpose), token.ends)
    body = head + token.invitation.encode() + b"\0" + token.survey.encode()
    return f"{_text(body)}.{_text(_mac(body, key))}"


def unseal(text: str, key: bytes) -> Token:
    """The token in a link. Raises `BadToken`."""
    if len(text) > _LONGEST or text.count(".") != 1:
        raise BadToken
    said, _, mac = text.partition(".")
    try:
        body, given = _bytes(said), _bytes(mac)
    except (binascii.Error, ValueError):
        raise BadToken from None
    # The text itself is compared as well: base64 lets the last character be one of several.
    if not hmac.compare_digest(given, _mac(body, key)) or _text(body) != said or _text(given) != mac:
        raise BadToken
    version, purpose, ends = _HEAD.unpack_from(body)
    invitation, _, survey = body[_HEAD.size :].partition(b"\0")
    if version != _VERSION:
        raise BadToken
    return Token(_PURPOSES[purpose], survey.decode(), invitation.decode(), ends)


def workspace_key(root: Path) -> bytes:
    """The workspace's key for links, made when first needed; whoever has the file can make links.

    Raises `SettingError` where the file does not hold a whole key: with half of one links could be made by guessing.
    """
    file = root / FILE
    with suppress(FileNotFoundError):
        return _read_key(file)
    key = secrets.token_bytes(_KEY_BYTES)
    part = root / f"{FILE}.{secrets.token_hex(8)}.part"
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(key.hex() + "\n")
        out.flush()
        os.fsync(out.fileno())
    try:
        with suppress(FileExistsError):
            os.link(part, file)  # unless another process was first
    finally:
        part.unlink()
    return _read_key(file)


def _read_key(file: Path) -> bytes:
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise SettingError(
            f"{file} does not hold the key that links are signed with.",
            "Bring it back from a backup; without the file a new key is made, and links that are out no longer work.",
        )
    return key


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, b"kizuna survey link\0" + body, sha256).digest()[:_MAC]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
