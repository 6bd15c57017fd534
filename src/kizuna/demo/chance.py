"""Streams of chance: one per name, so that a new fact does not change the others."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def stream(seed: int, name: str) -> Rng:
    """The stream of random numbers that belongs to a name. CRC-32, because ``hash`` differs between processes."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def pick(rng: Rng, count: int, weights: Sequence[float]) -> Ints:
    """`count` indices into `weights`, in proportion to them."""
    return _choose(rng.random(count), np.asarray(weights, dtype=float))


def pick_by(rng: Rng, group: Ints, weights: Sequence[Sequence[float]]) -> Ints:
    """One index a row, in proportion to the weights of the row's group."""
    draws = rng.random(len(group))
    picked = np.zeros(len(group), dtype=np.int64)
    for number, of_group in enumerate(weights):
        rows = group == number
        picked[rows] = _choose(draws[rows], np.asarray(of_group, dtype=float))
    return picked


def _choose(draws: Floats, weights: Floats) -> Ints:
    edges = np.cumsum(weights) / weights.sum()
    return np.minimum(np.searchsorted(edges, draws, side="right"), len(weights) - 1).astype(np.int64)


def around(rng: Rng, median: Any, sigma: float, count: int) -> Floats:
    """Lognormal numbers with this median (one, or one a row)."""
    numbers: Floats = np.asarray(median, dtype=float) * np.exp(sigma * rng.standard_normal(count))
    return numbers


def chosen(rng: Rng, chance: Any, count: int) -> Bools:
    """True with this chance (one, or one a row)."""
    return np.asarray(rng.random(count) < chance)
