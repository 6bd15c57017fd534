"""What the fault tests share: short and full forms, and figures that are printed at the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from server import make_shop

FULL = os.environ.get("KIZUNA_FAULTS") == "full"

Figures = Callable[..., None]


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Note an outcome as numbers; the summary of the run prints them."""

    def note(**numbers: object) -> None:
        said = ", ".join(f"{name.replace('_', ' ')} {_written(number)}" for name, number in numbers.items())
        request.node.user_properties.append(("figures", said))

    return note


def _written(number: object) -> str:
    return f"{number:,.2f}" if isinstance(number, float) else f"{number:,}" if isinstance(number, int) else str(number)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with two sources."""
    return make_shop(tmp_path / "shop")
