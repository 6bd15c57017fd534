"""The embedded engine: one DuckDB file, one process, one writer at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from kizuna.errors import QuestionError, WorkspaceError
from kizuna.facts import FACTS, Fact
from kizuna.private import restrict
from kizuna.settings import Settings

SCHEMA_VERSION = 5

TIDY_BYTES = 16 << 20
"""So much of the log is enough for `DuckDBStore.tidy` to be worth its time: a second on ten million events."""

_LOG_LIMIT = "128MiB"
"""So much is committed before a COMMIT itself brings it into the file: two seconds' reading at the next start.

The engine guesses before it writes, and takes a thousand changed rows for sixteen megabytes, its own limit."""

_CLOSING_SECONDS = 5.0

_TEXTS_KEPT = 1_000
"""So many texts of SQL are kept taken apart. A load has some two hundred, most of them always the same."""

_BOOKKEEPING = """
CREATE TABLE IF NOT EXISTS meta (name VARCHAR, value VARCHAR);
CREATE TABLE IF NOT EXISTS import (
    import_no INTEGER, fact VARCHAR, file VARCHAR, sha256 VARCHAR, imported_at TIMESTAMP,
    rows BIGINT, added BIGINT, replaced BIGINT, rejected BIGINT);
CREATE TABLE IF NOT EXISTS rejected (
    import_no INTEGER, fact VARCHAR, line_no BIGINT, reason VARCHAR, row VARCHAR);
CREATE TABLE IF NOT EXISTS person (customer_no INTEGER, kind VARCHAR, value VARCHAR, mark UBIGINT);
CREATE TABLE IF NOT EXISTS identity_link (
    kind VARCHAR, value VARCHAR, owner_kind VARCHAR, owner_value VARCHAR, import_no INTEGER, line_no BIGINT,
    mark UBIGINT, owner_mark UBIGINT);
CREATE TABLE IF NOT EXISTS identity_decision (
    pos BIGINT, verb VARCHAR, kind VARCHAR, value VARCHAR, other_kind VARCHAR, other_value VARCHAR, ended BIGINT);
CREATE TABLE IF NOT EXISTS identity_group (kind VARCHAR, value VARCHAR, head VARCHAR);
CREATE TABLE IF NOT EXISTS loaded (segment BIGINT, "offset" BIGINT);
CREATE TABLE IF NOT EXISTS rejected_message (
    pos BIGINT, received_at TIMESTAMP, source VARCHAR, call VARCHAR, message_id VARCHAR,
    reason VARCHAR, detail VARCHAR, message VARCHAR, envelope VARCHAR);
CREATE TABLE IF NOT EXISTS bot_message (
    pos BIGINT, received_at TIMESTAMP, source VARCHAR, agent VARCHAR, name VARCHAR);
CREATE TABLE IF NOT EXISTS arrival (
    hour TIMESTAMP, source VARCHAR, client VARCHAR, messages BIGINT, last_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS property_name (fact VARCHAR, name VARCHAR, place BIGINT);
CREATE TABLE IF NOT EXISTS late (day DATE, rows BIGINT, last_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS survey_step (
    pos BIGINT, happened_at TIMESTAMP, what VARCHAR, survey VARCHAR, invitation VARCHAR, visitor BOOLEAN,
    customer_id VARCHAR, email VARCHAR, phone VARCHAR, anonymous_id VARCHAR, channel VARCHAR, campaign VARCHAR,
    ticket_id VARCHAR, order_id VARCHAR, agent VARCHAR, team VARCHAR, tier VARCHAR, country VARCHAR, language VARCHAR,
    audience VARCHAR, question VARCHAR, rule VARCHAR, anonymous BOOLEAN, test BOOLEAN, due TIMESTAMP, ends TIMESTAMP,
    zone VARCHAR, given STRUCT(asked VARCHAR, score DOUBLE, choice VARCHAR, comment VARCHAR, scale_low DOUBLE,
    scale_high DOUBLE, direction VARCHAR)[], complete BOOLEAN, consent BOOLEAN, "by" VARCHAR, page VARCHAR,
    detail VARCHAR);
"""


class DuckDBStore:
    """Facts in one DuckDB file.

    `path` is the file, or ``":memory:"``. Raises `WorkspaceError` when another process has it open
    or when it is damaged; the error names the file and ``kizuna rebuild``.
    """

    dialect = "duckdb"

    def __init__(self, path: Path | str, settings: Settings) -> None:
        self.path = path
        self.settings = settings
        # One lock for all who write, whichever connection they write on; nothing ever runs on
        # `_database`, so that a connection to read on can be made of it at any moment.
        self._writers = threading.RLock()
        new = str(path) != ":memory:" and not Path(path).exists()
        self._database = _connect(path, settings)
        if new:
            restrict(Path(path))
        self._connection = _connection_of(self._database)
        self._turn = self._writers
        self._turns = [0]
        self._taken_apart: dict[str, list[duckdb.Statement]] = {}
        with _damage_named(path):
            for fact in FACTS.values():
                self._connection.execute(table_ddl(fact))
            self._connection.execute(_BOOKKEEPING)
            self._check_version()

    def execute(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement and give its rows; for the store's own use, never with a user's text.

        Waits while another thread is `writing`, so that it is never part of that thread's transaction.
        """
        with self._turn, _damage_named(self.path):
            for statement in self._statements(sql):
                cursor = self._connection.execute(statement, params)
            return cursor.fetchall() if cursor.description else []

    def _statements(self, sql: str) -> list[duckdb.Statement]:
        """A text taken apart. That takes as long as to run it, where little is to be done."""
        if sql not in self._taken_apart:
            if len(self._taken_apart) >= _TEXTS_KEPT:
                self._taken_apart.clear()
            self._taken_apart[sql] = self._connection.extract_statements(sql)
        return self._taken_apart[sql]

    def _check_version(self) -> None:
        """The tables are made from raw/, so a change of their form is met by making them again."""
        self.execute(
            "INSERT INTO meta SELECT 'schema', $version WHERE NOT EXISTS (FROM meta WHERE name = 'schema')",
            {"version": str(SCHEMA_VERSION)},
        )
        ((found,),) = self.execute("SELECT value FROM meta WHERE name = 'schema'")
        if found != str(SCHEMA_VERSION):
            self.close()
            raise WorkspaceError(
                f"{self.path} was made by another version of Kizuna (its form is {found}, not {SCHEMA_VERSION}).",
                "Run `kizuna rebuild`: it makes the file again from raw/.",
            )

    def progress(self) -> float:
        """Percent done of the statement that runs in another thread, for a progress bar; -1 where it is not known."""
        return float(self._connection.query_progress())

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only one who writes while the block runs: put around BEGIN … COMMIT.

        Re-entrant. `reading` goes on meanwhile, from the state before the transaction.
        """
        with self._writers, self._turn:
            try:
                yield
            finally:
                self._turns[0] += 1

    @property
    def version(self) -> int:
        """Another number after each turn of writing: what was worked out under the same number still holds."""
        return self._turns[0]

    @contextmanager
    def offering(self, name: str, rows: pa.Table) -> Iterator[None]:
        """Let the statements of this store read an Arrow table by `name` while the block runs."""
        self._connection.register(name, rows)
        try:
            yield
        except BaseException:
            # After an error in a transaction nothing can be done but to end it, and the error is what matters.
            with suppress(duckdb.Error):
                self._connection.unregister(name)
            raise
        self._connection.unregister(name)

    @contextmanager
    def apart(self) -> Iterator[DuckDBStore]:
        """The same store on a connection of its own, with its own temporary tables and transaction.

        For long preparations that keep nobody waiting (the rows of an import are read and checked on
        it); what is committed on it belongs inside `writing`, as everywhere.
        """
        other = object.__new__(DuckDBStore)
        other.path, other.settings = self.path, self.settings
        other._writers, other._turn, other._turns = self._writers, threading.RLock(), self._turns
        other._database = self._database
        other._taken_apart = {}
        other._connection = _connection_of(self._database)
        try:
            yield other
        finally:
            other._connection.close()

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """A connection of its own to answer planned SELECTs on, all from the same state of the data."""
        connection = _connection_of(self._database)
        try:
            with _damage_named(self.path):
                connection.execute("BEGIN")
            yield Reading(connection, self.path, self.settings)
        finally:
            connection.close()

    def tidy(self) -> bool:
        """Bring what was committed from the log beside the file into the file, when there is much; says whether it did.

        For moments in which nobody waits. Without it a COMMIT does so sooner or later, and takes as much longer.
        """
        log = Path(f"{self.path}.wal")
        if not log.exists() or log.stat().st_size < TIDY_BYTES:
            return False
        with self.writing(), suppress(duckdb.TransactionException):
            # Not beside somebody else's transaction; there will be another moment.
            self.execute("CHECKPOINT")
            return True
        return False

    def interrupt(self) -> None:
        """Stop the statement that runs in another thread; it raises `duckdb.InterruptException` there."""
        self._connection.interrupt()

    def close(self) -> None:
        with self._writers:
            self._connection.close()
            self._close_database()

    def _close_database(self) -> None:
        """A thread that makes a connection of its own just now is waited for; the engine itself would refuse."""
        until = time.monotonic() + _CLOSING_SECONDS
        while True:
            try:
                return self._database.close()
            except duckdb.Error as error:
                if "busy" not in str(error) or time.monotonic() > until:
                    raise
            time.sleep(0.005)


class Reading:
    """Answers SELECTs within one transaction: what is imported meanwhile is not half seen."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, path: Path | str, settings: Settings) -> None:
        self._cursor, self._path, self._settings = cursor, path, settings

    def bring(self, tables: Mapping[str, pa.Table]) -> None:
        """Put small relations (calendars) beside the facts, to be joined by name."""
        for name, table in tables.items():
            self._cursor.register("incoming", table)
            self._cursor.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS FROM incoming')
            self._cursor.unregister("incoming")

    def ask(self, sql: str) -> pa.Table:
        """Answer one planned SELECT.

        Raises `QuestionError` when it takes longer than the setting query_seconds, needs too much
        memory, or does not fit the data.
        """
        timer = threading.Timer(self._settings.query_seconds, self._cursor.interrupt)
        timer.daemon = True
        timer.start()
        try:
            with _damage_named(self._path):
                return self._cursor.sql(sql).to_arrow_table()
        except duckdb.InterruptException:
            raise QuestionError(
                f"The question took longer than {self._settings.query_seconds} s and was stopped.",
                "Ask for a shorter range or fewer groups, or raise query_seconds in kizuna.toml.",
            ) from None
        except duckdb.OutOfMemoryException:
            raise QuestionError(
                f"The question needs more memory than {self._settings.memory_limit}.",
                "Ask for a shorter range or fewer groups, or raise memory_limit in kizuna.toml.",
            ) from None
        except duckdb.Error as error:
            raise QuestionError(
                f"The question does not fit the data: {str(error).splitlines()[0]}",
                "Compare text with text and numbers with numbers.",
            ) from None
        finally:
            timer.cancel()

    def rows(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one SELECT of our own, with values bound, and give its rows."""
        with _damage_named(self._path):
            return self._cursor.execute(sql, params).fetchall()

    def interrupt(self) -> None:
        """Stop the SELECT that runs in another thread."""
        self._cursor.interrupt()


def table_ddl(fact: Fact) -> str:
    """``CREATE TABLE`` of a fact, in DuckDB's dialect."""
    columns = ", ".join(f'"{name}" {sql_type}' for name, sql_type in fact.stored_columns().items())
    return f'CREATE TABLE IF NOT EXISTS "{fact.name}" ({columns})'


def _connect(path: Path | str, settings: Settings) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.memory_limit,
        "checkpoint_threshold": _LOG_LIMIT,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if settings.threads:
        config["threads"] = settings.threads
    try:
        connection = duckdb.connect(str(path), config=config)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise WorkspaceError(
                f"{path} is in use by another process. {_holder(str(error))}",
                "End that process, or ask it: a running server answers for its workspace.",
            ) from None
        raise WorkspaceError(
            f"{path} is damaged and DuckDB will not open it: {error}",
            "Run `kizuna rebuild`: it makes the file again from raw/.",
        ) from None
    except duckdb.Error as error:
        raise WorkspaceError(
            f"{path} cannot be opened: {error}", "Run `kizuna rebuild`: it makes the file again from raw/."
        ) from None
    return connection


def _connection_of(database: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Another connection to an open database."""
    connection = database.cursor()
    # Progress is kept account of (see `DuckDBStore.progress`), not printed.
    connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    return connection


@contextmanager
def _damage_named(path: Path | str) -> Iterator[None]:
    """Damage can lie in a block that is read long after opening; it is named then as it is on opening."""
    try:
        yield
    except duckdb.Error as error:
        said = str(error).lower()
        if not any(word in said for word in ("corrupt", "checksum", "could not read", "not a valid duckdb")):
            raise
        raise WorkspaceError(
            f"{path} is damaged: {str(error).splitlines()[0]}",
            "Run `kizuna rebuild`: it makes the file again from raw/.",
        ) from None


def _holder(message: str) -> str:
    """The part of DuckDB's message that names the process holding the lock, if there is one."""
    start = message.find("(PID")
    return f"It is held by PID {message[start + 5 :].split(')')[0]}." if start >= 0 else ""
