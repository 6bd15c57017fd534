"""The page of one metric: its number, course, groups, definition, and the ways to take it elsewhere."""

from __future__ import annotations

import io
import re
from typing import Any

import pyarrow.parquet as pq
import pytest

from kizuna.show.reading import Reader
from kizuna.store.state import targets
from kizuna.store.state.tables import SavedSegment
from website import WebSite

MARCH = "period=2026-03"


def page(site: WebSite, address: str, role: str = "viewer") -> str:
    answer = site.client(role).get(address)
    assert answer.status_code == 200, answer.text[-2000:]
    return answer.text


def cells(text: str, table: str = "groups") -> list[list[str]]:
    """The cells of a table's body, without their marks."""
    body = re.search(rf'<table class="{table}">.*?<tbody>(.*?)</tbody>', text, re.S)
    assert body
    rows = re.findall(r"<tr.*?</tr>", body[1], re.S)
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)] for row in rows
    ]


def test_the_number_stands_with_its_interval_and_the_verdict(site: WebSite) -> None:
    text = page(site, f"/metric/csat?{MARCH}")
    answer = site.hub.workspace.measure("csat", since="2026-03", until="2026-04")
    record, metric = answer.records[0], answer.metrics["csat"]
    reader = Reader.of(answer)
    assert f"<data>{reader.value(record, metric)}</data>" in text
    assert reader.interval(record, metric) in text
    assert reader.verdict(record, metric).say() in text


def test_its_meaning_is_said_with_the_numbers_of_the_period(site: WebSite) -> None:
    text = page(site, f"/metric/average_order_value?{MARCH}")
    orders = site.hub.workspace.measure("orders", since="2026-03", until="2026-04").value()
    formula = re.search(r"<pre[^>]*>(.*?)</pre>", text, re.S)
    assert formula and f"/ {orders:.10g}" in formula[1]
    assert site.hub.workspace.catalogue["average_order_value"].meaning.en.replace("'", "&#39;") in text


@pytest.mark.parametrize(("place", "language"), [(0, "en"), (1, "ja"), (2, "da")])
def test_every_metric_has_a_page(site: WebSite, place: int, language: str) -> None:
    """A third of them in each language: one takes a moment."""
    client = site.client()
    for metric in site.hub.workspace.metrics()[place::3]:
        answer = client.get(f"/metric/{metric.id}?{MARCH}&lang={language}")
        assert answer.status_code == 200, metric.id
        assert (
            metric.name[language].replace("'", "&#39;").replace("&", "&amp;").replace("&amp;#39;", "&#39;")
            in answer.text
        )


def test_variants_stand_beside_each_other(site: WebSite) -> None:
    text = page(site, f"/metric/csat?{MARCH}")
    for variant in site.hub.workspace.catalogue.variants("csat"):
        assert f"<code>{variant.id}</code>" in text
        assert variant.meaning.en.replace("'", "&#39;") in text


def test_groups_are_those_of_the_engine_and_sort_by_the_address(site: WebSite) -> None:
    answer = site.hub.workspace.measure("orders", by="channel", since="2026-03", until="2026-04")
    reader = Reader.of(answer)
    known = [r for r in answer.records if r.value is not None]
    largest = sorted(known, key=lambda r: -(r.value or 0.0))
    rows = cells(page(site, f"/metric/orders?{MARCH}&by=channel&sort=-value"))
    assert [row[1] for row in rows] == [reader.value(r, answer.metrics["orders"]) for r in largest]
    named = cells(page(site, f"/metric/orders?{MARCH}&by=channel&sort=group"))
    assert [row[0] for row in named] == sorted((reader.group(r) for r in known), key=str.casefold)
    assert 'aria-sort="ascending"' in page(site, f"/metric/orders?{MARCH}&by=channel&sort=group")


def test_hours_and_weekdays_stand_in_the_order_of_the_clock(site: WebSite) -> None:
    rows = cells(page(site, f"/metric/orders?{MARCH}&by=weekday&lang=da"))
    assert [row[0] for row in rows] == ["mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"]


def test_small_groups_are_marked(site: WebSite) -> None:
    answer = site.hub.workspace.measure("nps", by="agent", since="2026-03", until="2026-04")
    small = [r for r in answer.records if "small_base" in r.flags and (r.value is not None or r.n)]
    assert small, "the demo company is small enough"
    assert page(site, f"/metric/nps?{MARCH}&by=agent").count('<tr class="few">') == len(small)


def test_numbers_of_few_people_are_said_to_be_left_out(site: WebSite) -> None:
    """TRUST.md, privacy: the engine leaves them out, and the page says so."""
    shop = site.hub.workspace
    asked = (
        (last, shop.measure("orders", by="customer.country", since="2026-03-01", until=f"2026-03-{last + 1:02}"))
        for last in range(3, 31)
    )
    last, answer = next((n, a) for n, a in asked if a.notes and any(r.value for r in a.records))
    days = f"period=2026-03-01..2026-03-{last:02}"
    text = page(site, f"/metric/orders?{days}&by=customer.country")
    assert "Numbers of fewer than 5 people are not shown." in text
    assert len(cells(text)) == sum(r.value is not None for r in answer.records)


def test_what_is_downloaded_is_what_was_measured(site: WebSite) -> None:
    client = site.client()
    answer = site.hub.workspace.measure("orders", by="channel", since="2026-03", until="2026-04")
    told = client.get(f"/metric/orders/groups.csv?{MARCH}&by=channel")
    assert told.content.decode("utf-8-sig") == answer.to_csv()
    assert 'filename="orders-groups-2026-03-01-2026-04-01.csv"' in told.headers["content-disposition"]
    table = pq.read_table(io.BytesIO(client.get(f"/metric/orders/groups.parquet?{MARCH}&by=channel").content))
    assert table.equals(answer.to_arrow())
    course = client.get(f"/metric/orders/course.csv?{MARCH}&show=day").content.decode("utf-8-sig")
    assert len(course.splitlines()) == 32
    assert client.get("/metric/orders/course.exe").status_code == 404


def test_what_programs_are_told_to_ask_gives_the_same_number(site: WebSite) -> None:
    text = page(site, f"/metric/csat?{MARCH}&compare=year")
    code = re.search(r'<code id="c-python">(.*?)</code>', text, re.S)
    assert code
    call = code[1].replace("&#34;", '"').splitlines()[-1].removeprefix("answer = ")
    asked: Any = eval(call, {"shop": site.hub.workspace})
    expected = site.hub.workspace.measure("csat", since="2026-03", until="2026-04", compare="year")
    assert asked.to_dicts() == expected.to_dicts()
    http = re.search(r"/api/v1/measure\?([^&#;]*(?:&amp;[^&#;]*)*)", text)
    assert http
    told = site.client().get(f"/api/v1/measure?{http[1].replace('&amp;', '&')}")
    assert told.status_code == 200, told.text


def test_a_metric_without_data_says_what_would_feed_it(own_site: WebSite) -> None:
    text = page(own_site, "/metric/waiting_time")
    assert "/data/import?fact=contact" in text


def test_a_metric_with_data_at_another_time_leads_there(site: WebSite) -> None:
    text = page(site, "/metric/orders?period=2019-03")
    assert "period=2026-" in text.split('<section class="lead"')[1].split("</section>")[0]


def test_what_is_nobodys_has_no_number_of_a_segment_and_says_so(own_site: WebSite) -> None:
    with own_site.hub.state.session() as session:
        session.add(SavedSegment(name="jp", title="Japan", condition="country = 'JP'"))
    text = page(own_site, "/metric/ad_spend?segment=jp&period=2026-03")
    assert "belongs to no customer" in text and 'href="/metric/ad_spend?period=2026-03"' in text
    assert "belongs to no customer" not in page(own_site, "/metric/nps?segment=jp")


def test_editors_set_targets_and_all_see_them(own_site: WebSite) -> None:
    editor = own_site.client("editor")
    told = editor.post(
        "/metric/first_response_time/aims?lang=da",
        data={"target": "2 t 30 min", "benchmark": "1,5 t", "source": "Bench"},
    )
    assert (told.status_code, told.headers["location"].partition("?")[0]) == (303, "/metric/first_response_time")
    with own_site.hub.state.session() as session:
        found = targets.of(session, "first_response_time")
        assert found and (found.value, found.benchmark, found.benchmark_source) == (9000.0, 5400.0, "Bench")
    assert 'value="2 h 30 m"' in page(own_site, "/metric/first_response_time", "editor")
    assert "/aims" not in page(own_site, "/metric/first_response_time"), "viewers have no form"
    assert own_site.client("viewer").post("/metric/nps/aims", data={"target": "5"}).status_code == 403


def test_a_target_that_is_no_number_is_said_beside_it_and_kept_as_typed(own_site: WebSite) -> None:
    told = own_site.client("editor").post("/metric/nps/aims", data={"target": "<b>lots</b>", "benchmark": "30"})
    assert told.status_code == 400
    assert 'value="&lt;b&gt;lots&lt;/b&gt;"' in told.text and 'id="e-target"' in told.text
    with own_site.hub.state.session() as session:
        assert targets.of(session, "nps") is None


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("/metric/npz", 404, "Did you mean"),
        ("/metric/nps?by=chanel", 404, "channel"),
        ("/metric/nps?by=channel&sort=valu", 400, "Did you mean"),
        ("/metric/nps?show=dya", 400, "Did you mean"),
        ("/metric/nps?by=channel;drop table answer", 404, "There is no"),
        ("/metric/nps?by=1) OR 1=1--", 404, "There is no"),
    ],
)
def test_what_is_not_known_is_said_with_what_is_near(site: WebSite, query: str, status: int, said: str) -> None:
    """TRUST.md, fault 12: dimensions, orders and metrics by name only."""
    answer = site.client().get(query)
    assert answer.status_code == status
    assert said in answer.text
