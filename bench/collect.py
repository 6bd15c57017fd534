"""The collector on one core, load from another: requests and events a second, memory, and starting after a kill.

Every event is validated, deduplicated and synced to the disk before its answer. Beside it, in the same
run, an application that reads the body and stores nothing: what the machine gives just now.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import perf_counter, sleep

import psutil

import kizuna
from bench import Result
from bench._collecting import KEY, batches, load, singles
from kizuna.collect.keep import Keeper
from kizuna.collect.message import Envelope, Kept
from kizuna.collect.reader import FOLDER
from kizuna.collect.receive import Received
from kizuna.collect.spool import Spool
from kizuna.settings import Settings

SECONDS = 4.0
SPOOL_BYTES = 1_000_000_000
SOURCES = {"shop": KEY}
COLLECTOR = [sys.executable, "-m", "bench._collecting"]


def run() -> Iterator[Result]:
    """Single requests, batches of 100 and memory under load; then a start after a kill."""
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        try:
            os.sched_setaffinity(0, {cores[-1]})
            bare = _measured("bare", Path(folder), cores[0])
            ours = _measured("collector", Path(folder), cores[0])
        finally:
            os.sched_setaffinity(0, cores)
    wanted = {"single requests": 8_000, "events in batches of 100": 60_000}
    for (what, target), measured, most in zip(wanted.items(), ours, bare, strict=False):
        yield Result(f"{what}, the bare server takes {most:,.0f}", measured, min(target, 0.6 * most), "a second", True)
    yield Result("resident memory under load", ours[2], 400, "MB")
    with tempfile.TemporaryDirectory() as folder:
        yield Result("first request accepted after a kill, 1 GB spool", _start(Path(folder)), 5, "s")


def _measured(kind: str, folder: Path, core: int) -> tuple[float, float, float]:
    """Single requests a second, batched events a second, and megabytes in memory then."""
    port = _free_port()
    with _child([*COLLECTOR, kind, str(folder), str(port), str(core)], port) as server:
        load(port, singles, 0.5, 2 * 10**9)
        one = load(port, singles, SECONDS, 10**9)
        hundred = load(port, batches, SECONDS, 0)
        return one, hundred, psutil.Process(server.pid).memory_info().rss / 1e6


def _start(root: Path) -> float:
    """Seconds from starting ``kizuna serve`` on a spool of 1 GB, after a kill, to the first accepted message."""
    root = root / "shop"
    kizuna.init(root, sources=SOURCES, max_key_events=0).close()
    _fill(root / FOLDER)
    command = [sys.executable, "-m", "kizuna.show.cli", "serve", "-w", str(root), "--port"]
    taken = 0.0
    for number in range(2):
        port = _free_port()
        started = perf_counter()
        with _child([*command, str(port)], port):
            load(port, singles, 0.01, 10**9 + 1000 * number)
            taken = perf_counter() - started
    return taken


def _fill(folder: Path) -> None:
    """1 GB of messages of 1 KB."""
    keeper = Keeper(Spool(folder, Settings({})))
    envelope = Envelope(1_773_480_413_589_000, "shop", "batch")
    for first in count(0, 500):
        received = Received(envelope)
        for n in range(first, first + 500):
            message = {"type": "track", "event": "Seen", "userId": f"u{n % 9999}", "messageId": f"f{n}", "x": "y" * 900}
            received.add(n - first, Kept("track", f"f{n}", envelope.received_at + n, message))
        _, groups = keeper.take(received)
        if first % 10_000 == 0:
            groups[-1].wait()
            if keeper.spool.end[0] * 64_000_000 >= SPOOL_BYTES:
                break
    groups[-1].wait()
    keeper.close()


@contextmanager
def _child(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server, from its first connection on; killed at the end, not asked to stop."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if server.poll() is not None:
                    raise RuntimeError(f"the server ended with {server.returncode}") from None
                sleep(0.02)
        yield server
    finally:
        server.kill()
        server.wait()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
