"""How the data does: what is told of sources, facts and files is what came."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import kizuna
from kizuna.collect.message import Kept, write_record
from kizuna.collect.reader import FOLDER
from kizuna.collect.receive import Received
from kizuna.collect.spool import Spool
from kizuna.collect.webhooks import Hooks, receive_hook
from kizuna.loader import load_all
from kizuna.store import health
from kizuna.workspace import Workspace
from messages import CHROME, GOOGLEBOT, START, envelope, kept, micros

NOW = datetime(2026, 3, 1, 10, 30)
HOOK = """
fact = "ticket"
id = "id"
[map]
ticket_id = "ticket"
opened_at = "opened"
[signature]
scheme = "none"
"""


class Shop:
    """A workspace whose messages come at times of our choosing."""

    def __init__(self, root: Path) -> None:
        self.shop: Workspace = kizuna.init(root / "shop", sources={"web": "a" * 20, "ios": "b" * 20})
        self.spool = Spool(self.shop.root / FOLDER, self.shop.settings)
        self.made = 0

    def send(self, at: datetime, source: str = "web", agent: str = CHROME, **said: Any) -> None:
        self.made += 1
        of = envelope(at, source=source, agent=agent)
        message = {"type": "track", "event": "Seen", "messageId": f"m{self.made}", "anonymousId": "a", **said}
        self.spool.write(write_record(of, [kept(message, at, of)]))

    def hook(self, at: datetime, body: dict[str, Any]) -> None:
        folder = self.shop.root / "hooks"
        folder.mkdir(exist_ok=True)
        (folder / "desk.toml").write_text(HOOK, encoding="utf-8")
        hooks = Hooks(self.shop.root, self.shop.settings)
        received = receive_hook("desk", {}, json.dumps(body).encode(), micros(at), hooks)
        assert isinstance(received, Received)
        self.spool.write(write_record(received.envelope, received.messages))

    def load(self) -> None:
        load_all(self.shop.store, self.shop.settings, self.shop.root)

    def sources(self, now: datetime = NOW) -> dict[str, health.Source]:
        self.load()
        with self.shop.store.reading() as data:
            found = health.sources(data, now, self.shop.settings.sources, ("desk",))
        return {each.name: each for each in found}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.spool.close()
    made.shop.close()


def test_a_source_that_never_sent_says_so(shop: Shop) -> None:
    assert shop.sources() == {
        "web": health.Source("web"),
        "ios": health.Source("ios"),
        "hook:desk": health.Source("hook:desk"),
    }


def test_what_came_is_counted_by_hour_and_source(shop: Shop) -> None:
    for minutes in (0, 5, 70):
        shop.send(START + timedelta(minutes=minutes))
    shop.send(START - timedelta(days=9), source="ios")
    found = shop.sources()
    web, ios = found["web"], found["ios"]
    assert (web.messages, web.day, web.last_at) == (3, 3, datetime(2026, 3, 1, 9, 10))
    assert web.hours[-3:] == ((2, 0), (1, 0), (0, 0))
    assert (ios.messages, ios.day, sum(n for n, _ in ios.hours)) == (1, 0, 0)


def test_the_current_hour_is_the_last_of_the_course(shop: Shop) -> None:
    shop.send(datetime(2026, 3, 1, 10, 29, tzinfo=UTC))
    shop.send(datetime(2026, 2, 27, 11, 0, tzinfo=UTC))
    shop.send(datetime(2026, 2, 27, 10, 59, tzinfo=UTC))
    hours = shop.sources()["web"].hours
    assert (len(hours), hours[-1], hours[0]) == (health.HOURS, (1, 0), (1, 0))
    assert sum(n for n, _ in hours) == 2


def test_loads_of_one_message_each_add_up(shop: Shop) -> None:
    for _ in range(3):
        shop.send(START)
        shop.load()
    assert shop.sources()["web"].messages == 3
    assert shop.shop.store.execute("SELECT count(*) FROM arrival") == [(1,)]


def test_what_does_not_fit_is_told_apart(shop: Shop) -> None:
    shop.send(START)
    shop.send(START, type="trakc")
    shop.send(START + timedelta(minutes=2), agent=GOOGLEBOT)
    web = shop.sources()["web"]
    assert (web.messages, web.rejected, web.bots, web.day_rejected) == (1, 1, 1, 1)
    assert web.last_at == datetime(2026, 3, 1, 8, 2)
    assert web.hours[-3] == (1, 1)
    with shop.shop.store.reading() as data:
        (cause,) = health.rejected_messages(data)
        (bot,) = health.bots(data)
        (one,) = health.each_rejected_message(data, "web", "unknown_type")
        assert health.each_rejected_message(data, "web", "bad_time") == []
        assert health.each_rejected_message(data, before=one.pos) == []
    assert (cause.where, cause.what, cause.count) == ("web", "unknown_type", 1)
    assert "trakc" in cause.example
    assert (bot.messages, one.id) == (1, "m2")


def test_clients_are_known_by_their_library_or_by_what_programs_call_themselves(shop: Shop) -> None:
    library = {"library": {"name": "analytics-node", "version": "2.3.0"}}
    shop.send(START, context=library, agent="node")
    shop.send(START + timedelta(minutes=1), agent="analytics-python/2.2.3")
    shop.send(START + timedelta(minutes=2))  # a browser whose page names no library
    shop.send(START + timedelta(minutes=3), context={"library": {"name": "x" * 500}})
    named = [(each.name, each.messages) for each in shop.sources()["web"].clients]
    assert named == [("x" * 80, 1), ("analytics-python/2.2.3", 1), ("analytics-node 2.3.0", 1)]


def test_a_library_that_is_no_text_is_none(shop: Shop) -> None:
    for library in ({"name": {"a": 1}}, "kizuna", None, {"name": ["x"]}, {"name": 7}):
        shop.send(START, context={"library": library})
    assert shop.sources()["web"].messages == 5


def test_webhooks_count_under_their_hook(shop: Shop) -> None:
    shop.hook(START, {"id": 1, "ticket": "A", "opened": "2026-01-01T00:00:00Z"})
    shop.hook(START, {"id": 2, "opened": "2026-01-01T00:00:00Z"})
    found = shop.sources()["hook:desk"]
    assert (found.messages, found.rejected, found.known) == (1, 1, True)


def test_who_is_not_in_the_settings_any_more_is_told_last(shop: Shop) -> None:
    shop.send(START, source="old")
    assert [(name, each.known) for name, each in shop.sources().items()][-1] == ("old", False)


def test_a_rebuild_counts_the_same(shop: Shop) -> None:
    shop.send(START)
    shop.send(START, type="trakc")
    shop.hook(START, {"id": 1, "ticket": "A", "opened": "2026-01-01T00:00:00Z"})
    before = shop.sources()
    shop.spool.close()
    shop.shop.rebuild()
    assert shop.sources() == before


def test_a_message_set_aside_by_the_loader_counts_as_rejected_only(shop: Shop) -> None:
    bad = Kept("track", "bad", 2**62, {"type": "track", "event": "E", "messageId": "bad", "anonymousId": "a"})
    shop.spool.write(write_record(envelope(START), [bad]))
    web = shop.sources()["web"]
    assert (web.messages, web.rejected) == (0, 1)


def test_the_last_that_came_is_told_with_what_was_wrong(shop: Shop) -> None:
    def latest(source: str = "web") -> health.Latest | None:
        shop.load()
        with shop.shop.store.reading() as data:
            return health.latest(data, source)

    assert latest() is None
    shop.send(START, event="Hello")
    shop.send(START - timedelta(hours=1), event="Earlier")
    assert latest() == health.Latest(datetime(2026, 3, 1, 8), "Earlier")
    shop.send(START + timedelta(minutes=1), type="trakc")
    found = latest()
    assert found is not None and (found.reason, found.event) == ("unknown_type", "") and "trakc" in found.detail
    shop.send(START + timedelta(minutes=2), event="Hello again")
    assert latest() == health.Latest(datetime(2026, 3, 1, 8, 2), "Hello again")
    assert latest("ios") is None


def test_facts_say_how_far_they_reach_and_where_they_are_from(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(
        "order_id,ordered_at,value\n1,2026-01-05,10\n2,2026-02-06,12\n3,soon,1\n4,later,1\n", encoding="utf-8"
    )
    shop.shop.import_file("order", file)
    shop.send(START, event="Order Completed", properties={"order_id": "9", "total": 5})
    shop.load()
    with shop.shop.store.reading() as data:
        found = {each.fact.name: each for each in health.facts(data)}
        (imported,) = health.imports(data)
        causes, rows = health.rejected_rows(data), health.each_rejected_row(data)
        assert health.imports(data, before=imported.number) == []
        assert health.each_rejected_row(data, after=(1, 4)) == rows[1:]
        assert health.last_loaded(data) == max(imported.at, datetime(2026, 3, 1, 8))
    order, event = found["order"], found["event"]
    assert (order.rows, order.from_files, order.last_day) == (3, 2, date(2026, 3, 1))
    assert (order.first_day, order.derived + order.from_messages) == (date(2026, 1, 5), 1)
    assert (event.rows, event.from_messages, event.derived) == (1, 1, 0)
    empty = found["share_price"]
    assert (empty.rows, empty.from_files, empty.from_messages, empty.derived) == (0, 0, 0, 0)
    assert (found["ticket"].rows, found["ticket"].last_day) == (0, None)
    assert (imported.file, imported.rows, imported.added, imported.rejected) == ("orders.csv", 4, 2, 2)
    assert [(cause.where, cause.what, cause.count) for cause in causes] == [("1", "order", 2)]
    assert [(row.line, row.file) for row in rows] == [(4, "orders.csv"), (5, "orders.csv")]


def test_days_that_were_told_of_late_are_listed(shop: Shop) -> None:
    of = envelope(START + timedelta(days=5))
    message = {"type": "track", "event": "Seen", "userId": "u1", "messageId": "late"}
    shop.spool.write(write_record(of, [kept(message, START, of)]))
    shop.load()
    with shop.shop.store.reading() as data:
        assert health.late(data) == [health.Late(date(2026, 3, 1), 1, datetime(2026, 3, 6, 8))]
