"""Cutting off what takes too long, for next to nothing where nothing does.

A timer for every request costs as much as reading it. Here one look a second goes over those that are
under way, oldest first, and cancels what has had its time.
"""

from __future__ import annotations

import asyncio
from typing import Any

_LOOK = 1.0

Task = asyncio.Task[Any]


class Deadlines:
    """Tasks under way in one event loop, each with at least `seconds`, at most a second more."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun: dict[Task, float] = {}
        self._late: set[Task] = set()
        self._looking: asyncio.AbstractEventLoop | None = None

    def enter(self) -> Task:
        """The running task's time begins."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        self._begun[task] = loop.time()
        if self._looking is not loop:
            self._looking = loop
            loop.call_later(min(_LOOK, self._seconds), self._look, loop)
        return task

    def leave(self, task: Task) -> bool:
        """Its time ends; whether it was cancelled for having had too much."""
        self._begun.pop(task, None)
        if task in self._late:
            self._late.remove(task)
            task.uncancel()
            return True
        return False

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        oldest = loop.time() - self._seconds
        for task, begun in list(self._begun.items()):
            if begun > oldest:
                break
            del self._begun[task]
            self._late.add(task)
            task.cancel()
        self._looking = loop if self._begun else None
        if self._begun:
            loop.call_later(min(_LOOK, self._seconds), self._look, loop)
