"""How often something may be tried: token buckets (ITU-T I.371), in the memory of the server.

A bucket holds some tries and gets one back every so many seconds; who finds it empty is told how long to wait. It is
forgotten when full again, and of very many the one used longest ago first, so that nobody fills the memory.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_KEPT = 50_000


class Limit:
    """`tries` at once, and one more each `seconds`; ``tries`` 0 for no limit. Safe to be used from many threads."""

    def __init__(self, tries: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._tries, self._seconds, self._clock = tries, seconds, clock
        # key → tries left, and when that was
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> float:
        """One try; 0 if it may be, else the seconds to wait. One that may not be does not count."""
        if not self._tries:
            return 0.0
        with self._lock:
            left = self._now(key)
            if left < 1:
                return (1 - left) * self._seconds
            self._keep(key, left - 1)
            return 0.0

    def give_back(self, key: str) -> None:
        """The try was none."""
        with self._lock:
            if key in self._left:
                self._keep(key, self._now(key) + 1)

    def _now(self, key: str) -> float:
        left, since = self._left.get(key, (float(self._tries), 0.0))
        return min(float(self._tries), left + (self._clock() - since) / self._seconds)

    def _keep(self, key: str, left: float) -> None:
        if left >= self._tries:
            self._left.pop(key, None)
            return
        self._left[key] = (left, self._clock())
        self._left.move_to_end(key)
        while len(self._left) > MOST_KEPT:
            self._left.popitem(last=False)


def network(address: str) -> str:
    """What is limited of an address: all of IPv4, the /64 of IPv6, which one customer has whole."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)
