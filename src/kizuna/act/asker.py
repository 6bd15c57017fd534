"""The asker: looks whom to ask by the rules of the surveys, invites them, and has the outbox sent.

In the server it is a thread that looks every `ask_seconds`; `kizuna surveys send` looks once. A look begins when
everything that was kept is in the facts, and everything it decides is a step in raw/messages, under an id that the same
decision would have again: two that look at the same time, or one that was interrupted, ask nobody twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from time import monotonic

import msgspec

from kizuna.act.candidates import Candidate, candidates, in_sample, in_segment, zone_for
from kizuna.act.desk import Clock, Desk, choose, wall_clock
from kizuna.act.fatigue import DAY, Granted, Reason, Why
from kizuna.act.mail import sender, usable
from kizuna.act.outbox import Outbox
from kizuna.act.plan import Plan, Planned
from kizuna.act.postman import Postman, Unreachable
from kizuna.act.reserved import HELD, Reserved
from kizuna.act.standing import Asked, Ids, Standing, named, standings
from kizuna.collect.survey.step import Step, step_record
from kizuna.collect.survey.survey import Survey
from kizuna.collect.survey.token import workspace_key
from kizuna.errors import KizunaError, QuestionError, SettingError, SpoolError
from kizuna.mailserver import MailServer, mail_server
from kizuna.sending import Keep, catch_up, keeping
from kizuna.settings import Settings
from kizuna.store.duckdb import DuckDBStore, Reading
from kizuna.store.remote import RemoteStore

ASK = "ask now"
"""What a command asks the server to do, see `Asker.for_commands`."""

PIECE = 500
"""So many invitations are written at once: the server's event loop answers nobody meanwhile."""

STOP_SECONDS = 5.0
_log = logging.getLogger("kizuna.asking")


def mail_problem(settings: Settings) -> str:
    """Why no mail is sent, as a sentence; empty where it can be."""
    try:
        server = mail_server(settings.mail)
        if server is None:
            return "No mail is sent: [mail] is not set in kizuna.toml. docs/guides/asking.md shows how."
        sender(settings, server, "", b"")
        _ = server.password
    except SettingError as error:
        return str(error)
    return ""


class Asker:
    """Asks people by the rules of a workspace. `caught_up` has all that was kept in the facts, and says whether it is.

    `may_ask` may be called from any thread, everything else belongs to one.
    """

    def __init__(
        self,
        store: DuckDBStore,
        settings: Settings,
        root: Path,
        keep: Keep,
        caught_up: Callable[[], bool],
        *,
        clock: Clock = wall_clock,
    ) -> None:
        self._desk = Desk(store, settings, root, keep, clock)
        self._settings, self._root, self._caught_up, self._clock = settings, root, caught_up, clock
        self._outbox: Outbox | None = None
        self._ready = False
        self._turn = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="kizuna-asker", daemon=True)

    def start(self) -> None:
        """Begin to look, again and again."""
        self._thread.start()

    def stop(self) -> None:
        """End after the mail that is under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def may_ask(self, survey: Survey, ids: Ids, now: int | None = None) -> Granted | Why:
        """Whether whoever has these ids may be asked now by a widget. Who is granted counts as asked from now on.

        `ids` are kinds (customer_id, email, phone, anonymous_id) and values. It looks into the database: call it
        beside the event loop.
        """
        at, fatigue = self._clock() if now is None else now, self._desk.fatigue
        if not self._ready:
            return fatigue.why("not_ready")
        if survey.text.state != "active":
            return fatigue.why("not_active")
        who = named(ids)
        if not who:
            return fatigue.why("unknown")
        if not in_sample(survey.name, ":".join(who[0]), survey.text.when.sample):
            return fatigue.why("not_sampled")
        with self._desk.reserved.lock, self._desk.store.reading() as data:
            standing, who, numbers = self._desk.stands(data, ids, at)
            if survey.text.when.after == "page" and not in_segment(
                data, survey, numbers, at, self._settings, self._desk.properties, self._desk.segments
            ):
                return fatigue.why("not_in_segment")
            if why := self._desk.objects(survey, at, standing):
                return why
            email = next((value for kind, value in who if kind == "email"), "")
            self._desk.reserved.add(Reserved(tuple(who), email, Asked(survey.name, at), self._clock()))
        return Granted()

    def pass_once(self, dry_run: bool = False, limit: int | None = None) -> Plan:
        """Look once: invite who is to be asked, send what is due (at most `limit` mails), remind.

        With `dry_run` nothing is written or sent; the plan says of each candidate what would be done and why not.
        """
        with self._turn:
            plan, began = Plan(), self._clock()
            if not dry_run:
                if not self._caught_up():
                    plan.problems.append("What was kept is not in the facts yet; nobody is asked before it is.")
                    return plan
                self._ready = True
                self._desk.reserved.forget(began - HELD)
            if problem := mail_problem(self._settings):
                plan.problems.append(problem)
            if dry_run or not problem:
                self._invite(plan, dry_run)
            if not dry_run and not problem:
                if plan.asked and not self._caught_up():
                    return plan
                self._send(plan, limit)
            return plan

    def for_commands(self) -> dict[str, Callable[..., object]]:
        """The server's side of `look`: at most the mails of a minute, the rest goes out by itself."""
        server = mail_server(self._settings.mail)
        limit = server.per_minute if server else None
        return {ASK: lambda: msgspec.to_builtins(self.pass_once(limit=limit))}

    # -- inviting

    def _invite(self, plan: Plan, dry_run: bool) -> None:
        now = self._clock()
        surveys = {survey.name: survey for survey in self._asked_by_mail(plan)}
        with self._desk.store.reading() as data:
            found = self._candidates(data, surveys.values(), now, plan)
        with self._desk.reserved.lock:
            with self._desk.store.reading() as data:
                records = self._decide(data, found, surveys, now, plan)
            if dry_run:
                for step in records:
                    self._desk.reserved.drop(step.invitation)
        if dry_run:
            return
        for place in range(0, len(records), PIECE):
            piece = records[place : place + PIECE]
            try:
                self._desk.keep([step_record(step, now) for step in piece])
            except SpoolError as error:
                for step in records[place:]:
                    self._desk.reserved.drop(step.invitation)
                plan.problems.append(str(error))
                return

    def _asked_by_mail(self, plan: Plan) -> Iterable[Survey]:
        for name in self._desk.surveys.names():
            try:
                survey = self._desk.surveys.get(name)
            except SettingError as error:
                plan.problems.append(str(error))
                continue
            if survey and survey.text.state == "active" and "email" in survey.text.channels:
                yield survey

    def _candidates(self, data: Reading, surveys: Iterable[Survey], now: int, plan: Plan) -> list[Candidate]:
        """Everybody the rules would ask who was not invited for the same yet, in order of time."""
        found: dict[str, Candidate] = {}
        for survey in surveys:
            try:
                each = candidates(
                    data, survey, now, self._settings, self._desk.properties, segments=self._desk.segments
                )
            except QuestionError as error:
                plan.problems.append(f"surveys/{survey.name}.toml: {error}")
                continue
            for candidate in each:
                found.setdefault(candidate.invitation, candidate)
        known = data.rows(
            "SELECT DISTINCT invitation FROM survey_step WHERE what = 'invited'"
            " AND invitation IN (SELECT unnest($ids::VARCHAR[]))",
            {"ids": [*found]},
        )
        for (invitation,) in known:
            del found[invitation]
        return sorted(found.values(), key=lambda each: (each.at, each.survey, each.subject))

    def _decide(
        self, data: Reading, found: Sequence[Candidate], surveys: Mapping[str, Survey], now: int, plan: Plan
    ) -> list[Step]:
        """The steps ``invited`` of those who are to be asked. Each counts against the next, of any survey."""
        if not found:
            return []
        people = {each.customer_no: [e for e in each.emails if usable(e)] for each in found if each.sampled}
        known = standings(data, people, now)
        self._desk.reserved.add_to(data, known, people)
        sharing: dict[str, list[int]] = {}
        for number, emails in people.items():
            for email in emails:
                sharing.setdefault(email, []).append(number)
        steps = []
        for each in found:
            survey, standing = surveys[each.survey], known.get(each.customer_no, Standing())
            address = choose(people.get(each.customer_no, ()), standing)
            due = self._desk.fatigue.quiet.over(now, zone_for(each.zone, self._settings))
            why = self._objects(each, survey, standing, address, due)
            planned = Planned(
                each.survey, each.invitation, each.rule, each.subject, address or _named(each), each.at, due
            )
            if why is not None:
                plan.planned.append(msgspec.structs.replace(planned, why=why.reason, sentence=why.sentence))
                continue
            email = str(address)
            step = self._step(each, survey, email, due)
            asked = Asked(each.survey, due, each.invitation)
            for number in {each.customer_no, *sharing[email]}:
                known[number].waiting.append(asked)
            who = tuple(named({"customer_id": step.customer_id, "email": step.email, "phone": step.phone}))
            self._desk.reserved.add(Reserved(who, email, asked, now))
            plan.planned.append(planned)
            steps.append(step)
        return steps

    def _objects(self, each: Candidate, survey: Survey, standing: Standing, email: str | None, due: int) -> Why | None:
        why: Reason | None = None
        if not each.sampled:
            why = "not_sampled"
        elif email is None:
            why = "no_address"
        elif due >= each.late:
            why = "no_longer_fits"
        if why:
            return self._desk.fatigue.why(why)
        return self._desk.objects(survey, due, standing, email=email)

    def _step(self, each: Candidate, survey: Survey, email: str, due: int) -> Step:
        return Step(
            what="invited",
            survey=each.survey,
            invitation=each.invitation,
            email=email,
            channel="email",
            language=each.language,
            audience=survey.text.audience,
            question=survey.main.id,
            rule=each.rule,
            anonymous=survey.text.anonymous,
            due=due,
            ends=due + int(survey.text.expires_days * DAY),
            zone=each.zone,
            **each.about,
        )

    # -- sending

    def _send(self, plan: Plan, limit: int | None) -> None:
        server = mail_server(self._settings.mail)
        assert server is not None
        outbox = self._outbox = self._outbox or self._make_outbox(server)
        try:
            plan.mailed.extend(outbox.send(self._stop, limit))
        except Unreachable as error:
            plan.problems.append(f"The mail server {server.host} cannot be used now, the mails wait: {error}")
        except SpoolError as error:
            plan.problems.append(str(error))
        self._caught_up()

    def _make_outbox(self, server: MailServer) -> Outbox:
        by = sender(self._settings, server, self._desk.business, workspace_key(self._root))
        return Outbox(self._desk, Postman(server), by, server.per_minute)

    # -- the thread

    def _work(self) -> None:
        server = mail_server(self._settings.mail)
        limit = max(1, server.per_minute * self._settings.ask_seconds // 60) if server else None
        told: set[str] = set()
        while not self._stop.is_set():
            began = monotonic()
            try:
                plan = self.pass_once(limit=limit)
                for problem in {*plan.problems} - told - {mail_problem(self._settings)}:
                    _log.warning("%s", problem)
                told = {*plan.problems}
            except KizunaError as error:
                _log.warning("Nobody can be asked now: %s", error)
            except Exception:
                _log.exception("Nobody can be asked now")
            self._stop.wait(max(0.0, self._settings.ask_seconds - (monotonic() - began)))


def look(
    store: DuckDBStore, settings: Settings, root: Path, *, dry_run: bool = False, clock: Clock = wall_clock
) -> Plan:
    """Look once, for a command: the server does it where one runs, else it is done here."""
    if isinstance(store, RemoteStore) and not dry_run:
        return msgspec.convert(store.call(ASK), Plan)
    if dry_run:
        return Asker(store, settings, root, _never, lambda: True, clock=clock).pass_once(dry_run=True)
    with keeping(store, settings, root) as keep:

        def caught_up() -> bool:
            catch_up(store, settings, root)
            return True

        return Asker(store, settings, root, keep, caught_up, clock=clock).pass_once()


def _never(records: object) -> list[bool]:
    raise AssertionError("a look at what would be done writes nothing")


def _named(each: Candidate) -> str:
    return each.about.get("customer_id") or f"#{each.customer_no}"
