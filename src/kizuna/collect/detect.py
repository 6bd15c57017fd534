"""Find out what a file is: its kind, its encoding, and how a CSV is written."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from kizuna.collect.source import Kind
from kizuna.errors import ImportFailed

HEAD_BYTES = 1 << 18
_SAMPLE_ROWS = 500
_MOST_PREAMBLE = 12
_DELIMITERS = (",", ";", "\t", "|")
_CHUNK = 1 << 20

WEBLOG_LINE = re.compile(r'^\S+ \S+ \S+ \[[^\]]+\] "[^"]*')
_NUMBERISH = re.compile(r"^[\s+\-−(¥￥\\$€£]*\d[\d\s.,:/年月日T+\-Z%)]*$")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV is written. `skip` lines of preamble stand before the header or the first row."""

    delimiter: str
    header: bool
    columns: tuple[str, ...]
    skip: int = 0
    escape: str = '"'


def kind_of(path: Path, head: bytes) -> Kind | None:
    """The kind told by a file's first bytes, or ``None`` for plain text."""
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"SQLite format 3\x00"):
        return "sqlite"
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "xlsx"
    if b"\x00" in head[:1024] and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ImportFailed(
            f"{path.name} is neither text nor a kind of file that can be read.",
            "Save it as CSV, TSV, JSON, JSON lines, Parquet or XLSX.",
        )
    return None


def text_kind(head: str) -> Kind:
    """The kind of a text file, from its beginning."""
    lines = [line for line in head.splitlines() if line.strip()][:50]
    if not lines:
        return "csv"
    start = head.lstrip("\ufeff \t\r\n")
    if start.startswith("{") and (first := _object(lines[0].lstrip("\ufeff"))) is not None:
        wraps = any(isinstance(v, list) and v and isinstance(v[0], dict) for v in first.values())
        return "json" if len(lines) == 1 and wraps else "jsonl"
    if start.startswith(("{", "[")) and _begins_json(start):
        return "json"
    if sum(bool(WEBLOG_LINE.match(line)) for line in lines) * 2 > len(lines):
        return "weblog"
    return "csv"


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _begins_json(start: str) -> bool:
    return bool(re.match(r'\[\s*(\{|\])|\{\s*("|\})', start))


def encoding_of(path: Path) -> str:
    """The encoding of a text file, as Python names it; reads the whole file, a megabyte at a time.

    UTF-8 is told by being valid. What is not valid UTF-8 is CP932 where its bytes come in pairs as
    Japanese text does, else CP1252 (Latin-1 where a byte has no meaning in CP1252). A UTF-8 file with
    a few broken bytes stays UTF-8: its broken lines are rejected one by one.
    """
    with path.open("rb") as file:
        first = file.read(4)
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
            return "utf-8-sig" if first.startswith(codecs.BOM_UTF8) else "utf-8"
        except UnicodeDecodeError:
            file.seek(0)
            sample = _not_ascii(file.read(64 * _CHUNK))
    if first.startswith(codecs.BOM_UTF8) or _mostly_utf8(sample):
        return "utf-8"
    if _looks_cp932(sample):
        return "cp932"
    return "cp1252" if _decodes(path, "cp1252") else "latin-1"


def _not_ascii(data: bytes) -> bytes:
    """The lines that hold other than ASCII, at most a megabyte of them."""
    if data.isascii():
        return b""
    kept, size = [], 0
    for line in data.split(b"\n"):
        if not line.isascii():
            kept.append(line)
            size += len(line)
            if size > _CHUNK:
                break
    return b"\n".join(kept)


def _mostly_utf8(sample: bytes) -> bool:
    text = sample.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    good = sum(1 for character in text if ord(character) > 127) - broken
    return good > 2 * broken


def _looks_cp932(sample: bytes) -> bool:
    try:
        text = sample.decode("cp932")
    except UnicodeDecodeError:
        return False
    if any("\ue000" <= character <= "\uf8ff" for character in text):
        return False
    leads = sum(0x81 <= byte <= 0x9F for byte in sample)
    letters = sum(byte >= 0xC0 for byte in sample)
    pairs = sum(1 for a, b in pairwise(sample) if a >= 0x80 and b >= 0x80)
    kana = sum("\u3041" <= character <= "\u30ff" or "\uff66" <= character <= "\uff9d" for character in text)
    return bool(leads and (kana or 2 * pairs >= leads or leads > letters)) or (kana > 0 and kana * 2 > len(sample) // 2)


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def read_head(path: Path, encoding: str) -> str:
    """The beginning of a text file, ending at a line's end when the file goes on."""
    with path.open("rb") as file:
        data = file.read(HEAD_BYTES)
        more = bool(file.read(1))
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(data, final=not more)
    return text[: text.rfind("\n") + 1] or text if more else text


def dialect_of(
    head: str, known: frozenset[str], delimiter: str | None = None, header: bool | None = None
) -> Dialect | None:
    """How a CSV is written, or ``None`` if no delimiter takes it apart.

    `known` are names (normalised, see `synonyms.plain`) by which a header is told at once.
    """
    candidates = [delimiter] if delimiter else list(_DELIMITERS)
    escape = "\\" if re.search(r'[^\\]\\"[^,;\t|\r\n]', head) and '""' not in head.replace(',""', "") else '"'
    best: tuple[float, int, str, list[list[str]]] | None = None
    for candidate in candidates:
        rows = _rows(head, candidate, escape)
        width, share = _width(rows)
        if rows and (width > 1 or delimiter) and (best is None or (share, width) > best[:2]):
            best = (share, width, candidate, rows)
    if best is None:
        return None
    _, width, chosen, rows = best
    skip = _preamble(rows, width)
    first = rows[skip] if skip < len(rows) else [""] * width
    named = header if header is not None else is_header(first, rows[skip + 1 :], known)
    columns = tuple(first) if named else tuple(f"column{n}" for n in range(1, width + 1))
    return Dialect(chosen, named, columns, _physical(head, skip), escape)


def single_column(head: str, known: frozenset[str], header: bool | None = None) -> Dialect:
    """A file of one column."""
    rows = _rows(head, ",", '"')
    first = rows[0] if rows else ["column1"]
    named = header if header is not None else is_header(first[:1], rows[1:], known)
    return Dialect(",", named, (first[0],) if named else ("column1",))


def _rows(head: str, delimiter: str, escape: str) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = csv.reader(
        io.StringIO(head.lstrip("\ufeff"), newline=""),
        delimiter=delimiter,
        doublequote=escape == '"',
        escapechar=None if escape == '"' else escape,
    )
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) >= _SAMPLE_ROWS:
                break
    except csv.Error:
        return rows
    return rows


def _width(rows: list[list[str]]) -> tuple[int, float]:
    """The commonest number of fields, and the share of rows that have it."""
    if not rows:
        return 0, 0.0
    counts = Counter(len(row) for row in rows)
    width, times = max(counts.items(), key=lambda item: (item[1], item[0]))
    return width, times / len(rows)


def _preamble(rows: list[list[str]], width: int) -> int:
    """How many rows of titles stand before the first row of full width."""
    for number, row in enumerate(rows[:_MOST_PREAMBLE]):
        if len(row) == width:
            return number
    return 0


def _physical(head: str, rows: int) -> int:
    """How many lines the first `rows` non-blank rows take."""
    if not rows:
        return 0
    seen = 0
    for number, line in enumerate(head.splitlines(), 1):
        seen += bool(line.strip())
        if seen == rows:
            return number
    return 0


def is_header(first: list[str], rest: list[list[str]], known: frozenset[str]) -> bool:
    """Whether the first row names the columns: known names, or words where values stand below."""
    from kizuna.collect.synonyms import plain

    cells = [cell.strip() for cell in first]
    below = [{row[place].strip() for row in rest if place < len(row)} for place in range(len(cells))]
    if any(plain(cell) in known and cell not in below[place] for place, cell in enumerate(cells) if cell):
        return True
    if any(_NUMBERISH.match(cell) for cell in cells) or len({c.lower() for c in cells}) < len(cells):
        return False
    if not rest:
        return True
    return not any(cell in below[place] for place, cell in enumerate(cells) if cell)
