"""The segments of a workspace as questions see them.

Most questions name none. So the state is opened, and what it needs is loaded, when the first one does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kizuna.store.state.database import State

_AGE_SECONDS = 1.0
_FILE = "state.db"  # as in kizuna.store.state.database, which takes a quarter of a second to load


class Segments(Mapping[str, str]):
    """The conditions of a workspace's segments by name, as they are when asked for.

    Where there is no state yet there are none, and none is made for looking. What was read holds while the
    file is unchanged, a second at most: a question looks often.
    """

    def __init__(self, root: Path, url: str = "") -> None:
        self._root, self._url = root, url
        self._state: State | None = None
        self._read: tuple[object, float, dict[str, str]] = (None, 0.0, {})
        self._turn = threading.Lock()

    def __getitem__(self, name: str) -> str:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def close(self) -> None:
        """Let the state go."""
        with self._turn:
            if self._state is not None:
                self._state.close()
            self._state = None

    def _now(self) -> dict[str, str]:
        with self._turn:
            stamp, (seen, at, found) = self._stamp(), self._read
            if stamp is None:
                return {}
            if stamp != seen or time.monotonic() - at > _AGE_SECONDS:
                from kizuna.store.state import segments
                from kizuna.store.state.database import State

                self._state = self._state or State(self._root, self._url)
                at = time.monotonic()
                with self._state.session() as session:
                    found = segments.conditions(session)
                self._read = (stamp, at, found)
            return found

    def _stamp(self) -> object:
        """Something that changes when the state is written to; none where there is no state."""
        if self._url:
            return self._url
        file = self._root / _FILE
        found = [(each.stat().st_mtime_ns, each.stat().st_size) if each.exists() else None for each in _files(file)]
        return found if found[0] else None


def _files(file: Path) -> tuple[Path, Path]:
    return file, file.with_name(file.name + "-wal")
