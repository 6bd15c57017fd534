"""Pages say with how many metrics a change was tested: alone it may be beyond chance where among all it is not."""

from __future__ import annotations

import pytest

from kizuna.show.reading import Reader
from kizuna.show.web.channel import CHANNELS
from kizuna.show.web.tested import counted
from website import WebSite

MARCH = "period=2026-03"
ALONE = {"en": "Tested alone.", "ja": "この指標だけで検定", "da": "Testet alene."}


@pytest.mark.parametrize("language", list(ALONE))
def test_a_metric_that_moved_says_that_it_was_tested_alone(site: WebSite, language: str) -> None:
    """Only where it moved: what is not sure alone is so among all as well."""
    seen = set()
    for name in ("sessions", "visitors", "customers", "nps", "csat", "revenue", "open_rate"):
        answer = site.hub.workspace.measure(name, since="2026-03", until="2026-04")
        (record,) = answer.records
        moved = Reader.of(answer).verdict(record, answer.metrics[name]).real
        text = site.client().get(f"/metric/{name}?{MARCH}&lang={language}").text
        assert (ALONE[language] in text) == moved, name
        seen.add(moved)
    assert seen == {True, False}


def test_nothing_is_said_of_tests_where_nothing_was_compared(site: WebSite) -> None:
    for path in ("/metric/sessions", "/metrics", "/channels", "/channel/web"):
        text = site.client().get(f"{path}?{MARCH}&compare=none&lang=en").text
        assert "ested alone" not in text and "tested together" not in text and "beyond chance" not in text, path


def test_each_heading_of_a_channel_counts_its_own_tests(site: WebSite) -> None:
    text = site.client().get(f"/channel/web?{MARCH}&lang=en").text
    web = next(channel for channel in CHANNELS if channel.id == "web")
    for section in web.sections:
        answer = site.hub.workspace.measure(*section.metrics, since="2026-03", until="2026-04", where=section.where)
        assert counted(answer, Reader.of(answer)) in text
    assert "Metrics under one heading are tested together." in text


def test_the_page_of_all_channels_judges_as_the_page_of_each(site: WebSite) -> None:
    text = site.client().get(f"/channels?{MARCH}&lang=en").text
    for channel in CHANNELS:
        first = channel.sections[0]
        answer = site.hub.workspace.measure(*first.metrics, since="2026-03", until="2026-04", where=first.where)
        assert counted(answer, Reader.of(answer)) in text, channel.id


def test_the_list_of_metrics_counts_as_the_overview_does(site: WebSite) -> None:
    everything = site.hub.workspace.measure(
        *(m.id for m in site.hub.workspace.metrics() if not m.variant), since="2026-03", until="2026-04"
    )
    said = counted(everything, Reader.of(everything))
    assert said
    for path in ("/", "/metrics"):
        assert said in site.client().get(f"{path}?{MARCH}&lang=en").text, path
