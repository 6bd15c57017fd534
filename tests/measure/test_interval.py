"""Intervals against published figures, and against the coverage they promise, counted exactly."""

from __future__ import annotations

from math import lgamma

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kizuna.errors import QuestionError
from kizuna.measure.interval import adjusted_wald_net, mean_t, normal_quantile, poisson_count, wilson

LEVELS = st.floats(0.5, 0.999)
log_factorial = np.vectorize(lambda k: lgamma(k + 1))


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
        # Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_newcombe_s_published_figures(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_wilson_is_where_the_score_test_just_rejects() -> None:
    """Wilson's definition: the bounds are the shares p whose |p̂ − p| is z standard errors *of p*."""
    low, high = wilson(7, 12)
    for bound in (low, high):
        assert abs(7 / 12 - bound) / np.sqrt(bound * (1 - bound) / 12) == pytest.approx(1.959964, abs=1e-6)


def test_adjusted_wald_adds_three_quarters_to_either_side() -> None:
    """16 promoters, 9 passives, 0 detractors, worked by hand: 16.75/28 − 0.75/28 ± 1.96·se."""
    p, d = 16.75 / 28, 0.75 / 28
    half = 1.959964 * np.sqrt((p + d - (p - d) ** 2) / 28)
    assert adjusted_wald_net(16, 0, 25) == (pytest.approx(p - d - half), pytest.approx(p - d + half))


def test_mean_t_gives_the_textbook_interval() -> None:
    """Student's own first example: additional hours of sleep, mean 0.75 and sd 1.789 of ten patients
    (Biometrika 1908, dextro-hyoscyamine); t = 2.262 with nine degrees of freedom."""
    hours = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    low, high = mean_t(hours.sum(), (hours**2).sum(), 10)
    assert (low, high) == (pytest.approx(-0.5297804), pytest.approx(2.0297804))


def test_poisson_count_gives_garwood_s_table() -> None:
    low, high = poisson_count([0, 1, 10, -1])
    assert low == pytest.approx([0, 0.0253, 4.7954, np.nan], abs=5e-5, nan_ok=True)
    assert high == pytest.approx([3.6889, 5.5716, 18.3904, np.nan], abs=5e-5, nan_ok=True)


@pytest.mark.parametrize("n", [0, -3, np.nan])
def test_nothing_counted_has_no_interval(n: float) -> None:
    for bounds in (wilson(0, n), adjusted_wald_net(0, 0, n), mean_t(0, 0, n)):
        assert np.isnan(bounds).all()


def test_the_impossible_and_the_single_value_have_no_interval() -> None:
    assert np.isnan(wilson([5, -1], 4)).all()
    assert np.isnan(adjusted_wald_net([3, -1, 5], [3, 1, 0], 4)).all()
    assert np.isnan(mean_t(5, 25, 1)).all()


@pytest.mark.parametrize("level", [0, 1, 95, -0.5])
def test_an_impossible_level_is_refused(level: float) -> None:
    with pytest.raises(QuestionError, match=r"0\.95"):
        normal_quantile(level)


def test_arrays_broadcast_and_equal_single_calls() -> None:
    low, high = wilson(np.array([[1.0], [3.0]]), np.array([4, 9, 0]))
    assert low.shape == high.shape == (2, 3)
    assert low[1, 1] == wilson(3, 9)[0]
    assert np.isnan(low[:, 2]).all()


def test_a_wider_quantile_gives_a_wider_interval() -> None:
    for bounds in (wilson, lambda k, n, **q: adjusted_wald_net(k, 1, n, **q), lambda k, n, **q: mean_t(k, k, n, **q)):
        normal, wider = bounds(4, 10, quantile=1.96), bounds(4, 10, quantile=2.04)
        assert wider[0] < normal[0] < normal[1] < wider[1]


@given(st.integers(1, 400), st.data(), LEVELS)
def test_the_observed_value_lies_inside(n: int, data: st.DataObject, level: float) -> None:
    up = data.draw(st.integers(0, n))
    down = data.draw(st.integers(0, n - up))
    low, high = wilson(up, n, level)
    assert 0 <= low <= up / n <= high <= 1
    low, high = adjusted_wald_net(up, down, n, level)
    assert -1 <= low <= (up - down) / n + 1e-12
    assert (up - down) / n - 1e-12 <= high <= 1


@given(st.integers(1, 400), st.data())
def test_swapping_the_sides_mirrors_the_interval(n: int, data: st.DataObject) -> None:
    up = data.draw(st.integers(0, n))
    down = data.draw(st.integers(0, n - up))
    low, high = wilson(up, n)
    assert wilson(n - up, n) == (pytest.approx(1 - high), pytest.approx(1 - low))
    low, high = adjusted_wald_net(up, down, n)
    assert adjusted_wald_net(down, up, n) == (pytest.approx(-high), pytest.approx(-low))


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30), st.floats(0.1, 10))
def test_mean_t_follows_a_change_of_unit(values: list[float], factor: float) -> None:
    v = np.array(values)
    low, high = mean_t(v.sum(), (v**2).sum(), len(v))
    scaled = mean_t((factor * v).sum(), ((factor * v) ** 2).sum(), len(v))
    assert low - 1e-9 <= v.mean() <= high + 1e-9
    assert scaled == (pytest.approx(factor * low, rel=1e-6, abs=1e-3), pytest.approx(factor * high, rel=1e-6, abs=1e-3))


@pytest.mark.parametrize(
    ("n", "level", "worst"), [(10, 0.95, 0.83), (20, 0.95, 0.89), (100, 0.95, 0.91), (20, 0.8, 0.71)]
)
def test_wilson_covers_on_average_what_it_promises(n: int, level: float, worst: float) -> None:
    """Coverage summed over every possible outcome, at 199 true shares: the mean is the level within
    a point; no closed form avoids some dips, the worst of which are written down here."""
    truths = np.linspace(0.005, 0.995, 199)
    k = np.arange(n + 1)
    low, high = wilson(k, n, level)
    log_choose = log_factorial(n) - log_factorial(k) - log_factorial(n - k)
    chance = np.exp(log_choose + np.outer(np.log(truths), k) + np.outer(np.log1p(-truths), n - k))
    covered = (chance * ((low <= truths[:, None]) & (truths[:, None] <= high))).sum(axis=1)
    assert covered.mean() == pytest.approx(level, abs=0.012)
    assert covered.min() > worst


@pytest.mark.parametrize(
    ("n", "level", "worst"), [(10, 0.95, 0.87), (20, 0.95, 0.90), (50, 0.95, 0.93), (20, 0.8, 0.69), (20, 0.99, 0.95)]
)
def test_adjusted_wald_covers_on_average_what_it_promises(n: int, level: float, worst: float) -> None:
    """The same for the net share, over true mixes spread evenly on the triangle."""
    mixes = np.random.default_rng(7).dirichlet([1, 1, 1], 120)
    up, down = (side[np.add.outer(np.arange(n + 1), np.arange(n + 1)) <= n] for side in np.indices((n + 1, n + 1)))
    low, high = adjusted_wald_net(up, down, n, level)
    log_ways = log_factorial(n) - log_factorial(up) - log_factorial(down) - log_factorial(n - up - down)
    chance = np.exp(log_ways + np.log(mixes) @ np.stack([up, down, n - up - down]))
    truths = (mixes[:, 0] - mixes[:, 1])[:, None]
    covered = (chance * ((low <= truths) & (truths <= high))).sum(axis=1)
    assert covered.mean() == pytest.approx(level, abs=0.01)
    assert covered.min() > worst
