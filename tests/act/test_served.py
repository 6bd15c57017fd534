"""The whole road with the real server: a rule asks, a mail goes out, links are looked into, somebody answers."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

import kizuna
from act.mailbox import Mailbox, body
from act.town import NPS
from kizuna.act.asker import look
from server import RunningServer, kept, make_shop, served

SECONDS = 60.0


def until(true: Callable[[], Any]) -> Any:
    """Wait until something is true; gives it."""
    end = time.monotonic() + SECONDS
    while not (found := true()):
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.1)
    return found


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with Mailbox().open() as box:
        yield box


def shop(root: Path, box: Mailbox) -> Path:
    """A shop whose tickets of an hour ago are asked about."""
    mail = {"host": "127.0.0.1", "port": box.port, "security": "none", "from": "hello@example.com", "per_minute": 6000}
    settings = {"public_url": "https://ask.example.com", "quiet_hours": "", "ask_seconds": 1, "mail": mail}
    make_shop(root, **settings)
    (root / "surveys").mkdir(exist_ok=True)
    (root / "surveys" / "after.toml").write_text(NPS + '[when]\nafter = "ticket_resolved"\n', encoding="utf-8")
    with kizuna.open(root) as opened:
        resolved = datetime.now(UTC) - timedelta(hours=1)
        rows = [
            {
                "ticket_id": f"t{name}",
                "email": f"{name}@example.com",
                "opened_at": (resolved - timedelta(hours=3)).isoformat(),
                "resolved_at": resolved.isoformat(),
            }
            for name in ("ann", "bob")
        ]
        file = root.parent / "tickets.csv"
        with file.open("w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        opened.import_file("ticket", file)
    return root


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name == "href"]


def path_of(link: str) -> str:
    parts = urlsplit(link)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def form_post(server: RunningServer, path: str, fields: dict[str, str]) -> int:
    client = server.client()
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": server.url}
        return client.request("POST", path, urlencode(fields).encode(), headers)[0]
    finally:
        client.close()


def steps(root: Path) -> list[str]:
    return sorted(m.message["what"] for _, m in kept(root) if m.kind == "survey" and m.message)


def test_asked_looked_into_unsubscribed_from_and_answered(tmp_path: Path, box: Mailbox) -> None:
    root = shop(tmp_path / "shop", box)
    with served(root) as server:
        until(lambda: len(box.mails) == 2)
        until(lambda: steps(root).count("sent") == 2)
        mails = {str(mail["To"]).partition("@")[0]: mail for mail in box.mails}
        before = len(kept(root))
        for mail in mails.values():
            links = [*Links(body(mail, "html")).found, *re.findall(r"https://\S+", body(mail, "plain"))]
            links.append(str(mail["List-Unsubscribe"]).strip("<>"))
            assert len(links) > 24
            for link in links:
                status, _, page = server.get(path_of(link))
                assert (status, b"<form" in page) == (200, True), link
        # A scanner has seen every address of the mails: nobody voted and nobody left.
        assert len(kept(root)) == before

        leave = path_of(str(mails["bob"]["List-Unsubscribe"]).strip("<>"))
        assert form_post(server, leave, {"List-Unsubscribe": "One-Click"}) == 200

        link = next(each for each in Links(body(mails["ann"], "html")).found if each.endswith("score=9"))
        path = path_of(link)
        assert form_post(server, path, {"q:nps": "9"}) in (200, 303)
        until(lambda: "answered" in steps(root))
        with kizuna.open(root) as asking:
            until(
                lambda: asking.store.execute("SELECT count(*) FROM survey_response WHERE status = 'complete'") == [(1,)]
            )
            rows = asking.store.execute("SELECT email, ticket_id, score FROM survey_response")
            assert rows == [("ann@example.com", "tann", 9.0)]
            told = asking.store.execute("SELECT email, state FROM survey_invitation ORDER BY 1")
            assert told == [("ann@example.com", "complete"), ("bob@example.com", "sent")]
            plan = look(asking.store, asking.settings, root)
            assert (plan.planned, plan.mailed, plan.problems) == ([], [], [])
        assert server.stop() == 0
        assert "Traceback" not in server.said()
    assert len(box.mails) == 2
    assert steps(root).count("unsubscribed") == 1


def test_a_server_that_is_killed_again_and_again_sends_each_mail_once(tmp_path: Path, box: Mailbox) -> None:
    root = shop(tmp_path / "shop", box)
    with served(root) as server:
        for pause in (0.0, 0.3, 0.6, 1.2):
            time.sleep(pause)
            server.kill()
            server.start()
        with kizuna.open(root) as asking:
            until(lambda: look(asking.store, asking.settings, root).mailed == [])
        assert server.stop() == 0
    to = [str(mail["To"]) for mail in box.mails]
    assert len(to) == len({*to})
    doubtful = steps(root).count("sending") - steps(root).count("sent")
    assert 2 - doubtful <= len(to) <= 2


def test_the_command_sends_without_a_server(tmp_path: Path, box: Mailbox) -> None:
    root = shop(tmp_path / "shop", box)
    with kizuna.open(root) as alone:
        dry = look(alone.store, alone.settings, root, dry_run=True)
        assert sorted(each.to for each in dry.asked) == ["ann@example.com", "bob@example.com"]
        assert (box.mails, steps(root)) == ([], [])
        plan = look(alone.store, alone.settings, root)
        assert sorted(each.outcome for each in plan.mailed) == ["sent", "sent"]
        assert look(alone.store, alone.settings, root).mailed == []
        alone.rebuild()
        assert look(alone.store, alone.settings, root).mailed == []
    assert sorted(box.to) == ["ann@example.com", "bob@example.com"]
