"""CSV, TSV and text in columns set off by spaces, streamed through DuckDB's reader."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path

import duckdb

from kizuna.collect import detect, lines
from kizuna.collect.detect import Dialect
from kizuna.collect.source import ReadOptions, Source, Store, literal, unique_names
from kizuna.errors import ImportFailed

_CHUNK = 1 << 20
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "spaces"}


def read(store: Store, path: Path, options: ReadOptions, scratch: Path, known: frozenset[str]) -> Source:
    """A CSV (or TSV, or whitespace-separated text) as ``_source``.

    Lines that cannot be taken apart, or have more or fewer fields than the rest, go to ``_unparsed``.
    """
    encoding = options.encoding or detect.encoding_of(path)
    text = as_utf8(path, encoding, scratch)
    head = detect.read_head(text, "utf-8-sig")
    spaced = options.delimiter == " "
    dialect = None if spaced else detect.dialect_of(head, known, options.delimiter, options.header)
    if dialect is None and (spaced or _has_columns(head)):
        text = _tabbed(text, scratch)
        head = detect.read_head(text, "utf-8")
        dialect, spaced = detect.dialect_of(head, known, "\t", options.header), True
    dialect = dialect or detect.single_column(head, known, options.header)
    columns = unique_names(list(dialect.columns))
    load(store, text, dialect, columns)
    found = {"encoding": encoding, "delimiter": _NAMES.get(" " if spaced else dialect.delimiter, dialect.delimiter)}
    found["header"] = "first line" if dialect.header else "none: columns are named column1, column2 …"
    return Source("_source", dict.fromkeys(columns, "VARCHAR"), "csv", found, " " if spaced else dialect.delimiter)


def as_utf8(path: Path, encoding: str, scratch: Path) -> Path:
    """The file itself when it is UTF-8, else a copy that is, written a megabyte at a time."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise ImportFailed(
            f"There is no encoding {encoding!r}.", "Use a name such as utf-8, cp932 or latin-1."
        ) from None
    if name in ("utf-8", "utf-8-sig"):
        return path
    target = scratch / (path.name + ".utf8")
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file, target.open("wb") as out:
            while chunk := file.read(_CHUNK):
                out.write(decoder.decode(chunk).encode("utf-8"))
            out.write(decoder.decode(b"", final=True).encode("utf-8"))
    except UnicodeError as error:
        raise ImportFailed(
            f"{path.name} is not {encoding} throughout: {error}.", "Say another --encoding, or save it as UTF-8."
        ) from None
    return target


def load(store: Store, text: Path, dialect: Dialect, columns: list[str]) -> None:
    """Read a UTF-8 file with a known dialect into ``_raw``, and make ``_source`` of it."""
    for name in ("_errors", "_scans"):
        store.execute(f"DROP TABLE IF EXISTS temp.{name}")
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    reading = (
        f"read_csv({literal(str(text))}, auto_detect=false, compression='none', header=false, "
        f"delim={literal(dialect.delimiter)}, "
        f"quote='\"', escape={literal(dialect.escape)}, columns={{{types}}}, store_rejects=true, "
        "rejects_table='_errors', rejects_scan='_scans', rejects_limit=0)"
    )
    try:
        store.execute(f"CREATE OR REPLACE TEMP TABLE _raw AS SELECT * FROM {reading}")
    except duckdb.InvalidInputException as error:
        said = str(error).split("\n")[0].partition(": ")[2]
        raise ImportFailed(
            f"{text.name} cannot be read as CSV: {said}", "Save it anew, with the same line ends everywhere."
        ) from None
    _keep_errors(store, columns, dialect.skip)
    _number(store, text, dialect, len(columns))


def _keep_errors(store: Store, columns: list[str], skip: int) -> None:
    """Move DuckDB's rejected lines to ``_unparsed``; line_no is the record's number for now."""
    width = len(columns)
    reason = (
        "CASE error_type::VARCHAR "
        "WHEN 'MISSING COLUMNS' THEN regexp_extract(error_message, 'Found: (\\d+)', 1) "
        f"|| ' fields instead of {width}' "
        f"WHEN 'TOO MANY COLUMNS' THEN 'more than {width} fields' "
        "WHEN 'INVALID ENCODING' THEN 'bytes that are not UTF-8' "
        "WHEN 'LINE SIZE OVER MAXIMUM' THEN 'longer than two million bytes' "
        "ELSE 'a quote that does not end, or ends in the midst of a field' END"
    )
    kind = (
        "CASE error_type::VARCHAR "
        "WHEN 'MISSING COLUMNS' THEN 'too few fields' WHEN 'TOO MANY COLUMNS' THEN 'too many fields' "
        "WHEN 'INVALID ENCODING' THEN 'bytes that are not UTF-8' WHEN 'LINE SIZE OVER MAXIMUM' THEN 'line too long' "
        "ELSE 'broken quotes' END"
    )
    store.execute(
        f"INSERT INTO _unparsed SELECT line, first({reason}), first({kind}), to_json({{'line': first(csv_line)}}) "
        f"FROM _errors WHERE line > {int(skip)} GROUP BY line ORDER BY line"
    )


def _number(store: Store, text: Path, dialect: Dialect, width: int) -> None:
    """Make ``_source``: the rows of ``_raw`` after the header, each with its line in the file."""
    accepted = int(store.execute("SELECT count(*) FROM _raw")[0][0])
    broken = int(store.execute("SELECT count(DISTINCT line) FROM _errors")[0][0])
    headers = 0
    if dialect.header:
        headers = 1 + int(
            store.execute(f"SELECT {dialect.skip} - count(DISTINCT line) FROM _errors WHERE line <= {dialect.skip}")[0][
                0
            ]
        )
    if not broken and accepted == lines.count_lines(text):
        store.execute(
            f"CREATE OR REPLACE TEMP VIEW _source AS SELECT rowid + 1 AS line_no, * FROM _raw WHERE rowid >= {headers}"
        )
        return
    found = list(lines.shifts(text, dialect.escape))
    blanks = [record for record, _, blank in found if blank and width > 1]
    _table(store, "_shifts", "record BIGINT, line BIGINT", [(record, line) for record, line, _ in found])
    _table(store, "_blanks", "record BIGINT", [(record,) for record in blanks])
    store.execute(
        "CREATE OR REPLACE TEMP TABLE _gone AS SELECT before, max(gone) AS gone FROM ("
        "SELECT record - row_number() OVER (ORDER BY record) AS before, row_number() OVER (ORDER BY record) AS gone "
        "FROM (SELECT line AS record FROM _errors UNION SELECT record FROM _blanks)) GROUP BY before"
    )
    record = "r.row_no + 1 + coalesce(g.gone, 0)"
    store.execute(
        f"CREATE OR REPLACE TEMP TABLE _source AS "
        f"SELECT coalesce(s.line + n.record - s.record, n.record) AS line_no, n.* EXCLUDE (row_no, record) FROM "
        f"(SELECT {record} AS record, r.* FROM (SELECT rowid AS row_no, * FROM _raw) r "
        f"ASOF LEFT JOIN _gone g ON r.row_no >= g.before) n "
        f"ASOF LEFT JOIN _shifts s ON n.record >= s.record WHERE n.row_no >= {headers} ORDER BY n.row_no"
    )
    store.execute(
        "UPDATE _unparsed SET line_no = n.line FROM (SELECT u.line_no AS record, "
        "coalesce(s.line + u.line_no - s.record, u.line_no) AS line "
        "FROM _unparsed u ASOF LEFT JOIN _shifts s ON u.line_no >= s.record) n WHERE n.record = _unparsed.line_no"
    )


def _table(store: Store, name: str, columns: str, rows: list[tuple[int, ...]]) -> None:
    """A small temp table of whole numbers."""
    store.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
    for start in range(0, len(rows), 5000):
        values = ", ".join(f"({', '.join(map(str, row))})" for row in rows[start : start + 5000])
        store.execute(f"INSERT INTO {name} VALUES {values}")


def _has_columns(head: str) -> bool:
    """Whether runs of spaces take every line apart into the same number of words."""
    widths = {len(line.split()) for line in head.splitlines()[:200] if line.strip()}
    return len(widths) == 1 and widths.pop() > 1


def _tabbed(text: Path, scratch: Path) -> Path:
    """A copy with tabs between the words of each line; blank lines stay, so that line numbers do."""
    target = scratch / (text.name + ".tabbed")
    with text.open(encoding="utf-8-sig", errors="replace") as file, target.open("w", encoding="utf-8") as out:
        for line in file:
            out.write("\t".join(line.split()).replace('"', '""') + "\n")
    return target


def write_rows(path: Path, header: list[str], rows: object) -> None:
    """A CSV in the one dialect that `rows_dialect` reads; ``None`` and empty text are both empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)  # type: ignore[arg-type]


def rows_dialect(columns: list[str]) -> Dialect:
    """The dialect of `write_rows`."""
    return Dialect(",", True, tuple(columns))
