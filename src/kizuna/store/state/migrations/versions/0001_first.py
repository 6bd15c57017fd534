"""The first tables."""

from __future__ import annotations

from alembic import op

from kizuna.store.state.tables import Base

revision = "0001"
down_revision = None


def upgrade() -> None:
    """All of them."""
    Base.metadata.create_all(op.get_bind())
