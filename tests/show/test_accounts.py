"""``kizuna accounts`` through the entry point, and what the server says before there is one."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest

import kizuna
from kizuna.settings import Settings
from kizuna.show.cli import main
from kizuna.show.web.auth.firstrun import open_line, setup_line
from kizuna.store.state import accounts, audit, links, logins
from kizuna.store.state.database import State
from server import make_shop, served

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    kizuna.init(tmp_path / "shop", public_url="https://kizuna.example.com/").close()
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command as the shell would: exit code, stdout, stderr."""
    monkeypatch.setenv("COLUMNS", "160")

    def call(*words: str) -> tuple[int, str, str]:
        code = main(["accounts", *words])
        printed = capsys.readouterr()
        assert code != 1, printed.err
        return code, printed.out, printed.err

    return call


def token_in(printed: str) -> str:
    found = re.search(r"https://kizuna\.example\.com/welcome\?token=([\w-]{43})\s", printed)
    assert found, printed
    return found[1]


def test_the_link_to_the_first_account(shop: Path, run: Run) -> None:
    assert "kizuna accounts link" in run()[1]
    first, second = token_in(run("link")[1]), token_in(run("link")[1])
    state = State(shop)
    with state.session() as session:
        assert links.found(session, first) is None
        assert links.found(session, second) is not None
        accounts.add(session, "aya@example.com", "Aya", "admin")
    assert setup_line(state, "http://x") == ""
    state.close()
    assert run("link")[0] == 2


def test_people_are_added_given_roles_and_disabled(shop: Path, run: Run) -> None:
    code, printed, _ = run("add", "Aya@Example.com", "--role", "admin", "--name", "Aya Sato")
    assert code == 0 and "aya@example.com may come in as admin" in printed
    token_in(printed)
    run("add", "bo@example.com")
    assert run("role", "bo@example.com", "--role", "editor")[0] == 0
    run("disable", "bo@example.com")
    found = json.loads(run("--format", "json")[1])
    assert found == [
        {"email": "aya@example.com", "name": "Aya Sato", "role": "admin", "state": "invited"},
        {"email": "bo@example.com", "name": "bo", "role": "editor", "state": "disabled"},
    ]
    assert run("link", "bo@example.com")[0] == 2
    run("enable", "bo@example.com")
    assert "within a week" in run("link", "bo@example.com")[1]
    state = State(shop)
    with state.session() as session:
        said = [each.action for each in audit.entries(session, subject="bo@example.com")]
    state.close()
    assert said == ["link.made", "account.enabled", "account.disabled", "role.changed", "account.added"]


@pytest.mark.parametrize("words", [("disable", "aya@example.com"), ("role", "aya@example.com", "--role", "viewer")])
def test_the_last_admin_stays(shop: Path, run: Run, words: tuple[str, ...]) -> None:
    run("add", "aya@example.com", "--role", "admin")
    code, _, said = run(*words)
    assert code == 2 and "the last admin" in said
    assert json.loads(run("--format", "json")[1])[0]["role"] == "admin"


# What is typed, and what is said of it.
WRONG = [
    (("add",), "kizuna accounts add aya@example.com"),
    (("add", "aya"), "is not an e-mail address"),
    (("add", "aya@example.com"), "has an account already"),
    (("disable", "aya@exampel.com"), "Did you mean 'aya@example.com'?"),
    (("role", "aya@example.com"), "--role editor"),
    (("remove", "aya@example.com"), "remove"),
]


@pytest.mark.parametrize(("words", "expected"), WRONG)
def test_what_cannot_be_done_is_told_with_what_can(shop: Path, run: Run, words: tuple[str, ...], expected: str) -> None:
    run("add", "aya@example.com")
    code, _, said = run(*words)
    assert code == 2 and expected in " ".join(said.split())


def test_disabling_signs_out_at_once(shop: Path, run: Run) -> None:
    run("add", "root@example.com", "--role", "admin")
    run("add", "aya@example.com")
    state = State(shop)
    with state.session() as session:
        token = logins.begin(session, accounts.named(session, "aya@example.com"))
    run("disable", "aya@example.com")
    run("enable", "aya@example.com")
    with state.session() as session:
        assert logins.account_of(session, token) is None
    state.close()


# Where the server listens, what its public address is, and whether there is something to warn of.
LISTENING = [
    ("127.0.0.1", "", False), ("::1", "", False), ("localhost", "", False), ("0.0.0.0", "", True), ("::", "", True),
    ("192.0.2.7", "", True), ("0.0.0.0", "http://kizuna.example.com", True), ("0.0.0.0", "https://kizuna.example.com", False),
]  # fmt: skip


@pytest.mark.parametrize(("host", "public_url", "warned"), LISTENING)
def test_plain_http_beyond_this_machine_is_warned_of(host: str, public_url: str, warned: bool) -> None:
    assert ("plain http" in open_line(Settings({"public_url": public_url}), host)) is warned


def test_the_password_of_the_database_is_not_shown(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("KIZUNA_STATE_URL", "postgresql://kizuna:hunter22@db.example.com/kizuna")
    for format in ("table", "json"):
        assert main(["settings", "--format", format]) == 0
        printed = capsys.readouterr().out
        assert "hunter22" not in printed and "db.example.com" in printed


def test_a_server_that_is_started_for_the_first_time_lets_its_owner_in(tmp_path: Path) -> None:
    """From what it prints to the first admin, as a newcomer does it; the second start prints no link."""
    root = make_shop(tmp_path / "shop")
    form = {"name": "Aya", "email": "aya@example.com", "password": "four short words", "again": "four short words"}
    with served(root) as server, contextlib.closing(server.client()) as client:
        assert server.says("/welcome?token=")
        found = re.search(r"http://127\.0\.0\.1:\d+(/welcome\?token=([\w-]{43}))", server.said())
        assert found
        assert client.request("GET", found[1])[0] == 200
        body = urlencode({**form, "token": found[2]}).encode()
        sent = {"content-type": "application/x-www-form-urlencoded", "origin": f"http://127.0.0.1:{server.port}"}
        status, headers, _ = client.request("POST", "/welcome", body, sent)
        assert (status, headers["location"]) == (303, "/welcome/steps")
        cookie = {"cookie": headers["set-cookie"].partition(";")[0]}
        assert client.request("GET", "/settings/people", headers=cookie)[0] == 200
    server.log.unlink()
    with served(root) as server, contextlib.closing(server.client()) as client:
        assert server.says("Ctrl-C ends") and "token=" not in server.said()
        assert client.request("GET", "/settings/people", headers=cookie)[0] == 200
