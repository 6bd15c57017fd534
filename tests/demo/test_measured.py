"""The whole road on the whole demo: written, imported, measured; the planted truths come out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import kizuna
from kizuna import demo
from kizuna.demo import TRUTHS, Place, Truth
from kizuna.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("full demo")]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    root = tmp_path_factory.mktemp("full")
    with kizuna.init(root / "company", **demo.SETTINGS) as company:
        for fact, file in demo.write(root / "files"):
            report = company.import_file(fact, file)
            assert report.rejected_rows == 0, fact
            file.unlink()
        yield company


def value(company: Workspace, metric: str, place: Place) -> float:
    answer = company.measure(metric, where=place.where, since=place.since, until=place.until, compare="none")
    found = answer.value()
    assert found is not None
    return found


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.name)
def test_planted_truth_is_measured(company: Workspace, truth: Truth) -> None:
    here, there = (value(company, truth.metric, place) for place in (truth.here, truth.there))
    found = here - there if truth.measured_as == "difference" else here / there
    assert truth.low <= found <= truth.high, truth.sentence


def test_every_metric_has_data_in_a_quarter(company: Workspace) -> None:
    """But for the question that the company asks on another scale."""
    answer = company.measure(every="quarter", since="2026-04", until="2026-07", compare="none")
    known = {record.metric for record in answer.records if record.value is not None}
    assert set(company.catalogue) - known <= {"nps.ten_point"}


def test_the_worse_checkout_is_called_a_change(company: Workspace) -> None:
    answer = company.measure(
        "checkout_drop_off_rate", where="device = 'mobile'", every="month", since="2026-03", until="2026-04"
    )
    record = answer.records[0]
    assert record.change is not None and record.change > 5
    assert record.p_value is not None and record.p_value < 0.01
