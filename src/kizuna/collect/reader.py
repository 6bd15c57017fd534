"""Reading raw/messages from anywhere on: sealed, packed and open segments alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from kizuna.collect.packed import SUFFIX, Packed
from kizuna.collect.segment import Damage, Plain, Record, Source, name, records
from kizuna.errors import SpoolDamaged

Position = tuple[int, int]
"""A segment's number and the offset after a record in it; (0, 0) is before the first record."""

FOLDER = "raw/messages"


class Reader:
    """The messages of a workspace, read without writing: needs no lock.

    `folder` is raw/messages; it need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ends: dict[int, tuple[int, int]] = {}

    @property
    def end(self) -> Position:
        """The position after the last whole record."""
        for number in reversed(self.segments()):
            end = self._end(number)
            if end:
                return (number, end)
        return (0, 0)

    def read(
        self, after: Position, limit_bytes: int, damaged: Callable[[Damage], None] | None = None
    ) -> Iterator[tuple[Position, bytes]]:
        """Records after a position, in order, until about `limit_bytes` were given (at least one record).

        Damage between records is told to `damaged`, and reading goes on behind it; without `damaged`
        it raises `SpoolDamaged`.
        """
        given = 0
        for number, record in self.records(after, damaged):
            yield (number, record.end), record.payload
            given += len(record.payload)
            if given >= limit_bytes:
                return

    def records(
        self, after: Position = (0, 0), damaged: Callable[[Damage], None] | None = None
    ) -> Iterator[tuple[int, Record]]:
        """Records with their ids, each with the number of its segment."""
        end = self.end
        for number in self.segments():
            if after[0] <= number <= end[0]:
                until = end[1] if number == end[0] else None
                yield from self._segment(number, after[1] if number == after[0] else 0, until, damaged)

    def of_segment(self, number: int, damaged: Callable[[Damage], None] | None = None) -> Iterator[Record]:
        """One segment's records."""
        end = self.end
        until = end[1] if number == end[0] else None
        for _, record in self._segment(number, 0, until, damaged):
            yield record

    def segments(self) -> list[int]:
        """The numbers of the segments there are, in order."""
        if not self.folder.is_dir():
            return []
        names = (file.name.removesuffix(SUFFIX) for file in self.folder.iterdir())
        return sorted({int(n[:-4]) for n in names if n.endswith(".log") and n[:-4].isdigit()})

    def open(self, number: int) -> Source:
        """A segment's bytes. Raises `FileNotFoundError` if there is none of this number."""
        plain = self.folder / name(number)
        packed = plain.with_name(plain.name + SUFFIX)
        try:
            return Packed(packed) if packed.exists() else Plain(plain)
        except FileNotFoundError:
            # it was packed just now
            return Packed(packed)

    def _end(self, number: int) -> int:
        """The offset after the last whole record of a segment, 0 if it has none; looked for again when it grows."""
        source = self.open(number)
        try:
            size, end = self._ends.get(number, (-1, 0))
            if size != source.size:
                found = (r.end for r in records(source, 0, source.size) if isinstance(r, Record))
                end = max(found, default=0)
                self._ends[number] = (source.size, end)
            return end
        finally:
            source.close()

    def _segment(
        self, number: int, at: int, until: int | None, damaged: Callable[[Damage], None] | None
    ) -> Iterator[tuple[int, Record]]:
        source = self.open(number)
        try:
            for found in records(source, at, source.size if until is None else until):
                if isinstance(found, Record):
                    yield number, found
                elif damaged:
                    damaged(found)
                else:
                    raise SpoolDamaged(
                        f"{found}.", "Restore that file from a backup, or run `kizuna rebuild` to go on without it."
                    )
        finally:
            source.close()
