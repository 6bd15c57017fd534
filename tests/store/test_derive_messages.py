"""What became of messages and invitations, against results worked out by hand."""

from __future__ import annotations

from datetime import datetime

import pytest


def push(sent="2026-03-02 10:00", customer="c", channel="push"):
    return {"message_id": "m", "sent_at": sent, "customer_id": customer, "channel": channel}


def use(at, platform="app", customer="c"):
    return {
        "event_id": at,
        "occurred_at": at,
        "name": "Application Opened",
        "customer_id": customer,
        "platform": platform,
    }


@pytest.mark.parametrize(
    ("message", "uses", "returned"),
    [
        (push(), [use("2026-03-02 10:01")], True),
        (push(), [use("2026-03-03 10:00")], True),
        (push(), [use("2026-03-03 10:01")], False),
        (push(), [use("2026-03-02 09:59"), use("2026-03-04 10:00")], False),
        (push(), [use("2026-03-02 10:01", platform="web")], False),
        (push(), [use("2026-03-02 10:01", customer="d")], False),
        (push(), [], False),
        (push(customer=None), [use("2026-03-02 10:01")], None),
        (push(channel="email"), [use("2026-03-02 10:01")], None),
    ],
)
def test_a_push_brings_its_reader_back(shop, message, uses, returned):
    shop.put("message", message)
    shop.put("event", *uses)
    assert shop.get("message", "returned") == [returned]


def test_imported_app_visits_count_too(shop):
    shop.put("message", push())
    shop.put("session", {"session_id": "s", "started_at": "2026-03-02 12:00", "customer_id": "c", "platform": "app"})
    assert shop.get("message", "returned") == [True]


def invitation(number, **more):
    return {"invitation_id": f"i{number}", "sent_at": "2026-03-01", **more}


def answer(number, invitation_id, at="2026-03-02 10:00", status="complete", question="nps"):
    keys = {"response_id": f"r{number}", "question": question, "invitation_id": invitation_id}
    return {**keys, "answered_at": at, "status": status, "score": 9}


def test_an_answer_says_that_the_invitation_was_answered(shop):
    shop.put("survey_invitation", *(invitation(n) for n in range(3)), invitation(3, responded_at="2026-03-05"))
    shop.put(
        "survey_response",
        answer(1, "i1"),
        answer(1, "i1", "2026-03-02 10:05", question="csat"),
        answer(2, "i2", status="partial"),
        answer(3, "i3"),
    )
    assert shop.get("survey_invitation", "invitation_id, responded_at") == [
        ("i0", None),
        ("i1", datetime(2026, 3, 2, 10)),
        ("i2", None),
        ("i3", datetime(2026, 3, 5)),
    ]


def test_the_same_invitations_again_are_unchanged(shop):
    """What was filled in is no difference to the file, and stays."""
    shop.put("survey_invitation", invitation(1))
    shop.put("survey_response", answer(1, "i1"))
    before = shop.everything()
    assert shop.put("survey_invitation", invitation(1)).unchanged == 1
    assert shop.everything() == before


def test_a_corrected_answer_is_followed(shop):
    shop.put("survey_response", answer(1, "i1"))
    shop.put("survey_invitation", invitation(1))
    shop.put("survey_response", answer(1, "i1", "2026-03-03 10:00"))
    assert shop.get("survey_invitation", "responded_at") == [datetime(2026, 3, 3, 10)]
    shop.put("survey_response", answer(1, "i1", "2026-03-03 10:00", status="dismissed"))
    assert shop.get("survey_invitation", "responded_at, responded_day") == [(None, None)]
