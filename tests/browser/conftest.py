"""A real Chromium, and a website on loopback that records what its pages send."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from kizuna.show.tracker import tracker

VISITOR = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
"""Headless Chromium says that it is headless, which makes it a bot. The switch names it in all requests;
Playwright's user_agent does not in those that outlive their page."""

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", f"--user-agent={VISITOR}"]

Message = dict[str, Any]


def chromium() -> str:
    """Where it is; without it the tests are left out, except where everything must run."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        message = "Chromium is not installed"
        pytest.fail(message) if os.environ.get("KIZUNA_REQUIRE_ALL") else pytest.skip(message)
    return found


class Site:
    """A website whose pages are set by hand, and the server that their tag sends to.

    `status` is what the server answers (0: it hangs up). `batches` are the bodies it got, as they came.
    """

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.batches: list[dict[str, Any]] = []
        self.types: set[str] = set()
        self.status = 200
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                if path == "/tracker.js":
                    self._answer(200, tracker().body, "text/javascript")
                elif path in site.pages:
                    kind = "text/javascript" if path.endswith(".js") else "text/html"
                    self._answer(200, site.pages[path].encode(), f"{kind}; charset=utf-8")
                else:
                    self._answer(404, b"", "text/plain")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if not site.status:
                    self.close_connection = True
                    return
                site.types.add(self.headers["content-type"])
                if site.status == 200:
                    site.batches.append(json.loads(body) | {"path": self.path})
                self._answer(site.status, b"{}", "application/json")

            def _answer(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                for name, value in (("content-type", kind), ("access-control-allow-origin", "*")):
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def page(self, path: str, body: str = "", *, options: str = "", before: str = "", style: str = "") -> str:
        """Make a page with the tag in it; gives its address. `before` is script that runs before the tag."""
        self.pages[path] = (
            f"<!doctype html><html><head><title>{path}</title><link rel=icon href='data:,'>{style}"
            f"<script>{before}</script><script async src='/tracker.js' data-key='key' {options}></script></head>"
            f"<body>{body}</body></html>"
        )
        return self.url + path

    @property
    def messages(self) -> list[Message]:
        """Each message once, in the order of their times, as the collector sees them."""
        found = {message["messageId"]: message for batch in list(self.batches) for message in batch["batch"]}
        return sorted(found.values(), key=lambda message: message["timestamp"])

    def wait(self, wanted: Callable[[list[Message]], object], page: Page, seconds: float = 20.0) -> list[Message]:
        """The messages, once they are as they should be (or time is up)."""
        until = time.monotonic() + seconds
        while not wanted(self.messages) and time.monotonic() < until:
            page.wait_for_timeout(20)
        return self.messages

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a file; Playwright's own switch that keeps the back/forward cache off is left out.

    Playwright leaves a running event loop behind in its thread, so it must be gone before other tests:
    those of this folder run one after the other on one worker (see `pytest_collection_modifyitems`).
    """
    path = chromium()
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(
            executable_path=path, args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
        ) as browser,
    ):
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has seen nothing yet."""
    with browser.new_context(viewport={"width": 1000, "height": 800}) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Its one tab."""
    page = context.new_page()
    page.set_default_timeout(15_000)
    return page


@pytest.fixture
def site() -> Iterator[Site]:
    """A website of one's own."""
    site = Site()
    yield site
    site.close()
