"""How tables of records leave the command line: as text, JSON, CSV, Arrow, Parquet or Markdown."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kizuna.errors import KizunaError, did_you_mean
from kizuna.show.console import note

if TYPE_CHECKING:
    import pyarrow as pa

    from kizuna.measure.answer import Answer

Format = Literal["table", "json", "csv", "arrow", "parquet", "md"]
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BY_SUFFIX: dict[str, Format] = {
    ".txt": "table",
    ".json": "json",
    ".csv": "csv",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".parquet": "parquet",
    ".md": "md",
}


def format_of(given: Format | None, output: Path | None) -> Format:
    """The format asked for, else the one the file's suffix names, else a table."""
    if given is not None or output is None:
        return given or "table"
    known = _BY_SUFFIX.get(output.suffix.lower())
    if known is None:
        near = did_you_mean(output.suffix, _BY_SUFFIX)
        raise KizunaError(
            f"The suffix of {output.name!r} names no format.",
            f"Did you mean {near}?" if near else f"Use one of {', '.join(_BY_SUFFIX)}, or say --format.",
        )
    return known


def answer_content(answer: Answer, format: Format) -> str | bytes:
    """An answer in a format that programs read."""
    if format == "json":
        return answer.to_json() + "\n"
    if format == "csv":
        return answer.to_csv()
    if format == "md":
        return answer.to_markdown()
    return binary(answer.to_arrow(), format)


def table_content(table: pa.Table, format: Format) -> str | bytes:
    """Rows of facts in a format that programs read. Times without a zone are UTC; where they are text they say so."""
    if format == "md":
        return as_markdown(table.column_names, table.to_pylist())
    if format not in ("json", "csv"):
        return binary(table, format)
    rows = [{name: plain(_told(cell)) for name, cell in row.items()} for row in table.to_pylist()]
    if format == "json":
        return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"
    return as_csv(table.column_names, rows)


def _told(cell: Any) -> Any:
    """A time of the store with the zone it has, in the form that `kizuna tail` has too."""
    return f"{cell.isoformat()}Z" if isinstance(cell, datetime) else cell


def binary(table: pa.Table, format: Format) -> bytes:
    """A table as an Arrow or Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    if format == "parquet":
        pq.write_table(table, sink)
    else:
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    return sink.getvalue()


def as_csv(header: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    """Rows as comma-separated text with a header, harmless to spreadsheets."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n")
    writer.writerow({name: harmless(name) for name in header})
    writer.writerows({name: harmless(plain(cell)) for name, cell in row.items()} for row in rows)
    return out.getvalue()


def as_markdown(header: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    """Rows as a Markdown table."""
    lines = ["| " + " | ".join(map(_cell, header)) + " |", "|" + "--|" * len(header)]
    lines += ["| " + " | ".join(_cell(plain(row[name])) for name in header) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def harmless(cell: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it; numbers stay numbers.

    A carriage return inside a cell becomes a line feed, which the writer puts in quotes; left bare it
    would end the row for some readers.
    """
    if not isinstance(cell, str):
        return cell
    text = "'" + cell if cell[:1] in FORMULA else cell
    return text.replace("\r\n", "\n").replace("\r", "\n")


def plain(cell: Any) -> Any:
    """A value as JSON has it: times in ISO form, money as a number."""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, list):
        return json.dumps(dict(cell) if all(isinstance(c, tuple) for c in cell) else cell, ensure_ascii=False)
    return cell


def deliver(content: str | bytes, output: Path | None) -> None:
    """To the file, or to stdout; bytes are not thrown at a terminal."""
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(content if isinstance(content, bytes) else content.encode())
        note(f"wrote {output}")
    elif isinstance(content, str):
        sys.stdout.write(content)
    elif sys.stdout.isatty():
        raise KizunaError(
            "This format is not for reading on a terminal.", "Add --output FILE, or send it to a program."
        )
    else:
        sys.stdout.buffer.write(content)


def _cell(cell: Any) -> str:
    return "" if cell is None else str(cell).replace("|", "\\|").replace("\n", " ")
