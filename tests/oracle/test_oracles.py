"""Every metric against a query written by hand and a value reckoned by hand.

The company in ``company/`` is small enough to read. ``expected.csv`` says what each metric must be
there, as exact fractions; ``METRIC.sql`` says it as a query over the stored facts. The trap this
guards against is an engine that agrees with itself: neither was made from the catalogue.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

import kizuna
from kizuna.facts import FACTS

HERE = Path(__file__).parent
COMPANY = HERE / "company"
QUERIES = {file.stem: file.read_text(encoding="utf-8") for file in sorted(HERE.glob("*.sql"))}
MONTHS = {date(2026, 1, 1): date(2026, 2, 1), date(2026, 2, 1): date(2026, 3, 1), date(2026, 3, 1): date(2026, 4, 1)}
BEFORE = {date(2026, 1, 1): date(2025, 12, 1), date(2026, 2, 1): date(2026, 1, 1), date(2026, 3, 1): date(2026, 2, 1)}

Values = dict[str, float]
"""Group → value; the group of an undivided metric is ''. A group without a value is left out."""


def _expected() -> dict[tuple[str, date], Values]:
    found: dict[tuple[str, date], Values] = {}
    with (HERE / "expected.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            values = found.setdefault((row["metric"], date.fromisoformat(row["period_start"])), {})
            if row["value"]:
                values[row["group"]] = float(Fraction(row["value"]))
    return found


EXPECTED = _expected()
CASES = [pytest.param(metric, start, id=f"{metric}-{start:%b}") for metric in QUERIES for start in MONTHS]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The company, imported from its files as anyone would."""
    root = tmp_path_factory.mktemp("nagomi")
    copy(COMPANY / "kizuna.toml", root)
    with kizuna.open(root) as shop:
        for name in FACTS:
            file = COMPANY / f"{name}.csv"
            if file.exists():
                report = shop.import_file(name, file)
                assert not report.rejected, f"{name}: {report}"
        yield shop


@pytest.fixture(scope="module")
def measured(company: Any) -> dict[tuple[str, date], Values]:
    """All metrics by month, in one question."""
    answer = company.measure(*QUERIES, every="month", since="2026-01-01", until="2026-04-01", compare="none")
    found: dict[tuple[str, date], Values] = defaultdict(dict)
    for record in answer.records:
        # a type of order seen in another month is a share of 0 % here; the queries only list what is there
        if record.value is not None and (record.n or not record.group):
            found[record.metric, record.start][" ".join(record.group.values())] = record.value
    return found


def asked(shop: Any, metric: str, start: date) -> Values:
    """What the query of a metric says for the month."""
    sql = QUERIES[metric]
    days = {"start": start, "end": MONTHS[start], "previous_start": BEFORE[start]}
    rows = shop.store.execute(sql, {name: day for name, day in days.items() if f"${name}" in sql})
    named = [("", *row) if len(row) == 1 else row for row in rows]
    return {group: float(value) for group, value in named if value is not None}


@pytest.mark.parametrize(("metric", "start"), CASES)
def test_query_gives_the_value_reckoned_by_hand(company: Any, metric: str, start: date) -> None:
    if (metric, start) not in EXPECTED:
        assert any(name == metric for name, _ in EXPECTED), f"expected.csv says nothing of {metric}"
    assert asked(company, metric, start) == pytest.approx(EXPECTED.get((metric, start), {}), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("metric", "start"), CASES)
def test_measure_gives_what_the_query_gives(
    company: Any, measured: dict[tuple[str, date], Values], metric: str, start: date
) -> None:
    assert measured.get((metric, start), {}) == pytest.approx(asked(company, metric, start), rel=1e-9, abs=1e-9)


def test_every_metric_has_a_query_and_every_query_a_metric(company: Any) -> None:
    assert sorted(QUERIES) == sorted(metric.id for metric in company.metrics())


def test_a_mix_has_no_groups_of_other_questions(company: Any) -> None:
    """The trap: yes and no are choices of survey_response too, but no purposes of a visit."""
    answer = company.measure(
        "visitor_intent", "task_completion_rate", since="2026-01-01", until="2026-04-01", compare="none"
    )
    groups = {record.group["choice"] for record in answer.records if record.metric == "visitor_intent"}
    assert groups == {"buy", "get help", "look around"}


@pytest.mark.parametrize("metric", QUERIES)
def test_query_says_in_words_what_it_asks(metric: str) -> None:
    assert QUERIES[metric].startswith("-- ")
