"""Finds out who a request is from: by its cookie, or by the key that a program sends.

A program sends ``Authorization: Bearer kz_…``. Whoever sends such a header is who it says or refused, cookie or not. A
write key, which stands on public pages, lets messages in and nothing out: 403, wherever it is sent but to the
collector.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import anyio.to_thread
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.types import ASGIApp, Receive, Scope, Send

from kizuna.collect.collector import basic
from kizuna.collect.proxies import Proxies
from kizuna.show.web.auth import cookies
from kizuna.show.web.hub import Hub
from kizuna.show.web.who import NOBODY, Role, Who
from kizuna.store.state import keys, logins
from kizuna.store.state.tables import Account

_ASK = {"www-authenticate": 'Bearer realm="kizuna"'}


class Doorman:
    """ASGI middleware: puts a `Who` into the scope's state before anything else happens."""

    def __init__(self, app: ASGIApp, hub: Hub) -> None:
        self._app, self._hub = app, hub
        self._proxies = Proxies(hub.settings.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            state = scope.setdefault("state", {})
            state["https"] = self._https(scope)
            state["who"] = NOBODY
            state["who"] = replace(await self._who(scope), address=self._proxies.client(scope))
        await self._app(scope, receive, send)

    async def _who(self, scope: Scope) -> Who:
        given = dict(scope["headers"]).get(b"authorization")
        if given is not None:
            return await anyio.to_thread.run_sync(self._by_key, given)
        token = cookie_of(scope)
        return await anyio.to_thread.run_sync(self._by_cookie, token) if token else NOBODY

    def _by_cookie(self, token: str) -> Who:
        with self._hub.state.session() as session:
            account = logins.account_of(session, token)
            return who_is(account) if account else NOBODY

    def _by_key(self, header: bytes) -> Who:
        scheme, _, rest = header.decode("latin-1").partition(" ")
        key = rest.strip() if scheme.lower() == "bearer" else basic(header)
        if key in self._hub.settings.sources.values():
            raise PermissionDeniedException(
                "This is a write key: it lets messages in and reads nothing. Send an API key instead; "
                "an admin makes one under Settings, API keys."
            )
        if scheme.lower() != "bearer" or not key:
            raise NotAuthorizedException("Send an API key as Authorization: Bearer kz_….", headers=_ASK)
        with self._hub.state.session() as session:
            found = keys.found(session, key)
            if found is None:
                raise NotAuthorizedException("This API key is not known, or was revoked.", headers=_ASK)
            kept, role = found
            return Who(cast(Role, role), f"key {kept.name}", key_id=kept.id, title=kept.name)

    def _https(self, scope: Scope) -> bool:
        """Whether the browser came by https: as the server, a trusted proxy or the setting public_url tells."""
        if self._proxies.https(scope):
            return True
        public: str = self._hub.settings.public_url
        scheme, _, host = public.rstrip("/").partition("://")
        return scheme == "https" and dict(scope["headers"]).get(b"host", b"").decode("latin-1") == host


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


def came_by_https(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether a request's cookie is the one for https."""
    return bool(connection.scope["state"].get("https"))


def cookie_of(scope: Scope) -> str:
    """The token of the request's own cookie, empty without one."""
    wanted = cookies.name(https=bool(scope["state"].get("https")))
    given = b";".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
    # Not http.cookies: one cookie that another program wrote badly would hide all after it.
    pairs = (part.strip().partition("=") for part in given.split(";"))
    return next((value for name, _, value in pairs if name == wanted), "")
