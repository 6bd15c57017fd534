"""One call of the API, and how a function becomes the handler of its operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from litestar import Request, Response, delete, get, post
from litestar.handlers import HTTPRouteHandler

from kizuna.show.web.api.asked import Asked, read
from kizuna.show.web.api.filing import take_file
from kizuna.show.web.api.operation import Operation
from kizuna.show.web.hub import Hub
from kizuna.show.web.importing.drop import Drop
from kizuna.show.web.who import Who, needs, who_of

VERBS: Mapping[str, Any] = {"GET": get, "POST": post, "DELETE": delete}


@dataclass(frozen=True, slots=True)
class Call:
    """A request as its handler sees it: what is asked, by whom, and the JSON or file that was sent."""

    request: Request[Any, Any, Any]
    hub: Hub
    asked: Asked
    body: bytes = b""
    drop: Drop | None = None

    @property
    def who(self) -> Who:
        """Who asks."""
        return who_of(self.request)


def serves(operation: Operation) -> Callable[[Callable[[Call], Response[bytes]]], HTTPRouteHandler]:
    """Make a function the handler of an operation. It runs in a thread, since it asks the database."""

    def decorate(function: Callable[[Call], Response[bytes]]) -> HTTPRouteHandler:
        async def handle(request: Request[Any, Any, Any]) -> Response[bytes]:
            asked = read(operation, request.query_params.dict(), request.path_params)
            hub: Hub = request.app.state.hub
            drop = await take_file(request, hub, asked.text("file")) if operation.takes_file else None
            body = await request.body() if operation.body is not None and drop is None else b""
            call = Call(request, hub, asked, body, drop)
            return await anyio.to_thread.run_sync(function, call)

        handle.__name__ = operation.name
        handle.__doc__ = function.__doc__
        opt = {**needs(operation.role), "operation": operation}
        most = {"request_max_body_size": None} if operation.takes_file else {}
        made = VERBS[operation.method](
            operation.path, opt=opt, status_code=operation.status, include_in_schema=False, **most
        )
        handler = made(handle)
        assert isinstance(handler, HTTPRouteHandler)
        return handler

    return decorate
