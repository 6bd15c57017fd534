"""The overview: one look at everything, the same numbers as everywhere."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from kizuna.show.commands.measuring import look_back
from kizuna.show.reading import parts
from kizuna.show.web.pages.overview import look
from kizuna.show.web.scope import read_scope
from website import WebSite, make_company


def test_all_metrics_with_data_have_a_card_with_interval_and_verdict(site: WebSite) -> None:
    text = site.client().get("/").text
    for name in ("Net Promoter Score", "Customer retention rate", "Average resolution time", "Open rate"):
        assert name in text
    assert re.search(r'<span class="pm" title="[\d.−]+ to [\d.]+">± [\d.]+</span>', text)
    assert "not sure" in text and '<svg class="spark"' in text


def test_one_question_gives_the_numbers_of_two(site: WebSite) -> None:
    """The overview asks for the course and the change at once. What is tested together is what stands in one
    period, so p-values are those of asking for the period alone; they would not be if others were in."""
    shop = site.hub.workspace
    scope = read_scope({}, site.hub.last_day(), shop.settings, {})
    now, course = look_back(shop)
    seen = look(site.hub, scope)
    assert list(seen.now.records) == list(now.records)
    of_course = {(r.metric, r.start, tuple(r.group.values())): r.value for r in course.records}
    assert {(r.metric, r.start, tuple(r.group.values())): r.value for r in seen.course.records} == of_course


def test_a_range_that_is_no_calendar_unit_is_measured_as_it_is(site: WebSite) -> None:
    scope = read_scope({"period": "last-28-days"}, site.hub.last_day(), site.hub.settings, {})
    assert (scope.until - scope.since).days == 28 and scope.unit == "all"
    seen = look(site.hub, scope)
    asked = site.hub.workspace.measure("orders", since=scope.since, until=scope.until)
    (orders,) = (p for p in parts(seen.now) if p.id == "orders")
    assert orders.records[0].value == asked.value()
    assert {r.start for r in seen.course.records} > {date(2026, 6, 8)}


def test_the_scope_stays_in_all_links(site: WebSite) -> None:
    text = site.client().get("/?period=last-90-days&compare=year").text
    assert 'href="/metric/nps?period=last-90-days&amp;compare=year"' in text
    assert 'href="/customers?period=last-90-days&amp;compare=year"' in text


def test_a_wrong_scope_is_told_with_what_was_meant(site: WebSite) -> None:
    for query, meant in (("period=last-moth", "last-month"), ("compare=yeer", "year")):
        answer = site.client().get(f"/?{query}")
        assert answer.status_code == 400 and meant in answer.text


def test_a_workspace_without_data_says_what_to_do(own_site: WebSite) -> None:
    answer = own_site.client().get("/")
    assert answer.status_code == 200 and 'href="/data/import"' in answer.text


def test_it_is_in_three_languages(site: WebSite) -> None:
    assert "本当に変わったこと" in site.client().get("/?lang=ja").text
    danish = site.client().get("/", headers={"accept-language": "da-DK,da;q=0.9"}).text
    assert '<html lang="da"' in danish and "Hvad der virkelig ændrede sig" in danish


def test_whoever_is_not_signed_in_is_sent_to_sign_in(site: WebSite) -> None:
    answer = site.client("nobody").get("/?period=this-month")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/%3Fperiod%3Dthis-month"


def test_where_the_files_end_earlier_than_something_else_one_is_led_to_where_they_end(tmp_path: Path) -> None:
    """One message of today makes the last month one without data for everything that came by files."""
    site = WebSite(make_company(tmp_path / "shop", customers=60, months=3))
    try:
        assert "Look at" not in site.client().get("/").text
        text = site.client().get("/?period=2026-07").text
        assert "Most metrics have no data in Jul 2026." in text
        assert 'href="/?period=2026-06-01..2026-06-30"' in text and "Look at Jun 2026" in text
    finally:
        site.close()
