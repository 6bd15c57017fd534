"""Finds out who a request is from: by its cookie, or by the key that a program sends."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Any, cast

import anyio.to_thread
from litestar.types import ASGIApp, Receive, Scope, Send

from kizuna.show.web.auth import cookies
from kizuna.show.web.who import NOBODY, Role, Who
from kizuna.store.state import logins
from kizuna.store.state.database import State
from kizuna.store.state.tables import Account


class Doorman:
    """ASGI middleware: puts a `Who` into the scope's state before anything else happens."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app, self._state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            token = cookie_of(scope)
            who = await anyio.to_thread.run_sync(self._by_cookie, token) if token else NOBODY
            cast(dict[str, Any], scope.setdefault("state", {}))["who"] = who
        await self._app(scope, receive, send)

    def _by_cookie(self, token: str) -> Who:
        with self._state.session() as session:
            account = logins.account_of(session, token)
            return who_is(account) if account else NOBODY


def who_is(account: Account) -> Who:
    """An account, as handlers see it."""
    return Who(
        cast(Role, account.role),
        account.email,
        account.id,
        title=account.name,
        language=account.language,
        theme=account.theme,
    )


def https(scope: Scope) -> bool:
    """Whether the browser came by https, as far as the server or a trusted proxy can tell."""
    return scope.get("scheme") == "https"


def cookie_of(scope: Scope) -> str:
    """The token of the request's own cookie, empty without one."""
    given = dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")
    try:
        found = SimpleCookie(given).get(cookies.name(https=https(scope)))
    except CookieError:
        return ""
    return found.value if found else ""
