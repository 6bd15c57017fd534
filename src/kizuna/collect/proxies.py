"""Who a request is really from, where proxies stand between the client and the server.

A header that anybody can write is believed only where the setting ``trusted_proxies`` names who wrote it: each adds
the address it was called from to X-Forwarded-For, so the list is read from its end, and the first address that is no
trusted proxy's is the client's. What stands before it may be made up. X-Forwarded-Proto is believed from the same.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any


class Proxies:
    """The proxies that are believed. `networks` are addresses or networks (10.0.0.0/8); one that is none raises
    `ValueError`."""

    def __init__(self, networks: Iterable[Any]) -> None:
        self._networks = [ipaddress.ip_network(each, strict=False) for each in networks]

    def client(self, scope: Mapping[str, Any]) -> str:
        """The client's address, empty where the server does not know it."""
        peer = scope.get("client")
        address = str(peer[0]) if peer else ""
        if not self._networks or not self._trusted(address):
            return address
        given = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        for hop in reversed([part.strip() for part in given.decode("latin-1").split(",") if part.strip()]):
            address = _without_port(hop)
            if not self._trusted(address):
                break
        return address

    def https(self, scope: Mapping[str, Any]) -> bool:
        """Whether the browser came by https, to us or to the proxy that called us."""
        if scope.get("scheme") == "https":
            return True
        peer = scope.get("client")
        if not self._networks or not peer or not self._trusted(str(peer[0])):
            return False
        given = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
        return bool(given) and given[-1].rpartition(b",")[2].strip().lower() == b"https"

    def _trusted(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        # A server that listens on :: sees IPv4 so (RFC 4291, section 2.5.5.2).
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in network for network in self._networks)


def _without_port(hop: str) -> str:
    """An address without the port that some proxies write behind it, with which everybody would be somebody new."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
