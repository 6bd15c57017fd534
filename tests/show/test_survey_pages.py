"""The hosted pages as a browser without scripts sees them, and the JSON beside them."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as generated
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from asking import BASIC, DAY, HOUR, START, Shop, opened, plain, query_of, write_surveys
from kizuna.collect.disk import Disk
from kizuna.collect.survey.opened import STATUS
from kizuna.locale.texts import say, spoken, texts
from kizuna.show.survey.pages import POLICY


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    write_surveys(tmp_path)
    with opened(tmp_path) as shop:
        yield shop


# -- answering by form


def test_a_form_is_filled_in_and_sent(shop: Shop) -> None:
    page = shop.get(shop.link("nps"))
    assert (page.status, page.form.choices) == (200, {"q:nps": [str(n) for n in range(11)]})
    assert page.form.texts == ["q:comment"]
    thanks = shop.fill(page, nps=9, comment="Fine tea")
    assert thanks.status == 200
    words = plain(thanks.text)
    assert "Thank you, says the shop." in words and "9" in words and "Fine tea" in words
    assert "until 22 September 2026, 14:13 UTC" in words
    (step,) = shop.steps()
    assert (step["answers"], step["complete"], step["language"]) == ({"nps": 9, "comment": "Fine tea"}, True, "en")


def test_follow_ups_come_after_the_answer_they_depend_on(shop: Shop) -> None:
    more = shop.fill(shop.get(shop.link("nps")), nps=3)
    assert more.form.asks == {"why"}
    assert 'name="consent"' in more.text
    assert "Thank you. Your answer is saved." in plain(more.text)
    form = more.form.filled(why="It was late") + "&consent=yes"
    thanks = shop.post(more.form.action, form)
    assert "Thank you, says the shop." in plain(thanks.text)
    assert [step["answers"] for step in shop.steps()] == [{"nps": 3}, {"nps": 3, "why": "It was late"}]
    assert [step.get("consent") for step in shop.steps()] == [None, True]
    assert len(shop.steps("task_raised")) == 1


def test_follow_ups_can_be_left_alone(shop: Shop) -> None:
    more = shop.fill(shop.get(shop.link("nps")), nps=3)
    thanks = shop.fill(more)
    assert "Thank you, says the shop." in plain(thanks.text)
    assert len(shop.steps()) == 1


def test_a_follow_up_that_must_be_answered(shop: Shop) -> None:
    more = shop.fill(shop.get("/surveys/visit"), intent="buy", done="no")
    assert more.form.asks == {"bother"}
    again = shop.fill(more)
    assert again.status == 200 and 'role="alert"' in again.text
    assert "What you have answered so far is saved." in plain(again.text)
    assert shop.fill(again, bother=3).status == 200
    assert [step.get("complete", False) for step in shop.steps()] == [False, True]
    assert len({step["invitation"] for step in shop.steps()}) == 1


def test_answers_can_be_changed_from_the_thanks(shop: Shop) -> None:
    thanks = shop.fill(shop.get(shop.link("nps")), nps=9, comment="Fine\nand dandy")
    form = shop.press(thanks, "show", "form")
    assert len(shop.steps()) == 1
    assert ("q:nps", "9") in form.form.fields and ("q:comment", "Fine\nand dandy") in form.form.fields
    shop.fill(form, nps=10)
    assert shop.steps()[1]["answers"] == {"nps": 10, "comment": "Fine\nand dandy"}


@pytest.mark.parametrize("fresh", [False, True])
def test_a_comment_that_is_emptied_is_taken_back(shop: Shop, fresh: bool) -> None:
    """The page said that it was replaced, and it stood in the answers for ever."""
    link = shop.link("nps")
    thanks = shop.fill(shop.get(link), nps=9, comment="Ask Kim, she told me")
    form = shop.get(link) if fresh else shop.press(thanks, "show", "form")
    assert "Ask Kim" not in shop.fill(form, nps=8, comment="").text
    assert (shop.steps()[1]["answers"], shop.steps()[1]["withdrawn"]) == ({"nps": 8}, ["why", "comment"])
    again = shop.fill(form, nps=8, comment="")
    assert (again.status, len(shop.steps())) == (200, 2)
    shop.post(form.form.action, "q:comment=hm&asks=nps&asks=comment")
    assert (shop.steps()[2]["answers"], shop.steps()[2].get("withdrawn")) == ({"comment": "hm"}, None)


def test_consent_stays_when_answers_are_changed(shop: Shop) -> None:
    more = shop.fill(shop.get(shop.link("nps")), nps=3)
    thanks = shop.post(more.form.action, more.form.filled() + "&consent=yes")
    changed = shop.fill(shop.press(thanks, "show", "form"), nps=2)
    assert [step.get("consent", False) for step in shop.steps()] == [False, True, True]
    assert 'name="consent" value="yes"' in changed.text


def test_the_same_form_sent_twice_is_thanked_twice_and_counts_once(shop: Shop) -> None:
    page = shop.get(shop.link("nps"))
    first, second = shop.fill(page, nps=9), shop.fill(page, nps=9)
    assert first.body == second.body
    assert len(shop.steps()) == 1


def test_coming_back_within_the_time_and_after_it(shop: Shop) -> None:
    link = shop.link("nps")
    shop.fill(shop.get(link), nps=9)
    shop.now += HOUR
    assert "You answered on 21 September 2026, 14:13 UTC." in plain(shop.get(link).text)
    shop.now = START + DAY
    closed = shop.get(link)
    assert (closed.status, shop.rejected()) == (409, [])
    assert "Your answer of 21 September 2026, 14:13 UTC is kept as it is" in plain(closed.text)
    assert shop.post(link, "q:nps=1").status == 409
    assert [kept.reason for kept in shop.rejected()] == ["survey_closed"]


def test_where_nothing_can_be_changed_nothing_more_is_asked(shop: Shop) -> None:
    page = shop.get(shop.link("order"))
    assert "Your answers can not be changed once they are sent." in plain(page.text)
    thanks = shop.fill(page, csat=5, stars=4)
    assert "Change your answers" not in thanks.text
    assert shop.get(page.form.action).status == 409


# -- what is refused


@pytest.mark.parametrize("value", ["11", "-1", "6.5", "<script>alert(1)</script>", "9" * 4000, "９"])
def test_an_answer_that_is_none_is_refused_and_listed(shop: Shop, value: str) -> None:
    page = shop.get(shop.link("nps") + "?lang=da")
    refused = shop.fill(page, nps=value, comment="kept for me")
    assert (refused.status, shop.steps()) == (422, [])
    assert "<script>alert" not in refused.text
    assert ("q:comment", "kept for me") in refused.form.fields
    assert plain(refused.text).count("Vælg et tal fra 0 til 10.") == 2
    assert re.search(r"<title>Fejl: ", refused.text)
    assert re.search(r'<a href="#q1-0">', refused.text) and 'id="q1-0"' in refused.text
    assert re.search(r'aria-describedby="q1-error q1-ends"', refused.text)
    (kept,) = shop.rejected()
    assert (kept.reason, kept.detail) == ("survey_answer", "Please choose a number from 0 to 10.")


def test_nothing_at_all_is_refused(shop: Shop) -> None:
    refused = shop.fill(shop.get(shop.link("nps")))
    assert (refused.status, shop.steps()) == (422, [])
    assert "Please choose an answer." in plain(refused.text)
    assert [kept.reason for kept in shop.rejected()] == ["survey_answer"]


def test_what_is_too_long_is_not_cut(shop: Shop) -> None:
    more = shop.fill(shop.get(shop.link("nps")), nps=3)
    refused = shop.fill(more, why="x" * 41)
    assert refused.status == 422
    assert "This has 41 characters." in plain(refused.text)
    assert ("q:why", "x" * 41) in refused.form.fields


def refusing(shop: Shop) -> dict[str, tuple[str, str]]:
    """Kind → the address of a link that is refused so, in a page's own words (a survey that is open no more …)."""
    shop.token("nps")
    paths = {"link": "/s/no.token", "unknown": "/surveys/none", "broken": shop.link("mood"), "gone": shop.link("order")}
    paths["paused"] = shop.link("visit")
    files = shop.root / "surveys"
    (files / "mood.toml").write_text("x =")
    (files / "order.toml").unlink()
    (files / "visit.toml").write_text((files / "visit.toml").read_text().replace('"active"', '"paused"'))
    shop.now -= 40 * DAY
    paths["expired"] = shop.link("nps")
    shop.now += 40 * DAY
    return {kind: (path, kind) for kind, path in paths.items()}


@pytest.mark.parametrize("language", ["en", "ja", "da"])
def test_each_refusal_has_its_page_and_its_status(shop: Shop, language: str) -> None:
    for kind, (path, _) in refusing(shop).items():
        for reply in (shop.get(path, accept_language=language), shop.post(path, "q:nps=9", accept_language=language)):
            assert reply.status == STATUS[kind], kind  # type: ignore[index]
            assert f'<html lang="{language}"' in reply.text
            assert say("survey_page", f"refused_{kind}_title", language) in plain(reply.text)
            assert "<form" not in reply.text
    shop.get("/s/no.token")
    kinds = sorted(kept.reason or "" for kept in shop.rejected())
    assert kinds == ["survey_closed"] * 3 + ["survey_link"] * 2


def test_looking_at_links_keeps_nothing(shop: Shop) -> None:
    """A scanner that gets every link of a mail, and its neighbours, changes nothing."""
    link = shop.link("nps")
    files = {file: file.read_bytes() for file in shop.root.rglob("*") if file.is_file()}
    for path in (f"{link}?score=9", link, f"{link}/unsubscribe", f"{link}/shown", f"{link}/dismiss", f"{link}?lang=ja"):
        for method in ("GET", "HEAD", "OPTIONS"):
            shop.get(path, method)
    for path in ("/surveys/visit", "/s/no.token", "/s/", "/s/a.b/c/d"):
        assert shop.get(path, "HEAD").body == b""
        shop.get(path)
    for method in ("PUT", "DELETE", "PATCH"):
        assert shop.get(link, method).status == 405
    assert shop.kept() == []
    assert {file: file.read_bytes() for file in shop.root.rglob("*") if file.is_file()} == files
    again = shop.get(link)
    assert "You answered" not in again.text


# -- one tap


def test_a_tapped_answer_is_chosen_and_not_sent(shop: Shop) -> None:
    page = shop.get(shop.link("nps") + "?score=4")
    assert "data-tap" in page.text and ("q:nps", "4") in page.form.fields
    assert page.form.asks == {"nps", "why", "comment"}
    assert shop.kept() == []
    # … by the script, before anybody saw the other questions: they are asked then
    more = shop.post(page.form.action, page.form.filled() + "&tap=1")
    assert more.form.asks == {"why", "comment"}
    assert [step["answers"] for step in shop.steps()] == [{"nps": 4}]


@pytest.mark.parametrize("score", ["11", "-1", "x", "<b>", ""])
def test_a_tap_beside_the_scale_chooses_nothing(shop: Shop, score: str) -> None:
    page = shop.get(shop.link("nps") + f"?score={score}")
    assert (page.status, page.form.asks) == (200, {"nps", "comment"})
    assert "data-tap" not in page.text and "<b>" not in page.text


# -- languages


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        ("", "", "en"),
        ("", "da, en;q=0.7", "da"),
        ("", "fr, ja;q=0.5, en;q=0.1", "ja"),
        ("", "da;q=0, ja", "ja"),
        ("", "da;q=x, *;q=0.1", "en"),
        ("?lang=ja", "da", "ja"),
        ("?lang=ja-JP", "da", "ja"),
        ("?lang=xx", "da", "da"),
        ("?lang=%3Cb%3E", "", "en"),
    ],
)
def test_which_language(shop: Shop, query: str, header: str, language: str) -> None:
    page = shop.get(shop.link("nps") + query, accept_language=header)
    assert f'<html lang="{language}"' in page.text
    assert page.headers["content-language"] == language
    thanks = shop.fill(page, nps=9)
    assert f'<html lang="{language}"' in thanks.text
    assert shop.steps()[0]["language"] == language


def test_the_language_is_switched_on_every_page_and_nothing_is_lost_or_kept(shop: Shop) -> None:
    page = shop.get(shop.link("nps") + "?score=3")
    assert set(re.findall(r'href="(\?lang=..)"', page.text)) == {"?lang=ja", "?lang=da"}
    more = shop.fill(shop.get(shop.link("nps")), nps=3)
    japanese = shop.press(more, "show", "again:ja")
    assert '<html lang="ja"' in japanese.text and "何が問題でしたか。" in japanese.text
    assert japanese.form.asks == {"why"}
    thanks = shop.fill(japanese, why="遅い")
    danish = shop.press(thanks, "show", "again:da")
    assert "Tak, siger butikken." in plain(danish.text) and "遅い" in danish.text
    form = shop.press(danish, "show", "form")
    assert "Vil du anbefale os?" in form.text and ("q:why", "遅い") in form.form.fields
    english = shop.press(form, "show", "form:en")
    assert 'role="alert"' not in english.text and ("q:nps", "3") in english.form.fields
    assert len(shop.steps()) == 2


def test_a_text_that_is_not_there_in_the_page_s_language_says_so(shop: Shop) -> None:
    file = shop.root / "surveys" / "nps.toml"
    file.write_text(file.read_text().replace(', ja = "おすすめいただけますか", da = "Vil du anbefale os?"', "", 1))
    page = shop.get(shop.link("nps") + "?lang=ja")
    assert '<h1 lang="en">Would you recommend us?</h1>' in page.text


def test_every_sentence_is_there_in_every_language_with_the_same_gaps() -> None:
    for file in ("survey_page",):
        assert spoken(file) == ("en", "da", "ja")
        for key, each in texts(file).items():
            assert set(each) == {"en", "ja", "da"}, key
            gaps = {language: sorted(re.findall(r"{(\w+)}", text)) for language, text in each.items()}
            assert gaps["en"] == gaps["ja"] == gaps["da"], key
            assert all(text.strip() == text and text for text in each.values()), key


def test_every_sentence_is_used_and_none_is_missing() -> None:
    source = Path(__file__).resolve().parents[2] / "src" / "kizuna"
    pages = [*(source / "show" / "survey").glob("*.py"), *(source / "show" / "templates" / "survey").glob("*.html")]
    code = "\n".join(file.read_text() for file in (*pages, source / "collect" / "survey" / "answering.py"))
    kinds = {f"refused_{kind}{end}" for kind in STATUS for end in ("", "_title")}
    for key in texts("survey_page"):
        known = key in kinds or f'"{key}"' in code or f'"{key.removesuffix("_title")}"' in code
        assert known or f'"{key.removeprefix("problem_")}"' in code, key
    assert kinds <= {*texts("survey_page")}


# -- what the page says, and how it is read aloud


def test_who_asks_what_is_kept_and_until_when(shop: Shop) -> None:
    said = {name: plain(shop.get(shop.link(name)).text) for name in ("nps", "mood")}
    assert "Yukimi & Lind would like to hear from you" in said["nps"].replace("&amp;", "&")
    assert "keeps your answers together with what it already knows of you" in said["nps"]
    assert "You can change your answers for 24 hours" in said["nps"]
    assert "Your answer is anonymous." in said["mood"]
    assert "nothing about who you are" in plain(shop.get("/surveys/visit").text)
    assert "This is a test." in plain(shop.get(shop.link("nps", purpose="test")).text)
    assert "This is a test." not in said["nps"]


class Outline(HTMLParser):
    """What a screen reader needs of a page: labels, groups, ids."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.controls: list[str] = []
        self.fieldsets: list[bool] = []
        self.open: list[str] = []
        self.unlabelled: list[str] = []
        self._labels: set[str] = set()
        self.feed(page)
        self.unlabelled = [each for each in self.controls if each not in self._labels]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.ids.append(found["id"])
        self.refers += found.get("aria-describedby", "").split()
        if tag == "label":
            self._labels.add(found.get("for", ""))
        if tag == "fieldset":
            self.fieldsets.append(False)
        if tag == "legend":
            self.fieldsets[-1] = True
        if tag in ("textarea", "input") and found.get("type") not in ("hidden", "radio", "checkbox"):
            self.controls.append(found["id"])
        if tag == "input" and found.get("type") in ("radio", "checkbox"):
            assert "label" in self.open, "a radio stands in its label"
        if tag not in ("input", "meta", "link", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A drawing's parts."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["nps", "order", "visit", "mood"])
@pytest.mark.parametrize("language", ["en", "ja", "da"])
def test_every_control_has_its_words(shop: Shop, name: str, language: str) -> None:
    link = shop.link(name)
    wrong = shop.post(link, f"lang={language}&q:{shop.survey(name).main.id}=none")
    assert wrong.status == 422
    for page in (shop.get(f"{link}?lang={language}"), wrong):
        outline = Outline(page.text)
        assert (outline.unlabelled, outline.open) == ([], [])
        assert all(outline.fieldsets) and outline.fieldsets
        assert len(outline.ids) == len(set(outline.ids))
        assert set(outline.refers) <= set(outline.ids)
        assert page.text.count("<h1") == 1
        assert re.search(r"<title>[^<]+ · Yukimi &amp; Lind</title>", page.text)


def test_the_ends_of_a_scale_are_named_once(shop: Shop) -> None:
    file = shop.root / "surveys" / "order.toml"
    ends = 'low_label = { en = "Bad" }\nhigh_label = { en = "Good" }\n'
    file.write_text(file.read_text().replace('style = "faces"', f'style = "faces"\n{ends}'))
    assert 'id="q1-ends"' in shop.get(shop.link("order")).text
    named = 'style = "faces"\nlabels.1 = { en = "Bad" }\nlabels.5 = { en = "Good" }\n'
    file.write_text(file.read_text().replace('style = "faces"\n', named))
    assert "ends" not in shop.get(shop.link("order")).text


def test_what_is_written_in_a_survey_is_shown_as_text(shop: Shop) -> None:
    file = shop.root / "surveys" / "nps.toml"
    evil = '<script>alert(1)</script>"&'
    file.write_text(file.read_text().replace("How likely are you to recommend us?", evil.replace('"', '\\"')))
    page = shop.get(shop.link("nps"))
    assert "<script>alert" not in page.text and "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&amp;" in page.text
    thanks = shop.fill(page, nps=9, comment=evil)
    assert "<script>alert" not in thanks.text
    assert ("q:comment", evil) in shop.press(thanks, "show", "form").form.fields


def test_pages_come_with_their_guards(shop: Shop) -> None:
    link = shop.link("nps")
    pages = [shop.get(link), shop.post(link, "q:nps=99"), shop.get("/s/no.token"), shop.get(f"{link}/unsubscribe")]
    pages += [shop.post(link, "q:nps=9"), shop.get("/surveys/visit")]
    for page in pages:
        assert page.headers["content-security-policy"] == POLICY
        assert "default-src 'none'" in POLICY and "frame-ancestors 'none'" in POLICY and "unsafe" not in POLICY
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-robots-tag"] == "noindex"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert not {"set-cookie", "access-control-allow-origin"} & {*page.headers}
        # nothing inline, nothing from elsewhere
        assert not re.search(r"<script(?![^>]*src=\"/static/)|<style| style=|\son\w+=|https?://", page.text)


def test_json_comes_with_its_guards_too(shop: Shop) -> None:
    link = shop.link("nps")
    told = [shop.get(link, accept="application/json"), shop.json(link, {"answers": {"nps": 99}})]
    told += [shop.json("/v1/surveys/nps/answers", {}), shop.get("/v1/surveys/nps"), shop.get(f"{link}/shown")]
    for answer in told:
        assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-store")


def test_the_log_names_no_link(shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fails(*args: object) -> None:
        raise RuntimeError

    link = shop.link("nps")
    monkeypatch.setattr(shop.door, "open", fails)
    assert [shop.get(link).status, shop.post(f"{link}/shown", "").status] == [503, 503]
    assert [record.message for record in caplog.records] == ["GET /s/… failed", "POST /s/…/shown failed"]


def test_the_style_sheet_and_the_script(shop: Shop) -> None:
    for path, kind in (("/static/survey.css", "text/css"), ("/static/survey.js", "text/javascript")):
        found = shop.get(path)
        assert (found.status, found.headers["content-type"].partition(";")[0]) == (200, kind)
        assert shop.get(path, if_none_match=found.headers["etag"]).status == 304
        assert len(shop.get(path, accept_encoding="gzip").body) < len(found.body)
        assert shop.post(path, "").status == 405
        assert b"http" not in found.body


# -- being asked no more


def test_unsubscribing_is_asked_first_and_done_by_one_post(shop: Shop) -> None:
    link = shop.link("nps", purpose="unsubscribe")
    page = shop.get(f"{link}/unsubscribe?lang=da")
    assert (page.status, shop.kept()) == (200, [])
    done = shop.post(page.form.action, page.form.filled())
    assert done.status == 200 and "sender dig ikke flere spørgeskemaer" in plain(done.text)
    # as mail programs do it, also as multipart
    assert shop.post(f"{link}/unsubscribe", "List-Unsubscribe=One-Click").status == 200
    multipart = b'--x\r\ncontent-disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    assert shop.post(f"{link}/unsubscribe", multipart, "multipart/form-data; boundary=x").status == 200
    assert len(shop.steps("unsubscribed")) == 1
    assert shop.post("/s/no.token/unsubscribe", "").status == 404


# -- as JSON


def test_the_same_by_json(shop: Shop) -> None:
    link = shop.link("nps")
    found = shop.get(link, accept="application/json", accept_language="ja").json
    assert (found["language"], found["survey"], found["test"]) == ("ja", "nps", False)
    assert [question["id"] for question in found["questions"]] == ["nps", "why", "comment"]
    assert found["questions"][0]["low_label"] == "まったく"
    assert found["questions"][1]["only_if"] == {"nps": "0..6"}
    kept = shop.json(link, {"answers": {"nps": 3, "why": "late"}, "language": "ja"})
    assert (kept.status, kept.json) == (
        200,
        {
            "success": True,
            "status": "complete",
            "duplicate": False,
            "missing": [],
            "left_out": [],
            "next": ["comment"],
            "ask_consent": True,
            "change_until": "2026-09-22T14:13:20Z",
        },
    )
    assert shop.json(link, {"answers": {"nps": 3, "why": "late"}, "language": "ja"}).json["duplicate"] is True
    assert shop.json(link, {"answers": {"nps": 9, "why": "late"}}).json["left_out"] == ["why"]
    assert shop.json(link, {"answers": {"comment": "x"}}).json["missing"] == ["nps"]
    assert len(shop.steps()) == 3


def test_refused_by_json_with_the_sentence(shop: Shop) -> None:
    refused = shop.json(shop.link("nps"), {"answers": {"nps": 11}, "language": "da"})
    assert (refused.status, refused.json) == (
        422,
        {
            "success": False,
            "reason": "answer",
            "detail": "Vælg et tal fra 0 til 10.",
            "problems": [{"question": "nps", "detail": "Vælg et tal fra 0 til 10."}],
        },
    )
    gone = shop.json("/s/no.token", {"answers": {"nps": 1}})
    assert (gone.status, gone.json["reason"]) == (404, "link")
    assert [kept.reason for kept in shop.rejected()] == ["survey_answer", "survey_link"]


BODIES = [
    ("{", "application/json", 400, "The body is not JSON"),
    ("[]", "application/json", 400, "must be an object"),
    ('{"answers": []}', "application/json", 422, "answers must be an object."),
    ('{"answer": {}}', "application/json", 422, "Did you mean 'answers'?"),
    ('{"answers": {}, "consent": "yes"}', "application/json", 422, "consent must be true or false."),
    ('{"answers": {"nps": 1, "nps": 2}}', "application/json", 400, "not JSON"),
    ('{"answers": ' + '{"a":' * 5000 + "1" + "}" * 5001, "application/json", 400, "nested deeper"),
]


@pytest.mark.parametrize(("body", "kind", "status", "said"), BODIES)
def test_bodies_that_are_not_answers(shop: Shop, body: str, kind: str, status: int, said: str) -> None:
    reply = shop.post(shop.link("nps"), body, kind)
    assert (reply.status, reply.json["success"]) == (status, False)
    assert said in reply.json["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/xml", "image/png"])
def test_other_kinds_of_content(shop: Shop, kind: str) -> None:
    reply = shop.post(shop.link("nps"), "q:nps=9", kind)
    assert (reply.status, reply.headers["content-type"]) == (415, "text/html; charset=utf-8")
    assert shop.kept() == []


def test_a_megabyte_is_too_much(shop: Shop) -> None:
    link = shop.link("nps")
    assert shop.post(link, b"q:nps=9&q:comment=" + b"x" * 1_000_000).status == 413
    assert shop.post(link, b"x" * 1_000_000, "application/json").json["reason"] == "too_large"
    assert shop.post(link, b"&".join(b"a=1" for _ in range(1000))).status == 400
    assert shop.post(link, b"q:nps=\xff").status == 400
    assert shop.kept() == []


def test_other_origins(tmp_path: Path) -> None:
    write_surveys(tmp_path)
    with opened(tmp_path, allowed_origins=["https://shop.example"]) as shop:
        link, body = shop.link("nps"), {"answers": {"nps": 9}}
        good = shop.json(link, body, origin="https://shop.example")
        assert good.headers["access-control-allow-origin"] == "https://shop.example"
        bad = shop.json(link, body, origin="https://evil.example")
        assert (bad.status, bad.headers.get("access-control-allow-origin")) == (403, None)
        assert shop.json(link, body, origin="https://ask.example").status == 200
        assert shop.post(f"{link}/shown", "", origin="https://shop.example").status == 204
        assert shop.post(f"{link}/shown", "", origin="https://evil.example").status == 403
        before = shop.get(link, "OPTIONS", origin="https://shop.example", access_control_request_headers="content-type")
        assert (before.status, before.headers["access-control-allow-headers"]) == (204, "content-type")
        # a page is for its own window
        assert "access-control-allow-origin" not in shop.get(link, origin="https://shop.example").headers
        assert shop.post("/surveys/visit", "q:intent=buy", sec_fetch_site="cross-site").status == 403
        own = shop.get("/surveys/visit").form.action
        assert shop.post(own, "q:intent=buy", sec_fetch_site="cross-site").status == 403


def test_shown_and_dismissed_are_told_by_a_post(shop: Shop) -> None:
    link = shop.link("nps")
    assert 'data-shown="' in shop.get(link).text
    for what in ("shown", "shown", "dismiss"):
        assert shop.post(f"{link}/{what}", b"", "text/plain").status == 204
    assert [len(shop.steps(what)) for what in ("shown", "dismissed")] == [1, 1]
    assert shop.post("/s/no.token/shown", b"").status == 404
    assert shop.get(f"{link}/shown").status == 405
    mood = shop.link("mood")
    assert "data-shown" not in shop.get(mood).text
    assert shop.post(f"{mood}/shown", b"").status == 204
    assert len(shop.kept()) == 2


# -- open surveys


def test_an_open_survey_is_answered_at_its_own_address_too(shop: Shop) -> None:
    thanks = shop.post("/surveys/visit", "q:intent=buy&q:done=yes")
    assert thanks.status == 200
    shop.post("/surveys/visit", "q:intent=buy&q:done=yes")
    assert len({step["invitation"] for step in shop.steps()}) == 2
    changed = shop.fill(shop.press(thanks, "show", "form"), intent="other", o__intent="a gift")
    assert "a gift" in changed.text
    assert len({step["invitation"] for step in shop.steps()}) == 2
    assert shop.steps()[-1]["other"] == {"intent": "a gift"}


def test_too_many_from_one_address(tmp_path: Path) -> None:
    write_surveys(tmp_path)
    with opened(tmp_path, max_open_answers=2, trusted_proxies=["203.0.113.9"]) as shop:
        body = "q:intent=buy&q:done=yes"
        assert [shop.post("/surveys/visit", body).status for _ in range(3)] == [200, 200, 429]
        assert shop.post("/surveys/visit", body, x_forwarded_for="198.51.100.7").status == 200


# -- the interface for programs


def test_what_a_survey_asks(shop: Shop) -> None:
    found = shop.get("/v1/surveys/visit?language=da", **BASIC).json
    assert found["questions"][0]["options"][1] == {"id": "other", "text": "Noget andet", "other": True}
    assert found["languages"] == ["en", "ja", "da"]
    assert shop.get("/v1/surveys/visit").status == 401
    near = shop.get("/v1/surveys/vist", **BASIC)
    assert (near.status, near.json["detail"]) == (404, "There is no survey 'vist'. Did you mean 'visit'?")
    assert shop.get("/v1/surveys/visit/what", **BASIC).status == 404
    assert shop.json("/v1/surveys/visit", {}, **BASIC).status == 405


def test_answers_from_elsewhere(shop: Shop) -> None:
    body = {"answers": {"nps": 9}, "customer_id": "c-1", "ticket_id": "t-1", "channel": "chat", "id": "call-1"}
    assert shop.json("/v1/surveys/nps/answers", body, **BASIC).json["duplicate"] is False
    assert shop.json("/v1/surveys/nps/answers", body, **BASIC).json["duplicate"] is True
    (step,) = shop.steps()
    assert (step["customer_id"], step["ticket_id"], step["channel"]) == ("c-1", "t-1", "chat")
    assert shop.json("/v1/surveys/nps/answers", {"answers": {"nps": 9}, "writeKey": "wk_shop"}).status == 200
    assert shop.steps()[1]["channel"] == "api"
    assert shop.json("/v1/surveys/nps/answers", {"answers": {"nps": 11}}, **BASIC).status == 422
    assert shop.rejected()[0].reason == "survey_answer"


def test_programs_wait_as_clients_do(tmp_path: Path) -> None:
    """The key of a page is public: under it anybody could have written answers and had mails sent without end."""
    write_surveys(tmp_path)
    with opened(tmp_path, max_key_events=1) as shop:
        said = [shop.json("/v1/surveys/nps/answers", {"answers": {"nps": 9}}, **BASIC).status for _ in range(40)]
        assert {*said[:10]} == {200} and said.count(429) > 10
        assert len(shop.steps()) == said.count(200)


def test_of_a_page_only_its_place_is_kept_and_nothing_with_an_anonymous_answer(shop: Shop) -> None:
    body = {"answers": {"nps": 9}, "page": "https://shop.example/me?email=kim@shop.example#token=1"}
    assert shop.json(shop.link("nps"), body).status == 200
    assert shop.json(shop.link("mood"), {"answers": {"mood": 2}, "page": "/people/kim"}).status == 200
    named, anonymous = shop.steps()
    assert named["page"] == "https://shop.example/me"
    assert "page" not in anonymous


def test_consent_from_elsewhere_needs_somebody(shop: Shop) -> None:
    for about, raised in (({}, 0), ({"email": "kim@shop.example"}, 1)):
        shop.json("/v1/surveys/nps/answers", {"answers": {"nps": 2}, "consent": True, **about}, **BASIC)
        assert len(shop.steps("task_raised")) == raised


WRONG: list[tuple[str, str, dict[str, Any], str]] = [
    ("nps", "answers", {"answers": {"nps": 9}, "custmer_id": "c"}, "There is no field 'custmer_id'."),
    ("nps", "answers", {"answers": {"nps": 9}, "customer_id": 5}, "customer_id must be text"),
    ("nps", "answers", {"answers": {"nps": 9}, "channel": "pigeon"}, "channel is one of email,"),
    ("nps", "answers", {"answers": {"nps": 9}, "id": ""}, "id must be text"),
    ("mood", "answers", {"answers": {"mood": 3}, "email": "k@shop.example"}, "The survey is anonymous: email"),
    ("mood", "answers", {"answers": {"mood": 3}, "id": "t-9"}, "The survey is anonymous: id is not taken."),
    ("nps", "invitations", {"answers": {}}, "There is no field 'answers'."),
    ("nps", "invitations", {"channel": "email"}, "A mail needs an email"),
]


@pytest.mark.parametrize(("name", "what", "body", "said"), WRONG)
def test_what_programs_get_wrong(shop: Shop, name: str, what: str, body: dict[str, Any], said: str) -> None:
    reply = shop.json(f"/v1/surveys/{name}/{what}", body, **BASIC)
    assert reply.status == 422 and said in reply.json["detail"]
    assert shop.steps() == []


def test_a_link_for_a_chat(shop: Shop) -> None:
    body = {"customer_id": "c-1", "ticket_id": "t-1", "channel": "chat", "language": "da", "id": "t-1"}
    given = shop.json("/v1/surveys/nps/invitations", body, **BASIC).json
    assert (given["duplicate"], query_of(given["link"]), given["ends"]) == (
        False,
        {"lang": "da"},
        "2026-10-21T14:13:20Z",
    )
    assert given["link"].startswith("https://ask.example/s/")
    again = shop.json("/v1/surveys/nps/invitations", body, **BASIC).json
    assert (again["duplicate"], again["link"]) == (True, given["link"])
    page = shop.get(given["link"].removeprefix("https://ask.example"))
    assert '<html lang="da"' in page.text
    shop.fill(page, nps=9)
    (invited,), (sent,), (answered,) = (shop.steps(what) for what in ("invited", "sent", "answered"))
    assert invited["invitation"] == sent["invitation"] == answered["invitation"] == given["invitation"]
    assert (invited["ticket_id"], invited["channel"], "due" in invited) == ("t-1", "chat", False)


def test_a_key_that_everybody_may_read_sends_no_mails(tmp_path: Path) -> None:
    write_surveys(tmp_path)
    with opened(tmp_path, mail_sources=[]) as shop:
        refused = shop.json("/v1/surveys/nps/invitations", {"email": "kim@shop.example", "channel": "email"}, **BASIC)
        assert (refused.status, refused.json["reason"]) == (403, "no_mails")
        assert "The write key of shop may not have mails sent" in refused.json["detail"]
        assert shop.kept() == []


def test_an_invitation_by_mail_waits_for_the_outbox(shop: Shop) -> None:
    given = shop.json("/v1/surveys/nps/invitations", {"email": "kim@shop.example", "channel": "email"}, **BASIC).json
    assert "link" not in given
    (invited,) = shop.steps("invited")
    assert (invited["email"], invited["due"]) == ("kim@shop.example", START)
    assert shop.steps("sent") == []


def test_an_anonymous_answer_from_elsewhere_is_nobody_s(shop: Shop) -> None:
    """Under the program's own id it had been the invitation's, with another word before it."""
    shop.json("/v1/surveys/mood/invitations", {"customer_id": "c-1", "id": "t-9"}, **BASIC)
    for _ in range(2):
        assert shop.json("/v1/surveys/mood/answers", {"answers": {"mood": 3}, "channel": "chat"}, **BASIC).status == 200
    ((invited,), (one, two)) = shop.steps("invited"), shop.steps()
    assert one["invitation"] != two["invitation"] and one["invitation"].startswith("ballot.api.")
    assert invited["invitation"].removeprefix("api-") not in one["invitation"] + two["invitation"]
    assert one["channel"] == "chat" and not {"customer_id", "email", "ticket_id"} & {*one}


def test_an_anonymous_invitation_gives_its_link_once(shop: Shop) -> None:
    body = {"customer_id": "c-1", "id": "x"}
    link = shop.json("/v1/surveys/mood/invitations", body, **BASIC).json["link"]
    second = shop.json("/v1/surveys/mood/invitations", body, **BASIC)
    assert (second.status, second.json["reason"]) == (409, "invited_already")
    shop.fill(shop.get(link.removeprefix("https://ask.example")), mood=2)
    assert shop.steps()[0]["invitation"].startswith("ballot.link.")
    paused = shop.root / "surveys" / "mood.toml"
    paused.write_text(paused.read_text().replace('"active"', '"paused"'))
    assert shop.json("/v1/surveys/mood/invitations", {}, **BASIC).status == 409


# -- when the disk fails


class Full(Disk):
    full = False

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(descriptor, data)


def test_what_could_not_be_kept_is_not_thanked_for(tmp_path: Path) -> None:
    write_surveys(tmp_path)
    disk = Full()
    with opened(tmp_path, disk) as shop:
        link = shop.link("nps")
        shop.fill(shop.get(link), nps=5)
        disk.full = True
        unsaved = shop.post(link, "q:nps=9&lang=en")
        assert (unsaved.status, "could not be saved" in plain(unsaved.text)) == (503, True)
        assert unsaved.headers["retry-after"]
        assert shop.json(link, {"answers": {"nps": 9}}).json["reason"] == "unavailable"
        disk.full = False
        assert shop.post(link, "q:nps=9").status == 200
        assert [step["answers"]["nps"] for step in shop.steps()] == [5, 9]


# -- whatever is sent


bodies = st.one_of(
    st.binary(max_size=300),
    st.dictionaries(
        st.sampled_from(["q:nps", "q:why", "q:comment", "o:nps", "lang", "show", "seen", "asks", "consent", "tap"]),
        st.text(max_size=30) | st.sampled_from(["9", "3", "form:ja", "again:xx", "yes", "again"]),
    ).map(lambda fields: "&".join(f"{name}={value}" for name, value in fields.items()).encode("utf-8", "replace")),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["answers", "other", "nps", "language", "consent", "page"]), inner)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode("utf-8", "replace")),
)
kinds = st.sampled_from(["application/x-www-form-urlencoded", "application/json", "", "text/plain"])


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    root = tmp_path_factory.mktemp("fuzzed")
    write_surveys(root)
    with opened(root) as shop:
        yield shop


@generated(st.sampled_from(["link", "open", "api", "unsubscribe", "bad"]), kinds, bodies, st.text(max_size=20))
@hypothesis_settings(max_examples=300)
def test_nothing_that_is_sent_fails_the_server(fuzzed: Shop, where: str, kind: str, body: bytes, text: str) -> None:
    shop = fuzzed
    paths = {
        "link": shop.link("nps", f"i-{len(body)}-{text[:3]!r}"[:30]),
        "open": "/surveys/visit",
        "api": "/v1/surveys/nps/answers",
        "unsubscribe": shop.link("nps") + "/unsubscribe",
        "bad": "/s/x",
    }
    reply = asyncio.run(shop.send("POST", paths[where], body, {"content-type": kind, **BASIC}))
    assert reply.status < 500, reply.body
    looked = asyncio.run(shop.send("GET", paths["link"], None, {"accept-language": text.replace("\n", " ")}))
    assert looked.status == 200
