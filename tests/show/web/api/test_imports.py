"""Files that programs send."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from kizuna.show.web.api import imports
from kizuna.show.web.importing.drop import FOLDER
from kizuna.store.state import audit
from website import WebSite

ORDERS = "order_id,ordered_at,customer_id,value\no1,2026-03-01T10:00:00Z,c1,100\no2,2026-03-02T10:00:00Z,c2,x\n"
ADDRESS = "/api/v1/import/order"


@pytest.fixture
def editor(own_site: WebSite) -> TestClient[Any]:
    return own_site.client("editor")


def left(site: WebSite) -> list[Path]:
    return list((site.root / FOLDER).glob("*"))


def test_a_file_is_loaded_and_what_did_not_fit_is_told(own_site: WebSite, editor: TestClient[Any]) -> None:
    told = editor.post(ADDRESS, params={"file": "orders.csv"}, content=ORDERS)
    assert told.status_code == 200, told.text
    body = told.json()
    assert body["state"] == "done" and body["file"] == "orders.csv"
    report = body["report"]
    assert (report["rows"], report["added"], sum(report["rejected"].values())) == (2, 1, 1)
    assert report["examples"][0]["line"] == 3 and report["mapping"]["value"] == "value"
    assert own_site.hub.rows('SELECT order_id, "value" FROM "order"') == [("o1", 100)]
    again = editor.post(ADDRESS, params={"file": "orders.csv"}, content=ORDERS).json()["report"]
    assert again["already"] and again["import_no"] == report["import_no"]
    state = editor.get(f"/api/v1/imports/{body['id']}").json()
    assert state["state"] == "done" and state["report"] == report
    with own_site.hub.state.session() as session:
        entry = audit.entries(session, action="data.imported")[-1]
    assert entry.who == "editor@example.com" and entry.subject == "orders.csv"
    assert left(own_site) == []


def test_a_dry_run_loads_nothing(own_site: WebSite, editor: TestClient[Any]) -> None:
    told = editor.post(ADDRESS, params={"file": "orders.csv", "dry_run": "true"}, content=ORDERS).json()
    assert told["dry_run"] and told["report"]["rows"] == 2
    assert own_site.hub.rows('SELECT count(*) FROM "order"') == [(0,)] and left(own_site) == []


def test_columns_are_mapped(own_site: WebSite, editor: TestClient[Any]) -> None:
    content = 'Nummer;Kunde;Beløb;Dato\nA1;7;"1.250,50";03/04/2026\n'.encode("latin-1")
    mapped = ["order_id=Nummer", "customer_id=concat('k,', \"Kunde\")", "value=Beløb", "ordered_at=Dato"]
    params = {"file": "salg.csv", "map": mapped, "dates": "day-first", "decimal": ",", "encoding": "latin-1"}
    told = editor.post(ADDRESS, params=params, content=content)
    assert told.status_code == 200, told.text
    rows = own_site.hub.rows('SELECT order_id, customer_id, "value"::DOUBLE, ordered_day::VARCHAR FROM "order"')
    assert rows == [("A1", "k,7", 1250.5, "2026-04-03")]


def test_what_takes_longer_is_asked_after(
    own_site: WebSite, editor: TestClient[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "PATIENCE", 0.0)
    told = editor.post(ADDRESS, params={"file": "orders.csv"}, content=ORDERS)
    assert told.status_code == 202 and told.json()["state"] == "running"
    until = time.monotonic() + 30
    while editor.get(told.headers["location"]).json()["state"] == "running":
        assert time.monotonic() < until
        time.sleep(0.05)
    assert editor.get(told.headers["location"]).json()["report"]["added"] == 1


@pytest.mark.parametrize(
    ("address", "params", "content", "status", "said"),
    [
        ("ordr", {"file": "o.csv"}, ORDERS, 404, "Did you mean 'order'?"),
        ("session_x", {"file": "o.csv"}, ORDERS, 404, "There is no fact"),
        ("order", {}, ORDERS, 400, "needs the parameter 'file'"),
        ("order", {"file": "o.csv"}, "", 400, "The body is empty"),
        ("order", {"file": "o.csv", "map": "order_id"}, ORDERS, 400, "map cannot be 'order_id'"),
        ("order", {"file": "o.csv", "map": "order_id=(SELECT 1)"}, ORDERS, 400, ""),
        ("order", {"file": "o.csv", "map": "order_id=read_text('/etc/passwd')"}, ORDERS, 400, ""),
        ("order", {"file": "o.csv", "map": "oder_id=order_id"}, ORDERS, 400, "order_id"),
        ("order", {"file": "o.csv"}, "a,b\n1,2\n", 400, ""),
        ("order", {"file": "o.parquet"}, "PAR1" + ORDERS, 400, "o.parquet"),
        ("order", {"file": "o.csv.gz"}, b"\x1f\x8b" + ORDERS.encode(), 400, "gzip"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    shop: WebSite,
    editor: TestClient[Any],
    address: str,
    params: dict[str, str],
    content: str | bytes,
    status: int,
    said: str,
) -> None:
    told = shop.client("editor").post(f"/api/v1/import/{address}", params=params, content=content)
    assert told.status_code == status, told.text
    assert said in f"{told.json()['detail']} {told.json().get('next_step', '')}"
    assert shop.hub.rows('SELECT count(*) FROM "order"') == [(0,)] and left(shop) == []


@pytest.mark.parametrize("name", ["../../kizuna.toml", "/tmp/x.csv", "..\\x.csv", ".hidden.csv", "a\nb.csv", "x" * 150])
def test_a_name_leads_nowhere_else(shop: WebSite, name: str) -> None:
    before = (shop.root / "kizuna.toml").read_bytes()
    told = shop.client("editor").post(ADDRESS, params={"file": name, "dry_run": "true"}, content=ORDERS)
    assert told.status_code in (200, 400)
    assert (shop.root / "kizuna.toml").read_bytes() == before and left(shop) == []


def test_a_column_that_is_sql_is_only_a_name(own_site: WebSite, editor: TestClient[Any]) -> None:
    """Fault 12: CSV header."""
    header = 'order_id,ordered_at,customer_id,value,"x""; DROP TABLE customer; --"'
    content = f"{header}\no1,2026-03-01T10:00:00Z,c1,100,1\n"
    told = editor.post(ADDRESS, params={"file": "o.csv", "keep": 'x"; DROP TABLE customer; --'}, content=content)
    assert told.status_code == 200, told.text
    assert own_site.hub.rows("SELECT count(*) FROM customer")[0][0] >= 0
    assert own_site.hub.rows('SELECT map_keys(properties) FROM "order"')[0][0] == ['x"; DROP TABLE customer; --']


def test_a_larger_file_than_may_be_is_refused(own_site: WebSite, editor: TestClient[Any]) -> None:
    own_site.hub.settings._values["max_import_megabytes"] = 1
    large = b"x" * 1_000_001

    def pieces() -> Any:
        yield from (large[i : i + 65_536] for i in range(0, len(large), 65_536))

    for content in (large, pieces()):
        told = editor.post(ADDRESS, params={"file": "o.csv"}, content=content)
        assert told.status_code == 413 and "max_import_megabytes" in told.json()["detail"]
    assert left(own_site) == []


def test_viewers_load_nothing_and_guess_no_import(shop: WebSite) -> None:
    """Fault 18."""
    viewer = shop.client("viewer")
    assert viewer.post(ADDRESS, params={"file": "o.csv"}, content=ORDERS).status_code == 403
    assert viewer.get("/api/v1/imports/q3Zk0cYw5m8t1rB7uVxE2A").status_code == 403
    assert shop.client("editor").get("/api/v1/imports/q3Zk0cYw5m8t1rB7uVxE2A").status_code == 404
    assert left(shop) == []
