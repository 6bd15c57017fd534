"""How far a stage of an import is, told while it runs.

DuckDB knows how much of the running statement is done and may be asked from another thread. A stage is
several statements, so the share never goes back: the furthest seen is what is told.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from kizuna.collect.source import Progress

_EVERY_SECONDS = 0.2


@contextlib.contextmanager
def watched(share: Callable[[], float], progress: Progress | None, stage: str, total: int) -> Iterator[None]:
    """Tell `progress` about a stage of `total` units while the block runs; `share` gives percent, -1 for not known."""
    if progress is None:
        yield
        return
    progress(stage, 0, total)
    done = threading.Event()

    def watch() -> None:
        furthest = 0
        while not done.wait(_EVERY_SECONDS):
            now = int(total * min(max(share(), 0.0), 100.0) / 100)
            if now > furthest:
                furthest = now
                progress(stage, furthest, total)

    thread = threading.Thread(target=watch, name=f"kizuna-progress-{stage}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
