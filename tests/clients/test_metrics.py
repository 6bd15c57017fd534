"""A scripted visit through the clients of others: every metric it moves is what a hand calculation says.

The numbers are asked of the running server, as a person would, and again after a rebuild from raw/,
which must give the same answers to the byte.
"""

from __future__ import annotations

import gzip
import json
import time
import tomllib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import kizuna
from clients.visits import Call, send_node, send_python
from server import KEY, Client, RunningServer, make_shop, served

VISIT = tomllib.loads(Path(__file__).with_name("visit.toml").read_text(encoding="utf-8"))
CLOCK = 0.05
"""What a client's clock and the network may add to a duration, in seconds."""

Send = Callable[[str, str, Sequence[Call]], None]


def send_rudderstack(url: str, key: str, visit: Sequence[Call]) -> None:
    """Gzipped JSON labelled as a form, the key in Basic authentication only (TRUST.md)."""
    body = {"batch": [_with_id(call, at) for at, call in enumerate(visit)]}
    _post(url, "/v1/batch", gzip.compress(json.dumps(body).encode()), key, "application/x-www-form-urlencoded")


def send_posthog(url: str, key: str, visit: Sequence[Call]) -> None:
    """PostHog's names: distinct_id, and items that say what they are by their event."""
    body = {"api_key": key, "batch": [_as_posthog(call, at) for at, call in enumerate(visit)]}
    _post(url, "/batch/", json.dumps(body).encode(), "", "application/json", "")


def _post(url: str, path: str, body: bytes, key: str, kind: str, encoding: str = "gzip") -> None:
    client = Client(int(url.rpartition(":")[2]))
    named = {"Content-Encoding": encoding} if encoding else {}
    status, answer = client.post(path, body, key, **{"Content-Type": kind}, **named)
    client.close()
    assert (status, answer["rejected"]) == (200, []), answer


def _with_id(call: Call, at: int) -> dict[str, Any]:
    return {**call, "messageId": f"r-{at}", "originalTimestamp": call["timestamp"]}


def _as_posthog(call: Call, at: int) -> dict[str, Any]:
    names = {"page": "$pageview", "screen": "$screen", "identify": "$identify"}
    context = call.get("context", {})
    page, campaign = context.get("page", {}), context.get("campaign", {})
    properties: dict[str, Any] = dict(call.get("properties", {}))
    properties |= {f"utm_{'campaign' if name == 'name' else name}": value for name, value in campaign.items()}
    if "anonymousId" in call:
        properties["$device_id"] = call["anonymousId"]
    if page:
        properties |= {"$pathname": page["path"], "$referrer": page.get("referrer", "$direct")}
    if call["type"] == "screen":
        properties["$screen_name"] = call["name"]
    if context.get("os"):
        properties |= {"$os": "iOS", "$lib": "posthog-ios", "$device_type": "Mobile"}
    if call["type"] == "identify":
        properties |= {"$anon_distinct_id": call["anonymousId"], "$set": call["traits"]}
    return {
        "event": names.get(call["type"]) or call["event"],
        "distinct_id": call.get("userId") or call["anonymousId"],
        "properties": properties,
        "timestamp": call["timestamp"],
        "uuid": f"00000000-0000-4000-8000-{at:012}",
    }


CLIENTS: dict[str, Send] = {
    "segment node": send_node,
    "segment python": send_python,
    "segment python, gzipped": partial(send_python, gzip=True),
    "rudderstack": send_rudderstack,
    "posthog": send_posthog,
}


def answers(root: Path) -> str:
    """Everything there is to say of every metric, as text."""
    with kizuna.open(root) as shop:
        whole, daily = shop.measure(), shop.measure("sessions", "orders", "events", every="day", by="channel")
    return whole.to_json() + daily.to_json()


def numbers(root: Path) -> dict[str, float | None]:
    with kizuna.open(root) as shop:
        found = shop.measure(*VISIT["metrics"])
        return {record.metric: record.value for record in found.records}


def measured(server: RunningServer, events: int) -> None:
    """Wait until the server has counted what it has acknowledged."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with kizuna.open(server.root) as shop:
            if shop.measure("events").records[0].value == events:
                return
        time.sleep(0.2)
    raise AssertionError("what was acknowledged was not measured")


@pytest.mark.parametrize("name", CLIENTS)
def test_every_metric_is_what_a_hand_calculation_says(name: str, tmp_path: Path) -> None:
    root = make_shop(tmp_path / "shop", currency="EUR")
    with served(root) as server:
        CLIENTS[name](server.url, KEY, VISIT["call"])
        measured(server, VISIT["metrics"]["events"])
        found = numbers(root)
        with kizuna.open(root) as shop:
            by_channel = shop.measure("sessions", by="channel", where="platform = 'web'").records
    wrong = {
        metric: (found[metric], right)
        for metric, right in VISIT["metrics"].items()
        if found[metric] != pytest.approx(right, abs=CLOCK if metric == "session_duration" else 1e-6)
    }
    assert wrong == {}
    assert {r.group["channel"]: r.value for r in by_channel if r.value} == VISIT["sessions_by_channel"]

    live = answers(root)
    with kizuna.open(root) as shop:
        shop.rebuild()
    assert answers(root) == live
