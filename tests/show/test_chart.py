"""Charts: that they draw, carry the interval, and take their numbers from the answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import vl_convert

from kizuna.errors import KizunaError
from kizuna.show.chart import chart, save
from kizuna.show.picture import VERSION, page

CASES = [
    (["nps"], 6, []),
    (["nps", "revenue", "first_response_time"], 6, []),
    (["csat"], 4, ["web", "電話"]),
    (["csat"], 1, ["web", "電話"]),
    (["nps", "csat", "cart_abandonment_rate"], 1, []),
]


def marks(spec: Any) -> list[str]:
    """Every mark of a specification, however deep."""
    if isinstance(spec, dict):
        own = spec.get("mark")
        kind = own["type"] if isinstance(own, dict) else own
        return ([kind] if isinstance(kind, str) else []) + [m for v in spec.values() for m in marks(v)]
    return [m for v in spec for m in marks(v)] if isinstance(spec, list) else []


def numbers(spec: Any) -> list[float]:
    """Every value in a specification's data."""
    if isinstance(spec, dict):
        rows = spec.get("data", {}).get("values", []) if isinstance(spec.get("data"), dict) else []
        return [r["value"] for r in rows] + [n for v in spec.values() for n in numbers(v)]
    return [n for v in spec for n in numbers(v)] if isinstance(spec, list) else []


@pytest.mark.parametrize("language", ["en", "ja", "da"])
@pytest.mark.parametrize(("ids", "months", "groups"), CASES)
def test_charts_draw(make_answer: Any, ids: list[str], months: int, groups: list[str], language: str) -> None:
    answer = make_answer(ids, months, groups)
    spec = chart(answer, language)
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VERSION, allowed_base_urls=[])
    for name in ids:
        assert answer.metrics[name].name[language] in svg
    assert ("area" if months > 1 else "rule") in marks(spec)
    assert sorted(numbers(spec)) == sorted(r.value for r in answer.records)
    assert spec["description"].endswith(".")


def test_the_band_runs_from_low_to_high(make_answer: Any) -> None:
    spec = chart(make_answer(["nps"], 4))
    band = next(layer for layer in spec["layer"] if layer["mark"]["type"] == "area")
    assert (band["encoding"]["y"]["field"], band["encoding"]["y2"]["field"]) == ("low", "high")


def test_better_and_worse_are_the_only_meanings_with_a_colour(make_answer: Any) -> None:
    tones = {r["tone"] for r in chart(make_answer(["nps"], 6))["data"]["values"]}
    assert tones <= {"accent", "quiet", "better", "worse"}
    assert {"better", "worse"} <= tones


def test_no_data_is_a_gap_not_a_zero(make_answer: Any) -> None:
    from dataclasses import replace

    answer = make_answer(["nps"], 5)
    gap = [replace(r, value=None, low=None, high=None) if i == 2 else r for i, r in enumerate(answer.records)]
    spec = chart(replace(answer, records=gap))
    assert None in numbers(spec)
    assert vl_convert.vegalite_to_svg(spec, vl_version=VERSION)
    assert chart(make_answer(["waiting_time"], 3))["title"] == "no data"


@pytest.mark.parametrize(
    ("suffix", "begins"), [(".svg", b"<svg"), (".png", b"\x89PNG"), (".html", b"<!doctype"), (".json", b"{")]
)
def test_save(make_answer: Any, tmp_path: Path, suffix: str, begins: bytes) -> None:
    file = tmp_path / f"nps{suffix}"
    save(chart(make_answer(["nps"])), file)
    assert file.read_bytes().startswith(begins)


def test_save_says_what_it_can_write(make_answer: Any, tmp_path: Path) -> None:
    with pytest.raises(KizunaError, match=r"Did you mean \.svg"):
        save(chart(make_answer(["nps"])), tmp_path / "nps.svgg")


def test_a_page_needs_no_network_and_its_labels_cannot_break_out(make_answer: Any) -> None:
    """TRUST.md, fault 13: a script in a chart's label is text."""
    evil = "</script><script>alert(1)</script>"
    text = page(chart(make_answer(["csat"], 3, [evil, "web"])))
    assert evil not in text
    assert "alert(1)" in text
    assert 'src="http' not in text
    assert "cdn.jsdelivr" not in text.split("vegaEmbed(")[-1]
    data = text.rsplit('vegaEmbed("#chart", ', 1)[1].split(", {renderer")[0]
    assert evil in {r["group"] for r in json.loads(data)["data"]["values"]}


def test_an_answer_draws_itself(make_answer: Any) -> None:
    answer = make_answer(["nps"])
    assert answer.chart("ja") == chart(answer, "ja")
