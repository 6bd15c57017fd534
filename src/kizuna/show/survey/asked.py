"""A request about a survey, and what was filled in, of a form or as JSON: both become the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from kizuna.collect import strict
from kizuna.collect.collector import Collector, Receive, Scope
from kizuna.collect.refused import Refused
from kizuna.collect.unpack import unpack
from kizuna.errors import did_you_mean
from kizuna.locale.texts import nearest

MOST_FIELDS = 200
"""Fields of a form."""

LONGEST_LANGUAGE = 35
"""Characters of a language tag, with all its parts (RFC 5646, 4.4.1)."""

LONGEST_PAGE = 500
"""Characters of the address of the page on which was answered."""

ANSWER, OTHER = "q:", "o:"
"""How the names of a form's fields begin that are answers, and that are what was written beside one."""

_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in. `answers` and `other` are by question, unchecked; the rest is the page's own.

    `asks` are the questions that were on this page, `seen` those on the pages before. `show` asks for a page in
    another form or language and sends nothing; `tap` says that a script sent it, before anybody saw the questions.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    other: dict[str, Any] = field(default_factory=dict)
    language: str = ""
    consent: bool = False
    page: str | None = None
    seen: frozenset[str] = frozenset()
    asks: frozenset[str] = frozenset()
    show: str = ""
    tap: bool = False


@dataclass(slots=True)
class Asked:
    """A request. `now` in microseconds since 1970."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[bytes, bytes]
    scope: Scope
    receive: Receive
    collector: Collector
    now: int

    @property
    def as_json(self) -> bool:
        """Whether the answer is for a program."""
        return _JSON in self._header(b"accept") or self._header(b"content-type").startswith(_JSON)

    @property
    def address(self) -> str:
        """The client's network address."""
        return self.collector.address(self.scope)

    @property
    def origin(self) -> bytes | None:
        return self.headers.get(b"origin")

    @property
    def base(self) -> str:
        """Where this server was reached, for links."""
        return f"{self.scope.get('scheme', 'http')}://{self._header(b'host')}"

    def languages(self, said: str = "") -> list[str]:
        """The languages that are wanted, the first most: what was said, in the address, then the browser's."""
        return [
            each for each in (said, self.query.get("lang", ""), *_accepted(self._header(b"accept-language"))) if each
        ]

    def may_send(self) -> bool:
        """Whether a page of this origin may send answers by script; a page of our own always may."""
        origin = self.origin
        own = origin is not None and origin.partition(b"://")[2] == self.headers.get(b"host")
        return own or self.collector.allowed(origin)

    async def filled(self) -> Filled:
        """The form, or its JSON. Raises `Refused`: 400, 408, 413, 415."""
        kind = self._header(b"content-type").partition(";")[0].strip().lower()
        raw = await self._body()
        if kind == _JSON:
            return read_json(_object(raw))
        if kind not in (_FORM, ""):
            raise Refused(415, "content_type", f"A survey is sent as {_FORM} or {_JSON}, not {kind[:60]}.")
        return read_form(raw)

    async def form_or_nothing(self) -> Filled:
        """The form, where what was sent is one: mail programs send others to the address of unsubscribing."""
        try:
            return await self.filled()
        except Refused as refused:
            if refused.status in (400, 415, 422):
                return Filled()
            raise

    async def json(self) -> dict[str, Any]:
        """The body, which must be an object. Raises `Refused`."""
        return _object(await self._body())

    async def _body(self) -> bytes:
        raw = await self.collector.body(self.headers, self.receive)
        return unpack(raw, self._header(b"content-encoding"), self.collector.most)

    def _header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1")


def pick(wanted: Sequence[str], known: Sequence[str]) -> str:
    """The first of the languages wanted that is known, else the first known."""
    return next((found for each in wanted if (found := nearest(each, tuple(known)))), known[0])


def read_form(raw: bytes) -> Filled:
    """A form as browsers send it. Raises `Refused` 400."""
    try:
        fields = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Refused(400, "not_a_form", f"The body is not a form of at most {MOST_FIELDS} fields in UTF-8.") from None
    answers: dict[str, Any] = {}
    other: dict[str, Any] = {}
    own = dict(fields)
    for name, value in fields:
        for start, into in ((ANSWER, answers), (OTHER, other)):
            if name.startswith(start):
                into.setdefault(name[len(start) :], []).append(value)
    seen, asks = (frozenset(value for name, value in fields if name == which) for which in ("seen", "asks"))
    view, _, language = own.get("show", "").partition(":")
    return Filled(
        answers,
        other,
        (language or own.get("lang", ""))[:LONGEST_LANGUAGE],
        own.get("consent") == "yes",
        None,
        seen,
        asks,
        view,
        own.get("tap") == "1",
    )


def read_json(body: Mapping[str, Any]) -> Filled:
    """Answers as programs send them. Raises `Refused` 422."""
    known = {"answers": dict, "other": dict, "language": str, "consent": bool, "page": str}
    for name, value in body.items():
        if name not in known:
            raise unknown(name, known)
        if not isinstance(value, known[name]):
            raise Refused(422, "wrong_type", f"{name} must be {_WORDS[known[name]]}.")
    page = body.get("page", "")
    return Filled(
        body.get("answers", {}),
        body.get("other", {}),
        body.get("language", "")[:LONGEST_LANGUAGE],
        body.get("consent", False),
        place_of(page) or None,
    )


def place_of(page: str) -> str:
    """The address of a page without what stands behind it, where there may be names, searches and keys."""
    return re.split("[?#]", page, maxsplit=1)[0][:LONGEST_PAGE]


_WORDS: dict[type, str] = {dict: "an object", str: "text", bool: "true or false"}


def unknown(name: str, known: Mapping[str, Any]) -> Refused:
    """A name in a body that means nothing."""
    near = did_you_mean(name[:60], known)
    hint = f"Did you mean {near!r}?" if near else f"There are {', '.join(known)}."
    return Refused(422, "unknown_field", f"There is no field {name[:60]!r}. {hint}")


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = strict.read(raw)
    except strict.NotJson as error:
        raise Refused(400, "not_json", f"The body is not JSON: {error}.") from None
    if not isinstance(body, dict):
        raise Refused(400, "not_an_object", "The body must be an object.")
    return body


def _accepted(header: str) -> list[str]:
    """Languages of an Accept-Language header, the most wanted first (RFC 9110, 12.5.4)."""
    found = []
    for place, part in enumerate(header[:500].split(",")):
        name, _, weight = part.strip().partition(";q=")
        try:
            found.append((-float(weight or 1), place, name.strip()))
        except ValueError:
            continue
    return [name for weight, _, name in sorted(found) if name and weight < 0 and name != "*"]
