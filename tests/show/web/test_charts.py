"""Charts by address: pictures without a script, the same specification for those who draw it themselves."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from kizuna.show.look import DARK, LIGHT
from kizuna.show.web.drawing import LIBRARY_PATH, library_version
from website import WebSite


def spec_of(site: WebSite, query: str) -> Any:
    answer = site.client().get(f"/chart.json?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def data_of(spec: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = spec["data"]["values"]
    return found


def test_a_chart_is_a_picture_in_the_colours_and_size_asked_for(site: WebSite) -> None:
    client = site.client()
    wide = client.get("/chart.svg?metric=nps&theme=light")
    narrow = client.get("/chart.svg?metric=nps&theme=dark&size=narrow")
    assert wide.headers["content-type"] == narrow.headers["content-type"] == "image/svg+xml"
    assert LIGHT.accent in wide.text and DARK.accent not in wide.text
    assert DARK.accent in narrow.text and 'width="340" height="240"' in narrow.text
    assert client.get("/chart.png?metric=nps&size=narrow").content.startswith(b"\x89PNG")


def test_a_chart_that_the_browser_has_is_not_sent_again(site: WebSite) -> None:
    client = site.client()
    first = client.get("/chart.svg?metric=csat")
    again = client.get("/chart.svg?metric=csat", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_its_numbers_are_those_of_the_metric(site: WebSite) -> None:
    rows = data_of(spec_of(site, "metric=orders&period=2026-03"))
    answer = site.hub.workspace.measure("orders", every="month", since="2026-01", until="2026-04")
    assert [r["value"] for r in rows][-3:] == [r.value for r in answer.records]
    assert len(rows) == 12, "the month asked for is the last of twelve"


def test_inside_a_period_the_period_compared_with_lies_beside_it(site: WebSite) -> None:
    """Day by day of March: the first of February is under the first of March, not one day before it."""
    spec = spec_of(site, "metric=orders&period=2026-03&show=day")
    february = site.hub.workspace.measure("orders", every="day", since="2026-02-01", until="2026-03-01")
    beside = next(layer["data"]["values"] for layer in spec["layer"] if "said" in str(layer.get("data", "")))
    assert beside[0]["start"] == "2026-03-01"
    assert [row["value"] for row in beside] == [r.value for r in february.records]
    assert len(data_of(spec)) == 31


def test_a_year_earlier_is_drawn_beside_the_dozen_months(site: WebSite) -> None:
    client = site.client()
    plain = client.get("/chart.json?metric=orders&period=2026-03").text
    year = json.loads(client.get("/chart.json?metric=orders&period=2026-03&compare=year").text)
    assert "strokeDash" not in plain
    assert len(data_of(year)) == 12


def test_groups_are_dots(site: WebSite) -> None:
    spec = spec_of(site, "metric=orders&by=channel&period=2026-03")
    answer = site.hub.workspace.measure("orders", by="channel", since="2026-03", until="2026-04")
    assert sorted(r["value"] for r in data_of(spec)) == sorted(r.value or 0.0 for r in answer.records)


def test_a_downloaded_chart_says_what_it_shows(site: WebSite) -> None:
    answer = site.client().get("/chart.svg?metric=nps&period=2026-03&download=1&lang=da")
    assert answer.headers["content-disposition"] == 'attachment; filename="nps-2026-03-01-2026-04-01.svg"'
    assert "Net Promoter Score" in answer.text


def test_a_property_in_any_script_does_not_break_the_header_of_its_file(own_site: WebSite, tmp_path: Path) -> None:
    """TRUST.md, fault 14: names from outside in headers. A Japanese one made an error of the answer."""
    name = '店"の色'
    file = tmp_path / "orders.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["order_id", "customer_id", "ordered_at", "value", name])
        rows.writerows([f"o{n}", f"c{n}", "2026-03-05 12:00", "5", "north"] for n in range(40))
    own_site.hub.workspace.import_file("order", file, keep=(name,))
    query = urlencode({"metric": "orders", "period": "2026-03", "by": name, "download": "1"})
    told = own_site.client().get(f"/chart.svg?{query}")
    assert told.status_code == 200, told.text
    assert told.headers["content-disposition"] == 'attachment; filename="orders-_-2026-03-01-2026-04-01.svg"'


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("metric=npz", "Did you mean"),
        ("metric=nps&theme=drak", "Did you mean &#39;dark&#39;"),
        ("metric=nps&size=wid", "Did you mean &#39;wide&#39;"),
        ("metric=nps&show=dya", "Did you mean &#39;day&#39;"),
        ("metric=orders&by=chanel", "channel"),
        ("metric=nps%27);drop table answer", "There is no metric"),
        ("", "There is no metric"),
    ],
)
def test_what_is_not_known_is_said_with_what_is_near(site: WebSite, query: str, said: str) -> None:
    """TRUST.md, fault 12: dimensions and metrics by name only."""
    answer = site.client().get(f"/chart.svg?{query}")
    assert answer.status_code == 400
    assert said in answer.text


def test_nobody_sees_a_chart_without_signing_in(site: WebSite) -> None:
    assert site.client("nobody").get("/chart.svg?metric=nps").status_code in (303, 401)


def test_what_draws_it_in_a_browser_comes_from_here_and_is_kept_for_good(site: WebSite) -> None:
    client = site.client("nobody")
    fresh = client.get(f"{LIBRARY_PATH}?v={library_version()}", headers={"accept-encoding": "gzip"})
    assert fresh.headers["content-encoding"] == "gzip"
    assert "immutable" in fresh.headers["cache-control"]
    old = client.get(f"{LIBRARY_PATH}?v=0", headers={"accept-encoding": "identity"})
    assert old.headers["cache-control"] == "no-cache"
    assert b"window.vegaEmbed" in old.content
    with client.stream("GET", f"{LIBRARY_PATH}?v=0", headers={"accept-encoding": "gzip"}) as packed:
        assert gzip.decompress(b"".join(packed.iter_raw())) == old.content
