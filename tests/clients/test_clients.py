"""Segment's own server-side clients, unchanged, against the real server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clients.visits import Call, send_node, send_python
from server import KEY, kept, make_shop, served

AT = "2026-03-10T12:00:00+00:00"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
VISIT: list[dict[str, Any]] = [
    {"type": "page", "anonymousId": "a1", "name": "Shoes", "properties": {"path": "/shoes"}},
    {"type": "track", "anonymousId": "a1", "event": "Product Added", "properties": {"product_id": "p1", "price": 12.5}},
    {"type": "identify", "userId": "u1", "anonymousId": "a1", "traits": {"email": "someone@example.com"}},
    {"type": "group", "userId": "u1", "groupId": "g1", "traits": {"name": "Company"}},
    {"type": "screen", "userId": "u1", "name": "Basket"},
    {"type": "alias", "userId": "u1", "previousId": "old-u1"},
    {"type": "track", "userId": "u1", "event": "Order Completed", "properties": {"order_id": "o1", "total": 12.5}},
]
DETAILS = {"timestamp": AT, "context": {"userAgent": PHONE, "ip": "203.0.113.77"}}
NAMES = ("userId", "anonymousId", "event", "name", "groupId", "previousId")

Send = Callable[[str, str, Sequence[Call]], None]
CLIENTS = {
    "node": send_node,
    "python": send_python,
    "python, gzipped": partial(send_python, gzip=True),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_a_visit_arrives_as_it_was_sent(name: str, tmp_path: Path) -> None:
    send: Send = CLIENTS[name]
    root = make_shop(tmp_path / "shop")
    with served(root) as server:
        send(server.url, KEY, [call | DETAILS for call in VISIT])
        messages = [message for _, message in kept(root)]
    assert [message.reason for message in messages] == [None] * len(VISIT)
    by_type = {(m.kind, (m.message or {}).get("event")): m for m in messages}
    for call in VISIT:
        found = by_type[call["type"], call.get("event")]
        said = found.message or {}
        assert {n: said[n] for n in NAMES if said.get(n)} == {n: call[n] for n in NAMES if n in call}
        assert {n: said.get(n) for n in ("properties", "traits") if n in call} == {
            n: call[n] for n in ("properties", "traits") if n in call
        }
        # The client says when it happened and when it sent; the address is cut before it is kept.
        assert abs(found.at - 1_773_144_000_000_000) < 5_000_000
        assert said["context"]["ip"] == "203.0.113.0"
        assert said["context"]["userAgent"] == PHONE
    assert len({message.id for message in messages}) == len(VISIT)
