"""Sessions, carts and customer-days from events, against results worked out by hand."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

import pytest


def events(*steps, customer="c", **common):
    """(minute of 2 March 2026, 10:00 UTC; name; more) → event rows."""
    start = datetime(2026, 3, 2, 10)
    return [
        {
            "event_id": f"{customer}{minute}{name}{number}",
            "occurred_at": start + timedelta(minutes=minute),
            "name": name,
            "customer_id": customer,
            **common,
            **(more[0] if more else {}),
        }
        for number, (minute, name, *more) in enumerate(steps)
    ]


VIEW, CLICK, ADD, CHECKOUT, ORDER = (
    "Page Viewed",
    "Link Clicked",
    "Product Added",
    "Checkout Started",
    "Order Completed",
)


def test_a_pause_of_thirty_minutes_ends_a_visit(shop):
    shop.put("event", *events((0, VIEW), (29.99, CLICK), (59.98, VIEW), (89.98, VIEW)))
    assert shop.get("session", "events, page_views, clicks") == [(1, 1, 0), (3, 2, 1)]


def test_the_pause_is_a_setting(open_shop):
    shop = open_shop(session_minutes=5)
    shop.put("event", *events((0, VIEW), (4, VIEW), (9, VIEW)))
    assert shop.get("session", "events") == [1, 2]


def test_a_visit_goes_on_at_midnight(shop):
    """23:55 to 0:10 by Copenhagen's clocks: one visit, on the day it began."""
    shop.put("event", *events((775, VIEW), (790, VIEW)))
    assert shop.get("session", "started_day, page_views") == [(date(2026, 3, 2), 2)]


def test_a_visit_over_the_lost_and_the_doubled_hour(shop):
    """1:50 → 3:05 on 29 March is 15 minutes; 2:50 → 2:20 on 25 October may be 30."""
    times = ["2026-03-29 00:50", "2026-03-29 01:05", "2026-10-25 00:50", "2026-10-25 01:20"]
    shop.put("event", *({"event_id": t, "occurred_at": t, "name": VIEW, "customer_id": "c"} for t in times))
    assert shop.get("session", "started_day, page_views") == [
        (date(2026, 3, 29), 2),
        (date(2026, 10, 25), 1),
        (date(2026, 10, 25), 1),
    ]


def test_the_client_s_session_id_is_believed(shop):
    """Two people may have the same one: some clients count from the clock."""
    shop.put("event", *events((0, VIEW), (300, VIEW), session_id="s"), *events((1, VIEW), customer="d", session_id="s"))
    assert shop.get("session", "session_id, customer_id, page_views") == [("s", "c", 2), ("s", "d", 1)]


def test_site_and_app_are_visits_of_their_own(shop):
    shop.put("event", *events((0, VIEW), (2, VIEW)), *events((1, "Screen Viewed"), platform="app"))
    assert shop.get("session", "platform, page_views") == [("app", 1), ("web", 2)]


def test_events_of_nobody(shop):
    shop.put("event", *events((0, VIEW), (1, VIEW), customer=None), *events((2, VIEW), customer=None, session_id="s"))
    assert shop.get("session", "session_id, customer_no, page_views, visitor_type") == [("s", None, 1, None)]


@pytest.mark.parametrize(
    ("steps", "seconds"),
    [
        ([(0, VIEW)], 0),
        ([(0, VIEW, {"engaged_seconds": 42})], 42),
        ([(0, VIEW, {"engaged_seconds": 500}), (2, VIEW, {"engaged_seconds": 15})], 135),
        # Use of the last page that the last event already covers is not counted twice.
        ([(0, VIEW), (1, VIEW), (3, "Page Left", {"engaged_seconds": 90})], 180),
        ([(0, VIEW), (1, VIEW), (3, "Page Left", {"engaged_seconds": 150})], 210),
    ],
)
def test_duration_counts_engaged_time_on_the_last_page(shop, steps, seconds):
    shop.put("event", *events(*steps))
    assert shop.get("session", "duration_seconds") == [seconds]


def test_what_a_visit_knows(shop):
    first = {"channel": "email", "campaign": "spring", "device": "mobile", "country": "DK", "page": "/offer"}
    shop.put(
        "event",
        *events(
            (0, VIEW, first),
            (1, CLICK, {"channel": "web", "page": "/offer", "engaged_seconds": 5}),
            (2, VIEW, {"channel": "web", "device": "desktop", "page": "/shoe", "engaged_seconds": 7}),
            (3, ORDER),
        ),
    )
    columns = "channel, campaign, device, country, entry_page, exit_page, engaged_seconds, converted"
    assert shop.get("session", columns) == [("email", "spring", "mobile", "DK", "/offer", "/shoe", 12.0, True)]


def test_new_and_returning(shop):
    shop.put("event", *events((0, VIEW), (60, VIEW), (5000, VIEW)))
    assert shop.get("session", "started_at, visitor_type, first_seen_day") == [
        (datetime(2026, 3, 2, 10), "new", date(2026, 3, 2)),
        (datetime(2026, 3, 2, 11), "returning", date(2026, 3, 2)),
        (datetime(2026, 3, 5, 21, 20), "returning", date(2026, 3, 2)),
    ]


def test_imported_visits_live_beside_derived_ones(shop):
    """An imported visit is not overwritten, is not derived again under its id, and counts as the first."""
    shop.put(
        "session",
        {
            "session_id": "s",
            "started_at": "2026-03-01 09:00",
            "customer_id": "c",
            "page_views": 9,
            "visitor_type": "Other",
        },
    )
    shop.put("event", *events((0, VIEW)), *events((1, VIEW), session_id="s"))
    columns = "page_views, visitor_type, first_seen_day, import_no"
    assert shop.get("session", columns) == [
        (1, "returning", date(2026, 3, 1), 0),
        (9, "Other", date(2026, 3, 1), 1),
    ]


def test_a_cart_ends_with_its_order(shop):
    shop.put("event", *events((0, ADD), (5, ADD), (9, CHECKOUT), (12, ORDER), (20, ADD), (21, CHECKOUT)))
    at = datetime(2026, 3, 2, 10)
    assert shop.get("cart", "started_at, checkout_at, ordered_at, products, in_time") == [
        (at, at + timedelta(minutes=9), at + timedelta(minutes=12), 2, True),
        (at + timedelta(minutes=20), at + timedelta(minutes=21), None, 1, False),
    ]


@pytest.mark.parametrize(
    ("hours", "carts"),
    [
        # The clock runs from the last product added or checkout, not from the start.
        ([(0, ADD), (20, ADD), (43, ORDER)], [(2, True)]),
        ([(0, ADD), (24, ORDER)], [(1, True)]),
        ([(0, ADD), (24.01, ORDER)], [(1, False)]),
        ([(0, ADD), (25, ADD), (26, ORDER)], [(1, False), (1, True)]),
        ([(0, ADD), (30, ORDER), (31, ADD)], [(1, False), (1, False)]),
        ([(0, CHECKOUT), (1, ORDER)], [(0, True)]),
        ([(0, ORDER)], []),
        ([(0, ADD), (1, ORDER), (2, ORDER)], [(1, True)]),
    ],
)
def test_carts_lapse(shop, hours, carts):
    shop.put("event", *events(*((hour * 60, name) for hour, name in hours)))
    assert shop.get("cart", "products, in_time") == carts


def test_orders_of_another_file_end_carts_where_no_event_does(shop):
    shop.put("event", *events((0, ADD), (9, CHECKOUT)))
    assert shop.get("cart", "in_time") == [False]
    person = events((0, ADD))[0]["customer_id"]
    order = {"order_id": "o1", "customer_id": person, "ordered_at": "2026-03-02 10:20", "value": 5}
    shop.put("order", order)
    assert shop.get("cart", "checkout_at IS NOT NULL, in_time") == [(True, True)]


def test_where_events_tell_of_orders_they_alone_end_carts(shop):
    """A monthly bill on the day of an abandoned cart must not look like a purchase."""
    shop.put("event", *events((0, ADD), (9, ORDER), (60, ADD)))
    person = events((0, ADD))[0]["customer_id"]
    bill = {"order_id": "b1", "customer_id": person, "ordered_at": "2026-03-02 11:30", "value": 5}
    shop.put("order", bill)
    assert [in_time for _, in_time in shop.get("cart", "started_at, in_time")] == [True, False]


def test_imported_carts_are_judged_too(shop):
    shop.put(
        "cart",
        {"cart_id": "a", "started_at": "2026-03-01 09:00", "ordered_at": "2026-03-02 09:00", "products": 1},
        {"cart_id": "b", "started_at": "2026-03-01 09:00", "ordered_at": "2026-03-02 09:01", "products": 1},
        {
            "cart_id": "c",
            "started_at": "2026-03-01 09:00",
            "checkout_at": "2026-03-01 10:00",
            "ordered_at": "2026-03-02 09:01",
        },
        {"cart_id": "d", "started_at": "2026-03-01 09:00"},
    )
    assert shop.get("cart", "cart_id, in_time") == [("a", True), ("b", False), ("c", True), ("d", False)]
    shop.put("event", *events((0, ADD)))
    assert len(shop.get("cart", "cart_id")) == 5


def test_customer_days(shop):
    order = {"order_id": "o1", "ordered_at": "2026-03-02 23:30", "customer_id": "c", "value": 5, "channel": "store"}
    shop.put(
        "order",
        order,
        {**order, "order_id": "o2", "value": -5},
        {**order, "order_id": "o3", "ordered_at": "2026-03-02"},
    )
    shop.put("event", *events((0, VIEW, {"channel": "email"}), (1, VIEW)), *events((2, VIEW), platform="app"))
    assert shop.get("customer_day", "day, platform, channel, events, first_of_day") == [
        (date(2026, 3, 2), "app", None, 1, False),
        (date(2026, 3, 2), "web", "email", 2, True),
        (date(2026, 3, 3), "order", "store", 0, True),
    ]


def test_replay_and_order_change_nothing(open_shop):
    draw = random.Random(7)
    names = [VIEW, CLICK, ADD, CHECKOUT, ORDER]
    rows = [
        row
        for customer in ("a", "b", "c")
        for row in events(
            *((draw.randrange(9000), draw.choice(names), {"page": f"/{draw.randrange(5)}"}) for _ in range(60)),
            customer=customer,
        )
    ]
    first, second = open_shop(), open_shop()
    first.put("event", *rows)
    before = first.everything()
    first.put("event", *rows)
    assert first.everything() == before
    draw.shuffle(rows)
    second.put("event", *rows[:90])
    second.put("event", *rows[90:])
    assert second.everything() == before


SERVER = {"platform": "server"}


def test_a_server_s_event_joins_the_visit_that_runs_and_opens_none(shop):
    """An order that the shop's server tells of is no visit: it would be without a page and a channel, and convert."""
    shop.put(
        "event",
        *events((0, VIEW), (5, VIEW)),
        *events((7, ORDER), (34.9, "Invoice Sent"), (35, "Parcel Sent"), **SERVER),
    )
    columns = "platform, events, page_views, converted, started_at, duration_seconds"
    assert shop.get("session", columns) == [("web", 4, 2, True, datetime(2026, 3, 2, 10), 34.9 * 60)]


def test_servers_neither_open_visits_nor_keep_them_open(shop):
    shop.put(
        "event",
        *events((50, VIEW), (90, VIEW), (200, VIEW), (240, VIEW)),
        *events((0, ORDER), (70, ORDER), (95, ORDER), (110, ORDER), (125, ORDER), (140, ORDER), (230, ORDER), **SERVER),
        *events((0, ORDER), customer="d", **SERVER),
    )
    at = datetime(2026, 3, 2, 10)
    assert shop.get("session", "customer_id, started_at, ended_at, events") == [
        # what the server told of at 11:10 and 11:35 was during this visit; nobody was there at 12:05 any more
        ("c", at + timedelta(minutes=50), at + timedelta(minutes=110), 5),
        ("c", at + timedelta(minutes=200), at + timedelta(minutes=200), 1),
        ("c", at + timedelta(minutes=240), at + timedelta(minutes=240), 1),
    ]


def test_a_server_s_event_joins_the_visit_of_the_latest_own_event(shop):
    """Of site, app and visits by the client's id: where somebody was last."""
    shop.put(
        "event",
        *events((0, VIEW), (10, VIEW)),
        *events((8, "Screen Viewed"), platform="app"),
        *events((9, ORDER), **SERVER),
    )
    assert shop.get("session", "platform, events, converted") == [("app", 2, True), ("web", 2, False)]
    shop.put("event", *events((8.5, VIEW), session_id="s"))
    assert shop.get("session", "session_id", "converted") == ["s"]


def test_a_server_that_names_the_visit_is_believed(shop):
    shop.put("event", *events((0, VIEW), session_id="s"), *events((300, ORDER), session_id="s", **SERVER))
    assert shop.get("session", "session_id, events, converted") == [("s", 2, True)]
