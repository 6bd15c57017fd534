"""Loading: each row once, completed, with its day in the workspace's zone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from kizuna.store.load import LoadReport


def order(number, at="2026-03-02 10:00", customer="c1", value="10", **more):
    return {"order_id": f"o{number}", "ordered_at": at, "customer_id": customer, "value": value, **more}


def test_a_second_time_changes_nothing(shop):
    rows = [order(1), order(2, customer="c2"), order(3, at="2026-03-05 10:00")]
    assert shop.put("order", *rows) == LoadReport(3, 0, 0)
    before = shop.everything()
    assert shop.put("order", *rows) == LoadReport(0, 0, 3)
    assert shop.everything() == before


def test_a_corrected_row_takes_the_place_of_the_first(shop):
    shop.put("order", order(1), order(2, value="20"))
    report = shop.put("order", order(1), order(2, value="21"), order(3, value="30"))
    assert report == LoadReport(added=1, replaced=1, unchanged=1)
    assert shop.get("order", "order_id, value, import_no") == [
        ("o1", Decimal(10), 1),
        ("o2", Decimal(21), 2),
        ("o3", Decimal(30), 2),
    ]


def test_a_trait_that_changed_replaces(shop):
    """Properties are part of the row: a column that is no field of the fact counts too."""
    shop.put("order", order(1, properties={"shelf": "A"}))
    assert shop.put("order", order(1, properties={"shelf": "A"})).unchanged == 1
    assert shop.put("order", order(1, properties={"shelf": "B"})).replaced == 1
    assert shop.get("order", "properties") == [{"shelf": "B"}]


def test_defaults_fill_empty_cells(shop):
    shop.put("order", order(1))
    assert shop.get("order", "refunded, transaction_type") == [(Decimal(0), "purchase")]


@pytest.mark.parametrize(
    ("given", "delivered", "opened"),
    [
        ({}, True, False),
        ({"bounced": True}, False, False),
        ({"bounced": True, "delivered": True}, True, False),
        ({"opened_at": "2026-03-02 09:00"}, True, True),
        ({"opened_at": "2026-03-02 09:00", "opened": False}, True, False),
        ({"delivered": False}, False, False),
    ],
)
def test_messages_are_completed(shop, given, delivered, opened):
    row = {"message_id": "m", "sent_at": "2026-03-02 08:00", "customer_id": "c", **given}
    shop.put("message", row)
    assert shop.get("message", "delivered, opened") == [(delivered, opened)]
    assert shop.put("message", row).unchanged == 1


@pytest.mark.parametrize(
    ("low", "high", "direction", "scale"),
    [
        (1, 5, "high_good", "1..5"),
        (0, 10, None, "0..10"),
        (1, 5, "low_good", "1..5 low_good"),
        (0.5, 2.5, "high_good", "0.5..2.5"),
        (None, None, None, None),
    ],
)
def test_the_scale_is_written_out(shop, low, high, direction, scale):
    shop.put(
        "survey_response",
        {
            "response_id": "r",
            "question": "csat",
            "answered_at": "2026-03-02 08:00",
            "scale_low": low,
            "scale_high": high,
            "direction": direction,
        },
    )
    assert shop.get("survey_response", "scale") == [scale]


def test_an_imported_session_has_a_duration(shop):
    times = {"started_at": "2026-03-02 08:00:00", "ended_at": "2026-03-02 08:01:30"}
    shop.put("session", {"session_id": "a", **times}, {"session_id": "b", "duration_seconds": 7, **times})
    assert shop.get("session", "session_id, duration_seconds") == [("a", 90.0), ("b", 7.0)]


@pytest.mark.parametrize(
    ("utc", "day", "hour"),
    [
        ("2026-01-31 22:59:59", date(2026, 1, 31), 23),
        ("2026-01-31 23:00:00", date(2026, 2, 1), 0),
        # 29 March 2026 has 23 hours in Copenhagen: it begins at 23:00 UTC and ends at 22:00 UTC.
        ("2026-03-28 23:00:00", date(2026, 3, 29), 0),
        ("2026-03-29 01:00:00", date(2026, 3, 29), 3),
        ("2026-03-29 21:59:59", date(2026, 3, 29), 23),
        ("2026-03-29 22:00:00", date(2026, 3, 30), 0),
        # 25 October 2026 has 25: two o'clock comes twice.
        ("2026-10-24 22:00:00", date(2026, 10, 25), 0),
        ("2026-10-25 00:30:00", date(2026, 10, 25), 2),
        ("2026-10-25 01:30:00", date(2026, 10, 25), 2),
        ("2026-10-25 22:59:59", date(2026, 10, 25), 23),
        ("2026-10-25 23:00:00", date(2026, 10, 26), 0),
    ],
)
def test_days_are_the_workspace_s(shop, utc, day, hour):
    shop.put("order", order(1, at=utc))
    assert shop.get("order", "ordered_day, hour") == [(day, hour)]


def test_a_customer_s_rows_share_a_bucket(shop):
    shop.put("order", *(order(n, customer=f"c{n % 40}") for n in range(200)))
    shop.put("ticket", *({"ticket_id": f"t{n}", "opened_at": "2026-03-02", "customer_id": f"c{n}"} for n in range(40)))
    sql = """SELECT customer_no, count(DISTINCT bucket), any_value(bucket) FROM (
        SELECT customer_no, bucket FROM "order" UNION ALL SELECT customer_no, bucket FROM ticket) GROUP BY ALL"""
    for number, buckets, bucket in shop.store.execute(sql):
        assert buckets == 1
        assert bucket == (number * 2654435761 >> 27) & 31


def test_buckets_of_days_accounts_and_posts(shop):
    """Two ads of one day share a bucket, one account's days share one, and a post is a draw of its own."""
    shop.put("ad", *({"day": f"2026-03-0{d}", "ad_id": f"a{a}"} for d in range(1, 10) for a in range(3)))
    assert {n for (n,) in shop.store.execute("SELECT count(DISTINCT bucket) FROM ad GROUP BY day")} == {1}
    days = range(1, 10)
    shop.put("social_account", *({"day": f"2026-03-0{d}", "account": a, "followers": 1} for d in days for a in "xy"))
    assert {n for (n,) in shop.store.execute("SELECT count(DISTINCT bucket) FROM social_account GROUP BY account")} == {
        1
    }
    shop.put("social_post", *({"post_id": f"p{n}", "published_at": "2026-03-02"} for n in range(200)))
    assert len(shop.get("social_post", "DISTINCT bucket")) > 25


def test_prices_before_1970_have_buckets(shop):
    shop.put("share_price", {"day": "1965-04-05", "close": 3}, {"day": "1970-01-01", "close": 4})
    assert all(0 <= bucket < 32 for bucket in shop.get("share_price", "bucket"))
