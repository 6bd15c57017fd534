"""Order numbers, recurring revenue and when customers came, against results worked out by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest


def order(number, at, value="10", customer="c", **more):
    return {"order_id": f"o{number}", "ordered_at": at, "value": value, "customer_id": customer, **more}


def phase(subscription, start, end=None, mrr="10", customer="c", **more):
    plan = {"plan": f"{subscription}-{mrr}"}
    times = {"started_at": start, "ended_at": end, "row_key": f"{subscription}|{start}"}
    return {"subscription_id": subscription, "mrr": mrr, "customer_id": customer, **plan, **times, **more}


def test_orders_are_numbered_in_time(shop):
    shop.put(
        "order",
        order(3, "2026-03-11 10:00"),
        order(1, "2026-03-01 10:00"),
        order(2, "2026-03-02 22:00"),
        order(9, "2026-03-05", customer="d"),
        order(8, "2026-03-05", customer=None),
    )
    assert shop.get("order", "order_id, order_number, days_since_previous") == [
        ("o1", 1, None),
        ("o2", 2, 1.5),
        ("o3", 3, 8.5),
        ("o8", None, None),
        ("o9", 1, None),
    ]


@pytest.mark.parametrize("refund", [{"transaction_type": "refund"}, {"value": "-4"}])
def test_a_refund_is_not_an_order(shop, refund):
    shop.put("order", order(1, "2026-03-01"), order(2, "2026-03-02", **refund), order(3, "2026-03-05"))
    assert shop.get("order", "order_id, order_number, days_since_previous") == [
        ("o1", 1, None),
        ("o2", None, None),
        ("o3", 2, 4.0),
    ]


def test_days_between_orders_when_the_clocks_change(shop):
    """Midnight to midnight over the 23-hour day and the 25-hour day: whole days."""
    shop.put("order", order(1, "2026-03-27 23:00"), order(2, "2026-03-29 22:00"), order(3, "2026-10-25 23:00"))
    assert shop.get("order", "ordered_day, days_since_previous") == [
        (date(2026, 3, 28), None),
        (date(2026, 3, 30), 2.0),
        (date(2026, 10, 26), 210.0),
    ]


def test_a_late_order_moves_the_numbers(shop):
    shop.put("order", order(2, "2026-03-05"))
    shop.put("order", order(1, "2026-03-01"))
    shop.put("order", order(2, "2026-02-27"))
    assert shop.get("order", "order_id, order_number, days_since_previous") == [("o1", 2, 2.0), ("o2", 1, None)]


def test_rows_that_move_to_another_person_are_numbered_anew(shop):
    shop.put("order", order(1, "2026-03-01", customer=None, email="x@example.com"), order(2, "2026-03-02"))
    shop.put("customer", {"customer_id": "c", "email": "x@example.com"})
    assert shop.get("order", "order_id, order_number") == [("o1", 1), ("o2", 2)]


def test_a_customer_s_firsts(shop):
    """Copenhagen: 23:30 UTC on 28 February is 1 March."""
    shop.put("customer", {"customer_id": "never"})
    shop.put("order", order(0, "2026-02-01", value="-3"), order(1, "2026-02-28 23:30"), order(2, "2026-03-07 12:00"))
    shop.put("subscription", phase("s", "2026-02-10"), phase("s", "2026-02-20"), phase("t", "2026-05-01", customer="d"))
    columns = "customer_id, first_order_day, second_order_at, first_subscribed_at, acquired_day"
    assert shop.get("customer", columns) == [
        ("c", date(2026, 3, 1), datetime(2026, 3, 7, 12), datetime(2026, 2, 10), date(2026, 2, 10)),
        ("d", None, None, datetime(2026, 5, 1), date(2026, 5, 1)),
        ("never", None, None, None, None),
    ]


def test_firsts_are_taken_back(shop):
    shop.put("order", order(1, "2026-03-01"), order(2, "2026-03-07"))
    shop.put("order", order(2, "2026-03-07", value="-1"))
    assert shop.get("customer", "first_order_at, second_order_at") == [(datetime(2026, 3, 1), None)]


def movements(shop):
    return shop.get("mrr_movement", "day, movement, amount, plan")


def test_the_life_of_a_subscriber(shop):
    shop.put(
        "subscription",
        phase("s", "2026-01-05", "2026-02-05", mrr="10"),
        phase("s", "2026-02-05", "2026-03-05", mrr="30"),
        phase("s", "2026-03-05", "2026-04-05", mrr="20"),
        phase("s", "2026-05-05", mrr="20"),
    )
    assert movements(shop) == [
        (date(2026, 1, 5), "new", Decimal(10), "s-10"),
        (date(2026, 2, 5), "expansion", Decimal(20), "s-10"),
        (date(2026, 3, 5), "contraction", Decimal(-10), "s-30"),
        (date(2026, 4, 5), "cancellation", Decimal(-20), "s-20"),
        (date(2026, 5, 5), "reactivation", Decimal(20), "s-20"),
    ]


def test_a_change_of_plan_at_the_same_price_is_no_movement(shop):
    shop.put("subscription", phase("s", "2026-01-05", "2026-02-05 08:00"), phase("s", "2026-02-05 09:00"))
    assert [kind for _, kind, *_ in movements(shop)] == ["new"]


def test_several_subscriptions_of_one_customer_are_one_sum(shop):
    """Ending one of two is a contraction, not a cancellation."""
    shop.put("subscription", phase("s", "2026-01-05", "2026-02-05", mrr="10"), phase("t", "2026-01-20", mrr="5"))
    assert [row[1:3] for row in movements(shop)] == [
        ("new", Decimal(10)),
        ("expansion", Decimal(5)),
        ("contraction", Decimal(-10)),
    ]


def test_phases_without_a_day_or_a_price(shop):
    shop.put("subscription", phase("s", "2026-01-05 08:00", "2026-01-05 10:00"), phase("t", "2026-01-06", mrr=None))
    assert movements(shop) == []


def test_movements_add_up_to_what_runs(shop):
    shop.put(
        "subscription",
        *(
            phase(f"s{n}", f"2026-01-{n:02}", f"2026-02-{n:02}" if n % 3 else None, str(n), f"c{n % 4}")
            for n in range(1, 28)
        ),
    )
    running = shop.get("subscription", "sum(mrr)", "ended_at IS NULL")
    assert shop.get("mrr_movement", "sum(amount)") == running


def test_replay_and_the_way_to_numbers_change_nothing(open_shop):
    orders = [order(n, f"2026-{1 + n % 9:02}-{1 + n % 27:02}", customer=f"c{n % 7}") for n in range(80)]
    at_once, bit_by_bit = open_shop(), open_shop()
    at_once.put("order", *orders)
    before = at_once.everything()
    assert at_once.put("order", *orders).unchanged == 80
    assert at_once.everything() == before
    # All customers are in the first half already, so that the numbers given are the same.
    bit_by_bit.put("order", *reversed(orders[:40]))
    bit_by_bit.put("order", *orders[40:])
    assert bit_by_bit.everything() == before
