"""A sparkline as the paths of an SVG: the course, its interval as a band, the target as a dashed line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kizuna.measure.answer import Record

WIDTH, HEIGHT, EDGE = 220.0, 46.0, 3.0


@dataclass(frozen=True, slots=True)
class Spark:
    """Paths in a box of `WIDTH` × `HEIGHT`; `dots` are the last point and those that stand alone.

    `target` is a height or ``None``.
    """

    line: str
    band: str
    dots: str
    target: float | None = None


def spark(records: Sequence[Record], target: float | None = None) -> Spark | None:
    """The course of one metric in one group, in the order of time; ``None`` for fewer than two points."""
    known = [(place, r) for place, r in enumerate(records) if r.value is not None]
    if len(known) < 2:
        return None
    ends = [end for _, r in known for end in (r.value, r.low, r.high) if end is not None and math.isfinite(end)]
    ends += [target] if target is not None else []
    low, high = min(ends), max(ends)
    step = (WIDTH - 2 * EDGE) / max(len(records) - 1, 1)

    def across(place: int) -> float:
        return EDGE + place * step

    def up(value: float) -> float:
        if high <= low:
            return HEIGHT / 2
        return HEIGHT - EDGE - (value - low) / (high - low) * (HEIGHT - 2 * EDGE)

    line, band, dots = "", "", ""
    for run in _runs(known):
        if len(run) == 1 or run[-1] == known[-1]:
            place, record = run[-1]
            dots += _path([(across(place), up(record.value or 0.0))]) + "h0"
        line += _path([(across(place), up(r.value or 0.0)) for place, r in run])
        sides = [(across(p), up(r.low), up(r.high)) for p, r in run if r.low is not None and r.high is not None]
        if len(sides) > 1:
            around = [(x, top) for x, _, top in sides] + [(x, bottom) for x, bottom, _ in reversed(sides)]
            band += _path(around) + "Z"
    return Spark(line, band, dots, None if target is None else _short(up(target)))


def _runs(known: Sequence[tuple[int, Record]]) -> list[list[tuple[int, Record]]]:
    """Stretches without a gap: a line never crosses a period of which nothing is known."""
    runs: list[list[tuple[int, Record]]] = []
    for place, record in known:
        if runs and runs[-1][-1][0] == place - 1:
            runs[-1].append((place, record))
        else:
            runs.append([(place, record)])
    return runs


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{_short(x)},{_short(y)}" for x, y in points)


def _short(number: float) -> float:
    return round(number, 1)
