"""Surveys as they are managed: the list, a new one, what came of one, its preview, begun and paused."""

from __future__ import annotations

import html
import re

import pytest

from kizuna.collect.survey.file import add, new_text
from kizuna.collect.survey.survey import Surveys, instruments
from kizuna.store.state import audit
from show.web.test_feedback import MONTH, ask
from website import WebSite

LANGUAGES = ("en", "ja", "da")


def test_the_demo_was_asked_elsewhere(site: WebSite) -> None:
    page = site.client("viewer").get("/surveys?period=last-12-months").text
    assert "Asked elsewhere" in page and "/survey/after%20support?period=last-12-months" in page
    assert 'name="instrument"' not in page  # a viewer makes none


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_came_of_one_in_each_language(site: WebSite, language: str) -> None:
    client = site.client("viewer")
    page = client.get(f"/survey/after%20support?period=last-12-months&lang={language}&by=country")
    assert page.status_code == 200
    said = {"en": "From invitation to answer", "ja": "依頼から回答まで", "da": "Fra invitation til svar"}[language]
    assert said in page.text
    assert 'href="/metric/csat?period=last-12-months"' in page.text
    assert {"en": "By country", "ja": "国別", "da": "Fordelt på land"}[language] in page.text


def test_scores_are_those_of_measuring(site: WebSite) -> None:
    page = html.unescape(site.client("viewer").get("/survey/after%20support?period=2026-q1").text)
    answer = site.hub.workspace.measure(
        "csat", since="2026-01-01", until="2026-04-01", where="survey = 'after support'"
    )
    (record,) = answer.records
    assert f"<data>{record.value:.1f} %</data>" in page and f"n {record.n:,.0f}" in page


def test_of_anonymous_answers_no_more_is_told_than_may_be(own_site: WebSite) -> None:
    ask(own_site, 9, 8, 7, 2, survey="mood", anonymous=True)
    client = own_site.client("admin")
    page = client.get(f"/survey/mood?{MONTH}").text
    assert "<data>" not in page
    ask(own_site, 9, 8, 7, 2, 1, survey="mood", anonymous=True)
    own_site.hub.kept.clear()
    page = client.get(f"/survey/mood?{MONTH}").text
    assert "<data>" in page and 'name="by"' not in page


@pytest.mark.parametrize("instrument", [each for each in instruments() if each != "comment"])
def test_each_instrument_makes_a_draft_that_can_be_looked_at(own_site: WebSite, instrument: str) -> None:
    editor = own_site.client("editor")
    sent = editor.post("/surveys", data={"name": "ours", "instrument": instrument})
    assert (sent.status_code, sent.headers["location"]) == (303, "/survey/ours/edit?said=added")
    assert Surveys(own_site.root).named("ours").text.state == "draft"
    frames = {editor.get(f"/survey/ours/frame?lang={language}").text for language in LANGUAGES}
    assert len(frames) == 3 and not any("<script" in frame for frame in frames)
    for page in ("", "/preview"):
        assert editor.get(f"/survey/ours{page}").status_code == 200


def test_a_preview_stands_in_our_own_frames_only_and_runs_nothing(own_site: WebSite) -> None:
    add(own_site.root, "ours", new_text("ours", "nps"))
    client = own_site.client("viewer")
    headers = client.get("/survey/ours/frame").headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'self'" in policy and "script-src" not in policy and "default-src 'none'" in policy
    assert client.get("/survey/ours/preview").headers["content-security-policy"].count("frame-ancestors 'none'") == 1
    assert own_site.client("nobody").get("/survey/ours/frame").status_code == 303
    assert (
        "ours" in client.get("/survey/ours/preview?in=da").text
        and "lang=da" in client.get("/survey/ours/preview?in=da").text
    )


def test_begun_and_paused_by_editors(own_site: WebSite) -> None:
    add(own_site.root, "ours", new_text("ours", "nps"))
    editor, viewer = own_site.client("editor"), own_site.client("viewer")
    assert viewer.post("/survey/ours", data={"do": "resume"}).status_code == 403
    assert editor.post("/survey/ours", data={"do": "resume"}).headers["location"] == "/survey/ours?said=active"
    assert Surveys(own_site.root).named("ours").text.state == "active"
    assert editor.post("/survey/ours", data={"do": "pause"}).headers["location"] == "/survey/ours?said=paused"
    assert Surveys(own_site.root).named("ours").text.state == "paused"
    with own_site.hub.state.session() as session:
        assert [each.action for each in audit.entries(session)] == ["survey.paused", "survey.resumed"]


def test_trying_one_leads_to_a_link_whose_answers_never_count(own_site: WebSite) -> None:
    from kizuna.collect.survey.token import unseal, workspace_key

    add(own_site.root, "ours", new_text("ours", "nps"))
    sent = own_site.client("editor").post("/survey/ours?lang=ja", data={"do": "try"})
    link = re.fullmatch(r"/s/([^?]+)\?lang=ja", sent.headers["location"])
    assert link is not None and unseal(link[1], workspace_key(own_site.root)).purpose == "test"


@pytest.mark.parametrize(
    ("name", "instrument", "said"),
    [
        ("Ours!", "nps", "small letters"),
        ("ours", "npss", "Did you mean 'nps'"),
        ("there", "nps", "already"),
        ("../x", "nps", "small letters"),
        ("ask", "nps", "cannot be called"),
    ],
)
def test_what_cannot_be_made_is_told_beside_what_was_typed(
    own_site: WebSite, name: str, instrument: str, said: str
) -> None:
    add(own_site.root, "there", new_text("there", "nps"))
    answer = own_site.client("editor").post("/surveys", data={"name": name, "instrument": instrument})
    assert answer.status_code == 400 and said in html.unescape(answer.text)
    assert f'value="{html.escape(name.lower())}"' in answer.text


def test_a_file_that_is_not_right_is_told(own_site: WebSite) -> None:
    add(own_site.root, "ours", new_text("ours", "nps"))
    file = own_site.root / "surveys" / "ours.toml"
    file.write_text(file.read_text("utf-8").replace("draft", "drafft"), "utf-8")
    viewer = own_site.client("viewer")
    for path in ("/surveys", "/survey/ours"):
        assert "Did you mean 'draft'" in html.unescape(viewer.get(path).text)
    assert viewer.get("/survey/ours/preview").status_code == 404


def test_what_there_is_not(own_site: WebSite) -> None:
    add(own_site.root, "after-support", new_text("after-support", "csat"))
    answer = own_site.client("viewer").get("/survey/after-suport")
    assert answer.status_code == 404 and "after-support" in answer.text
    ask(own_site, 9)
    assert own_site.client("viewer").get(f"/survey/nps?{MONTH}&by=contry").status_code == 404
