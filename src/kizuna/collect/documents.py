"""JSON, JSON lines, Parquet, XLSX, and queries on SQLite files."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sqlite3
import time
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import duckdb

from kizuna.collect import delimited, detect, workbook
from kizuna.collect.sheetprogram import cell
from kizuna.collect.source import ReadOptions, Source, Store, drop, literal, quoted, unique_names
from kizuna.errors import ImportFailed

_WHOLE_DOCUMENT = 64 << 20
_NESTED = 3
SQLITE_SECONDS = 900.0
_LONGEST_VALUE = 64 << 20
_STEPS = 100_000
"""Of SQLite's machine between two looks at the clock: some milliseconds."""
_HEAD_ROWS = 500
"""So many rows of a sheet are looked at for its header; as many as of other files."""


def read_jsonl(store: Store, path: Path, options: ReadOptions, scratch: Path) -> Source:
    """JSON lines: one object a line; lines that are not go to ``_unparsed``."""
    encoding = options.encoding or detect.encoding_of(path)
    text = delimited.as_utf8(path, encoding, scratch)
    store.execute(
        f"CREATE OR REPLACE TEMP TABLE _raw AS SELECT * FROM read_csv({literal(str(text))}, auto_detect=false, "
        "compression='none', header=false, delim='\x01', quote='', escape='', columns={'json': 'VARCHAR'}, "
        "null_padding=true, max_line_size=16000000, ignore_errors=false)"
    )
    return _objects(store, path, "rowid + 1", {"encoding": encoding})


def read_json(store: Store, path: Path, options: ReadOptions, scratch: Path) -> Source:
    """A JSON array of objects, or a document that holds one; line_no is the object's place in it."""
    encoding = options.encoding or detect.encoding_of(path)
    text = delimited.as_utf8(path, encoding, scratch)
    with text.open("rb") as file:
        start = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"{":
        text = _inner_array(text, path.name, scratch)
    try:
        store.execute(
            "CREATE OR REPLACE TEMP TABLE _raw AS "
            f"SELECT json FROM read_json_objects({literal(str(text))}, format='array', compression='none', "
            "maximum_object_size=16777216)"
        )
    except duckdb.Error as error:
        said = str(error).split("\n")[0].replace(str(text), path.name)
        raise ImportFailed(
            f"{path.name} is not valid JSON. {said}", "Mend it, or export it as JSON lines or CSV."
        ) from None
    return _objects(store, path, "rowid + 1", {"encoding": encoding})


def _inner_array(text: Path, name: str, scratch: Path) -> Path:
    """The array of objects inside a document such as ``{"data": [{…}, {…}]}``; a lone object counts as one."""
    if text.stat().st_size > _WHOLE_DOCUMENT:
        raise ImportFailed(f"{name} is one JSON object of more than 64 MB.", "Export it as JSON lines.")
    try:
        document = json.loads(text.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ImportFailed(
            f"{name} is not valid JSON: {error}.", "Mend it, or export it as JSON lines or CSV."
        ) from None
    inner = [v for v in document.values() if isinstance(v, list) and v and all(isinstance(row, dict) for row in v)]
    target = scratch / "inner.json"
    target.write_text(json.dumps(inner[0] if len(inner) == 1 else [document], ensure_ascii=False), encoding="utf-8")
    return target


def _objects(store: Store, path: Path, line_no: str, found: dict[str, str]) -> Source:
    """``_source`` from ``_raw(json)``: one column per key, those of nested objects joined by dots."""
    valid = "CASE WHEN json_valid(json) THEN json_type(json) = 'OBJECT' ELSE false END"
    structure = store.execute(f"SELECT json_group_structure(json::JSON) FROM _raw WHERE {valid}")[0][0]
    shape = json.loads(structure) if structure else {}
    paths = list(_paths(shape)) if isinstance(shape, dict) else []
    if not paths:
        raise ImportFailed(f"{path.name} holds no JSON objects.", 'Each row must be an object: {"order_id": 1, …}.')
    names = unique_names([".".join(keys) for keys in paths])
    wanted = ", ".join(
        literal("$" + "".join(f".{json.dumps(key, ensure_ascii=False)}" for key in keys)) for keys in paths
    )
    columns = ", ".join(f"v[{n}] AS {quoted(name)}" for n, name in enumerate(names, 1))
    store.execute(
        f"CREATE OR REPLACE TEMP TABLE _source AS SELECT line_no, {columns} FROM "
        f"(SELECT {line_no} AS line_no, json_extract_string(json, [{wanted}]) AS v FROM _raw WHERE {valid})"
    )
    store.execute(
        f"INSERT INTO _unparsed SELECT {line_no}, 'not a JSON object', 'not a JSON object', "
        "to_json({'line': json::VARCHAR}) "
        f"FROM _raw WHERE NOT ({valid}) AND trim(json::VARCHAR) <> ''"
    )
    return Source("_source", dict.fromkeys(names, "VARCHAR"), "json", found)


def _paths(shape: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, inner in shape.items():
        if isinstance(inner, dict) and inner and len(above) < _NESTED:
            yield from _paths(inner, (*above, key))
        else:
            yield (*above, key)


def read_parquet(store: Store, path: Path) -> Source:
    """Parquet, with its types kept; lists and structs become JSON text."""
    place = literal(str(path))
    try:
        described = store.execute(f"DESCRIBE SELECT * FROM read_parquet({place})")
    except duckdb.Error as error:
        raise ImportFailed(
            f"{path.name} cannot be read as Parquet: {error}", "Write it again, then import it anew."
        ) from None
    originals = [row[0] for row in described]
    names = unique_names(originals)
    types: dict[str, str] = {}
    parts = []
    for original, name, row in zip(originals, names, described, strict=True):
        nested = any(mark in row[1] for mark in ("[]", "STRUCT", "MAP", "UNION"))
        plain = nested or row[1].startswith(("ENUM", "BLOB", "UUID", "JSON", "INTERVAL", "TIME "))
        types[name] = "VARCHAR" if plain else row[1]
        value = quoted(original)
        parts.append(
            f"{f'to_json({value})::VARCHAR' if nested else f'{value}::VARCHAR' if plain else value} AS {quoted(name)}"
        )
    store.execute(
        f"CREATE OR REPLACE TEMP TABLE _source AS SELECT file_row_number + 1 AS line_no, {', '.join(parts)} "
        f"FROM read_parquet({place}, file_row_number=true)"
    )
    return Source("_source", types, "parquet")


def read_xlsx(store: Store, path: Path, options: ReadOptions, scratch: Path, known: frozenset[str]) -> Source:
    """One sheet of a workbook: the named one, else the first that is not empty."""
    name, rows = workbook.rows_of(path, options.sheet, scratch)
    head = list(islice(rows, _HEAD_ROWS))
    start = next((n for n, row in enumerate(head) if sum(map(bool, row)) * 2 > len(row) or sum(map(bool, row)) > 3), 0)
    body = head[start:]
    if not body:
        raise ImportFailed(
            f"{path.name}: the sheet is empty.", f"Name another with --sheet: {', '.join(workbook.sheets(path))}."
        )
    header = options.header if options.header is not None else detect.is_header(body[0], body[1:], known)
    columns = unique_names(body[0] if header else [""] * len(body[0]))
    number = enumerate(chain(body[1:] if header else body, rows), start + (2 if header else 1))
    target = scratch / "sheet.csv"
    delimited.write_rows(target, ["line_no", *columns], ([no, *row] for no, row in number if any(row)))
    _from_rows(store, target, columns)
    return Source("_source", dict.fromkeys(columns, "VARCHAR"), "xlsx", {"sheet": name})


def _from_rows(store: Store, path: Path, columns: list[str]) -> None:
    """``_source`` from a CSV of ours whose first column is the line number."""
    delimited.load(store, path, delimited.rows_dialect(["line_no", *columns]), ["_line", *columns])
    names = ", ".join(quoted(name) for name in columns)
    drop(store, "_source")  # a table where a cell has more than one line
    store.execute(
        f"CREATE OR REPLACE TEMP TABLE _numbered AS SELECT _line::BIGINT AS line_no, {names} FROM _raw WHERE rowid > 0"
    )
    store.execute("CREATE TEMP VIEW _source AS SELECT * FROM _numbered")


def query_sqlite(database: Path, query: str, target: Path, seconds: float = SQLITE_SECONDS) -> None:
    """Write the rows of a SELECT on an SQLite file to `target` as a gzipped CSV, a batch at a time.

    The database is opened read-only and only reading is allowed, so that no statement in the query can
    change it or open another file. The answer, not the database, is what the import keeps. A view of the file
    may count for ever or make a value of a gigabyte: both raise `ImportFailed`, as what else SQLite refuses.
    """
    connection = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)
    connection.set_authorizer(_only_read)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    until = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        cursor = connection.execute(query)
        if cursor.description is None:
            raise ImportFailed("The query gives no rows.", 'Use a SELECT: --query "SELECT … FROM …".')
        columns = unique_names([column[0] for column in cursor.description])
        with (
            target.open("wb") as out,
            gzip.GzipFile(filename="", fileobj=out, mode="wb", compresslevel=1, mtime=0) as packed,
            io.TextIOWrapper(packed, encoding="utf-8", newline="") as text,
        ):
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(columns)
            while rows := cursor.fetchmany(1_000):
                if time.monotonic() > until:
                    raise sqlite3.OperationalError("interrupted")
                writer.writerows(
                    ["" if v is None else cell(v) if not isinstance(v, bytes) else v.hex() for v in row] for row in rows
                )
    except sqlite3.Error as error:
        if time.monotonic() > until:
            raise ImportFailed(
                f"{database.name} takes more than {seconds:g} seconds to read.", "Take out a table instead of a view."
            ) from None
        raise ImportFailed(
            f"The query on {database.name} failed: {error}.", "Mend the query, then run it again."
        ) from None
    finally:
        connection.close()


def _only_read(action: int, *_: object) -> int:
    allowed = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
    return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY
