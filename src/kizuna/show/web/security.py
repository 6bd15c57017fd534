"""What every answer tells the browser, and which requests are refused before they are read.

The policy lets a page load only what this server has: no inline scripts or styles, no eval, no other host. A page that
is shown cannot be framed, its address is not told to others, and what it loads is what it says it is.

A request that changes something (any verb but GET and HEAD) with a cookie must come from our own pages: browsers
say so in Sec-Fetch-Site, older ones in Origin (OWASP, Cross-Site Request Forgery Prevention, "Verifying origin").
A request of a program has neither, and no cookie that would matter. What this does not protect from: a page of ours
that was itself taken over.
"""

from __future__ import annotations

from typing import Any

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.exceptions import PermissionDeniedException
from litestar.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-robots-tag": "noindex",
}
HTTPS_FROM_NOW_ON = "max-age=31536000"
"""What a browser that came by https is told; one that did not would not believe it."""

SAFE = ("GET", "HEAD", "OPTIONS")


async def put_headers(message: Message, scope: Scope) -> None:
    """Before anything is sent, refusals of the middlewares as well: the headers that an answer has not set itself."""
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders(message)
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "no-store")
        if scope.get("state", {}).get("https"):
            headers.setdefault("strict-transport-security", HTTPS_FROM_NOW_ON)


class Security:
    """ASGI middleware: refuses what other sites send."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            return
        if scope["method"] not in SAFE and crosses(scope):
            raise PermissionDeniedException("This came from a page of another site; only our own pages may send it.")
        await self._app(scope, receive, send)


def crosses(scope: Scope) -> bool:
    """Whether a browser says that a page of another site sent this."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site not in (b"same-origin", b"none")
    origin = headers.get(b"origin")
    return origin is not None and origin.partition(b"://")[2] != headers.get(b"host")


def csp_nothing_else(headers: dict[str, Any]) -> dict[str, Any]:
    """Headers of a file to keep: even opened in the browser it may load nothing."""
    return headers | {"content-security-policy": "default-src 'none'; sandbox"}
