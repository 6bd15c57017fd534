"""Answers to surveys on one core, load from another: forms, each answered with a page, and JSON.

Every answer is another person's: its link is checked, the answer read, kept once and synced to the disk before
it is thanked for. Then the server is killed, and all that was thanked for must be there. Beside it, in the same
run, an application that reads the body and stores nothing: what the machine gives just now.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import Result
from bench._collecting import load
from bench.collect import COLLECTOR, _child, _free_port
from kizuna.collect.message import read_record
from kizuna.collect.reader import FOLDER, Reader
from kizuna.collect.survey.links import link_token
from kizuna.collect.survey.survey import Survey, read_survey
from kizuna.collect.survey.token import workspace_key

SECONDS, WARM = 4.0, 0.5
WANTED = 500
SHARE = 0.15
"""… or this share of what the bare server takes, where the machine is busy or slow."""

SURVEY = """
instrument = "nps"
state = "active"
"""


def run() -> Iterator[Result]:
    """Forms and JSON a second, and how many of those thanked for are there after a kill."""
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "surveys").mkdir()
        (root / "surveys" / "nps.toml").write_text(SURVEY, encoding="utf-8")
        links = _Links(root)
        try:
            os.sched_setaffinity(0, {cores[-1]})
            most = _rates("bare", root, cores[0], links)
            ours = _rates("surveys", root, cores[0], links)
        finally:
            os.sched_setaffinity(0, cores)
        for what, taken, bare in zip(("forms answered by a page", "answers as JSON"), ours, most, strict=True):
            yield Result(
                f"{what}, the bare server takes {bare:,.0f}", taken, min(WANTED, SHARE * bare), "a second", True
            )
        yield Result("thanked for, and there after a kill", 100 * _there(root) / links.ours, 100, "%", True)


class _Links:
    """Requests that answer a survey, each by a link of its own. `ours` counts those that our server took."""

    def __init__(self, root: Path) -> None:
        self._survey: Survey = read_survey("nps", SURVEY, "nps.toml")
        self._key, self._now = workspace_key(root), time.time_ns() // 1000
        self.made = self.ours = 0

    def forms(self, numbers: Iterator[int]) -> Iterator[tuple[bytes, int]]:
        """As a browser sends them."""
        for n in numbers:
            body = b"lang=en&asks=nps&asks=comment&q%%3Anps=%d&q%%3Acomment=It+came+early%%2C+thank+you" % (n % 11)
            yield self._request(n, body, b"application/x-www-form-urlencoded"), 1

    def json(self, numbers: Iterator[int]) -> Iterator[tuple[bytes, int]]:
        """As a widget sends them."""
        for n in numbers:
            body = b'{"answers":{"nps":%d,"comment":"It came early, thank you"},"language":"en"}' % (n % 11)
            yield self._request(n, body, b"application/json"), 1

    def _request(self, n: int, body: bytes, kind: bytes) -> bytes:
        self.made += 1
        token = link_token(self._survey, f"i-{n}", "email", self._now, self._key).encode()
        return (
            b"POST /s/%s HTTP/1.1\r\nhost: 127.0.0.1\r\naccept-language: en\r\ncontent-type: %s\r\n"
            b"content-length: %d\r\n\r\n%s" % (token, kind, len(body), body)
        )


def _rates(kind: str, root: Path, core: int, links: _Links) -> tuple[float, float]:
    """Forms and JSON answers a second; the server is killed after them."""
    port, before = _free_port(), links.made
    with _child([*COLLECTOR, kind, str(root), str(port), str(core)], port):
        rates = [_rate(port, make, 10**8 * place) for place, make in enumerate((links.forms, links.json), 1)]
    if kind != "bare":
        links.ours += links.made - before
    return rates[0], rates[1]


def _rate(port: int, make: Callable[[Iterator[int]], Iterator[tuple[bytes, int]]], first: int) -> float:
    load(port, make, WARM, first)
    return load(port, make, SECONDS, first + 10**7)


def _there(root: Path) -> int:
    """Invitations with an answer on the disk."""
    found = set()
    for _, payload in Reader(root / FOLDER).read((0, 0), 1 << 60):
        _, messages = read_record(payload)
        found |= {message.message["invitation"] for message in messages if message.message is not None}
    return len(found)
