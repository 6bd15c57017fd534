"""A customer's profile and timeline: where each trait comes from, what is folded into what, and what is never shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kizuna.collect.record import Record, record
from kizuna.collect.survey.step import Step, step_record
from kizuna.errors import QuestionError, UnknownName
from kizuna.understand.finding import find
from kizuna.understand.profile import Profile, read_profile
from kizuna.understand.timeline import Entry, count_entries, read_timeline
from kizuna.workspace import Workspace
from messages import envelope, kept, micros
from understand.asked import workspace

CUSTOMERS = [
    {"customer_id": "c1", "email": "ada@example.com", "name": "Ada", "country": "DK", "tier": "", "taste": "tea"},
    {"customer_id": "c2", "email": "bo@example.com", "name": "", "country": "", "tier": "", "taste": ""},
]
ORDERS = [
    {"order_id": f"o{n}", "ordered_at": f"2026-03-0{n} 10:00", "customer_id": "c1", "value": 10 * n} for n in (1, 2)
]
TICKETS = [{"ticket_id": "t1", "opened_at": "2026-03-03 12:00", "customer_id": "c1", "topic": "delivery"}]
MAILS = [
    {"message_id": "m1", "sent_at": "2026-03-04 09:00", "customer_id": "c1", "unsubscribed": "true", "opened": "true"},
    {
        "message_id": "m2",
        "sent_at": "2026-03-05 09:00",
        "customer_id": "c1",
        "unsubscribed": "false",
        "opened": "false",
    },
]
ANSWERS = [
    {"response_id": "r1", "question": question, "answered_at": f"2026-03-06 10:0{place}", "customer_id": "c1", **more}
    for place, (question, more) in enumerate(
        [("nps", {"score": 9, "comment": "<b>lovely</b>"}), ("csat", {"score": 4, "comment": ""})]
    )
]
DAY = datetime(2026, 3, 7, 8, tzinfo=UTC)


def said(minute: int, **message: Any) -> Record:
    """A message of the source ``web`` some minutes into the 7th."""
    at = DAY + timedelta(minutes=minute)
    whole = {"messageId": f"x{minute}", "userId": "c1", "anonymousId": "laptop", **message}
    return record(envelope(at), kept(whole, at))


def step(minute: int, what: str, invitation: str, **more: Any) -> Record:
    return step_record(
        Step(what=what, survey=more.pop("survey", "pulse"), invitation=invitation, **more),  # type: ignore[arg-type]
        micros(DAY + timedelta(minutes=minute)),
        f"{invitation}/{minute}",
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Ada, known by files and by messages that differ from them, with something of every channel; and Bo."""
    root: Path = tmp_path_factory.mktemp("profile")
    facts: dict[str, Any] = {"customer": CUSTOMERS, "order": ORDERS, "ticket": TICKETS, "message": MAILS}
    with workspace(root, **facts, survey_response=ANSWERS) as made:
        made.send(
            [
                said(0, type="page", properties={"path": "/a"}),
                said(1, type="track", event="Product Viewed", properties={"product": "Cup"}),
                said(2, type="identify", traits={"country": "SE", "tier": "gold", "taste": "coffee", "pet": "cat"}),
                said(3, type="identify", traits={"pet": "dog"}),
                said(200, type="page", properties={"path": "/b"}),
                said(400, type="track", event="Email Opened", properties={"message_id": "m1"}),
                step(500, "invited", "i1", customer_id="c1", channel="email", email="ada@example.com"),
                step(501, "sent", "i1"),
                step(502, "answered", "i1", answers={"nps": 3}, question="nps", complete=True, consent=True),
                step(503, "unsubscribed", "i1"),
                step(600, "invited", "n1", survey="quiet", anonymous=True, customer_id="c1", channel="email"),
                step(601, "sent", "n1", survey="quiet", anonymous=True),
                step(602, "answered", "ballot.email.1", survey="quiet", anonymous=True, answers={"nps": 0},
                     question="nps", complete=True, channel="email"),
            ]
        )  # fmt: skip
        yield made


def number(shop: Workspace, id: str) -> int:
    with shop.store.reading() as data:
        return find(data, id).exact[0]


@pytest.fixture(scope="module")
def ada(shop: Workspace) -> Profile:
    return read_profile(shop.store, number(shop, "c1"))


def timeline(shop: Workspace, **how: Any) -> list[Entry]:
    with shop.store.reading() as data:
        return [*read_timeline(data, number(shop, "c1"), **how).entries]


def test_each_trait_says_where_it_comes_from(ada: Profile) -> None:
    """The file's word counts where it has one; what a message says differently stands beside it."""
    traits = {trait.name: trait for trait in ada.traits}
    country, tier, taste, pet = (traits[name] for name in ("country", "tier", "taste", "pet"))
    assert (country.value, country.said.file, country.said.line) == ("DK", "customer.csv", 2)
    assert country.said.at is not None
    assert country.other_said is not None
    assert (country.other, country.other_said.source) == ("SE", "web")
    assert (tier.value, tier.said.file, tier.said.source) == ("gold", "", "web")
    assert tier.said.at == datetime(2026, 3, 7, 8, 2)
    assert (taste.value, taste.said.file, taste.other) == ("tea", "customer.csv", "coffee")
    assert (pet.value, pet.said.source, pet.said.at) == ("dog", "web", datetime(2026, 3, 7, 8, 3))


def test_sums_and_consent(ada: Profile) -> None:
    assert (ada.name, ada.customer) == ("Ada", True)
    assert (ada.sums.orders, ada.sums.value, ada.sums.visits, ada.sums.tickets) == (2, 30.0, 2, 1)
    assert (ada.sums.open_tickets, ada.sums.mails, ada.sums.opened, ada.sums.answers) == (1, 2, 1, 2)
    assert ada.consent.unsubscribed_at == datetime(2026, 3, 4, 0, 0)
    assert ada.consent.surveys_unsubscribed_at == datetime(2026, 3, 7, 16, 23)
    assert ada.consent.may_be_contacted is True


def test_a_name_that_is_not_known_is_the_strongest_id(shop: Workspace) -> None:
    bo = read_profile(shop.store, number(shop, "c2"))
    assert bo.name == "c2"
    assert bo.sums.value is None
    assert [trait.name for trait in bo.traits] == []
    assert bo.consent.may_be_contacted is None


def test_nobody_has_the_number(shop: Workspace) -> None:
    with pytest.raises(UnknownName, match="There is no customer '99'"):
        read_profile(shop.store, 99)


def test_the_timeline_folds_visits_and_answers(shop: Workspace) -> None:
    entries = timeline(shop)
    kinds = [entry.kind for entry in entries]
    assert sorted(kinds) == sorted(
        ["visit"] * 2 + ["order"] * 2 + ["ticket"] + ["message"] * 2 + ["answer"] * 2 + ["invitation"]
    )
    assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)
    first = next(entry for entry in reversed(entries) if entry.kind == "visit")
    assert [event["name"] for event in first.parts] == ["Page Viewed", "Product Viewed"]
    filled = next(entry for entry in reversed(entries) if entry.kind == "answer")
    assert [(row["question"], row["score"]) for row in filled.parts] == [("nps", 9), ("csat", 4)]
    assert filled.at == datetime(2026, 3, 6, 1, 0)


def test_events_of_mails_are_told_by_the_mails(shop: Workspace) -> None:
    """The event Email Opened is in no visit, and no entry of its own."""
    assert not [entry for entry in timeline(shop) if entry.kind == "event"]
    (mail,) = [entry for entry in timeline(shop, kinds=["message"]) if entry.key.endswith("m1")]
    assert mail.row["opened"]


def test_an_event_outside_visits_is_an_entry(shop: Workspace) -> None:
    """What a server tells of, with nobody on the site, belongs to no visit."""
    shop.store.execute("BEGIN")
    shop.store.execute(
        "INSERT INTO event BY NAME SELECT 'Goods Returned' AS name, TIMESTAMP '2026-03-20' AS occurred_at,"
        " customer_no, 'returned' AS row_key FROM customer WHERE customer_id = 'c1'"
    )
    shop.store.execute("COMMIT")
    assert [entry.row["name"] for entry in timeline(shop, kinds=["event"])] == ["Goods Returned"]
    shop.store.execute("DELETE FROM event WHERE row_key = 'returned'")


def test_what_is_anonymous_is_in_nobody_s_timeline(shop: Workspace) -> None:
    """Not even that Ada was asked: her invitation counts as answered by number, though nobody knows who did."""
    assert shop.store.execute("SELECT responded_at IS NOT NULL FROM survey_invitation WHERE survey = 'quiet'") == [
        (True,)
    ]
    assert {entry.row["survey"] for entry in timeline(shop, group="feedback")} == {"pulse", None}


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_stretches_put_together_are_the_whole(shop: Workspace, size: int) -> None:
    whole, found, after = timeline(shop), [], ""
    with shop.store.reading() as data:
        for _ in range(len(whole)):
            stretch = read_timeline(data, number(shop, "c1"), after=after, size=size)
            found += stretch.entries
            after = stretch.after
            if not after:
                break
        counted = count_entries(data, number(shop, "c1"))
    assert found == whole
    assert sum(counted.values()) == len(whole)
    assert counted["visit"] == 2


def test_what_cannot_be_read_is_said(shop: Workspace) -> None:
    with pytest.raises(QuestionError, match="Did you mean 'orders'"):
        timeline(shop, group="order")
    for cursor in ("x", "1_visit", "1_nothing_x", "9" * 400 + "_visit_x"):
        if cursor == "1_visit":
            continue
        with pytest.raises(QuestionError, match="no place in the timeline"):
            timeline(shop, after=cursor)


def test_numbers_of_one_customer(shop: Workspace) -> None:
    """``customer_no`` in a condition is the person's, on every fact that has people, and on no other."""
    ada = number(shop, "c1")
    answer = shop.measure("orders", "tickets_opened", where=f"customer_no = {ada}", compare="none")
    assert [record.value for record in answer.records] == [2, 1]
    bo = number(shop, "c2")
    assert shop.measure("orders", where=f"customer_no = {bo}", compare="none").value() == 0
    with pytest.raises(UnknownName, match="no dimension of ad 'customer_no'"):
        shop.measure("ad_spend", where=f"customer_no = {ada}")
