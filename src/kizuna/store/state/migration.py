"""Brings the tables of the state to what this version of Kizuna works with, when the state is opened.

The steps that are missing are taken in one transaction under a lock, so that one that was killed half-way has done
nothing, and of two processes that open a workspace one waits. A state that a newer Kizuna has changed is left alone.

`draft` writes the next step from what differs between the steps so far and `tables`; read it before it is committed,
then set `HEAD` to its number.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, inspect, text

from kizuna.errors import WorkspaceError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0001"
"""The last step. Said here so that Alembic is loaded only when there is something to do."""

_FOLDER = Path(__file__).parent / "migrations"
_VERSION = "alembic_version"
_LOCK = 5_301_861_247
"""PostgreSQL's advisory locks are numbers; any will do that nobody else takes."""


def bring_up(engine: Engine) -> None:
    """Take the steps that are missing. Raises `WorkspaceError` for a state of a newer version."""
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return
    changing = _for_changes(engine)
    try:
        with changing.begin() as connection:
            _take_steps(connection)
    finally:
        changing.dispose()


def _take_steps(connection: Connection) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
    config, version = _config(connection), _version(connection)
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if version and version not in known:
        raise WorkspaceError(
            f"What people decided here is kept by a newer Kizuna (step {version}; this one knows {HEAD}).",
            "Update Kizuna, or restore the backup from before the update.",
        )
    command.upgrade(config, "head")


def draft(engine: Engine, message: str) -> None:
    """Write the next step into ``versions``, for people who change the tables: from Python, on a new state."""
    from alembic import command

    with engine.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=f"{int(HEAD) + 1:04}")


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _version(connection: Connection) -> str:
    """The last step taken, empty where there was none."""
    if not inspect(connection).has_table(_VERSION):
        return ""
    return str(connection.scalar(text(f"SELECT version_num FROM {_VERSION}")) or "")


def _for_changes(engine: Engine) -> Engine:
    """An engine whose transactions hold tables as well as rows; Python's sqlite3 commits before each CREATE else."""
    made = create_engine(engine.url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(made, "connect", lambda connection, _record: setattr(connection, "isolation_level", None))
        event.listen(made, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return made
