"""The HTTP collector: a bare ASGI application in front of `receive` and `Keeper`.

It takes what Segment's clients send (and RudderStack's and PostHog's, whose shapes `receive` knows),
reads no cookie, and answers every request with JSON. Only 503 and 429 say "send it again".
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import gc
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from kizuna.collect.answers import Answer, Header, json_answer, later, problem, refusal
from kizuna.collect.deadlines import Deadlines
from kizuna.collect.keep import Keeper
from kizuna.collect.proxies import Proxies
from kizuna.collect.receive import Door, Refused, Request, receive
from kizuna.collect.unpack import too_large
from kizuna.collect.webhooks import Echo, Hooks, greet, receive_hook
from kizuna.errors import SpoolError, did_you_mean
from kizuna.settings import Settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LONG = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias", "b": "batch"}
CALLS = {f"/v1/{name}": call for short, call in LONG.items() for name in (short, call)} | {
    "/v1/import": "batch",  # Segment's name for a batch of the past
    "/batch": "batch",
    "/capture": "capture",
    "/e": "capture",  # what posthog-js posts to
    "/i/v0/e": "capture",
}
"""Path → call; each is there with a slash at the end as well."""

_ROUTES = {path + slash: call for path, call in CALLS.items() for slash in ("", "/")}
_PROJECTS, _SETTINGS = "/v1/projects/", "/settings"
_HOOKS = "/hooks/"
_DAY = b"86400"
_PASSED_OVER = 16 << 20
"""Bytes of a body that is too large which are read and forgotten before the answer."""

_log = logging.getLogger("kizuna.collector")


def spare_the_garbage_collector() -> None:
    """For a process that serves: Python's search for circular garbage took a tenth of its time.

    Messages are trees, which go when nobody holds them. What is there at the start is never searched again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


class Collector:
    """ASGI application. `knows` says which paths are its own; without `hooks` it takes no webhooks."""

    def __init__(self, door: Door, keeper: Keeper, settings: Settings, hooks: Hooks | None = None) -> None:
        self._door, self._keeper, self._hooks = door, keeper, hooks
        self.most: int = settings.max_request_bytes
        self._seconds: float = settings.body_seconds
        self._deadlines = Deadlines(self._seconds)
        self._any_origin = "*" in settings.allowed_origins
        self._origins = {str(origin).rstrip("/").encode() for origin in settings.allowed_origins}
        self._proxies = Proxies(settings.trusted_proxies)
        self._public_url: str = settings.public_url

    @staticmethod
    def knows(path: str) -> bool:
        """Whether a path is the collector's."""
        return path in _ROUTES or path.startswith(("/v1/", _HOOKS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        try:
            answer = await self._answer(scope, headers, receive)
        except Refused as refused:
            answer = refusal(refused)
        except SpoolError as error:
            answer = later(str(error))
        except Exception:
            _log.exception("%s %s failed", scope["method"], scope["path"])
            answer = later("The server failed at this request and wrote down why.")
        origin = headers.get(b"origin")
        sent = answer.headers if origin is None else [*answer.headers, *self.cors(origin)]
        await send({"type": "http.response.start", "status": answer.status, "headers": sent})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Answer:
        path, method = scope["path"], scope["method"]
        call = _ROUTES.get(path)
        if method == "OPTIONS" and self.knows(path):
            return preflight(headers)
        if call is None and path.startswith(_HOOKS) and self._hooks is not None:
            return await self._hook(path[len(_HOOKS) :].rstrip("/"), self._hooks, scope, headers, receive)
        if call is None:
            return self._other(path, method, scope, headers)
        if method != "POST":
            return _wrong_method(path, method, "POST, OPTIONS")
        if not self.allowed(headers.get(b"origin")):
            raise Refused(403, "origin", "Pages of this origin may not send messages (setting allowed_origins).")
        return await self._collect(call, scope, headers, receive)

    async def _collect(self, call: str, scope: Scope, headers: Mapping[bytes, bytes], receive_: Receive) -> Answer:
        body = await self.body(headers, receive_)
        request = Request(
            call,
            body,
            headers.get(b"content-encoding", b"").decode("latin-1"),
            basic(headers.get(b"authorization")),
            headers.get(b"user-agent", b"").decode("utf-8", "replace"),
            self.address(scope),
            time.time_ns() // 1000,
        )
        return (await self._keeper.keep(receive(request, self._door))).answer()

    async def _hook(
        self, name: str, hooks: Hooks, scope: Scope, headers: Mapping[bytes, bytes], receive_: Receive
    ) -> Answer:
        """A webhook, or a vendor's question whether the address is right."""
        method = scope["method"]
        if method in ("GET", "HEAD"):
            query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))
            return _echo(greet(name, query, hooks))
        if method != "POST":
            return _wrong_method(scope["path"], method, "POST, GET")
        body = await self.body(headers, receive_)
        given = {key.decode("latin-1"): value.decode("latin-1") for key, value in headers.items()}
        received = receive_hook(name, given, body, time.time_ns() // 1000, hooks)
        if isinstance(received, Echo):
            return _echo(received)
        answer = (await self._keeper.keep(received)).answer()
        # What was kept was delivered, also where it contradicts what came before: sent again it would be no other.
        answer.status = 200
        return answer

    async def body(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """The body as it was sent, no more of it than is allowed, no later than is allowed."""
        given = headers.get(b"content-length", b"")
        length = int(given) if given.isdigit() and len(given) < 20 else -1
        task = self._deadlines.enter()
        late = False
        try:
            return await self._read(length, receive)
        except asyncio.CancelledError:
            late = self._deadlines.leave(task)
            if not late:
                raise
        finally:
            if not late:
                self._deadlines.leave(task)
        detail = f"The body did not come within {self._seconds} seconds (setting body_seconds)."
        raise Refused(408, "slow", detail, {"connection": "close"})

    async def _read(self, length: int, receive: Receive) -> bytes:
        if length > self.most:
            raise await _unread(too_large(self.most, f"{length:,}"), receive)
        message = await receive()
        body: bytes = message.get("body", b"")
        # Once all is there, asking whether there is more costs a turn through the web server.
        if len(body) == length or not message.get("more_body"):
            return body
        return await self._rest(body, length, receive)

    async def _rest(self, body: bytes, length: int, receive: Receive) -> bytes:
        parts, size, more = [body], len(body), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "cut", "The connection ended before the body did.")
            part = message.get("body", b"")
            size += len(part)
            if size > self.most:
                raise await _unread(too_large(self.most, f"at least {size:,}"), receive, more=message["more_body"])
            parts.append(part)
            more = size != length and message.get("more_body", False)
        return b"".join(parts)

    def _other(self, path: str, method: str, scope: Scope, headers: Mapping[bytes, bytes]) -> Answer:
        if path.startswith(_PROJECTS) and path.rstrip("/").endswith(_SETTINGS):
            if method not in ("GET", "HEAD"):
                return _wrong_method(path, method, "GET, HEAD, OPTIONS")
            return self._project(path.rstrip("/")[len(_PROJECTS) : -len(_SETTINGS)], scope, headers)
        near = did_you_mean(path.rstrip("/")[:100], CALLS)
        hint = f"Did you mean {near}?" if near else "Messages go to /v1/batch, /v1/track, /v1/identify …"
        return problem(404, "not_found", f"There is no {path[:100]}. {hint}")

    def _project(self, write_key: str, scope: Scope, headers: Mapping[bytes, bytes]) -> Answer:
        """What Segment's browser library asks for before it sends: where to."""
        if write_key not in self._door.sources:
            return problem(404, "unknown_key", "The write key is not known; `kizuna sources` lists the keys.")
        host = headers.get(b"host", b"").decode("latin-1")
        url = self._public_url.rstrip("/") or f"{scope.get('scheme', 'http')}://{host}"
        protocol, _, place = url.partition("://")
        segment = {"apiKey": write_key, "apiHost": f"{place}/v1", "protocol": protocol, "type": "browser"}
        plan = {"track": {"__default": {"enabled": True, "integrations": {}}}}
        return json_answer(200, {"integrations": {"Segment.io": segment}, "plan": plan})

    def address(self, scope: Scope) -> str:
        """The client's address; that of the header only where a trusted proxy wrote it."""
        return self._proxies.client(scope)

    def allowed(self, origin: bytes | None) -> bool:
        """Whether pages of an origin may send."""
        return origin is None or self._any_origin or origin in self._origins

    def cors(self, origin: bytes) -> list[Header]:
        """The headers that let a page of an origin read the answer, where it may."""
        if not self.allowed(origin):
            return [(b"vary", b"origin")]
        return [(b"access-control-allow-origin", origin), (b"vary", b"origin")]


async def _unread(refused: Refused, receive: Receive, more: bool = True) -> Refused:
    """Pass over the rest of a body that is refused: who is cut off while sending never reads why, and sends again."""
    passed = 0
    while more and passed < _PASSED_OVER:
        message = await receive()
        passed += len(message.get("body", b""))
        more = message.get("more_body", False)
    return Refused(refused.status, refused.reason, refused.detail, {**refused.headers, "connection": "close"})


def basic(header: bytes | None) -> str:
    """The user name of Basic authentication, in which clients send the write key."""
    if header is None or header[:6].lower() != b"basic ":
        return ""
    try:
        return base64.b64decode(header[6:]).partition(b":")[0].decode("utf-8", "replace")
    except binascii.Error:
        return ""


def _echo(echo: Echo) -> Answer:
    return Answer(200, echo.text.encode(), [(b"content-type", echo.content_type.encode())])


def preflight(headers: Mapping[bytes, bytes]) -> Answer:
    """What a browser asks before a page may post across origins."""
    asked = headers.get(b"access-control-request-headers", b"authorization, content-encoding, content-type")
    allowed: list[Header] = [
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-allow-headers", asked),
        (b"access-control-max-age", _DAY),
    ]
    return Answer(204, b"", allowed)


def _wrong_method(path: str, method: str, allowed: str) -> Answer:
    return problem(405, "method", f"{path} takes {allowed}, not {method[:20]}.", {"allow": allowed})
