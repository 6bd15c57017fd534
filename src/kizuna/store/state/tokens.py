"""Tokens that stand for somebody: 256 random bits, of which only a digest is kept.

A digest without salt or stretching is enough here: nobody can try 2^256 tokens, and a stolen database opens nothing.
"""

from __future__ import annotations

import secrets
from hashlib import sha256

BYTES = 32


def make_token(prefix: str = "") -> str:
    """A new token in letters, digits, - and _; `prefix` says to people and secret scanners what it is."""
    return prefix + secrets.token_urlsafe(BYTES)


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return sha256(token.encode()).digest()
