"""Which request about a survey is answered by what, and how: as a page, or as JSON for programs and widgets."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from kizuna.collect.answers import Answer, Header, json_answer, later, problem, refusal
from kizuna.collect.collector import Collector, Receive, Scope, Send, preflight
from kizuna.collect.receive import Door
from kizuna.collect.refused import Refused
from kizuna.collect.survey.door import SurveyDoor
from kizuna.collect.survey.opened import Refusal
from kizuna.errors import SpoolError
from kizuna.settings import Settings
from kizuna.show.survey import api, described
from kizuna.show.survey.api import Api
from kizuna.show.survey.asked import Asked, pick
from kizuna.show.survey.hosted import Hosted
from kizuna.show.survey.pages import Pages
from kizuna.show.survey.statics import STATICS, static

LINK, OPEN = "/s/", "/surveys/"
_BEACONS = {"shown": "shown", "dismiss": "dismissed"}
_log = logging.getLogger("kizuna.surveys")

Handler = Callable[[Asked], Awaitable[Answer]]
Clock = Callable[[], int]


def microseconds() -> int:
    """The time now, in microseconds since 1970."""
    return time.time_ns() // 1000


class SurveySite:
    """ASGI application of everything about surveys. What stands in `exact` comes before all else.

    `clock` tells the time in microseconds since 1970.
    """

    def __init__(
        self,
        door: SurveyDoor,
        hosted: Hosted,
        programs: Api,
        collector: Collector,
        clock: Clock,
    ) -> None:
        self.exact: dict[str, Handler] = {}
        self.door, self.hosted, self.programs = door, hosted, programs
        self._collector, self._clock = collector, clock

    def knows(self, path: str) -> bool:
        """Whether a path is one of these."""
        return path.startswith((LINK, OPEN, api.PATH)) or path in STATICS or path in self.exact

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        asked = self._asked(scope, receive)
        answer = await self._answered(asked)
        headers = answer.headers
        if _is_json(answer):
            headers = [*headers, *_of_json(answer)]
            if asked.origin is not None:
                headers += self._collector.cors(asked.origin)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if asked.method == "HEAD" else answer.body})

    def _asked(self, scope: Scope, receive: Receive) -> Asked:
        query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), errors="replace"))
        headers = dict(scope["headers"])
        return Asked(scope["method"], scope["path"], query, headers, scope, receive, self._collector, self._clock())

    async def _answered(self, asked: Asked) -> Answer:
        try:
            return await self._route(asked)
        except Refused as refused:
            return (
                refusal(refused)
                if self._for_programs(asked)
                else self.hosted.said(asked, refused.status, "bad_request")
            )
        except SpoolError as error:
            unsaved = later(str(error))
        except Exception:
            _log.exception("%s %s failed", asked.method, _without_token(asked.path))
            unsaved = later("The server failed at this request and wrote down why.")
        if self._for_programs(asked):
            return unsaved
        page = self.hosted.said(asked, unsaved.status, "unavailable")
        page.headers += [header for header in unsaved.headers if header[0] == b"retry-after"]
        return page

    async def _route(self, asked: Asked) -> Answer:
        path = asked.path
        if asked.method == "OPTIONS":
            return preflight(asked.headers)
        if path in self.exact:
            return await self.exact[path](asked)
        if path in STATICS:
            return static(path, asked) if asked.method in ("GET", "HEAD") else _takes(asked, "GET, HEAD")
        if path.startswith(api.PATH):
            return await self.programs.answer(asked)
        if asked.method not in ("GET", "HEAD", "POST"):
            return _takes(asked, "GET, HEAD, POST")
        if path.startswith(OPEN):
            return await self._open(asked, path.removeprefix(OPEN).rstrip("/"))
        token, _, what = path.removeprefix(LINK).rstrip("/").partition("/")
        return await self._link(asked, token, what)

    async def _link(self, asked: Asked, token: str, what: str) -> Answer:
        reading = asked.method != "POST"
        if what == "unsubscribe":
            if reading:
                return self.hosted.show_unsubscribe(asked, token)
            return await self.hosted.unsubscribe(asked, token)
        if what in _BEACONS:
            return _takes(asked, "POST") if reading else await self._note(asked, token, _BEACONS[what])
        if what:
            return self.hosted.refused(asked, Refusal("link", link=token))
        if asked.as_json:
            return self._describe(asked, token) if reading else await self._take(asked, token)
        if reading:
            return self.hosted.show(asked, token)
        return self._of_others(asked) or await self.hosted.take(asked, token)

    async def _open(self, asked: Asked, name: str) -> Answer:
        if asked.method != "POST":
            return self.hosted.show_open(asked, name)
        return self._of_others(asked) or await self.hosted.take_open(asked, name)

    def _of_others(self, asked: Asked) -> Answer | None:
        """No page of others may have its visitors vote unseen, by links that it was given itself."""
        cross = asked.headers.get(b"sec-fetch-site") == b"cross-site"
        return self.hosted.said(asked, 403, "bad_request") if cross else None

    def _describe(self, asked: Asked, token: str) -> Answer:
        opened = self.door.open(token, asked.now)
        if isinstance(opened, Refusal):
            return _no(asked, opened)
        languages = self.hosted.languages_of(opened.survey)
        found = described.described(opened.survey, pick(asked.languages(), languages), languages)
        state = {"answered_at": described.when(opened.answered_at), "change_until": described.when(opened.until)}
        return json_answer(200, found | state | {"test": opened.test, "anonymous": opened.anonymous})

    async def _take(self, asked: Asked, token: str) -> Answer:
        _own_origin(asked)
        filled = await asked.filled()
        return await self.programs.keep(asked, self.door.open(token, asked.now), filled)

    async def _note(self, asked: Asked, token: str, what: Any) -> Answer:
        _own_origin(asked)
        opened = self.door.open(token, asked.now)
        if isinstance(opened, Refusal):
            return _no(asked, opened)
        await self.door.note(what, opened, asked.now)
        return Answer(204, b"", [])

    def _for_programs(self, asked: Asked) -> bool:
        return asked.as_json or asked.path.startswith(api.PATH) or asked.path in self.exact


def survey_site(
    settings: Settings, root: Path, collector: Collector, door: SurveyDoor, senders: Door, clock: Clock = microseconds
) -> SurveySite:
    """The surveys of a workspace; `senders` knows the write keys."""
    languages = [str(each) for each in settings.languages]
    pages = Pages(settings.name or root.resolve().name, settings.zone)
    programs = Api(door, senders, languages, settings.public_url, settings.mail_sources)
    return SurveySite(door, Hosted(door, pages, languages), programs, collector, clock)


def _own_origin(asked: Asked) -> None:
    if not asked.may_send():
        raise Refused(403, "origin", "Pages of this origin may not send answers (setting allowed_origins).")


def _no(asked: Asked, refused: Refusal) -> Answer:
    return json_answer(refused.status, described.refused(refused, pick(asked.languages(), ["en", "ja", "da"])))


def _takes(asked: Asked, allowed: str) -> Answer:
    return problem(405, "method", f"{asked.path[:100]} takes {allowed}, not {asked.method[:20]}.", {"allow": allowed})


def _without_token(path: str) -> str:
    """A path for the log, which is read by more people than may answer in somebody's stead."""
    if not path.startswith(LINK):
        return path
    _, slash, what = path.removeprefix(LINK).partition("/")
    return f"{LINK}…{slash}{what}"


def _of_json(answer: Answer) -> list[Header]:
    """What browsers are told of JSON: it is nothing else, and for nobody else."""
    told: list[Header] = [(b"x-content-type-options", b"nosniff")]
    kept = any(name == b"cache-control" for name, _ in answer.headers)
    return told if kept else [*told, (b"cache-control", b"no-store")]


def _is_json(answer: Answer) -> bool:
    return (b"content-type", b"application/json") in answer.headers or answer.status == 204
