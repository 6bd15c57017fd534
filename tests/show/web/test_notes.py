"""The page of notes: read by all, written by editors, with what was wrong beside its field."""

from __future__ import annotations

import html
from datetime import date

import pytest

from kizuna.store.state import notes
from website import WebSite


def add(site: WebSite, text: str, metrics: tuple[str, ...] = (), day: date = date(2026, 3, 15)) -> int:
    with site.hub.state.session() as session:
        return notes.add(session, day, text, metrics=metrics, who="aya", known=site.hub.workspace.catalogue).id


def kept(site: WebSite) -> list[tuple[str, str, list[str], str]]:
    with site.hub.state.session() as session:
        return [(n.day.isoformat(), n.text, n.metrics, n.who) for n in notes.all_of(session)]


def test_an_editor_adds_changes_and_removes_a_note(own_site: WebSite) -> None:
    editor = own_site.client("editor")
    sent = editor.post("/notes", data={"day": "2026-03-15", "text": "New prices", "metric": ["revenue", "nps"]})
    assert (sent.status_code, sent.headers["location"]) == (303, "/notes?said=added")
    assert kept(own_site) == [("2026-03-15", "New prices", ["revenue", "nps"], "editor@example.com")]
    assert 'value="nps" checked' in editor.get("/notes/1").text
    changed = {"day": "2026-03-16", "last_day": "2026-03-20", "text": "Newer prices"}
    assert editor.post("/notes/1", data=changed).headers["location"] == "/notes?said=saved"
    text = editor.get("/notes?said=saved").text
    assert "16 Mar 2026 – 20 Mar 2026" in text and "Newer prices" in text and "Saved." in text
    assert editor.post("/notes/1/remove").headers["location"] == "/notes?said=removed"
    assert kept(own_site) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"day": "soon", "text": "Sale"}, "This is no day."),
        ({"day": "9999-01-01", "text": "Sale"}, "This is no day."),
        ({"day": "2026-03-15", "last_day": "x", "text": "Sale"}, "This is no day."),
        ({"day": "2026-03-15", "last_day": "2026-03-01", "text": "Sale"}, "The last day is before the first."),
        ({"day": "2026-03-15", "text": "  "}, "Say in a few words what happened."),
        ({"day": "2026-03-15", "text": "x" * 501}, "At most 500 characters"),
        ({"day": "2026-03-15", "text": "Sale", "metric": "nsp"}, "There is no metric nsp. Did you mean nps?"),
        ({}, "This is no day."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    own_site: WebSite, fields: dict[str, str], said: str
) -> None:
    answer = own_site.client("editor").post("/notes", data=fields)
    assert answer.status_code == 400
    assert f'<p class="wrong" id="e-{"metrics" if "metric" in fields else ""}' in answer.text
    assert said in html.unescape(answer.text)
    assert f'value="{fields.get("text", "").strip()}"' in answer.text
    assert kept(own_site) == []


def test_a_viewer_reads_and_nobody_else(own_site: WebSite) -> None:
    add(own_site, "New prices", ("nps",))
    page = own_site.client("viewer").get("/notes").text
    assert "New prices" in page and '<form class="form' not in page and "/notes/1" not in page
    for path in ("/notes", "/notes/1", "/notes/1/remove"):
        assert own_site.client("viewer").post(path, data={"day": "2026-03-15", "text": "x"}).status_code == 403
        assert own_site.client("nobody").post(path, data={}).status_code in (303, 401)
    assert own_site.client("nobody").get("/notes").status_code == 303
    assert [text for _, text, _, _ in kept(own_site)] == ["New prices"]


def test_notes_of_a_metric_are_shown_alone(own_site: WebSite) -> None:
    for text, metrics in (("On satisfaction", ("csat",)), ("On prices", ("revenue",)), ("On all", ())):
        add(own_site, text, metrics)
    page = own_site.client("viewer").get("/notes?metric=csat.mean").text
    assert "On satisfaction" in page and "On all" in page and "On prices" not in page
    wrong = own_site.client("viewer").get("/notes?metric=csta")
    assert wrong.status_code in (400, 404) and "csat" in wrong.text


def test_a_text_is_text(own_site: WebSite) -> None:
    add(own_site, "<script>alert(1)</script>")
    page = own_site.client("editor").get("/notes").text
    assert "&lt;script&gt;" in page and "<script>alert" not in page


def test_a_note_that_is_not_there(own_site: WebSite) -> None:
    editor = own_site.client("editor")
    for number in (7, 10**30):
        assert editor.get(f"/notes/{number}").status_code == 404
        assert editor.post(f"/notes/{number}", data={"day": "2026-03-15", "text": "x"}).status_code == 404
        assert editor.post(f"/notes/{number}/remove").status_code == 404


def test_the_page_is_in_three_languages(own_site: WebSite) -> None:
    viewer = own_site.client("viewer")
    assert "まだメモがありません" in viewer.get("/notes?lang=ja").text
    assert "Intet er noteret endnu" in viewer.get("/notes?lang=da").text
