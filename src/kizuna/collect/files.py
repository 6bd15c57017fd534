"""Any file as one relation of text with line numbers: find out what it is, then read it so."""

from __future__ import annotations

import gzip
import shutil
import zlib
from dataclasses import replace
from pathlib import Path

from kizuna.collect import delimited, detect, documents, weblog
from kizuna.collect.source import Kind, ReadOptions, Source, Store, drop, quoted
from kizuna.errors import ImportFailed

SPARE = 256 << 20
"""So much room the disk keeps for what the collector takes in."""

_GZIP = b"\x1f\x8b"
_PIECE = 1 << 20

_ADDRESS = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_LOOKED_AT = 200
"""So many rows tell whether a column has e-mail addresses."""


def read(
    store: Store,
    path: Path,
    options: ReadOptions,
    scratch: Path,
    *,
    known: frozenset[str] = frozenset(),
    salt: bytes = b"",
) -> Source:
    """Read a file into the temp table ``_source`` (or a view of that name) of the store.

    `scratch` is a folder for intermediate files, removed by the caller. `known` are the names by which
    a header is told from a first row of values, `salt` goes into the hash of addresses in access logs.
    Memory stays bounded: text streams through DuckDB, other encodings are rewritten a megabyte at a
    time. Raises `ImportFailed` when the file is not what it is said to be.
    """
    store.execute("CREATE OR REPLACE TEMP TABLE _unparsed (line_no BIGINT, reason VARCHAR, kind VARCHAR, row VARCHAR)")
    for name in ("_source", "_raw"):
        drop(store, name)
    packed = is_gzip(path)
    plain = unpacked(path, scratch) if packed else path
    kind = options.kind or kind_of(plain)
    source = _READERS[kind](store, plain, options, scratch, known, salt)
    source.found = {"format": kind + (" (gzip)" if packed else ""), **source.found}
    source.rows = int(store.execute("SELECT count(*) FROM _source")[0][0])
    source.unparsed = int(store.execute("SELECT count(*) FROM _unparsed")[0][0])
    source.addresses = _addresses(store, source)
    return source


def _addresses(store: Store, source: Source) -> frozenset[str]:
    """The columns of texts whose first values are e-mail addresses, all of them."""
    texts = [name for name, kind in source.columns.items() if kind == "VARCHAR"]
    if not texts:
        return frozenset()
    each = (f"bool_and(regexp_full_match(trim({quoted(n)}), '{_ADDRESS}') OR trim({quoted(n)}) = '')" for n in texts)
    some = (f"count(*) FILTER (contains({quoted(n)}, '@')) > 0" for n in texts)
    tested = ", ".join(f"{one} AND {other}" for one, other in zip(each, some, strict=True))
    row = store.execute(f"SELECT {tested} FROM (SELECT * FROM _source LIMIT {_LOOKED_AT})")[0]
    return frozenset(name for name, found in zip(texts, row, strict=True) if found)


def is_gzip(path: Path) -> bool:
    """Whether a file is packed, told by its first bytes."""
    with path.open("rb") as file:
        return file.read(2) == _GZIP


def unpacked(path: Path, scratch: Path) -> Path:
    """A gzipped file's content as a file in `scratch`; one that fills the disk with what it unpacks to is refused."""
    plain = scratch / path.name.removesuffix(".gz")
    try:
        with gzip.open(path, "rb") as packed, plain.open("wb") as out:
            while piece := packed.read(_PIECE):
                if shutil.disk_usage(scratch).free < SPARE:
                    plain.unlink()
                    raise ImportFailed(
                        f"Unpacked, {path.name} is too large for the room on the disk.",
                        "Make room, or send it in parts.",
                    )
                out.write(piece)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ImportFailed(
            f"{path.name} is a damaged gzip file: {error}.", "Fetch it again and import it anew."
        ) from None
    return plain


def kind_of(path: Path) -> Kind:
    """What kind of file it is, from how it begins. Raises `ImportFailed` for an empty one and one that is none."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip():
        raise ImportFailed(f"{path.name} is empty.", "Check the export that wrote it.")
    known = detect.kind_of(path, head)
    if known:
        return known
    encoding = detect.encoding_of(path)
    return detect.text_kind(detect.read_head(path, encoding))


def _csv(store: Store, path: Path, options: ReadOptions, scratch: Path, known: frozenset[str], salt: bytes) -> Source:
    return delimited.read(store, path, options, scratch, known)


def _whitespace(
    store: Store, path: Path, options: ReadOptions, scratch: Path, known: frozenset[str], salt: bytes
) -> Source:
    return delimited.read(store, path, replace(options, delimiter=" "), scratch, known)


def _json(store: Store, path: Path, options: ReadOptions, scratch: Path, known: frozenset[str], salt: bytes) -> Source:
    return documents.read_json(store, path, options, scratch)


def _jsonl(store: Store, path: Path, options: ReadOptions, scratch: Path, known: frozenset[str], salt: bytes) -> Source:
    return documents.read_jsonl(store, path, options, scratch)


def _parquet(
    store: Store, path: Path, options: ReadOptions, scratch: Path, known: frozenset[str], salt: bytes
) -> Source:
    return documents.read_parquet(store, path)


def _xlsx(store: Store, path: Path, options: ReadOptions, scratch: Path, known: frozenset[str], salt: bytes) -> Source:
    return documents.read_xlsx(store, path, options, scratch, known)


def _sqlite(
    store: Store, path: Path, options: ReadOptions, scratch: Path, known: frozenset[str], salt: bytes
) -> Source:
    raise ImportFailed(
        f"{path.name} is an SQLite database.",
        'Say what to take from it: --query "SELECT … FROM …".',
    )


def _weblog(
    store: Store, path: Path, options: ReadOptions, scratch: Path, known: frozenset[str], salt: bytes
) -> Source:
    return weblog.read(store, path, options, scratch, salt)


_READERS = {
    "csv": _csv,
    "whitespace": _whitespace,
    "json": _json,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "xlsx": _xlsx,
    "sqlite": _sqlite,
    "weblog": _weblog,
}
