"""What is answered when something is wrong: a page for people, problem+json (RFC 9457) for programs.

What was wrong with the question is said with the next step; what went wrong with us is written to the log, and
the reader is told only that.
"""

from __future__ import annotations

import logging
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.response import Redirect

from kizuna.errors import KizunaError, SpoolError, UnknownName, WorkspaceError
from kizuna.show.web.view import View
from kizuna.show.web.who import who_of

_log = logging.getLogger("kizuna.pages")
Asked = Request[Any, Any, Any]

FAILED = "The server failed at this request and wrote down why."
PROGRAMS = ("/api/", "/mcp")
"""Where answers are for programs, errors as well."""


def on_http(request: Asked, error: HTTPException) -> Response[Any]:
    """What Litestar or a handler refused."""
    with_key = "authorization" in request.headers
    if isinstance(error, NotAuthorizedException) and not for_programs(request) and not with_key:
        from urllib.parse import quote

        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        wanted = f"?next={quote(back)}" if request.method == "GET" and back != "/" else ""
        return Redirect("/login" + wanted, status_code=303)
    return answer(request, error.status_code, error.detail, headers=dict(error.headers or {}))


def on_kizuna(request: Asked, error: KizunaError) -> Response[Any]:
    """What the question, a setting or a file was wrong in."""
    if isinstance(error, WorkspaceError) and not isinstance(error, SpoolError):
        return on_workspace(request, error)
    status = 503 if isinstance(error, SpoolError) else 400
    if isinstance(error, UnknownName) and request.path_params:
        status = 404
    return answer(request, status, error.what, error.next_step)


def on_workspace(request: Asked, error: WorkspaceError) -> Response[Any]:
    """What the files of the workspace are wrong in; where they lie is for admins and the log."""
    _log.error("%s %s: %s %s", request.method, request.url.path, error.what, error.next_step)
    if who_of(request).may("admin"):
        return answer(request, 500, error.what, error.next_step)
    return answer(request, 500, FAILED)


def on_any(request: Asked, error: Exception) -> Response[Any]:
    """What we did wrong."""
    _log.exception("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(request, 500, FAILED)


def for_programs(request: Asked) -> bool:
    """Whether an answer is for a program: errors are then problem+json."""
    return request.url.path.startswith(PROGRAMS)


def answer(
    request: Asked, status: int, what: str, next_step: str = "", headers: dict[str, str] | None = None
) -> Response[Any]:
    """An error as its reader wants it."""
    if for_programs(request):
        return problem(status, what, next_step, request.url.path, headers)
    hub = request.app.state.hub
    return View.of(request, hub).page("error", status, headers, status_code=status, what=what, next_step=next_step)


TITLES = {
    400: "The question is wrong",
    401: "Sign in or send a key",
    403: "Not allowed",
    404: "Not found",
    405: "Not this way",
    406: "Not in this form",
    409: "Somebody else was faster",
    413: "Too large",
    422: "The content is wrong",
    429: "Too many requests",
    500: "The server failed",
    503: "Not now",
}


def problem(
    status: int, what: str, next_step: str = "", instance: str = "", headers: dict[str, str] | None = None, **more: Any
) -> Response[dict[str, Any]]:
    """A problem detail (RFC 9457); `next_step` is a member of our own."""
    body = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status, "detail": what}
    body |= {"next_step": next_step} if next_step else {}
    body |= {"instance": instance} if instance else {}
    return Response(body | more, status_code=status, media_type="application/problem+json", headers=headers or {})


HANDLERS: dict[int | type[Exception], Any] = {HTTPException: on_http, KizunaError: on_kizuna, Exception: on_any}
