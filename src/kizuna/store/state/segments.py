"""Segments: named conditions on customers, in the grammar of ``where``."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from kizuna.store.state.tables import SavedSegment


def all_of(session: Session) -> Sequence[SavedSegment]:
    """All segments, by title."""
    return session.scalars(select(SavedSegment).order_by(SavedSegment.title)).all()


def conditions(session: Session) -> dict[str, str]:
    """Name → condition."""
    return {each.name: each.condition for each in all_of(session)}
