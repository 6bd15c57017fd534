"""A file of ids, sorted: which ids the messages of a stretch of segments have.

Keys are hashes, so they are spread evenly: the first bits of a key say where in the file to look, in a
handful of rows. Looking up costs one page of the disk's cache, whatever the size. Files are merged into
larger ones as a *log-structured merge tree* does (O'Neil et al., 1996): about as many files as the
logarithm of their number of ids.

The form: 40 bytes (mark, number of ids, bits, first and last segment, CRC-32), the places at which each
bucket begins (u32), then 24 bytes an id.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kizuna.collect.segment import ID_BYTES, IDS_SUFFIX

KEY_BYTES = 16
SUFFIX = IDS_SUFFIX
_MARK = b"KIZIDS\0\x01"
_HEAD = struct.Struct("<8sQIIIIQ")
_ROW = np.dtype([("key", ">u8"), ("rest", f"V{ID_BYTES - 8}")])
_BUCKET = 8
_PART = 1 << 19

Rows = npt.NDArray[np.void]


class Run:
    """One sorted file, covering the segments `first` to `last`. Raises `ValueError` if it is not whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                raise ValueError(f"{path} is cut")
            mark, *numbers, check, _ = _HEAD.unpack(head)
            self.count, self.bits, self.first, self.last = map(int, numbers)
            self._rows_at = _rows_at(self.bits)
            size = self._rows_at + self.count * ID_BYTES
            if mark != _MARK or zlib.crc32(head[:28]) != check or os.fstat(file.fileno()).st_size != size:
                raise ValueError(f"{path} is damaged")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._shift = 64 - self.bits
        self._starts = memoryview(self._map)[_HEAD.size : self._rows_at - self._rows_at % 4].cast("I")

    def find(self, key: bytes) -> bytes | None:
        """What stands beside a key: the 8 bytes for the content."""
        bucket = int.from_bytes(key[:8], "big") >> self._shift
        base, starts = self._rows_at, self._starts
        at = self._map.find(key, base + starts[bucket] * ID_BYTES, base + starts[bucket + 1] * ID_BYTES)
        return None if at < 0 else self._map[at + KEY_BYTES : at + ID_BYTES]

    def part(self, number: int, bits: int) -> bytes:
        """The ids whose first `bits` bits are `number`."""
        low, high = number << (self.bits - bits), (number + 1) << (self.bits - bits)
        start, end = self._starts[low], self._starts[high]
        with self.path.open("rb") as file:
            file.seek(self._rows_at + start * ID_BYTES)
            return file.read((end - start) * ID_BYTES)

    def close(self) -> None:
        """Let the file go."""
        self._starts.release()
        self._map.close()


def write_run(folder: Path, first: int, last: int, ids: Iterable[bytes]) -> Run:
    """Sort ids (24 bytes each, any number in a piece) into a file. Raises `OSError`."""
    joined = b"".join(ids)
    return _write(folder, first, last, len(joined) // ID_BYTES, iter([_sorted(joined)]))


def merge(folder: Path, runs: Sequence[Run]) -> Run:
    """Merge files into one, in pieces that fit the memory. The old ones stay. Raises `OSError`."""
    count = sum(run.count for run in runs)
    bits = min((count // _PART).bit_length(), *(run.bits for run in runs))
    parts = (_sorted(b"".join(run.part(number, bits) for run in runs)) for number in range(1 << bits))
    return _write(folder, runs[0].first, runs[-1].last, count, parts)


def _sorted(ids: bytes) -> Rows:
    rows = np.frombuffer(ids, _ROW)
    # stable: of two rows with one key the older is found
    return rows[np.argsort(rows["key"].astype(np.uint64), kind="stable")]


def _rows_at(bits: int) -> int:
    return _HEAD.size + ((1 << bits) + 1) * 4


def _write(folder: Path, first: int, last: int, count: int, parts: Iterator[Rows]) -> Run:
    path = folder / f"{first:08}-{last:08}{SUFFIX}"
    part = path.with_name(path.name + ".part")
    bits = (count // _BUCKET).bit_length()
    sizes = np.zeros(1 << bits, np.uint32)
    with part.open("wb") as file:
        file.seek(_rows_at(bits))
        for rows in parts:
            file.write(rows.tobytes())
            if bits and len(rows):
                buckets = rows["key"].astype(np.uint64) >> np.uint64(64 - bits)
                low = int(buckets[0])
                found = np.bincount((buckets - np.uint64(low)).astype(np.int64))
                sizes[low : low + len(found)] += found.astype(np.uint32)
        if not bits:
            sizes[0] = count
        starts = np.concatenate([np.zeros(1, np.uint32), np.cumsum(sizes, dtype=np.uint32)])
        head = _HEAD.pack(_MARK, count, bits, first, last, 0, 0)[:28]
        file.seek(0)
        file.write(head + zlib.crc32(head).to_bytes(4, "little") + bytes(8) + starts.tobytes())
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return Run(path)
