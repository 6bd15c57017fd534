"""The server is killed while mails go out and answers come in: no mail twice, no answer lost that was thanked for."""

from __future__ import annotations

import csv
import http.client
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

import kizuna
from act.mailbox import Mailbox, body
from faults.conftest import FULL, Figures
from kizuna.act.outbox import tally
from kizuna.collect.survey.token import unseal, workspace_key
from server import RunningServer, free_port, kept, make_shop

KILLS, TICKETS = (60, 400) if FULL else (4, 100)
SECONDS = 600.0 if FULL else 120.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SURVEY = 'instrument = "nps"\nstate = "active"\n[when]\nafter = "ticket_resolved"\n'


@dataclass
class Answerer(threading.Thread):
    """Somebody who answers every mail that comes, and sends again what was not thanked for, or now and then gives up."""

    server: RunningServer
    box: Mailbox
    turn: int
    turns: int
    thanked: dict[str, int] = field(default_factory=dict)
    given_up: dict[str, int] = field(default_factory=dict)
    others: Counter[int] = field(default_factory=Counter)
    ending: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.key, self.chance = workspace_key(self.server.root), random.Random(self.turn)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        place = self.turn
        while not self.ending.is_set() or place < len(self.box.mails):
            if place < len(self.box.mails):
                self._answer(body(self.box.mails[place], "plain"))
                place += self.turns
            else:
                time.sleep(0.02)

    def _answer(self, text: str) -> None:
        token = re.findall(r"/s/([^\s?/]+)", text)[0]
        invitation, score = unseal(token, self.key).invitation, self.chance.randrange(11)
        while True:
            status = self._post(f"/s/{token}", {"q:nps": str(score), "q:comment": f"{score}, and why"})
            if status == 200:
                self.thanked[invitation] = score
                return
            if status:
                self.others[status] += 1
            if not status and self.chance.random() < 0.3:
                self.given_up[invitation] = score
                return
            time.sleep(0.05)

    def _post(self, path: str, fields: dict[str, str]) -> int:
        """The status; 0 where the server went away before it said anything, -1 where it is not there."""
        client = self.server.client()
        try:
            return client.request("POST", path, urlencode(fields).encode(), FORM)[0]
        except ConnectionRefusedError:
            return -1
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            client.close()


@pytest.fixture
def box() -> Iterator[Mailbox]:
    """A mail server that takes a while for each mail."""
    with Mailbox(data=lambda address: time.sleep(0.01)).open() as box:
        yield box


def shop(folder: Path, box: Mailbox, port: int) -> Path:
    """A shop with many tickets that were resolved an hour ago."""
    mail = {"host": "127.0.0.1", "port": box.port, "security": "none", "from": "tea@example.com", "per_minute": 600_000}
    settings = {"ask_seconds": 1, "quiet_hours": "", "public_url": f"http://127.0.0.1:{port}", "mail": mail}
    root = make_shop(folder / "shop", **settings)
    (root / "surveys").mkdir(exist_ok=True)
    (root / "surveys" / "after.toml").write_text(SURVEY, encoding="utf-8")
    resolved, file = datetime.now(UTC) - timedelta(hours=1), folder / "tickets.csv"
    times = [(resolved - timedelta(hours=5)).isoformat(), resolved.isoformat()]
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["ticket_id", "email", "opened_at", "resolved_at"])
        writer.writerows([f"t{n}", f"c{n}@example.com", *times] for n in range(TICKETS))
    with kizuna.open(root) as opened:
        assert opened.import_file("ticket", file).added == TICKETS
    return root


def until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, f"it did not come to pass: {what}"
        time.sleep(0.2)


def test_kills_send_no_mail_twice_and_lose_no_answer(tmp_path: Path, box: Mailbox, figures: Figures) -> None:
    port, chance = free_port(), random.Random(4)
    root = shop(tmp_path, box, port)
    server = RunningServer(root, port)
    answerers = [Answerer(server, box, turn, 4) for turn in range(4)]
    try:
        for each in answerers:
            each.start()
        for _ in range(KILLS):
            # The next mails are under way before the next kill, so that it comes in the midst of them.
            came = len(box.mails)
            end = time.monotonic() + 5
            while len(box.mails) == came and time.monotonic() < end:
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.3))
            server.kill()
            server.start()
        until(lambda: _settled(root), "each mail was sent, or is in doubt")
        time.sleep(1)  # the last may be under way
        for each in answerers:
            each.ending.set()
        for each in answerers:
            each.join(60)
            assert not each.is_alive()
        thanked = {id: score for each in answerers for id, score in each.thanked.items()}
        given_up = {id: score for each in answerers for id, score in each.given_up.items()}
        with kizuna.open(root) as shop_, shop_.store.reading() as data:
            doubtful = {email for _, _, email in tally(data).in_doubt}
        answers = _answers(root)
        until(lambda: len(_facts(root)) >= len(answers), "the answers are in the facts")
        assert server.stop() == 0
    finally:
        if server.process.poll() is None:
            server.kill()

    # Mails: nobody got two, and who got none is listed as in doubt.
    to = Counter(box.to)
    assert set(to.values()) == {1}
    everybody = {f"c{n}@example.com" for n in range(TICKETS)}
    assert everybody - {*to} <= doubtful
    assert len(doubtful) <= KILLS
    # Answers: what was thanked for is there once, what was given up at most once, and the facts say the same.
    assert {id: answers[id] for id in thanked} == {id: [score] for id, score in thanked.items()}
    assert all(answers.get(id, [score]) == [score] for id, score in given_up.items())
    assert {*answers} <= {*thanked, *given_up}
    assert _facts(root) == {id: score for id, (score,) in answers.items()}
    assert sum((each.others for each in answerers), Counter[int]()).keys() <= {503, -1}
    with kizuna.open(root) as shop_:
        before = shop_.measure("nps", "survey_response_rate").to_json()
        shop_.rebuild()
    with kizuna.open(root) as shop_:
        assert shop_.measure("nps", "survey_response_rate").to_json() == before
    figures(
        kills=KILLS, mails=len(to), twice=0, in_doubt=len(doubtful), never_came=len(everybody - {*to}),
        thanked=len(thanked), lost=0, doubled=0, given_up=len(given_up),
    )  # fmt: skip


def _steps(root: Path) -> Iterator[dict[str, object]]:
    return (message.message or {} for _, message in kept(root) if message.kind == "survey")


def _settled(root: Path) -> bool:
    """Whether every ticket's mail was handed over, as far as anybody knows."""
    begun = {step["invitation"] for step in _steps(root) if step["what"] in ("sending", "sent")}
    ended = Counter(step["what"] for step in _steps(root))
    return len(begun) == TICKETS and ended["deferred"] == 0 and ended["sending"] - ended["sent"] <= KILLS


def _answers(root: Path) -> dict[str, list[object]]:
    """The scores that are on the disk, by invitation."""
    found: dict[str, list[object]] = {}
    for step in _steps(root):
        if step["what"] == "answered":
            answers = step["answers"]
            assert isinstance(answers, dict)
            found.setdefault(str(step["invitation"]), []).append(answers["nps"])
    return found


def _facts(root: Path) -> dict[str, int]:
    with kizuna.open(root) as opened, opened.store.reading() as data:
        rows = data.rows(
            "SELECT response_id, score FROM survey_response WHERE question = 'nps' AND status = 'complete'"
        )
        assert len(rows) == len(dict(rows))
        return {id: int(score) for id, score in rows}
