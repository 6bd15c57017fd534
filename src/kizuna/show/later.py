"""The pages are made when the first of them is asked for.

What they need takes a second of processor time to load; a server that collects is there sooner without, and so is
one that was killed and has to catch up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from kizuna.collect.answers import later

_log = logging.getLogger("kizuna.pages")

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
                    try:
                        self._made = await asyncio.to_thread(self._make)
                    except Exception:
                        _log.exception("The pages cannot be made now")
                        return await _later(send)
        return await self._made(scope, receive, send)


async def _later(send: Any) -> None:
    """The disk is full, say; the next request tries again."""
    answer = later("The pages cannot be shown now; the server wrote down why.")
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})
