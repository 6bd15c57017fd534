"""A sealed segment, packed: ``00000007.log.zst``.

Standard Zstandard, so that ``zstd -d`` unpacks it. Every megabyte is a frame of its own, and before each
stands a *skippable frame* (RFC 8878, section 3.1.2) that says which stretch of the segment follows: reading
can begin anywhere, and damage costs the frame it lies in, not the rest of the file.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import zstandard

from kizuna.collect.disk import Disk, write_all
from kizuna.collect.segment import Plain

SUFFIX = ".zst"
FRAME = 1 << 20
LEVEL = 3
# skippable frame's mark and length; offset and whole size of the segment, unpacked; length of the next frame; CRC-32
_MARK = b"\x5b\x2a\x4d\x18"
_SIGN = struct.Struct("<4sIQQII")
_BODY = _SIGN.size - 8


class _Piece(NamedTuple):
    start: int
    place: int
    length: int
    whole: int


class Packed:
    """A packed segment. What cannot be unpacked reads as zeros, which no record consists of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY)
        self._pieces = {piece.start: piece for piece in _pieces(self._descriptor)}
        self.size = max((piece.whole for piece in self._pieces.values()), default=0)
        self._last = (-1, b"")

    def get(self, at: int, size: int) -> bytes:
        end = min(at + size, self.size)
        start = at - at % FRAME
        parts = [self._frame(place) for place in range(start, end, FRAME)]
        return b"".join(parts)[at - start : end - start]

    def close(self) -> None:
        os.close(self._descriptor)

    def _frame(self, start: int) -> bytes:
        if self._last[0] != start:
            self._last = (start, self._unpacked(start))
        return self._last[1]

    def _unpacked(self, start: int) -> bytes:
        length = min(FRAME, self.size - start)
        piece = self._pieces.get(start)
        if piece is None:
            return bytes(length)
        try:
            data = zstandard.ZstdDecompressor().decompress(
                os.pread(self._descriptor, piece.length, piece.place), max_output_size=FRAME
            )
        except zstandard.ZstdError:
            return bytes(length)
        return data if len(data) == length else bytes(length)


def _pieces(descriptor: int) -> Iterator[_Piece]:
    """The signs of a packed segment; after damage the next one is looked for."""
    at, end = 0, os.fstat(descriptor).st_size
    while at + _SIGN.size <= end:
        sign = os.pread(descriptor, _SIGN.size, at)
        mark, _, start, whole, length, check = _SIGN.unpack(sign)
        if mark == _MARK and zlib.crc32(sign[:-4]) == check:
            yield _Piece(start, at + _SIGN.size, length, whole)
            at += _SIGN.size + length
        else:
            at = _next(descriptor, at + 1, end)


def _next(descriptor: int, at: int, end: int) -> int:
    while at < end:
        window = os.pread(descriptor, FRAME, at)
        found = window.find(_MARK)
        if found >= 0:
            return at + found
        at += max(len(window) - len(_MARK) + 1, 1)
    return end


def pack(path: Path, disk: Disk) -> Path:
    """Pack a sealed segment beside itself, read it back, then remove the unpacked one. Raises `OSError`."""
    source = Plain(path)
    packed = path.with_name(path.name + SUFFIX)
    part = path.with_name(packed.name + ".part")
    try:
        _write(source, part, disk)
        _compare(source, part)
    finally:
        source.close()
    disk.rename(part, packed)
    disk.sync_folder(path.parent)
    disk.remove(path)
    return packed


def _write(source: Plain, part: Path, disk: Disk) -> None:
    packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, write_content_size=True)
    descriptor = disk.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        for start in range(0, source.size, FRAME):
            data = packer.compress(source.get(start, FRAME))
            sign = _SIGN.pack(_MARK, _BODY, start, source.size, len(data), 0)[:-4]
            write_all(disk, descriptor, sign + zlib.crc32(sign).to_bytes(4, "little") + data)
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)


def _compare(source: Plain, part: Path) -> None:
    packed = Packed(part)
    try:
        for start in range(0, source.size, FRAME):
            if packed.get(start, FRAME) != source.get(start, FRAME):
                raise OSError(f"{part} does not read back as it was written")
    finally:
        packed.close()
