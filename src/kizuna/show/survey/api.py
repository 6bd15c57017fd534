"""Surveys for programs: ``/v1/surveys/NAME``, with a write key as for messages.

GET tells what is asked, POST …/answers keeps an answer that was taken elsewhere (an app, a kiosk, a call), POST
…/invitations gives a link to be sent by chat or SMS, or has a mail sent. With an ``id`` of the program's
choice, the same request again is the same answer or invitation.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any

from kizuna.collect.answers import Answer, json_answer, problem
from kizuna.collect.collector import basic
from kizuna.collect.receive import Door
from kizuna.collect.refused import Refused
from kizuna.collect.survey import links
from kizuna.collect.survey.door import SurveyDoor
from kizuna.collect.survey.opened import PERSON, Opened, Refusal
from kizuna.collect.survey.step import Step
from kizuna.collect.survey.survey import CHANNELS, Survey
from kizuna.collect.survey.token import new_invitation
from kizuna.errors import SettingError
from kizuna.show.survey import described
from kizuna.show.survey.asked import Asked, Filled, pick, read_json, unknown

PATH = "/v1/surveys/"
ABOUT = (*PERSON, "anonymous_id", "ticket_id", "order_id", "agent", "team", "tier", "country", "campaign", "channel")
"""What a program may say an answer or invitation is about; the names of a step's fields."""

NOBODY = ("country", "campaign", "channel")
"""What may be said of an anonymous answer."""

LONGEST = 320
"""Characters of each; an e-mail address has no more (RFC 3696, erratum 1690)."""

_OWN = ("id", *ABOUT)


class Api:
    """The routes for programs. `senders` knows the write keys; `base` is the public address, where one is set.

    Only the sources in `mailing` may have mails sent: with a key that stands on a page anybody could, to anybody.
    """

    def __init__(
        self, door: SurveyDoor, senders: Door, languages: list[str], base: str, mailing: Collection[str] = ()
    ) -> None:
        self._door, self._senders, self._languages, self._base = door, senders, languages, base
        self._mailing = mailing

    async def answer(self, asked: Asked) -> Answer:
        """Answer a request. Raises `Refused` and `SpoolError`."""
        name, _, what = asked.path.removeprefix(PATH).rstrip("/").partition("/")
        method = {"": ("GET", "HEAD"), "answers": ("POST",), "invitations": ("POST",)}.get(what)
        if method is None:
            return problem(404, "not_found", f"There is {PATH}NAME, and answers and invitations below it.")
        if asked.method not in method:
            return problem(405, "method", f"{asked.path[:100]} takes {method[0]}.", {"allow": ", ".join(method)})
        body = await asked.json() if what else {}
        source = self._source(asked, body)
        survey = self._survey(name)
        if not what:
            return self._describe(asked, survey)
        if what == "answers":
            return await self._take(asked, source, survey, body)
        return await self._invite(asked, source, survey, body)

    def _source(self, asked: Asked, body: dict[str, Any]) -> str:
        key = basic(asked.headers.get(b"authorization")) or str(body.pop("writeKey", ""))
        if key in self._senders.sources:
            source = self._senders.sources[key]
            self._senders.rates.take(source, 1)
            return source
        what = "The write key is not known." if key else "The write key is missing."
        how = "Send it in Basic authentication, as user name; `kizuna sources` lists the keys."
        raise Refused(401, "unknown_key" if key else "missing_key", f"{what} {how}")

    def _survey(self, name: str) -> Survey:
        try:
            return self._door.surveys.named(name[:80])
        except SettingError as error:
            known = name in self._door.surveys.names()
            raise Refused(503 if known else 404, "survey", str(error)) from None

    def _describe(self, asked: Asked, survey: Survey) -> Answer:
        languages = tuple(survey.languages(self._languages))
        said = asked.query.get("language", "")
        return json_answer(200, described.described(survey, pick(asked.languages(said), languages), languages))

    async def _take(self, asked: Asked, source: str, survey: Survey, body: dict[str, Any]) -> Answer:
        about = _about(body, survey.text.anonymous)
        filled = read_json({name: value for name, value in body.items() if name not in _OWN})
        invitation = links.new_ballot("api") if survey.text.anonymous else _id(source, survey, body)
        opened = self._door.open_direct(survey, invitation, {"channel": "api", **about})
        return await self.keep(asked, opened, filled)

    async def keep(self, asked: Asked, opened: Opened | Refusal, filled: Filled) -> Answer:
        """Keep answers that came as JSON, from a program or a widget."""
        if isinstance(opened, Refusal):
            refusal = await self._door.refuse(opened, filled.answers, asked.now)
            return json_answer(
                refusal.status, described.refused(refusal, pick(asked.languages(filled.language), ["en"]))
            )
        languages = tuple(opened.survey.languages(self._languages))
        language = pick(asked.languages(filled.language), languages)
        taken = await self._door.answer(
            opened,
            filled.answers,
            asked.now,
            other=filled.other,
            language=language,
            consent=filled.consent,
            page=filled.page,
            address=asked.address,
        )
        if isinstance(taken, Refusal):
            return json_answer(taken.status, described.refused(taken, language))
        return json_answer(200, described.kept(taken))

    async def _invite(self, asked: Asked, source: str, survey: Survey, body: dict[str, Any]) -> Answer:
        known = dict.fromkeys(("language", *_OWN))
        for name in body:
            if name not in known:
                raise unknown(name, known)
        if survey.text.state != "active":
            raise Refused(409, "paused", f'The survey {survey.name!r} is {survey.text.state}: set state = "active".')
        campaign = survey.text.campaign
        about: dict[str, Any] = {"channel": "link"} | ({"campaign": campaign} if campaign else {}) | _about(body, False)
        by_mail = about["channel"] == "email"
        if by_mail and source not in self._mailing:
            what = f"The write key of {source} may not have mails sent: it is not among mail_sources in kizuna.toml."
            raise Refused(403, "no_mails", f"{what} Name it there if that key is on no page and in no app.")
        if by_mail and not about.get("email"):
            raise Refused(422, "no_address", "A mail needs an email; without one, take the link of another channel.")
        language = str(body.get("language", ""))[:35] or None
        invitation = _id(source, survey, body)
        ends = asked.now + int(survey.text.expires_days * 86_400_000_000)
        step = Step(
            what="invited",
            survey=survey.name,
            invitation=invitation,
            audience=survey.text.audience,
            anonymous=survey.text.anonymous,
            language=language,
            question=survey.main.id,
            ends=ends,
            due=asked.now if by_mail else None,
            **about,
        )
        new = await self._door.keep(step, asked.now)
        answer: dict[str, Any] = {"success": True, "duplicate": not new, "invitation": invitation}
        if by_mail:
            return json_answer(200, answer | {"channel": "email"})
        if not new and survey.text.anonymous:
            what = "A link was given for this id already; with a second one the same person could answer twice."
            raise Refused(409, "invited_already", what)
        sent = Step(what="sent", survey=survey.name, invitation=invitation, channel=about["channel"])
        await self._door.keep(sent, asked.now)
        token = links.link_token(survey, invitation, about["channel"], asked.now, self._door.link_key)
        link = links.answer_url(self._base or asked.base, token, language or "")
        return json_answer(200, answer | {"link": link, "ends": described.when(ends)})


def _about(body: Mapping[str, Any], anonymous: bool) -> dict[str, str]:
    """Whom and what it is about. Raises `Refused` 422."""
    found: dict[str, str] = {}
    if anonymous and (told := next((name for name in _OWN if body.get(name) and name not in NOBODY), "")):
        # The id too: the same may have been given for the invitation, which tells whom it was for.
        raise Refused(422, "anonymous", f"The survey is anonymous: {told} is not taken. Leave it out.")
    for name in ABOUT:
        value = body.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str) or len(value) > LONGEST:
            raise Refused(422, "wrong_type", f"{name} must be text of at most {LONGEST} characters.")
        found[name] = value
    if found.get("channel", "api") not in CHANNELS:
        raise Refused(422, "channel", f"channel is one of {', '.join(CHANNELS)}.")
    return found


def _id(source: str, survey: Survey, body: Mapping[str, Any]) -> str:
    """The invitation's id: made of the program's own, where it gives one."""
    own = body.get("id")
    if own is None:
        return new_invitation()
    if not isinstance(own, str) or not 0 < len(own) <= LONGEST:
        raise Refused(422, "wrong_type", f"id must be text of at most {LONGEST} characters.")
    text = f"{source}\0{survey.name}\0{own}".encode(errors="surrogatepass")
    return f"api-{blake2b(text, digest_size=12).hexdigest()}"
