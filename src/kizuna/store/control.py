"""The server's side of its Unix socket: commands ask, each on a connection of its own.

Two threads serve a command. One reads what it asks and notices when it is gone (the statement that
runs for it is then interrupted); the other answers, one question after the other, so that a
transaction and the lock of `DuckDBStore.writing` belong to one thread. When the command is gone, its
transaction is rolled back and its lock let go.

Only the workspace's owner can open the socket (mode 0600), and may do through it what they may do to
the database file without a server.
"""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa

from kizuna.errors import UnknownName
from kizuna.store import wire
from kizuna.store.duckdb import DuckDBStore, Reading
from kizuna.store.remote import installed_version

Asked = tuple[list[Any], pa.Table | None]
_WAITING = 64


class Control:
    """Answers commands at a Unix socket until it is closed.

    `calls` are what commands may have done besides: name → function of plain values.
    """

    def __init__(self, store: DuckDBStore, path: str, calls: Mapping[str, Callable[..., Any]] | None = None) -> None:
        self.store = store
        self.calls = dict(calls or {})
        self.sessions: dict[int, Session] = {}
        self._numbers = count(1)
        self._listener = _listening(path)
        self._closing = False
        threading.Thread(target=self._accept, name="kizuna-control", daemon=True).start()

    def close(self, seconds: float = 2.0) -> None:
        """Accept nobody any more, let answers under way be given, then hang up."""
        self._closing = True
        # close() alone does not wake a thread that waits in accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for session in list(self.sessions.values()):
            session.end(seconds)

    def _accept(self) -> None:
        while not self._closing:
            try:
                connected, _ = self._listener.accept()
            except OSError:
                if self._closing:
                    return
                continue
            number = next(self._numbers)
            self.sessions[number] = session = Session(self, number, connected)
            session.start()


class Session:
    """One command that is connected."""

    def __init__(self, control: Control, number: int, connected: socket.socket) -> None:
        self.control, self.number = control, number
        self._socket = connected
        self._asked: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self._store: DuckDBStore | None = None
        self._reading: Reading | None = None
        self._held = ExitStack()
        self._locks: list[ExitStack] = []
        self._offers: dict[str, ExitStack] = {}
        self._busy = False
        self._answering = threading.Thread(target=self._answer, name=f"kizuna-command-{number}", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._answering.start()
        threading.Thread(target=self._read, name=f"kizuna-command-{self.number}-in", daemon=True).start()

    def end(self, seconds: float) -> None:
        """Hang up once the answer under way is given; after so many seconds interrupt it."""
        self._asked.put(None)
        self._answering.join(seconds)
        if self._answering.is_alive():
            self.interrupt()
            self._answering.join(seconds)

    def interrupt(self) -> None:
        """Stop the statement that runs for this command, if one does."""
        if self._busy and self._store is not None:
            self._store.interrupt()
        if self._busy and self._reading is not None:
            self._reading.interrupt()

    def progress(self) -> float:
        """How far this command's statement is, in percent; -1 for not known."""
        return self._store.progress() if self._store is not None else -1.0

    def _read(self) -> None:
        while True:
            try:
                asked = wire.receive(self._socket)
            except Exception:
                asked = None
            self._asked.put(asked)
            if asked is None:
                self.interrupt()
                return

    def _answer(self) -> None:
        try:
            while (asked := self._asked.get()) is not None:
                (verb, *given), table = asked
                self._busy = True
                try:
                    reply, answer = self._do(verb, given, table)
                    head = ["ok", *reply]
                except Exception as error:
                    head, answer = wire.told(error), None
                self._busy = False
                wire.send(self._socket, head, answer)
        except OSError:
            pass  # gone while it was answered
        finally:
            self._let_go()

    def _do(self, verb: str, given: list[Any], table: pa.Table | None) -> tuple[list[Any], pa.Table | None]:
        match verb, given:
            case "hello", [_]:
                return [self.number, installed_version()], None
            case "execute", [sql, params]:
                return [self._own().execute(sql, params)], None
            case "progress", [number]:
                asked = self.control.sessions.get(number)
                return [asked.progress() if asked else -1.0], None
            case "call", [name, values]:
                if name not in self.control.calls:
                    raise UnknownName("thing that the server can do", name, self.control.calls)
                return [self.control.calls[name](*values)], None
            case "read", []:
                self._reading = self._held.enter_context(self.control.store.reading())
            case "bring", [name] if self._reading:
                self._reading.bring({name: table})
            case "ask", [sql] if self._reading:
                return [], self._reading.ask(sql)
            case "rows", [sql, params] if self._reading:
                return [self._reading.rows(sql, params)], None
            case "lock", []:
                lock = ExitStack()
                lock.enter_context(self._own().writing())
                self._locks.append(lock)
            case "unlock", [] if self._locks:
                self._locks.pop().close()
            case "offer", [name]:
                self._offers[name] = ExitStack()
                self._offers[name].enter_context(self._own().offering(name, table))
            case "withdraw", [name] if name in self._offers:
                self._offers.pop(name).close()
            case _:
                raise ValueError(f"{verb} was not expected here")
        return [], None

    def _own(self) -> DuckDBStore:
        """The connection of this command, made when it first needs one."""
        if self._store is None:
            self._store = self._held.enter_context(self.control.store.apart())
        return self._store

    def _let_go(self) -> None:
        if self._store is not None and self._locks:
            with contextlib.suppress(Exception):
                self._store.execute("ROLLBACK")
        while self._locks:
            self._locks.pop().close()
        with contextlib.suppress(Exception):
            self._held.close()
        # Wakes the thread that reads, which may wait for a question still.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.control.sessions.pop(self.number, None)


def _listening(path: str) -> socket.socket:
    """A socket at `path` that only its owner may open."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with contextlib.suppress(FileNotFoundError):
        Path(path).unlink()
    # umask belongs to the whole process; this is at its start, before other threads make files.
    before = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(before)
    listener.listen(_WAITING)
    return listener
