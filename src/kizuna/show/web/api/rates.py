"""How many requests one key or account may send: a script in a loop must not take the pages from everybody else.

Each has a bucket of tokens that fills at the rate of the setting ``max_api_requests`` a minute, up to one minute's
worth; a request takes one (the token bucket, as in ITU-T I.371). While it is empty requests are refused with 429
and the time to wait. What it does not protect from: requests without a key, which are refused before anything is
read, and somebody with many keys.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from litestar.exceptions import TooManyRequestsException

MINUTE = 60.0


class Rates:
    """The buckets of all who ask. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        # who → tokens left, and when that was
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, who: str, name: str, per_minute: int) -> None:
        """Let one request of `who` (called `name`) pass; 0 `per_minute` lets all.

        Raises 429 while they have to wait; that counts no request.
        """
        if not per_minute:
            return
        with self._lock:
            now = self._clock()
            left, since = self._left.get(who, (float(per_minute), now))
            left = min(float(per_minute), left + (now - since) * per_minute / MINUTE)
            # A whole token is needed, up to what adding up fractions of seconds loses.
            if left >= 1 - 1e-9:
                self._left[who] = (left - 1, now)
                return
        wait = max(1, math.ceil((1 - left) * MINUTE / per_minute))
        raise TooManyRequestsException(
            f"{name} sends more than {per_minute:,} requests a minute (setting max_api_requests). "
            f"Ask again in {wait} seconds.",
            headers={"retry-after": str(wait)},
        )
