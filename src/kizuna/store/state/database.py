"""Opening the state: a file of the workspace, or a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

from kizuna.private import restrict
from kizuna.store.state.tables import Base

FILE = "state.db"
_BUSY_SECONDS = 10.0


class State:
    """What people decided in one workspace. Several processes may have it open; each writes in short turns.

    `url` is an SQLAlchemy address; without it the state is ``state.db`` in the workspace.
    """

    def __init__(self, root: Path, url: str = "") -> None:
        file = root / FILE
        new = not url and not file.exists()
        self.engine = _engine(url or f"sqlite:///{file}")
        Base.metadata.create_all(self.engine)
        if new:
            restrict(file)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed when the block ends, taken back when it raises."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Let all connections go."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # Who reads waits for nobody, and a reference leads somewhere.
        for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")

    return engine
