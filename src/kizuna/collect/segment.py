"""A segment of raw/messages: the file's form, finding the records in it, and the one that is being written.

``00000007.log`` begins with 16 bytes (``KIZUNA``, a zero byte, the version, when it was begun) and holds
records one after the other::

    FB 4B 7A FF | length of payload u32 | number of ids u32 | CRC-32 u32 | payload | 24 bytes an id

The check sum covers everything but itself. A payload is UTF-8, in which the first byte of a record never
occurs: after damage the next record can be found by it. An id is 16 bytes for (source, messageId) and 8
for the message's content, so that duplicates are known again without reading JSON.
"""

from __future__ import annotations

import contextlib
import os
import struct
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol

from kizuna.collect.disk import Disk, write_all

MAGIC = b"KIZUNA\0\x01"
FILE_HEAD = struct.Struct("<8sQ")
RECORD = b"\xfb\x4b\x7a\xff"
HEAD = struct.Struct("<4sIII")
_CHECKED = HEAD.size - 4
ID_BYTES = 24
IDS_FOLDER, IDS_SUFFIX = "ids", ".ids"
"""Where the ids of complete segments lie, see `kizuna.collect.idrun`: ``FIRST-LAST.ids``."""

_WINDOW = 1 << 20


class Record(NamedTuple):
    """One record; `end` is the offset after it in the unpacked segment, `ids` 24 bytes each."""

    end: int
    payload: bytes
    ids: bytes


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of a segment that is not what was written: `start` up to `end`, offsets in the unpacked segment."""

    file: Path
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.file} is damaged from byte {self.start:,} to {self.end:,}"


class Source(Protocol):
    """A segment's unpacked bytes."""

    path: Path
    size: int

    def get(self, at: int, size: int) -> bytes:
        """`size` bytes from offset `at`, fewer at the end."""

    def close(self) -> None:
        """Let the file go."""


class Plain:
    """A segment that is not packed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY)
        self.size = os.fstat(self._descriptor).st_size

    def get(self, at: int, size: int) -> bytes:
        return os.pread(self._descriptor, size, at)

    def close(self) -> None:
        os.close(self._descriptor)


def name(number: int) -> str:
    """The file name of a segment, without what is added when it is packed."""
    return f"{number:08}.log"


def frame(payload: bytes, ids: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """A record as it is written."""
    tail = b"".join(chain.from_iterable(ids))
    head = HEAD.pack(RECORD, len(payload), len(ids), 0)[:_CHECKED]
    check = zlib.crc32(tail, zlib.crc32(payload, zlib.crc32(head)))
    return b"".join((head, check.to_bytes(4, "little"), payload, tail))


def records(source: Source, at: int, end: int) -> Iterator[Record | Damage]:
    """The records from offset `at` up to `end`, and the damage between them."""
    if at < FILE_HEAD.size:
        if source.get(0, 8) != MAGIC and end:
            yield Damage(source.path, 0, min(FILE_HEAD.size, end))
        at = FILE_HEAD.size
    base, window = at, b""
    while at < end:
        if at + HEAD.size > base + len(window):
            base, window = at, source.get(at, min(_WINDOW, end - at))
        size = _size(window, at - base)
        if at + size <= end and at - base + size > len(window):
            base, window = at, source.get(at, max(_WINDOW, size))
        record = _record(window, at - base, size, at)
        if record is None:
            beyond = _next(source, at + 1, end)
            yield Damage(source.path, at, beyond)
            at = beyond
        else:
            yield record
            at = record.end


def _size(window: bytes, at: int) -> int:
    """How long the record at a place says it is, 0 if there is none."""
    if window[at : at + 4] != RECORD or len(window) < at + HEAD.size:
        return 0
    _, length, ids, _ = HEAD.unpack_from(window, at)
    return int(HEAD.size + length + ids * ID_BYTES)


def _record(window: bytes, at: int, size: int, offset: int) -> Record | None:
    if not size or at + size > len(window):
        return None
    _, length, _, check = HEAD.unpack_from(window, at)
    body = memoryview(window)[at + HEAD.size : at + size]
    if zlib.crc32(body, zlib.crc32(window[at : at + _CHECKED])) != check:
        return None
    return Record(offset + size, bytes(body[:length]), bytes(body[length:]))


def _next(source: Source, at: int, end: int) -> int:
    """Where the next whole record begins, `end` if there is none."""
    while at < end:
        window = source.get(at, min(_WINDOW, end - at))
        if not window:
            return end
        found = window.find(RECORD)
        while found >= 0:
            start = at + found
            size = _size(source.get(start, HEAD.size), 0)
            if size and start + size <= end and _record(source.get(start, size), 0, size, start):
                return start
            found = window.find(RECORD, found + 1)
        # the mark itself may lie across two windows
        at += max(len(window) - len(RECORD) + 1, 1)
    return end


class OpenSegment:
    """The segment that is being written. `end` is the offset after the last record that is on the disk.

    Every method raises `OSError`; what failed is cut back, before anything else is written.
    """

    def __init__(self, folder: Path, number: int, disk: Disk, end: int = 0) -> None:
        self.number, self.end = number, end
        self.path = folder / name(number)
        self.begun = _begun(self.path) if end else time.time()
        self.torn = False
        self.unsure = False
        self._named = bool(end)
        self._disk = disk
        self._descriptor = disk.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND)

    def append(self, data: bytes) -> None:
        """Write and sync whole records."""
        if self.torn:
            self.cut()
        if not self.end:
            data = FILE_HEAD.pack(MAGIC, int(self.begun * 1e6)) + data
        self.torn = True
        try:
            write_all(self._disk, self._descriptor, data)
            # After a failed sync the kernel may think that pages are on the disk which are not
            # (https://wiki.postgresql.org/wiki/Fsync_Errors): this file is not written to again.
            self.unsure = True
            self._disk.sync(self._descriptor)
            self.unsure = False
            if not self._named:
                self._disk.sync_folder(self.path.parent)
                self._named = True
        except OSError:
            with contextlib.suppress(OSError):
                self.cut()
            raise
        self.torn = False
        self.end += len(data)

    def cut(self) -> None:
        """Take away what is behind the last acknowledged record."""
        self._disk.truncate(self._descriptor, self.end)
        self.torn = False

    def close(self) -> None:
        """Let the file go; an empty one is removed."""
        self._disk.close(self._descriptor)
        if not self.end:
            self._disk.remove(self.path)


def _begun(path: Path) -> float:
    """When a segment was begun, seconds since 1970."""
    with path.open("rb") as file:
        head = file.read(FILE_HEAD.size)
    return float(FILE_HEAD.unpack(head)[1]) / 1e6 if len(head) == FILE_HEAD.size else time.time()
