"""Pictures made of characters: an interval on a scale, a sparkline."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_STEPS = "▁▂▃▄▅▆▇█"
_PLAIN_STEPS = "_.-~=*^#"


@dataclass(frozen=True, slots=True)
class Scale:
    """The range that the bars of one metric share, so that their lengths can be compared."""

    low: float
    high: float

    @classmethod
    def over(cls, numbers: Iterable[float | None]) -> Scale | None:
        """The range of the numbers that are there; ``None`` where there are none."""
        known = [n for n in numbers if n is not None and math.isfinite(n)]
        return cls(min(known), max(known)) if known else None

    def place(self, number: float, cells: int) -> int:
        """The half cell (0 … 2·cells − 1) a number falls in."""
        halves = 2 * cells - 1
        if self.high <= self.low:
            return halves // 2
        share = (number - self.low) / (self.high - self.low)
        return round(min(max(share, 0.0), 1.0) * halves)


def bar(
    scale: Scale, value: float | None, low: float | None, high: float | None, cells: int, *, plain: bool = False
) -> str:
    """``╶──●──╴``: the interval on the scale with the value in it; a dot alone where there is no interval.

    The ends fall on half cells. `plain` draws with ASCII only.
    """
    if value is None or cells < 1:
        return " " * max(cells, 0)
    drawn = [" "] * cells
    if low is not None and high is not None:
        first, last = scale.place(low, cells), scale.place(high, cells)
        for cell in range(first // 2, last // 2 + 1):
            drawn[cell] = "-" if plain else "─"
        if not plain and first % 2 and first // 2 < last // 2:
            drawn[first // 2] = "╶"
        if not plain and last % 2 == 0 and first // 2 < last // 2:
            drawn[last // 2] = "╴"
    drawn[scale.place(value, cells) // 2] = "o" if plain else "●"
    return "".join(drawn)


def sparkline(values: Sequence[float | None], cells: int = 24, *, plain: bool = False) -> str:
    """One character a period, from the lowest to the highest value; a gap where there is no data.

    Longer series are shown by their latest `cells` periods.
    """
    shown = list(values)[-cells:]
    scale = Scale.over(shown)
    steps = _PLAIN_STEPS if plain else _STEPS
    return "".join(_step(v, scale, steps) for v in shown)


def _step(value: float | None, scale: Scale | None, steps: str) -> str:
    if value is None or scale is None or not math.isfinite(value):
        return " "
    if scale.high <= scale.low:
        return steps[len(steps) // 2]
    return steps[round((value - scale.low) / (scale.high - scale.low) * (len(steps) - 1))]
