"""Changing a survey in a form or as text, with what is wrong beside its field; and placing it."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest

from kizuna.collect.survey.file import add, new_text, set_state
from kizuna.collect.survey.survey import Survey, Surveys
from kizuna.collect.survey.token import unseal, workspace_key
from kizuna.store.state import audit
from show.web.test_feedback import ask
from website import WebSite


class Fields(HTMLParser):
    """What a form would send as it stands."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._in, self._select = "", ""
        self.feed(page.partition('class="form edit"')[2])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "input" and told.get("name") and (told.get("type") != "checkbox" or "checked" in told):
            self.sent.setdefault(str(told["name"]), []).append(told.get("value") or "")
        if tag == "select":
            self._select = str(told.get("name"))
        if tag == "option" and "selected" in told:
            self.sent.setdefault(self._select, []).append(told.get("value") or "")
        self._in = str(told.get("name")) if tag == "textarea" else self._in

    def handle_data(self, data: str) -> None:
        if self._in:
            self.sent.setdefault(self._in, []).append(data.removeprefix("\n"))

    def handle_endtag(self, tag: str) -> None:
        self._in = "" if tag == "textarea" else self._in


@pytest.fixture
def ours(own_site: WebSite) -> WebSite:
    add(own_site.root, "ours", new_text("ours", "nps"))
    return own_site


def survey(site: WebSite) -> Survey:
    return Surveys(site.root).named("ours")


def text(site: WebSite) -> str:
    return (site.root / "surveys" / "ours.toml").read_text("utf-8")


def form(site: WebSite, query: str = "") -> dict[str, list[str]]:
    return Fields(site.client("editor").get(f"/survey/ours/edit{query}").text).sent


def test_a_form_sent_as_it_stands_changes_nothing(ours: WebSite) -> None:
    before = text(ours)
    sent = ours.client("editor").post("/survey/ours/edit", data=form(ours))
    assert (sent.status_code, sent.headers["location"]) == (303, "/survey/ours/edit?said=saved")
    assert text(ours) == before


def test_what_is_changed_is_written_and_the_rest_stays(ours: WebSite) -> None:
    fields = form(ours) | {
        "title.ja": ["おすすめ？"], "channels": ["web", "link"], "open": ["1"], "comment": [], "when.after": ["page"],
        "when.paths": ["/account/*, /orders"], "when.sample": ["0,25"], "remind_days": ["5"],
    }  # fmt: skip
    assert ours.client("editor").post("/survey/ours/edit", data=fields).status_code == 303
    now = survey(ours).text
    assert (now.title["ja"], now.channels, now.open, now.comment) == ("おすすめ？", ["web", "link"], True, False)
    assert (now.when.after, now.when.paths, now.when.sample, now.remind_days) == (
        "page",
        ["/account/*", "/orders"],
        0.25,
        5,
    )
    assert "# `kizuna surveys test ours` shows it" in text(ours)
    with ours.hub.state.session() as session:
        assert [each.action for each in audit.entries(session)] == ["survey.changed"]


@pytest.mark.parametrize(
    ("fields", "place", "said"),
    [
        ({"remind_days": ["soon"]}, "remind_days", "Write a number."),
        ({"remind_days": ["-1"]}, "remind_days", "no length of time"),
        ({"when.sample": ["2"]}, "when.sample", "is not a share"),
        ({"channels": []}, "channels", "is empty"),
        ({"channels": ["pigeon"]}, "channels", "pigeon"),
        ({"when.after": ["order"], "channels": ["web"]}, "when.after", "asks by mail"),
        ({"when.after": ["event"]}, "when.after", "needs its name"),
        ({"when.after": ["order"], "when.where": ["country = = 'JP'"]}, "when.where", "cannot be read"),
        ({"when.days": ["1.5"]}, "when.days", "Write a number."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_with_what_was_typed(
    ours: WebSite, fields: dict[str, list[str]], place: str, said: str
) -> None:
    before = text(ours)
    answer = ours.client("editor").post("/survey/ours/edit", data=form(ours) | fields)
    assert answer.status_code == 400 and text(ours) == before
    found = re.search(rf'<p class="wrong" id="e-{re.escape(place)}">([^<]*)', answer.text)
    assert found is not None and said in html.unescape(found[1])
    for values in fields.values():
        assert all(value in html.unescape(answer.text) for value in values)


def test_the_file_as_text(ours: WebSite) -> None:
    fields = form(ours, "?as=text")
    assert html.unescape(fields["toml"][0]) == text(ours)
    news = text(ours).replace('state = "draft"', 'state = "paused"')
    sent = ours.client("editor").post("/survey/ours/edit", data={**fields, "toml": news.replace("\n", "\r\n")})
    assert sent.headers["location"] == "/survey/ours/edit?as=text&said=saved"
    assert text(ours) == news
    fields = form(ours, "?as=text")
    wrong = ours.client("editor").post("/survey/ours/edit", data={**fields, "toml": news + "\nchanels = []"})
    assert wrong.status_code == 400 and "Did you mean 'channels'" in html.unescape(wrong.text)
    assert "chanels" in wrong.text and str(ours.root) not in wrong.text and text(ours) == news


def test_who_was_slower_overwrites_nothing(ours: WebSite) -> None:
    for query in ("", "?as=text"):
        fields = form(ours, query)
        (ours.root / "surveys" / "ours.toml").write_text(text(ours) + "# somebody else\n", "utf-8")
        answer = ours.client("editor").post("/survey/ours/edit", data=fields | {"campaign": ["x"]})
        assert answer.status_code == 400 and "Somebody else changed this survey" in answer.text
        assert text(ours).endswith("# somebody else\n")


def test_a_file_that_is_not_right_can_be_mended_as_text(ours: WebSite) -> None:
    right = text(ours)
    (ours.root / "surveys" / "ours.toml").write_text(right + "nonsense", "utf-8")
    page = ours.client("editor").get("/survey/ours/edit").text
    assert "not valid TOML" in page and '<textarea class="toml"' in page
    fields = Fields(page).sent | {"toml": [right]}
    assert ours.client("editor").post("/survey/ours/edit", data=fields).status_code == 303
    assert text(ours) == right


def test_only_editors(ours: WebSite) -> None:
    viewer = ours.client("viewer")
    assert viewer.get("/survey/ours/edit").status_code == 403
    assert viewer.post("/survey/ours/edit", data={"toml": "x"}).status_code == 403
    assert viewer.post("/survey/ours/place", data={"customer_id": "c1"}).status_code == 403
    page = viewer.get("/survey/ours/place")
    assert page.status_code == 200 and "data-key" not in page.text and 'name="customer_id"' not in page.text


def test_a_link_for_one_person(ours: WebSite) -> None:
    editor = ours.client("editor")
    assert "is not active" in editor.post("/survey/ours/place", data={"customer_id": "c1"}).text
    set_state(ours.root, "ours", "active")
    ask(ours, 9)
    page = editor.post("/survey/ours/place", data={"customer_id": "c0", "channel": "chat", "language": "da"})
    link = re.search(r'id="made-link">[^<]*(/s/([^?<]+))\?lang=da<', page.text)
    assert link is not None and unseal(link[2], workspace_key(ours.root)).survey == "ours"
    assert "is known by" not in page.text
    rows = ours.hub.rows("SELECT customer_id, channel, rule FROM survey_invitation WHERE survey = 'ours'")
    assert rows == [("c0", "chat", "link")]
    unknown = editor.post("/survey/ours/place?lang=ja", data={"customer_id": "c01"})
    assert "「c01」の顧客はまだ登録されていません" in html.unescape(unknown.text)


@pytest.mark.parametrize("language", ["en", "ja", "da"])
@pytest.mark.parametrize(
    "rule", ["", 'after = "page"', 'after = "order"', 'after = "signup"', 'after = "event"\nevent = "X"']
)
def test_every_rule_is_told_in_each_language(ours: WebSite, language: str, rule: str) -> None:
    (ours.root / "surveys" / "ours.toml").write_text(f'instrument = "nps"\nopen = true\n[when]\n{rule}\n', "utf-8")
    editor = ours.client("editor")
    for page in ("place", "edit", "preview"):
        assert editor.get(f"/survey/ours/{page}?lang={language}").status_code == 200
    assert "/surveys/ours</code>" in editor.get("/survey/ours/place").text
