"""Keys at the API and at /mcp: read keys only read, write keys only write."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.testing import TestClient

from kizuna import sources
from kizuna.settings import FILE
from kizuna.show.web.api import operations
from kizuna.store.state import audit, keys
from website import WebSite


@pytest.fixture(scope="module")
def nobody(shop: WebSite) -> TestClient[Any]:
    sources.add(shop.root / FILE, "web")
    shop.hub.reload()
    return shop.client("nobody")


def made(site: WebSite, role: str, name: str = "script") -> tuple[int, dict[str, str]]:
    with site.hub.state.session() as session:
        kept, key = keys.make(session, name, role)
        return kept.id, {"authorization": f"Bearer {key}"}


def addresses() -> list[tuple[str, str]]:
    fill = {"{id}": "nps", "{no}": "1", "{fact}": "order"}
    found = []
    for each in operations():
        address = each.address
        for gap, value in fill.items():
            address = address.replace(gap, value)
        found.append((each.method, address))
    return [*found, ("POST", "/mcp")]


@pytest.mark.parametrize(("method", "address"), addresses())
def test_a_write_key_reads_nothing(shop: WebSite, nobody: TestClient[Any], method: str, address: str) -> None:
    """Fault 18: it stands on public pages. However it is sent, it is 403 and nothing is told."""
    (key,) = shop.hub.settings.sources.values()
    told = nobody.request(method, address, headers={"authorization": f"Bearer {key}"})
    assert told.status_code == 403, told.text
    assert told.headers["content-type"].startswith("application/problem+json")
    assert "write key" in told.json()["detail"]
    basic = nobody.request(method, address, auth=(key, ""))
    assert basic.status_code == 403
    assert nobody.request(method, f"{address}?key={key}").status_code == 401


def test_a_read_key_reads_and_writes_nothing(shop: WebSite, nobody: TestClient[Any]) -> None:
    _, viewer = made(shop, "viewer")
    assert nobody.get("/api/v1/measure?metrics=nps", headers=viewer).status_code == 200
    for method, address in (
        ("POST", "/api/v1/notes"),
        ("DELETE", "/api/v1/notes/1"),
        ("POST", "/api/v1/import/order?file=o.csv"),
        ("GET", "/api/v1/rows?metric=nps"),
        ("GET", "/api/v1/customers"),
    ):
        assert nobody.request(method, address, headers=viewer, content=b"{}").status_code == 403, address


def test_an_editor_s_key_is_named_in_the_audit_log(shop: WebSite, nobody: TestClient[Any]) -> None:
    _, editor = made(shop, "editor", "nightly")
    assert nobody.get("/api/v1/customers", headers=editor).status_code == 200
    with shop.hub.state.session() as session:
        assert audit.entries(session, action="customers.exported")[0].who == "key nightly"


def test_a_revoked_key_is_dead_at_once(shop: WebSite, nobody: TestClient[Any]) -> None:
    number, viewer = made(shop, "viewer")
    assert nobody.get("/api/v1/metrics", headers=viewer).status_code == 200
    with shop.hub.state.session() as session:
        keys.revoke(session, number)
    for address in ("/api/v1/metrics", "/mcp"):
        assert nobody.get(address, headers=viewer).status_code == 401


def test_each_key_has_its_own_measure_of_requests(
    shop: WebSite, nobody: TestClient[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 16: a flood on one key leaves the others alone, also one of the same name; /mcp counts with the rest."""
    (_, one), (_, other) = made(shop, "viewer"), made(shop, "viewer")
    monkeypatch.setitem(shop.hub.settings._values, "max_api_requests", 2)
    assert [nobody.get("/api/v1/segments", headers=one).status_code for _ in range(3)] == [200, 200, 429]
    assert nobody.post("/mcp", headers=one).status_code == 429
    assert nobody.get("/api/v1/segments", headers=other).status_code == 200
