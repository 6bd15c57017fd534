"""Raking: weights that make those who answered look like those who were asked, one trait after the other.

Iterative proportional fitting (Deming & Stephan, "On a least squares adjustment of a sampled frequency table",
Annals of Mathematical Statistics 11, 1940): the weights are multiplied until the first trait's shares are right,
then the second's, and so on round and round until all are. Weights beyond `CAP` times the mean are cut back in
each round, as Battaglia, Hoaglin & Frankel advise ("Practical considerations in raking survey data", Survey Practice
2, 2009): one answer that speaks for fifty makes a score less sure than none would. What weighting costs is
told by Kish's effective sample size (Survey Sampling, 1965): (Σw)² / Σw².

Weighting makes up for traits that are known and weighted by. It cannot make up for an opinion that kept
people from answering.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

CAP = 5.0
"""No answer counts more than this many times the mean one, nor less than one part in so many."""

ROUNDS = 200
CLOSE = 1e-12
"""Rounds go on until no share is further off than this, or no weight moves by more."""

MET = 1e-7
"""The shares are right when none is further off than this."""


@dataclass(frozen=True, slots=True)
class Margin:
    """A trait: `codes` say which of its values each cell has, `target` which share (of 1) each value should have."""

    codes: Codes
    target: Array

    def shares(self, counts: Array) -> Array:
        """The share of each value where the cells hold `counts`."""
        total = counts.sum()
        had = np.bincount(self.codes, counts, len(self.target))
        return had / total if total > 0 else np.full(len(self.target), np.nan)


@dataclass(frozen=True, slots=True)
class Raked:
    """`weights` of an answer in each cell, 1 on average before any was cut back.

    It took so many `rounds`, and came to rest in them or not (`converged`).
    `off` is the furthest that a share still is from what could be asked of it; with `cut` cells held at the cap it
    need not be 0. `empty` are values (margin, code) that were asked for and that nobody has who answered.
    """

    weights: Array
    rounds: int
    converged: bool
    off: float
    cut: int
    empty: tuple[tuple[int, int], ...]


def rake(counts: Array, margins: Sequence[Margin], cap: float = CAP, rounds: int = ROUNDS) -> Raked:
    """Weights for the answers of cells that hold `counts`, so that each margin has its target shares.

    A value that nobody has cannot be weighted up: the others take its share, and it is told in `empty`. Answers with a
    value that is not asked for get the weight 0.
    """
    answered = counts.sum()
    empty = tuple(
        (place, int(code))
        for place, margin in enumerate(margins)
        for code in np.flatnonzero((margin.target > 0) & (np.bincount(margin.codes, counts, len(margin.target)) == 0))
    )
    if answered <= 0:
        return Raked(np.zeros_like(counts), 0, False, np.nan, 0, empty)
    wanted = [_reachable(margin, counts) for margin in margins]
    inside = np.all([target[margin.codes] > 0 for margin, target in zip(margins, wanted, strict=True)], axis=0)
    weights = np.where(inside, 1.0, 0.0) if margins else np.ones_like(counts)
    if not (counts * weights).sum():
        return Raked(weights, 0, False, np.nan, 0, empty)
    weights, turns, moved, off = _fitted(weights, counts, margins, wanted, cap, rounds)
    held = (counts > 0) & (weights > 0) & ((weights >= cap * (1 - 1e-9)) | (weights <= (1 + 1e-9) / cap))
    cut = int(held.sum())
    # Held at the cap, shares stay off and the weights rest; with nothing held that means the margins contradict.
    return Raked(weights, turns, off <= MET or (cut > 0 and moved <= CLOSE), off, cut, empty)


def _fitted(
    weights: Array, counts: Array, margins: Sequence[Margin], wanted: Sequence[Array], cap: float, rounds: int
) -> tuple[Array, int, float, float]:
    """The weights after so many rounds, how many, how far the last one moved them, and how far a share is off."""
    turns, moved, off = 0, np.inf, np.inf
    while turns < rounds and moved > CLOSE and off > CLOSE:
        before, turns = weights, turns + 1
        for margin, target in zip(margins, wanted, strict=True):
            weights = weights * _factors(margin, target, counts * weights)[margin.codes]
        weights = _trimmed(weights, counts, cap)
        moved = float(np.max(np.abs(weights - before)))
        off = max((_off(m, t, counts * weights) for m, t in zip(margins, wanted, strict=True)), default=0.0)
    return weights, turns, moved, off


def effective_size(counts: Array, weights: Array) -> float:
    """How many answers of equal weight would tell as much (Kish 1965)."""
    total, squares = float((counts * weights).sum()), float((counts * weights**2).sum())
    return total**2 / squares if squares else 0.0


def _reachable(margin: Margin, counts: Array) -> Array:
    """The target shares of the values that somebody has who answered, which then are all."""
    has = np.bincount(margin.codes, counts, len(margin.target)) > 0
    target = np.where(has, margin.target, 0.0)
    return np.asarray(target / target.sum()) if target.sum() > 0 else target


def _factors(margin: Margin, target: Array, weighted: Array) -> Array:
    shares = margin.shares(weighted)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(shares > 0, target / shares, 0.0)


def _trimmed(weights: Array, counts: Array, cap: float) -> Array:
    """With a mean of 1 over the answers, and none beyond the cap."""
    mean = (counts * weights).sum() / counts[weights > 0].sum()
    scaled = weights / mean
    return np.where(weights > 0, np.clip(scaled, 1 / cap, cap), 0.0)


def _off(margin: Margin, target: Array, weighted: Array) -> float:
    return float(np.max(np.abs(margin.shares(weighted) - target)))
