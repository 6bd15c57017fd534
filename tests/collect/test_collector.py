"""The collector over in-process HTTP: routes, answers item by item, CORS, limits, duplicates, a failing disk."""

from __future__ import annotations

import asyncio
import base64
import errno
import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kizuna.collect.collector import CALLS, Collector, spare_the_garbage_collector
from kizuna.collect.disk import Disk
from kizuna.collect.keep import Keeper
from kizuna.collect.message import Envelope, Kept, read_record
from kizuna.collect.receive import Door
from kizuna.collect.spool import Spool
from kizuna.settings import Settings

KEY = "wk_shop"
SETTINGS = {"sources": {"shop": KEY, "app": "wk_app"}, "allowed_origins": ["https://shop.example"], "body_seconds": 1}
BASIC = {"authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()}


class Slow(Disk):
    """A disk whose syncs wait until they are let go, and then fail if told to."""

    number = 0

    def sync(self, descriptor: int) -> None:
        if self.number:
            raise OSError(self.number, os.strerror(self.number))
        super().sync(descriptor)


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Client:
    """Sends requests to the application as a web server would."""

    app: Collector
    keeper: Keeper
    disk: Slow
    address: str = "203.0.113.9"
    seen: list[Response] = field(default_factory=list)

    async def send(
        self,
        path: str,
        body: Any = None,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        chunks: list[bytes] | None = None,
        cut: bool = False,
        silent: bool = False,
    ) -> Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        pieces = chunks or [data]
        sent: list[dict[str, Any]] = []
        given = {"host": "c.example", **(BASIC if headers is None else headers)}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "scheme": "http",
            "client": (self.address, 5000),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }

        async def receive() -> dict[str, Any]:
            if silent:
                await asyncio.sleep(60)
            if not pieces:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces) or cut}

        async def take(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, take)
        start, content = sent
        found = {name.decode(): value.decode() for name, value in start["headers"]}
        return Response(start["status"], found, json.loads(content["body"]) if content["body"] else None)

    def post(self, path: str, body: Any = None, **more: Any) -> Response:
        return asyncio.run(self.send(path, body, **more))

    def kept(self) -> list[tuple[Envelope, Kept]]:
        records = [read_record(payload) for _, payload in self.keeper.spool.read((0, 0), 1 << 60)]
        return [(envelope, kept) for envelope, messages in records for kept in messages]

    def kinds(self) -> list[str]:
        return [kept.kind if kept.reason is None else kept.reason for _, kept in self.kept()]


def started(folder: Path, **settings: Any) -> Client:
    chosen = Settings({**SETTINGS, **settings})
    disk = Slow()
    keeper = Keeper(Spool(folder, chosen, disk))
    return Client(Collector(Door(chosen), keeper, chosen), keeper, disk)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    client = started(tmp_path)
    yield client
    client.keeper.close()


def track(id: str = "m1", event: str = "Order Completed", **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, "userId": "u1", "messageId": id, **more}


BODIES = {
    "track": {"event": "e", "userId": "u"},
    "identify": {"userId": "u", "traits": {"email": "a@b.example"}},
    "page": {"name": "Home", "anonymousId": "a"},
    "screen": {"name": "Home", "anonymousId": "a"},
    "group": {"groupId": "g", "userId": "u"},
    "alias": {"userId": "u", "previousId": "a"},
    "batch": {"batch": [track()]},
    "capture": {"event": "e", "distinct_id": "u", "properties": {}},
}


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", CALLS)
def test_every_route_keeps_what_it_is_sent(client: Client, path: str, slash: str) -> None:
    call = CALLS[path]
    response = client.post(path + slash, BODIES[call])
    assert response.status == 200 and response.body["accepted"] == 1, response
    ((envelope, kept),) = client.kept()
    assert (envelope.source, envelope.call) == ("shop", call)
    assert kept.kind == (call if call not in ("batch", "capture") else "track")


def test_the_answer_says_what_became_of_each_message(client: Client) -> None:
    batch = [
        track("a", event="Seen"),
        track("a", event="Seen"),
        track("b", event=""),
        {"type": "trak", "messageId": "c"},
        track("d", event="Seen", timestamp="2999-01-01T00:00:00Z"),
    ]
    response = client.post("/v1/batch", {"batch": batch})
    assert response.status == 200
    body = response.body
    assert (body["success"], body["accepted"], body["duplicates"], body["dropped"]) == (True, 2, 1, 0)
    assert [(item["index"], item["messageId"], item["reason"]) for item in body["rejected"]] == [
        (2, "b", "missing_event"),
        (3, "c", "unknown_type"),
    ]
    assert "'track'" in body["rejected"][1]["detail"]
    assert [(item["index"], item["messageId"]) for item in body["warnings"]] == [(4, "d")]
    assert client.kinds() == ["track", "missing_event", "unknown_type", "track"]


def test_warnings_come_back_where_every_message_is_good_and_new(client: Client) -> None:
    batch = [track("a", event="Seen"), track("b", event="Seen", timestamp="2999-01-01T00:00:00Z")]
    (warning,) = client.post("/v1/batch", {"batch": batch}).body["warnings"]
    assert (warning["index"], warning["messageId"]) == (1, "b") and "future" in warning["detail"]


ALONE = [
    ({"batch": [track(event="")]}, 400),
    ({"batch": []}, 200),
    ({"batch": [track(), track(event="", id="x")]}, 200),
]


@pytest.mark.parametrize(("body", "status"), ALONE)
def test_only_what_has_nothing_good_in_it_is_a_bad_request(client: Client, body: Any, status: int) -> None:
    response = client.post("/v1/batch", body)
    assert response.status == status
    assert response.body["success"] is (status == 200)


def test_delivered_twice_counts_once_per_source_and_after_a_restart(tmp_path: Path) -> None:
    client = started(tmp_path)
    assert client.post("/v1/track", track(sentAt="2026-01-01T00:00:00Z")).body["accepted"] == 1
    again = {"batch": [track(sentAt="2026-01-01T00:00:09Z")], "sentAt": "2026-01-01T00:00:10Z"}
    assert client.post("/v1/batch", again).body["duplicates"] == 1
    other = client.post("/v1/track", {**track(), "writeKey": "wk_app"}, headers={})
    assert other.body["accepted"] == 1
    client.keeper.close()
    client = started(tmp_path)
    assert client.post("/v1/track", track()).body["duplicates"] == 1
    assert client.kinds() == ["track", "track"]
    client.keeper.close()


def test_another_body_under_the_same_id_is_kept_once_as_a_conflict(client: Client) -> None:
    client.post("/v1/track", track())
    for _ in range(3):
        response = client.post("/v1/track", track(properties={"total": 6}))
        assert response.status == 400
        (rejected,) = response.body["rejected"]
        assert (rejected["reason"], rejected["messageId"]) == ("conflicting_duplicate", "m1")
    assert client.kinds() == ["track", "conflicting_duplicate"]


def test_conflicts_inside_one_batch(client: Client) -> None:
    batch = [track("a"), track("a", event="Other"), track("a", event="Other"), track("a")]
    body = client.post("/v1/batch", {"batch": batch}).body
    assert (body["accepted"], body["duplicates"], len(body["rejected"])) == (1, 1, 2)
    assert client.kinds() == ["track", "conflicting_duplicate"]


def test_a_rejected_message_is_kept_once_and_accepted_once_it_is_mended(client: Client) -> None:
    for _ in range(3):
        assert client.post("/v1/track", track(event="")).status == 400
    assert client.post("/v1/track", track()).body["accepted"] == 1
    assert client.kinds() == ["missing_event", "track"]


def test_eight_at_once_with_the_same_ids_keep_each_once(client: Client) -> None:
    async def all_at_once() -> list[Response]:
        batch = {"batch": [track(f"m{n}") for n in range(50)]}
        return await asyncio.gather(*(client.send("/v1/batch", batch) for _ in range(8)))

    responses = asyncio.run(all_at_once())
    assert sum(response.body["accepted"] for response in responses) == 50
    assert sum(response.body["duplicates"] for response in responses) == 350
    assert len(client.kept()) == 50


def test_when_the_disk_fails_the_duplicate_in_flight_fails_too_and_nothing_is_acknowledged(client: Client) -> None:
    async def both() -> list[Response]:
        return await asyncio.gather(*(client.send("/v1/track", track()) for _ in range(2)))

    client.disk.number = errno.ENOSPC
    for response in asyncio.run(both()):
        assert response.status == 503
        assert int(response.headers["retry-after"]) > 0
        assert "No space left on device" in response.body["detail"]
    client.disk.number = 0
    assert client.post("/v1/track", track()).body["accepted"] == 1
    assert client.kinds() == ["track"]


def test_a_stopping_server_says_later(client: Client) -> None:
    client.keeper.spool.close()
    assert client.post("/v1/track", track()).status == 503


def test_a_flood_on_one_key_is_answered_429_and_other_keys_are_not(tmp_path: Path) -> None:
    client = started(tmp_path, max_key_events=1)
    answers = [client.post("/v1/track", track(f"m{n}")) for n in range(15)]
    assert {answer.status for answer in answers} == {200, 429}
    late = answers[-1]
    assert (late.status, late.body["reason"]) == (429, "too_fast")
    assert int(late.headers["retry-after"]) >= 1
    assert client.post("/v1/track", track() | {"writeKey": "wk_app"}, headers={}).status == 200


def test_an_unknown_key_keeps_nothing(client: Client) -> None:
    for headers in (
        {},
        {"authorization": "Basic d3Jvbmc6"},
        {"authorization": "Basic !"},
        {"authorization": "Bearer x"},
    ):
        response = client.post("/v1/track", track(), headers=headers)
        assert response.status == 401 and "kizuna sources" in response.body["detail"]
    assert client.kept() == []


def test_what_is_not_json_is_told_with_its_place(client: Client) -> None:
    response = client.post("/v1/track", b'{"event": 01}')
    assert response.status == 400
    assert "at byte 11" in response.body["rejected"][0]["detail"]
    assert client.kinds() == ["not_json"]


NOT_HERE = [
    ("/v1/trak", "POST", 404, "Did you mean /v1/track?"),
    ("/nothing", "POST", 404, "/v1/batch"),
    ("/v1/track", "GET", 405, "POST"),
    ("/v1/projects/wk_shop/settings", "POST", 405, "GET"),
    ("/v1/projects/guess/settings", "GET", 404, "write key"),
]


@pytest.mark.parametrize(("path", "method", "status", "said"), NOT_HERE)
def test_a_wrong_address_is_told_the_right_one(client: Client, path: str, method: str, status: int, said: str) -> None:
    response = client.post(path, {}, method=method)
    assert response.status == status
    assert said in response.body["detail"]
    assert (status == 405) is ("allow" in response.headers)


def test_settings_tell_the_browser_library_where_to_send(client: Client) -> None:
    segment = client.post(f"/v1/projects/{KEY}/settings", method="GET").body["integrations"]["Segment.io"]
    assert segment["apiKey"] == KEY
    assert (segment["protocol"], segment["apiHost"]) == ("http", "c.example/v1")


def test_settings_use_the_public_address(tmp_path: Path) -> None:
    client = started(tmp_path, public_url="https://t.shop.example/")
    segment = client.post(f"/v1/projects/{KEY}/settings", method="GET").body["integrations"]["Segment.io"]
    assert (segment["protocol"], segment["apiHost"]) == ("https", "t.shop.example/v1")
    client.keeper.close()


def test_browsers_of_allowed_origins_may_send_and_others_may_not(client: Client) -> None:
    ours, other = {"origin": "https://shop.example", **BASIC}, {"origin": "https://other.example", **BASIC}
    asked = {**ours, "access-control-request-headers": "authorization,content-type"}
    before = client.post("/v1/t", method="OPTIONS", headers=asked)
    assert before.status == 204
    assert before.headers["access-control-allow-origin"] == "https://shop.example"
    assert before.headers["access-control-allow-headers"] == "authorization,content-type"
    assert "POST" in before.headers["access-control-allow-methods"]
    response = client.post("/v1/t", track(), headers=ours)
    assert response.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-credentials" not in response.headers
    refused = client.post("/v1/t", track("m2"), headers=other)
    assert refused.status == 403 and "access-control-allow-origin" not in refused.headers
    assert client.post("/v1/t", track("m3")).status == 200
    assert len(client.kept()) == 2


def test_any_origin_may_send_unless_told_otherwise(tmp_path: Path) -> None:
    client = started(tmp_path, allowed_origins=["*"])
    response = client.post("/v1/t", track(), headers={"origin": "https://any.example", **BASIC})
    assert response.headers["access-control-allow-origin"] == "https://any.example"
    client.keeper.close()


def test_a_body_may_come_packed_in_pieces_and_under_any_content_type(client: Client) -> None:
    packed = gzip.compress(json.dumps({"batch": [track()]}).encode())
    headers = {**BASIC, "content-encoding": "gzip", "content-type": "application/x-www-form-urlencoded"}
    pieces = [packed[:10], packed[10:20], packed[20:]]

    # a body whose end does not come is no body
    assert client.post("/v1/batch", headers=headers, chunks=[*pieces], cut=True).status == 400
    assert client.post("/v1/batch", headers=headers, chunks=[*pieces]).body["accepted"] == 1


def test_a_body_that_is_too_large_is_refused_early_and_late(client: Client) -> None:
    early = client.post("/v1/track", b"{}", headers={**BASIC, "content-length": "512001"})
    late = client.post("/v1/track", headers=BASIC, chunks=[b"x" * 300_000, b"x" * 300_000])
    for response in (early, late):
        assert response.status == 413
        assert "512,000" in response.body["detail"]


def test_a_client_that_sends_no_body_is_cut_off(client: Client) -> None:
    response = client.post("/v1/track", silent=True)
    assert response.status == 408
    assert response.headers["connection"] == "close"


ADDRESSES = [
    ("203.0.113.9", "198.51.100.7", "203.0.113.0"),
    ("10.1.2.3", "198.51.100.7", "198.51.100.0"),
    ("10.1.2.3", "6.6.6.6, 198.51.100.7, 10.9.9.9", "198.51.100.0"),
    ("10.1.2.3", "nonsense", None),
    ("10.1.2.3", "", "10.1.2.0"),
    ("::1", "2001:db8:1:2::3", "2001:db8:1::"),
    ("10.0.0.1", "203.0.113.9:51544", "203.0.113.0"),
    ("10.0.0.1", "203.0.113.9:51544, 10.0.0.2:80", "203.0.113.0"),
    ("10.0.0.1", "[2001:db8:1:2::3]:443", "2001:db8:1::"),
]


@pytest.mark.parametrize(("address", "forwarded", "expected"), ADDRESSES)
def test_a_forwarded_address_is_believed_from_a_trusted_proxy_only(
    tmp_path: Path, address: str, forwarded: str, expected: str | None
) -> None:
    client = started(tmp_path, trusted_proxies=["10.0.0.0/8", "::1"])
    client.address = address
    client.post("/v1/track", track(), headers={**BASIC, "x-forwarded-for": forwarded})
    ((envelope, _),) = client.kept()
    assert envelope.address == expected
    client.keeper.close()


def test_what_nobody_foresaw_is_no_internal_error(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.app._keeper = None  # type: ignore[assignment]
    response = client.post("/v1/track", track())
    assert response.status == 503
    assert "failed" in caplog.text


def test_the_garbage_collector_is_spared() -> None:
    import gc

    before = gc.get_threshold()
    spare_the_garbage_collector()
    assert gc.get_threshold()[0] > before[0]
    gc.set_threshold(*before)
    gc.unfreeze()
