"""What Segment's Python library really sends, plain and packed, read by `receive`."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from segment.analytics.client import Client

from collect.arriving import ARRIVAL, door
from kizuna.collect.message import Kept
from kizuna.collect.receive import Received, Request, receive

WHEN = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


class _Listening(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[Received] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Listening

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        key = base64.b64decode(self.headers["authorization"].removeprefix("Basic ")).decode().partition(":")[0]
        encoding, agent = self.headers.get("content-encoding", ""), self.headers["user-agent"]
        request = Request("batch", body, encoding, key, agent, self.client_address[0], ARRIVAL)
        self.server.received.append(receive(request, door()))
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def listening() -> Iterator[_Listening]:
    server = _Listening()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("gzip", [False, True])
def test_a_visit_by_segment_s_python_library(listening, gzip):
    client = Client("k", host=f"http://127.0.0.1:{listening.server_port}", gzip=gzip, on_error=lambda *_: None)
    client.identify("u-1", {"email": "a@b.example", "plan": "pro"})
    client.track("u-1", "Order Completed", {"order_id": "1001", "total": 39.5}, timestamp=WHEN, message_id="o-1001")
    client.page("u-1", "shop", "Tea", {"path": "/tea"}, context={"ip": "203.0.113.77"})
    client.screen(anonymous_id="a-1", name="Home")
    client.group("u-1", "acme", {"employees": 5})
    client.alias("a-1", "u-1")
    client.track(user_id=42, event="Numbered")
    client.shutdown()
    kept: list[Kept] = [message for received in listening.received for message in received.messages]
    assert [message.kind for message in kept] == ["identify", "track", "page", "screen", "group", "alias", "track"]
    assert [message.reason for message in kept] == [None] * 7 and len({message.id for message in kept}) == 7
    order, page = kept[1], kept[2]
    assert (order.id, order.message["properties"]) == ("o-1001", {"order_id": "1001", "total": 39.5})
    assert page.message["context"]["ip"] == "203.0.113.0" and page.message["name"] == "Tea"
    assert (kept[5].message["previousId"], kept[5].message["userId"]) == ("a-1", "u-1")
    assert kept[6].message["userId"] == "42"
    assert all(received.envelope.sent_at and received.envelope.source == "web" for received in listening.received)
