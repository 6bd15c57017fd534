"""The whole of asking over generated lives: no person is ever asked more often than the rules say.

Tickets, orders and sign-ups of a few people, several surveys, widgets on devices that turn out to be somebody's,
people who turn out to be one, restarts, a mail server that stumbles, answers, and clocks that are changed. What is looked
at is what people get: mails, and widgets that are shown. Who is who is asked of the store at the moment of each asking.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from act.mailbox import Mailbox
from act.town import DAY, HOUR, Town
from effort import examples
from kizuna.act.fatigue import Granted

PEOPLE = ("c0", "c1", "c2")
DEVICES = ("a0", "a1")
ZONES = ("America/New_York", "Europe/Copenhagen", "Asia/Tokyo")
BETWEEN, AGAIN, QUIET = 10, 25, (21, 8)

WHO, DEVICE = st.sampled_from(PEOPLE), st.sampled_from(DEVICES)
ACTIONS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from((0.1, 1, 5, 11, 30, 75, 170, 250))),
    st.tuples(st.just("wait"), st.sampled_from((1, 13, 26))),
    st.tuples(st.just("ticket"), WHO),
    st.tuples(st.just("open"), WHO),
    st.tuples(st.just("close"), WHO),
    st.tuples(st.just("order"), WHO),
    st.tuples(st.just("widget"), WHO, st.sampled_from((None, *DEVICES)), st.booleans()),
    st.tuples(st.just("visit"), DEVICE, st.booleans()),
    st.tuples(st.just("identify"), WHO, DEVICE),
    st.tuples(st.just("merge"), WHO, WHO),
    st.tuples(st.just("restart")),
    st.tuples(st.just("server"), st.sampled_from(("well", "greylists", "not now", "vanishes"))),
    st.tuples(st.just("answer"), st.integers(0, 3)),
    st.tuples(st.just("unsubscribe"), st.integers(0, 9)),
)


class Life:
    """A town in which everything that people get is written down and judged as it comes."""

    def __init__(self, root: Path, box: Mailbox, tell: Callable[[str], None] = lambda said: None) -> None:
        self.tell = tell
        # The weeks in which clocks are changed in New York and Copenhagen.
        self.town = Town(
            root, box, "2026-03-01T12:00", ask_days_between=BETWEEN, ask_again_days=AGAIN,
            quiet_hours=f"{QUIET[0]}:00-0{QUIET[1]}:00",
        )  # fmt: skip
        self.numbers = 0
        self.asked: list[tuple[str, str, str, int]] = []
        self.reminded: set[str] = set()
        self.gone: set[str] = set()
        for name, when in (("nps", {"after": "signup", "days": 1, "every_days": 12}), ("csat", {"delay_hours": 2})):
            self.town.survey(name, "remind_days = 2", **when)  # type: ignore[arg-type]
        self.town.survey("order", "remind_days = 2", after="order", within_hours=200)
        self.town.survey("page", after="page")
        for person, zone in zip(PEOPLE, ZONES, strict=True):
            self.town.customer(person, signed_up_at=self.town.ago(0), properties={"timezone": zone})
        self.look()

    def do(self, what: str, *given: Any) -> None:
        getattr(self, f"_{what}")(*given)
        self.look()

    def look(self) -> None:
        plan = self.town.look()
        for mail in plan.mailed:
            self.tell(f"{mail.outcome} {mail.survey} to {mail.to}{' (reminder)' if mail.reminder else ''}")
        for got in self.town.box.mails:
            self._judge_mail(str(got["To"]), str(got["Message-ID"]))
        self.town.box.mails.clear()

    def _judge_mail(self, address: str, id: str) -> None:
        person = address.partition("@")[0]
        hour = datetime.fromtimestamp(self.town.now / 1e6, ZoneInfo(ZONES[PEOPLE.index(person)])).hour
        assert QUIET[1] <= hour < QUIET[0], f"{person} was written to at {hour} o'clock"
        assert person not in self.gone, f"{person} wanted no more"
        assert not self.waits_for_help(person), f"{person} was written to with an open ticket"
        invitation, _, _ = id.strip("<>").partition("@")
        if invitation.endswith(".reminder"):
            assert invitation not in self.reminded
            self.reminded.add(invitation)
            return
        (survey,) = {
            s for (s,) in self.town.store.execute("SELECT survey FROM survey_step WHERE invitation = ?", [invitation])
        }
        self.judge("customer_id", person, survey)

    def judge(self, kind: str, id: str, survey: str) -> None:
        """Somebody was asked: compare with everything that whoever this is now was asked before."""
        me, now = self.number(kind, id), self.town.now
        for known_kind, known, before, at in self.asked:
            if (known_kind, known) == (kind, id) or (me is not None and self.number(known_kind, known) == me):
                apart = (now - at) / DAY
                assert apart >= BETWEEN, f"{id} was asked {survey} {apart:.2f} days after {before}"
                assert before != survey or apart >= AGAIN, f"{id} was asked {survey} again after {apart:.2f} days"
        self.asked.append((kind, id, survey, now))

    def number(self, kind: str, id: str) -> int | None:
        rows = self.town.store.execute("SELECT customer_no FROM identifier WHERE kind = ? AND value = ?", [kind, id])
        return rows[0][0] if rows else None

    def waits_for_help(self, person: str) -> bool:
        me = self.number("customer_id", person)
        return bool(self.town.store.execute("SELECT 1 FROM ticket WHERE customer_no = ? AND resolved_at IS NULL", [me]))

    def _next(self) -> int:
        self.numbers += 1
        return self.numbers

    def _wait(self, hours: float) -> None:
        self.town.now += int(hours * HOUR)

    def _ticket(self, who: str) -> None:
        self.town.ticket(f"t{self._next()}", who, hours_ago=1)

    def _open(self, who: str) -> None:
        self.town.ticket(f"open-{who}", who, resolved_at=None)

    def _close(self, who: str) -> None:
        self.town.ticket(f"open-{who}", who, hours_ago=0)

    def _order(self, who: str) -> None:
        row = {"order_id": f"o{self._next()}", "customer_id": who, "ordered_at": self.town.ago(1), "value": "1"}
        self.town.shop.put("order", row)

    def _widget(self, who: str, device: str | None, shown: bool) -> None:
        self._ask_on_page({"customer_id": who, "anonymous_id": device}, shown)

    def _visit(self, device: str, shown: bool) -> None:
        self._ask_on_page({"anonymous_id": device}, shown)

    def _ask_on_page(self, ids: dict[str, str | None], shown: bool) -> None:
        survey = self.town.asker._desk.surveys.named("page")
        if not isinstance(self.town.asker.may_ask(survey, ids), Granted) or not shown:
            return
        kind, id = next((kind, id) for kind, id in ids.items() if id)
        self.judge(kind, id, "page")
        self.town.step("shown", f"w{self._next()}", "page", channel="web", **ids)
        self.tell(f"page shown to {ids}")

    def _identify(self, who: str, device: str) -> None:
        self.town.say("identify", userId=who, anonymousId=device)

    def _merge(self, one: str, other: str) -> None:
        if one != other:
            self.town.say("merge", ids=[f"customer_id:{one}", f"customer_id:{other}"])

    def _restart(self) -> None:
        self.town.restart()

    def _server(self, how: str) -> None:
        box = self.town.box
        box.rcpt = lambda address: "450 4.2.0 Later" if how == "greylists" else None
        box.data = lambda address: "451 4.7.1 Later" if how == "not now" else None
        box.vanish_after_text = how == "vanishes"

    def _answer(self, which: int) -> None:
        sent = self.town.steps("sent")
        if which < len(sent):
            self.town.step("answered", sent[-1 - which][1], "nps", answers={"nps": 9}, complete=True)

    def _unsubscribe(self, which: int) -> None:
        sent = self.town.steps("sent")
        if which >= len(sent):
            return
        invitation = sent[which][1]
        self.town.step("unsubscribed", invitation)
        rows = self.town.store.execute(
            "SELECT email FROM survey_step WHERE invitation = ? AND what = 'invited'", [invitation]
        )
        self.gone.add(str(rows[0][0]).partition("@")[0])


@pytest.mark.slow
@given(actions=st.lists(ACTIONS, min_size=10, max_size=40))
@settings(max_examples=examples(4, 60), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_nobody_is_asked_more_often_than_the_rules_say(actions: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder, Mailbox().open() as box:
        life = Life(Path(folder), box, note)
        try:
            for what, *given_ in actions:
                life.do(what, *given_)
            life.town.box.rcpt = life.town.box.data = lambda address: None
            life.town.box.vanish_after_text = False
            for hours in (1, 12, 30, 60, 300):
                life.do("wait", hours)
        finally:
            life.town.close()


def test_a_life_has_something_to_judge() -> None:
    """The trap of such a test is that nobody is asked at all: here is what a plain life comes to."""
    with tempfile.TemporaryDirectory() as folder, Mailbox().open() as box:
        life = Life(Path(folder), box)
        try:
            for step in (
                ("ticket", "c0"),
                ("wait", 5),
                ("visit", "a0", True),
                ("order", "c1"),
                ("wait", 1),
                ("wait", 30),
            ):
                life.do(*step)
            for _ in range(8):
                life.do("wait", 100)
            surveys = [survey for _, _, survey, _ in life.asked]
            assert {"nps", "csat", "order", "page"} <= {*surveys}
            assert len(surveys) > 6
            assert life.reminded
        finally:
            life.town.close()
