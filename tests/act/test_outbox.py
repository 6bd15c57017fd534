"""The outbox: each mail at most once and, unless nobody knows what became of it, at least once."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from email.message import EmailMessage
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from act.mailbox import Mailbox, body
from act.town import DAY, Town, town
from kizuna.act import outbox
from kizuna.act.outbox import tally
from kizuna.collect.record import Record
from kizuna.collect.survey.step import Step
from kizuna.collect.survey.survey import Survey
from kizuna.errors import SpoolError


class Crash(BaseException):
    """The program ends here."""


def one_asked(place: Town, name: str = "ann", ticket: str = "t1") -> None:
    place.survey("after")
    place.customer(name)
    place.ticket(ticket, name)


def crash_at(place: Town, what: str, *, before: bool) -> None:
    """End the program when a step of this kind is written, before it is on the disk or after."""
    keep = Town.keep

    def crashing(records: Iterable[Record]) -> list[bool]:
        these = [*records]
        if not any(f'"what":"{what}"'.encode() in each.payload for each in these):
            return keep(place, these)
        if not before:
            keep(place, these)
        raise Crash

    place.keep = crashing  # type: ignore[method-assign]
    place.restart()
    with pytest.raises(Crash):
        place.look()
    del place.keep  # type: ignore[method-assign]
    place.restart()


@pytest.mark.parametrize(
    ("what", "before", "mails"),
    [
        ("invited", True, 1),
        ("invited", False, 1),
        ("sending", True, 1),
        # The text had not gone out: but that is what the program knew, and it is gone.
        ("sending", False, 0),
        # It had, and only the word of it is missing.
        ("sent", True, 1),
        ("sent", False, 1),
    ],
)
def test_a_crash_at_any_moment_sends_no_mail_twice(place: Town, what: str, before: bool, mails: int) -> None:
    one_asked(place)
    crash_at(place, what, before=before)
    for _ in range(3):
        place.look(hours=1)
        place.restart()
    assert len(place.to) == mails
    # Whether it came or not, it may have: the person is left in peace.
    place.ticket("t2", "ann")
    assert [each.why for each in place.look().planned] == ["asked_before"]
    with place.store.reading() as data:
        doubtful = (what, before) in (("sending", False), ("sent", True))
        found = tally(data)
    assert [(survey, email) for survey, _, email in found.in_doubt] == (
        [("after", "ann@example.com")] if doubtful else []
    )
    assert found.waiting == 0


def test_where_the_server_s_answer_is_lost_it_is_not_sent_again(place: Town) -> None:
    one_asked(place)
    place.box.vanish_after_text = True
    assert [each.outcome for each in place.look().mailed] == ["in_doubt"]
    place.box.vanish_after_text = False
    place.restart()
    assert place.look(hours=1).mailed == []
    assert place.to == ["ann"]


def test_a_server_that_is_away_for_a_while_loses_nothing(tmp_path: Path) -> None:
    """It is asked less and less often, also after a restart of ours, and then everything goes out once."""
    box = Mailbox()
    with box.open():
        pass
    place = Town(tmp_path, box, "2026-03-10T12:00")
    try:
        place.survey("after")
        for number in range(5):
            place.customer(f"c{number}")
            place.ticket(f"t{number}", f"c{number}")
        looks = 0
        for minute in range(60):
            if minute == 30:
                place.restart()
            looks += bool(place.look(hours=1 / 60).problems)
        assert 6 <= looks <= 14
        assert [what for what, _ in place.steps()] == ["invited"] * 5
        with box.open():
            for _ in range(60):
                place.look(hours=1 / 60)
        assert sorted(place.to) == [f"c{number}" for number in range(5)]
        assert [what for what, _ in place.steps("sent", "failed", "cancelled")] == ["sent"] * 5
    finally:
        place.close()


def test_a_recipient_that_is_not_now_is_tried_again_later_and_later(place: Town) -> None:
    one_asked(place)
    place.box.rcpt = lambda address: "450 4.2.0 Greylisted"
    outcomes = [each.outcome for _ in range(60) for each in place.look(hours=1 / 60).mailed]
    assert outcomes == ["deferred"] * 4
    assert place.steps("sending", "deferred") == []
    place.box.rcpt = lambda address: None
    place.look(hours=2)
    assert place.to == ["ann"]


def test_a_text_that_is_not_now_is_tried_again_also_after_a_restart(place: Town) -> None:
    one_asked(place)
    place.box.data = lambda address: "451 4.7.1 Try again"
    assert [each.outcome for each in place.look().mailed] == ["deferred"]
    place.restart()
    assert place.look(hours=0.05).mailed == []
    assert [each.outcome for each in place.look(hours=0.05).mailed] == ["deferred"]
    with place.store.reading() as data:
        assert tally(data) == tally(data).__class__(1, ())
    place.box.data = lambda address: None
    place.restart()
    place.look(hours=1)
    assert place.to == ["ann"]
    assert [what for what, _ in place.steps()] == ["invited", *["sending", "deferred"] * 2, "sending", "sent"]


def test_a_bounce_is_respected_ever_after(place: Town) -> None:
    one_asked(place)
    place.survey("other", after="order")
    place.box.rcpt = lambda address: "550 5.1.1 User unknown"
    assert [each.outcome for each in place.look().mailed] == ["failed"]
    place.box.rcpt = lambda address: None
    place.look(hours=24 * 300)
    place.shop.put("order", {"order_id": "o1", "customer_id": "ann", "ordered_at": place.ago(1), "value": "1"})
    assert [each.why for each in place.look().planned] == ["bounced"]
    assert place.to == []


def test_a_refusal_that_is_not_the_address_s_fault_is_no_bounce(place: Town) -> None:
    one_asked(place)
    place.box.rcpt = lambda address: "554 5.7.1 Relay access denied"
    assert [each.outcome for each in place.look().mailed] == ["failed"]
    place.box.rcpt = lambda address: None
    place.ticket("t2", "ann")
    place.look(hours=1)
    assert place.to == ["ann"]


def test_a_sender_that_is_refused_costs_nobody_an_invitation(place: Town) -> None:
    one_asked(place)
    place.box.sender = lambda address: "553 5.7.1 Sender not owned by user"
    assert "Sender not owned" in " ".join(place.look().problems)
    place.box.sender = lambda address: None
    place.look(hours=1)
    assert place.to == ["ann"]


@pytest.mark.parametrize(
    "what", ["paused", "gone", "reopened", "unsubscribed", "complained", "condition", "other ticket", "asked"]
)
def test_what_is_no_longer_right_when_it_would_be_sent_is_cancelled(tmp_path: Path, what: str) -> None:
    with town(tmp_path, "2026-03-10T22:00", quiet_hours="21:00-08:00") as place:
        place.survey("after", where="tier = 'gold'")
        place.customer("ann", tier="gold")
        place.ticket("t1", "ann")
        ((_, invitation),) = (place.look(), place.steps())[1]
        match what:
            case "paused":
                place.pause("after")
            case "gone":
                (place.root / "surveys" / "after.toml").unlink()
            case "reopened":
                place.ticket("t1", "ann", reopened_at=place.ago(0.1))
            case "unsubscribed":
                place.step("unsubscribed", invitation)
            case "complained":
                place.shop.put(
                    "message",
                    {"message_id": "m", "sent_at": place.ago(0), "email": "ann@example.com", "complained": True},
                )
            case "condition":
                place.customer("ann", tier="basic")
            case "other ticket":
                place.ticket("t2", "ann", resolved_at=None)
            case "asked":
                place.step("shown", "w", "page", customer_id="ann", channel="web")
        assert [each.outcome for each in place.look(hours=11).mailed] == ["cancelled"]
        place.restart()
        assert place.look(hours=1).mailed == []
        assert place.to == []


def test_an_invitation_by_hand_is_sent_and_ends(place: Town) -> None:
    """What a program invited by the API has no rule, and is sent all the same."""
    place.survey("after", after="")
    place.customer("ann")
    told = {"channel": "email", "due": place.now, "question": "nps"}
    place.step("invited", "by-hand", email="Ann@Example.com", customer_id="ann", ends=place.now + DAY, **told)
    place.step("invited", "too-late", email="bob@example.com", ends=place.now, **told)
    place.step("invited", "a-link", email="eve@example.com", **(told | {"channel": "link"}))
    outcomes = {each.invitation: each.outcome for each in place.look().mailed}
    assert outcomes == {"by-hand": "sent", "too-late": "cancelled"}
    assert place.box.to == ["Ann@example.com"] or place.box.to == ["Ann@Example.com"]


def test_a_test_invitation_is_nobody_s(place: Town) -> None:
    place.survey("after")
    place.step("invited", "trial", email="ann@example.com", channel="email", due=place.now, test=True)
    assert place.look().mailed == []


def test_a_mail_that_cannot_be_written_holds_up_no_other(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    one_asked(place)
    place.customer("bo")
    place.ticket("t2", "bo", hours_ago=0.5)
    made, failed = outbox.survey_mail, []

    def stumbling(survey: Survey, step: Step, *rest: Any, **more: Any) -> EmailMessage:
        if not failed:
            failed.append(step.email)
            raise IndexError
        return made(survey, step, *rest, **more)

    monkeypatch.setattr(outbox, "survey_mail", stumbling)
    assert [each.outcome for each in place.look().mailed] == ["deferred", "sent"]
    assert [each.to for each in place.look(hours=1).mailed] == failed
    assert sorted(place.to) == ["ann", "bo"]


def test_a_clock_that_is_put_back_makes_no_pause_of_days(place: Town) -> None:
    """The server was away while the clock was a year ahead; nobody was written to until that year was over."""
    one_asked(place)
    ahead = 365 * DAY
    place.now += ahead
    place.customer("bo")
    place.ticket("t2", "bo")
    place.box.sender = lambda address: "451 4.3.0 later"
    assert "cannot be used now" in place.look().problems[0]
    place.now -= ahead
    place.box.sender = lambda address: None
    assert [each.outcome for each in place.look().mailed] == ["sent"]
    assert place.to == ["ann"]


def test_not_more_than_so_many_a_minute(tmp_path: Path) -> None:
    with Mailbox().open() as box:
        mail = {"host": "127.0.0.1", "port": box.port, "security": "none", "from": "h@example.com", "per_minute": 600}
        place = Town(tmp_path, box, "2026-03-10T12:00", mail=mail)
        try:
            place.survey("after")
            for number in range(6):
                place.customer(f"c{number}")
                place.ticket(f"t{number}", f"c{number}")
            began = monotonic()
            place.asker.pass_once(limit=5)
            assert monotonic() - began >= 0.4
            assert len(place.to) == 5
            place.look()
            assert len(place.to) == 6
        finally:
            place.close()


def test_two_senders_at_the_same_time_send_each_mail_once(place: Town) -> None:
    """Each has read the outbox before the other wrote to it; the ids of the steps decide."""
    place.survey("after")
    for number in range(4):
        place.customer(f"c{number}")
        place.ticket(f"t{number}", f"c{number}")
    place.asker.pass_once(limit=0)
    boxes = [place.started()._make_outbox(_server(place)) for _ in range(2)]
    one, two = (each.send(threading.Event()) for each in boxes)
    told = [next(one), next(two), *one, *two]
    assert sorted(place.to) == ["c0", "c1", "c2", "c3"]
    assert sorted(each.outcome for each in told) == ["not_mine"] * 4 + ["sent"] * 4


def _server(place: Town):  # type: ignore[no-untyped-def]
    from kizuna.mailserver import mail_server

    return mail_server(place.settings.mail)


def test_a_full_disk_sends_nothing_and_says_so(place: Town) -> None:
    one_asked(place)
    keep = Town.keep

    def full(records: Iterable[Record]) -> list[bool]:
        these = [*records]
        if any(b'"what":"sending"' in each.payload for each in these):
            raise SpoolError("The disk is full.", "Make room.")
        return keep(place, these)

    place.keep = full  # type: ignore[method-assign]
    place.restart()
    assert "The disk is full. Make room." in place.look().problems
    assert place.to == []
    del place.keep  # type: ignore[method-assign]
    place.restart()
    place.look()
    assert place.to == ["ann"]


# -- reminders


def reminded(place: Town, days: float = 3) -> list[str]:
    """Whom a look after so many days reminds."""
    return [each.to for each in place.look(hours=24 * days).mailed if each.reminder and each.outcome == "sent"]


def test_one_reminder_and_no_second(place: Town) -> None:
    one_asked(place)
    place.look()
    assert reminded(place, 2.9) == []
    assert reminded(place, 0.2) == ["ann@example.com"]
    for _ in range(5):
        place.restart()
        assert reminded(place, 2) == []
    assert place.to == ["ann", "ann"]
    assert str(place.box.mails[1]["Subject"]).startswith("Reminder: ")
    assert "This is the only reminder" in body(place.box.mails[1], "plain")
    assert place.shop.get("survey_invitation", "count(*) FILTER (reminded_at IS NOT NULL), count(*)") == [(1, 1)]


@pytest.mark.parametrize("what", ["answered", "dismissed", "unsubscribed", "bounced"])
def test_who_did_something_is_not_reminded(place: Town, what: str) -> None:
    one_asked(place)
    place.look()
    ((_, invitation),) = place.steps("sent")
    place.step(what, invitation, **({"answers": {"nps": 9}} if what == "answered" else {}))
    assert reminded(place) == []


def test_who_answers_while_others_are_reminded_is_not(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    one_asked(place)
    place.customer("bo")
    place.ticket("t2", "bo")
    asked = {each.to: each.invitation for each in place.look().mailed}
    made = outbox.survey_mail

    def answered_meanwhile(survey: Survey, step: Step, *rest: Any, **more: Any) -> EmailMessage:
        for to in asked.keys() - {step.email}:
            place.step("answered", asked[to], answers={"nps": 9}, complete=True)
        place.caught_up()
        return made(survey, step, *rest, **more)

    monkeypatch.setattr(outbox, "survey_mail", answered_meanwhile)
    assert sorted(each.outcome for each in place.look(hours=72).mailed) == ["cancelled", "sent"]
    assert len(place.to) == 3


def test_an_anonymous_survey_reminds_nobody(place: Town) -> None:
    """It could not know whom to leave out, and a second link could answer a second time."""
    place.survey("after", "anonymous = true")
    place.customer("ann")
    place.ticket("t1", "ann")
    place.look()
    assert place.to == ["ann"]
    assert reminded(place) == []


def test_nobody_is_reminded_while_it_is_not_right(place: Town) -> None:
    one_asked(place)
    place.look()
    place.ticket("t2", "ann", resolved_at=None)
    assert reminded(place) == []
    place.ticket("t2", "ann", hours_ago=0)
    assert reminded(place, 1) == ["ann@example.com"]


def test_nobody_is_reminded_of_a_paused_survey_or_too_late(place: Town) -> None:
    one_asked(place)
    place.look()
    place.pause("after")
    assert reminded(place, 4) == []
    place.survey("after")
    assert reminded(place, 6.1) == []


def test_no_reminder_where_the_survey_wants_none(place: Town) -> None:
    place.survey("after", "remind_days = 0")
    place.customer("ann")
    place.ticket("t1", "ann")
    place.look()
    assert reminded(place) == []


def test_a_reminder_keeps_the_quiet_hours(tmp_path: Path) -> None:
    with town(tmp_path, "2026-03-10T20:30", quiet_hours="21:00-08:00") as place:
        one_asked(place)
        place.look()
        place.now += DAY * 3
        assert reminded(place, 0.05) == []
        assert reminded(place, 0.5) == ["ann@example.com"]


def test_a_reminder_whose_fate_is_not_known_is_not_sent_again(place: Town) -> None:
    one_asked(place)
    place.look()
    place.box.vanish_after_text = True
    place.look(hours=73)
    place.box.vanish_after_text = False
    place.restart()
    place.look(hours=5)
    assert len(place.to) == 2
