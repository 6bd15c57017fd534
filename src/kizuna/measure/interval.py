"""Closed-form confidence intervals, for samples in which each unit answers once.

All functions work elementwise on NumPy arrays as well as on single numbers, take sums rather than
rows, and give ``NaN`` where there is no interval (nothing was counted, or one value alone for a
mean). Sums and sizes need not be whole: a caller that allows for a design effect passes an effective
size. `quantile` replaces the two-sided normal quantile of `level`, for a caller with a t quantile.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv, stdtrit

from kizuna.errors import QuestionError

Floats = NDArray[np.float64]
Bounds = tuple[Floats, Floats]

ROUNDING = 1e-9
"""How far past 0 or 1 a share may lie and still be taken for a rounding error."""

PSEUDO_ANSWERS = 3.0
"""Answers that the adjusted Wald interval adds at 95 % and above."""


def normal_quantile(level: float) -> float:
    """The two-sided quantile: 1.96 for `level` 0.95. Raises `QuestionError` outside 0..1."""
    if not 0 < level < 1:
        raise QuestionError(f"A confidence level of {level} is not possible.", "Use one such as 0.95.")
    return NormalDist().inv_cdf(0.5 + level / 2)


def wilson(successes: ArrayLike, n: ArrayLike, level: float = 0.95, quantile: ArrayLike | None = None) -> Bounds:
    """The score interval of a share, as (low, high) in 0..1.

    It never leaves 0..1 and holds its level for small samples, where the usual ± goes wrong.
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22
    (1927); recommended for small n by Brown, Cai and DasGupta, Statistical Science 16 (2001).
    """
    size = np.asarray(n, dtype=np.float64)
    z = _quantile(level, quantile)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = _inside(np.asarray(successes, dtype=np.float64) / size, size, 0.0, 1.0)
        weight = size / (size + z**2)
        centre = weight * share + (1 - weight) / 2
        half = weight * z * np.sqrt(share * (1 - share) / size + (z / size) ** 2 / 4)
    # At 0 and n the bound is the share itself; rounding must not put it a hair to the other side.
    return np.clip(centre - half, 0.0, share), np.clip(centre + half, share, 1.0)


def adjusted_wald_net(
    favourable: ArrayLike, unfavourable: ArrayLike, n: ArrayLike, level: float = 0.95, quantile: ArrayLike | None = None
) -> Bounds:
    """The interval of a net share, (favourable − unfavourable) / n, as (low, high) in −1..1.

    Three made-up answers are added, a quarter of them to each side and half to the middle, and
    the textbook interval is taken of the result: the additions that B. Rocks found best for the
    Net Promoter Score ("Interval estimation for the Net Promoter Score", The American Statistician
    70, 2016), in the manner of Agresti and Coull (1998); Agresti and Min (2005) and Bonett and Price
    (2012) do the same with two, for the difference of paired proportions. Below 95 % the additions
    shrink with the squared quantile, or the interval could miss the net share that was observed.
    """
    z = _quantile(level, quantile)
    added = PSEUDO_ANSWERS * np.minimum(1.0, (z / normal_quantile(0.95)) ** 2)
    size = np.asarray(n, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        up = _inside(np.asarray(favourable, dtype=np.float64) / size, size, 0.0, 1.0)
        down = _inside(np.asarray(unfavourable, dtype=np.float64) / size, size, 0.0, 1.0)
        net = _inside(up - down, size, -1.0, 1.0)
        answered = _inside(up + down, size, 0.0, 1.0)
        total = size + added
        centre = net * size / total
        variance = (answered * size + added / 2) / total - centre**2
        half = z * np.sqrt(np.maximum(variance, 0.0) / total)
    # With one or two answers the bound can fall short of what was observed: reach out to it.
    return np.clip(centre - half, -1.0, net), np.clip(centre + half, net, 1.0)


def mean_t(
    total: ArrayLike, sum_of_squares: ArrayLike, n: ArrayLike, level: float = 0.95, quantile: ArrayLike | None = None
) -> Bounds:
    """The interval of a mean from the sum and the sum of squares of `n` values.

    The quantile is Student's t with n − 1 degrees of freedom unless given ("Student", "The probable
    error of a mean", Biometrika 6, 1908). Fewer than two values give no interval.
    """
    normal_quantile(level)
    size = np.asarray(n, dtype=np.float64)
    size = np.where(size > 1, size, np.nan)
    mean = np.asarray(total, dtype=np.float64) / size
    variance = np.maximum(np.asarray(sum_of_squares, dtype=np.float64) / size - mean**2, 0.0) * size / (size - 1)
    t = stdtrit(size - 1, 0.5 + level / 2) if quantile is None else np.asarray(quantile, dtype=np.float64)
    half = t * np.sqrt(variance / size)
    return mean - half, mean + half


def poisson_count(n: ArrayLike, level: float = 0.95) -> Bounds:
    """The exact interval of the mean of a Poisson count of which `n` were seen; 0 has the low bound 0.

    F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936).
    """
    normal_quantile(level)
    seen = np.asarray(n, dtype=np.float64)
    seen = np.where(seen >= 0, seen, np.nan)
    tail = (1 - level) / 2
    low = np.where(seen > 0, gammaincinv(np.maximum(seen, 1e-300), tail), np.where(seen == 0, 0.0, np.nan))
    return low, gammaincinv(seen + 1, 1 - tail)


def _quantile(level: float, quantile: ArrayLike | None) -> Floats:
    return np.asarray(normal_quantile(level) if quantile is None else quantile, dtype=np.float64)


def _inside(share: Floats, size: Floats, low: float, high: float) -> Floats:
    """`share` where it is possible, ``NaN`` where it is not or nothing was counted."""
    possible = (size > 0) & (share >= low - ROUNDING) & (share <= high + ROUNDING)
    return np.where(possible, np.clip(share, low, high), np.nan)
