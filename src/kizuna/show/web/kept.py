"""Answers that were worked out a moment ago: a page that is opened again need not ask the database again.

An answer is good as long as nothing was written since (`version` says so). After that it is still shown for a
while, as pages may be `seconds` old, and a new one is worked out behind it; the page says how old it is. One that is
older is worked out while the reader waits, by one thread, though many ask at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

T = TypeVar("T")
_log = logging.getLogger("kizuna.pages")

MOST = 200
"""So many answers are kept, the last used ones."""


@dataclass(frozen=True, slots=True)
class Worked(Generic[T]):
    """Something worked out: of which state of the data, and when (seconds since 1970)."""

    value: T
    version: int
    at: float


class Kept:
    """Answers by question. `version` tells the state of the data, `seconds` how old an answer may be shown."""

    def __init__(self, version: Callable[[], int], seconds: float, clock: Callable[[], float] = time.time) -> None:
        self._version, self._seconds, self._clock = version, seconds, clock
        self._worked: OrderedDict[Hashable, Worked[object]] = OrderedDict()
        self._turns: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()
        self._cleared = 0

    def get(self, key: Hashable, make: Callable[[], T]) -> Worked[T]:
        """What was worked out under `key`, by `make` where it is not there or too old."""
        found = self._found(key)
        if found is None or (self._clock() - found.at > self._seconds and found.version != self._version()):
            return cast("Worked[T]", self._make(key, make, found))
        if found.version != self._version():
            self._renew(key, make, found)
        return cast("Worked[T]", found)

    def clear(self) -> None:
        """Forget all: what an answer rests on besides the data has changed."""
        with self._lock:
            self._worked.clear()
            self._cleared += 1

    def _found(self, key: Hashable) -> Worked[object] | None:
        with self._lock:
            found = self._worked.get(key)
            if found is not None:
                self._worked.move_to_end(key)
            return found

    def _make(self, key: Hashable, make: Callable[[], object], before: Worked[object] | None) -> Worked[object]:
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            now = self._found(key)
            if now is not None and now is not before:
                return now
            version, at, cleared = self._version(), self._clock(), self._cleared
            try:
                worked = Worked(make(), version, at)
                self._keep(key, worked, cleared)
            finally:
                with self._lock:
                    self._turns.pop(key, None)
            return worked

    def _keep(self, key: Hashable, worked: Worked[object], cleared: int) -> None:
        with self._lock:
            if cleared != self._cleared:  # it rests on definitions that are no more
                return
            self._worked[key] = worked
            while len(self._worked) > MOST:
                self._worked.popitem(last=False)

    def _renew(self, key: Hashable, make: Callable[[], object], before: Worked[object]) -> None:
        """Work it out anew behind the reader's back, unless somebody does."""
        with self._lock:
            if key in self._turns:
                return
            self._turns[key] = threading.Lock()

        def work() -> None:
            try:
                self._make(key, make, before)
            except Exception:
                _log.exception("An answer could not be worked out anew")
            finally:
                with self._lock:
                    self._turns.pop(key, None)

        threading.Thread(target=work, name="kizuna-renew", daemon=True).start()
