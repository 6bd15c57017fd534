"""The inbox of answers as it is read: what the address asks for, and each answer in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from urllib.parse import quote

from kizuna.act import task
from kizuna.act.task import Task
from kizuna.collect.survey.question import NO, YES, Question, told
from kizuna.collect.survey.survey import Survey, Surveys
from kizuna.errors import KizunaError, QuestionError, did_you_mean
from kizuna.facts import QUESTIONS
from kizuna.show import number
from kizuna.show.period import day, period
from kizuna.show.web.view import View
from kizuna.store.state import handlings
from kizuna.store.state.tables import Account, Handling
from kizuna.understand.opinion import OPINIONS, Opinion
from kizuna.understand.voice import Answer, Voice, Wanted

ME, NO_OWNER = "me", "none"
FILTERS = ("survey", "channel", "language", "opinion", "low", "high", "status", "owner", "tag", "comment", "text")
"""What the address may ask for besides the scope."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer in words: what was asked, and what was said; `of` is the end of the scale."""

    question: str
    score: str
    of: str
    choice: str
    comment: str

    line: str
    """Question and answer, without what was written."""


@dataclass(frozen=True, slots=True)
class Item:
    """One response of the list. `tone` is the style of its opinion, `opinion` the word for it."""

    id: str
    link: str
    main: Said
    opinion: str
    tone: str
    comment: str
    partial: bool
    named: bool
    survey: str
    when: str
    about: Sequence[str]
    customer: str
    customer_link: str
    status: str
    status_word: str
    owner: str
    tags: Sequence[str]
    task: str
    answers: Sequence[Said]

    @property
    def summary(self) -> str:
        """What was answered besides the score that stands beside it, in a line."""
        others = [each.line for each in self.answers if each.line != self.main.line or not each.score]
        return " · ".join(filter(None, others)) or self.main.question


def read_wanted(view: View) -> Wanted:
    """What the address asks for. Raises `QuestionError` with the nearest word for what cannot be."""
    query, scope = view.query, view.scope
    among, besides = _handled(view)
    return Wanted(
        since=scope.since,
        until=scope.until,
        survey=query.get("survey", ""),
        channel=query.get("channel", ""),
        language=query.get("language", ""),
        where=scope.where,
        opinion=_opinion(query.get("opinion", "")),
        low=_number(query, "low"),
        high=_number(query, "high"),
        comment=bool(query.get("comment")),
        text=query.get("text", ""),
        among=among,
        besides=besides,
    )


def _handled(view: View) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """The responses that a status, an owner and a tag leave, and those they leave out."""
    query = view.query
    status = handlings.read_status(query["status"]) if query.get("status") else None
    owner = _owner(view, query.get("owner", ""))
    fresh, nobodys = status == "new", owner == handlings.NOBODY
    with view.hub.state.session() as session:
        among = handlings.matching(
            session,
            status=None if fresh else status,
            owner=None if nobodys else owner,
            tag=" ".join(query.get("tag", "").split()).lower(),
        )
        besides = handlings.touched(session, status=fresh, owner=nobodys)
    return (None if among is None else tuple(among)), tuple(besides)


def _owner(view: View, text: str) -> int | None:
    if text == ME:
        return view.who.account_id or -1
    if text in ("", NO_OWNER):
        return handlings.NOBODY if text else None
    if not text.isdecimal() or len(text) > 15:
        raise QuestionError(f"There is no owner {text[:40]!r}.", "Choose one of the list.")
    return int(text)


def _opinion(text: str) -> Opinion | None:
    for each in OPINIONS:
        if each == text:
            return each
    if not text:
        return None
    near = did_you_mean(text[:40], OPINIONS)
    hint = f"Did you mean {near!r}?" if near else f"It is one of {', '.join(OPINIONS)}."
    raise QuestionError(f"There is no opinion {text[:40]!r}.", hint)


def _number(query: Mapping[str, str], name: str) -> float | None:
    text = query.get(name, "").strip()
    try:
        found = float(text) if text else None
    except ValueError:
        found = float("nan")
    if found is not None and not abs(found) < 1e6:
        raise QuestionError(f"{name} is not a score: {text[:40]!r}.", "Write a number, such as 6.")
    return found


class Teller:
    """Tells answers in the reader's words: questions and choices as the survey's file has them, else by their ids."""

    def __init__(self, view: View) -> None:
        self._view, self._surveys = view, Surveys(view.hub.root)
        self._read: dict[str, Survey | None] = {}

    def items(self, found: Sequence[Voice]) -> list[Item]:
        """Responses with what became of them."""
        ids = [each.id for each in found]
        with self._view.hub.state.session() as session:
            handled = handlings.of(session, ids)
        tasks = task.of_ids(self._view.hub.store, [name for each in found if each.named for name in _task_ids(each)])
        return [
            self.item(each, handled.get(each.id), next((tasks[n] for n in _task_ids(each) if n in tasks), None))
            for each in found
        ]

    def item(self, voice: Voice, handling: Handling | None, about: Task | None) -> Item:
        """One response."""
        view, status = self._view, handling.status if handling else "new"
        opinion = voice.opinion or ""
        scale = "nps" if voice.main.question == "nps" else "other"
        return Item(
            voice.id,
            view.link(f"/response/{quote(voice.id, safe='')}"),
            self.said(voice.survey, voice.main),
            view.say(f"feedback.{scale}_{opinion}") if opinion else "",
            {"good": "better", "bad": "worse"}.get(opinion, "quiet"),
            voice.comment,
            not voice.complete,
            voice.named,
            voice.survey,
            self.when(voice),
            [each for each in (voice.channel, voice.country, voice.agent, voice.team) if each],
            voice.customer,
            view.link(f"/customer/{voice.customer_no}") if voice.customer_no is not None else "",
            status,
            view.say(f"feedback.status_{status}"),
            self.owners.get(handling.owner_id, "") if handling and handling.owner_id else "",
            tuple(handling.tags) if handling else (),
            ("done" if about["done_at"] else "open") if about else "",
            [self.said(voice.survey, each) for each in voice.answers],
        )

    def said(self, survey: str, answer: Answer) -> Said:
        """One answer."""
        view, asked = self._view, self.question(survey, answer.question)
        score = "" if answer.score is None else number.value(answer.score, "count", view.language)
        of = "" if answer.high is None else number.value(answer.high, "count", view.language)
        choice, line = self.choice(survey, answer.question, answer.choice), ""
        if score:
            line = f"{asked} {score}/{of}" if of else f"{asked} {score}"
        elif choice:
            line = view.say("feedback.chosen", question=asked, choice=choice)
        return Said(asked, score, of, choice, answer.comment, line)

    def when(self, voice: Voice) -> str:
        """When it was given, on the workspace's clock; the month of one without a name."""
        language = self._view.language
        if not voice.named:
            return period(voice.at.date(), (voice.at + timedelta(days=32)).date().replace(day=1), "month", language)
        return self.time(voice.at)

    def time(self, at: datetime) -> str:
        """A moment (UTC) on the workspace's clock."""
        there = at.replace(tzinfo=UTC).astimezone(self._view.hub.settings.zone)
        return f"{day(there.date(), self._view.language)} {there:%H:%M}"

    @cached_property
    def owners(self) -> Mapping[int, str]:
        """The names of accounts that answers can be given to, and of those they were given to."""
        from sqlalchemy import select

        with self._view.hub.state.session() as session:
            return {account.id: account.name for account in session.scalars(select(Account))}

    def question(self, survey: str, id: str) -> str:
        """What was asked: a known question in a word, any other as its survey asks it."""
        if id in QUESTIONS:
            return self._view.say(f"feedback.q_{id}")
        found = self._asked(survey, id)
        return told(found.text, self._view.language) if found else id.replace("_", " ")

    def choice(self, survey: str, question: str, choice: str) -> str:
        """What was chosen."""
        if choice in (YES, NO):
            return self._view.say(f"common.{choice}")
        asked = self._asked(survey, question)
        option = next((each for each in asked.options if each.id == choice), None) if asked else None
        return told(option.text, self._view.language) if option else choice

    def _asked(self, survey: str, id: str) -> Question | None:
        if survey not in self._read:
            try:
                self._read[survey] = self._surveys.get(survey)
            except KizunaError:
                self._read[survey] = None  # its file is not right; answers are read all the same
        found = self._read[survey]
        return found.question(id) if found else None


def _task_ids(voice: Voice) -> list[str]:
    """A task goes by the invitation that was answered."""
    return list(dict.fromkeys(filter(None, (voice.invitation_id, voice.id))))
