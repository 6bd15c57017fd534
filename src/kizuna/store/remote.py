"""The store of a workspace that a server has open: the same words as `DuckDBStore`, said through a socket.

One process can have the database open. While a server runs, commands do not open it but ask the
server, which gives each of them a connection of its own (see `kizuna.store.control`).
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyarrow as pa

from kizuna.errors import ServerLost, WorkspaceError
from kizuna.settings import Settings
from kizuna.store import wire
from kizuna.store.duckdb import DuckDBStore, Reading
from kizuna.store.running import Running

Reply = tuple[list[Any], pa.Table | None]


class RemoteStore(DuckDBStore):
    """A workspace's facts, asked of the server that has them open.

    Raises `OSError` when nobody answers at the socket, `WorkspaceError` when the server is of another
    version, `ServerLost` when it ends while it is asked.
    """

    def __init__(self, server: Running, path: Path | str, settings: Settings) -> None:
        self.path, self.settings, self.server = path, settings, server
        self._line = Line(server)
        self._progress: Line | None = None

    def execute(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """As `DuckDBStore.execute`."""
        (rows,), _ = self._line.ask("execute", sql, params)
        return [tuple(row) for row in rows]

    @property
    def version(self) -> int:
        """Another number each second: what the server writes meanwhile is not seen from here."""
        return int(time.monotonic())

    def call(self, name: str, *given: Any) -> Any:
        """Have the server do something that only it can; see the functions given to `Control`."""
        (result,), _ = self._line.ask("call", name, list(given))
        return result

    def progress(self) -> float:
        """As `DuckDBStore.progress`; asked on a line of its own, since this one waits for its answer."""
        try:
            self._progress = self._progress or Line(self.server)
            (share,), _ = self._progress.ask("progress", self._line.session)
        except (OSError, WorkspaceError):
            return -1.0
        return float(share)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """As `DuckDBStore.writing`: the server's loader waits, and so does every other command that writes."""
        self._line.ask("lock")
        try:
            yield
        finally:
            # A server that is gone has let the lock go; what went wrong before is the thing to tell.
            with contextlib.suppress(WorkspaceError):
                self._line.ask("unlock")

    @contextmanager
    def apart(self) -> Iterator[DuckDBStore]:
        """As `DuckDBStore.apart`."""
        other = RemoteStore(self.server, self.path, self.settings)
        try:
            yield other
        finally:
            other.close()

    @contextmanager
    def offering(self, name: str, rows: pa.Table) -> Iterator[None]:
        """As `DuckDBStore.offering`."""
        self._line.ask("offer", name, table=rows)
        try:
            yield
        finally:
            self._line.ask("withdraw", name)

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """As `DuckDBStore.reading`."""
        line = Line(self.server)
        try:
            line.ask("read")
            yield RemoteReading(line)
        finally:
            line.close()

    def interrupt(self) -> None:
        """Stop what runs: the server stops a statement whose asker is gone."""
        self._line.close()

    def close(self) -> None:
        """Let the server's connection go."""
        self._line.close()
        if self._progress:
            self._progress.close()


class RemoteReading(Reading):
    """As `Reading`, in the server."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def bring(self, tables: Mapping[str, pa.Table]) -> None:
        """As `Reading.bring`."""
        for name, table in tables.items():
            self._line.ask("bring", name, table=table)

    def ask(self, sql: str) -> pa.Table:
        """As `Reading.ask`."""
        return self._line.ask("ask", sql)[1]

    def rows(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """As `Reading.rows`."""
        (rows,), _ = self._line.ask("rows", sql, params)
        return [tuple(row) for row in rows]


class Line:
    """One connection to a server: a question, its answer, the next question."""

    def __init__(self, server: Running) -> None:
        self._turn = threading.Lock()
        self._server = server
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(server.socket)
            ((self.session, theirs), _) = self.ask("hello", installed_version())
            if theirs != (mine := installed_version()):
                raise WorkspaceError(
                    f"The server on this workspace (PID {server.pid}) is Kizuna {theirs}, this is {mine}.",
                    "Start the server anew with this version.",
                )
        except BaseException:
            self._socket.close()
            raise

    def ask(self, verb: str, *given: Any, table: pa.Table | None = None) -> Reply:
        """Send a question and wait for its answer, or raise the error that it is."""
        with self._turn:
            try:
                wire.send(self._socket, [verb, *given], table)
                reply = wire.receive(self._socket)
            except OSError:
                reply = None
            except BaseException:
                # Half a conversation cannot be gone on with; the server stops what it does for us.
                self._socket.close()
                raise
        if reply is None:
            raise ServerLost(
                f"The server on this workspace (PID {self._server.pid}) ended before it answered.",
                "Run the command again: it works with and without a server.",
            )
        (kind, *rest), answer = reply
        if kind == "error":
            raise wire.raised(*rest)
        return rest, answer

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def installed_version() -> str:
    """The version of Kizuna that runs; a command and its server must be of the same."""
    try:
        return version("kizuna")
    except PackageNotFoundError:
        return "not installed"
