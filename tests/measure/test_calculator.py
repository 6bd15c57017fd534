"""The calculators meet the published examples, refuse the impossible and never divide by zero."""

from __future__ import annotations

import inspect
import math
import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kizuna.errors import QuestionError, WrongInput
from kizuna.locale.texts import texts
from kizuna.measure import calculator
from kizuna.measure.calculation import why
from kizuna.measure.calculator import CALCULATORS, cac, ces, churn, clv, csat, ctr, nps, retention, sample_size

COUNT = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("calculation", "value", "formula"),
    [
        (nps(16, 9, 0), 64, "100 · (16 promoters − 0 detractors) / 25 answers = 64.00"),
        (nps(counts=[1, 0, 0, 0, 0, 0, 2, 3, 4, 5, 5]), 35, "100 · (10 promoters − 3 detractors) / 20 answers = 35.00"),
        (csat(7, 12), 58.33, "100 · 7 positive / 12 answers = 58.33"),
        (csat(counts=[1, 2, 2, 4, 3]), 58.33, "100 · 7 positive / 12 answers = 58.33"),
        (ces(11, 3), 3.67, "11 / 3 answers = 3.67"),
        (ces(counts=[0, 1, 0, 1, 1, 0, 0]), 3.67, "11 / 3 answers = 3.67"),
        (churn(100, 20, 100), 20, "100 · (100 + 20 − 100) / 100 = 20.00"),
        (retention(100, 20, 110), 90, "100 · (110 − 20) / 100 = 90.00"),
        (ctr(60, 100), 60, "100 · 60 clicks / 100 impressions = 60.00"),
        (clv(50, 4, 3), 600, "50 × 4 a year × 3 years × 100 % = 600.00"),
        (clv(50, 4, 3, 30), 180, "50 × 4 a year × 3 years × 30 % = 180.00"),
        (clv(monthly_margin=24, churn=3), 800, "24 a month / 3 % churn a month = 800.00"),
        (cac(40, 9_000, 2_000, 1_000), 300, "(9,000 + 2,000 + 1,000) / 40 new customers = 300.00"),
        (sample_size(5), 385, "1.960² · 0.5 · (1 − 0.5) / 0.05² = 384.1, rounded up to 385"),
    ],
    ids=lambda item: item.name if isinstance(item, calculator.Calculation) else "",
)
def test_published_examples(calculation: calculator.Calculation, value: float, formula: str) -> None:
    assert calculation.value == pytest.approx(value, abs=0.005)
    assert calculation.formula == formula


@pytest.mark.parametrize(
    ("calculation", "low", "high"),
    [
        (nps(16, 9, 0), 36.91, 77.38),
        (csat(7, 12), 31.95, 80.67),
        (churn(100, 20, 100), 13.34, 28.88),
        (retention(100, 20, 110), 82.56, 94.48),
        (ctr(60, 100), 50.20, 69.06),
        (ces(counts=[0, 1, 0, 1, 1, 0, 0]), 1.0, 7.0),
        (ces(counts=[0, 0, 0, 5, 10, 5, 0]), 4.66, 5.34),
        # Garwood's exact bounds for a count of 10 are 4.795 and 18.390.
        (cac(10, 1_000), 1_000 / 18.390, 1_000 / 4.795),
        # 3 of 100 lost: Wilson gives 1.025 % to 8.452 %.
        (clv(monthly_margin=24, churn=3, customers=100), 24 / 0.08452, 24 / 0.01025),
    ],
)
def test_intervals(calculation: calculator.Calculation, low: float, high: float) -> None:
    assert (calculation.low, calculation.high) == (pytest.approx(low, rel=1e-3), pytest.approx(high, rel=1e-3))
    assert calculation.note.startswith("Interval:") or calculation.name == "Customer Effort Score"


@pytest.mark.parametrize(
    "calculation",
    [
        nps(0, 0, 0),
        csat(0, 0),
        ces(0, 0),
        ces(counts=[0] * 7),
        churn(0, 0, 0),
        retention(0, 5, 5),
        ctr(0, 0),
        clv(monthly_margin=24, churn=0),
        cac(0, 100),
        sample_size(5, population=0),
    ],
)
def test_a_zero_denominator_gives_no_value_and_says_why(calculation: calculator.Calculation) -> None:
    assert (calculation.value, calculation.low, calculation.high) == (None, None, None)
    assert calculation.note.startswith("No value:")


@pytest.mark.parametrize(
    "calculation",
    [ces(11, 3), ces(counts=[0, 0, 0, 1, 0, 0, 0]), clv(50, 4, 3), clv(monthly_margin=24, churn=3), churn(10, 100, 50)],
)
def test_what_allows_no_interval_says_so(calculation: calculator.Calculation) -> None:
    assert calculation.value is not None
    assert (calculation.low, calculation.high) == (None, None)
    assert calculation.note.startswith("No interval")


def test_averages_of_customers_have_a_rate_but_no_interval() -> None:
    assert churn(100.5, 20, 100).value == pytest.approx(20.398, abs=1e-3)
    assert "whole numbers" in churn(100.5, 20, 100).note


def test_no_new_customers_to_be_sure_of_leaves_the_cost_open_above() -> None:
    assert clv(monthly_margin=10, churn=0.5, customers=10).high is not None
    assert cac(1, 100).high == pytest.approx(100 / 0.02532, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "inputs", "words"),
    [
        ("nps", {"promoters": -1, "passives": 0, "detractors": 0}, "promoters is -1"),
        ("nps", {"promoters": 1.5, "passives": 0, "detractors": 0}, "promoters is 1.5.*whole number"),
        ("nps", {"promoters": math.inf, "passives": 0, "detractors": 0}, "promoters is inf"),
        ("nps", {"promoters": 3}, "nps needs passives and detractors.*counts"),
        ("nps", {"counts": [1, 2, 3]}, "counts has 3 numbers.*11"),
        ("nps", {"counts": [0] * 11, "passives": 2}, "one or the other"),
        ("nps", {"counts": [0] * 10 + [-2]}, "answer 10 is -2"),
        ("csat", {"positive": 13, "total": 12}, "positive is 13, more than total, 12"),
        ("csat", {"positive": 1, "total": 12, "level": 95}, "level of 95"),
        ("ces", {"sum": 22, "answers": 3}, "sum is 22.*3 to 21"),
        ("ces", {"sum": 2, "answers": 3}, "sum is 2.*3 to 21"),
        ("churn", {"start": 100, "acquired": 20, "end": 121}, "end is 121.*only 120"),
        ("retention", {"start": 100, "acquired": 20, "end": 121}, "end is 121.*only 120"),
        ("retention", {"start": math.nan, "acquired": 20, "end": 121}, "start is nan"),
        ("ctr", {"clicks": 101, "impressions": 100}, "clicks is 101"),
        ("clv", {"order_value": 1}, "clv needs frequency and lifespan"),
        ("clv", {"order_value": 1, "frequency": 1, "lifespan": 1, "margin": 101}, "margin is 101.*percent"),
        ("clv", {"monthly_margin": 1}, "clv needs churn"),
        ("clv", {"monthly_margin": 1, "churn": 3, "lifespan": 2}, "one or the other"),
        ("clv", {"monthly_margin": 1, "churn": 130}, "churn is 130"),
        ("cac", {"new_customers": 10, "data": -5}, "data is -5"),
        ("sample-size", {"margin": 0}, "margin is 0"),
        ("sample-size", {"margin": 5, "share": 100}, "share is 100"),
        ("sample-size", {"margin": 5, "nps": True, "promoters": 60, "detractors": 50}, "add up to 110"),
        ("sample-size", {"margin": 5, "nps": True, "promoters": 100, "detractors": 0}, "one mind"),
        ("sample-size", {"margin": 5, "population": -1}, "population is -1"),
    ],
)
def test_impossible_input_is_refused_by_name(name: str, inputs: dict[str, Any], words: str) -> None:
    with pytest.raises(QuestionError, match=words) as refused:
        CALCULATORS[name](**inputs)
    assert refused.value.next_step


@pytest.mark.parametrize(
    ("calculation", "value"),
    [
        # The tables in Cochran (1977) and every survey handbook: ± 5 points of a thousand people.
        (sample_size(5, population=1_000), 278),
        (sample_size(3), 1_068),
        (sample_size(5, level=0.99), 664),
        (sample_size(5, share=10), 139),
        (sample_size(10, nps=True), 385),
        (sample_size(10, nps=True, promoters=40, detractors=20), 216),
        (sample_size(5, population=1), 1),
    ],
)
def test_sample_sizes(calculation: calculator.Calculation, value: float) -> None:
    assert calculation.value == value


def test_the_sample_size_gives_the_wished_margin() -> None:
    n = sample_size(4, share=30).value
    assert n is not None
    found = csat(round(0.3 * n), n)
    assert found.low is not None and found.high is not None
    assert (found.high - found.low) / 2 == pytest.approx(4, abs=0.05)


@given(COUNT, COUNT, COUNT)
def test_churn_and_retention_add_up_to_a_hundred(start: int, acquired: int, lost: int) -> None:
    assume(start > 0 and lost <= start + acquired)
    left, stayed = churn(start, acquired, start + acquired - lost), retention(start, acquired, start + acquired - lost)
    assert left.value is not None and stayed.value is not None
    assert left.value + stayed.value == pytest.approx(100)
    if left.low is not None and stayed.high is not None:
        assert left.low + stayed.high == pytest.approx(100)


@given(st.lists(COUNT, min_size=11, max_size=11))
def test_counts_per_answer_say_the_same_as_the_groups(counts: list[int]) -> None:
    grouped = nps(sum(counts[9:]), sum(counts[7:9]), sum(counts[:7]))
    assert nps(counts=counts) == grouped


@given(COUNT, COUNT, COUNT, st.floats(0.5, 0.99))
def test_the_value_lies_in_its_interval(promoters: int, passives: int, detractors: int, level: float) -> None:
    found = nps(promoters, passives, detractors, level=level)
    if found.value is None:
        assert promoters + passives + detractors == 0
    else:
        assert found.low is not None and found.high is not None
        assert -100 <= found.low <= found.value + 1e-9
        assert found.value - 1e-9 <= found.high <= 100


def test_a_calculation_is_plain_values() -> None:
    record = csat(7, 12).to_dict()
    assert record["inputs"] == {"positive": 7, "total": 12}
    assert record["unit"] == "percent"
    assert isinstance(record["low"], float)


def test_words_and_numbers_are_the_reader_s() -> None:
    found = cac(1_200, 9_000.5, 2_000, 1_000)
    assert found.name_in("da") == "Kundeanskaffelsesomkostning (CAC)"
    assert found.formula_in("da") == "(9.000,5 + 2.000 + 1.000) / 1.200 nye kunder = 10,00"
    assert nps(16, 9, 0).formula_in("ja") == "100 ×（推奨者 16 − 批判者 0）÷ 回答 25 = 64.00"
    assert csat(7, 12).to_dict("ja")["note"] == "区間：Wilson（1927）。"
    sized = sample_size(5, population=1_000)
    assert sized.formula_in("da").endswith("384,1 / (1 + (384,1 − 1) / 1.000), rundet op til 278")


def test_every_sentence_is_there_in_each_language_with_the_same_gaps() -> None:
    for key, said in texts("calculator").items():
        assert set(said) == {"en", "ja", "da"}, key
        gaps = {language: set(re.findall(r"{(\w+)}", sentence)) for language, sentence in said.items()}
        # A sentence that the field stands beside need not name it.
        assert gaps["en"] - {"field"} == gaps["ja"] - {"field"} == gaps["da"] - {"field"}, key


def test_what_is_wrong_is_said_in_the_reader_s_language_with_the_field_s_label() -> None:
    with pytest.raises(WrongInput) as refused:
        csat(1_300, 1_200)
    assert refused.value.field == "positive"
    assert refused.value.what == "positive is 1,300, more than total, 1,200."
    gaps = refused.value.gaps | {"field": "Tilfredse", "whole": "Svar"}
    assert why(refused.value.reason, gaps, "da") == (
        "Tilfredse er 1.300, mere end Svar, 1.200.",
        "Tilfredse skal være fra 0 til Svar.",
    )


ANY = st.one_of(
    st.floats(), st.integers(-10, 10**20), st.sampled_from([0, 1, 100, 1e15, 1e16, 1e-300, 5e-324, 1.8e308, math.nan])
)


@given(st.sampled_from(sorted(CALCULATORS)), st.data())
def test_whatever_is_typed_in_gives_a_number_or_a_reason(name: str, data: st.DataObject) -> None:
    """No input ends in an exception of Python's own, or in an infinity: the page is public."""
    parameters = [p for p in inspect.signature(CALCULATORS[name]).parameters.values() if p.name not in ("level", "nps")]
    given = {p.name: data.draw(ANY, p.name) for p in parameters if p.name != "counts"}
    if "counts" in CALCULATORS[name].__annotations__ and data.draw(st.booleans()):
        given = {"counts": data.draw(st.lists(ANY, min_size=5, max_size=11))}
    kept = data.draw(st.sets(st.sampled_from(sorted(given)))) if name in ("clv", "sample-size") else set(given)
    try:
        found = CALCULATORS[name](**{key: value for key, value in given.items() if key in kept})
    except QuestionError as refused:
        assert refused.what
        return
    except TypeError:
        assert name == "sample-size" and "margin" not in kept
        return
    assert all(n is None or math.isfinite(n) for n in (found.value, found.low, found.high))
    assert found.formula_in("ja") and found.note_in("da")
