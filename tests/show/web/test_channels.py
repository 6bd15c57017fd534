"""Channels, each by the metrics that fit it."""

from __future__ import annotations

import re

import pytest

from kizuna.show import number
from kizuna.show.reading import Reader
from kizuna.show.web.channel import CHANNELS
from website import WebSite

MARCH = "period=2026-03"
IDS = [channel.id for channel in CHANNELS]


def page(site: WebSite, address: str) -> str:
    answer = site.client().get(address)
    assert answer.status_code == 200, answer.text[-1500:]
    return answer.text


def test_all_channels_are_on_one_page(site: WebSite) -> None:
    text = page(site, f"/channels?{MARCH}")
    for name in IDS:
        assert f'href="/channel/{name}?{MARCH}"' in text


@pytest.mark.parametrize("name", IDS)
def test_a_channel_shows_its_metrics_of_its_own_rows(site: WebSite, name: str) -> None:
    text = page(site, f"/channel/{name}?{MARCH}&lang=en")
    found = next(channel for channel in CHANNELS if channel.id == name)
    for section in found.sections:
        answer = site.hub.workspace.measure(*section.metrics, since="2026-03", until="2026-04", where=section.where)
        reader = Reader.of(answer)
        for record in answer.records:
            if record.value is not None:
                metric = answer.metrics[record.metric]
                assert f"<data>{reader.value(record, metric)}</data>" in text, metric.id


@pytest.mark.parametrize("language", ["ja", "da"])
@pytest.mark.parametrize("name", IDS)
def test_channels_speak_all_languages_and_hold_to_the_scope(site: WebSite, name: str, language: str) -> None:
    text = page(site, f"/channel/{name}?period=2026-02&compare=year&lang={language}")
    assert f'lang="{language}"' in text and "period=2026-02&amp;compare=year" in text


def test_email_is_judged_over_campaigns_each_person_once_a_day(site: WebSite) -> None:
    """The sum of the days' openers is more than the month's: it would count who opened on two days twice."""
    text = page(site, f"/channel/email?{MARCH}")
    where = "channel = 'email'"
    days = site.hub.workspace.measure(
        "openers", every="day", since="2026-03", until="2026-04", where=where, compare="none"
    )
    month = site.hub.workspace.measure("openers", since="2026-03", until="2026-04", where=where).value() or 0.0
    values = [r.value or 0.0 for r in days.records]
    assert sum(values) > month
    cells = re.search(r'<table class="people">.*?<tbody>(.*?)</tbody>', text, re.S)
    assert cells
    rows = [
        [re.sub(r"<[^>]+>", "", c) for c in re.findall(r"<t[hd].*?</t[hd]>", r, re.S)] for r in cells[1].split("</tr>")
    ]
    assert rows[0][1:4] == [number.count(round(n)) for n in (sum(values) / 31, min(values), max(values))]
    assert rows[2][:2] == ["Mar 2026", number.count(month)]


def test_reach_stands_apart_from_engagement(site: WebSite) -> None:
    text = page(site, f"/channel/social?{MARCH}")
    engagement, _, reach = text.partition('id="s-reach"')
    assert "/metric/social_impressions" in reach and "/metric/social_impressions" not in engagement.split('id="t-')[0]
    assert "no engagement score" in reach


def test_the_hours_of_the_week_are_an_average_week(site: WebSite) -> None:
    """March 2026 has five Sundays, Mondays and Tuesdays: their hours count a fifth each, the other days' a fourth."""
    text = page(site, f"/channel/support?{MARCH}")
    answer = site.hub.workspace.measure("contact_volume", by="hour_of_week", since="2026-03", until="2026-04")
    found = {int(r.group["hour_of_week"]): r.value or 0.0 for r in answer.records if r.group["hour_of_week"].isdigit()}
    assert found
    for place in (max(found, key=lambda p: found[p]), 10, 83):
        weeks = 5 if place // 24 in (6, 0, 1) else 4
        value = found.get(place, 0.0) / weeks
        day = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[place // 24]
        said = number.fixed(value, 0 if value >= 10 else 1, "count")
        assert f'title="{day} {place % 24:02}:00–{place % 24 + 1:02}:00: {said}"' in text


def test_the_hours_are_those_of_a_tier(site: WebSite) -> None:
    everyone, gold = page(site, f"/channel/support?{MARCH}"), page(site, f"/channel/support?{MARCH}&tier=gold")
    assert re.findall(r'<td class="h\d" title="[^"]*"', everyone) != re.findall(r'<td class="h\d" title="[^"]*"', gold)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/channel/suport", "support"),
        ("/channel/support?tier=golden' OR 1=1", "There is no tier"),
        ("/channel/support?hours=nps", "There is no count"),
    ],
)
def test_what_is_not_known_is_said(site: WebSite, address: str, said: str) -> None:
    """TRUST.md, fault 12."""
    answer = site.client().get(address)
    assert answer.status_code == 404 and said in answer.text


def test_a_channel_without_data_says_how_to_connect_it(own_site: WebSite) -> None:
    for name in IDS:
        assert "/data/import" in page(own_site, f"/channel/{name}")
    assert "/data/import" in page(own_site, "/channels")
