"""Rules in, mails out: who is asked after what, who is not and why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from act.mailbox import body
from act.town import DAY, HOUR, Town, at, town, whys
from kizuna.act.asker import mail_problem
from kizuna.act.candidates import in_sample, invitation_id
from kizuna.settings import Settings
from kizuna.store.state import segments
from kizuna.store.state.database import State


def test_a_resolved_ticket_is_asked_about_once(place: Town) -> None:
    place.survey("after", delay_hours=2)
    place.customer("ann")
    place.ticket("t1", "ann", hours_ago=1, agent="kim", team="first")
    assert place.look().planned == []
    plan = place.look(hours=1)
    assert [(each.to, each.why) for each in plan.planned] == [("ann@example.com", "")]
    assert [each.outcome for each in plan.mailed] == ["sent"]
    assert place.to == ["ann"]
    assert place.look(hours=1).planned == []
    assert place.to == ["ann"]
    assert place.shop.get("survey_invitation", "customer_id, survey, rule, ticket_id, agent, team, state") == [
        ("ann", "after", "ticket_resolved", "t1", "kim", "first", "sent")
    ]


def test_what_happened_too_long_ago_is_not_asked_about(place: Town) -> None:
    """Also when the survey becomes active only then: nobody is asked about last year's tickets."""
    place.customer("ann")
    place.customer("bob")
    place.ticket("t1", "ann", hours_ago=72)
    place.ticket("t2", "bob", hours_ago=71.9)
    place.survey("after", within_hours=72)
    place.look()
    assert place.to == ["bob"]


def test_a_ticket_that_is_open_again_is_not_asked_about(place: Town) -> None:
    place.survey("after")
    place.customer("ann")
    place.ticket("t1", "ann", reopened_at=place.ago(0.5))
    assert place.look().planned == []


def test_orders_are_asked_about_unless_they_were_paid_back(place: Town) -> None:
    place.survey("after", after="order", delay_hours=1)
    for name in ("ann", "bob", "eve", "liv"):
        place.customer(name)
    order: dict[str, Any] = {"ordered_at": place.ago(2), "value": "10"}
    place.shop.put("order", order | {"order_id": "o1", "customer_id": "ann", "campaign": "spring"})
    place.shop.put("order", order | {"order_id": "o2", "customer_id": "bob", "refunded": "10"})
    place.shop.put(
        "order", order | {"order_id": "o3", "customer_id": "eve", "transaction_type": "refund", "value": "-10"}
    )
    place.shop.put("order", order | {"order_id": "o4", "customer_id": "liv", "refunded": "3"})
    place.look()
    assert sorted(place.to) == ["ann", "liv"]
    assert place.shop.get("survey_invitation", "order_id, campaign") == [("o1", "spring"), ("o4", None)]
    assert "about your order o1" in body(place.box.mails[0], "plain")


def test_an_order_is_asked_about_after_its_delivery(place: Town) -> None:
    """Told by an event, by the order's status, or by a column of the file."""
    place.survey("after", after="order_delivered", delay_hours=24)
    for number, name in enumerate(("ann", "bob", "eve", "liv"), 1):
        place.customer(name)
        more = {"properties": {"delivered_at": "2026-03-09T09:00:00"}} if name == "eve" else {}
        place.shop.put(
            "order",
            {"order_id": f"o{number}", "customer_id": name, "ordered_at": place.ago(24 * 5), "value": "10", **more},
        )
    event: dict[str, Any] = {"event_id": "e1", "customer_id": "ann", "occurred_at": place.ago(25)}
    place.shop.put("event", event | {"name": "Order Delivered", "order_id": "o1"})
    status = {"properties": {"status": "Delivered"}}
    place.shop.put("event", event | {"event_id": "e2", "name": "Order Updated", "order_id": "o2", **status})
    status = {"properties": {"status": "shipped"}}
    place.shop.put("event", event | {"event_id": "e3", "name": "Order Updated", "order_id": "o4", **status})
    place.look()
    assert sorted(place.to) == ["ann", "bob", "eve"]


@pytest.mark.parametrize(("zone", "late"), [("UTC", False), ("Asia/Tokyo", True)])
def test_a_delivery_without_an_offset_is_on_the_workspace_s_clock(tmp_path: Path, zone: str, late: bool) -> None:
    with town(tmp_path, timezone=zone) as place:
        place.survey("after", after="order_delivered", within_hours=30)
        place.customer("ann")
        arrived = {"properties": {"delivered_at": "2026-03-09T09:00:00"}}
        place.shop.put(
            "order", {"order_id": "o1", "customer_id": "ann", "ordered_at": place.ago(100), "value": "1", **arrived}
        )
        place.look()
        assert place.to == ([] if late else ["ann"])


def test_days_after_signup_and_then_every_so_many(tmp_path: Path) -> None:
    with town(tmp_path, ask_again_days=10, ask_days_between=10) as place:
        place.survey("after", after="signup", days=7, every_days=30, within_hours=48)
        place.customer("ann", signed_up_at=place.ago(0))
        asked, begin = [], place.now
        for day in (0, 6, 7, 8, 36, 37, 38, 39, 66, 67, 97):
            place.now = begin + day * DAY
            asked += [day for each in place.look().mailed if not each.reminder]
        assert asked == [7, 37, 67, 97]


def test_an_event_of_somebody_known_is_asked_about(place: Town) -> None:
    place.survey("after", after="event", event="Course Finished")
    place.customer("ann")
    event: dict[str, Any] = {"event_id": "e1", "occurred_at": place.ago(1), "name": "Course Finished"}
    place.shop.put("event", event | {"customer_id": "ann"}, event | {"event_id": "e2", "anonymous_id": "a9"})
    place.shop.put("event", event | {"event_id": "e3", "customer_id": "ann", "name": "Course Begun"})
    plan = place.look()
    assert place.to == ["ann"]
    assert whys(plan) == {"e2": "no_address"}


def test_conditions_are_about_the_row_and_its_customer(place: Town) -> None:
    place.survey("after", where="channel = 'chat' AND (tier = 'gold' OR customer.plan = 'pro')")
    place.customer("ann", tier="gold")
    place.customer("bob", properties={"plan": "pro"})
    place.customer("eve", properties={"plan": "free"})
    for number, name in enumerate(("ann", "bob", "eve")):
        place.ticket(f"t{number}", name, channel="chat")
    place.ticket("t9", "ann", channel="phone")
    place.look()
    assert sorted(place.to) == ["ann", "bob"]


def test_conditions_look_at_what_customers_did_until_now(place: Town) -> None:
    place.survey("after", where="tickets(30) = 2 AND segment('gold')")
    place.survey("page", after="page", where="tickets(3) >= 1")
    state = State(place.root)
    with state.session() as session:
        segments.save(session, "gold", "Gold", "tier = 'gold'")
    for name, tier in (("ann", "gold"), ("bob", "gold"), ("eve", "basic")):
        place.customer(name, tier=tier)
        place.ticket(f"{name}1", name)
        place.ticket(f"{name}2", name, hours_ago=24 * (60 if name == "bob" else 20))
    place.look()
    assert place.to == ["ann"]
    survey = place.asker._desk.surveys.named("page")
    assert getattr(place.asker.may_ask(survey, {"customer_id": "bob"}), "reason", "") == ""
    place.customer("old")
    place.ticket("old1", "old", hours_ago=24 * 5)
    assert getattr(place.asker.may_ask(survey, {"customer_id": "old"}), "reason", "") == "not_in_segment"
    state.close()


def test_a_rule_that_is_not_right_is_named_and_stops_no_other(place: Town) -> None:
    place.survey("after", where="chanel = 'chat'")
    place.survey("again", where="(SELECT 1) = 1")
    place.survey("right")
    (place.root / "surveys" / "odd.toml").write_text("instrumnt = 1\n")
    place.customer("ann")
    place.ticket("t1", "ann")
    problems = place.look().problems
    assert place.to == ["ann"]
    assert len(problems) == 3
    assert any("surveys/after.toml" in each and "Did you mean 'channel'" in each for each in problems)
    assert any("surveys/again.toml" in each and "not allowed" in each for each in problems)
    assert any("odd.toml" in each for each in problems)


def test_a_share_is_the_same_at_every_look_and_about_as_large_as_asked(place: Town) -> None:
    place.survey("after", sample=0.25)
    rows = [{"customer_id": f"c{n}", "email": f"c{n}@example.com"} for n in range(40)]
    place.shop.put("customer", *rows)
    for number in range(40):
        place.ticket(f"t{number}", f"c{number}")
    first = place.look()
    left_out = {about for about, why in whys(first).items() if why == "not_sampled"}
    assert 20 < len(left_out) < 38
    assert len(place.to) == 40 - len(left_out)
    assert set(whys(place.look())) == left_out
    share = sum(in_sample("after", f"t{n}", 0.1) for n in range(20_000)) / 20_000
    assert abs(share - 0.1) < 0.01
    assert all(in_sample("s", f"t{n}", 1.0) and not in_sample("s", f"t{n}", 0.0) for n in range(100))


def test_employees_are_asked_what_is_for_them_and_customers_are_not(place: Town) -> None:
    place.survey("after", 'audience = "employee"', after="signup", days=1)
    place.survey("buyers", after="signup", days=1)
    place.customer("ann", signed_up_at=place.ago(25))
    place.customer("kim", signed_up_at=place.ago(25), properties={"employee": "True"})
    place.look()
    subjects = {str(mail["To"]): body(mail, "plain") for mail in place.box.mails}
    assert sorted(subjects) == ["ann@example.com", "kim@example.com"]
    assert "because you work at Yukimi Tea" in subjects["kim@example.com"]
    assert "because you are in contact with" in subjects["ann@example.com"]


@pytest.mark.parametrize(
    ("traits", "language"),
    [
        ({"language": "ja"}, "ja"),
        ({"language": "ja-JP", "country": "DK"}, "ja"),
        ({"language": "da_DK"}, "da"),
        ({"country": "JP"}, "ja"),
        ({"country": "GL"}, "da"),
        ({"language": "fr", "country": "DK"}, "da"),
        ({"language": "fr"}, "en"),
        ({}, "en"),
    ],
)
def test_people_are_asked_in_their_language(place: Town, traits: dict[str, str], language: str) -> None:
    place.survey("after")
    place.customer("ann", **traits)
    place.ticket("t1", "ann")
    place.look()
    assert place.box.mails[0]["Content-Language"] == language
    assert place.shop.get("survey_invitation", "language") == [language]


def test_a_survey_s_own_languages_come_first(place: Town) -> None:
    place.survey("after", 'languages = ["da", "en"]')
    place.customer("ann", language="ja")
    place.ticket("t1", "ann")
    place.look()
    assert place.box.mails[0]["Content-Language"] == "da"


def test_who_cannot_be_written_to_is_named(place: Town) -> None:
    place.survey("after")
    place.customer("ann", email=None)
    place.customer("bob", email="bob at example")
    place.customer("eve")
    place.customer("liv")
    place.customer("may")
    mail: dict[str, Any] = {"sent_at": place.ago(5000), "channel": "email"}
    place.shop.put("message", mail | {"message_id": "1", "email": "Eve@example.com", "unsubscribed": True})
    place.shop.put("message", mail | {"message_id": "2", "customer_id": "liv", "complained": True})
    place.shop.put("message", mail | {"message_id": "3", "email": "may@example.com", "bounced": True})
    for number, name in enumerate(("ann", "bob", "eve", "liv", "may")):
        place.ticket(f"t{number}", name)
    assert whys(place.look()) == {
        "t0": "no_address",
        "t1": "no_address",
        "t2": "unsubscribed",
        "t3": "complained",
        "t4": "bounced",
    }
    assert place.to == []


def test_another_address_of_the_same_person_is_used_when_one_is_no_good(place: Town) -> None:
    place.survey("after")
    place.customer("ann", email="new@example.com")
    place.shop.put(
        "order",
        {"order_id": "o", "ordered_at": place.ago(900), "customer_id": "ann", "email": "old@example.com", "value": "1"},
    )
    place.shop.put(
        "message", {"message_id": "3", "sent_at": place.ago(99), "email": "new@example.com", "bounced": True}
    )
    place.ticket("t1", "ann")
    place.look()
    assert place.to == ["old"]


def test_the_address_of_the_row_comes_first_then_the_customer_s(place: Town) -> None:
    """A merge gives a person many addresses; which is written to must not be left to chance."""
    place.survey("after")
    for number in range(12):
        place.customer(f"c{number}")
        if number:
            place.say("merge", ids=["customer_id:c0", f"customer_id:c{number}"])
    place.customer("own")
    place.caught_up()
    ((kept,),) = place.store.execute(
        "SELECT email FROM customer WHERE customer_no IS NOT NULL AND customer_id <> 'own'"
    )
    place.ticket("t1", "c7")
    place.ticket("t2", "own", email="Other@example.com")
    place.look()
    assert sorted(place.box.to) == sorted([kept, "other@example.com"])


def test_nobody_is_asked_while_a_ticket_is_open(place: Town) -> None:
    place.survey("after")
    place.customer("ann")
    place.ticket("t1", "ann")
    place.ticket("t2", "ann", resolved_at=None)
    assert whys(place.look()) == {"t1": "open_ticket"}
    place.ticket("t2", "ann", hours_ago=0)
    place.look()
    assert place.to == ["ann"]


def test_a_setting_asks_during_open_tickets(tmp_path: Path) -> None:
    with town(tmp_path, ask_during_open_tickets=True) as place:
        place.survey("after")
        place.customer("ann")
        place.ticket("t1", "ann")
        place.ticket("t2", "ann", resolved_at=None)
        place.look()
        assert place.to == ["ann"]


def test_one_survey_in_so_many_days_and_the_same_one_in_more(place: Town) -> None:
    place.survey("after")
    place.survey("bought", after="order")
    place.customer("ann")
    asked: list[tuple[int, str]] = []
    for day in range(0, 200, 10):
        place.ticket(f"t{day}", "ann")
        place.shop.put("order", {"order_id": f"o{day}", "customer_id": "ann", "ordered_at": place.ago(2), "value": "1"})
        asked += [(day, each.survey) for each in place.look().mailed if not each.reminder]
        place.now += 10 * DAY
    assert asked == [(0, "bought"), (30, "after"), (90, "bought"), (120, "after"), (180, "bought")]


def test_one_person_with_two_tickets_is_asked_about_one(place: Town) -> None:
    place.survey("after")
    place.survey("also")
    place.customer("ann")
    place.ticket("t1", "ann", hours_ago=3)
    place.ticket("t2", "ann", hours_ago=2)
    plan = place.look()
    assert [(each.survey, each.about, each.why) for each in plan.planned] == [
        ("after", "t1", "asked_lately"),
        ("also", "t1", ""),
        ("after", "t2", "asked_lately"),
        ("also", "t2", "asked_before"),
    ] or [(each.survey, each.about, each.why) for each in plan.planned] == [
        ("after", "t1", ""),
        ("also", "t1", "asked_lately"),
        ("after", "t2", "asked_before"),
        ("also", "t2", "asked_lately"),
    ]
    assert place.to == ["ann"]


def test_a_family_with_one_address_is_asked_once(place: Town) -> None:
    place.survey("after")
    place.customer("ann", email="family@example.com")
    place.customer("bob", email="family@example.com")
    place.ticket("t1", "ann", hours_ago=3)
    place.ticket("t2", "bob", hours_ago=2)
    assert whys(place.look()) == {"t2": "asked_before"}
    assert place.to == ["family"]
    assert whys(place.look(hours=24)) == {"t2": "asked_before"}


def test_what_another_system_asked_counts(place: Town) -> None:
    place.survey("after")
    place.customer("ann")
    place.shop.put("survey_invitation", {"invitation_id": "old", "sent_at": place.ago(24 * 29), "customer_id": "ann"})
    place.ticket("t1", "ann")
    assert whys(place.look()) == {"t1": "asked_lately"}
    place.look(hours=25)
    assert place.to == ["ann"]


def test_two_who_turn_out_to_be_one_have_been_asked_what_either_was(place: Town) -> None:
    place.survey("after")
    place.customer("ann")
    place.customer("anna")
    place.ticket("t1", "ann")
    place.look()
    place.say("merge", ids=["customer_id:ann", "customer_id:anna"])
    place.ticket("t2", "anna")
    assert whys(place.look(hours=1)) == {"t2": "asked_before"}
    assert place.to == ["ann"]


def test_it_waits_for_the_morning_where_the_customer_lives(tmp_path: Path) -> None:
    with town(tmp_path, "2026-03-10T12:00", quiet_hours="21:00-08:00", timezone="Europe/Copenhagen") as place:
        place.survey("after")
        place.customer("ann", properties={"timezone": "Asia/Tokyo"})  # it is nine in the evening there
        place.customer("bob")  # one o'clock
        place.customer("eve", properties={"timezone": "Mars/Olympus"})
        for number, name in enumerate(("ann", "bob", "eve")):
            place.ticket(f"t{number}", name)
        due = {each.to: each.due for each in place.look().planned}
        assert sorted(place.to) == ["bob", "eve"]
        assert due["ann@example.com"] == at("2026-03-10T23:00")
        place.look(hours=10.9)
        assert len(place.to) == 2
        place.look(hours=0.1)
        assert place.to[2:] == ["ann"]


def test_what_would_have_to_wait_for_too_long_is_not_asked(tmp_path: Path) -> None:
    with town(tmp_path, "2026-03-10T22:00", quiet_hours="21:00-08:00") as place:
        place.survey("after", within_hours=3)
        place.customer("ann")
        place.ticket("t1", "ann")
        assert whys(place.look()) == {"t1": "no_longer_fits"}


def test_a_dry_run_says_what_would_be_done_and_does_nothing(place: Town) -> None:
    place.survey("after")
    place.customer("ann")
    place.customer("bob", email=None)
    place.ticket("t1", "ann")
    place.ticket("t2", "bob")
    place.ticket("t3", "ann", hours_ago=0.5)
    plan = place.asker.pass_once(dry_run=True)
    assert [(each.to, each.why) for each in plan.planned] == [
        ("ann@example.com", ""),
        ("bob", "no_address"),
        ("ann@example.com", "asked_before"),
    ]
    assert plan.planned[2].sentence == "was asked this survey less than 90 days ago"
    assert place.steps() == []
    assert place.to == []
    place.look()
    assert place.to == ["ann"]


def test_without_a_mail_server_nothing_is_sent_and_it_is_said(tmp_path: Path) -> None:
    for missing, said in (("mail", "[mail] is not set"), ("public_url", "public_url is not set")):
        with town(tmp_path / missing, **{missing: None}) as place:
            place.root.mkdir(exist_ok=True)
            place.survey("after")
            place.customer("ann")
            place.ticket("t1", "ann")
            plan = place.look()
            assert said in " ".join(plan.problems)
            assert (plan.planned, place.steps(), place.to) == ([], [], [])
            assert [each.why for each in place.asker.pass_once(dry_run=True).planned] == [""]


def test_what_is_missing_for_mails_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    mail = {"host": "h", "from": "a@example.com", "user": "u", "password_env": "TEA_MAIL"}
    assert mail_problem(Settings({})).startswith("No mail is sent: [mail] is not set")
    assert "public_url" in mail_problem(Settings({"mail": mail}))
    assert "TEA_MAIL" in mail_problem(Settings({"mail": mail, "public_url": "https://a.example"}))
    monkeypatch.setenv("TEA_MAIL", "x")
    assert mail_problem(Settings({"mail": mail, "public_url": "https://a.example"})) == ""


def test_ids_of_invitations_are_made_of_what_they_are_about() -> None:
    """Rebuilt from nothing they are the same; that is what keeps anybody from being asked twice."""
    assert invitation_id("after", "ticket_resolved", "t1") == "xDCNk9bSOF5Y-RwN"
    assert len({invitation_id(s, r, x) for s in "ab" for r in ("order", "event:x") for x in ("1", "2", "\ud800")}) == 12


def test_a_rebuilt_database_asks_nobody_again(place: Town) -> None:
    place.survey("after")
    place.customer("ann")
    place.ticket("t1", "ann")
    place.look()
    place.store.execute("DELETE FROM survey_step")
    place.store.execute("DELETE FROM survey_invitation")
    place.restart()
    place.look(hours=1)
    assert place.to == ["ann"]


# -- widgets


def test_a_widget_counts_as_an_asking_from_the_moment_it_is_granted(place: Town) -> None:
    place.survey("after")
    place.survey("page", after="page")
    place.customer("ann")
    place.ticket("t1", "ann")
    survey = place.asker._desk.surveys.named("page")
    assert place.asker.may_ask(survey, {"customer_id": "ann"}) == place.asker._desk.fatigue.why("not_ready")
    place.now -= 2 * HOUR
    place.look()
    place.now += 2 * HOUR
    granted = place.asker.may_ask(survey, {"customer_id": "ann", "anonymous_id": "a1"})
    assert type(granted).__name__ == "Granted"
    again = place.asker.may_ask(survey, {"anonymous_id": "a1"})
    assert getattr(again, "reason", "") == "asked_before"
    assert whys(place.look()) == {"t1": "asked_lately"}
    assert place.to == []


def test_a_widget_that_was_granted_and_never_shown_is_forgotten(place: Town) -> None:
    place.survey("page", after="page")
    survey = place.asker._desk.surveys.named("page")
    place.look()
    assert type(place.asker.may_ask(survey, {"anonymous_id": "a1"})).__name__ == "Granted"
    place.look(hours=0.2)
    assert getattr(place.asker.may_ask(survey, {"anonymous_id": "a1"}), "reason", "") == "asked_before"
    place.look(hours=0.2)
    assert type(place.asker.may_ask(survey, {"anonymous_id": "a1"})).__name__ == "Granted"


def test_a_widget_that_was_shown_is_remembered_after_a_restart(place: Town) -> None:
    place.survey("page", after="page")
    place.look()
    place.step("shown", "w1", "page", anonymous_id="a1", channel="web")
    place.restart()
    place.look(hours=1)
    survey = place.asker._desk.surveys.named("page")
    assert getattr(place.asker.may_ask(survey, {"anonymous_id": "a1"}), "reason", "") == "asked_before"
    assert type(place.asker.may_ask(survey, {"anonymous_id": "a2"})).__name__ == "Granted"


def test_what_a_widget_is_asked_for_is_checked(place: Town) -> None:
    place.survey("page", after="page", where="tier = 'gold'")
    place.survey("some", after="page", sample=0.0)
    place.customer("ann", tier="gold")
    place.customer("bob", tier="basic")
    place.look()
    named = place.asker._desk.surveys.named

    def why(name: str, **ids: str | None) -> str:
        return getattr(place.asker.may_ask(named(name), ids), "reason", "")

    assert why("page", customer_id="ann") == ""
    assert why("page", customer_id="bob") == "not_in_segment"
    assert why("page", anonymous_id="a1") == "not_in_segment"
    assert why("some", customer_id="ann") == "not_sampled"
    assert why("page") == "unknown"
    assert why("page", customer_id=" ", email=None) == "unknown"
    place.pause("page")
    assert why("page", customer_id="ann") == "not_active"
