"""``kizuna serve``, ``sources`` and ``tail``: the first run, a second one, and commands meanwhile."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import kizuna
from kizuna import sources
from kizuna.collect.message import Envelope, Kept, write_record
from kizuna.collect.reader import FOLDER
from kizuna.collect.spool import Spool
from kizuna.errors import SettingError
from kizuna.settings import Settings
from kizuna.show.cli import main
from kizuna.show.commands.serving import has_screen
from kizuna.workspace import FILE
from server import KEY, RunningServer, connect, free_port, kept, make_shop, raw_post, served, track, wait_for_events

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command as the shell would: exit code, stdout, stderr."""
    monkeypatch.setenv("COLUMNS", "100")

    def call(*words: object) -> tuple[int, str, str]:
        code = main([str(w) for w in words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for the tests that do not end it."""
    with served(make_shop(tmp_path_factory.mktemp("serving") / "shop")) as server:
        yield server


# -- the first run


def welcomed(server: RunningServer) -> str:
    """What it printed, once that is all: it answers a little before."""
    until = time.monotonic() + 30
    while not server.said().endswith("Ctrl-C ends.\n") and time.monotonic() < until:
        time.sleep(0.02)
    return server.said()


def test_from_nothing_to_the_first_event(tmp_path: Path, run: Run) -> None:
    """What is printed can be copied: the curl line of the first run is run, and counted."""
    root = tmp_path / "shop"
    assert run("init", root)[0] == 0
    before = (root / FILE).read_text()
    with served(root) as server:
        said = welcomed(server)
        key = tomllib.loads((root / FILE).read_text())["sources"]["web"]
        assert re.fullmatch("[A-Za-z0-9]{27}", key)
        assert "Made a source, web" in said
        (line,) = re.findall(r"^  (curl .*)$", said, re.M)
        assert f"{server.url}/v1/track -u {key}:" in line
        answer = subprocess.run(line.replace("curl", "curl -sS", 1), shell=True, capture_output=True)
        assert json.loads(answer.stdout)["accepted"] == 1
        assert [row[2] for row in wait_for_events(root, 1)] == ["Hello"]
        assert server.said() == said  # quiet
        assert server.stop() == 0
        server.start()
        assert welcomed(server).count("Made a source") == 1
    assert sorted(before.splitlines()) == sorted(
        [
            *(line for line in (root / FILE).read_text().splitlines() if key not in line and line != "[sources]"),
            "# [sources]",
        ]
    )


def test_the_start_page_health_and_other_paths(server: RunningServer) -> None:
    status, headers, body = server.get("/")
    assert (status, headers["location"]) == (303, "/login")
    status, headers, body = server.get("/login")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert KEY.encode() not in body
    assert json.loads(server.get("/health")[2]) == {"status": "ok"}
    assert server.get("/nothing")[0] == 404
    assert server.post("/health", {})[0] == 405


def test_a_browser_is_opened_where_it_has_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python would otherwise open one that runs in the terminal, over the server that runs there."""
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not has_screen()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert has_screen()


def test_the_tag_is_served_to_pages_of_others(server: RunningServer) -> None:
    status, headers, body = server.get("/tracker.js")
    assert (status, headers["access-control-allow-origin"]) == (200, "*")
    assert body
    client = server.client()
    again = client.request("GET", "/tracker.js", headers={"If-None-Match": headers["etag"]})
    assert (again[0], again[2]) == (304, b"")
    assert client.request("HEAD", "/tracker.js")[2] == b""
    status, packed_headers, packed = client.request("GET", "/tracker.js", headers={"Accept-Encoding": "gzip, br"})
    assert (status, packed_headers["content-encoding"], gzip.decompress(packed)) == (200, "gzip", body)
    assert packed_headers["vary"] == "accept-encoding"
    client.close()


# -- two of them


def test_a_second_server_is_refused_and_told_the_first(server: RunningServer, run: Run) -> None:
    code, _, err = run("serve", "-w", server.root, "--port", free_port())
    assert code == 2
    assert f"PID {server.process.pid}, {server.url}" in err
    assert f"kill {server.process.pid}" in err
    assert server.get("/health")[0] == 200


REFUSED = [
    (["--port", "PORT"], "cannot be listened on: Address already in use"),
    (["--host", "192.0.2.1"], "cannot be listened on: Cannot assign"),
    (["--host", "no.such.host.invalid"], "There is no address"),
    (["--port", "80443"], "There is no port 80443."),
    (["--port", "0"], "There is no port 0."),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_an_address_that_cannot_be_had(
    server: RunningServer, tmp_path: Path, run: Run, words: list[str], said: str
) -> None:
    code, _, err = run(
        "serve", "-w", make_shop(tmp_path / "other"), *(str(server.port) if w == "PORT" else w for w in words)
    )
    assert code == 2
    assert said in err


def test_not_a_workspace(tmp_path: Path, run: Run) -> None:
    assert "is not a workspace" in run("serve", "-w", tmp_path)[2]


# -- commands meanwhile


def test_settings_that_were_changed_after_the_start_are_told(tmp_path: Path, run: Run) -> None:
    """Who writes [mail] into kizuna.toml while a server runs waits for mails for ever, unless somebody says so."""
    root = make_shop(tmp_path / "shop")
    with served(root) as server:
        told = "kizuna.toml was changed after kizuna serve was started"
        run("sources", "add", "app", "-w", root)
        assert told not in run("surveys", "-w", root)[2]
        file = root / FILE
        file.write_text("ask_seconds = 30\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
        assert told in run("surveys", "-w", root)[2]
        server.stop()
        server.start()
        assert told not in run("surveys", "-w", root)[2]


ORDERS = "order_id,ordered_at,customer_id,value\n" + "".join(
    f"o{i},2026-0{1 + i % 3}-{i % 27 + 1:02d},c{i % 9},{i % 97}.50\n" for i in range(300)
)

COMMANDS = [
    "measure orders revenue --every month --format json",
    "measure revenue --by channel --format csv",
    "overview",
    "explain revenue",
    "rows revenue --limit 3",
    "rejected",
    "rejected --format json",
    "metrics nps",
    "settings",
    "sources",
]


def test_every_command_says_the_same_with_and_without_a_server(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Imports go through the server as well, from the folder one stands in, with a relative path."""
    monkeypatch.chdir(tmp_path)
    Path("orders.csv").write_text(ORDERS + "o900,never,c1,1\n", encoding="utf-8")
    root = make_shop(tmp_path / "shop")
    with served(root) as server:
        code, out, err = run("import", "order", "orders.csv", "-w", "shop")
        assert (code, "300 added" in out, "1 rejected" in out) == (0, True, True), (out, err)
        assert "imported already" in run("import", "order", "orders.csv", "-w", "shop")[1]
        served_ = [run(*line.split(), "-w", "shop") for line in COMMANDS]
        code, _, err = run("rebuild", "-w", "shop")
        assert code == 2
        assert f"PID {server.process.pid}" in err
        assert run("measure", "nonsense", "-w", "shop")[0] == 2
        assert server.stop() == 0
    alone = [run(*line.split(), "-w", "shop") for line in COMMANDS]
    assert [code for code, *_ in alone] == [0] * len(COMMANDS)
    assert served_ == alone
    assert run("rebuild", "-w", "shop")[0] == 0
    assert [run(*line.split(), "-w", "shop") for line in COMMANDS] == alone


def test_python_asks_the_server_too(server: RunningServer) -> None:
    server.post("/v1/track", track(event="From Python"))
    wait_for_events(server.root, 1)
    with kizuna.open(server.root) as shop:
        assert shop.measure("events", where="name = 'From Python'").to_dicts()[0]["value"] == 1


def test_a_source_added_is_taken_up_and_its_key_works(server: RunningServer, run: Run) -> None:
    code, out, _ = run("sources", "add", "ios", "-w", server.root, "--format", "json")
    key = json.loads(out)["ios"]["key"]
    assert code == 0
    for _ in range(100):
        status, _ = server.post("/v1/track", track(), key)
        if status == 200:
            break
        time.sleep(0.1)
    assert status == 200
    assert kept(server.root)[-1][0].source == "ios"
    assert json.loads(run("sources", "-w", server.root, "--format", "json")[1])["web"]["key"] == KEY


def test_a_broken_kizuna_toml_leaves_the_sources_as_they_were(tmp_path: Path) -> None:
    root = make_shop(tmp_path / "shop")
    with served(root) as server:
        text = (root / FILE).read_text()
        (root / FILE).write_text(text + "\nlapse_days = [\n")
        for _ in range(100):
            if "last sources stay" in server.said():
                break
            time.sleep(0.1)
        assert server.post("/v1/track", track())[0] == 200
        assert server.said().count("last sources stay") == 1


# -- how it ends


def test_salts_of_visitors_are_destroyed_though_nobody_comes(tmp_path: Path) -> None:
    """The promise is 48 hours, and a server that nobody visits keeps it too."""
    root = make_shop(tmp_path / "shop")
    salts = root / "salts.toml"
    salts.write_text(f'2026-01-01 = "{"ab" * 32}"\n', encoding="ascii")
    with served(root):
        until = time.monotonic() + 30
        while "2026-01-01" in salts.read_text(encoding="ascii") and time.monotonic() < until:
            time.sleep(0.1)
    assert "2026-01-01" not in salts.read_text(encoding="ascii")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_a_word_and_leaves_nothing_behind(tmp_path: Path, how: int) -> None:
    root = make_shop(tmp_path / "shop")
    with served(root) as server:
        welcomed(server)
        server.post("/v1/track", track())
        idle, slow = connect(server.port), connect(server.port)
        slow.sendall(raw_post("/v1/track", b"x" * 1000)[:-500])
        server.process.send_signal(how)
        assert server.process.wait(15) == 0
        assert server.said().endswith("Ctrl-C ends.\n"), "what it prints at its end would be taken for an error"
        idle.close(), slow.close()
    assert not (root / "server.sock").exists()
    assert [m.kind for _, m in kept(root)] == ["track"]
    with kizuna.open(root) as shop:
        assert shop.measure("events").to_dicts()[0]["value"] == 1


# -- sources in kizuna.toml

FILES = [
    "",
    "name = 'x'",
    "[sources]\n",
    "[sources]",
    "# my keys\n[ sources ] # here\nold = 'k'\n\n[exchange]\nEUR = 1.1\n",
    "name = 'x'\n# [sources]\n",
    "# [sources]\nlapse_days = 60\n",
    "[exchange]\nEUR = 1.1\n# no end of line",
    "timezone = 'Asia/Tokyo'\r\n[sources]\r\nold = 'k'\r\n",
    "[sources]\nold = 'k'\n\n# the other site\n'older-one' = 'l'\n\n# rates\n[exchange]\nEUR = 1.1\n",
]


@pytest.mark.parametrize("text", FILES)
def test_adding_a_source_leaves_the_rest_of_the_file_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / FILE
    file.write_bytes(text.encode())
    file.chmod(0o640)
    before = tomllib.loads(text.replace("\r\n", "\n"))
    keys = [sources.add(file, name) for name in ("web", "ios-app", "7")]
    after = tomllib.loads(file.read_text())
    assert after == before | {
        "sources": before.get("sources", {}) | dict(zip(("web", "ios-app", "7"), keys, strict=True))
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert len({*keys}) == 3
    assert list(after["sources"]) == [*before.get("sources", {}), "web", "ios-app", "7"]
    lines = file.read_bytes().splitlines()
    assert all(line in lines or line == b"# [sources]" for line in text.encode().splitlines())
    assert Settings.read(file).sources


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("[sources]\nweb = 'k'\n", "web", "There is a source 'web' already"),
        ("sources = { web = 'k' }\n", "ios", "Add the line yourself: ios = "),
        ("", "a.b", "cannot be a source's name"),
        ("", "", "cannot be a source's name"),
    ],
)
def test_a_source_that_cannot_be_added(tmp_path: Path, text: str, name: str, said: str) -> None:
    file = tmp_path / FILE
    file.write_text(text)
    with pytest.raises(SettingError) as caught:
        sources.add(file, name)
    assert said in str(caught.value)
    assert file.read_text() == text


def test_the_command_sources(tmp_path: Path, run: Run) -> None:
    kizuna.init(tmp_path / "shop").close()
    assert "There is no source yet" in run("sources", "-w", tmp_path / "shop")[1]
    assert run("sources", "add", "-w", tmp_path / "shop")[0] == 2
    assert run("sources", "remove", "web", "-w", tmp_path / "shop")[0] == 2
    assert run("sources", "add", "web", "-w", tmp_path / "shop")[0] == 0
    key = Settings.read(tmp_path / "shop" / FILE).sources["web"]
    assert key in run("sources", "-w", tmp_path / "shop")[1]


# -- tail

AT = 1_774_000_000_123_456
MESSAGES = [
    Kept("track", "m1", AT, {"event": "Order Completed", "userId": "u1"}),
    Kept("page", "m2", AT, {"name": "Home", "properties": {"path": "/home"}, "anonymousId": "a1"}),
    Kept("track", "m3", AT, {"event": "Evil\x1b[31m\r\nSecond line\u202e"}, note="clock was wrong"),
    Kept("rejected", "m4", AT, {"event": 1}, "wrong_type", "event must be text, not a number."),
    Kept("rejected", "", AT, reason="not_json", detail="The body is not JSON.", text="{"),
    Kept("group", "m5", AT, {"groupId": "g1", "properties": 7, "context": []}),
    Kept("rejected", "m6", AT, {"traits": {}}, "missing_user", "userId or anonymousId is missing."),
    Kept("hook", "delivery-1", AT, {"body": {"type": "ticket.solved"}, "headers": {}}),
    Kept("survey", "i1/sent", AT, {"what": "sent", "survey": "nps", "channel": "email", "email": "ada@example.com"}),
    Kept("survey", "i1/answered", AT, {"what": "answered", "survey": "nps", "customer_id": "17", "complete": True}),
    Kept("survey", "i2/answered", AT, {"what": "answered", "survey": "nps", "test": True}),
    Kept("merge", "m7", AT, {"type": "merge", "ids": ["customer_id:17", "email:ada@example.com"]}),
]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A workspace to which messages came, and no server."""
    root = make_shop(tmp_path / "shop", timezone="Asia/Tokyo")
    spool = Spool(root / FOLDER, Settings.read(root / FILE))
    for source, messages in (("web", MESSAGES[:4]), ("shop", MESSAGES[4:])):
        spool.write(write_record(Envelope(AT, source, "batch"), messages))
    spool.close()
    return root


def test_tail_shows_one_line_a_message(shop: Path, run: Run) -> None:
    code, out, _ = run("tail", "--no-follow", "-n", "20", "-w", shop)
    assert code == 0
    assert out.splitlines() == [
        "18:46:40 web      track    Order Completed  u1",
        "18:46:40 web      page     /home  a1",
        "18:46:40 web      track    Evil·[31m··Second line·  clock was wrong",
        "18:46:40 web      rejected wrong_type: event must be text, not a number.  1",
        "18:46:40 shop     rejected not_json: The body is not JSON.  {",
        "18:46:40 shop     group    g1",
        "18:46:40 shop     rejected missing_user: userId or anonymousId is missing.",
        "18:46:40 shop     hook     delivery-1",
        "18:46:40 shop     survey   sent nps by email  ada@example.com",
        "18:46:40 shop     survey   answered nps  17",
        "18:46:40 shop     survey   answered nps in part, a test",
        "18:46:40 shop     merge    customer_id:17, email:ada@example.com",
    ]


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["-n", "2"], ["i2/answered", "m7"]),
        (["-n", "0"], []),
        (["--source", "web", "-n", "1"], ["m4"]),
        (["--rejected"], ["m4", "", "m6"]),
    ],
)
def test_tail_as_json(shop: Path, run: Run, words: list[str], ids: list[str]) -> None:
    out = run("tail", "--no-follow", "--json", *words, "-w", shop)[1]
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["id"] for line in lines] == ids
    assert all(line["received_at"] == "2026-03-20T09:46:40.123456Z" for line in lines)


def test_tail_of_nothing(tmp_path: Path, run: Run) -> None:
    assert run("tail", "--no-follow", "-w", make_shop(tmp_path / "shop"))[:2] == (0, "")


def test_tail_of_a_source_that_is_not_there(shop: Path, run: Run) -> None:
    """It would wait for ever; but what a source sent that was taken away since is still there to be seen."""
    code, out, err = run("tail", "--no-follow", "--source", "wbe", "-w", shop)
    assert (code, out) == (0, "")
    assert "kizuna.toml has no source 'wbe'; did you mean 'web'?" in err
    assert "no source" not in run("tail", "--no-follow", "--source", "web", "-w", shop)[2]


def test_rejected_messages_are_listed_at_the_business_time(shop: Path, run: Run) -> None:
    _, out, err = run("rejected", "--messages", "-w", shop)
    lines = out.splitlines()
    assert lines[1] == "2026-03-20 18:46:40  shop    batch  missing_user: userId or anonymousId is missing."
    assert "kizuna replay" in err
    found = json.loads(run("rejected", "--messages", "--format", "json", "-w", shop)[1])
    assert [(row["message_id"], row["received_at"]) for row in found] == [
        (id, "2026-03-20T09:46:40.123456Z") for id in ("m6", None, "m4")
    ]


def test_tail_follows_across_segments(shop: Path) -> None:
    command = [sys.executable, "-m", "kizuna.show.cli", "tail", "-n", "1", "--json", "-w", str(shop)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as tail:
        assert tail.stdout is not None
        try:
            assert json.loads(tail.stdout.readline())["id"] == "m7"
            spool = Spool(shop / FOLDER, Settings.read(shop / FILE))
            for number in range(6):
                spool.write(write_record(Envelope(AT, "web", "track"), [Kept("track", f"n{number}", AT, {})]))
                if number % 2:
                    spool.seal()
                if number == 3:
                    spool.pack()
            assert [json.loads(tail.stdout.readline())["id"] for _ in range(6)] == [f"n{n}" for n in range(6)]
            spool.close()
        finally:
            tail.kill()


def test_a_replayed_message_that_its_client_sends_again_is_a_duplicate(tmp_path: Path, run: Run) -> None:
    message = track("large", properties={"text": "x" * 900})
    root = make_shop(tmp_path / "shop")
    with served(root, max_event_bytes=500) as server:
        assert server.post("/v1/track", message)[1]["rejected"][0]["reason"] == "too_large"
    assert "too_large" in run("rejected", "--messages", "-w", root)[1]
    with served(root) as server:
        assert "1 of 1 rejected message fitted" in run("replay", "-w", root)[1]
        wait_for_events(root, 1)
        assert server.post("/v1/track", message)[1]["duplicates"] == 1
        assert server.post("/v1/track", track())[1]["accepted"] == 1
        assert len(wait_for_events(root, 2)) == 2
