"""A town to ask people in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from act.town import Town, town


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Town]:
    """A town without quiet hours, on a Tuesday at noon."""
    with town(tmp_path) as made:
        yield made
