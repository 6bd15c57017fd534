"""Records of equally long columns (dataclasses of arrays): one under the other, and some rows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from kizuna.demo.chance import Bools, Ints

Record = TypeVar("Record")


def joined(parts: Sequence[Record]) -> Record:
    """The rows of all parts, in their order. There must be at least one part."""
    names = [column.name for column in fields(_dataclass(parts[0]))]
    return type(parts[0])(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def taken(record: Record, rows: Ints | Bools) -> Record:
    """The rows of these numbers, or those marked."""
    return type(record)(**{c.name: getattr(record, c.name)[rows] for c in fields(_dataclass(record))})


def _dataclass(record: Any) -> Any:
    return record
