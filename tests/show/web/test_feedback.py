"""The inbox: what is shown to whom, filtered and counted; status, owner and tags; tasks; nobody without a name found."""

from __future__ import annotations

import csv
import html
import io
import re
from urllib.parse import quote

import pytest

from kizuna.collect.survey.step import Step, step_record
from kizuna.store.state import audit, handlings
from website import WebSite

AT = 1_790_000_000_000_000
"""21 September 2026, 14:13:20 UTC, in microseconds."""
MONTH = "period=2026-09"
EVIL = "<script>alert(1)</script>"


def ask(
    site: WebSite, *scores: int, survey: str = "nps", anonymous: bool = False, comment: str = "Comment {n} " + EVIL
) -> None:
    """Have a survey asked and answered, each a minute after the other."""
    steps = []
    for n, score in enumerate(scores):
        id = f"ballot.link.{n}" if anonymous else f"-{survey}{n}"
        about = {"survey": survey, "invitation": id, "question": "nps", "anonymous": anonymous, "channel": "link"}
        who = {} if anonymous else {"customer_id": f"c{n}", "email": f"c{n}@example.com"}
        said = {"answers": {"nps": score, "comment": comment.format(n=n)}, "texts": ["comment"], "complete": True}
        scales = {"scales": {"nps": [0, 10, "high_good"]}}
        steps += [Step(what="sent", **about, **who)] if not anonymous else []
        steps += [Step(what="answered", **about, **said, **scales)]
        steps += [Step(what="task_raised", **about, by="kim", due=AT)] if score < 7 and not anonymous else []
    site.hub.send([step_record(step, AT + place * 60_000_000) for place, step in enumerate(steps)])


def seen(text: str) -> list[str]:
    """The responses of a page, in their order."""
    return [html.unescape(each) for each in re.findall(r'name="response" value="([^"]+)"', text)]


def test_answers_newest_first_with_what_was_written_as_text(own_site: WebSite) -> None:
    ask(own_site, 9, 3)
    page = own_site.client("editor").get(f"/feedback?{MONTH}").text
    assert seen(page) == ["-nps1", "-nps0"]
    assert EVIL not in page and html.escape(f"Comment 1 {EVIL}") in page
    assert "Detractor" in page and "Promoter" in page and "task open" in page
    assert f"/response/-nps1?{MONTH}" in html.unescape(page)
    assert "1 with a comment" not in page and "2 with a comment" in page


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", ["-nps2", "-nps1", "-nps0"]),
        ("&opinion=bad", ["-nps1"]),
        ("&low=8&high=9", ["-nps2", "-nps0"]),
        ("&text=comment%202", ["-nps2"]),
        ("&text=%27%3B%20DROP%20TABLE%20task%3B--", []),
        ("&survey=no%20such", []),
        ("&channel=link", ["-nps2", "-nps1", "-nps0"]),
        ("&status=new", ["-nps2", "-nps0"]),
        ("&status=done", ["-nps1"]),
        ("&owner=me", ["-nps1"]),
        ("&owner=none", ["-nps2", "-nps0"]),
        ("&tag=Price", ["-nps2"]),
        ("&status=new&tag=price", ["-nps2"]),
    ],
)
def test_filters(own_site: WebSite, asked: str, expected: list[str]) -> None:
    ask(own_site, 9, 3, 8)
    client = own_site.client("editor")
    with own_site.hub.state.session() as session:
        (me,) = handlings.owners(session)
        handlings.handle(session, ["-nps1"], status="done", owner=me.id)
        handlings.handle(session, ["-nps2"], add=["price"])
    assert seen(client.get(f"/feedback?{MONTH}{asked}").text) == expected


@pytest.mark.parametrize("asked", ["opinion=goood", "low=x", "low=nan", "status=opne", "owner=you", "after=x"])
def test_what_cannot_be_asked_is_told(own_site: WebSite, asked: str) -> None:
    ask(own_site, 9)
    assert own_site.client().get(f"/feedback?{MONTH}&{asked}").status_code == 400


def test_several_at_once(own_site: WebSite) -> None:
    ask(own_site, 9, 3, 8)
    editor = own_site.client("editor")
    with own_site.hub.state.session() as session:
        (me,) = handlings.owners(session)
    form = {"response": ["-nps0", "-nps2", "no such"], "status": "open", "owner": str(me.id), "tag": "Price, late"}
    sent = editor.post(f"/feedback?{MONTH}&opinion=good", data=form)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/feedback?{MONTH}&opinion=good&said=saved")
    with own_site.hub.state.session() as session:
        found = handlings.of(session, ["-nps0", "-nps1", "-nps2", "no such"])
        assert {id: (h.status, h.owner_id, h.tags) for id, h in found.items()} == {
            id: ("open", me.id, ["price", "late"]) for id in ("-nps0", "-nps2")
        }
        assert [each.action for each in audit.entries(session)][:1] == ["feedback.handled"]
    assert editor.post("/feedback", data={"status": "done"}).status_code == 400
    assert "too long" in editor.post("/feedback", data={"response": "-nps0", "tag": "x" * 50}).text


def test_one_answer_is_handled_and_its_task_done_and_opened_again(own_site: WebSite) -> None:
    ask(own_site, 3)
    editor = own_site.client("editor")
    page = editor.get("/response/-nps0").text
    assert "c0@example.com" not in page and "/customer/" in page and "kim" in page
    assert editor.post("/response/-nps0", data={"status": "done", "owner": "", "tags": "a, b"}).status_code == 303
    with own_site.hub.state.session() as session:
        assert handlings.of(session, ["-nps0"])["-nps0"].tags == ["a", "b"]
    editor.post("/response/-nps0", data={"do": "done", "note": "Called."})
    ((by, note),) = own_site.hub.rows("SELECT done_by, note FROM task")
    assert (by, note) == ("Editor", "Called.")
    assert "Open again" in editor.get("/response/-nps0").text
    editor.post("/response/-nps0", data={"do": "reopen"})
    assert own_site.hub.rows("SELECT done_at FROM task") == [(None,)]
    editor.post("/response/-nps0", data={"status": "done", "owner": "", "tags": ""})
    with own_site.hub.state.session() as session:
        assert handlings.of(session, ["-nps0"])["-nps0"].tags == []


def test_who_may_only_look_changes_nothing(own_site: WebSite) -> None:
    ask(own_site, 3)
    viewer = own_site.client("viewer")
    assert viewer.post("/feedback", data={"response": "-nps0", "status": "done"}).status_code == 403
    assert viewer.post("/response/-nps0", data={"do": "done"}).status_code == 403
    assert 'name="response"' not in viewer.get(f"/feedback?{MONTH}").text
    assert own_site.client("nobody").get("/feedback").status_code == 303


def test_looking_at_somebodys_answer_is_in_the_audit_log(own_site: WebSite) -> None:
    ask(own_site, 3)
    client = own_site.client("viewer")
    client.get(f"/feedback?{MONTH}")
    client.get("/response/-nps0")
    with own_site.hub.state.session() as session:
        entries = [(each.who, each.action, each.subject) for each in audit.entries(session)]
    assert entries == [
        ("viewer@example.com", "answer.seen", "-nps0"),
        ("viewer@example.com", "feedback.seen", ""),
    ]


def test_anonymous_answers_lead_to_nobody_and_few_are_not_shown(own_site: WebSite) -> None:
    ask(own_site, 9, 8, 7, 2, survey="mood", anonymous=True)
    client = own_site.client("editor")
    page = client.get(f"/feedback?{MONTH}").text
    assert seen(page) == [] and "fewer than 5" in page
    assert client.get("/response/ballot.link.0").status_code == 404
    assert client.post("/response/ballot.link.0", data={"status": "done"}).status_code == 404
    ask(own_site, 9, 8, 7, 2, 1, survey="mood", anonymous=True)
    own_site.hub.kept.clear()
    page = client.get(f"/feedback?{MONTH}").text
    assert len(seen(page)) == 5 and "/customer/" not in page and "14:1" not in page
    assert "Sep 2026" in client.get("/response/ballot.link.4").text


def test_a_key_with_anything_in_it_is_found(own_site: WebSite) -> None:
    ask(own_site, 9, survey="a/b c?d%&ø")
    client = own_site.client("editor")
    link = re.search(r'href="(/response/[^"]+)"', client.get(f"/feedback?{MONTH}").text)
    assert link is not None and quote("-a/b c?d%&ø0", safe="") in link[1]
    assert client.get(html.unescape(link[1])).status_code == 200


def test_without_answers_it_says_how_to_get_some(own_site: WebSite) -> None:
    assert "No answers yet" in own_site.client().get("/feedback").text


@pytest.mark.parametrize(("language", "said"), [("en", "Response rates"), ("ja", "回答率"), ("da", "Svarprocenter")])
def test_the_demo_in_each_language(site: WebSite, language: str, said: str) -> None:
    page = site.client("viewer").get(f"/feedback?lang={language}&period=last-12-months")
    assert page.status_code == 200 and said in page.text
    first = re.search(r'href="(/response/[^"]+)"', page.text)
    assert first is not None and site.client("viewer").get(html.unescape(first[1])).status_code == 200


def test_pages_follow_each_other(site: WebSite) -> None:
    client, address, pages = site.client("editor"), "/feedback?period=last-12-months&comment=1", []
    while address:
        page = client.get(address).text
        pages.append(seen(page))
        after = re.search(r'rel="next" href="([^"]+)"', page)
        address = html.unescape(after[1]) if after else ""
    assert len(pages) > 1 and all(len(page) == 25 for page in pages[:-1])
    everything = [id for page in pages for id in page]
    assert len(set(everything)) == len(everything)


def test_a_file_of_all_is_for_editors_and_runs_nothing(own_site: WebSite) -> None:
    ask(own_site, 9, 3, comment="=cmd|' /C calc'!A0 {n}")
    ask(own_site, 9, 8, survey="mood", anonymous=True)
    editor = own_site.client("editor")
    answer = editor.get(f"/feedback.csv?{MONTH}")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["id"], row["score"], row["comment"][:6]) for row in rows] == [
        ("'-nps1", "3.0", "'=cmd|"),
        ("'-nps0", "9.0", "'=cmd|"),
    ]
    assert [
        row["id"] for row in csv.DictReader(io.StringIO(editor.get(f"/feedback.csv?{MONTH}&opinion=bad").text))
    ] == ["'-nps1"]
    assert (
        "sandbox" in answer.headers["content-security-policy"] and "attachment" in answer.headers["content-disposition"]
    )
    assert own_site.client("viewer").get("/feedback.csv").status_code == 403
    with own_site.hub.state.session() as session:
        assert [each.detail["answers"] for each in audit.entries(session, action="feedback.exported")] == [1, 2]
