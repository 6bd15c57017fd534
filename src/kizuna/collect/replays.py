"""raw/replays: the places in raw/messages of messages that were rejected once and came again later.

`kizuna replay` notes them here before it sends them again, so that a rebuild leaves them at rest at
their first place, though they would fit by now, and takes them at their second, as it was live.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_FILE = "raw/replays"


def replayed(root: Path) -> frozenset[int]:
    """The positions noted so far."""
    try:
        lines = (root / _FILE).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return frozenset()
    return frozenset(int(line) for line in lines if line.isdigit())


def note_replayed(root: Path, positions: Iterable[int]) -> None:
    """Note positions; they are on the disk when this returns."""
    file = root / _FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="ascii") as out:
        # A line cut by a crash must not grow into another position.
        out.write("\n" + "".join(f"{position}\n" for position in positions))
        out.flush()
        os.fsync(out.fileno())
