"""Faces and stars, drawn here: paths for an SVG of 48 × 48."""

from __future__ import annotations

from math import cos, pi, sin

SIZE = 48
_MIDDLE = SIZE / 2


def mouth(share: float) -> str:
    """The mouth of a face: `share` 0 is the unhappiest, 1 the happiest."""
    bend = (2 * share - 1) * 8
    level = 32 - bend / 4
    return f"M15 {level - bend / 4:.2f} Q{_MIDDLE:g} {level + bend:.2f} 33 {level - bend / 4:.2f}"


def star() -> str:
    """A star of five points."""
    points = []
    for corner in range(10):
        reach = 19 if corner % 2 == 0 else 8.4
        angle = pi * corner / 5
        points.append(f"{_MIDDLE + reach * sin(angle):.2f} {_MIDDLE + 1 - reach * cos(angle):.2f}")
    return f"M{' L'.join(points)} Z"
