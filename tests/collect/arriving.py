"""What the tests of the collector's door share: a door, a time, and short ways to send."""

from __future__ import annotations

import json
from typing import Any

from kizuna.collect.clock import read_time
from kizuna.collect.message import Kept
from kizuna.collect.receive import Door, Received, Request, receive
from kizuna.settings import Settings

ARRIVAL = read_time("2026-11-22T12:00:00Z")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


def door(**settings: Any) -> Door:
    """A door with two sources: web (key k) and shop (key s)."""
    return Door(Settings({"sources": {"web": "k", "shop": "s"}, "timezone": "Asia/Tokyo", **settings}))


USUAL = door()


def send(body: Any, call: str = "batch", at: Door | None = None, **request: Any) -> Received:
    """Receive a body, bytes or a value to be written as JSON."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    known = {
        "key": "k",
        "agent": "analytics-python/2.4.0",
        "address": "203.0.113.77",
        "received_at": ARRIVAL,
        **request,
    }
    return receive(Request(call, text, **known), at or USUAL)


def one(message: Any, call: str = "batch", at: Door | None = None, **request: Any) -> Kept:
    """What becomes of a single message."""
    received = send({"batch": [message]} if call == "batch" else message, call, at, **request)
    assert received.order == [0]
    return received.messages[0]
