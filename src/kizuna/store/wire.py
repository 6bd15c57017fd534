"""What is said between a command and the server that has its workspace open: frames on a Unix socket.

A frame is a head (a list, as MessagePack) and a body (an Arrow stream, often empty), each with its
length before it. The kinds of values DuckDB gives that MessagePack has no word for are extensions, so
that rows arrive as they left. Errors travel by name and are raised again as what they were.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb
import msgspec
import pyarrow as pa

from kizuna import errors
from kizuna.errors import KizunaError, WorkspaceError

_LENGTHS = struct.Struct(">IQ")
_LARGEST_HEAD = 1 << 30

# Extension number → (type, how it is written, how it is read). A datetime is a date too, so it stands first.
_KINDS: tuple[tuple[type, Any, Any], ...] = (
    (datetime, datetime.isoformat, datetime.fromisoformat),
    (date, date.isoformat, date.fromisoformat),
    (time, time.isoformat, time.fromisoformat),
    (timedelta, lambda v: f"{v.days} {v.seconds} {v.microseconds}", lambda t: timedelta(*map(int, t.split()))),
    (Decimal, str, Decimal),
    (UUID, str, UUID),
    (int, str, int),
)


def send(to: socket.socket, head: list[Any], table: pa.Table | None = None) -> None:
    """Send one frame."""
    packed = msgspec.msgpack.encode([_packed(value) for value in head])
    body = b"" if table is None else memoryview(_stream(table))
    to.sendall(_LENGTHS.pack(len(packed), len(body)) + packed)
    if len(body):
        to.sendall(body)


def receive(of: socket.socket) -> tuple[list[Any], pa.Table | None] | None:
    """Read one frame; ``None`` when the other side is gone."""
    lengths = _read(of, _LENGTHS.size)
    if lengths is None:
        return None
    head_size, body_size = _LENGTHS.unpack(lengths)
    if head_size > _LARGEST_HEAD:
        raise WorkspaceError("What came through the server's socket is not Kizuna's.", "Start the server anew.")
    head, body = _read(of, head_size), _read(of, body_size)
    if head is None or body is None:
        return None
    return _decoder.decode(head), pa.ipc.open_stream(pa.py_buffer(body)).read_all() if body_size else None


def told(error: Exception) -> list[Any]:
    """An error as a frame's head."""
    if isinstance(error, KizunaError):
        return ["error", "kizuna", type(error).__name__, error.what, error.next_step]
    if isinstance(error, duckdb.Error):
        return ["error", "duckdb", type(error).__name__, str(error), ""]
    return ["error", "other", type(error).__name__, str(error), ""]


def raised(kind: str, name: str, what: str, next_step: str) -> Exception:
    """The error that a frame tells of, to be raised here."""
    if kind == "duckdb":
        found = getattr(duckdb, name, duckdb.Error)
        error: Exception = found(what)
        return error
    if kind == "kizuna":
        named = getattr(errors, name, KizunaError)
        # Some of the tree take other words than these two to be made.
        made: KizunaError = named.__new__(named)
        KizunaError.__init__(made, what, next_step)
        return made
    return RuntimeError(f"the server failed with {name}: {what}")


def _packed(value: Any) -> Any:
    if value is None or isinstance(value, (bool, float, str, bytes)):
        return value
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        return value
    if isinstance(value, Mapping):
        return {_packed(k): _packed(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_packed(v) for v in value]
    for code, (kind, write, _) in enumerate(_KINDS):
        if isinstance(value, kind):
            return msgspec.msgpack.Ext(code, write(value).encode())
    raise TypeError(f"{type(value).__name__} cannot be sent to the server")


def _unpacked(code: int, data: memoryview) -> Any:
    return _KINDS[code][2](str(data, "utf-8"))


_decoder: msgspec.msgpack.Decoder[list[Any]] = msgspec.msgpack.Decoder(list, ext_hook=_unpacked)


def _stream(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _read(of: socket.socket, size: int) -> bytearray | None:
    data = bytearray(size)
    view, done = memoryview(data), 0
    while done < size:
        got = of.recv_into(view[done:])
        if not got:
            return None
        done += got
    return data
