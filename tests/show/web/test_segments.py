"""The pages of segments: the list, one of them, and the form with its count, with and without script."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode

import pytest

from kizuna.history import HISTORIES, MOMENTS, SEGMENT, SINCE
from kizuna.locale.texts import say
from kizuna.show.web.builder import _SIGNS, GROUPS
from kizuna.store.state import audit, segments
from kizuna.understand.condition import OPERATORS
from kizuna.understand.segment import size
from website import WebSite

ROW = {"subject": "orders", "text": "", "operator": ">=", "value": "2", "days": "90"}
JAPAN = {"subject": "trait:country", "text": "", "operator": "=", "value": "JP", "days": ""}


@pytest.fixture
def kept(site: WebSite) -> Iterator[WebSite]:
    """The demo company with two segments, which are gone afterwards."""
    with site.hub.state.session() as session:
        segments.save(
            session, "loyal", "Loyal customers", "orders(90) >= 2", description="Two orders or more", who="ada"
        )
        segments.save(session, "others", "Others", "NOT segment('loyal') OR country IN ('JP')")
    yield site
    with site.hub.state.session() as session:
        for name in segments.conditions(session):
            segments.remove(session, name)


def query(*rows: dict[str, str], **more: str) -> str:
    return urlencode([*more.items(), *(pair for row in rows for pair in row.items())])


def counted(page: str) -> str:
    found = re.search(r'<p class="big[^"]*">([^<]*)</p>', page)
    assert found, page
    return found[1]


def test_the_list_has_the_size_of_each(kept: WebSite) -> None:
    page = kept.client("viewer").get("/segments").text
    people = size(kept.hub.workspace.business, "orders(90) >= 2").people
    assert people > 0
    assert f'<td class="number">{people}</td>' in page
    assert "orders(90) &gt;= 2" in page
    assert "/segments/new" not in page
    assert "/segments/new" in kept.client("editor").get("/segments").text


def test_without_segments_it_says_what_would_be_here(own_site: WebSite) -> None:
    assert "There is no segment yet" in own_site.client("viewer").get("/segments").text
    assert 'href="/segments/new"' in own_site.client("editor").get("/segments").text


def test_one_segment(kept: WebSite) -> None:
    page = kept.client("viewer").get("/segment/loyal").text
    assert "<title>Loyal customers" in page
    assert "/customers?segment=loyal" in page
    assert "/metric/average_order_value?segment=loyal" in page
    assert "/metric/orders" not in page
    assert 'href="/segment/others"' in page
    assert "/remove" not in page
    assert kept.client("viewer").get("/segment/loyl").status_code == 404
    assert "Did you mean &#39;loyal&#39;?" in kept.client("viewer").get("/segment/loyl").text


def test_a_condition_that_does_not_hold_any_more_is_said(kept: WebSite) -> None:
    with kept.hub.state.session() as session:
        segments.save(session, "gone", "Gone", "contry = 'JP'")
    for path in ("/segments", "/segment/gone", "/segment/gone/edit"):
        answer = kept.client("editor").get(path)
        assert answer.status_code == 200
        assert "There is no dimension of customer &#39;contry&#39;." in answer.text


def test_rows_and_their_text_and_count(site: WebSite) -> None:
    page = site.client("editor").get("/segments/part?" + query(ROW, JAPAN, join="and", mode="rows")).text
    condition = "orders(90) >= 2 AND country = 'JP'"
    assert condition.replace("'", "&#39;").replace(">", "&gt;") in page
    assert counted(page) == str(size(site.hub.workspace.business, condition).people)
    assert "<html" not in page
    assert '<option value="JP">' in page


def test_a_row_about_something_else_begins_anew(site: WebSite) -> None:
    """What orders were compared with is not what a country is compared with; nor the other way round."""
    was = ROW | {"was": "orders", "subject": "trait:country"}
    page = site.client("editor").get("/segments/part?" + query(was, mode="rows")).text
    assert '<option value="=" selected>is</option>' in page
    assert "Write or choose a value." in page
    back = JAPAN | {"was": "trait:country", "subject": "visits"}
    assert "visits() &gt;= 1" in site.client("editor").get("/segments/part?" + query(back, mode="rows")).text


def test_a_segment_is_chosen_by_its_title(kept: WebSite) -> None:
    row = {"subject": "segment", "text": "", "operator": "<>", "value": "loyal", "days": ""}
    page = kept.client("editor").get("/segments/part?" + query(row, mode="rows", former="others")).text
    assert '<option value="loyal" selected>Loyal customers</option>' in page
    assert '<option value="others"' not in page
    assert "NOT segment(&#39;loyal&#39;)" in page
    gone = kept.client("editor").get("/segments/part?" + query(row | {"value": "gone"}, mode="rows")).text
    assert '<option value="gone" selected>gone</option>' in gone
    assert "There is no segment &#39;gone&#39;." in gone


def test_buttons_without_script(site: WebSite) -> None:
    """Each comes back to the form with what was typed, as the address says it."""
    client = site.client("editor")
    assert client.get("/segments/new").text.count('<select name="subject"') == 1
    asked = query(ROW, JAPAN, join="or", mode="rows", title="My own")
    added = client.get(f"/segments/new?{asked}&do=add").text
    assert added.count('<select name="subject"') == 3
    assert 'value="My own"' in added
    assert client.get(f"/segments/new?{asked}&do=remove-0").text.count('<select name="subject"') == 1
    assert client.get(f"/segments/new?{asked}&do=remove-9").text.count('<select name="subject"') == 2
    text = client.get(f"/segments/new?{asked}&do=text").text
    assert "orders(90) &gt;= 2 OR country = &#39;JP&#39;</textarea>" in text
    back = query(mode="text", condition="orders(90) >= 2 OR country = 'JP'", do="rows")
    assert client.get(f"/segments/new?{back}").text.count('<select name="subject"') == 2
    more = query(mode="text", condition="orders(90) >= 2 AND (country = 'JP' OR visits() > 1)", do="rows")
    assert "<textarea" in client.get(f"/segments/new?{more}").text


def test_kept_changed_and_removed(own_site: WebSite) -> None:
    client = own_site.client("editor")
    body = query(ROW, join="and", mode="rows", title="Loyal!", description="d")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.post("/segments", content=body, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/segment/loyal?said=added")
    edited = query(mode="text", condition="orders(90) >= 3 AND segment('other')", title="Loyal")
    refused = client.post("/segment/loyal", content=edited, headers=headers)
    assert refused.status_code == 400
    assert "There is no segment &#39;other&#39;." in refused.text
    assert "segment(&#39;other&#39;)</textarea>" in refused.text
    client.post("/segments", content=query(mode="text", condition="segment('loyal')", title="Other"), headers=headers)
    round_about = client.post("/segment/loyal", content=edited, headers=headers)
    assert "is made of itself: loyal → other → loyal" in round_about.text
    good = query(mode="text", condition="orders(90) >= 3", title="Loyal")
    assert (
        client.post("/segment/loyal", content=good, headers=headers).headers["location"] == "/segment/loyal?said=saved"
    )
    used = client.post("/segment/loyal/remove")
    assert used.status_code == 409
    assert "it is part of other" in used.text
    assert client.post("/segment/other/remove").headers["location"] == "/segments?said=removed"
    assert client.post("/segment/loyal/remove").status_code == 303
    with own_site.hub.state.session() as session:
        assert segments.conditions(session) == {}
        found = [(each.action, each.who) for each in audit.entries(session)]
    assert found.count(("segment.kept", "editor@example.com")) == 3
    assert found.count(("segment.removed", "editor@example.com")) == 2


def test_a_page_is_about_the_segment_as_it_is_now(kept: WebSite) -> None:
    """What was kept of a page is not shown for what the segment was before."""
    client = kept.client("editor")
    before = client.get("/?segment=loyal").text
    body = query(mode="text", condition="orders(90) >= 2 AND country = 'JP'", title="Loyal customers")
    client.post("/segment/loyal", content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert client.get("/?segment=loyal").text != before


@pytest.mark.parametrize(
    "path",
    ["/", "/metrics", "/metric/nps", "/channels", "/channel/email", "/channel/social", "/customers", "/feedback"],
)
def test_every_page_can_be_of_a_segment(kept: WebSite, path: str) -> None:
    """Posts and ads are nobody's: where a page has nothing else it says so."""
    answer = kept.client("viewer").get(f"{path}?segment=loyal")
    assert answer.status_code == 200
    assert '<option value="loyal" selected>Loyal customers</option>' in answer.text
    assert ("a segment of customers has no numbers of them" in answer.text) == (
        path in ("/channels", "/channel/social")
    )


@pytest.mark.parametrize("title", ["", "   "])
def test_what_is_missing_is_said_beside_the_field(own_site: WebSite, title: str) -> None:
    body = query(ROW | {"value": "two"}, join="and", mode="rows", title=title)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    page = own_site.client("editor").post("/segments", content=body, headers=headers)
    assert page.status_code == 400
    assert "Give it a name." in page.text
    assert "Write a number." in page.text
    assert 'value="two"' in page.text


def test_viewers_look_and_editors_make(own_site: WebSite) -> None:
    viewer, nobody = own_site.client("viewer"), own_site.client("nobody")
    assert viewer.get("/segments").status_code == 200
    for path in ("/segments/new", "/segments/part", "/segment/x/edit"):
        assert viewer.get(path).status_code == 403
        assert nobody.get(path).status_code == 303
    for path in ("/segments", "/segment/x", "/segment/x/remove"):
        assert viewer.post(path).status_code == 403
    assert nobody.get("/segments").status_code == 303


BAD = ["'; DROP TABLE customer; --", "<script>alert(1)</script>", "x' OR 1=1 --", "\0", "𝕏" * 400, "%", "segment('x"]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    "name", ["subject", "operator", "value", "text", "days", "condition", "join", "title", "former", "do"]
)
def test_whatever_is_typed_is_a_text(site: WebSite, name: str, bad: str) -> None:
    """In every field: no failure, nothing done to the tables, nothing run on the page (faults 12 and 13)."""
    client = site.client("editor")
    mode = "text" if name == "condition" else "rows"
    event = {"subject": "did", "text": "Product Added", "operator": ">=", "value": "1", "days": "30"}
    fields = [(k, v) for k, v in parse_qsl(query(event, mode=mode), keep_blank_values=True) if k != name]
    for path in ("/segments/part", "/segments/new") if bad == BAD[1] else ("/segments/part",):
        answer = client.get(path + "?" + urlencode([*fields, (name, bad)]))
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
    assert site.hub.rows("SELECT count(*) > 0 FROM customer") == [(True,)]


@pytest.mark.parametrize("language", ["en", "ja", "da"])
def test_everything_that_rows_offer_has_words(site: WebSite, language: str) -> None:
    offered = {subject for group in GROUPS.values() for subject in group}
    assert offered == {*HISTORIES, *(f"{SINCE}:{moment}" for moment in MOMENTS), SEGMENT}
    for key in (subject.replace(":", "_") for subject in offered):
        assert say("web/segments", key, language)
    for operator in OPERATORS:
        assert say("web/segments", f"op_{_SIGNS.get(operator, operator)}", language)
    for history in HISTORIES.values():
        assert not history.column or say("web/segments", f"text_{history.column}", language)
    page = site.client("editor").get(f"/segments/new?lang={language}&" + query(ROW)).text
    assert say("web/segments", "row_add", language) in page


def test_the_count_is_fast(site: WebSite) -> None:
    """Not the time, which depends on the machine, but that no count reads events it need not."""
    from kizuna.understand.segment import data_day, members_sql

    planner = site.hub.workspace.business.planner
    day = data_day(site.hub.store, site.hub.settings.zone)
    plan = site.hub.rows(f"EXPLAIN (FORMAT json) {members_sql(planner, 'orders(90) >= 2', day)}")
    assert '"event"' not in json.dumps(plan)
