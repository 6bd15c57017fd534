"""What the widget on web pages asks the server: which surveys there are for pages, and whether to ask somebody now.

``GET /surveys.json`` tells on which pages and when each survey would be asked, nothing of what it asks. ``POST
/surveys/ask`` decides: on yes the asking is kept (the step ``shown``) and the survey comes with a token to answer by,
as a link has one (`kizuna.collect.survey.token`).

The write key is on the page for everybody to read, so whoever has it can ask in anybody's name, as they can send
messages in it. They learn no more than yes or no: why a person is not asked (an open ticket, a trait) is not told.
An anonymous survey is never asked by itself: who was shown it would stand in the records, seconds before the answer.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from kizuna.act.fatigue import Granted, Why
from kizuna.act.standing import Ids
from kizuna.collect.agents import describe
from kizuna.collect.answers import Answer, json_answer, problem
from kizuna.collect.privacy import day_id
from kizuna.collect.receive import BROWSER, Door
from kizuna.collect.refused import Refused
from kizuna.collect.survey import links
from kizuna.collect.survey.limit import Limit
from kizuna.collect.survey.step import Step
from kizuna.collect.survey.survey import Survey
from kizuna.collect.survey.token import new_invitation
from kizuna.errors import QuestionError, SettingError
from kizuna.show.survey.asked import Asked, pick, place_of, unknown
from kizuna.show.survey.panel import panel
from kizuna.show.survey.site import Handler, SurveySite

LIST, ASK = "/surveys.json", "/surveys/ask"
MayAsk = Callable[[Survey, Ids, int], Granted | Why]
"""Looks into the database, so it is called beside the event loop."""

ASKS_AN_HOUR, ASKS_AT_ONCE = 600, 120
"""Questions whether to ask that are looked into, of one network address."""

MOST_WAITING = 32
"""So many may wait for the database; more are not asked, which is no loss."""

REMEMBERED = 600_000_000
"""Who may not be asked is not looked at again for so many microseconds: they see page after page."""

MOST_REMEMBERED = 20_000
FRESH = b"public, max-age=300"
LONGEST = 320

ABOUT = ("ticket_id", "order_id", "agent", "team", "tier", "country", "campaign")
"""What a page may say the asking is about; the names of a step's fields."""

_FIELDS: dict[str, type] = {
    **dict.fromkeys(("key", "survey", "anonymousId", "userId", "page", "lang"), str),
    "consent": dict,
    "about": dict,
    "wanted": bool,
}
_WORDS: dict[type, str] = {str: f"text of at most {LONGEST} characters", dict: "an object", bool: "true or false"}
_log = logging.getLogger("kizuna.surveys")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who may be asked: by the ids that may be kept of them."""

    customer_id: str | None
    anonymous_id: str | None

    @property
    def ids(self) -> dict[str, str | None]:
        return {"customer_id": self.customer_id, "anonymous_id": self.anonymous_id}


class Widget:
    """The widget's routes on a site. `senders` knows the write keys, what needs consent, and the ids of the day."""

    def __init__(self, site: SurveySite, senders: Door, business: str, may_ask: MayAsk) -> None:
        self._site, self._door, self._senders = site, site.door, senders
        self._business, self._may_ask = business, may_ask
        self._limit = Limit(ASKS_AN_HOUR, ASKS_AT_ONCE)
        self._waiting = 0
        self._refused: OrderedDict[tuple[str, Visitor], int] = OrderedDict()

    def handlers(self) -> dict[str, Handler]:
        """What the site answers by this."""
        return {LIST: self._list, ASK: self._ask}

    # -- which surveys there are

    async def _list(self, asked: Asked) -> Answer:
        if asked.method not in ("GET", "HEAD"):
            return problem(405, "method", f"{LIST} takes GET.", {"allow": "GET, HEAD, OPTIONS"})
        self._source(asked.query.get("key", ""))
        answer = json_answer(200, {"surveys": [_rule(survey) for survey in self._of_pages()]})
        etag = f'"{sha256(answer.body).hexdigest()[:24]}"'.encode()
        headers = [*answer.headers, (b"cache-control", FRESH), (b"etag", etag)]
        if asked.headers.get(b"if-none-match") == etag:
            return Answer(304, b"", headers)
        return Answer(200, answer.body, headers)

    def _of_pages(self) -> list[Survey]:
        """Those that are asked by themselves."""
        found = []
        for name in self._door.surveys.names():
            try:
                survey = self._door.surveys.get(name)
            except SettingError as error:
                _log.warning("A survey cannot be asked on pages: %s", error)
                continue
            if survey and _active(survey) and survey.text.when.after == "page" and not survey.text.anonymous:
                found.append(survey)
        return found

    # -- whether to ask somebody

    async def _ask(self, asked: Asked) -> Answer:
        if asked.method != "POST":
            return problem(405, "method", f"{ASK} takes POST.", {"allow": "POST, OPTIONS"})
        if not asked.may_send():
            raise Refused(403, "origin", "Pages of this origin may not ask (setting allowed_origins).")
        body = _checked(await asked.json())
        source = self._source(body.get("key", ""))
        self._senders.rates.take(source, 1)
        survey = self._survey(body.get("survey", ""))
        agent = asked.headers.get(b"user-agent", b"").decode("utf-8", "replace")
        if not agent.startswith(BROWSER) or describe(agent[:512]).bot:
            return _not("bot")
        if not _active(survey):
            return _not("not_active")
        if not self._limit.take(asked.address, asked.now):
            return _not("busy")
        if body.get("wanted") and survey.text.open:
            return self._open(asked, survey, body)
        return await self._look(asked, survey, body, self._visitor(asked, body, source, agent))

    def _open(self, asked: Asked, survey: Survey, body: Mapping[str, Any]) -> Answer:
        """Somebody wants to answer what everybody may: nothing is kept until they do, and then not who they are."""
        token = links.visitor_token(survey, asked.now, self._door.link_key, "web")
        return self._show(asked, survey, body, token, "anonymous" if survey.text.anonymous else "kept_visitor")

    async def _look(self, asked: Asked, survey: Survey, body: Mapping[str, Any], visitor: Visitor | None) -> Answer:
        """Ask who may be asked, by all that is known of them."""
        if survey.text.anonymous:
            return _not("anonymous")
        if visitor is None:
            return _not("no_consent")
        if asked.headers.get(b"sec-gpc") == b"1" or asked.headers.get(b"dnt") == b"1":
            return _not("not_followed")
        if asked.now < self._refused.get((survey.name, visitor), 0) + REMEMBERED:
            return _not("not_now")
        if self._waiting >= MOST_WAITING:
            return _not("busy")
        self._waiting += 1
        try:
            found = await asyncio.to_thread(self._may_ask, survey, visitor.ids, asked.now)
        except QuestionError as error:
            _log.warning("surveys/%s.toml: where: %s", survey.name, error)
            return _not("broken")
        finally:
            self._waiting -= 1
        if isinstance(found, Why):
            if found.reason == "not_ready":
                return _not("not_ready")
            self._remember(survey, visitor, asked.now)
            return _not("not_now")
        step = self._step(asked, survey, body, visitor)
        token = await self._door.issue(survey, step, asked.now)
        return self._show(asked, survey, body, token, "kept" if visitor.customer_id else "kept_visit")

    def _remember(self, survey: Survey, visitor: Visitor, now: int) -> None:
        self._refused[survey.name, visitor] = now
        self._refused.move_to_end((survey.name, visitor))
        if len(self._refused) > MOST_REMEMBERED:
            self._refused.popitem(last=False)

    def _step(self, asked: Asked, survey: Survey, body: Mapping[str, Any], visitor: Visitor) -> Step:
        about = {"campaign": survey.text.campaign or None, **body.get("about", {})}
        return Step(
            what="shown",
            survey=survey.name,
            invitation=new_invitation(),
            customer_id=visitor.customer_id,
            anonymous_id=visitor.anonymous_id,
            channel="web",
            language=self._language(asked, survey, body),
            audience=survey.text.audience,
            question=survey.main.id,
            rule=None if body.get("wanted") else "page",
            page=place_of(body.get("page", "")) or None,
            **about,
        )

    def _show(self, asked: Asked, survey: Survey, body: Mapping[str, Any], token: str, kept: str) -> Answer:
        language = self._language(asked, survey, body)
        shown = panel(survey, language, self._business, kept)
        headers = [(b"cache-control", b"no-store")]
        # Whether one could get back to them: asked only of somebody who is known.
        told = {"asked": True, "survey": survey.name, "token": token, "reachable": kept == "kept"}
        return json_answer(200, told | shown, headers)

    def _visitor(self, asked: Asked, body: Mapping[str, Any], source: str, agent: str) -> Visitor | None:
        """The ids of whoever looks at the page, the same as in the web tag's messages; None where none may be kept."""
        senders = self._senders
        user, own = body.get("userId") or None, body.get("anonymousId") or None
        salt = senders.salts.of(asked.now)
        said = {"context": {"consent": {"categoryPreferences": body.get("consent", {})}}}
        if senders.consent.given(said):
            # The day's id may be that of others behind the same address: it is not for somebody who is known.
            return Visitor(user, own if user else own or day_id(salt, source, asked.address, agent))
        if senders.consent.drop:
            return None
        known = user or own
        return Visitor(None, day_id(salt, source, *([known] if known else [asked.address, agent])))

    def _language(self, asked: Asked, survey: Survey, body: Mapping[str, Any]) -> str:
        return pick(asked.languages(body.get("lang", "")[:35]), self._site.hosted.languages_of(survey))

    def _source(self, key: str) -> str:
        if key in self._senders.sources:
            return self._senders.sources[key]
        what = "The write key is not known." if key else "The write key is missing."
        raise Refused(401, "unknown_key" if key else "missing_key", f"{what} `kizuna tag --widget` prints the line.")

    def _survey(self, name: str) -> Survey:
        try:
            survey = self._door.surveys.get(name)
        except SettingError as error:
            _log.warning("A survey cannot be asked on pages: %s", error)
            raise Refused(503, "broken", f"The survey {name!r} cannot be read; the server's log says why.") from None
        if survey is None or "web" not in survey.text.channels:
            what = f"There is no survey {name[:80]!r} for web pages."
            raise Refused(404, "survey", f'{what} Is "web" among its channels? `kizuna surveys` lists them.')
        return survey


def _active(survey: Survey) -> bool:
    return survey.text.state == "active" and "web" in survey.text.channels


def _rule(survey: Survey) -> dict[str, Any]:
    when = survey.text.when
    return {"survey": survey.name, "pages": _pattern(when.paths), "seconds": when.seconds, "exit": when.exit}


def _pattern(paths: list[str]) -> str:
    """Paths with ``*`` for anything as one regular expression, spelled as browsers spell paths."""
    spelled = (quote(path, safe="/*%#!$&'()+,;=:@~[]|") for path in paths)
    return f"^(?:{'|'.join('.*'.join(map(re.escape, path.split('*'))) for path in spelled)})$"


def _not(why: str) -> Answer:
    return json_answer(200, {"asked": False, "why": why}, [(b"cache-control", b"no-store")])


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    """The fields, without those that say nothing. Raises `Refused` 422."""
    found: dict[str, Any] = {}
    for name, value in body.items():
        kind = _FIELDS.get(name)
        if kind is None:
            raise unknown(name, _FIELDS)
        if value is None:
            continue
        if not isinstance(value, kind) or (kind is str and name != "page" and len(str(value)) > LONGEST):
            raise Refused(422, "wrong_type", f"{name} must be {_WORDS[kind]}.")
        found[name] = value
    found["about"] = _about(found.get("about", {}))
    return found


def _about(said: Mapping[str, Any]) -> dict[str, str]:
    known: dict[str, None] = dict.fromkeys(ABOUT)
    for name, value in said.items():
        if name not in known:
            raise unknown(name, known)
        if not isinstance(value, str) or len(value) > LONGEST:
            raise Refused(422, "wrong_type", f"about: {name} must be {_WORDS[str]}.")
    return {name: value for name, value in said.items() if value}
