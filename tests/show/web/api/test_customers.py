"""People through the API: who may have them, whom they see, and what the audit log is told."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.testing import TestClient

from kizuna.store.state import audit, segments
from website import WebSite

LIST = "/api/v1/customers"


@pytest.fixture
def editor(site: WebSite) -> TestClient[Any]:
    return site.client("editor")


def all_of(client: TestClient[Any], **params: Any) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    while True:
        told = client.get(LIST, params=params)
        assert told.status_code == 200, told.text
        seen += told.json()["items"]
        if not told.json()["next"]:
            assert len(seen) == told.json()["total"]
            return seen
        params["after"] = told.json()["next"]


@pytest.mark.parametrize("sort", ["value", "-value", "seen", "orders", "-since"])
def test_all_customers_are_paged_in_order(site: WebSite, editor: TestClient[Any], sort: str) -> None:
    found = all_of(editor, sort=sort, limit=71)
    numbers = [each["customer_no"] for each in found]
    ((known,),) = site.hub.rows("SELECT count(*) FROM customer WHERE customer_no IS NOT NULL")
    assert len(numbers) == len(set(numbers)) == known
    values = [each[sort.removeprefix("-")] for each in found]
    told = [value for value in values if value is not None]
    assert values[: len(told)] == told
    assert told == sorted(told, reverse=not sort.startswith("-"))


def test_customers_are_found_and_narrowed(site: WebSite, editor: TestClient[Any]) -> None:
    rows = site.hub.rows("SELECT customer_no, email FROM customer WHERE email IS NOT NULL ORDER BY ALL LIMIT 1")
    ((number, email),) = rows
    assert [each["customer_no"] for each in all_of(editor, find=email)] == [number]
    inside = {each["customer_no"] for each in all_of(editor, where="orders(365) >= 2")}
    ((some,),) = site.hub.rows("SELECT count(*) FROM customer")
    assert 0 < len(inside) < some
    found = all_of(editor, where="orders(365) >= 2", find=email)
    assert [each["customer_no"] for each in found] == ([number] if number in inside else [])


def test_a_segment_is_the_condition_it_has_now(site: WebSite, editor: TestClient[Any]) -> None:
    """An answer that was kept must not outlive the meaning of the segment it was asked for."""

    def measured() -> Any:
        asked = {"metrics": "orders", "segment": "some", "compare": "none"}
        return editor.get("/api/v1/measure", params=asked).json()["numbers"][0]["value"]

    with site.hub.state.session() as session:
        segments.save(session, "some", "Some", "orders(3650) >= 1")
    try:
        many, list_many = measured(), len(all_of(editor, segment="some"))
        with site.hub.state.session() as session:
            segments.save(session, "some", "Some", "orders(3650) >= 3")
        assert 0 < measured() < many
        assert 0 < len(all_of(editor, segment="some")) < list_many
        (told,) = editor.get("/api/v1/segments").json()["items"]
        assert told["condition"] == "orders(3650) >= 3"
    finally:
        with site.hub.state.session() as session:
            segments.remove(session, "some")


def test_a_list_of_people_is_for_editors(site: WebSite, editor: TestClient[Any]) -> None:
    """Fault 18: a viewer exports nobody, and who exports is written down."""
    assert site.client("viewer").get(LIST).status_code == 403
    assert editor.get(LIST, params={"limit": 7}).headers["cache-control"] == "no-store"
    with site.hub.state.session() as session:
        entry = audit.entries(session, action="customers.exported")[0]
    assert entry.who == "editor@example.com" and entry.detail["people"] == 7 and entry.detail["by"] == "api"


def test_one_customer_is_for_viewers_and_written_down(site: WebSite) -> None:
    viewer = site.client("viewer")
    ((number, name),) = site.hub.rows(
        "SELECT customer_no, name FROM customer WHERE name IS NOT NULL ORDER BY ALL LIMIT 1"
    )
    told = viewer.get(f"{LIST}/{number}")
    assert told.status_code == 200 and told.headers["cache-control"] == "no-store"
    body = told.json()
    assert body["name"] == name and {"customer_id", "email"} <= {each["kind"] for each in body["ids"]}
    assert any(each["said"]["file"] for each in body["traits"])
    with site.hub.state.session() as session:
        entry = audit.entries(session, action="customer.seen")[0]
    assert entry.who == "viewer@example.com" and entry.subject == str(number)


def test_a_timeline_is_paged(site: WebSite) -> None:
    viewer = site.client("viewer")
    ((number,),) = site.hub.rows('SELECT customer_no FROM "order" GROUP BY ALL ORDER BY count(*) DESC, 1 LIMIT 1')
    seen: list[dict[str, Any]] = []
    params: dict[str, Any] = {"kind": "orders", "limit": 2}
    while True:
        body = viewer.get(f"{LIST}/{number}/timeline", params=params).json()
        seen += body["items"]
        if not body["next"]:
            break
        params["after"] = body["next"]
    ((orders,),) = site.hub.rows('SELECT count(*) FROM "order" WHERE customer_no = ?', [number])
    assert sum(each["kind"] == "order" for each in seen) == orders
    assert [each["at"] for each in seen] == sorted((each["at"] for each in seen), reverse=True)


@pytest.mark.parametrize("number", ["999999", "2147483647"])
def test_a_guessed_number_is_nobody(site: WebSite, number: str) -> None:
    """Fault 18: guessed ids."""
    for address in (f"{LIST}/{number}", f"{LIST}/{number}/timeline"):
        told = site.client("viewer").get(address)
        assert told.status_code == 404 and told.json()["detail"] == f"There is no customer '{number}'."


@pytest.mark.parametrize("number", ["0", "-1", "x", "1;DROP TABLE customer", "9" * 40, "1.0", "١"])
def test_what_is_no_number_is_refused(site: WebSite, number: str) -> None:
    assert site.client("viewer").get(f"{LIST}/{number}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "name"},
        {"after": "x"},
        {"after": "1e999_1"},
        {"where": "1=1; DROP TABLE x"},
        {"limit": "0"},
        {"limit": "501"},
    ],
)
def test_what_is_wrong_with_a_list_is_said(editor: TestClient[Any], query: dict[str, str]) -> None:
    told = editor.get(LIST, params=query)
    assert told.status_code == 400 and told.json()["detail"]


def test_the_sources_and_facts_are_told_without_keys(site: WebSite) -> None:
    told = site.client("viewer").get("/api/v1/sources")
    body = told.json()
    orders = next(each for each in body["facts"] if each["fact"] == "order")
    ((count,),) = site.hub.rows('SELECT count(*) FROM "order"')
    assert orders["rows"] == count and orders["last_day"] > orders["first_day"]
    assert all(key not in told.text for key in site.hub.settings.sources.values())
