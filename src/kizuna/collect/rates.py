"""How much a write key may send: a flood on one source must not take the server from the others.

Every source has a bucket of tokens that fills at the rate of the setting ``max_key_events``, up to ten
seconds' worth; a message takes one. While the bucket is empty, requests are refused with 429 and the time to
wait. One request may overdraw it, so that a batch is never too large for its bucket. (The token bucket, as in
ITU-T I.371.)

A key in Basic authentication is checked before the body is unpacked, one in the body once that is read. What this
does not protect from: the key of a web page is public, so a flood under it shuts out that site's own visitors, though
no other source; requests without a key that is known; and webhooks, which have none.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

from kizuna.collect.refused import Refused

SECONDS = 10
"""So many seconds' worth may come at once."""

_SAID_AGAIN = 60
_log = logging.getLogger("kizuna.collector")


class Rates:
    """The buckets of all sources. `per_second` is the rate, 0 for no limit; `clock` gives seconds."""

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = per_second, clock
        # source → tokens left, and when that was
        self._left: dict[str, tuple[float, float]] = {}
        self._said: dict[str, float] = {}

    def check(self, source: str) -> None:
        """Raise `Refused` 429 while a source has to wait."""
        self.take(source, 0)

    def take(self, source: str, messages: int) -> None:
        """Let `messages` of a source pass. Raises `Refused` 429 while it has to wait; they do not count then."""
        if not self._rate:
            return
        now = self._clock()
        left, since = self._left.get(source, (self._rate * SECONDS, now))
        left = min(self._rate * SECONDS, left + (now - since) * self._rate)
        if left <= 0:
            raise self._refused(source, left, now)
        self._left[source] = (left - messages, now)

    def _refused(self, source: str, left: float, now: float) -> Refused:
        if now - self._said.get(source, -math.inf) >= _SAID_AGAIN:
            self._said[source] = now
            _log.warning("%s sends more than %s messages a second and is told to wait.", source, f"{self._rate:,}")
        wait = max(1, math.ceil(-left / self._rate))
        what = f"This write key sends more than {self._rate:,} messages a second (setting max_key_events)."
        return Refused(429, "too_fast", f"{what} Send again in {wait} seconds.", {"retry-after": str(wait)})
