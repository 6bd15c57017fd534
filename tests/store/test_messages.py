"""One message, one row: what of a Segment message goes into which column."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from kizuna.collect.incoming import runs
from kizuna.collect.message import Kept, write_record
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.mapped import map_sql
from kizuna.store.messages import take
from messages import CHROME, GOOGLEBOT, START, envelope, kept

Load = Callable[..., DuckDBStore]


@pytest.fixture
def load(open_shop: Any) -> Load:
    """Loads messages that came in one request."""

    def put(*messages: dict[str, Any], late: timedelta = timedelta(0), **settings: Any) -> DuckDBStore:
        of = envelope(START + late)
        made = [kept({"messageId": f"m{n}", "anonymousId": "a", **each}, START, of) for n, each in enumerate(messages)]
        store: DuckDBStore = open_shop(**settings).store
        (run,) = runs([((1, 100_000), write_record(of, made))])
        take(store, run.table())
        return store

    return put


PAGE = {
    "url": "https://shop.example/tea?utm_campaign=spring+1&utm_source=google&utm_medium=cpc",
    "referrer": "https://www.google.com/",
}

CASES = [
    ({"type": "page", "name": "Tea"}, "name, page", ("Page Viewed", "Tea")),
    ({"type": "screen", "name": "Home"}, "name, page, platform", ("Screen Viewed", "Home", "app")),
    ({"type": "page", "properties": {"path": "/tea"}}, "page, platform", ("/tea", "web")),
    ({"type": "page", "context": {"page": PAGE}}, "page, campaign, channel, referrer", ("/tea", "spring 1", "paid search", PAGE["referrer"])),
    ({"type": "page", "context": {"page": {**PAGE, "referrer": "https://shop.example/"}, "campaign": {"name": "x"}}}, "campaign, referrer", ("x", None)),
    ({"type": "track", "event": "E", "properties": {"revenue": 5, "order_id": 7}}, "value::DOUBLE, order_id", (5.0, "7")),
    ({"type": "track", "event": "E", "properties": {"total": 6, "revenue": 5}}, "value::DOUBLE", (6.0,)),
    ({"type": "track", "event": "E", "properties": {"total": 6, "currency": "dkk"}}, "value::DOUBLE", (60.0,)),
    ({"type": "track", "event": "E", "properties": {"total": 6, "currency": "XXX"}}, "value::DOUBLE", (None,)),
    ({"type": "track", "event": "E", "properties": {"total": 6, "currency": "GBP"}}, "value::DOUBLE", (12.0,)),
    ({"type": "track", "event": "E", "properties": {"total": "", "value": 6}}, "value::DOUBLE", (6.0,)),
    ({"type": "track", "event": "E", "properties": {"total": "much"}}, "value::DOUBLE", (None,)),
    ({"type": "track", "event": "E", "properties": {"engaged_seconds": 1.5, "load_seconds": -1}}, "engaged_seconds, load_seconds", (1.5, None)),
    ({"type": "track", "event": "E", "properties": {"a": 1, "b": None, "c": {"d": [1, "é"]}}}, "properties", ({"a": "1", "b": None, "c": '{"d":[1,"é"]}'},)),
    ({"type": "track", "event": "E", "properties": {}}, "properties", (None,)),
    ({"type": "track", "event": "E", "context": {"sessionId": "s", "traits": {"email": "A@b.dk"}}}, "session_id, email", ("s", "A@b.dk")),
    ({"type": "track", "event": "E", "context": {"userAgent": CHROME}}, "device, browser, os", ("desktop", "Chrome", "Windows")),
    ({"type": "track", "event": "E", "context": {"location": {"country": "jp"}}}, "country", ("JP",)),
    ({"type": "track", "event": "E"}, "source, row_key, import_no, customer_no", ("web", "/:web/m0", -1, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("message", "columns", "expected"), CASES)
def test_an_event(load: Load, message: dict[str, Any], columns: str, expected: tuple[Any, ...]) -> None:
    store = load(message, exchange={"DKK": 10, "gbp": 2})
    assert store.execute(f"SELECT {columns} FROM event") == [expected]


@pytest.mark.parametrize(
    ("message", "agent", "platform"),
    [
        # sent by curl, or by a library that says no more than its name
        ({}, "curl/8.9.1", "server"),
        ({}, None, "server"),
        (
            {"context": {"library": {"name": "analytics-python", "version": "2.4.0"}}},
            "analytics-python/2.4.0",
            "server",
        ),
        ({"properties": {"path": "/tea"}}, "curl/8.9.1", "web"),
        # a server that passes on what its visitor's browser said speaks for the visitor
        ({"context": {"userAgent": CHROME}}, "node-fetch/1.0", "web"),
        ({"context": {"page": {"url": "https://shop.example/a"}}}, "node-fetch/1.0", "web"),
        ({"context": {"sessionId": "s"}}, "node-fetch/1.0", "web"),
        ({"type": "page"}, "node-fetch/1.0", "web"),
        ({}, CHROME, "web"),
        ({"context": {"page": {}}}, CHROME, "web"),
        ({"context": {"device": {"type": "ios"}}}, "okhttp/4.12.0", "app"),
        ({"event": "Application Opened"}, "okhttp/4.12.0", "app"),
        ({}, "Shop/7.1 CFNetwork/1490.0.4 Darwin/23.2.0", "web"),
    ],
)
def test_who_told_of_it(open_shop: Any, message: dict[str, Any], agent: str | None, platform: str) -> None:
    of = envelope(START, agent=agent)
    made = kept({"type": "track", "event": "E", "messageId": "m", "userId": "u", **message}, START, of)
    store = open_shop().store
    (run,) = runs([((1, 100_000), write_record(of, [made]))])
    take(store, run.table())
    assert store.execute("SELECT platform FROM event") == [(platform,)]


def test_an_identify_call_with_several_ids_elsewhere(load: Load) -> None:
    ids = [{"type": "crm", "id": "1"}, {"type": "till", "id": "2"}]
    store = load({"type": "identify", "userId": "u", "traits": {"email": "a@b.dk"}, "context": {"externalIds": ids}})
    rows = store.execute("SELECT kind, customer_id, email, external_id FROM trait ORDER BY row_key")
    assert rows == [("identify", "u", "a@b.dk", "crm:1"), ("identify", "u", None, "till:2")]


def test_an_alias_says_whose_an_earlier_id_is(load: Load) -> None:
    store = load({"type": "alias", "userId": "u", "previousId": "before"})
    assert store.execute("SELECT kind, customer_id, anonymous_id FROM trait") == [("alias", "u", "before")]


def test_bots_are_kept_apart(load: Load) -> None:
    store = load(
        {"type": "page", "context": {"userAgent": GOOGLEBOT}}, {"type": "page", "context": {"userAgent": CHROME}}
    )
    assert store.execute("SELECT name FROM bot_message") == [("Googlebot",)]
    assert store.execute("SELECT count(*) FROM event") == [(1,)]


def test_late_messages_are_noted_by_their_day(load: Load) -> None:
    assert load({"type": "page"}, late=timedelta(hours=20)).execute("FROM late") == []
    assert load({"type": "page"}, late=timedelta(days=2)).execute("SELECT day::VARCHAR, rows FROM late") == [
        ("2026-03-01", 1)
    ]


def test_the_short_way_to_a_map_gives_what_the_long_one_gives(open_shop: Any) -> None:
    """Loads of many messages read the commonest shapes of objects as structs."""
    objects = [
        '{"a":1,"b":"x"}',
        '{"b":"x","a":null}',
        '{"a":{"c":[1.50]}}',
        '{"A":1,"a":2}',
        "{}",
        "[1]",
        '"t"',
        "null",
        None,
        '{"it\'s":1e3}',
        '{"share":0.00001,"id":1e16,"inner":{"share":0.00001}}',
    ]
    store: DuckDBStore = open_shop().store
    tables = {"few": objects, "many": objects * 400}
    found = []
    for name, values in tables.items():
        with store.offering("given", pa.table({"body": pa.array(values, pa.string())})):
            store.execute(f"CREATE TEMP TABLE {name} AS SELECT body::JSON AS body FROM given")
        rows = store.execute(
            f"SELECT DISTINCT body::VARCHAR, ({map_sql(store, name, 'body')})::VARCHAR FROM {name} ORDER BY ALL"
        )
        found.append(rows)
    assert "json_transform" in map_sql(store, "many", "body")
    assert found[0] == found[1]


def test_a_rejected_message_is_kept_with_its_reason(load: Load) -> None:
    store = load({"type": "track"}, {"type": "trakc", "event": "E"})
    assert store.execute("SELECT message_id, reason FROM rejected_message ORDER BY pos") == [
        ("m0", "missing_event"),
        ("m1", "unknown_type"),
    ]


def test_text_that_was_no_json_is_kept_as_it_came(open_shop: Any) -> None:
    store: DuckDBStore = open_shop().store
    broken = Kept("rejected", at=0, reason="not_json", detail="no", text='{\n"a":')
    (run,) = runs([((1, 1000), write_record(envelope(START), [broken]))])
    take(store, run.table())
    assert store.execute("SELECT message FROM rejected_message") == [('{\n"a":',)]
