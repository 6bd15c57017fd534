"""The pages are made when the first of them is asked for.

What they need takes a second of processor time to load; a server that collects is there sooner without, and so is
one that was killed and has to catch up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Web = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""


class Later:
    """ASGI application that is made by `make`, in a thread, once."""

    def __init__(self, make: Callable[[], Web]) -> None:
        self._make = make
        self._made: Web | None = None
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._made is None:
            async with self._turn:
                if self._made is None:
                    self._made = await asyncio.to_thread(self._make)
        await self._made(scope, receive, send)
