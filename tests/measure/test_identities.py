"""What must hold in every company, whatever happened in it."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.measure.made import CATALOGUE, FIRST, LAST, Company, business, companies, write

import kizuna
from kizuna.measure.answer import Record
from kizuna.measure.ask import Business, ask
from kizuna.measure.question import Question

EXAMPLES = settings(max_examples=10)
ADDITIVE = tuple(m.id for m in CATALOGUE.values() if m.kind in ("count", "sum") and m.span == "period")
MIXES = tuple(m.id for m in CATALOGUE.values() if m.kind == "mix")


def measure(asked: Business, *metrics: str, every: str = "month", **more: Any) -> list[Record]:
    span = {"since": FIRST, "until": LAST} | more
    return ask(asked, Question(metrics, every=every, compare="none", **span)).records  # type: ignore[arg-type]


def by_place(records: list[Record]) -> dict[tuple[Any, ...], dict[str, float | None]]:
    """Period and group → metric → value."""
    found: dict[tuple[Any, ...], dict[str, float | None]] = defaultdict(dict)
    for record in records:
        found[record.start, *record.group.values()][record.metric] = record.value
    return found


def totals(records: list[Record]) -> dict[str, float]:
    """Values added up by metric; no value adds nothing."""
    found: dict[str, float] = defaultdict(float)
    for record in records:
        found[record.metric] += record.value or 0
    return {metric: total for metric, total in found.items() if not math.isclose(total, 0, abs_tol=1e-9)}


@EXAMPLES
@given(companies)
def test_promoters_passives_and_detractors_add_to_a_hundred(company: Company) -> None:
    shares = ("promoter_share", "passive_share", "detractor_share")
    for values in by_place(measure(business(company), "nps", *shares, by=("channel",))).values():
        if values["nps"] is None:
            assert all(values[share] is None for share in shares)
            continue
        promoters, passives, detractors = (values[share] or 0 for share in shares)
        assert promoters + passives + detractors == pytest.approx(100)
        assert promoters - detractors == pytest.approx(values["nps"])


@EXAMPLES
@given(companies)
def test_mixes_add_to_a_hundred(company: Company) -> None:
    added: dict[tuple[str, date], float] = defaultdict(float)
    for record in measure(business(company), *MIXES):
        if record.value is not None:
            added[record.metric, record.start] += record.value
    assert added == pytest.approx(dict.fromkeys(added, 100))


@EXAMPLES
@given(companies, st.sampled_from(((), ("country",))))
def test_who_stays_and_who_leaves_add_to_a_hundred(company: Company, by: tuple[str, ...]) -> None:
    records = measure(business(company), "churn_rate", "retention_rate.cohort", by=by)
    for values in by_place(records).values():
        left, stayed = values["churn_rate"], values["retention_rate.cohort"]
        assert (left is None) == (stayed is None)
        assert left is None or stayed is None or left + stayed == pytest.approx(100)


@EXAMPLES
@given(companies)
def test_engaged_sessions_are_those_that_do_not_bounce(company: Company) -> None:
    records = measure(business(company), "bounce_rate.engaged", "engaged_session_share", every="week")
    for values in by_place(records).values():
        bounced, engaged = values["bounce_rate.engaged"], values["engaged_session_share"]
        assert (bounced is None) == (engaged is None)
        assert bounced is None or engaged is None or engaged == pytest.approx(100 - bounced)


@EXAMPLES
@given(
    companies, st.sets(st.integers(1, (LAST - FIRST).days - 1), max_size=3), st.sampled_from(("day", "week", "month"))
)
def test_counts_and_sums_add_up_over_any_partition_of_the_days(company: Company, cuts: set[int], every: str) -> None:
    asked = business(company)
    parts = measure(asked, *ADDITIVE, every=every)
    # periods are whole: the first and the last week reach beyond the days asked
    whole = measure(asked, *ADDITIVE, every="all", since=parts[0].start, until=parts[-1].end)
    assert totals(parts) == pytest.approx(totals(whole))
    edges = [FIRST, *(FIRST + timedelta(days=cut) for cut in sorted(cuts)), LAST]
    pieces = [
        record
        for since, until in pairwise(edges)
        for record in measure(asked, *ADDITIVE, every="all", since=since, until=until)
    ]
    assert totals(pieces) == pytest.approx(totals(measure(asked, *ADDITIVE, every="all")))


@EXAMPLES
@given(companies)
def test_counts_and_sums_add_up_over_groups(company: Company) -> None:
    asked = business(company)
    whole = totals(measure(asked, *ADDITIVE, every="all"))
    assert totals(measure(asked, *ADDITIVE, every="all", by=("weekday",))) == pytest.approx(whole)
    sales = ("revenue", "orders", "sessions", "page_views", "tickets_opened")
    for by in ("channel", "country"):
        grouped = totals(measure(asked, *sales, every="all", by=(by,)))
        assert grouped == pytest.approx({name: whole[name] for name in sales if name in whole})


@settings(max_examples=6)
@given(companies, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(company: Company, chance: Any) -> None:
    shuffled = {fact: chance.sample(rows, len(rows)) for fact, rows in company.items()}
    assert measure(business(shuffled), *CATALOGUE) == measure(business(company), *CATALOGUE)


@settings(max_examples=3)
@given(companies)
def test_replaying_files_changes_nothing(company: Company) -> None:
    with TemporaryDirectory() as folder:
        files = list(write(company, Path(folder)))
        shop = kizuna.init(Path(folder) / "shop", timezone="Asia/Tokyo", currency="JPY")
        asked = {"every": "month", "since": FIRST, "until": LAST, "compare": "none"}
        with shop:
            for fact, file in files:
                assert not shop.import_file(fact, file).rejected
            once = shop.measure(**asked).records
            for fact, file in files:
                report = shop.import_file(fact, file)
                assert (report.added, report.replaced) == (0, 0)
            assert shop.measure(**asked).records == once
            shop.rebuild()
            assert shop.measure(**asked).records == once
