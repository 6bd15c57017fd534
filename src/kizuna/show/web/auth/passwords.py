"""Passwords: what may be one, and how they are kept.

They are kept as argon2id hashes (RFC 9106) with 19 MiB, two passes and one lane, the first choice of OWASP's Password
Storage Cheat Sheet. A password has 8 to 200 characters of any kind (NIST SP 800-63B asks for no mixture of kinds, as
that makes passwords worse), is none of the common ones (the 11,611 of eight characters or more in the list that zxcvbn
carries), and neither the address it belongs to nor the name of the business. It is normalised (NFKC) so that it is
the same from any keyboard. What is longer is refused before it costs anything.

Whoever is not known takes as long as who is: a hash of nothing is checked instead. A few are checked at a time, so
that many logins at once do not take the machine's memory.

It does not protect from a password that its owner uses elsewhere and that was lost there.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

LEAST, MOST = 8, 200
AT_ONCE = 2
"""So many are hashed at a time: 38 MiB."""

Fault = Literal["short", "long", "common", "own"]
"""Why something cannot be a password; the pages have a sentence for each."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
_turns = threading.BoundedSemaphore(AT_ONCE)


def fault(password: str, own: Iterable[str] = ()) -> Fault | None:
    """Why it cannot be one; `own` are words that are too near: the address, the names of person and business."""
    if len(password) > MOST:
        return "long"
    plain = _normal(password)
    if len(plain) < LEAST:
        return "short"
    lowered = plain.casefold()
    if lowered in _common() or len(set(lowered)) < 3:
        return "common"
    if lowered in {_normal(part).casefold() for word in own for part in (word, word.partition("@")[0]) if part}:
        return "own"
    return None


def hashed(password: str) -> str:
    """How a password is kept; it has been looked at by `fault`."""
    with _turns:
        return _hasher.hash(_normal(password))


def right(kept: str, password: str) -> bool:
    """Whether it is the password of a hash; without one (nobody known, none set yet) it takes as long to say no."""
    if len(password) > MOST:
        return False
    with _turns:
        try:
            return _hasher.verify(kept or _nothing(), _normal(password)) and bool(kept)
        except (VerificationError, InvalidHashError):
            return False


def outdated(kept: str) -> bool:
    """Whether a hash was made when hashes were weaker, so that it should be made anew."""
    return _hasher.check_needs_rehash(kept)


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


@cache
def _nothing() -> str:
    return _hasher.hash("nobody has this password, whatever it is")


@cache
def _common() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(each for each in FREQUENCY_LISTS["passwords"] if len(each) >= LEAST)
