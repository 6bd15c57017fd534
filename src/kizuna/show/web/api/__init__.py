"""The API of programs: ``/api/v1``, with a key as ``Authorization: Bearer kz_…``, or from a page that is signed in.

One module an address; each has its handlers in `HANDLERS`, and each handler the `Operation` that it serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

from litestar import Router
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.types import ControllerRouterHandler

from kizuna.show.mcp.mount import mount
from kizuna.show.web.api.operation import BASE, Operation
from kizuna.show.web.api.rates import Rates
from kizuna.show.web.hub import Hub
from kizuna.show.web.who import who_of

RESOURCES = (
    "measure",
    "metrics",
    "rows",
    "customers",
    "surveys",
    "segments",
    "notes",
    "imports",
    "sources",
    "calculators",
)
"""Modules of this package, in the order of the docs."""


def routes(hub: Hub) -> Sequence[ControllerRouterHandler]:
    """All addresses of the API, and ``/mcp``, which counts as more of the same requests."""
    from kizuna.show.web.api.openapi import openapi

    rates = Rates()

    def limited(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        who = who_of(connection)
        if who.name:
            # Two keys may have one name.
            rates.take(f"{who.name} {who.key_id}", who.name, hub.settings.max_api_requests)

    router = Router(
        BASE,
        route_handlers=[openapi, *handlers()],
        guards=[limited],
        include_in_schema=False,
    )
    return router, mount(hub, [limited])


@cache
def handlers() -> Sequence[HTTPRouteHandler]:
    """All handlers."""
    return tuple(handler for name in RESOURCES for handler in import_module(f"kizuna.show.web.api.{name}").HANDLERS)


def operations() -> Sequence[Operation]:
    """What the API can do, in the order of the docs."""
    return tuple(handler.opt["operation"] for handler in handlers())
