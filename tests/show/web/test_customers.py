"""The list of customers and the profile: who may see and take what, what the audit log keeps, what customers typed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import kizuna
from kizuna.store.state import audit
from kizuna.store.state.tables import SavedSegment
from website import WebSite

EVIL = "<script>alert(1)</script>"
CUSTOMERS = f"""customer_id,email,name,country,signed_up_at,note
c1,ada@example.com,Ada {EVIL},DK,2026-01-05 10:00,"<img src=x onerror=alert(1)>"
c2,bo@example.com,"=HYPERLINK(""http://x"")",JP,2026-01-06 10:00,
c3,,Bo Jensen,JP,2026-01-07 10:00,
"""
ORDERS = (
    "order_id,ordered_at,customer_id,value\no1,2026-03-04 12:00,c1,20\no2,2026-03-05 12:00,c1,-5\no3,2026-03-06,c2,90\n"
)
EVENTS = """event_id,occurred_at,name,customer_id,anonymous_id,page
e1,2026-03-04 11:58,Page Viewed,c1,lap,/a"><script>alert(1)</script>
e2,2026-03-04 11:59,Product Viewed,c1,lap,
e3,2026-03-04 11:59,Page Viewed,,stranger,/b
"""
ANSWERS = f"""response_id,question,answered_at,customer_id,score,comment,survey
r1,nps,2026-03-08 10:00,c1,3,{EVIL},pulse
"""


def make(root: Path) -> WebSite:
    """Three customers of whom one calls herself a script, a visitor, and what Ada did on four channels."""
    with kizuna.init(root / "shop", name="Shop", timezone="Europe/Copenhagen", currency="DKK") as shop:
        for fact, text in (("customer", CUSTOMERS), ("order", ORDERS), ("event", EVENTS), ("survey_response", ANSWERS)):
            (root / f"{fact}.csv").write_text(text, encoding="utf-8")
            shop.import_file(fact, root / f"{fact}.csv")
    return WebSite(root / "shop")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSite]:
    """Only to be read, by all tests."""
    site = make(tmp_path_factory.mktemp("people"))
    yield site
    site.close()


@pytest.fixture
def own_people(tmp_path: Path) -> Iterator[WebSite]:
    """To decide about."""
    site = make(tmp_path)
    yield site
    site.close()


def number(site: WebSite, id: str) -> int:
    return int(site.hub.rows("SELECT customer_no FROM identifier WHERE value = ?", [id])[0][0])


def written(site: WebSite) -> list[tuple[str, str, str]]:
    """What the audit log has: who, what, of whom."""
    with site.hub.state.session() as session:
        return [(each.who, each.action, each.subject) for each in reversed(audit.entries(session))]


def names(text: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/customer/(\d+)', text)


# -- the list


def test_the_list_is_in_the_order_asked_for(people: WebSite) -> None:
    client = people.client()
    c1, c2, c3 = (str(number(people, id)) for id in ("c1", "c2", "c3"))
    assert names(client.get("/customers").text) == [c2, c1, c3]
    assert names(client.get("/customers?sort=-value").text) == [c1, c2, c3]
    text = client.get("/customers?sort=since").text
    assert names(text) == [c3, c2, c1]
    assert 'aria-sort="descending"' in text and "90,00 kr." in client.get("/customers?lang=da").text
    wrong = client.get("/customers?sort=vlaue")
    assert wrong.status_code == 400 and "value" in wrong.text


def test_people_are_searched_for_and_narrowed_down_by_segment(people: WebSite) -> None:
    client = people.client()
    c2, c3 = (str(number(people, id)) for id in ("c2", "c3"))
    assert names(client.get("/customers?q=jensen").text) == [c3]
    assert names(client.get("/customers?q=BO@").text) == [c2]
    with people.hub.state.session() as session:
        session.add(SavedSegment(name="japan", title="In Japan", condition="country = 'JP'"))
    text = client.get("/customers?segment=japan").text
    assert sorted(names(text)) == sorted([c2, c3]) and "In Japan" in text
    assert names(client.get("/customers?segment=japan&q=jensen").text) == [c3]
    assert f'/customer/{c3}?segment=japan"' in text
    nobody = client.get("/customers?q=" + EVIL * 2)
    assert nobody.status_code == 200 and "Nobody found" in nobody.text and EVIL not in nobody.text


def test_a_visitor_is_found_by_the_whole_id(people: WebSite) -> None:
    text = people.client().get("/customers?q=stranger").text
    visitor = number(people, "stranger")
    assert f'href="/customer/{visitor}"' in text and "Nobody found" not in text
    assert "Known only by a browser" in people.client().get(f"/customer/{visitor}").text


def test_pages_follow_one_another(site: WebSite) -> None:
    """All customers of the demo, a page at a time, each once, the last page leading back."""
    client, seen, path = site.client(), [], "/customers?sort=seen"
    for _ in range(20):
        text = client.get(path).text
        seen += names(text)
        follow = re.search(r'<a rel="next" href="([^"]+)"', text)
        if not follow:
            break
        path = follow.group(1).replace("&amp;", "&")
    everybody = site.hub.rows("SELECT count(*) FROM customer WHERE customer_no IS NOT NULL")
    assert len(seen) == len(set(seen)) == everybody[0][0]
    back = re.search(r'<a rel="prev" href="([^"]+)"', text)
    assert (
        back
        and names(client.get(back.group(1).replace("&amp;", "&")).text)
        == seen[-len(names(text)) - 50 : -len(names(text))]
    )


def test_an_empty_workspace_says_what_customers_are(own_site: WebSite) -> None:
    answer = own_site.client().get("/customers")
    assert answer.status_code == 200 and 'href="/data/import?fact=customer"' in answer.text


def test_what_may_not_be_asked_changes_nothing(people: WebSite) -> None:
    """SQL in the search, the order, the cursor and the segment."""
    client, evil = people.client(), "'; DROP TABLE customer; --"
    assert client.get("/customers", params={"q": evil}).status_code == 200
    for name in ("sort", "after", "before", "segment"):
        assert client.get("/customers", params={name: evil}).status_code == 400
    for name in ("show", "after"):
        assert client.get(f"/customer/{number(people, 'c1')}", params={name: evil}).status_code == 400
    assert people.hub.rows("SELECT count(*) FROM customer") == [(3,)]


# -- who sees, who takes


def test_the_list_and_profiles_are_for_those_who_are_signed_in(people: WebSite) -> None:
    nobody = people.client("nobody")
    for path in ("/customers", "/customers.csv", f"/customer/{number(people, 'c1')}"):
        answer = nobody.get(path)
        assert answer.status_code == 303 and answer.headers["location"].startswith("/login")
    for no in ("999", "0", "-1", "9" * 12, "9" * 40, "9" * 400):
        assert people.client().get(f"/customer/{no}").status_code == 404, no


def test_only_editors_export_and_the_audit_log_says_so(people: WebSite) -> None:
    viewer, editor = people.client(), people.client("editor")
    assert "/customers.csv" not in viewer.get("/customers").text
    assert viewer.get("/customers.csv").status_code == 403
    assert not [entry for entry in written(people) if entry[1] == "customers.exported"]
    answer = editor.get("/customers.csv?sort=-value")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = [*csv.DictReader(io.StringIO(answer.text))]
    assert [row["customer_id"] for row in rows] == ["c1", "c2", "c3"]
    assert rows[1]["name"] == '\'=HYPERLINK("http://x")'
    assert [row["value"] for row in rows] == ["15.0", "90.0", ""]
    assert ("editor@example.com", "customers.exported", "") in written(people)


def test_the_audit_log_says_who_saw_whom(own_people: WebSite) -> None:
    """By number: the log outlives the person, so it keeps no name and not what was searched for."""
    client, ada = own_people.client(), number(own_people, "c1")
    client.get("/customers?q=ada@example.com")
    client.get(f"/customer/{ada}")
    assert ("viewer@example.com", "customers.seen", "") in written(own_people)
    assert ("viewer@example.com", "customer.seen", str(ada)) in written(own_people)
    with own_people.hub.state.session() as session:
        details = [each.detail for each in audit.entries(session, action="customers.seen")]
    assert details == [{"people": [ada], "searched": True}]


# -- the profile


def test_what_customers_typed_is_shown_as_text(people: WebSite) -> None:
    """A script for a name, a trait, a comment and a page's address: on the list, the profile and all its parts."""
    client, ada = people.client("editor"), number(people, "c1")
    pages = ["/customers", "/customers?q=ada", f"/customer/{ada}", f"/customer/{ada}/merge?with=c2"]
    pages += [f"/customer/{ada}?show={group}" for group in ("visits", "orders", "feedback")]
    for path in pages:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert EVIL not in answer.text and "<img src=x" not in answer.text, path
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text, path


def test_a_profile_has_everything_of_one_person(people: WebSite) -> None:
    text = people.client().get(f"/customer/{number(people, 'c1')}?period=2026-03").text
    for said in ("customer.csv, line 2", "15.00", "Visit", "Product Viewed", "2 events", "Recommendation: 3 of 10"):
        assert said in text, said
    assert '<a href="/metric/orders?period=2026-03"' in text
    assert "Take apart" not in text  # for editors


def test_the_parts_of_a_timeline(people: WebSite) -> None:
    client, ada = people.client(), number(people, "c1")
    orders = client.get(f"/customer/{ada}?show=orders").text
    assert len(re.findall('class="entry order"', orders)) == 2 and 'class="entry visit"' not in orders
    assert re.search(rf'href="/customer/{ada}\?show=orders#timeline" aria-current="true"', orders)


@pytest.mark.parametrize("language", ["en", "ja", "da"])
def test_every_kind_of_entry_can_be_told(site: WebSite, language: str) -> None:
    """The profiles of those who have most, in each language, on every page of their timelines."""
    client = site.client()
    told: set[str] = set()
    most = site.hub.rows(
        "SELECT customer_no FROM (SELECT customer_no FROM task UNION ALL SELECT customer_no FROM referral"
        " UNION ALL SELECT customer_no FROM ticket WHERE reopened_at IS NOT NULL)"
        " WHERE customer_no IS NOT NULL GROUP BY ALL ORDER BY count(*) DESC, 1 LIMIT 3"
    )
    for (no,) in most:
        for group in ("visits", "orders", "support", "messages", "feedback"):
            answer = client.get(f"/customer/{no}?show={group}&lang={language}")
            assert answer.status_code == 200, answer.text
            told |= set(re.findall('class="entry ([a-z]+)"', answer.text))
    assert told >= {"visit", "order", "cart", "ticket", "contact", "message", "invitation"}


# -- one person or two


def moved_to(location: str) -> tuple[str, dict[str, list[str]]]:
    parts = urlsplit(location)
    return parts.path, parse_qs(parts.query)


def test_two_are_made_one_and_taken_apart_again(own_people: WebSite) -> None:
    """The profile shows both first; the decision can be taken back from where it leads to."""
    editor, c1 = own_people.client("editor"), number(own_people, "c1")
    both = editor.get(f"/customer/{c1}/merge?with=bo@example.com").text
    assert "bo@example.com" in both and "ada@example.com" in both and "Orders: 2" in both
    answer = editor.post(f"/customer/{c1}/merge", data={"with": "bo@example.com"})
    path, query = moved_to(answer.headers["location"])
    assert answer.status_code == 303 and query["done"] == ["merged"]
    assert number(own_people, "c2") == number(own_people, "c1") == int(path.removeprefix("/customer/"))
    told = editor.get(answer.headers["location"]).text
    assert "They are one person now" in told and "customer_id:c1 and customer_id:c2 are one person" in told
    answer = editor.post(path + "/split", data={"id": "email:bo@example.com"})
    assert moved_to(answer.headers["location"])[1]["done"] == ["split"]
    assert number(own_people, "c2") != number(own_people, "c1")
    undo = re.search(r'class="said".*href="([^"]+)"', editor.get(answer.headers["location"]).text)
    assert undo is not None and "Are these one person?" in editor.get(undo.group(1).replace("&amp;", "&")).text
    who = [entry[1:] for entry in written(own_people) if entry[1] in ("customer.merged", "customer.split")]
    assert [action for action, _ in who] == ["customer.merged", "customer.split"]


def test_an_address_says_nothing_of_others(people: WebSite) -> None:
    """Somebody sends a link that claims a decision, with words of their own or to have two people merged."""
    editor, c1 = people.client("editor"), number(people, "c1")
    for claim in ("id=customer_id:call+555", "id=customer_id:c2&with=customer_id:c2"):
        assert 'class="said"' not in editor.get(f"/customer/{c1}?done=split&{claim}").text


def test_who_is_meant_is_asked_beside_the_field(people: WebSite) -> None:
    editor, c1 = people.client("editor"), number(people, "c1")
    answer = editor.get(f"/customer/{c1}/merge?with=bo@example.con")
    assert answer.status_code == 400 and "bo@example.com" in answer.text and 'value="bo@example.con"' in answer.text
    assert "same person already" in editor.get(f"/customer/{c1}/merge?with=ada@example.com").text
    assert editor.post(f"/customer/{c1}/split", data={"id": "email:bo@example.com"}).status_code == 400
    assert number(people, "c2") != c1


def test_viewers_decide_nothing(people: WebSite) -> None:
    viewer, c1 = people.client(), number(people, "c1")
    assert viewer.get(f"/customer/{c1}/merge?with=c2").status_code == 403
    assert viewer.post(f"/customer/{c1}/merge", data={"with": "c2"}).status_code == 403
    assert viewer.post(f"/customer/{c1}/split", data={"id": "email:ada@example.com"}).status_code == 403
    assert number(people, "c2") != c1
