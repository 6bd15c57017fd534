"""How much of a long test is run: a little with `make test`, all of it with `make faults`."""

from __future__ import annotations

import os

FULL = os.environ.get("KIZUNA_FAULTS") == "full"


def examples(usual: int, full: int) -> int:
    """How many generated cases a property is tried on."""
    return full if FULL else usual
