"""Webhooks into facts: what bodies say of one ticket, order or message, put together in order of event time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kizuna.collect.message import Kept
from kizuna.settings import Settings
from kizuna.store.duckdb import DuckDBStore

HookRow = tuple[int, str, int, Kept]
"""(pos, name of the hook, received_at in microseconds, what was kept)."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """A body, or a row of it, that became no fact: reason is always ``mapping``, `detail` the sentence."""

    pos: int
    name: str
    detail: str
    reason: str = "mapping"


@dataclass(slots=True)
class HookLoad:
    """What `load_hooks` did: `facts` touched (for derive), rows loaded, what did not fit."""

    facts: set[str] = field(default_factory=set)
    rows: int = 0
    rejected: list[Unfit] = field(default_factory=list)


def load_hooks(store: DuckDBStore, settings: Settings, root: Path, rows: Sequence[HookRow]) -> HookLoad:
    """Load webhooks, in order of position, inside the caller's transaction."""
    raise NotImplementedError
