"""``/mcp``: the protocol over HTTP (Streamable HTTP), for those who send a key.

Every request stands alone: no session is kept, so a key that is revoked ends at once, and a restart loses nothing. The
SDK serves requests in a task group of one event loop; it starts with the first request there and ends with the loop.
"""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

from litestar import asgi
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Guard, Receive, Scope, Send

from kizuna.show.web.hub import Hub
from kizuna.show.web.who import Who, needs

PATH = "/mcp"
LARGEST = 1_000_000
"""Bytes of a request."""


def mount(hub: Hub, guards: list[Guard]) -> ASGIRouteHandler:
    """The handler of ``/mcp``. Without the extra it answers 404 and says what to install."""
    managers = Managers(hub)

    @asgi(PATH, copy_scope=True, guards=guards, opt=needs("viewer"))
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "POST":
            # A GET asks for a stream of what the server has to say by itself, which is nothing: it would stay open.
            raise MethodNotAllowedException("Calls are sent by POST.", headers={"allow": "POST"})
        manager = await managers.get()
        await manager.asgi_app(scope, receive, send)

    return serve


class Managers:
    """The SDK's session manager of each event loop; a server has one loop, tests have many."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._running: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[Any]] = WeakKeyDictionary()
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self) -> Any:
        """The manager of this loop, started."""
        loop = asyncio.get_running_loop()
        if loop not in self._running:
            self._running[loop] = asyncio.create_task(self._start())
        return await asyncio.shield(self._running[loop])

    async def _start(self) -> Any:
        manager = self._make()
        started: asyncio.Event = asyncio.Event()

        async def run() -> None:
            async with manager.run():
                started.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(run(), name="kizuna-mcp")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await started.wait()
        return manager

    def _make(self) -> Any:
        try:
            from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

            from kizuna.show.mcp.server import make_server
        except ImportError:
            raise NotFoundException("MCP is not installed here: pip install 'kizuna[mcp]'.") from None
        from kizuna.show.mcp.tools import Tools

        tools = Tools(self._hub.workspace, self._hub.state, self._hub.last_day)
        server = make_server(tools, who_asks)
        return StreamableHTTPSessionManager(
            server._lowlevel_server, json_response=True, stateless=True, max_request_body_size=LARGEST
        )


def who_asks(context: Any) -> tuple[Who, str]:
    """Who a call over HTTP is from, as the doorman found out."""
    request = context.request_context.request
    who = request.scope["state"]["who"]
    assert isinstance(who, Who)
    return who, who.address
