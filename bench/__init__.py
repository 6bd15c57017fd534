"""Benchmarks: each module has `run`, which gives one `Result` after another; ``make bench`` runs them all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One measured number beside what it should be: at most `target`, or with `more` at least that."""

    what: str
    measured: float
    target: float
    unit: str
    more: bool = False

    @property
    def kept(self) -> bool:
        return self.measured >= self.target if self.more else self.measured <= self.target
