"""The page on which a survey is answered, and what comes after it.

Opening a page writes nothing, whatever opens it. Each sending is kept at once, also where follow-ups are still to
come: who leaves then has answered in part. Without a script every step is a form; with one, an answer
chosen in a mail is sent by itself as soon as somebody sees the page (``static/survey.js``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kizuna.collect.answers import Answer
from kizuna.collect.survey.answering import Answers, missing, read
from kizuna.collect.survey.door import SurveyDoor
from kizuna.collect.survey.opened import Opened, Refusal, Taken
from kizuna.collect.survey.survey import Survey
from kizuna.locale.texts import say, spoken
from kizuna.show.survey.asked import Asked, Filled, pick
from kizuna.show.survey.pages import Link, Pages
from kizuna.show.survey.view import FILE

CONSENT = "consent"


class Hosted:
    """The pages of a workspace's surveys."""

    def __init__(self, door: SurveyDoor, pages: Pages, languages: list[str]) -> None:
        self._door, self._pages, self._languages = door, pages, languages

    # -- opening

    def show(self, asked: Asked, token: str) -> Answer:
        """The survey of a link, with the answer chosen that the address names (``?score=``)."""
        opened = self._door.open(token, asked.now)
        if isinstance(opened, Refusal):
            return self.refused(asked, opened)
        return self._show(asked, token, opened)

    def show_open(self, asked: Asked, name: str) -> Answer:
        """An open survey: whoever opens it gets a link of their own, which counts once it is answered."""
        found = self._door.open_named(name, asked.now)
        return self.refused(asked, found) if isinstance(found, Refusal) else self._show(asked, *found)

    def _show(self, asked: Asked, token: str, opened: Opened) -> Answer:
        if opened.until is not None and asked.now >= opened.until:
            return self.refused(asked, Refusal("closed", opened.survey, opened.invitation, at=opened.answered_at))
        survey, link = opened.survey, self._link(asked, token, opened)
        chosen: Mapping[str, Any] = {survey.main.id: asked.query["score"]} if asked.query.get("score") else {}
        answers = read(survey, chosen) if chosen else Answers({}, {})
        given = {} if answers.problems else answers.given
        return self._pages.form(link, survey.asked(given), given, {}, tap=bool(given), by_post=False)

    # -- answering

    async def take(self, asked: Asked, token: str) -> Answer:
        """A form that was sent. Raises `Refused` and `SpoolError`."""
        filled = await asked.filled()
        opened = self._door.open(token, asked.now)
        if isinstance(opened, Refusal):
            refusal = opened if filled.show else await self._door.refuse(opened, filled.answers, asked.now)
            return self.refused(asked, refusal, filled.language)
        return await self._take(asked, token, opened, filled)

    async def take_open(self, asked: Asked, name: str) -> Answer:
        """A form sent to an open survey's own address: somebody new answers."""
        filled = await asked.filled()
        found = self._door.open_named(name, asked.now)
        if isinstance(found, Refusal):
            return self.refused(asked, await self._door.refuse(found, filled.answers, asked.now), filled.language)
        return await self._take(asked, *found, filled)

    async def _take(self, asked: Asked, token: str, opened: Opened, filled: Filled) -> Answer:
        link = self._link(asked, token, opened, filled)
        if filled.show:
            return self._again(link, filled, asked.now)
        taken = await self._door.answer(
            opened,
            filled.answers,
            asked.now,
            other=filled.other,
            cleared=_cleared(opened.survey, filled),
            language=link.language,
            consent=filled.consent,
            address=asked.address,
        )
        if isinstance(taken, Refusal):
            if taken.kind == "answer":
                return self._check(link, filled, taken)
            return self.refused(asked, taken, filled.language)
        if not filled.tap:
            link = replace(link, seen=link.seen | filled.asks)
        return self._after(link, taken, filled, asked.now)

    def _after(self, link: Link, taken: Taken, filled: Filled, now: int) -> Answer:
        """What comes after an answer: what is still open, what else is asked now, or thanks."""
        survey, given, other = link.survey, taken.given, taken.other
        link = replace(link, opened=replace(link.opened, until=taken.until))
        forgotten = [id for id in taken.missing if id in link.seen]
        if forgotten:
            sentence = say(FILE, "problem_missing", link.language)
            errors = dict.fromkeys(forgotten, sentence)
            shown = survey.asked(given)
            return self._pages.form(link, shown, given, other, errors=errors, saved=True, consent=filled.consent)
        new = [each for each in survey.asked(given) if each.id not in given and each.id not in link.seen]
        contact = taken.contact and not filled.consent and CONSENT not in link.seen
        if (new or contact) and (taken.until is None or now < taken.until):
            return self._pages.more(link, new, given, other, contact)
        return self._pages.thanks(link, given, other, filled.consent, taken.until, now)

    def _again(self, link: Link, filled: Filled, now: int) -> Answer:
        """The page once more, as it was filled in, in another language or to be changed; nothing is kept."""
        survey, opened = link.survey, link.opened
        answers = read(survey, filled.answers, filled.other)
        if filled.show == "form" or answers.problems:
            shown = survey.asked(answers.given)
            return self._pages.form(link, shown, filled.answers, filled.other, consent=filled.consent)
        still = tuple(missing(survey, answers.given))
        contact = opened.reachable and self._door.calls(survey, answers.given)
        taken = Taken(survey, answers.given, answers.other, still, (), True, opened.until, contact)
        return self._after(link, taken, filled, now)

    def _check(self, link: Link, filled: Filled, refusal: Refusal) -> Answer:
        """The form with what was filled in and what is wrong with it."""
        errors: dict[str, str] = {}
        for problem in refusal.problems:
            errors.setdefault(problem.question, problem.told(link.language))
        shown = link.survey.asked(read(link.survey, filled.answers, filled.other).given)
        wrong = [each for each in link.survey.questions if each.id in errors or each in shown]
        return self._pages.form(
            link, wrong, filled.answers, filled.other, errors=errors, consent=filled.consent, status=refusal.status
        )

    # -- being asked no more

    def show_unsubscribe(self, asked: Asked, token: str) -> Answer:
        """The question whether to be asked no more."""
        found = self._door.to_unsubscribe(token)
        if isinstance(found, Refusal):
            return self.refused(asked, found)
        return self._pages.unsubscribe(self.page_language(asked), token)

    async def unsubscribe(self, asked: Asked, token: str) -> Answer:
        """Ask them no more; mail programs post here by themselves when somebody says so (RFC 8058)."""
        filled = await asked.form_or_nothing()
        refusal = await self._door.unsubscribe(token, asked.now)
        if refusal is not None:
            return self.refused(asked, refusal, filled.language)
        language = self.page_language(asked, filled.language)
        text = say(FILE, "unsubscribed", language, business=self._pages.business)
        return self._pages.message(language, 200, say(FILE, "unsubscribed_title", language), text)

    # -- what could not be done

    def refused(self, asked: Asked, refusal: Refusal, language: str = "") -> Answer:
        """A page that says why, and what to do."""
        language = self.page_language(asked, language)
        title = say(FILE, f"refused_{refusal.kind}_title", language)
        return self._pages.message(language, refusal.status, title, refusal.told(language, self._pages.zone))

    def said(self, asked: Asked, status: int, key: str) -> Answer:
        """A page with the sentence of a key (and ``KEY_title``)."""
        language = self.page_language(asked)
        return self._pages.message(language, status, say(FILE, f"{key}_title", language), say(FILE, key, language))

    def page_language(self, asked: Asked, said: str = "") -> str:
        """The language of a page that shows no survey."""
        return pick(asked.languages(said), spoken(FILE))

    def languages_of(self, survey: Survey) -> tuple[str, ...]:
        """The languages a survey can be answered in, the default first."""
        return tuple(survey.languages(self._languages))

    def _link(self, asked: Asked, token: str, opened: Opened, filled: Filled | None = None) -> Link:
        known = self.languages_of(opened.survey)
        language = pick(asked.languages(filled.language if filled else ""), known)
        return Link(opened, token, language, known, filled.seen if filled else frozenset())


def _cleared(survey: Survey, filled: Filled) -> frozenset[str]:
    """The questions of the form, on which what is sent replaces what was: a comment that was emptied is gone.

    Follow-ups come after the form, with its questions carried along; what a script sent nobody has left empty.
    """
    if filled.tap:
        return frozenset()
    return filled.asks if survey.main.id in filled.asks else filled.seen
