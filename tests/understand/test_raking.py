"""Raking: against a calculation by hand, against an implementation of another make, and on anything at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kizuna.understand.raking import CAP, MET, Margin, effective_size, rake


def margin(codes: list[int], target: list[float]) -> Margin:
    return Margin(np.array(codes, dtype=np.intp), np.array(target))


def by_rows(counts: list[int], margins: list[Margin], rounds: int) -> list[float]:
    """An implementation of another make: every answer by itself, in plain Python, without a cap."""
    rows = [cell for cell, count in enumerate(counts) for _ in range(count)]
    weights = [1.0] * len(rows)
    for _ in range(rounds):
        for each in margins:
            total = sum(weights)
            for value, share in enumerate(each.target):
                members = [i for i, cell in enumerate(rows) if each.codes[cell] == value]
                has = sum(weights[i] for i in members)
                for i in members:
                    weights[i] *= share * total / has
    mean = sum(weights) / len(weights)
    return [next(weights[i] / mean for i, cell in enumerate(rows) if cell == wanted) for wanted in range(len(counts))]


def test_one_margin_by_hand() -> None:
    """60 % should be Japanese and 25 % of those who answered are: 2.4 each; the others 0.4 / 0.75."""
    raked = rake(np.array([25.0, 75.0]), [margin([0, 1], [0.6, 0.4])])
    assert raked.weights == pytest.approx([2.4, 40 / 75])
    assert (raked.converged, raked.cut, raked.empty) == (True, 0, ())
    # (Σw)² / Σw² = 100² / (25 · 2.4² + 75 · (40/75)²)
    assert effective_size(np.array([25.0, 75.0]), raked.weights) == pytest.approx(10_000 / (144 + 1600 / 75))


def test_two_margins_by_hand() -> None:
    """Deming and Stephan's own kind of table: the cross ratio of a 2 × 2 table stays what it was."""
    counts = np.array([40.0, 10.0, 20.0, 30.0])
    raked = rake(counts, [margin([0, 0, 1, 1], [0.5, 0.5]), margin([0, 1, 0, 1], [0.4, 0.6])])
    made = counts * raked.weights
    assert made[:2].sum() == pytest.approx(50) and made[[0, 2]].sum() == pytest.approx(40)
    assert made[0] * made[3] / (made[1] * made[2]) == pytest.approx(40 * 30 / (10 * 20))


@pytest.mark.parametrize("seed", range(8))
def test_an_implementation_of_another_make_gives_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (3, 2, 4)
    counts = rng.integers(4, 25, shape).ravel()
    codes = np.indices(shape).reshape(3, -1)
    margins = [margin(codes[k].tolist(), rng.dirichlet([8.0] * size).tolist()) for k, size in enumerate(shape)]
    raked = rake(counts.astype(float), margins, cap=1e9)
    assert raked.weights == pytest.approx(by_rows(counts.tolist(), margins, 60), abs=1e-6)


tables = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda shape: st.tuples(
        st.just(shape),
        st.lists(st.integers(1, 50), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]),
        st.lists(st.integers(1, 20), min_size=shape[0], max_size=shape[0]),
        st.lists(st.integers(1, 20), min_size=shape[1], max_size=shape[1]),
    )
)


@given(tables)
def test_raked_margins_are_those_wanted(table: tuple[tuple[int, int], list[int], list[int], list[int]]) -> None:
    """Whatever was answered and is wanted: with an answer in every cell the shares come out, and the mean is 1."""
    shape, answers, *wanted = table
    counts = np.array(answers, dtype=float)
    codes = np.indices(shape).reshape(2, -1)
    margins = [margin(codes[k].tolist(), [share / sum(shares) for share in shares]) for k, shares in enumerate(wanted)]
    free = rake(counts, margins, cap=1e9)
    assert free.converged and free.off <= MET
    for each in margins:
        assert each.shares(counts * free.weights) == pytest.approx(each.target, abs=1e-6)
    held = rake(counts, margins)
    assert (counts * free.weights).sum() == pytest.approx(counts.sum())
    for raked in (free, held):
        assert 0 < effective_size(counts, raked.weights) <= counts.sum() * (1 + 1e-9)
    assert held.weights.max() <= CAP and held.weights.min() >= 1 / CAP


def test_a_weight_is_held_at_the_cap_and_that_is_told() -> None:
    """One answer of a hundred would have to speak for half of all: it counts five times, and the share stays off."""
    raked = rake(np.array([1.0, 99.0]), [margin([0, 1], [0.5, 0.5])])
    assert raked.weights[0] == pytest.approx(CAP)
    assert raked.cut == 1 and raked.converged
    assert 0.4 < raked.off < 0.5


def test_a_value_that_nobody_has_is_told_and_the_others_share() -> None:
    raked = rake(np.array([10.0, 30.0, 0.0]), [margin([0, 1, 2], [0.3, 0.3, 0.4])])
    assert raked.empty == ((0, 2),)
    assert raked.weights[:2] == pytest.approx([2.0, 2 / 3])


def test_answers_of_a_value_that_nobody_invited_has_count_nothing() -> None:
    raked = rake(np.array([10.0, 30.0, 5.0]), [margin([0, 1, 2], [0.5, 0.5, 0.0])])
    assert raked.weights[2] == 0
    assert (np.array([10.0, 30.0, 5.0]) * raked.weights)[:2] == pytest.approx([20, 20])


def test_margins_that_contradict_each_other_are_told() -> None:
    """No Dane but gold ones answered, so both cannot be had: half Danes, and a fifth gold."""
    counts = np.array([20.0, 0.0, 5.0, 75.0])
    margins = [margin([0, 0, 1, 1], [0.5, 0.5]), margin([0, 1, 0, 1], [0.2, 0.8])]
    held, free = rake(counts, margins), rake(counts, margins, cap=np.inf)
    assert held.cut and held.off > 0.1
    assert not free.converged and free.off > 0.1


def test_rounds_that_do_not_suffice_are_told() -> None:
    counts, codes = np.array([1.0, 60.0, 60.0, 1.0]), ([0, 0, 1, 1], [0, 1, 0, 1])
    margins = [margin(codes[0], [0.6, 0.4]), margin(codes[1], [0.7, 0.3])]
    assert not rake(counts, margins, cap=1e9, rounds=2).converged
    assert rake(counts, margins, cap=1e9).converged


def test_nothing_answered() -> None:
    assert not rake(np.zeros(2), [margin([0, 1], [0.5, 0.5])]).converged
    assert effective_size(np.zeros(2), np.zeros(2)) == 0
