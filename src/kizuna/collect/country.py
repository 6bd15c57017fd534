"""The country of a network address, where the package that knows is installed (``kizuna[country]``).

iptocc carries the delegation lists of the five regional internet registries, made anew every night, and
looks nothing up outside the machine. They tell to which country a block was *given*, which for about one
address in twenty is not where it is used (Zander, "On the accuracy of IP geolocation based on IP
allocation data", 2012). Hardly a block is smaller than a /24 or a /48, so the truncated addresses
that are kept (the setting `addresses`) give the same answer as whole ones.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

KEPT = 65_536


@lru_cache(maxsize=KEPT)
def country(address: str | None) -> str | None:
    """The ISO 3166 two-letter code of an address; None where it is not known or nobody can tell.

    Anything may be asked: text that is no address and addresses that belong to no country (private,
    loopback) have none.
    """
    look = _lookup()
    return look(address) if address and look else None


@cache
def _lookup() -> Callable[[str], str | None] | None:
    try:
        from iptocc import country_code
    except ModuleNotFoundError:
        return None
    return country_code
