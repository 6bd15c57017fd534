"""Run by Alembic: takes the steps on the connection it is given, all in one transaction."""

from __future__ import annotations

from alembic import context

from kizuna.store.state.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by making it anew
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
