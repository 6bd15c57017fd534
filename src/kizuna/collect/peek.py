"""A first look at a file: its columns with a few values, and the tables in it, without reading it all."""

from __future__ import annotations

import gzip
import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from kizuna.collect import documents, files, workbook
from kizuna.collect.source import ReadOptions, Store, quoted
from kizuna.collect.synonyms import known_names
from kizuna.errors import ImportFailed

HEAD = 1 << 20
"""So many bytes of a text file are looked at."""

SAMPLES, ROWS = 3, 200
SECONDS = 20.0
"""So long a first look at a database waits: somebody waits for the page."""

_WHOLE = ("parquet", "xlsx", "json")


@dataclass(frozen=True, slots=True)
class Peek:
    """What a file is and begins with.

    `samples` are a few different values of each column. `tables` are a workbook's sheets or a database's tables, and
    `table` is the one looked at; empty where a file has one only. `preset` is what the kind of file itself tells of
    fields, as in an access log. `kind` is one of `kizuna.collect.source.Kind`. `addresses` are the columns of e-mail
    addresses.
    """

    kind: str
    columns: tuple[str, ...]
    samples: dict[str, tuple[str, ...]]
    tables: tuple[str, ...] = ()
    table: str = ""
    preset: Mapping[str, str] = field(default_factory=dict)
    addresses: frozenset[str] = frozenset()


def peek(store: Store, path: Path, options: ReadOptions, scratch: Path, table: str = "") -> Peek:
    """Look at a file. `table` names the sheet or table that is meant, else the first that is not empty.

    `scratch` is an empty folder for what is made on the way. Raises `ImportFailed` where it cannot be read.
    """
    plain = _head_unpacked(path, scratch) if files.is_gzip(path) else path
    kind = options.kind or files.kind_of(plain)
    tables = tables_of(plain, kind)
    if table and table not in tables:
        table = ""
    if kind == "sqlite":
        return _database(store, plain, tables, table, options, scratch)
    if kind == "xlsx":
        options = replace(options, sheet=table or options.sheet)
    read = plain if kind in _WHOLE or plain.stat().st_size <= HEAD else _head(plain, scratch)
    source = files.read(store, read, options, scratch, known=known_names(), salt=b"")
    found = Peek(source.kind, tuple(source.columns), _samples(store, source.columns), tables, preset=source.preset)
    found = replace(found, addresses=source.addresses)
    return replace(found, table=source.found.get("sheet", "")) if kind == "xlsx" else found


def table_query(table: str) -> str:
    """The SELECT that takes a whole table of a database."""
    return f"SELECT * FROM {quoted(table)}"


def tables_of(path: Path, kind: str) -> tuple[str, ...]:
    """The sheets of a workbook or the tables of a database."""
    if kind == "xlsx":
        return workbook.sheets(path)
    if kind != "sqlite":
        return ()
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY rowid")
        return tuple(str(name) for (name,) in names if not str(name).startswith("sqlite_"))
    except sqlite3.Error as error:
        raise ImportFailed(
            f"{path.name} cannot be read as a database: {error}.", "Copy it anew while nothing writes to it."
        ) from None
    finally:
        connection.close()


def _database(
    store: Store, path: Path, tables: tuple[str, ...], table: str, options: ReadOptions, scratch: Path
) -> Peek:
    if not tables:
        raise ImportFailed(f"{path.name} is a database without tables.", "Check that it is the right file.")
    chosen = table or tables[0]
    answer = scratch / "table.csv.gz"
    documents.query_sqlite(path, f"{table_query(chosen)} LIMIT {ROWS}", answer, SECONDS)
    source = files.read(store, answer, replace(options, header=True), scratch, known=known_names(), salt=b"")
    samples = _samples(store, source.columns)
    return Peek("sqlite", tuple(source.columns), samples, tables, chosen, addresses=source.addresses)


def _samples(store: Store, columns: dict[str, str]) -> dict[str, tuple[str, ...]]:
    named = ", ".join(f"{quoted(name)}::VARCHAR" for name in columns)
    rows = store.execute(f"SELECT {named} FROM _source LIMIT {ROWS}") if columns else []
    found = {}
    for place, name in enumerate(columns):
        values = dict.fromkeys(str(row[place])[:60] for row in rows if row[place] not in (None, ""))
        found[name] = tuple(list(values)[:SAMPLES])
    return found


def _head(path: Path, scratch: Path) -> Path:
    """The beginning of a text file, up to the end of a line."""
    with path.open("rb") as file:
        return _written(file.read(HEAD), scratch / f"head-{path.name}")


def _head_unpacked(path: Path, scratch: Path) -> Path:
    """The beginning of a gzipped file; all of it where it has no lines to cut at."""
    plain = scratch / path.name.removesuffix(".gz")
    try:
        with gzip.open(path, "rb") as packed:
            head = packed.read(HEAD)
            plain.write_bytes(head)
            if not packed.read(1):
                return plain
        if files.kind_of(plain) in (*_WHOLE, "sqlite"):
            return files.unpacked(path, scratch)
        return _written(head, plain)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ImportFailed(
            f"{path.name} is a damaged gzip file: {error}.", "Fetch it again and import it anew."
        ) from None


def _written(head: bytes, target: Path) -> Path:
    # In UTF-16 a line's end is two bytes; cutting before it leaves whole letters.
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    end = head.rfind(b"\n")
    target.write_bytes(head[: (end // 2 * 2 if wide else end + 1)] if end > 0 else head)
    return target


def encodings() -> tuple[str, ...]:
    """The encodings that people are offered; any that Python knows can be said."""
    return ("utf-8", "cp932", "cp1252", "latin-1", "utf-16")
