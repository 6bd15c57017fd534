"""Orders, messages, customers and visits that messages tell of, against results worked out by hand."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

import pytest

from kizuna.store.load import COLLECTED

DAY = "2026-03-02"


def collect(shop, fact, *rows):
    """Put rows in as messages bring them."""
    imports, shop.imports = shop.imports, COLLECTED - 1
    shop.put(fact, *rows)
    shop.imports = imports


def event(at, name, customer="c", **more):
    return {
        "event_id": f"{at}{name}{customer}", "occurred_at": f"{DAY} {at}" if len(at) == 5 else at, "name": name,
        "customer_id": customer, **more,
    }  # fmt: skip


def order(at, what="Completed", value=None, order_id="o1", **more):
    return event(at, f"Order {what}", value=value, order_id=order_id, **more)


@pytest.mark.parametrize(
    ("events", "orders"),
    [
        ([order("10:00", value=30)], [("o1", 30, 0)]),
        # an order needs its id and what was paid
        ([order("10:00")], []),
        ([order("10:00", value=30, order_id=None)], []),
        ([order("10:00", value=30), order("11:00", "Updated", 25)], [("o1", 25, 0)]),
        ([order("11:00", "Updated", 25), order("10:00", value=30)], [("o1", 25, 0)]),
        ([order("10:00", value=30), order("12:00", "Refunded", 10), order("13:00", "Refunded", 5)], [("o1", 30, 15)]),
        ([order("10:00", value=30), order("12:00", "Refunded", 40)], [("o1", 30, 30)]),
        ([order("10:00", value=30), order("12:00", "Refunded", -10)], [("o1", 30, 10)]),
        ([order("10:00", value=30), order("12:00", "Refunded")], [("o1", 30, 30)]),
        ([order("10:00", value=30), order("12:00", "Cancelled")], [("o1", 30, 30)]),
        ([order("10:00", value=30), order("10:00", value=7, order_id="o2")], [("o1", 30, 0), ("o2", 7, 0)]),
        ([order("12:00", "Refunded", 10)], []),
    ],
)
def test_orders_that_events_tell_of(shop, events, orders):
    collect(shop, "event", *events)
    assert shop.get("order", "order_id, value, refunded") == orders


TEA, CUP = (
    {"product_id": "tea", "price": 8, "quantity": 2},
    {"product_id": "cup", "sku": "c1", "price": 14, "quantity": 1},
)
BOUGHT = order("10:00", value=30, properties={"products": json.dumps([TEA, CUP])})


def back(*products, at="12:00", value=None, **said):
    return order(at, "Refunded", value, properties={"products": json.dumps(products), **said})


@pytest.mark.parametrize(
    ("events", "refunded"),
    [
        # by the spec a partial refund lists what came back, a full one nothing
        ([BOUGHT, back({"product_id": "tea", "price": 8, "quantity": 1})], 8),
        ([BOUGHT, back({"product_id": "tea", "quantity": 1})], 8),
        ([BOUGHT, back({"sku": "c1", "quantity": "1"})], 14),
        # without a word on how many, all of them
        ([BOUGHT, back({"product_id": "tea"})], 16),
        ([BOUGHT, back({"product_id": "pot", "price": "3.5"})], 3.5),
        ([BOUGHT, back({"product_id": "tea", "quantity": -1}), back({"product_id": "cup"}, at="13:00")], 22),
        ([BOUGHT, back({"product_id": "tea", "quantity": 1}), order("13:00", "Refunded", 5)], 13),
        ([BOUGHT, back({"product_id": "tea", "price": 80})], 30),
        # nothing tells how much: what is known counts, and that is no full refund
        ([BOUGHT, back({"product_id": "pot"})], 0),
        ([BOUGHT, back({"product_id": "pot"}, {"product_id": "tea"})], 16),
        ([BOUGHT, back({"product_id": "pot", "price": "1e30", "quantity": "1e30"})], 0),
        ([BOUGHT, back(None, "x", 7)], 0),
        ([order("10:00", value=30), back({"product_id": "tea"})], 0),
        ([BOUGHT, order("12:00", "Refunded", properties={"products": "two pots"})], 0),
        ([BOUGHT, order("12:00", "Refunded", properties={"total": "$12"})], 0),
        ([BOUGHT, back()], 30),
        ([BOUGHT, back(total="")], 30),
        ([BOUGHT, back({"product_id": "tea"}, value=3)], 3),
        ([BOUGHT, back({"product_id": "tea"}), order("13:00", "Cancelled")], 30),
        # a later word on the order has other prices; variants of a product are told apart by their sku
        ([BOUGHT, order("11:00", "Updated", 28, properties={"products": json.dumps([{**TEA, "price": 7}])}), back(TEA | {"price": None})], 14),
        ([order("10:00", value=9, properties={"products": json.dumps([{**CUP, "price": 4}, {**CUP, "sku": "c2", "price": 5}])}), back({"product_id": "cup", "sku": "c2"})], 5),
    ],
)  # fmt: skip
def test_a_refund_that_lists_products_pays_those_back(shop, events, refunded):
    collect(shop, "event", *events)
    assert shop.get("order", "refunded::DOUBLE") == [refunded]


def test_prices_of_what_came_back_are_in_its_currency_or_the_order_s(open_shop):
    shop = open_shop(currency="DKK", exchange={"EUR": 7.5, "USD": 6})
    said = {"products": json.dumps([TEA]), "currency": "EUR"}
    collect(shop, "event", order("10:00", value=225, properties=said), back({"product_id": "tea", "quantity": 1}))
    assert shop.get("order", "refunded::DOUBLE") == [60]
    collect(shop, "event", back({"product_id": "tea", "price": 2}, at="13:00", currency="usd"))
    assert shop.get("order", "refunded::DOUBLE") == [84]
    collect(shop, "event", back({"product_id": "tea", "price": 2}, at="14:00", currency="SEK"))
    # a price in a currency without a rate tells nothing, so that the order's own is taken
    assert shop.get("order", "refunded::DOUBLE") == [84 + 120]


def test_a_told_order_is_numbered_and_makes_a_customer_s_first(shop):
    collect(shop, "event", order("10:00", value=30, channel="email"), order("12:00", "Refunded", 30))
    collect(shop, "event", order("09:00", value=20, order_id="o0"))
    assert shop.get("order", "order_id, order_number, channel, import_no") == [
        ("o0", 1, None, 0),
        ("o1", 2, "email", 0),
    ]
    assert shop.get("customer", "customer_id, first_order_at, acquired_at") == [
        ("c", datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 9))
    ]


def test_an_imported_order_is_that_order(shop):
    """The file's word on an order counts, whichever came first."""
    collect(shop, "event", order("10:00", value=30), order("10:00", value=7, order_id="o2"))
    shop.put("order", {"order_id": "o1", "ordered_at": f"{DAY} 10:01", "customer_id": "c", "value": 29})
    columns = "order_id, value, order_number, import_no"
    assert shop.get("order", columns) == [("o1", 29, 2, 1), ("o2", 7, 1, 0)]
    collect(shop, "event", order("11:00", value=1, order_id="o3"))
    assert shop.get("order", columns) == [("o1", 29, 2, 1), ("o2", 7, 1, 0), ("o3", 1, 3, 0)]


def mail(at, what, message_id="m1", **more):
    return event(at, f"Email {what}" if what != "Unsubscribed" else what, message_id=message_id, **more)


def test_messages_that_events_tell_of(shop):
    collect(
        shop, "event",
        mail("10:00", "Delivered", campaign="spring"), mail("10:10", "Opened"), mail("10:11", "Link Clicked"),
        mail("10:00", "Bounced", "m2"),
        mail("10:00", "Delivered", "m3"), mail("10:20", "Marked as Spam", "m3"), mail("10:21", "Unsubscribed", "m3"),
        mail("10:00", "Delivered", "m1", customer="d"), mail("10:00", "Delivered", None),
    )  # fmt: skip
    columns = "message_id, channel, campaign, delivered, bounced, opened, clicked, unsubscribed, complained"
    assert shop.get("message", columns, "customer_id = 'c'") == [
        ("m1", "email", "spring", True, False, True, True, False, False),
        ("m2", "email", None, False, True, False, False, False, False),
        ("m3", "email", None, True, False, False, False, True, True),
    ]
    assert shop.get("message", "sent_at, opened_at, message_id", "message_id = 'm1' AND opened") == [
        (datetime(2026, 3, 2, 10), datetime(2026, 3, 2, 10, 10), "m1")
    ]
    assert shop.get("message", "message_id, opened", "customer_id = 'd'") == [("m1", False)]


def test_what_was_sent_to_people_is_no_activity(shop):
    collect(shop, "event", mail("10:00", "Delivered"), mail("10:10", "Opened"), order("10:20", "Refunded", 5))
    assert shop.get("session", "1") == shop.get("customer_day", "1") == []


def test_an_imported_message_is_that_message(shop):
    shop.put("message", {"message_id": "m1", "sent_at": f"{DAY} 09:59", "customer_id": "c"})
    collect(shop, "event", mail("10:00", "Delivered"), mail("10:00", "Delivered", customer="d"))
    assert shop.get("message", "customer_id, import_no") == [("c", 1), ("d", 0)]


def test_a_push_that_brought_its_reader_back(shop):
    push = {"message_id": "p1", "platform": "app"}
    collect(shop, "event", event("10:00", "Push Notification Received", **push))
    assert shop.get("message", "channel, opened, returned") == [("push", False, False)]
    collect(
        shop, "event",
        event("10:05", "Push Notification Tapped", **push), event("10:05", "Application Opened", platform="app"),
    )  # fmt: skip
    assert shop.get("message", "channel, opened, clicked, returned") == [("push", True, True, True)]


def said(at, customer="c", **more):
    traits = {"properties": more.pop("traits", None)}
    return {"trait_id": f"{at}{customer}", "said_at": f"{DAY} {at}", "customer_id": customer, **traits, **more}


def test_customers_are_what_was_said_of_them(shop):
    collect(
        shop, "trait",
        said("10:00", email="Ann@x.example", traits={"firstName": "Ann", "lastName": "Lee", "plan": "free", "pets": "2"}),
        said("11:00", traits={"plan": "pro", "address.country": "dk", "createdAt": "2026-01-05T10:00:00+01:00"}),
        said("09:00", traits={"plan": "none"}),
        said("12:00", kind="group", group_id="acme", traits={"plan": "of the group"}),
    )  # fmt: skip
    columns = "customer_id, email, name, country, signed_up_at, properties"
    assert shop.get("customer", columns) == [
        (
            "c",
            "Ann@x.example",
            "Ann Lee",
            "DK",
            datetime(2026, 1, 5, 9),
            {"group_id": "acme", "pets": "2", "plan": "pro"},
        )
    ]


def test_an_imported_customer_gets_what_it_leaves_empty(shop):
    """The same file again finds its rows unchanged, and a later word is followed."""
    row = {"customer_id": "c", "country": "SE", "properties": {"plan": "gold"}}
    shop.put("customer", row)
    collect(
        shop,
        "trait",
        said("10:00", email="a@x.example", traits={"name": "Ann", "country": "dk", "plan": "pro", "pets": "2"}),
    )
    columns = "name, country, email, properties"
    filled = [("Ann", "SE", "a@x.example", {"pets": "2", "plan": "gold"})]
    assert shop.get("customer", columns) == filled
    assert shop.put("customer", row).unchanged == 1
    assert shop.get("customer", columns) == filled
    collect(shop, "trait", said("11:00", traits={"name": "Anna"}))
    assert shop.get("customer", "name, country, properties['pets']") == [("Anna", "SE", "2")]
    shop.put("customer", {**row, "name": "A. Lee", "properties": None})
    assert shop.get("customer", columns) == [("A. Lee", "SE", "a@x.example", {"pets": "2", "plan": "pro"})]


def view(at, **more):
    return event(at, "Page Viewed", **{"platform": "web", **more})


def test_a_visit_by_the_tag_is_direct_when_nothing_is_known(shop):
    collect(shop, "event", view("10:00"), view("12:00", channel=None), view("12:05", channel="email", campaign="x"))
    assert shop.get("session", "started_at, channel, campaign") == [
        (datetime(2026, 3, 2, 10), "direct", None),
        (datetime(2026, 3, 2, 12), "email", "x"),
    ]


@pytest.mark.parametrize("row", [view("10:00", platform="app"), event("10:00", "Signed Up")])
def test_only_page_views_of_the_web_are_direct(shop, row):
    collect(shop, "event", row)
    assert shop.get("session", "channel") == [None]


def test_imported_events_are_not_direct(shop):
    shop.put("event", view("10:00"), view("10:01", channel="email"))
    assert shop.get("session", "channel") == [None]


def test_a_visit_keeps_the_referrer_of_its_first_page(shop):
    collect(
        shop, "event",
        view("10:00", referrer="https://a.example/", browser="Chrome", os="Linux"),
        view("10:01", referrer="https://b.example/", browser="Firefox"), view("12:00"), view("12:01", referrer="https://c.example/"),
    )  # fmt: skip
    assert shop.get("session", "referrer, browser, os") == [
        ("https://a.example/", "Chrome", "Linux"),
        (None, None, None),
    ]


def test_first_and_last_touch(shop):
    """A visitor's visits count once we know who it was."""
    visitor = {"customer": None, "anonymous_id": "v"}
    collect(
        shop, "event", view("08:00", channel="organic search", **visitor), view("10:00", channel="email", campaign="x")
    )
    columns = "first_touch_at, first_touch_channel, last_touch_at, last_touch_channel, last_touch_campaign"
    assert shop.get("customer", columns) == [
        (datetime(2026, 3, 2, 10), "email", datetime(2026, 3, 2, 10), "email", "x")
    ]
    collect(shop, "trait", said("11:00", anonymous_id="v"))
    assert shop.get("customer", columns) == [
        (datetime(2026, 3, 2, 8), "organic search", datetime(2026, 3, 2, 10), "email", "x")
    ]


def test_money_adds_up(shop):
    collect(shop, "event", *(order(f"10:{n:02}", value=Decimal("0.1"), order_id=f"o{n}") for n in range(10)))
    assert shop.get("order", "sum(value)") == [Decimal("1.0000")]
