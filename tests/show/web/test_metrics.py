"""The list of metrics, and the rows behind one."""

from __future__ import annotations

import csv
import io

import pytest

from kizuna.show.reading import Reader
from kizuna.store.state import audit
from website import WebSite

MARCH = "period=2026-03"


def test_every_usual_definition_is_listed_with_its_number(site: WebSite) -> None:
    text = site.client().get(f"/metrics?{MARCH}").text
    shop = site.hub.workspace
    for metric in shop.metrics():
        assert (f"<code>{metric.id}</code>" in text) == (not metric.variant), metric.id
    answer = shop.measure("csat", since="2026-03", until="2026-04")
    assert Reader.of(answer).interval(answer.records[0], answer.metrics["csat"]) in text
    assert "<code>csat.mean</code>" in site.client().get(f"/metrics?{MARCH}&all=1").text


@pytest.mark.parametrize(("text", "metric"), [("推奨", "nps"), ("kundetilfredshed", "csat"), ("churn", "churn_rate")])
def test_metrics_are_found_in_any_language(site: WebSite, text: str, metric: str) -> None:
    assert f"<code>{metric}</code>" in site.client().get("/metrics", params={"q": text}).text


def test_what_is_not_found_is_said_as_text(site: WebSite) -> None:
    told = site.client().get("/metrics", params={"q": "<script>alert(1)</script>"})
    assert told.status_code == 200
    assert "<script>alert" not in told.text and "&lt;script&gt;" in told.text


def test_the_rows_behind_a_number_are_shown_and_the_log_knows_by_whom(site: WebSite) -> None:
    text = site.client("viewer").get(f"/metric/orders/rows?{MARCH}").text
    table = site.hub.workspace.rows("orders", since="2026-03", until="2026-04", limit=50)
    for order in table["order_id"].to_pylist():
        assert f">{order}</td>" in text
    assert f'href="/customer/{table["customer_no"][0]}' in text
    with site.hub.state.session() as session:
        (entry,) = audit.entries(session, action="rows.seen", limit=1)
        assert (entry.who, entry.subject, entry.detail["rows"]) == ("viewer@example.com", "orders", table.num_rows)


def test_only_editors_take_rows_away(site: WebSite) -> None:
    """TRUST.md, fault 18: a viewer exports people; 403, and editors' exports are in the log."""
    assert site.client("nobody").get(f"/metric/orders/rows.csv?{MARCH}").status_code in (303, 401)
    assert site.client("viewer").get(f"/metric/orders/rows.csv?{MARCH}").status_code == 403
    told = site.client("editor").get(f"/metric/orders/rows.csv?{MARCH}")
    rows = list(csv.DictReader(io.StringIO(told.content.decode("utf-8-sig"))))
    table = site.hub.workspace.rows("orders", since="2026-03", until="2026-04")
    assert [r["order_id"] for r in rows] == table["order_id"].to_pylist()
    with site.hub.state.session() as session:
        (entry,) = audit.entries(session, action="rows.exported", limit=1)
        assert (entry.who, entry.detail["rows"]) == ("editor@example.com", len(rows))


def test_no_rows_are_said(own_site: WebSite) -> None:
    told = own_site.client().get("/metric/orders/rows")
    assert told.status_code == 200 and "No rows in this period" in told.text
