"""Surveys on the real server: answers by several clients at once, after a kill, and what was refused in the list."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from asking import write_surveys
from kizuna.collect.survey import links
from kizuna.collect.survey.survey import Surveys
from kizuna.collect.survey.token import Purpose, workspace_key
from kizuna.show.cli import main
from server import RunningServer, kept, make_shop, served

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    root = make_shop(tmp_path_factory.mktemp("asking") / "shop", name="Yukimi & Lind")
    write_surveys(root)
    with served(root) as server:
        yield server


def link(server: RunningServer, name: str, who: str, purpose: Purpose = "answer", ago_days: float = 0) -> str:
    """A link that was made so long ago."""
    survey, now = Surveys(server.root).named(name), time.time_ns() // 1000 - int(ago_days * 86_400_000_000)
    return f"/s/{links.link_token(survey, who, 'email', now, workspace_key(server.root), purpose)}"


def post(server: RunningServer, path: str, **fields: str) -> int:
    client = server.client()
    status, _, _ = client.request("POST", path, urlencode(fields).encode(), FORM)
    client.close()
    return status


def answers(server: RunningServer, who: str) -> list[dict[str, object]]:
    """The answers kept under an invitation."""
    messages = [message.message or {} for _, message in kept(server.root) if message.kind == "survey"]
    return [each["answers"] for each in messages if each["invitation"] == who and each["what"] == "answered"]


def test_a_page_from_opening_to_thanks(server: RunningServer) -> None:
    path = link(server, "nps", "i-page")
    status, headers, body = server.get(f"{path}?lang=ja&score=9")
    assert (status, headers["content-language"], "<h1>おすすめいただけますか</h1>" in body.decode()) == (
        200,
        "ja",
        True,
    )
    assert answers(server, "i-page") == []
    assert post(server, path, **{"q:nps": "9"}) == 200
    assert answers(server, "i-page") == [{"nps": 9}]
    for static in ("/static/survey.css", "/static/survey.js"):
        assert server.get(static)[0] == 200
    assert server.get("/surveys/visit")[0] == 200


def test_eight_clients_on_one_link_count_once(server: RunningServer) -> None:
    path, said = link(server, "nps", "i-eight"), []
    start = threading.Barrier(8)

    def go() -> None:
        start.wait()
        said.extend(post(server, path, **{"q:nps": "7", "q:comment": "all at once"}) for _ in range(3))

    threads = [threading.Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [200] * 24
    assert answers(server, "i-eight") == [{"nps": 7, "comment": "all at once"}]


def test_what_is_refused_is_listed(server: RunningServer, capsys: pytest.CaptureFixture[str]) -> None:
    good, over = link(server, "nps", "i-refused"), link(server, "nps", "i-over", ago_days=40)
    assert [post(server, good, **{"q:nps": value}) for value in ("11", "-1", "6.5", "<script>")] == [422] * 4
    assert post(server, good[:-1] + ("A" if good[-1] != "A" else "B"), **{"q:nps": "9"}) == 404
    assert post(server, over, **{"q:nps": "9"}) == 410
    assert answers(server, "i-refused") == []
    until = time.monotonic() + 30
    found: list[dict[str, str]] = []
    while len(found) < 6 and time.monotonic() < until:
        assert main(["rejected", "--messages", "--format", "json", "-w", str(server.root)]) == 0
        found = [each for each in json.loads(capsys.readouterr().out) if each["source"] == "survey"]
        time.sleep(0.1)
    reasons = sorted(each["reason"] for each in found)
    assert reasons == ["survey_answer"] * 4 + ["survey_closed", "survey_link"]
    assert any("Please choose a number from 0 to 10." in each["detail"] for each in found)


def test_hostile_bodies_leave_the_server_as_it_was(server: RunningServer) -> None:
    path, client = link(server, "nps", "i-hostile"), server.client()
    for body, headers, status in (
        (b"q:nps=9&" + b"x" * 1_000_000, FORM, 413),
        (b"\x1f\x8b" + b"\0" * 50, {**FORM, "Content-Encoding": "gzip"}, 400),
        (b"{}", {"Content-Type": "text/html"}, 415),
        (b"[" * 50_000, {"Content-Type": "application/json"}, 400),
        (b"\xff\xfe", FORM, 400),
    ):
        assert client.request("POST", path, body, headers)[0] == status
        client.close()
    for strange in ("/s/%ff%fe.x", "/s/%00", "/s/..%2f..%2fetc", "/surveys/%ed%a0%80", "/s/" + "x" * 8000):
        assert client.request("POST", strange, b"q:nps=9", FORM)[0] in (400, 404)
        assert client.request("GET", strange)[0] in (400, 404)
    client.close()
    assert answers(server, "i-hostile") == []
    assert server.get("/health")[0] == 200
    assert "Traceback" not in server.said()


def test_an_answer_that_was_thanked_for_survives_a_kill(tmp_path: Path) -> None:
    root = make_shop(tmp_path / "shop")
    write_surveys(root)
    with served(root) as server:
        path = link(server, "nps", "i-kill")
        assert post(server, path, **{"q:nps": "9"}) == 200
        server.kill()
        assert answers(server, "i-kill") == [{"nps": 9}]
        server.start()
        assert post(server, path, **{"q:nps": "9"}) == 200
        assert answers(server, "i-kill") == [{"nps": 9}]
