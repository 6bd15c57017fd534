"""What stands beside a chart's numbers: notes, target, benchmark, the course compared with; and how a chart looks."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
import vl_convert

from kizuna.show.chart import chart
from kizuna.show.look import DARK, LIGHT, Look
from kizuna.show.marked import Marked
from kizuna.show.picture import VERSION


@dataclass(frozen=True)
class Note:
    day: date
    text: str
    last_day: date | None = None


def data(spec: Any, key: str) -> list[dict[str, Any]]:
    """The data of the layers whose rows have `key`."""
    rows = [v for layer in spec["layer"] for v in layer.get("data", {}).get("values", [])]
    return [row for row in rows if key in row]


def drawn(spec: Any) -> str:
    return str(vl_convert.vegalite_to_svg(spec, vl_version=VERSION, allowed_base_urls=[]))


def test_a_note_stands_in_the_period_it_falls_into(make_answer: Any) -> None:
    """A month's number stands at its first day: drawn at its own day, a note of the 25th would explain the next month."""
    notes = [Note(date(2025, 8, 25), "New checkout"), Note(date(2025, 8, 2), "別のこと")]
    spec = chart(make_answer(["nps"], 4), marked=Marked(notes))
    (row,) = data(spec, "mark")
    assert (row["start"], row["end"], row["mark"]) == ("2025-08-01", "2025-08-01", "1 2")
    assert "1 · 25 Aug 2025: New checkout" in spec["title"]["subtitle"]
    assert ">1 2<" in drawn(spec)


def test_a_note_of_one_day_draws_no_band(make_answer: Any) -> None:
    """A band of no rows has no extent, of which a browser warns."""
    once = chart(make_answer(["nps"], 4), marked=Marked([Note(date(2025, 8, 25), "New checkout")]))
    lasting = chart(make_answer(["nps"], 4), marked=Marked([Note(date(2025, 8, 25), "Sale", date(2025, 9, 3))]))
    assert '"rect"' not in json.dumps(once) and '"rect"' in json.dumps(lasting)


def test_a_note_that_lasts_is_a_band_and_one_outside_is_not_drawn(make_answer: Any) -> None:
    notes = [Note(date(2025, 8, 25), "Sale", date(2025, 9, 3)), Note(date(2024, 1, 1), "Long ago")]
    (row,) = data(chart(make_answer(["nps"], 4), marked=Marked(notes)), "mark")
    assert (row["start"], row["end"]) == ("2025-08-01", "2025-09-01")


def test_the_target_stands_in_the_unit_of_the_axis(make_answer: Any) -> None:
    """Durations are drawn in hours or minutes: a target in seconds would lie far off."""
    spec = chart(make_answer(["first_response_time"], 4), marked=Marked(target=3600.0, benchmark=7200.0))
    assert [row["value"] for row in data(spec, "said")] == [60.0, 120.0]
    assert [row["said"] for row in data(spec, "said")] == ["target 1 h", "benchmark 2 h"]
    assert "target 1 h" in drawn(spec)


def test_the_course_compared_with_is_dashed_and_stands_under_its_counterparts(make_answer: Any) -> None:
    answer = make_answer(["nps"], 4)
    before = [replace(r, value=v) for r, v in zip(answer.records, (1.0, None, 3.0), strict=False)]
    rows = data(chart(answer, marked=Marked(before=before)), "said")
    assert [(row["start"], row["value"]) for row in rows] == [("2025-07-01", 1.0), ("2025-09-01", 3.0)]


def test_a_chart_of_a_page_leaves_title_and_ground_to_the_page(make_answer: Any) -> None:
    spec = chart(make_answer(["nps"], 4), look=Look(DARK, (340, 240), on_page=True))
    svg = drawn(spec)
    assert "title" not in spec and "Net Promoter Score" not in svg.split("aria-label")[0]
    assert 'width="340" height="240"' in svg
    assert DARK.accent in svg and LIGHT.accent not in svg
    assert 'fill="white"' not in svg


def test_the_legend_of_a_list_of_dots_says_what_its_colours_mean(make_answer: Any) -> None:
    """Whiskers without a legend and dots with one shared a scale, and so there was none."""
    answer = make_answer(["csat"], 1, ["web", "shop"])
    better = [replace(r, change=2.0, previous=1.0, p_value=0.001, p_raw=0.001) for r in answer.records]
    svg = drawn(chart(replace(answer, records=better)))
    assert ">better<" in svg


@pytest.mark.parametrize(("months", "groups"), [(4, []), (1, ["web", "shop"])])
def test_numbers_without_an_interval_are_drawn_without_one(make_answer: Any, months: int, groups: list[str]) -> None:
    """A band of nothing has no extent, and Vega said so on the console of the page."""
    answer = make_answer(["csat"], months, groups)
    spec = chart(replace(answer, records=[replace(r, low=None, high=None) for r in answer.records]))
    assert '"low"' not in str(spec["layer"]).replace("'", '"').replace('"as": "low"', "").replace("datum.low", "")
    assert "mark-symbol" in drawn(spec)
