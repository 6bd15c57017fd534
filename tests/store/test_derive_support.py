"""Tickets, contacts and business hours, against results worked out by hand."""

from __future__ import annotations

from datetime import date

import pytest

from kizuna.settings import Settings
from kizuna.store.business import intervals

HOUR = 3600.0


def ticket(number, opened="2026-03-02 09:00", **times):
    return {"ticket_id": f"t{number}", "opened_at": opened, **times}


def contact(number, ticket_id, at="2026-03-02 09:00", **more):
    return {"contact_id": f"k{number}", "contacted_at": at, "ticket_id": ticket_id, **more}


RESOLVED = {"first_resolved_at": "2026-03-03 09:00", "resolved_at": "2026-03-03 09:00"}


@pytest.mark.parametrize(
    ("times", "contacts", "settled"),
    [
        (RESOLVED, 1, True),
        (RESOLVED, 2, False),
        ({}, 1, False),
        ({"resolved_at": "2026-03-03 09:00"}, 1, True),
        (RESOLVED | {"reopened_at": "2026-03-10 09:00"}, 1, False),
        (RESOLVED | {"reopened_at": "2026-03-10 09:01"}, 1, True),
        (RESOLVED | {"reopened_at": "2026-03-05", "resolved_at": "2026-03-06"}, 1, False),
        # Without contact rows a ticket counts when it was resolved once and for good.
        (RESOLVED, 0, True),
        ({"resolved_at": "2026-03-03 09:00"}, 0, True),
        (RESOLVED | {"resolved_at": "2026-03-04"}, 0, False),
        (RESOLVED | {"reopened_at": "2026-03-05", "resolved_at": None}, 0, False),
        (RESOLVED | {"reopened_at": "2026-04-10", "resolved_at": None}, 0, True),
        ({}, 0, False),
    ],
)
def test_settled_at_first_contact(shop, times, contacts, settled):
    shop.put("ticket", ticket(1, **times))
    shop.put("contact", *(contact(n, "t1", f"2026-03-02 0{n}:00") for n in range(contacts)))
    assert shop.get("ticket", "contacts, settled_first") == [(contacts or None, settled)]
    assert shop.get("contact", "settled_first") == [False] * (contacts - settled) + [True] * (settled and contacts)


def test_a_thank_you_after_the_resolution_does_not_count_against_it(shop):
    shop.put("ticket", ticket(1, **RESOLVED))
    shop.put("contact", contact(1, "t1"), contact(2, "t1", "2026-03-04"))
    assert shop.get("ticket", "contacts, settled_first") == [(2, True)]
    assert shop.get("contact", "contact_id, settled_first") == [("k1", True), ("k2", False)]


def test_a_contact_without_a_ticket_is_as_the_file_says(shop):
    shop.put(
        "contact", contact(1, None, resolved=True), contact(2, None, resolved=False), contact(3, "lost", resolved=True)
    )
    assert shop.get("contact", "contact_id, settled_first") == [("k1", True), ("k2", False), ("k3", True)]


def test_a_reopening_that_comes_later_counts(shop):
    shop.put("contact", contact(1, "t1"))
    shop.put("ticket", ticket(1, **RESOLVED))
    assert shop.get("contact", "settled_first") == [True]
    shop.put("ticket", ticket(1, **RESOLVED, reopened_at="2026-03-04"))
    assert shop.get("contact", "settled_first") == [False]


def test_the_reopening_window_is_a_setting(open_shop):
    shop = open_shop(reopen_days=30)
    shop.put("contact", contact(1, "t1"))
    shop.put("ticket", ticket(1, **RESOLVED, reopened_at="2026-03-20"))
    assert shop.get("contact", "settled_first") == [False]


@pytest.mark.parametrize(
    ("opened", "answered", "hours"),
    [
        # Copenhagen in winter is UTC+1: 09:00–17:00 is 08:00–16:00 UTC. 2 March 2026 is a Monday.
        ("2026-03-02 09:00", "2026-03-02 10:30", 1.5),
        ("2026-03-02 05:00", "2026-03-02 09:00", 1),
        ("2026-03-02 15:00", "2026-03-02 20:00", 1),
        ("2026-03-02 15:00", "2026-03-03 09:00", 2),
        ("2026-03-06 15:00", "2026-03-09 09:00", 2),
        ("2026-03-07 10:00", "2026-03-08 10:00", 0),
        ("2026-03-02 08:00", "2026-03-09 08:00", 40),
        # Friday 27 to Monday 30 March: the clocks went forward, so Monday opens at 07:00 UTC.
        ("2026-03-27 15:00", "2026-03-30 08:00", 2),
        # Friday 23 to Monday 26 October: they went back, and Monday opens at 08:00 UTC again.
        ("2026-10-23 14:00", "2026-10-26 09:00", 2),
        # Maundy Thursday, 2 April, is a holiday here.
        ("2026-04-01 14:00", "2026-04-03 08:00", 2),
    ],
)
def test_business_hours(open_shop, opened, answered, hours):
    shop = open_shop(timezone="Europe/Copenhagen", holidays=["2026-04-02"])
    shop.put("ticket", ticket(1, opened, first_response_at=answered, resolved_at=answered))
    assert shop.get("ticket", "business_response_seconds, business_resolution_seconds") == [
        (hours * HOUR, hours * HOUR)
    ]


def test_an_open_ticket_has_no_business_time(shop):
    shop.put("ticket", ticket(1), ticket(2, first_response_at="2026-03-02 09:30"))
    columns = "ticket_id, business_response_seconds, business_resolution_seconds"
    assert shop.get("ticket", columns) == [("t1", None, None), ("t2", 1800.0, None)]


def test_never_open(open_shop):
    shop = open_shop(business_hours={})
    shop.put("ticket", ticket(1, resolved_at="2026-03-05"))
    assert shop.get("ticket", "business_resolution_seconds") == [0.0]


@pytest.mark.parametrize(
    ("hours", "day", "seconds"),
    [
        ({"sunday": "00:00-24:00"}, date(2026, 3, 29), 23 * HOUR),
        ({"sunday": "00:00-24:00"}, date(2026, 10, 25), 25 * HOUR),
        ({"sunday": "01:00-04:00"}, date(2026, 3, 29), 2 * HOUR),
        ({"sunday": "09:00-12:00, 13:00-17:30"}, date(2026, 3, 29), 7.5 * HOUR),
        ({"sunday": "22:00-06:00"}, date(2026, 3, 1), 8 * HOUR),
        ({"sunday": "09:00-12:00,11:00-13:00"}, date(2026, 3, 1), 4 * HOUR),
        ({"sunday": ""}, date(2026, 3, 1), 0),
    ],
)
def test_a_day_has_the_seconds_it_had(hours, day, seconds):
    settings = Settings({"timezone": "Europe/Copenhagen", "business_hours": hours})
    assert sum(end - start for start, end in intervals(settings, day, day)) == seconds
