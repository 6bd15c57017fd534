"""Signatures by a key pair: the sender keeps the private key, and gives us the public one.

ECDSA on the curve P-256 over SHA-256 (FIPS 186-5), the signature as DER. Whoever reads the public key can
check signatures and make none, so that it is no secret; `cryptography` does the arithmetic.
"""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

_ARMOUR = re.compile(r"-----[A-Z ]+-----")


def der(text: str) -> bytes:
    """The bytes of a public key as senders show it: base64 of DER, with or without the lines of PEM around it.

    Raises `ValueError` for a text that is no such key.
    """
    found = base64.b64decode("".join(_ARMOUR.sub("", text).split()), validate=True)
    _public(found)
    return found


def verified(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the private key beside the public `key` (DER) signed `message`."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        _public(key).verify(signature, message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _public(key: bytes) -> EllipticCurvePublicKey:
    # Loaded where it is needed: most workspaces have no such sender.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        public = load_der_public_key(key)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    if not isinstance(public, EllipticCurvePublicKey) or not isinstance(public.curve, SECP256R1):
        raise ValueError("it is no key of the curve P-256")
    return public
