"""The real server under load is killed, starved of disk, doubled, held up and told to end (faults 1, 4, 5, 6, 11).

Short forms by default; ``KIZUNA_FAULTS=full`` (``make faults``) runs the long ones.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

import psutil
import pytest

import kizuna
from faults.conftest import FULL, Figures
from kizuna.errors import WorkspaceError
from server import (
    KEY,
    OTHER_KEY,
    RunningServer,
    connect,
    free_port,
    ids_of,
    kept,
    make_shop,
    raw_post,
    served,
    track,
    wait_for_events,
)

DROPPED = (OSError, http.client.HTTPException)


class Sender(threading.Thread):
    """A client that sends batches until it is told to stop, and knows of each message what it was told.

    What was not acknowledged it sends again, as clients do, or gives up now and then.
    """

    def __init__(self, server: RunningServer, seed: int, patience: float = 0.7) -> None:
        super().__init__(daemon=True)
        self.server, self.random, self.patience = server, random.Random(seed), patience
        self.acknowledged: list[str] = []
        self.given_up: list[str] = []
        self.answers: Counter[int] = Counter()
        self.ending = threading.Event()

    def run(self) -> None:
        client = self.server.client()
        while not self.ending.is_set():
            messages = [track() for _ in range(self.random.randint(1, 20))]
            while True:
                try:
                    status, _ = client.post("/v1/batch", {"batch": messages})
                    self.answers[status] += 1
                except ConnectionRefusedError:
                    status = -1
                    time.sleep(0.05)
                except DROPPED:
                    status = 0
                if status == 200:
                    self.acknowledged += ids_of(messages)
                    break
                if not status and self.random.random() > self.patience:
                    self.given_up += ids_of(messages)
                    break
        client.close()


@contextlib.contextmanager
def load(server: RunningServer, clients: int = 4) -> Iterator[list[Sender]]:
    """Clients that send while the block runs; at its end each has had its last answer."""
    senders = [Sender(server, seed) for seed in range(clients)]
    for sender in senders:
        sender.start()
    try:
        yield senders
    finally:
        for sender in senders:
            sender.ending.set()
    for sender in senders:
        sender.join(60)
        assert not sender.is_alive()


def acknowledged(senders: list[Sender]) -> list[str]:
    return [id for sender in senders for id in sender.acknowledged]


def check_each_once(root: Path, told: list[str], given_up: list[str]) -> None:
    """What was acknowledged is on the disk once, what was given up at most once, and the facts say the same."""
    on_disk = Counter(message.id for _, message in kept(root))
    assert len(told) == len(set(told))
    assert [id for id in told if on_disk[id] != 1] == []
    assert [id for id in given_up if on_disk[id] > 1] == []
    assert set(on_disk) <= {*told, *given_up}
    facts = [row[1] for row in wait_for_events(root, len(on_disk))]
    assert sorted(facts) == sorted(on_disk)


# -- fault 1


def test_kills_lose_nothing_and_double_nothing(root: Path, figures: Figures) -> None:
    kills, seconds = 100 if FULL else 10, []
    chance = random.Random(1)
    with served(root) as server:
        with load(server) as senders:
            for _ in range(kills):
                time.sleep(chance.uniform(0, 0.4))
                server.kill()
                seconds.append(server.start())
        told, given_up = acknowledged(senders), [id for s in senders for id in s.given_up]
        assert told
        check_each_once(root, told, given_up)
        assert server.stop() == 0
    check_each_once(root, told, given_up)
    statuses = sum((s.answers for s in senders), Counter[int]())
    assert set(statuses) <= {200, 503}
    figures(
        kills=kills, acknowledged=len(told), lost=0, doubled=0, given_up=len(given_up),
        slowest_start_s=max(seconds), median_start_s=sorted(seconds)[len(seconds) // 2],
    )  # fmt: skip


# -- fault 4


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_acknowledges_nothing_and_is_used_again(small_disk: Path, figures: Figures) -> None:
    root = make_shop(small_disk / "shop")
    told: list[str] = []
    answers: Counter[int] = Counter()
    with served(root) as server:
        client = server.client()

        def send() -> int:
            messages = [track(padding="x" * 500) for _ in range(20)]
            status, headers, body = client.request(
                "POST", "/v1/batch", json.dumps({"batch": messages, "writeKey": KEY}).encode()
            )
            answers[status] += 1
            if status == 200:
                told.extend(ids_of(messages))
            else:
                assert status == 503
                assert int(headers["retry-after"]) > 0
                assert json.loads(body)["success"] is False
            return status

        assert send() == 200
        wait_for_events(root, 20)
        assert server.get("/login")[0] == 200
        _fill(small_disk / "ballast", leave=200_000)
        for _ in range(200):
            if send() == 503:
                break
        refused = [send() for _ in range(5)]
        assert 503 in refused
        assert server.get("/login")[0] == 200
        with kizuna.open(root) as shop:
            assert shop.measure("events").to_dicts()
        (small_disk / "ballast").unlink()
        for _ in range(100):
            if send() == 200:
                break
            time.sleep(0.1)
        assert send() == 200
        check_each_once(root, told, [])
        client.close()
        assert server.stop() == 0
    check_each_once(root, told, [])
    figures(acknowledged=len(told), answers_200=answers[200], answers_503=answers[503], lost=0)


def _fill(file: Path, leave: int) -> None:
    """Take all space but so many bytes."""
    with file.open("wb", buffering=0) as out:
        while True:
            left = os.statvfs(file.parent)
            free = left.f_bavail * left.f_frsize - leave
            if free <= 0:
                return
            out.write(bytes(min(free, 1 << 16)))


# -- fault 5


def test_one_fact_for_one_id_of_a_source(root: Path, figures: Figures) -> None:
    """In one batch, in two requests, across a restart, from 8 threads; two sources are two."""
    same = track("same", event="Counted")
    with served(root) as server:
        status, answer = server.post("/v1/batch", {"batch": [same, same, track("other"), same]})
        assert (status, answer["accepted"], answer["duplicates"]) == (200, 2, 2)
        assert server.post("/v1/track", same)[1]["duplicates"] == 1
        assert server.post("/v1/track", same | {"sentAt": "2026-03-10T12:09:00Z"})[1]["duplicates"] == 1
        assert server.post("/v1/track", same, OTHER_KEY)[1]["accepted"] == 1

        status, answer = server.post("/v1/track", same | {"event": "Changed"})
        assert (status, answer["rejected"][0]["reason"]) == (400, "conflicting_duplicate")
        assert server.post("/v1/track", same | {"event": "Changed"})[0] == 400

        assert server.stop() == 0
        server.start()
        assert server.post("/v1/track", same)[1]["duplicates"] == 1
        server.kill()
        server.start()
        assert server.post("/v1/track", same)[1]["duplicates"] == 1

        threads, rounds = 8, 200 if FULL else 25
        gate = threading.Barrier(threads)

        def race(_: int) -> tuple[int, int]:
            client, counted = server.client(), [0, 0]
            for number in range(rounds):
                gate.wait(60)
                status, answer = client.post("/v1/track", track(f"race-{number}"))
                assert status == 200
                counted[0] += answer["accepted"]
                counted[1] += answer["duplicates"]
            client.close()
            return counted[0], counted[1]

        with ThreadPoolExecutor(threads) as pool:
            outcomes = list(pool.map(race, range(threads)))
        accepted, duplicates = (sum(column) for column in zip(*outcomes, strict=True))
        assert (accepted, duplicates) == (rounds, rounds * (threads - 1))
        facts = wait_for_events(root, 3 + rounds)
        assert Counter((row[1], row[2]) for row in facts)["same", "Counted"] == 2
        assert len(facts) == 3 + rounds
        assert Counter(message.reason for _, message in kept(root))["conflicting_duplicate"] == 1
    figures(messages_sent=rounds * threads + 12, facts=len(facts), duplicates_told=duplicates + 6)


# -- fault 6


def test_a_second_server_is_refused_and_the_first_goes_on(root: Path) -> None:
    with served(root) as server:
        second = subprocess.run(
            [sys.executable, "-m", "kizuna.show.cli", "serve", "-w", str(root), "--port", str(free_port())],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert second.returncode == 2
        assert f"PID {server.process.pid}" in second.stderr
        assert f"kill {server.process.pid}" in second.stderr
        assert server.post("/v1/track", track())[0] == 200


def test_writers_and_readers_at_once_see_whole_batches_and_no_conflict(
    root: Path, tmp_path: Path, figures: Figures
) -> None:
    """Four clients send batches of ten, four commands import files of ten orders, eight read all the while."""
    seconds, size = (60.0, 10) if FULL else (5.0, 10)
    until = time.monotonic()
    seen: Counter[str] = Counter()

    def send(number: int) -> int:
        client, batches = server.client(), 0
        while time.monotonic() < until:
            batch = [track(event=f"Batch {number}-{batches}") for _ in range(size)]
            assert client.post("/v1/batch", {"batch": batch})[0] == 200
            batches += 1
            time.sleep(0.005)
        client.close()
        return batches

    def bring(number: int) -> int:
        files = 0
        while time.monotonic() < until:
            file = tmp_path / f"orders-{number}-{files}.csv"
            rows = [f"o{number}-{files}-{n},2026-02-{n + 1:02d},c{n},5,{number}-{files}" for n in range(size)]
            file.write_text("order_id,ordered_at,customer_id,value,campaign\n" + "\n".join(rows), encoding="utf-8")
            with kizuna.open(root) as shop:
                assert shop.import_file("order", file).added == size
            files += 1
        return files

    def read(_: int) -> int:
        readings = 0
        while time.monotonic() < until:
            before = seen["events"]
            with kizuna.open(root) as shop, shop.store.reading() as data:
                for fact, column in (("event", "name"), ("order", "campaign")):
                    halves = data.rows(f'SELECT {column}, count(*) AS n FROM "{fact}" GROUP BY 1 HAVING n <> {size}')
                    assert halves == []
                ((n,),) = data.rows("SELECT count(*) FROM event")
                assert n >= before
                seen["events"] = max(seen["events"], n)
            readings += 1
        return readings

    with served(root) as server, ThreadPoolExecutor(16) as pool:
        until = time.monotonic() + seconds
        senders = [pool.submit(send, n) for n in range(4)]
        importers = [pool.submit(bring, n) for n in range(4)]
        readers = [pool.submit(read, n) for n in range(8)]
        batches, files, readings = (sum(f.result() for f in each) for each in (senders, importers, readers))
        assert min(batches, files, readings) > 0
        assert len(wait_for_events(root, batches * size)) == batches * size
        with kizuna.open(root) as shop:
            assert shop.measure("orders").to_dicts()[0]["value"] == files * size
        assert "Traceback" not in server.said()
    figures(seconds=seconds, batches=batches, imports=files, readings=readings, conflicts=0, half_batches=0)


def test_an_import_into_a_held_database_names_the_holder(root: Path, tmp_path: Path) -> None:
    """Without a server, a second command is refused by name."""
    (tmp_path / "orders.csv").write_text("order_id,ordered_at,value\no1,2026-01-01,5\n", encoding="utf-8")
    holder = "import sys, kizuna; s = kizuna.open(sys.argv[1]); s.store; print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", holder, str(root)], stdin=-1, stdout=-1, text=True) as other:
        assert other.stdin is not None and other.stdout is not None
        try:
            assert other.stdout.readline().strip() == "open"
            with kizuna.open(root) as shop, pytest.raises(WorkspaceError, match=rf"PID {other.pid}\b"):
                shop.import_file("order", tmp_path / "orders.csv")
        finally:
            other.stdin.close()
            other.wait(30)


# -- fault 11


def p95(server: RunningServer, requests: int) -> float:
    """Milliseconds in which 19 of 20 good requests are answered."""
    client, taken = server.client(), []
    for _ in range(requests):
        began = time.perf_counter()
        assert client.post("/v1/track", track())[0] == 200
        taken.append((time.perf_counter() - began) * 1000)
    client.close()
    return quantiles(taken, n=20)[18]


def test_slow_and_idle_clients_keep_nobody_waiting(root: Path, figures: Figures) -> None:
    many, requests = (2000, 2000) if FULL else (500, 200)
    with served(root, header_seconds=3, body_seconds=3) as server:
        before = p95(server, requests)
        memory = psutil.Process(server.process.pid).memory_info().rss
        idle = [connect(server.port) for _ in range(many)]
        slow = [connect(server.port) for _ in range(50)]
        for number, each in enumerate(slow):
            each.sendall(raw_post("/v1/track", b"{}" * 500)[: 40 + number])
        late = connect(server.port)
        late.sendall(raw_post("/v1/track", b" " * 1000)[:-500])
        meanwhile = p95(server, requests)
        grown = psutil.Process(server.process.pid).memory_info().rss - memory

        began = time.monotonic()
        for each in slow:
            assert b"200" not in _rest(each)
        assert b"408" in _rest(late)
        cut_after = time.monotonic() - began
        for each in idle:
            each.close()
        assert server.post("/v1/track", track())[0] == 200
        assert server.stop() == 0
    figures(
        idle_connections=many, slow_ones=50, p95_ms_before=before, p95_ms_meanwhile=meanwhile,
        more_memory_mb=grown / 1e6, slow_cut_after_s=cut_after,
    )  # fmt: skip


def _rest(connection: socket.socket) -> bytes:
    """What comes until the other side hangs up."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    connection.close()
    return b"".join(parts)


HEADERS = [
    ("one of 100 KB", "X-Long: " + "a" * 100_000 + "\r\n"),
    ("1,000 small ones", "".join(f"X-{n}: {n}\r\n" for n in range(1000))),
    ("a megabyte without an end", "X-Long: " + "a" * 1_000_000),
]


@pytest.mark.parametrize(("what", "headers"), HEADERS, ids=[name for name, _ in HEADERS])
def test_large_headers_harm_nobody(root: Path, what: str, headers: str) -> None:
    with served(root, header_seconds=2) as server:
        body = json.dumps(track() | {"writeKey": KEY}).encode()
        with connect(server.port) as connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            head = f"POST /v1/track HTTP/1.1\r\nHost: k\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
            connection.sendall(head.encode() + body)
            answer = connection.recv(65536)
            assert answer[:12] in (b"", b"HTTP/1.1 431", b"HTTP/1.1 400")
        assert server.post("/v1/track", track())[0] == 200


def test_told_to_end_with_200_requests_in_flight(root: Path, figures: Figures) -> None:
    """Each is answered and on the disk, or cut off unanswered; and the server ends well within ten seconds."""
    flights = 200
    with served(root) as server:
        flying: list[tuple[socket.socket, str, bytes]] = []
        for _ in range(flights):
            message = track(str(uuid4()))
            connection = connect(server.port)
            request = raw_post("/v1/track", json.dumps(message).encode())
            connection.sendall(request[:-20])
            flying.append((connection, message["messageId"], request[-20:]))
        time.sleep(0.3)
        began = time.monotonic()
        for connection, _, rest in flying[: flights // 2]:
            connection.sendall(rest)
        server.process.send_signal(signal.SIGTERM)
        for connection, _, rest in flying[flights // 2 :]:
            with contextlib.suppress(OSError):
                connection.sendall(rest)
        answered = [id for connection, id, _ in flying if _rest(connection).startswith(b"HTTP/1.1 200")]
        assert server.process.wait(10) == 0
        took = time.monotonic() - began
    on_disk = {message.id for _, message in kept(root)}
    assert set(answered) <= on_disk
    assert len(answered) >= flights // 2
    assert "Traceback" not in server.said()
    figures(in_flight=flights, answered=len(answered), on_disk=len(on_disk), ended_after_s=took)


def test_it_ends_in_time_although_somebody_never_ends_its_request(root: Path, figures: Figures) -> None:
    with served(root) as server:
        held = [connect(server.port) for _ in range(20)]
        for each in held:
            each.sendall(raw_post("/v1/track", b" " * 1000)[:-500])
        time.sleep(0.2)
        began = time.monotonic()
        assert server.stop(10) == 0
        figures(ended_after_s=time.monotonic() - began)
        for each in held:
            each.close()


def test_it_ends_under_load_and_comes_back(root: Path, figures: Figures) -> None:
    with served(root) as server:
        with load(server) as senders:
            for _ in range(10 if FULL else 2):
                time.sleep(0.5)
                assert server.stop() == 0
                server.start()
        check_each_once(root, acknowledged(senders), [id for s in senders for id in s.given_up])
        assert server.stop() == 0
    figures(acknowledged=len(acknowledged(senders)), lost=0)
