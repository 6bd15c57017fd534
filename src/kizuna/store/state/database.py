"""Opening the state: a file of the workspace, or a PostgreSQL database."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

from kizuna.errors import SettingError, WorkspaceError
from kizuna.private import make_file
from kizuna.store.state.migration import bring_up

FILE = "state.db"
_BUSY_SECONDS = 10.0


class State:
    """What people decided in one workspace. Several processes may have it open; each writes in short turns.

    `url` is an SQLAlchemy address; without it the state is ``state.db`` in the workspace. Raises `WorkspaceError`
    where it cannot be opened, `SettingError` where the address is none.
    """

    def __init__(self, root: Path, url: str = "") -> None:
        file = root / FILE
        if not url:
            with contextlib.suppress(FileExistsError):
                make_file(file, "")
        self.engine = _engine(url or f"sqlite:///{file}")
        try:
            bring_up(self.engine)
        except DBAPIError as error:
            self.engine.dispose()
            raise _cannot_be_opened(without_password(url) or str(file), error) from None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed when the block ends, taken back when it raises."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Let all connections go."""
        self.engine.dispose()


def without_password(url: str) -> str:
    """The setting ``state_url`` as it may be shown."""
    try:
        return make_url(url).render_as_string(hide_password=True) if url else ""
    except ArgumentError:
        return "(not an address)"


def _engine(url: str) -> Engine:
    """Errors tell the statement without its values: those are about people, and errors are logged."""
    if not url.startswith("sqlite"):
        return _server_engine(url)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # Who reads waits for nobody, and a reference leads somewhere.
        for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _server_engine(url: str) -> Engine:
    example = "Write state_url as postgresql://user:password@host/database."
    try:
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError):
        raise SettingError(f"state_url is not an address of a database: {without_password(url)}.", example) from None
    except ModuleNotFoundError as error:
        raise SettingError(
            f"state_url needs the module {error.name}, which is not installed.", "pip install 'kizuna[postgresql]'"
        ) from None


def _cannot_be_opened(what: str, error: DBAPIError) -> WorkspaceError:
    said = " ".join(str(error.orig).split())
    return WorkspaceError(
        f"What people decided (accounts, keys, notes …) cannot be read from {what}: {said}.",
        "Unlike facts it cannot be made again: put back the last backup of it. "
        "If the file is lost, move it away, and Kizuna begins with a new one.",
    )
