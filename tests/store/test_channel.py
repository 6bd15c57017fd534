"""Which channel an event came by: one line, one case."""

from __future__ import annotations

import duckdb
import pytest

from kizuna.store.channel import channel_sql, channels, referrer_sql

SHOP = "https://www.shop.example/"

# page, referrer, utm_source, utm_medium, utm_campaign → channel
CASES = [
    (SHOP, None, None, None, None, None),
    (SHOP, "", "", "", "", None),
    (SHOP, "https://www.google.com/", None, None, None, "organic search"),
    (SHOP, "https://www.google.co.jp/search?q=shoes", None, None, None, "organic search"),
    (SHOP, "https://search.yahoo.co.jp/search?p=x", None, None, None, "organic search"),
    (SHOP, "https://mail.google.com/", None, None, None, "email"),
    (SHOP, "https://notgoogle.com/", None, None, None, "referral"),
    (SHOP, "https://google.com.evil.example/", None, None, None, "referral"),
    (SHOP, "https://l.facebook.com/l.php", None, None, None, "organic social"),
    (SHOP, "https://liff.line.me/1", None, None, None, "organic social"),
    (SHOP, "https://www.youtube.com/watch", None, None, None, "organic video"),
    (SHOP, "https://www.amazon.co.jp/dp/1", None, None, None, "organic shopping"),
    (SHOP, "https://chatgpt.com/", None, None, None, "assistant"),
    (SHOP, "https://blog.example.org/post?id=1", None, None, None, "referral"),
    (SHOP, "https://shop.example/shoes", None, None, None, None),
    (SHOP, "https://pay.shop.example/done", None, None, None, None),
    (SHOP, "https://SHOP.example:443/", None, None, None, None),
    (SHOP + "?gclid=1", "https://www.google.com/", None, None, None, "paid search"),
    (SHOP + "?a=1&fbclid=1", None, None, None, None, "organic social"),
    (SHOP + "?dclid=1", None, None, None, None, "display"),
    (SHOP, None, "google", "cpc", "spring", "paid search"),
    (SHOP, None, "Facebook", "Paid_Social", None, "paid social"),
    (SHOP, None, "facebook", None, None, "organic social"),
    (SHOP, None, "amazon", "cpc", None, "paid shopping"),
    (SHOP, None, "youtube", "cpv", None, "paid video"),
    (SHOP, None, "news.example", "cpm", None, "display"),
    (SHOP, None, "partner", "cpa", None, "paid other"),
    (SHOP, None, "partner", "affiliate", None, "affiliates"),
    (SHOP, None, "spring", "email", None, "email"),
    (SHOP, None, "newsletter", None, None, "email"),
    (SHOP, "https://www.google.com/", "spring", "email", None, "email"),
    (SHOP, None, "shop", "sms", None, "sms"),
    (SHOP, None, "app", "web-push", None, "push"),
    (SHOP, None, "blog", "referral", None, "referral"),
    (SHOP, None, "flyer", "qr", None, "other"),
    (SHOP, None, "direct", "none", None, "direct"),
    (SHOP, None, None, None, "a cross-network b", "cross-network"),
    (None, "https://duckduckgo.com/", None, None, None, "organic search"),
    ("not an address", "nor this", None, None, None, None),
]


@pytest.fixture(scope="module")
def found():
    """All cases at once, as the loader does it."""
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE t (n INTEGER, url TEXT, referrer TEXT, source TEXT, medium TEXT, campaign TEXT)"
        )
        connection.executemany(
            "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", [(n, *row[:5]) for n, row in enumerate(CASES)]
        )
        channel = channel_sql("url", "referrer", "source", "medium", "campaign")
        return connection.execute(f"SELECT {channel}, {referrer_sql('url', 'referrer')} FROM t ORDER BY n").fetchall()


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{r} {s} {m} {u}" for u, r, s, m, _, _ in CASES])
def test_the_channel(found, number):
    assert found[number][0] == CASES[number][5]


def test_only_channels_of_the_table(found):
    assert {channel for channel, _ in found if channel} <= set(channels())


def test_the_own_site_is_no_referrer(found):
    kept = [referrer for _, referrer in found]
    assert "https://shop.example/shoes" not in kept
    assert "https://pay.shop.example/done" not in kept
    assert "https://blog.example.org/post?id=1" in kept
