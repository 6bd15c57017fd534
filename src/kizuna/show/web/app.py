"""The application: which pages there are, and what stands before all of them."""

from __future__ import annotations

from importlib import import_module

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware

from kizuna.show.web import api, statics
from kizuna.show.web.auth.doorman import Doorman
from kizuna.show.web.auth.gate import Gate
from kizuna.show.web.errors import HANDLERS
from kizuna.show.web.hub import Hub
from kizuna.show.web.security import Security, put_headers
from kizuna.show.web.view import provide_view
from kizuna.show.web.who import guard

PAGES = (
    "overview",
    "chart",
    "metric",
    "metric_rows",
    "metrics",
    "shared",
    "channels",
    "notes",
    "customers",
    "customer",
    "login",
    "welcome",
    "settings",
    "myaccount",
    "accounts",
    "keys",
    "auditlog",
    "feedback",
    "surveys",
    "surveyedit",
    "importing",
    "data",
    "rejected",
    "snippets",
    "calculators",
    "segments",
    "report",
    "api",
)
"""Modules of ``pages``, each with its handlers in `ROUTES`."""

LARGEST_BODY = 2_000_000
"""Bytes of a form; files are taken in by a handler that says otherwise."""


def make_app(hub: Hub) -> Litestar:
    """The application of a workspace, as ASGI."""
    routes = [route for page in PAGES for route in import_module(f"kizuna.show.web.pages.{page}").ROUTES]
    gate = Gate(hub.settings)
    return Litestar(
        [statics.serve, *api.routes(hub), Router("/", route_handlers=routes, include_in_schema=False)],
        guards=[guard],
        before_send=[put_headers],
        middleware=[DefineMiddleware(Security), DefineMiddleware(Doorman, hub=hub)],
        dependencies={
            "hub": Provide(lambda: hub, sync_to_thread=False),
            "gate": Provide(lambda: gate, sync_to_thread=False),
            "view": Provide(provide_view, sync_to_thread=False),
        },
        compression_config=CompressionConfig("gzip", minimum_size=1_000, gzip_compress_level=6, exclude="^/static/"),
        exception_handlers=HANDLERS,
        state=State({"hub": hub}),
        openapi_config=None,
        logging_config=None,
        debug=False,
        request_max_body_size=LARGEST_BODY,
    )
