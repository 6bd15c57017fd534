"""Which properties a fact has is known without reading its rows, and whatever came together with what."""

from __future__ import annotations

from typing import Any

import pytest

from kizuna.collect.incoming import runs
from kizuna.collect.message import write_record
from kizuna.store import properties
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.messages import take
from kizuna.store.properties import LONGEST, Properties
from messages import START, envelope, kept


def put(store: DuckDBStore, place: int, *messages: dict[str, Any]) -> None:
    """Loads messages of one request that ends at `place` of the spool."""
    made = [kept({"messageId": f"m{place}-{n}", "anonymousId": "a", **each}, START) for n, each in enumerate(messages)]
    (run,) = runs([((1, place), write_record(envelope(START), made))])
    take(store, run.table())


def track(*names: str) -> dict[str, Any]:
    return {"type": "track", "event": "E", "properties": dict.fromkeys(names, 1)}


def test_names_of_messages_and_files_are_known_and_each_once(shop: Any) -> None:
    known = Properties(shop.store)
    assert list(known["event"]) == []
    put(shop.store, 1000, track("plan", "shelf"), track("plan"))
    shop.put("event", {"event_id": "e", "occurred_at": "2026-03-01", "name": "E", "properties": {"till": "3"}})
    put(shop.store, 2000, track("plan", "colour"))
    assert known["event"] == ["colour", "plan", "shelf", "till"]
    assert (known["order"], list(known.get("nothing", ["none"]))) == ([], ["none"])


def test_traits_of_customers_are_those_without_a_column(shop: Any) -> None:
    traits = {"plan": "pro", "email": "a@b.dk", "firstName": "A", "nothing": None}
    put(shop.store, 1000, {"type": "identify", "userId": "u", "traits": traits})
    put(shop.store, 2000, {"type": "group", "userId": "u", "groupId": "g", "traits": {"seats": 3}})
    known = Properties(shop.store)
    assert known["customer"] == ["group_id", "plan"]
    assert known["trait"] == sorted([*traits, "seats"])


@pytest.mark.parametrize("order", [(1000, 2000, 3000), (3000, 1000, 2000), (2000, 3000, 1000)])
def test_a_flood_of_names_keeps_those_that_came_first(
    shop: Any, monkeypatch: pytest.MonkeyPatch, order: tuple[int, ...]
) -> None:
    monkeypatch.setattr(properties, "MOST", 4)
    loads = {1000: [track("b", "a")], 2000: [track("z", "a")], 3000: [track("f1", "f2", "b", "f0")]}
    for place in order:
        put(shop.store, place, *loads[place])
    assert Properties(shop.store)["event"] == ["a", "b", "f0", "z"]


def test_a_name_that_nobody_could_ask_for_is_not_kept(shop: Any) -> None:
    put(shop.store, 1000, track("", "x" * (LONGEST + 1), "x" * LONGEST))
    assert Properties(shop.store)["event"] == ["x" * LONGEST]
