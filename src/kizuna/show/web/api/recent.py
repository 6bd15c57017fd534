"""Answers that were just given, for who asks the same again before anything is written.

Pages keep answers by number (`kizuna.show.web.kept`) and may show what is a minute old. A program may ask for a hundred
thousand numbers at once, so here they are kept by size, and only while the data and the segments are the same.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from kizuna.show.web.hub import Hub
from kizuna.workspace import Workspace

T = TypeVar("T")
State = tuple[int, object]
"""The version of the data, and the business: another object where settings or definitions are others."""

MOST = 20_000
"""So many numbers are kept in all, some ten megabytes."""


class Recent:
    """Answers of one state of the data; `most` is how much they may weigh together."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._weight = most, 0
        self._state: State = (-1, None)
        self._kept: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, state: State, key: Hashable, make: Callable[[], T], weigh: Callable[[T], int]) -> T:
        """The answer to `key` as of `state`; two who ask at once may each have it made."""
        with self._lock:
            found = self._kept.get(key) if self._holds(state) else None
            if found is not None:
                self._kept.move_to_end(key)
                return cast(T, found[0])
        made = make()
        self._keep(state, key, made, weigh(made))
        return made

    def _holds(self, state: State) -> bool:
        return state[0] == self._state[0] and state[1] is self._state[1]

    def _keep(self, state: State, key: Hashable, made: object, weight: int) -> None:
        with self._lock:
            if state[0] < self._state[0]:
                return
            if not self._holds(state):
                self._kept.clear()
                self._weight, self._state = 0, state
            if weight > self._most or key in self._kept:
                return
            self._kept[key] = (made, weight)
            self._weight += weight
            while self._weight > self._most:
                _, (_, lighter) = self._kept.popitem(last=False)
                self._weight -= lighter


_ALL: WeakKeyDictionary[Workspace, Any] = WeakKeyDictionary()
_TURN = threading.Lock()


def recent_of(hub: Hub) -> Recent:
    """What was answered of the workspace that this server has open."""
    with _TURN:
        if hub.workspace not in _ALL:
            _ALL[hub.workspace] = Recent()
        found: Recent = _ALL[hub.workspace]
        return found
