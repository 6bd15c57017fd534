"""The pages on the demo company: how soon the server answers, how soon something is seen, how much is sent.

The overview is asked warm (nothing was written since), and once with nothing kept, straight from the facts. Beside it,
in the same run, a page that asks the database nothing: what the machine and the framework take.
"""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from playwright.sync_api import Response, sync_playwright

import kizuna
from bench import Result
from kizuna import demo as company
from kizuna.show.web.auth import cookies
from kizuna.show.web.hub import Hub
from kizuna.show.web.pages.overview import look
from kizuna.show.web.scope import read_scope
from kizuna.store.state import accounts, logins
from kizuna.store.state.database import State

WARM_MS, PAINT_MS, FIRST_KB, AFTER_KB = 300, 500, 450, 50
TIMES = 30


def run() -> Iterator[Result]:
    """Milliseconds and kilobytes."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "demo"
        with kizuna.init(root, **company.SETTINGS) as shop:
            for fact, file in company.write(root / "files", 20260101):
                shop.import_file(fact, file)
            facts = _straight(Hub.of(shop))
        token = _sign_in(root)
        port = _free_port()
        server = _serve(root, port)
        try:
            empty = _milliseconds(port, "/notes", token)
            warm = _milliseconds(port, "/", token)
            yield Result(f"overview, warm; a page without numbers: {empty:.0f}", warm, WARM_MS, "ms", False)
            yield Result("overview, nothing kept, straight from the facts", facts, WARM_MS, "ms", False)
            for path in ("/metric/nps", "/customers", "/feedback", "/data"):
                yield Result(f"{path}, warm", _milliseconds(port, path, token), WARM_MS, "ms", False)
            yield from _seen(port, token)
        finally:
            server.terminate()
            server.wait()


def _straight(hub: Hub) -> float:
    scope = read_scope({}, hub.last_day(), hub.settings, {})
    look(hub, scope)
    times = []
    for _ in range(3):
        began = time.perf_counter()
        look(hub, scope)
        times.append(time.perf_counter() - began)
    hub.close()
    return min(times) * 1000


def _sign_in(root: Path) -> str:
    state = State(root)
    with state.session() as session:
        token = logins.begin(session, accounts.add(session, "bench@example.com", "Bench", "admin"))
    state.close()
    return token


def _serve(root: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "kizuna.show.cli", "serve", "-w", str(root), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ})
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return server
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not come up")


def _milliseconds(port: int, path: str, token: str) -> float:
    """The median time to the whole answer, after one that is not counted."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": f"{cookies.name(https=False)}={token}", "Accept-Encoding": "gzip"}
    times = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:]) * 1000


def _seen(port: int, token: str) -> Iterator[Result]:
    """First contentful paint in a real browser, and what it loads; left out where there is none."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        return
    base = f"http://127.0.0.1:{port}"
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=path, args=arguments) as browser:
        paints, first, after = [], 0.0, 0.0
        for _ in range(5):
            context = browser.new_context()
            context.add_cookies([{"name": cookies.name(https=False), "value": token, "url": base}])
            page = context.new_page()
            sizes: list[int] = []
            page.on("response", partial(_weigh, sizes))
            page.goto(f"{base}/", wait_until="networkidle")
            paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
            page.goto(f"{base}/metric/nps", wait_until="networkidle")
            first = sum(sizes) / 1000
            page.goto(f"{base}/?compare=year", wait_until="networkidle")
            after = sum(sizes) / 1000 - first
            context.close()
    yield Result("first contentful paint of the overview", statistics.median(paints), PAINT_MS, "ms", False)
    yield Result("sent on a first visit: overview and a metric's page", first, FIRST_KB, "KB", False)
    yield Result("sent for a page after that", after, AFTER_KB, "KB", False)


def _weigh(sizes: list[int], answer: Response) -> None:
    sizes.append(int(answer.headers.get("content-length", 0)))


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port
