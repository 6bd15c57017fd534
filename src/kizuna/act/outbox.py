"""The outbox: invitations that wait to be sent, sent at most once each, whatever happens meanwhile.

What waits stands in raw/messages and nowhere else, so a restart loses nothing. Before a mail's text goes to the
server a step ``sending`` is on the disk. If the program ends before it knows what became of the mail, nobody knows
whether it came: it counts as asked, is never sent again, and is listed as in doubt. A server that cannot be
reached, or says "not now", is tried again later and later; an address that it does not know is not written to again.

At the moment of sending everything is asked anew: whether the survey is active, the rule still holds (the ticket
is not open again), the person may be asked, and it is not quiet where they live.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kizuna.act.candidates import candidates, zone_for
from kizuna.act.desk import Desk
from kizuna.act.fatigue import DAY, Why
from kizuna.act.mail import Sender, survey_mail, usable
from kizuna.act.plan import Mailed
from kizuna.act.postman import Handed, Postman, Unreachable
from kizuna.act.reserved import Reserved
from kizuna.act.standing import Asked, Standing, invitations, moment, named
from kizuna.collect.survey.step import Step, What, step_record
from kizuna.collect.survey.survey import Survey
from kizuna.errors import KizunaError, SettingError
from kizuna.store.duckdb import Reading

REMIND_WITHIN = 7 * DAY
"""A reminder that could not be sent for so long after its day is not sent at all."""

_MINUTE = 60_000_000
_LONGEST_PAUSE, _LONGEST_WAIT = 60 * _MINUTE, 240 * _MINUTE
_log = logging.getLogger("kizuna.asking")

_STEP = (
    "survey", "invitation", "customer_id", "email", "phone", "anonymous_id", "channel", "campaign", "ticket_id",
    "order_id", "agent", "team", "tier", "country", "language", "audience", "question", "rule", "zone",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be sent: its invitation, how often it was put off; a reminder knows when the invitation went."""

    step: Step
    deferred: int = 0
    asked_at: int | None = None

    @property
    def reminder(self) -> bool:
        return self.asked_at is not None


def waiting(data: Reading, now: int) -> list[Letter]:
    """The invitations that are due."""
    rows = data.rows(
        f"""WITH {invitations(_OPEN)}, {_FIRST}
        SELECT {_COLUMNS}, i.deferred FROM invited i JOIN first s USING (invitation)
        WHERE i.waits AND coalesce(i.again, i.due, i.invited_at) <= $now::TIMESTAMP
        ORDER BY coalesce(i.again, i.due, i.invited_at), i.invitation""",
        {"now": moment(now)},
    )
    return [Letter(_step(row[:-1]), row[-1]) for row in rows]


def unanswered(data: Reading, now: int, surveys: dict[str, float]) -> list[Letter]:
    """The invitations that were sent so many days ago (by survey) and had no answer of any kind, nor a reminder."""
    rows = data.rows(
        f"""WITH {invitations(_LATELY)}, {_FIRST},
        survey AS (SELECT unnest($names::VARCHAR[]) AS survey, unnest($after::BIGINT[]) AS after)
        SELECT {_COLUMNS}, epoch_us(i.sent_at) FROM invited i JOIN first s USING (invitation)
        JOIN survey v ON v.survey = i.survey
        WHERE i.channel = 'email' AND i.email IS NOT NULL AND NOT s.anonymous
            AND NOT (i.settled OR i.reminded OR i.bounced OR i.unsubscribed OR i.given_up)
            AND epoch_us(i.sent_at) + v.after <= $now AND epoch_us(i.sent_at) + v.after + {REMIND_WITHIN} > $now
        ORDER BY i.sent_at, i.invitation""",
        {
            "now": now,
            "names": [*surveys],
            "after": [int(days * DAY) for days in surveys.values()],
            "since": moment(now - int(max(surveys.values(), default=0) * DAY) - REMIND_WITHIN),
        },
    )
    return [Letter(_step(row[:-1]), 0, row[-1]) for row in rows]


@dataclass(frozen=True, slots=True)
class Tally:
    """The outbox in numbers: how many wait, and the mails of which nobody knows whether they came."""

    waiting: int
    in_doubt: tuple[tuple[str, str, str], ...]
    """(survey, invitation, address)."""


def tally(data: Reading) -> Tally:
    """How the outbox stands."""
    rows = data.rows(
        f"WITH {invitations(_OPEN)} SELECT waits, survey, invitation, email FROM invited WHERE waits OR in_doubt"
        " ORDER BY ALL"
    )
    return Tally(sum(waits for waits, *_ in rows), tuple((s, i, e) for waits, s, i, e in rows if not waits))


class Outbox:
    """Sends what is due. For one thread; all but for how long to wait it finds on the disk again."""

    def __init__(self, desk: Desk, postman: Postman, sender: Sender, per_minute: int) -> None:
        self._desk, self._postman, self._sender = desk, postman, sender
        self._pause = 60 / per_minute
        self._later: dict[str, tuple[int, int]] = {}
        self._failures, self._not_before = 0, 0

    def send(self, stop: threading.Event, limit: int | None = None) -> Iterator[Mailed]:
        """Send what is due, at most so many mails, and tell of each. Raises `Unreachable` where nothing can be sent."""
        now = self._desk.clock()
        # A clock that was put back must not make a pause of minutes one of days.
        if now < self._not_before <= now + _LONGEST_PAUSE:
            return
        with self._desk.store.reading() as data:
            letters = [*waiting(data, now), *unanswered(data, now, self._reminding())]
        handed = 0
        try:
            for letter in letters:
                if stop.is_set() or (limit is not None and handed >= limit):
                    return
                if handed and stop.wait(self._pause):
                    return
                mailed, was_handed = self._one(letter)
                handed += was_handed
                if mailed is not None:
                    yield mailed
        finally:
            self._postman.hang_up()

    def _reminding(self) -> dict[str, float]:
        found = {}
        for name in self._desk.surveys.names():
            survey = self._active(name)
            if survey is not None and survey.text.remind_days > 0:
                found[name] = survey.text.remind_days
        return found

    def _active(self, name: str) -> Survey | None:
        try:
            survey = self._desk.surveys.get(name)
        except SettingError as error:
            _log.warning("A survey is not asked: %s", error)
            return None
        return survey if survey is not None and survey.text.state == "active" else None

    def _one(self, letter: Letter) -> tuple[Mailed | None, bool]:
        """Send one letter if it is still right; says what became of it, and whether the server was asked."""
        step, now = letter.step, self._desk.clock()
        if now < self._later.get(step.invitation, (0, 0))[1] <= now + _LONGEST_WAIT:
            return None, False
        survey = self._active(step.survey)
        with self._desk.reserved.lock:
            why = self._desk.fatigue.why("not_active") if survey is None else self._objects(letter, survey, now)
            if survey is None or why is not None:
                return self._not_right(letter, why or self._desk.fatigue.why("not_active"), now), False
            zone = zone_for(step.zone, self._desk.settings)
            if self._desk.fatigue.quiet.holds(now, zone):
                return _told(letter, "quiet"), False
            if not letter.reminder:
                asked = Asked(step.survey, now, step.invitation)
                who = tuple(named({"customer_id": step.customer_id, "email": step.email, "phone": step.phone}))
                self._desk.reserved.add(Reserved(who, (step.email or "").lower(), asked, now))
        return self._hand_over(letter, survey, now), True

    def _objects(self, letter: Letter, survey: Survey, now: int) -> Why | None:
        step, fatigue = letter.step, self._desk.fatigue
        if not usable(step.email):
            return fatigue.why("no_address")
        ids = {"customer_id": step.customer_id, "email": step.email, "phone": step.phone}
        with self._desk.store.reading() as data:
            standing, _, numbers = self._desk.stands(data, ids | {"anonymous_id": step.anonymous_id}, now)
            if letter.reminder:
                # Many mails may have gone out since the list was made, a second or more each.
                settled = data.rows(_SETTLED, {"invitation": step.invitation})
                return fatigue.why("answered") if settled else self._against_reminder(letter, survey, standing, now)
            if step.ends is not None and step.ends <= now:
                return fatigue.why("expired")
            if step.rule and not self._fits(data, survey, step, numbers, now):
                return fatigue.why("no_longer_fits")
        return self._desk.objects(
            survey, now, standing, email=(step.email or "").lower(), own=step.invitation, waiting=False
        )

    def _fits(self, data: Reading, survey: Survey, step: Step, numbers: list[int], now: int) -> bool:
        """Whether the rule would still ask about the same."""
        try:
            desk = self._desk
            found = candidates(data, survey, now, desk.settings, desk.properties, numbers, desk.segments)
        except KizunaError as error:
            _log.warning("The rule of the survey %s cannot be read: %s", survey.name, error)
            return False
        return any(candidate.invitation == step.invitation for candidate in found)

    def _against_reminder(self, letter: Letter, survey: Survey, standing: Standing, now: int) -> Why | None:
        """A reminder is no new asking; but nobody is reminded of something when something else was asked since."""
        step, asked_at = letter.step, letter.asked_at or 0
        if any(each.at > asked_at for each in standing.asked if each.invitation != step.invitation):
            return self._desk.fatigue.why("asked_lately")
        others = Standing(open_ticket=standing.open_ticket, unsubscribed=standing.unsubscribed)
        others.complained, others.bounced = standing.complained, standing.bounced
        return self._desk.objects(survey, now, others, email=(step.email or "").lower())

    def _not_right(self, letter: Letter, why: Why, now: int) -> Mailed:
        if not letter.reminder:
            self._note(letter, "cancelled", now, detail=why.sentence)
            self._desk.reserved.drop(letter.step.invitation)
        return _told(letter, "cancelled", why.sentence)

    def _hand_over(self, letter: Letter, survey: Survey, now: int) -> Mailed:
        step = letter.step
        begun: list[int] = []

        def last_word() -> bool:
            begun.append(1)
            if letter.reminder:
                return self._note(letter, "reminded", self._desk.clock())
            return self._note(letter, "sending", self._desk.clock(), letter.deferred)

        try:
            mail = survey_mail(survey, step, self._sender, now, reminder=letter.reminder)
        except Exception:
            # One that cannot be written must not hold up those behind it.
            _log.exception("The mail of %s cannot be written", step.invitation)
            self._desk.reserved.drop(step.invitation)
            return self._put_off(letter, Handed("not_now", "It cannot be written."), now, begun=False)
        try:
            handed = self._postman.hand_over(mail, last_word)
        except Unreachable:
            self._desk.reserved.drop(step.invitation)
            self._failures += 1
            self._not_before = now + min(_LONGEST_PAUSE, 2 ** min(self._failures - 1, 6) * _MINUTE)
            raise
        except BaseException:
            if not begun:
                self._desk.reserved.drop(step.invitation)
            raise
        self._failures = 0
        return self._settle(letter, handed, bool(begun))

    def _settle(self, letter: Letter, handed: Handed, begun: bool) -> Mailed:
        """Write down what became of a mail."""
        now, step = self._desk.clock(), letter.step
        if handed.outcome in ("taken", "in_doubt"):
            if letter.reminder:
                return _told(letter, "sent", handed.said)
            if handed.outcome == "taken":
                self._note(letter, "sent", now)
                return _told(letter, "sent", handed.said)
            _log.warning("It is not known whether %s was sent; it is not sent again: %s", step.invitation, handed.said)
            return _told(letter, "in_doubt", handed.said)
        self._desk.reserved.drop(step.invitation)
        if handed.outcome == "not_now":
            return self._put_off(letter, handed, now, begun)
        if handed.outcome == "not_mine":
            return _told(letter, "not_mine")
        if handed.outcome == "no_such_address":
            self._note(letter, "bounced", now, detail=handed.said)
        if not letter.reminder:
            self._note(letter, "failed", now, detail=handed.said)
        return _told(letter, "failed", handed.said)

    def _put_off(self, letter: Letter, handed: Handed, now: int, begun: bool) -> Mailed:
        """Try again after a while; what was begun has to be told that it was not taken, or it would count as sent."""
        tries = self._later.get(letter.step.invitation, (0, 0))[0] + 1
        until = now + min(5 * 2 ** min(tries + letter.deferred - 1, 6) * _MINUTE, _LONGEST_WAIT)
        self._later[letter.step.invitation] = (tries, until)
        if begun and not letter.reminder:
            self._note(letter, "deferred", now, letter.deferred, due=until, detail=handed.said)
        return _told(letter, "deferred", handed.said)

    def _note(self, letter: Letter, what: What, at: int, number: int = 0, **more: Any) -> bool:
        """Keep a step of the letter's invitation; whether it is the first of its kind."""
        step = Step(what=what, survey=letter.step.survey, invitation=letter.step.invitation, **more)
        id = f"{step.invitation}/{what}" + (f"/{number}" if number else "")
        return self._desk.keep([step_record(step, at, id)])[0]


def _told(letter: Letter, outcome: str, said: str = "") -> Mailed:
    step = letter.step
    return Mailed(step.survey, step.invitation, step.email or "", outcome, said, letter.reminder)


# Of all that was ever asked only little is open, or was sent lately; the rest is not gathered.
_OPEN = (
    "invitation IN (SELECT invitation FROM survey_step WHERE what = 'invited' AND channel = 'email' EXCEPT"
    " SELECT invitation FROM survey_step WHERE what IN ('sent', 'failed', 'cancelled'))"
)
_SETTLED = "SELECT 1 FROM survey_step WHERE invitation = $invitation AND what IN ('answered', 'dismissed') AND NOT test"
_LATELY = "invitation IN (SELECT invitation FROM survey_step WHERE what = 'sent' AND happened_at >= $since::TIMESTAMP)"
_FIRST = (
    "first AS (SELECT DISTINCT ON (invitation) * FROM survey_step WHERE what = 'invited' AND NOT test"
    " AND invitation IN (SELECT invitation FROM invited) ORDER BY pos)"
)
_COLUMNS = ", ".join([*(f"s.{name}" for name in _STEP), "coalesce(s.anonymous, FALSE)", "epoch_us(s.ends)"])


def _step(row: tuple[Any, ...]) -> Step:
    told = dict(zip((*_STEP, "anonymous", "ends"), row, strict=True))
    return Step(what="invited", **told)
