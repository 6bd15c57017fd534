"""The door for answers: who comes with which link, whether it is still open, and keeping what was answered.

Everything about one link is told by ids that are kept with the records, for all history: the n-th answer of an
invitation has the id ``INVITATION/answered/n``, so that the same answer sent twice is the same one and a change
is another; the first complete one has ``INVITATION/done`` besides, whose eight bytes of content are its time, from
which on answers can be changed for so long. No table is asked, so a restart or a rebuild changes nothing.

Opening a link writes nothing: programs open every link in a mail. Answers that are refused are kept as
rejected, each once, and not more than so many an hour.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from kizuna.collect.ids import Known, key
from kizuna.collect.keep import Keeper
from kizuna.collect.message import Envelope, Kept
from kizuna.collect.record import Record, record
from kizuna.collect.survey import links
from kizuna.collect.survey.answering import missing, read
from kizuna.collect.survey.limit import Limit
from kizuna.collect.survey.opened import Kind, Opened, Refusal, Taken
from kizuna.collect.survey.question import Question, holds
from kizuna.collect.survey.step import SOURCE, Step, What, step_record
from kizuna.collect.survey.survey import Survey, Surveys
from kizuna.collect.survey.token import FILE as KEY_FILE
from kizuna.collect.survey.token import BadToken, Purpose, Token, unseal, workspace_key
from kizuna.errors import SettingError
from kizuna.settings import Settings

MOST_ANSWERS = 30
"""Steps ``answered`` of one invitation: the first, its follow-ups and changes of mind."""

REFUSED_AN_HOUR, REFUSED_AT_ONCE = 600, 200
"""Refused answers that are kept; a program that tries a million links must not fill the disk."""

_HOUR = 3_600_000_000
_LONGEST, _MOST = 200, 20
_LINK_SHOWN = 20
_log = logging.getLogger("kizuna.surveys")


class SurveyDoor:
    """Belongs to the event loop of its `keeper`. `root` is the workspace's folder."""

    def __init__(self, settings: Settings, root: Path, keeper: Keeper) -> None:
        self.surveys = Surveys(root)
        self._root, self._keeper = root, keeper
        self._key: bytes | None = None
        self._visitors = Limit(settings.max_open_answers, settings.max_open_answers)
        self._refused = Limit(REFUSED_AN_HOUR, REFUSED_AT_ONCE)
        self._not_kept = 0

    # -- opening: nothing is written

    def open(self, text: str, now: int) -> Opened | Refusal:
        """Who comes with the token `text`."""
        token = self._token(text)
        if token is None or token.purpose == "unsubscribe":
            return Refusal("link", link=text)
        survey = self._survey(token.survey)
        if isinstance(survey, Refusal):
            kind: Kind = "gone" if survey.kind == "unknown" else survey.kind
            return Refusal(kind, None, token.invitation, link=text)
        if token.over(now):
            return Refusal("expired", survey, token.invitation, link=text, at=token.ends * 60_000_000)
        return self._opened(survey, token.purpose, token.invitation, text)

    def open_named(self, name: str, now: int) -> tuple[str, Opened] | Refusal:
        """Somebody who comes to an open survey, and the token by which the answer is to be sent."""
        survey = self._survey(name)
        if isinstance(survey, Refusal):
            return survey
        if not survey.text.open or survey.text.state == "draft":
            return Refusal("unknown")
        text = links.visitor_token(survey, now, self.link_key)
        opened = self.open(text, now)
        return opened if isinstance(opened, Refusal) else (text, opened)

    def open_direct(self, survey: Survey, invitation: str, about: Mapping[str, Any]) -> Opened | Refusal:
        """An answer that a program brings (the API), under an id of its choice."""
        return self._opened(survey, "answer", invitation, "", about)

    def _opened(
        self, survey: Survey, purpose: Purpose, invitation: str, link: str, about: Mapping[str, Any] | None = None
    ) -> Opened | Refusal:
        closed_to_visitors = links.is_visitor(invitation) and not survey.text.open
        if purpose != "test" and (survey.text.state != "active" or closed_to_visitors):
            return Refusal("paused", survey, invitation, link=link)
        done = self._keeper.ids.find(key(SOURCE, f"{invitation}/done"))
        if done is None:
            return Opened(survey, purpose, invitation, about=about or _told_by(invitation, survey))
        at = int.from_bytes(done.said, "big")
        until = at + int(survey.text.change_hours * _HOUR)
        return Opened(survey, purpose, invitation, at, until, about or _told_by(invitation, survey))

    # -- answering

    async def answer(
        self,
        opened: Opened,
        given: Mapping[str, Any],
        now: int,
        *,
        other: Mapping[str, Any] | None = None,
        cleared: Collection[str] = (),
        language: str = "",
        consent: bool = False,
        page: str | None = None,
        address: str = "",
    ) -> Taken | Refusal:
        """Check and keep an answer; on the disk when this returns. Raises `SpoolError` when it cannot be kept.

        `given` and `other` as in `answering.read`; of the questions `cleared` an earlier answer is taken back where
        there is none now; `address` is only counted, where nobody was invited, never kept.
        """
        survey, id = opened.survey, opened.invitation
        # It may have been closed since it was opened.
        now_open = self._opened(survey, opened.purpose, id, "", opened.about)
        if isinstance(now_open, Refusal):
            return await self.refuse(now_open, given, now)
        opened = now_open
        if opened.until is not None and now >= opened.until:
            return await self.refuse(Refusal("closed", survey, id, at=opened.answered_at), given, now)
        answers = read(survey, given, other)
        if answers.problems:
            return await self.refuse(Refusal("answer", survey, id, answers.problems), given, now)
        open_still = tuple(missing(survey, answers.given))
        step = Step(
            what="answered",
            survey=survey.name,
            invitation=id,
            question=survey.main.id,
            anonymous=opened.anonymous,
            test=opened.test,
            answers=dict(answers.given),
            other=dict(answers.other),
            scales=_scales(survey, answers.given),
            texts=[each.id for each in survey.questions if each.kind == "text" and each.id in answers.given],
            withdrawn=_withdrawn(survey, answers.given, cleared),
            complete=not open_still,
            consent=consent and opened.reachable,
            audience=survey.text.audience,
            language=language or None,
            page=None if opened.anonymous else page,
            **opened.about,
        )
        kept = self._keep_answer(opened, step, now, address)
        if isinstance(kept, Refusal):
            return await self.refuse(kept, given, now)
        known, records = kept
        await self._settled(records, known)
        until = opened.until
        if until is None and not open_still:
            until = now + int(survey.text.change_hours * _HOUR)
        return Taken(
            survey,
            answers.given,
            answers.other,
            open_still,
            answers.left_out,
            not records,
            until,
            opened.reachable and self.calls(survey, answers.given),
        )

    def _keep_answer(
        self, opened: Opened, step: Step, now: int, address: str
    ) -> tuple[Known | None, list[Record]] | Refusal:
        """What is to be written for a step: nothing where it says the same as the last one, which is given too."""
        id, before, number = opened.invitation, None, 1
        while (known := self._keeper.ids.find(key(SOURCE, f"{id}/answered/{number}"))) is not None:
            before, number = known, number + 1
        made = step_record(step, now, f"{id}/answered/{number}")
        if before is not None and before.said == made.ids[0][1]:
            return before, []
        if number > MOST_ANSWERS:
            return Refusal("many", opened.survey, id)
        if not opened.invited and number == 1 and not self._visitors.take(address, now):
            return Refusal("many", opened.survey, id)
        steps = [made]
        if step.consent and self.calls(opened.survey, step.answers):
            steps.append(_task(opened, now))
        if step.complete and opened.answered_at is None:
            done = (key(SOURCE, f"{id}/done"), now.to_bytes(8, "big"))
            steps[0] = Record(made.payload, (*made.ids, done))
        return before, steps

    @staticmethod
    def calls(survey: Survey, given: Mapping[str, Any]) -> bool:
        """Whether these answers call for somebody to get in touch."""
        loop = survey.text.close_loop
        return loop is not None and holds(loop.only_if, given)

    async def note(self, what: What, opened: Opened, now: int, **about: Any) -> bool:
        """Keep that an invitation was ``shown`` or ``dismissed``, once; whether it is new.

        Nothing is kept of anonymous links, whose ids stand in no other step than the answer, nor of visitors' own.
        """
        if opened.anonymous or not opened.invited:
            return False
        step = Step(what=what, survey=opened.survey.name, invitation=opened.invitation, test=opened.test, **about)
        return await self.keep(step, now)

    async def keep(self, step: Step, now: int, id: str = "") -> bool:
        """Keep a step, once; whether it is new. On the disk when this returns. Raises `SpoolError`."""
        new, groups = self._keeper.take_records([step_record(step, now, id)])
        for group in groups:
            await group.settled()
        return new[0]

    # -- links

    @property
    def link_key(self) -> bytes:
        """The workspace's key for links."""
        if self._key is None:
            self._key = workspace_key(self._root)
        return self._key

    async def issue(self, survey: Survey, step: Step, now: int, purpose: Purpose = "answer") -> str:
        """Keep the first step of an asking (``invited`` or ``shown``) and give the token to answer it by."""
        await self.keep(step, now)
        return links.link_token(survey, step.invitation, step.channel or "link", now, self.link_key, purpose)

    async def unsubscribe(self, text: str, now: int) -> Refusal | None:
        """Whoever was asked by this link is asked no more; None when that is kept."""
        found = self.to_unsubscribe(text)
        if isinstance(found, Refusal):
            return await self.refuse(found, {}, now)
        await self.keep(Step(what="unsubscribed", survey=found.survey, invitation=found.invitation), now)
        return None

    def to_unsubscribe(self, text: str) -> Token | Refusal:
        """Whose link it is; it may be long over, and its survey gone.

        Only a mail's own link will do. Whoever has a write key is given links to answer by, in anybody's name.
        """
        token = self._token(text)
        if token is None or token.purpose != "unsubscribe":
            return Refusal("link", link=text)
        return token

    # -- what is refused

    async def refuse(self, refusal: Refusal, given: Mapping[str, Any], now: int) -> Refusal:
        """Keep what is refused, once, where there is a reason for it; gives the refusal."""
        if refusal.reason is None:
            return refusal
        message: dict[str, Any] = {"answers": _clipped(given)} if given else {}
        if refusal.survey is not None:
            message["survey"] = refusal.survey.name
        if refusal.invitation:
            message["invitation"] = refusal.invitation
        elif refusal.link:
            message["link"] = _begun(refusal.link)
        content = blake2b(refusal.kind.encode() + msgspec.json.encode(message), digest_size=12).hexdigest()
        if self._keeper.ids.find(key(SOURCE, content)) is None and not self._refused.take("", now):
            self._not_kept += 1
            return refusal
        note = f"{self._not_kept:,} more were refused before it and not kept." if self._not_kept else ""
        kept = Kept("rejected", content, now, message, refusal.reason, refusal.told("en"), note)
        made = record(Envelope(now, SOURCE, "survey:answered"), kept)
        new, groups = self._keeper.take_records([made])
        for group in groups:
            await group.settled()
        self._not_kept = 0 if new[0] else self._not_kept
        return refusal

    def _token(self, text: str) -> Token | None:
        if self._key is None and not (self._root / KEY_FILE).exists():
            return None  # no link was ever made; looking at one makes no key
        try:
            return unseal(text, self.link_key)
        except BadToken:
            return None

    def _survey(self, name: str) -> Survey | Refusal:
        try:
            return self.surveys.get(name) or Refusal("unknown")
        except SettingError as error:
            _log.warning("A survey cannot be shown: %s", error)
            return Refusal("broken")

    async def _settled(self, records: list[Record], known: Known | None) -> None:
        if not records:
            if known is not None and known.group is not None:
                await known.group.settled()
            return
        _, groups = self._keeper.take_records(records)
        for group in groups:
            await group.settled()


def _told_by(invitation: str, survey: Survey) -> dict[str, Any]:
    """What is said of an answer whose invitation's step cannot be looked at, or is not there."""
    channel = links.channel_of(invitation)
    return {"channel": channel, "campaign": survey.text.campaign or None} if channel else {}


def _withdrawn(survey: Survey, given: Mapping[str, Any], cleared: Collection[str]) -> list[str]:
    """Questions that were `cleared` and need no answer, and those that these answers rule out.

    What must be answered is not taken back by leaving it out. Of questions that depend on answers given earlier
    nothing is known.
    """

    def ruled_out(question: Question) -> bool:
        return bool(question.only_if) and question.only_if.keys() <= given.keys() and not question.applies(given)

    every = (each for each in survey.questions if each.id not in given)
    return [each.id for each in every if (each.id in cleared and not each.required) or ruled_out(each)]


def _scales(survey: Survey, given: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {
        question.id: [question.low, question.high, question.direction]
        for question in survey.questions
        if question.kind == "scale" and question.id in given
    }


def _task(opened: Opened, now: int) -> Record:
    survey, loop = opened.survey, opened.survey.text.close_loop
    assert loop is not None
    step = Step(
        what="task_raised",
        survey=survey.name,
        invitation=opened.invitation,
        question=survey.main.id,
        test=opened.test,
        due=now + int(loop.hours * _HOUR),
        by=loop.owner or None,
    )
    return step_record(step, now)


def _clipped(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, short enough to be kept."""
    return {_short(name): _short(value) for name, value in [*given.items()][:_MOST]}


def _begun(link: str) -> str:
    """How a link begins: of one that was only copied with a dot behind it, the whole would still be good."""
    return _short(link) if len(link) <= _LINK_SHOWN else f"{_short(link)[:_LINK_SHOWN]}…"


def _short(value: Any) -> Any:
    """A number as it is, anything else as text that can be written."""
    if isinstance(value, (bool, int, float)) and abs(value) < 1e15:
        return value
    return str(value)[:_LONGEST].encode("utf-8", "replace").decode()
