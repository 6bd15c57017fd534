"""What the server answers at which path: the collector first, then surveys and scripts for pages of others, then the
web application."""

from __future__ import annotations

from collections.abc import Awaitable

from kizuna.collect.answers import Answer, json_answer, problem
from kizuna.collect.collector import Collector, Receive, Scope, Send
from kizuna.show.later import Web
from kizuna.show.survey.script import NAME as WIDGET
from kizuna.show.survey.script import widget
from kizuna.show.survey.site import SurveySite
from kizuna.show.tracker import NAME as TAG
from kizuna.show.tracker import tracker

SCRIPTS = {f"/{TAG}": tracker, f"/{WIDGET}": widget}
"""What pages of others load."""


class Site:
    """ASGI application: who answers what."""

    def __init__(self, collector: Collector, surveys: SurveySite, web: Web) -> None:
        self._collector, self._surveys, self._web = collector, surveys, web
        self._pages = {"/health": json_answer(200, {"status": "ok"})}
        for path, script in SCRIPTS.items():
            self._pages[path] = Answer(200, script().body, script().headers)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """The awaitable of whoever knows the path; the collector's own paths take no detour."""
        path = scope.get("path", "")
        page = self._pages.get(path)
        if page is not None:
            return _show(page, scope, send)
        if self._collector.knows(path) and not self._surveys.knows(path):
            return self._collector(scope, receive, send)
        if scope["type"] == "http" and self._surveys.knows(path):
            return self._surveys(scope, receive, send)
        return self._web(scope, receive, send)


async def _show(page: Answer, scope: Scope, send: Send) -> None:
    method = scope.get("method")
    if method not in ("GET", "HEAD"):
        page = problem(405, "method", f"{scope['path']} takes GET.", {"allow": "GET, HEAD"})
    elif _has_it(page, scope):
        page = Answer(304, b"", page.headers)
    elif scope["path"] in SCRIPTS and b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b""):
        page = Answer(200, SCRIPTS[scope["path"]]().packed, [*page.headers, (b"content-encoding", b"gzip")])
    await send({"type": "http.response.start", "status": page.status, "headers": page.headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else page.body})


def _has_it(page: Answer, scope: Scope) -> bool:
    given = dict(scope["headers"]).get(b"if-none-match")
    return given is not None and (b"etag", given) in page.headers
