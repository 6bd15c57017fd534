"""The server that bench/collect and bench/answering put under load, in a process of its own, and the load itself."""

from __future__ import annotations

import os
import select
import socket
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

KEY = "bench-write-key"
CONNECTIONS = 64

# What analytics.js sends for one product seen: 1 KB.
EVENT = (
    b'{"timestamp":"2026-03-14T09:26:53.589Z","integrations":{},"event":"Product Viewed","type":"track",'
    b'"properties":{"product_id":"507f1f77bcf86cd799439011","sku":"G-32","category":"Games",'
    b'"name":"Monopoly: 3rd Edition","brand":"Hasbro","variant":"200 pieces","price":18.99,"quantity":1,'
    b'"coupon":"MAYDEALS","currency":"usd","position":3,"value":18.99,"url":"https://shop.example/product/monopoly",'
    b'"image_url":"https://shop.example/product/monopoly.jpg"},"context":{"ip":"203.0.113.77",'
    b'"userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 '
    b'Safari/537.36","locale":"da-DK","timezone":"Europe/Copenhagen","page":{"path":"/product/monopoly",'
    b'"referrer":"https://shop.example/games","search":"","title":"Monopoly: 3rd Edition","url":'
    b'"https://shop.example/product/monopoly"},"library":{"name":"analytics.js","version":"npm:next-1.81.0"}},'
    b'"messageId":"ajs-next-1773480413589-%016d","anonymousId":"9f2d6bd6-6f42-4bb6-8f3b-2f1a7d%06d",'
    b'"userId":"user-%06d"%s}'
)
SENT = b',"sentAt":"2026-03-14T09:26:53.601Z"'


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """An application that reads the body and stores nothing."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b'{"success":true}'})


def collector(root: Path) -> Callable[..., Any]:
    """The collector on a workspace's folder."""
    from kizuna.collect.collector import Collector, spare_the_garbage_collector
    from kizuna.collect.keep import Keeper
    from kizuna.collect.receive import Door
    from kizuna.collect.spool import Spool
    from kizuna.settings import Settings

    spare_the_garbage_collector()
    settings = Settings({"sources": {"shop": KEY}, "max_key_events": 0})
    return Collector(Door(settings), Keeper(Spool(root / "raw" / "messages", settings)), settings)


def surveys(root: Path) -> Callable[..., Any]:
    """The site with the surveys of a workspace's folder."""
    from kizuna.collect.collector import Collector, spare_the_garbage_collector
    from kizuna.collect.keep import Keeper
    from kizuna.collect.receive import Door
    from kizuna.collect.spool import Spool
    from kizuna.collect.survey.door import SurveyDoor
    from kizuna.settings import Settings
    from kizuna.show.site import Site
    from kizuna.show.survey.site import survey_site

    spare_the_garbage_collector()
    settings = Settings({"name": "Bench"})
    keeper, senders = Keeper(Spool(root / "raw" / "messages", settings)), Door(settings)
    site = Collector(senders, keeper, settings)
    return Site(site, survey_site(settings, root, site, SurveyDoor(settings, root, keeper), senders), bare)


APPS: dict[str, Callable[[Path], Callable[..., Any]]] = {
    "bare": lambda root: bare,
    "collector": collector,
    "surveys": surveys,
}


async def serve(kind: str, root: Path, port: int) -> None:
    """Serve until killed."""
    from granian.constants import Interfaces
    from granian.server.embed import Server

    await Server(
        APPS[kind](root), address="127.0.0.1", port=port, interface=Interfaces.ASGINL, log_enabled=False
    ).serve()


def singles(numbers: Iterator[int]) -> Iterator[tuple[bytes, int]]:
    """Requests of one event, with their number of events."""
    for n in numbers:
        yield _request(b"/v1/track", EVENT % (n, n % 20_000, n % 20_000, SENT)), 1


def batches(numbers: Iterator[int]) -> Iterator[tuple[bytes, int]]:
    """Requests of 100 events."""
    for n in numbers:
        events = b",".join([EVENT % (i, i % 20_000, i % 20_000, b"") for i in range(n * 100, n * 100 + 100)])
        yield _request(b"/v1/batch", b'{"batch":[%s]%s}' % (events, SENT)), 100


def _request(path: bytes, body: bytes) -> bytes:
    return (
        b"POST %s HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Basic YmVuY2gtd3JpdGUta2V5Og==\r\n"
        b"user-agent: bench/1.0\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
        % (path, len(body), body)
    )


def load(port: int, make: Callable[[Iterator[int]], Iterator[tuple[bytes, int]]], seconds: float, first: int) -> float:
    """Events a second that the server acknowledges on `CONNECTIONS` connections kept alive."""
    requests = make(count(first))
    waiting = select.epoll()
    connections: dict[int, socket.socket] = {}
    sent: dict[int, int] = {}
    for _ in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waiting.register(connection.fileno(), select.EPOLLIN)
        connections[connection.fileno()] = connection
        request, sent[connection.fileno()] = next(requests)
        connection.sendall(request)
    done, started = 0, perf_counter()
    while perf_counter() < started + seconds:
        for number, _ in waiting.poll(1):
            connection = connections[number]
            accepted(connection)
            done += sent[number]
            request, sent[number] = next(requests)
            connection.sendall(request)
    taken = perf_counter() - started
    for connection in connections.values():
        accepted(connection)
        connection.close()
    return done / taken


def accepted(connection: socket.socket) -> None:
    """Receive an answer, which must be 200."""
    answer = connection.recv(65_536)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"not accepted: {answer[:500]!r}")
    head, _, body = answer.partition(b"\r\n\r\n")
    left = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]) - len(body)
    while left > 0:
        left -= len(connection.recv(65_536))


if __name__ == "__main__":
    import uvloop

    os.sched_setaffinity(0, {int(sys.argv[4])})
    uvloop.run(serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
