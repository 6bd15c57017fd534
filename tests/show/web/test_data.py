"""The pages of the data: what arrives, what did not fit, and what to put where so that something does."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kizuna.collect.decide import Limits, decide
from kizuna.collect.record import Record, record
from kizuna.settings import FILE
from kizuna.store.state import audit
from messages import CHROME, GOOGLEBOT, envelope
from website import WebSite

KEY = "k" * 27


@pytest.fixture
def shop(own_site: WebSite) -> Iterator[WebSite]:
    """An empty workspace with one source."""
    file = own_site.root / FILE
    file.write_text(file.read_text(encoding="utf-8") + f'\n[sources]\nweb = "{KEY}"\n', encoding="utf-8")
    own_site.hub.reload()
    yield own_site


def send(
    site: WebSite, at: datetime | None = None, agent: str = CHROME, limits: Limits | None = None, **said: Any
) -> None:
    """A message as the collector would keep it, in the facts."""
    at = at or datetime.now(UTC)
    of = envelope(at, source="web", call="track", agent=agent)
    message = {"type": "track", "event": "Seen", "messageId": f"m{at.timestamp()}{said}", "anonymousId": "a", **said}
    kept = decide({"timestamp": at.isoformat(), **message}, of, limits or Limits())
    made = record(of, kept)
    # The door remembers the ids of what it accepted only.
    site.hub.send([made if kept.kind != "rejected" else Record(made.payload)])
    site.hub.kept.clear()


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html[html.index("<main") :]))


def test_an_empty_workspace_says_what_would_fill_it(own_site: WebSite) -> None:
    page = own_site.client("editor").get("/data").text
    assert "Nothing sends here yet" in page and 'href="/data/snippets"' in page and 'href="/data/import"' in page
    assert 'href="/data/import?fact=order"' in page
    page = own_site.client("viewer").get("/data").text
    assert 'href="/data/import"' not in page and 'href="/data/import?' not in page


def test_a_source_shows_when_it_was_last_seen_and_what_it_sends(shop: WebSite) -> None:
    assert "never" in text_of(shop.client().get("/data").text)
    send(shop, context={"library": {"name": "kizuna.js", "version": "1.0"}})
    send(shop, datetime.now(UTC) - timedelta(hours=3))
    send(shop, type="trakc")
    send(shop, agent=GOOGLEBOT)
    said = text_of(shop.client().get("/data").text)
    assert "web just now 2" in said and "kizuna.js 1.0" in said and "Googlebot" in said
    assert "type not known" in said and "All that arrived is in the numbers." in said
    page = shop.client().get("/data").text
    assert '<path class="bad" d="M' in page and "of=messages&amp;source=web" in page


def test_a_source_that_fell_silent_is_marked(shop: WebSite) -> None:
    send(shop, datetime.now(UTC) - timedelta(days=3))
    said = text_of(shop.client().get("/data").text)
    assert "3 d ago silent" in said


def test_facts_and_files_are_listed(site: WebSite) -> None:
    said = text_of(site.client().get("/data").text)
    assert "Orders" in said and "files" in said and "worked out" in said
    assert "order.parquet" in text_of(site.client().get("/data/imports").text)
    page = site.client().get("/data/imports/1")
    assert page.status_code == 200 and "What can be seen now" in page.text
    assert site.client().get("/data/imports/999").status_code == 404


def test_script_in_what_clients_say_is_text(shop: WebSite) -> None:
    """Fault 13: whatever a client calls itself, its event or its campaign, it is shown as text."""
    evil = "<script>alert(1)</script>"
    send(shop, event=evil, context={"library": {"name": evil}, "campaign": {"name": evil}})
    send(shop, type=evil)
    editor = shop.client("editor")
    for path in ("/data", "/data/rejected?of=messages", "/data/snippets", "/data/snippets/state"):
        answer = editor.get(path)
        assert answer.status_code == 200
        if "json" not in answer.headers["content-type"]:
            assert "<script>alert" not in answer.text and "&lt;script&gt;" in answer.text, path


def test_rows_that_do_not_fit_are_told_shown_to_editors_and_written_down(shop: WebSite, tmp_path: Path) -> None:
    file = tmp_path / "o.csv"
    lines = [f"{n},soon,5,=1+{n},-{n}\n" for n in range(30)]
    file.write_text("order_id,ordered_at,value,note,delta\n" + "".join(lines), encoding="utf-8")
    shop.hub.workspace.import_file("order", file)
    viewer = text_of(shop.client().get("/data/rejected").text)
    assert "30 Ordered at: “soon” cannot be read as a date or time" in viewer
    assert "o.csv, line" not in viewer and "editors can see it" in viewer
    editor = shop.client("editor")
    page = editor.get("/data/rejected?import=1").text
    assert page.count("o.csv, line") == 25
    after = re.search(r'rel="next" href="([^"]+)"', page)
    assert after and editor.get(after[1].replace("&amp;", "&")).text.count("o.csv, line") == 5
    with shop.hub.state.session() as session:
        assert {entry.action for entry in audit.entries(session)} == {"rejected.seen"}


def test_rejected_rows_can_be_taken_away_and_mended(shop: WebSite, tmp_path: Path) -> None:
    """Fault 14: cells that a spreadsheet would run are neutralised."""
    file = tmp_path / "o.csv"
    file.write_text('order_id,ordered_at,value,"=evil()"\n1,soon,5,=1+1\n2,,6,@x\n', encoding="utf-8")
    shop.hub.workspace.import_file("order", file)
    answer = shop.client("editor").get("/data/rejected.csv?import=1")
    header, *rows = csv.reader(io.StringIO(answer.text.lstrip("\ufeff")))
    assert header == ["order_id", "ordered_at", "value", "'=evil()", "kizuna_line", "kizuna_reason"]
    assert [row[:5] for row in rows] == [["1", "soon", "5", "'=1+1", "2"], ["2", "", "6", "'@x", "3"]]
    assert "attachment" in answer.headers["content-disposition"]
    with shop.hub.state.session() as session:
        assert [entry.action for entry in audit.entries(session)] == ["rejected.exported"]
    for role in ("viewer", "nobody"):
        assert shop.client(role).get("/data/rejected.csv?import=1").status_code in (403, 303)


def test_messages_that_fit_by_now_are_loaded(shop: WebSite) -> None:
    send(shop, limits=Limits(event_bytes=50), event="Large", properties={"text": "x" * 100})
    send(shop, type="trakc")
    editor = shop.client("editor")
    assert "too large" in text_of(editor.get("/data/rejected?of=messages").text)
    sent = editor.post("/data/rejected/replay", data={"source": ""})
    assert sent.headers["location"] == "/data/rejected?of=messages&loaded=1&before=2"
    assert "1 of 2 fitted and were loaded." in editor.get(sent.headers["location"]).text
    assert shop.hub.rows("SELECT name FROM event") == [("Large",)]
    assert editor.post("/data/rejected/replay", data={}).headers["location"].endswith("loaded=0&before=1")
    assert shop.client("viewer").post("/data/rejected/replay", data={}).status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "import=x",
        "import=99999999999999999999",
        "of='; DROP TABLE event",
        "source=' OR 1=1 --",
        "after=a.b",
        "reason=x",
    ],
)
def test_whatever_stands_in_the_address_is_a_value(shop: WebSite, query: str) -> None:
    """Fault 12."""
    send(shop)
    answer = shop.client("editor").get(f"/data/rejected?{query}")
    assert answer.status_code == 200
    assert shop.hub.rows("SELECT count(*) FROM event") == [(1,)]


def test_snippets_have_the_real_key_and_address(shop: WebSite) -> None:
    page = shop.client("editor").get("/data/snippets").text
    assert page.count(KEY) >= 8 and "http://testserver.local" in page
    assert "tracker.js" in page and "widget.js" in page and "Waiting for the first message from web" in page
    shop.hub.settings._values["public_url"] = "https://m.example.com/"
    assert "cdnURL: &#34;https://m.example.com&#34;" in shop.client("editor").get("/data/snippets").text
    assert shop.client("viewer").get("/data/snippets").status_code == 403
    assert "web" in shop.client("editor").get("/data/snippets?source=wep").text


def test_the_first_message_is_told_as_it_arrives(shop: WebSite) -> None:
    editor = shop.client("editor")
    assert editor.get("/data/snippets/state?source=web").json()["arrived"] is False
    send(shop, event="Hello")
    state = editor.get("/data/snippets/state?source=web").json()
    assert state["arrived"] is True and state["text"].endswith("just now: Hello")
    send(shop, event="")
    state = editor.get("/data/snippets/state?source=web").json()
    assert state["arrived"] is False and "event name missing" in state["text"]


def test_an_admin_adds_a_source(shop: WebSite) -> None:
    admin = shop.client("admin")
    assert (
        admin.post("/data/sources", data={"name": "ios"}).headers["location"] == "/data/snippets?source=ios&said=added"
    )
    assert "ios" in shop.hub.settings.sources
    answer = admin.post("/data/sources", data={"name": "my app"})
    assert answer.status_code == 400 and 'value="my app"' in answer.text and "cannot be a source" in answer.text
    assert shop.client("editor").post("/data/sources", data={"name": "x"}).status_code == 403


@pytest.mark.parametrize("language", ["en", "ja", "da"])
def test_all_pages_speak_three_languages(shop: WebSite, language: str) -> None:
    send(shop, type="trakc")
    editor = shop.client("editor")
    for path in ("/data", "/data/imports", "/data/rejected?of=messages", "/data/snippets", "/data/import"):
        answer = editor.get(path, headers={"accept-language": language})
        assert answer.status_code == 200 and f'<html lang="{language}"' in answer.text


def test_a_webhook_says_what_is_to_be_mended(shop: WebSite) -> None:
    folder = shop.root / "hooks"
    folder.mkdir()
    (folder / "desk.toml").write_text(
        'fact = "ticket"\nid = "id"\n[map]\nticket_id = "t"\nopened_at = "o"\n[signature]\nscheme = "none"\n',
        encoding="utf-8",
    )
    (folder / "pay.toml").write_text('preset = "stripe"\n', encoding="utf-8")
    (folder / "odd.toml").write_text("fact = 1\n", encoding="utf-8")
    said = text_of(shop.client().get("/data").text)
    assert "whoever knows the address can send" in said and "is not set: everything is refused" in said
    assert "odd" in said
