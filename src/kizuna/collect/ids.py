"""Which messages are there already: one (source, messageId) counts once, for all history kept.

What is being written is remembered with its `Group`, the open segment's ids in memory, older ones in
sorted files (`idrun`). All of it is *derived*: every record carries its ids, so what is missing in
raw/messages/ids is made again from the segments when the spool is opened. Deleting the folder is safe.

Everything but `flush` belongs to one thread, the collector's; `flush` runs in the spool's packing thread.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from kizuna.collect.idrun import KEY_BYTES, SUFFIX, Run, merge, write_run
from kizuna.collect.segment import ID_BYTES, IDS_FOLDER
from kizuna.collect.spool import Group, Spool

FOLDER = IDS_FOLDER
_log = logging.getLogger("kizuna.ids")


class Known(NamedTuple):
    """What is kept under an id (`said` in `kizuna.collect.said`). `group` is set while it is not on the disk yet."""

    said: bytes
    group: Group | None


def key(source: str, message_id: str, what: str = "") -> bytes:
    """16 bytes for an id within a source; `what` keeps ids of another kind apart."""
    return blake2b(f"{source}\0{message_id}\0{what}".encode(errors="surrogatepass"), digest_size=KEY_BYTES).digest()


class Ids:
    """The ids of a spool's messages. Reads what it lacks from the segments, and flushes each that is sealed."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._folder = spool.folder / FOLDER
        self._folder.mkdir(exist_ok=True)
        self._lock = threading.Lock()
        self._writing: deque[tuple[Group, dict[bytes, bytes]]] = deque()
        self._young: tuple[tuple[int, dict[bytes, bytes]], ...] = ()
        self._runs: tuple[Run, ...] = ()
        spool.sealed = self.flush
        self._take_up()

    def find(self, key: bytes) -> Known | None:
        """What is known of a key; None when it is new."""
        for group, ids in self._writing:
            found = ids.get(key)
            if found is not None and not group.error:
                return Known(found, None if group.done else group)
        for _, ids in self._young:
            found = ids.get(key)
            if found is not None:
                return Known(found, None)
        for run in self._runs:
            found = run.find(key)
            if found is not None:
                return Known(found, None)
        return None

    def are_new(self, keys: Sequence[bytes]) -> bool:
        """Whether nothing is known of any of these keys, nor of one twice; False also where `find` must tell."""
        return (
            len(frozenset(keys)) == len(keys)
            and all(ids.keys().isdisjoint(keys) for _, ids in self._writing)
            and all(ids.keys().isdisjoint(keys) for _, ids in self._young)
            and not any(run.find(key) for run in self._runs for key in keys)
        )

    def add(self, group: Group, ids: Sequence[tuple[bytes, bytes]]) -> None:
        """Remember ids that were appended with a group. They are forgotten if the group fails."""
        writing = self._writing
        if not writing or writing[-1][0] is not group:
            while writing and writing[0][0].done:
                self._settle(*writing.popleft())
            writing.append((group, {}))
        writing[-1][1].update(ids)

    def flush(self, number: int) -> None:
        """Put a sealed segment's ids into a file, then forget them here."""
        with self._lock:
            self._flush(number)

    def close(self) -> None:
        """Let the files go."""
        with self._lock:
            runs, self._runs = self._runs, ()
            for run in runs:
                run.close()

    def __len__(self) -> int:
        return sum(run.count for run in self._runs) + sum(len(ids) for _, ids in (*self._young, *self._writing))

    def _settle(self, group: Group, ids: dict[bytes, bytes]) -> None:
        if group.error:
            return
        with self._lock:
            if not self._covered(group.segment):
                self._segment(group.segment).update(ids)

    def _segment(self, number: int) -> dict[bytes, bytes]:
        for known, ids in self._young:
            if known == number:
                return ids
        new: dict[bytes, bytes] = {}
        self._young = ((number, new), *self._young)
        return new

    def _covered(self, number: int) -> bool:
        return any(run.first <= number <= run.last for run in self._runs)

    def _take_up(self) -> None:
        """Open the files there are, and read the ids of segments that no file covers."""
        with self._lock:
            for part in self._folder.glob("*.part"):
                part.unlink()
            self._runs = tuple(self._whole())
            missing = [number for number in self._spool.segments() if not self._covered(number)]
            writing = self._spool.writing
            if len(missing) > 2:
                _log.warning("reading the ids of %d segments of %s", len(missing), self._spool.folder)
            for number in missing:
                try:
                    if number != writing:
                        self._flush(number)
                        continue
                except OSError as error:
                    _log.warning("the ids of segment %d stay in memory: %s", number, error)
                self._remember(number)

    def _remember(self, number: int) -> None:
        """Take the ids of the segment that is written on into memory."""
        rows = b"".join(self._read(number))
        ids = self._segment(number)
        for at in range(0, len(rows), ID_BYTES):
            ids.setdefault(rows[at : at + KEY_BYTES], rows[at + KEY_BYTES : at + ID_BYTES])

    def _whole(self) -> list[Run]:
        """The files that are whole, without those that a merged one contains."""
        runs: list[Run] = []
        for path in sorted(self._folder.glob("*" + SUFFIX), key=lambda p: (p.name[:8], -int(p.name[9:17]))):
            try:
                run = Run(path)
            except (ValueError, OSError) as error:
                _log.warning("%s, and is made again from the segments", error)
                path.unlink()
                continue
            if runs and run.first <= runs[-1].last:
                run.close()
                path.unlink()
            else:
                runs.append(run)
        return runs

    def _read(self, number: int) -> list[bytes]:
        records = self._spool.of_segment(number, lambda damage: _log.warning("%s", damage))
        return [record.ids for record in records]

    def _flush(self, number: int) -> None:
        if not self._covered(number):
            run = write_run(self._folder, number, number, self._read(number))
            self._runs = tuple(sorted((*self._runs, run), key=lambda r: r.first))
        # only now, so that whoever looks for an id meanwhile finds it in one of the two
        self._young = tuple((n, ids) for n, ids in self._young if n != number)
        self._merge()

    def _merge(self) -> None:
        """Merge the newest files until each is at least twice as large as the one after it."""
        there = self._spool.segments()
        while len(self._runs) > 1:
            older, newer = self._runs[-2:]
            between = any(older.last < number < newer.first for number in there)
            if between or older.count >= 2 * newer.count:
                return
            merged = merge(self._folder, (older, newer))
            self._runs = (*self._runs[:-2], merged)
            # not closed: a look-up may be using them; they go when nobody does
            older.path.unlink()
            newer.path.unlink()
