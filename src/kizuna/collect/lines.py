"""Which line of the file a row stands on, where quoted fields run over several lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_CHUNK = 1 << 20


def count_lines(path: Path) -> int:
    """Lines of a file, a last one without an end included."""
    count, last = 0, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            count += chunk.count(b"\n")
            last = chunk[-1:]
    return count + (last != b"\n")


def shifts(path: Path, escape: str) -> Iterator[tuple[int, int, bool]]:
    """Records whose line is not simply one more than the record's before them.

    Gives (record, line, blank): the record's number counted from 1, blank lines included as the CSV
    reader of DuckDB counts them, and its first line. Blank records are given too. A record goes on
    while a quote is open, which is so while the number of quotes seen is odd.
    """
    record, line, expected, inside = 0, 0, 1, False
    with path.open("rb") as file:
        for text in file:
            line += 1
            if not inside:
                record += 1
                blank = not text.strip(b"\r\n")
                if blank or line != expected:
                    yield record, line, blank
                    expected = line
                expected += 1
            quotes = text.count(b'"')
            if escape == "\\":
                quotes -= text.count(b'\\"')
            inside ^= quotes % 2 == 1
