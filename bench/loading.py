"""From the spool into the facts: events a second, what a small load costs on top of millions of events."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import kizuna
from bench import Result
from kizuna.collect.message import Envelope, write_lines
from kizuna.collect.reader import FOLDER
from kizuna.collect.spool import Spool
from kizuna.loader import Feed, Loads

EVENTS, BATCH, SMALL = 400_000, 100, 1_000
MILLIONS = 3_000_000
START = 1_772_352_000_000_000
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)


def run() -> Iterator[Result]:
    """Batches of 100 messages of about 1 KB: pages, tracks and one identify in ten, by 20,000 visitors."""
    with tempfile.TemporaryDirectory() as folder, kizuna.init(Path(folder) / "shop") as shop:
        assert shop.store
        spool = Spool(shop.root / FOLDER, shop.settings)
        feed = Feed(Loads(shop.store, shop.settings, shop.root, deriving=False), spool)
        # The first load of a process brings in the libraries, which takes as long as many thousand events.
        _send(spool, -BATCH, BATCH)
        feed.drain()
        _send(spool, 0, EVENTS)
        started = perf_counter()
        feed.drain()
        yield Result("from spool to facts", EVENTS / (perf_counter() - started), 150_000, "events/s", more=True)
        _send(spool, EVENTS, EVENTS)
        feed.loads.deriving = True
        started = perf_counter()
        feed.drain()
        yield Result("with what follows from them", EVENTS / (perf_counter() - started), 50_000, "events/s", more=True)
        spool.close()
        shop.store.execute(_LIKE_THEM, [MILLIONS])
        spool = Spool(shop.root / FOLDER, shop.settings)
        feed.spool, times = spool, []
        for turn in range(5):
            _send(spool, 2 * EVENTS + turn * SMALL, SMALL)
            started = perf_counter()
            feed.drain()
            times.append(perf_counter() - started)
        yield Result(f"{SMALL:,} events on top of {(MILLIONS + 2 * EVENTS) / 1e6:.1f} million", median(times), 1, "s")
        spool.close()


# Older events of the same people, in order of time, as they would lie there.
_LIKE_THEM = """INSERT INTO event BY NAME
    SELECT * EXCLUDE (i) REPLACE (
        occurred_at - to_days(30 * (1 + i)::INTEGER) AS occurred_at,
        occurred_day - 30 * (1 + i)::INTEGER AS occurred_day,
        row_key || '/' || i AS row_key, 0 AS line_no)
    FROM event, range(CAST(ceil($1 / (SELECT count(*) FROM event)) AS BIGINT)) AS t (i)
    ORDER BY i DESC"""


def _send(spool: Spool, first: int, count: int) -> None:
    groups = []
    for start in range(first, first + count, BATCH):
        envelope = Envelope(START + start * 20_000, "web", "batch", agent="analytics-node/2.1", address="203.0.113.0")
        groups.append(spool.append(write_lines(envelope, [_line(n) for n in range(start, start + BATCH)])))
        if len(groups) == 100:
            groups.pop().wait()
            groups.clear()
    for group in groups:
        group.wait()


def _line(n: int) -> bytes:
    kind = "page" if n % 10 < 5 else "identify" if n % 10 == 9 else "track"
    visitor = n * 7919 % 20_000
    message: dict[str, Any] = {
        "type": kind,
        "messageId": f"message-{n:020d}",
        "anonymousId": f"anonymous-{visitor:012d}",
        "timestamp": "2026-03-01T08:00:00.123Z",
        "context": {
            "library": {"name": "analytics.js", "version": "2.1.0"},
            "userAgent": AGENT,
            "locale": "en-US",
            "timezone": "Europe/Copenhagen",
            "page": {
                "path": f"/products/{n % 300}",
                "referrer": "https://www.google.com/" if n % 4 == 0 else f"https://shop.example/products/{n % 299}",
                "search": "?utm_source=letter&utm_medium=email",
                "title": "A tea pot from Tokoname, fired in a wood kiln",
                "url": f"https://shop.example/products/{n % 300}?utm_source=letter&utm_medium=email",
            },
            "campaign": {"name": "autumn", "source": "letter", "medium": "email"},
        },
        **_BODIES[kind](n),
    }
    if visitor % 3 == 0:
        message["userId"] = f"user-{visitor}"
    at = START + n * 20_000
    return json.dumps(
        {"kind": kind, "id": message["messageId"], "at": at, "m": message}, separators=(",", ":")
    ).encode()


_BODIES: dict[str, Callable[[int], dict[str, Any]]] = {
    "page": lambda n: {
        "name": "Product",
        "properties": {"path": f"/products/{n % 300}", "title": "A tea pot from Tokoname", "category": "Kitchen"},
    },
    "identify": lambda n: {"traits": {"email": f"p{n % 9_000}@shop.example", "name": "Somebody", "plan": "pro"}},
    "track": lambda n: {
        "event": ("Product Viewed", "Product Added", "Order Completed")[n % 3],
        "properties": {
            "product_id": f"p{n % 300}",
            "order_id": f"o{n}",
            "name": "Tea pot",
            "price": n % 9_000 / 100,
            "total": n % 9_000 / 100,
            "currency": "USD",
            "category": "Kitchen",
            "quantity": 1,
            "variant": "blue",
            "brand": "Yukimi",
        },
    },
}
