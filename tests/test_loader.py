"""The loader: whatever came together with what, and however often it was cut off, the numbers are the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

import kizuna
from kizuna.collect.decide import Limits, decide
from kizuna.collect.incoming import positions
from kizuna.collect.message import Kept, write_record
from kizuna.collect.reader import FOLDER, Reader
from kizuna.collect.spool import Spool
from kizuna.loader import Feed, Loader, Loads, load_all
from kizuna.store.replay import fitting, to_send
from kizuna.store.watermark import watermark
from kizuna.workspace import Workspace
from messages import START, Traffic, envelope, kept

ORDERS = "order_id,ordered_at,customer_id,value\n"
CUSTOMERS = "customer_id,email,name\n"

# Where a row lies and in how many pieces it came says nothing of what it says.
_TABLES = """SELECT table_name FROM duckdb_tables() WHERE NOT temporary AND table_name NOT IN ('import', 'meta')
    ORDER BY table_name"""


class Shop:
    """A workspace with a spool, and messages to put into it."""

    def __init__(self, root: Path, seed: int = 0) -> None:
        self.root = root / "shop"
        self.shop: Workspace = kizuna.init(self.root, timezone="Asia/Tokyo")
        assert self.shop.store  # opened now: what is written from here on waits until it is loaded
        self.spool = Spool(self.root / FOLDER, self.shop.settings)
        self.random = Random(seed)
        self.traffic = Traffic(seed)
        self.files = 0

    def loads(self) -> Loads:
        return Loads(self.shop.store, self.shop.settings, self.root)

    def feed(self) -> Feed:
        return Feed(self.loads(), self.spool)

    def import_something(self) -> None:
        """Orders or customers whose ids are partly those of the messages."""
        self.files += 1
        fact = self.random.choice(("order", "customer"))
        path = self.root.parent / f"{self.files}.csv"
        chosen = self.random.sample(range(40), 5)
        if fact == "order":
            rows = (f"o{n},2026-03-{n % 28 + 1:02d},u{n % 7},{n}.5\n" for n in chosen)
        else:
            rows = (f"u{n % 9},p{n % 9}@example.com,Name {n}\n" for n in dict.fromkeys(n % 9 for n in chosen))
        path.write_text((ORDERS if fact == "order" else CUSTOMERS) + "".join(rows), encoding="utf-8")
        self.shop.import_file(fact, path)

    def answers(self) -> list[str]:
        """Every metric's answer by month, with intervals and bases, to the last digit."""
        return self.shop.measure(every="month", since="2026-02-01", until="2026-06-01").to_json().splitlines()

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        names = [name for (name,) in self.shop.store.execute(_TABLES)]
        return {name: self.shop.store.execute(f'SELECT * FROM "{name}" ORDER BY ALL') for name in names}

    def rebuild(self) -> None:
        self.shop.rebuild()
        self.shop = kizuna.open(self.root)

    def close(self) -> None:
        self.spool.close()
        self.shop.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("seed", range(2))
def test_a_rebuild_gives_every_number_again(tmp_path: Path, seed: int) -> None:
    """Messages in batches of any size, late and out of order, between imports and decisions about people."""
    shop = Shop(tmp_path, seed)
    try:
        for _ in range(5):
            for _ in range(shop.random.choice((1, 2, 5, 25))):
                shop.spool.write(shop.traffic.record())
            feed = shop.feed()
            feed.limit_bytes = shop.random.choice((1, 700, 5_000, 1 << 20))
            feed.drain()
            if shop.random.random() < 0.3:
                shop.import_something()
        tables, answers = shop.tables(), shop.answers()
        assert len(tables["event"]) > 25
        shop.rebuild()
        for name, rows in shop.tables().items():
            assert rows == tables[name], name
        assert shop.answers() == answers
    finally:
        shop.close()


def test_loading_all_at_once_is_loading_one_by_one(tmp_path: Path) -> None:
    shops = [Shop(tmp_path / name, 7) for name in ("one", "all")]
    for each in shops:
        each.root.parent.mkdir(exist_ok=True)
        for _ in range(25):
            each.spool.write(each.traffic.record())
    one, whole = shops
    feed = one.feed()
    feed.limit_bytes = 1
    feed.drain()
    whole.feed().drain()
    for name, rows in one.tables().items():
        assert rows == whole.tables()[name], name
    for each in shops:
        each.close()


def test_what_is_loaded_is_not_loaded_again(shop: Shop) -> None:
    shop.spool.write(shop.traffic.record())
    first = load_all(shop.shop.store, shop.shop.settings, shop.root)
    assert first.rows or first.rejected or first.bots
    before = shop.tables()
    again = load_all(shop.shop.store, shop.shop.settings, shop.root)
    assert (again.rows, again.rejected, again.bots) == (0, 0, 0)
    assert shop.tables() == before
    assert watermark(shop.shop.store) == Reader(shop.root / FOLDER).end


def test_a_message_that_cannot_be_loaded_is_set_aside_and_the_others_are_in(shop: Shop) -> None:
    good = [kept({"type": "track", "event": "E", "messageId": f"g{n}", "anonymousId": "a"}, START) for n in range(5)]
    bad = Kept("track", "bad", 2**62, {"type": "track", "event": "E", "messageId": "bad", "anonymousId": "a"})
    shop.spool.write(write_record(envelope(START), [*good[:2], bad, *good[2:]]))
    last = {"type": "track", "event": "F", "messageId": "h", "anonymousId": "b"}
    shop.spool.write(write_record(envelope(START), [kept(last, START)]))
    loaded = shop.feed().drain()
    assert (loaded.rows, loaded.rejected) == (6, 1)
    assert shop.shop.store.execute("SELECT message_id, reason FROM rejected_message") == [("bad", "not_loaded")]
    assert shop.shop.store.execute("SELECT count(*) FROM event") == [(6,)]
    # its time is read anew from the message
    shop.rebuild()
    assert shop.shop.store.execute("SELECT count(*) FROM event") == [(7,)]


def test_the_thread_brings_in_what_comes(shop: Shop) -> None:
    loader = Loader(shop.shop.store, shop.spool, shop.shop.settings, shop.root)
    loader.start()
    try:
        for _ in range(5):
            end = shop.spool.write(shop.traffic.record())
        assert loader.load_until(end, 60)
        assert watermark(shop.shop.store) == end == loader.loaded
    finally:
        loader.stop()


def test_positions_grow_and_none_is_shared(shop: Shop) -> None:
    for _ in range(30):
        shop.spool.write(shop.traffic.record())
    found = positions(list(shop.spool.read((0, 0), 1 << 30)))
    assert found == sorted(set(found))


def test_a_mended_cause_brings_a_message_back_once_and_a_rebuild_agrees(shop: Shop) -> None:
    shop.spool.write(
        write_record(
            envelope(START), [kept({"type": "track", "event": "E", "messageId": "e", "anonymousId": "a"}, START)]
        )
    )
    large = {"type": "track", "event": "Large", "messageId": "l", "anonymousId": "b", "properties": {"text": "x" * 500}}
    refused = decide({**large, "timestamp": "2026-03-01T08:00:00Z"}, envelope(START), Limits(event_bytes=100))
    hopeless = kept({"type": "trakc", "messageId": "t"}, START)
    shop.spool.write(write_record(envelope(START), [refused, hopeless]))
    shop.feed().drain()
    assert shop.shop.store.execute("SELECT count(*) FROM rejected_message") == [(2,)]
    found = fitting(shop.shop.store, shop.shop.settings, shop.root)
    assert [each.kept.id for each in found] == ["l"]
    for record in to_send(shop.root, found):
        shop.spool.write(*record)
    shop.feed().drain()
    assert shop.shop.store.execute("SELECT name FROM event ORDER BY ALL") == [("E",), ("Large",)]
    assert shop.shop.store.execute("SELECT message_id FROM rejected_message") == [("t",)]
    assert fitting(shop.shop.store, shop.shop.settings, shop.root) == []
    before = shop.tables()
    shop.rebuild()
    assert shop.tables()["event"] == before["event"]
    assert shop.tables()["identifier"] == before["identifier"]
    assert shop.tables()["rejected_message"] == before["rejected_message"]


def test_late_messages_restate_the_past_and_it_shows(shop: Shop) -> None:
    for came, happened in ((0, 0), (5, 0), (5, 5), (6, 1)):
        of = envelope(START + timedelta(days=came))
        message = {"type": "track", "event": "Seen", "userId": "u1", "messageId": f"m{came}-{happened}"}
        shop.spool.write(write_record(of, [kept(message, START + timedelta(days=happened), of)]))
    load_all(shop.shop.store, shop.shop.settings, shop.root)

    def notes(**asked: str) -> tuple[str, ...]:
        return tuple(shop.shop.measure("events", "sessions", **asked).notes)  # type: ignore[arg-type]

    (said,) = notes()
    assert said == "2 days were restated by 2 late messages, the last on 2026-03-07 17:00 (Asia/Tokyo)"
    assert notes(since="2026-03-02", until="2026-03-03")[0].startswith("1 day was restated by 1 late message,")
    assert notes(every="hour", since="2026-03-02", until="2026-03-03") != ()
    assert notes(since="2026-03-03") == ()
    assert shop.shop.measure("nps").notes == ()


def test_an_id_that_looks_like_another_one_s_row_is_kept_by_a_rebuild(shop: Shop) -> None:
    """The row of the second external id of "m" has the key that the message "m/2" has."""
    said = {"type": "identify", "userId": "u", "context": {"externalIds": [{"type": "crm", "id": n} for n in "12"]}}
    more = {"type": "identify", "userId": "v", "messageId": "m/2", "traits": {"plan": "pro"}}
    for message in ({**said, "messageId": "m"}, more, more):
        shop.spool.write(write_record(envelope(START), [kept(message, START)]))
    shop.feed().drain()
    shop.rebuild()
    assert shop.shop.store.execute("SELECT trait_id, external_id FROM trait ORDER BY ALL") == [
        ("m", "crm:1"),
        ("m", "crm:2"),
        ("m/2", None),
    ]
