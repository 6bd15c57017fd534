"""The spool: whatever is acknowledged is on the disk first.

One thread writes. All requests that arrive while it writes and syncs form the next `Group`, which is
written with one call, synced with one ``fdatasync`` and then resolved as a whole: *group commit* (DeWitt
et al., 1984, Implementation techniques for main memory database systems). What fails is cut back to the
last acknowledged record and the whole group is told; the next group tries again, so a disk that was full
is used again as soon as there is room. A second thread packs the segments that are full or old enough.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from kizuna.collect.disk import Disk, write_file
from kizuna.collect.lock import Lock
from kizuna.collect.packed import SUFFIX, pack
from kizuna.collect.reader import Position, Reader
from kizuna.collect.segment import IDS_FOLDER, IDS_SUFFIX, MAGIC, Damage, OpenSegment, frame, name
from kizuna.errors import SpoolError
from kizuna.settings import Settings

MOST_WAITING = 32 << 20
"""Bytes that may wait for the disk before more are refused."""

_PACK_AGAIN = 60.0
_log = logging.getLogger("kizuna.spool")

Ids = Sequence[tuple[bytes, bytes]]


class Group:
    """Records that are written and synced together. Once `done`, either `error` is set or `end` is."""

    __slots__ = ("_lock", "_waiting", "bytes", "done", "ends", "error", "records", "segment")

    def __init__(self, lock: threading.Condition) -> None:
        self.records: list[tuple[bytes, Ids]] = []
        self.bytes = 0
        self.done = False
        self.error: SpoolError | None = None
        self.segment = 0
        self.ends: list[int] = []
        self._lock = lock
        self._waiting: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = defaultdict(list)

    async def settled(self) -> None:
        """Return when the group is on the disk. Raises `SpoolError` if it could not be put there."""
        if not self.done:
            loop = asyncio.get_running_loop()
            future = loop.create_future()
            with self._lock:
                if not self.done:
                    self._waiting[loop].append(future)
                else:
                    future.set_result(None)
            await future
        if self.error:
            raise self.error

    def wait(self, timeout: float | None = None) -> None:
        """As `settled`, for threads."""
        with self._lock:
            if not self._lock.wait_for(lambda: self.done, timeout):
                raise SpoolError("The disk did not answer in time.", "Send it again.")
        if self.error:
            raise self.error

    def resolve(self) -> None:
        """Tell everybody who waits."""
        with self._lock:
            self.done = True
            waiting = dict(self._waiting)
            self._lock.notify_all()
        for loop, futures in waiting.items():
            with contextlib.suppress(RuntimeError):  # that loop has ended
                loop.call_soon_threadsafe(_release, futures)


def _release(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


class Spool(Reader):
    """The one writer of a workspace's raw/messages; reads as `Reader` does, but only what is synced.

    `folder` is raw/messages. `sealed` is called by a thread of its own with the number of each segment
    that is complete, before it is packed. Raises `WorkspaceError` if another process writes here.
    `torn` says what was cut off at the start because the last run ended in the middle of a write.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        disk: Disk | None = None,
        sealed: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._lock_file = Lock(folder / "lock", str(folder))
        self._disk = disk or Disk()
        self._most_bytes: int = settings.segment_megabytes * 1_000_000
        self._most_seconds: float = settings.segment_minutes * 60
        self.sealed = sealed
        self.torn: Damage | None = None
        self._changed = threading.Condition(threading.Lock())
        self._group = Group(self._changed)
        self._closing = False
        self._open: OpenSegment | None = None
        try:
            self._take_up()
        except BaseException:
            self._lock_file.close()
            raise
        self._packer = _Packer(self)
        self._writer = threading.Thread(target=self._write_groups, name="kizuna-spool", daemon=True)
        self._writer.start()

    @property
    def end(self) -> Position:
        """The position after the last record that is on the disk."""
        return self._end_now

    @property
    def writing(self) -> int:
        """The number of the segment that is being written, 0 when the next record begins a new one."""
        segment = self._open
        return segment.number if segment else 0

    def append(self, payload: bytes, ids: Ids = ()) -> Group:
        """Have a record written; from any thread. The group says when it is on the disk.

        `ids` are pairs of 16 bytes for (source, messageId) and 8 for the content. Raises `SpoolError`
        when too much waits for the disk already.
        """
        return self._append(payload, ids)[0]

    def write(self, payload: bytes, ids: Ids = ()) -> Position:
        """Write a record and return when it is on the disk. Raises `SpoolError`."""
        group, place = self._append(payload, ids)
        group.wait()
        return (group.segment, group.ends[place])

    def wait(self, after: Position, timeout: float) -> bool:
        """Wait until there is something after a position; False if there was not in time (or it closes)."""
        with self._changed:
            return self._changed.wait_for(lambda: self._end_now > after or self._closing, timeout) and (
                self._end_now > after
            )

    def seal(self) -> None:
        """Complete the open segment now, as its age or size would."""
        with self._changed:
            self._most_seconds, before = 0, self._most_seconds
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._open is None or self._closing)
            self._most_seconds = before

    def pack(self) -> None:
        """Return when every complete segment is packed, or cannot be."""
        self._packer.drain()

    def close(self) -> None:
        """Write what waits, then let the folder go."""
        with self._changed:
            if self._closing:
                return
            self._closing = True
            self._changed.notify_all()
        self._writer.join()
        self._packer.close()
        if self._open:
            with contextlib.suppress(OSError):
                self._open.close()
        self._lock_file.close()

    def _append(self, payload: bytes, ids: Ids) -> tuple[Group, int]:
        with self._changed:
            group = self._group
            if self._closing:
                raise SpoolError("The server is stopping.", "Send it again in a moment.")
            if group.bytes > MOST_WAITING:
                raise SpoolError("The disk cannot keep up.", "Send it again in a moment.")
            group.records.append((payload, ids))
            group.bytes += len(payload)
            if len(group.records) == 1:
                self._changed.notify_all()
            return group, len(group.records) - 1

    # -- the writing thread

    def _write_groups(self) -> None:
        while True:
            with self._changed:
                while not (self._group.records or self._closing or self._old()):
                    self._changed.wait(self._patience())
                group, self._group = self._group, Group(self._changed)
            if group.records:
                self._commit(group)
            elif self._closing:
                return
            else:
                self._seal()

    def _commit(self, group: Group) -> None:
        try:
            self._put(group)
        except OSError as error:
            _log.warning("raw/messages cannot be written: %s", error)
            group.error = SpoolError(f"Messages cannot be kept now: {error.strerror or error}.", "Send them again.")
        except Exception as error:
            _log.exception("raw/messages cannot be written")
            group.error = SpoolError(f"Messages cannot be kept now: {error}.", "Send them again.")
        group.records = []
        group.resolve()
        if self._open and self._open.end >= self._most_bytes:
            self._seal()

    def _put(self, group: Group) -> None:
        segment = self._open
        if segment is None:
            segment = self._open = OpenSegment(self.folder, self._next, self._disk)
            self._next += 1
        frames = [frame(payload, ids) for payload, ids in group.records]
        data = b"".join(frames)
        try:
            segment.append(data)
        except OSError:
            if segment.unsure and not segment.torn and segment.end:
                self._seal()
            raise
        at = segment.end - len(data)
        for each in frames:
            at += len(each)
            group.ends.append(at)
        group.segment = segment.number
        with self._changed:
            self._end_now = (segment.number, segment.end)

    def _old(self) -> bool:
        segment = self._open
        return bool(segment and segment.end and time.time() - segment.begun >= self._most_seconds)

    def _patience(self) -> float | None:
        """Seconds until the open segment is old enough; a clock that is set back must not stop time."""
        segment = self._open
        if not (segment and segment.end):
            return None
        return min(max(segment.begun + self._most_seconds - time.time(), 0.01), 60.0)

    def _seal(self) -> None:
        segment = self._open
        if segment is None:
            return
        if segment.torn:
            with contextlib.suppress(OSError):
                segment.cut()
        with contextlib.suppress(OSError):
            segment.close()
        with self._changed:
            self._open = None
            self._changed.notify_all()
        self._packer.add(segment.number)

    # -- starting

    def _take_up(self) -> None:
        """Remove what a killed packer left, cut the last segment back to its last whole record."""
        for part in self.folder.glob("*.part"):
            part.unlink()
        numbers = self.segments()
        for number in numbers:
            plain = self.folder / name(number)
            if plain.exists() and plain.with_name(plain.name + SUFFIX).exists():
                plain.unlink()
        self._next = numbers[-1] + 1 if numbers else 1
        last = self.folder / name(self._next - 1)
        if numbers and last.exists():
            self._open = self._mended(numbers[-1])
        self._end_now = super().end

    def _mended(self, number: int) -> OpenSegment | None:
        """The last segment, ready to be written on; None when it was complete or has no record (and goes)."""
        end = self._end(number)
        source = self.open(number)
        try:
            size = source.size
            rest = source.get(end, size - end) if size > end else b""
            whole = source.get(0, len(MAGIC)) == MAGIC
        finally:
            source.close()
        path = self.folder / name(number)
        if rest:
            self.torn = Damage(path, end, size)
            self._put_aside(path.with_name(f"{number:08}-{end}.torn"), rest)
        if not end:
            self._disk.remove(path)
            return None
        segment = OpenSegment(self.folder, number, self._disk, end)
        if rest:
            segment.cut()
        if not whole:
            # a damaged beginning: nothing is added to this one
            segment.begun = 0.0
        if self._was_complete(number):
            segment.close()
            return None
        return segment

    def _was_complete(self, number: int) -> bool:
        """Whether a segment's ids are in a file already: ids of records that were added now would be missed."""
        return any((self.folder / IDS_FOLDER).glob(f"*-{number:08}{IDS_SUFFIX}"))

    def _put_aside(self, file: Path, rest: bytes) -> None:
        """Keep what is cut off; where there is no room for it, starting is worth more."""
        where = f"it is kept as {file.name}"
        try:
            write_file(self._disk, file, rest)
        except OSError as error:
            where = f"it could not be kept aside: {error}"
        _log.warning("%s. What is behind the last whole record is cut off; %s", self.torn, where)


class _Packer:
    """Packs complete segments, one after the other, in a thread of its own."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._changed = threading.Condition()
        self._closing = self._busy = False
        open_now = spool._open.number if spool._open else 0
        self._waiting = [
            number for number in spool.segments() if number != open_now and (spool.folder / name(number)).exists()
        ]
        self._left: list[int] = []
        self._thread = threading.Thread(target=self._run, name="kizuna-packer", daemon=True)
        self._thread.start()

    def add(self, number: int) -> None:
        with self._changed:
            self._waiting.append(number)
            self._changed.notify_all()

    def drain(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not (self._waiting or self._busy) or self._closing)

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        _step_back()
        while True:
            with self._changed:
                if not self._waiting and not self._closing:
                    self._changed.wait(_PACK_AGAIN if self._left else None)
                    if not self._waiting:
                        self._waiting, self._left = self._left, []
                if self._closing:
                    return
                number = self._waiting.pop(0) if self._waiting else 0
                self._busy = bool(number)
            if number:
                self._pack(number)
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _pack(self, number: int) -> None:
        path = self._spool.folder / name(number)
        try:
            if not path.exists():
                return
            if self._spool.sealed:
                self._spool.sealed(number)
            pack(path, self._spool._disk)
        except Exception as error:
            _log.warning("%s could not be packed, which is tried again later: %s", path, error)
            with self._changed:
                self._left.append(number)


def _step_back() -> None:
    """Let this thread work when others do not: what packs must not keep those waiting who send."""
    if sys.platform == "linux":  # elsewhere it would be the whole process
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
