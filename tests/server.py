"""The real server as a child process, and small clients for it."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import kizuna
from kizuna.collect.message import Envelope, Kept, read_record
from kizuna.collect.reader import FOLDER, Reader
from kizuna.settings import Settings
from kizuna.workspace import FILE

KEY, OTHER_KEY = "key-of-the-web-" + "x" * 16, "key-of-the-shop-" + "y" * 16
STARTING_SECONDS = 60.0


class RunningServer:
    """``kizuna serve`` on a workspace. `seconds` is how long it took from nothing to the first answer."""

    def __init__(self, root: Path, port: int = 0, **settings: Any) -> None:
        self.root, self.port = root, port or free_port()
        self.log = root.with_name(root.name + ".log")
        self._environment = os.environ | {f"KIZUNA_{name.upper()}": str(value) for name, value in settings.items()}
        self.process: subprocess.Popen[bytes]
        self.seconds = 0.0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> float:
        """Start it (again) and wait for its first answer."""
        began = time.monotonic()
        command = [sys.executable, "-m", "kizuna.show.cli", "serve", "-w", str(self.root), "--port", str(self.port)]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                command, env=self._environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        while time.monotonic() - began < STARTING_SECONDS:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}: {self.said()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.get("/health")[0] == 200:
                    self.seconds = time.monotonic() - began
                    return self.seconds
            time.sleep(0.02)
        self.process.kill()
        raise AssertionError(f"the server did not come up: {self.said()}")

    def stop(self, seconds: float = 30.0) -> int:
        """SIGTERM; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """SIGKILL: the process has no say in it."""
        self.process.kill()
        self.process.wait()

    def said(self) -> str:
        """Everything it printed."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def says(self, what: str, seconds: float = 20.0) -> bool:
        """Whether it prints something, sooner or later: it answers before it has greeted."""
        until = time.monotonic() + seconds
        while what not in self.said() and time.monotonic() < until:
            time.sleep(0.05)
        return what in self.said()

    def client(self) -> Client:
        """A client of its own connection; one per thread."""
        return Client(self.port)

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        with contextlib.closing(Client(self.port)) as client:
            return client.request("GET", path)

    def post(self, path: str, body: Any, key: str = KEY, **headers: str) -> tuple[int, Any]:
        """One request on a connection of its own: status and JSON answer."""
        with contextlib.closing(Client(self.port)) as client:
            return client.post(path, body, key, **headers)


class Client:
    """One connection that is kept alive."""

    def __init__(self, port: int, timeout: float = 60.0) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        try:
            self._connection.request(method, path, body, dict(headers or {}))
            answer = self._connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise

    def post(self, path: str, body: Any, key: str = KEY, **headers: str) -> tuple[int, Any]:
        """Post JSON (or bytes as they are) with a write key: status and JSON answer."""
        given = {"Content-Type": "application/json"} | {n.replace("_", "-"): v for n, v in headers.items()}
        if key:
            given["Authorization"] = basic(key)
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, _, answer = self.request("POST", path, sent, given)
        return status, json.loads(answer)

    def close(self) -> None:
        self._connection.close()


def basic(key: str) -> str:
    """A write key as Segment's clients send it."""
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def raw_post(path: str, body: bytes, key: str = KEY) -> bytes:
    """A whole request, to be sent by hand."""
    head = f"POST {path} HTTP/1.1\r\nHost: kizuna\r\nAuthorization: {basic(key)}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def connect(port: int, timeout: float = 60.0) -> socket.socket:
    """A bare connection."""
    return socket.create_connection(("127.0.0.1", port), timeout)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def track(id: str | None = None, event: str = "Clicked", **more: Any) -> dict[str, Any]:
    """A track message of Segment's shape, with an id of its own."""
    message = {"type": "track", "event": event, "anonymousId": "a1", "messageId": id or str(uuid4())}
    return message | {"timestamp": "2026-03-10T12:00:00Z", "sentAt": "2026-03-10T12:00:00Z"} | more


def make_shop(root: Path, **settings: Any) -> Path:
    """A workspace with two sources whose keys are known."""
    kizuna.init(root, sources={"web": KEY, "shop": OTHER_KEY}, **settings).close()
    return root


@contextmanager
def served(root: Path, **settings: Any) -> Iterator[RunningServer]:
    """A server that is gone after the block, whatever happens in it."""
    server = RunningServer(root, **settings)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()


def kept(root: Path) -> list[tuple[Envelope, Kept]]:
    """Every message on the disk, in order."""
    found = []
    for _, payload in Reader(root / FOLDER).read((0, 0), 1 << 40):
        envelope, messages = read_record(payload)
        found += [(envelope, message) for message in messages]
    return found


def wait_for_events(root: Path, count: int, seconds: float = 60.0) -> list[tuple[str, ...]]:
    """(source, message id, name) of every event in the facts, once there are `count` of them (or time is up)."""
    # The key of a message's row is "/:SOURCE/ID", which no file can spell.
    until, parts = (
        time.monotonic() + seconds,
        "split_part(row_key[3:], '/', 1), row_key[strpos(row_key[3:], '/') + 3 :]",
    )
    with kizuna.open(root) as shop:
        while True:
            with shop.store.reading() as data:
                rows = data.rows(f"SELECT {parts}, name FROM event ORDER BY ALL")
            if len(rows) >= count or time.monotonic() > until:
                return rows
            time.sleep(0.1)


def settings_of(root: Path) -> Settings:
    """What its kizuna.toml says."""
    return Settings.read(root / FILE)


def ids_of(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """The ids of messages."""
    return [str(m["messageId"]) for m in messages]
