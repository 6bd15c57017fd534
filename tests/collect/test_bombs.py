"""Files that are made to do harm (fault 10, for uploads): they are refused, and the process that reads them lives on."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import time
import zipfile
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from kizuna.collect import documents, expressions, files, workbook
from kizuna.collect.peek import peek
from kizuna.collect.source import ReadOptions
from kizuna.errors import ImportFailed, NotAllowed
from kizuna.settings import Settings
from kizuna.store.duckdb import DuckDBStore

TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{TYPES}"><Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="One" sheetId="1" r:id="r1"/>'
    "</sheets></workbook>",
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{OFFICE}/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    made = DuckDBStore(":memory:", Settings({}))
    yield made
    made.close()


def book(path: Path, rows: str) -> Path:
    """A workbook of one sheet with such rows."""
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**PARTS, "xl/worksheets/sheet1.xml": sheet}.items():
            archive.writestr(name, text)
    return path


def test_a_workbook_of_a_kilobyte_that_asks_for_half_a_terabyte(store: DuckDBStore, tmp_path: Path) -> None:
    """Read in the server it would end the server: the library cannot but abort when there is no memory."""
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    path = book(tmp_path / "far.xlsx", far)
    assert path.stat().st_size < 2_000
    with pytest.raises(ImportFailed, match=r"far\.xlsx takes more than"):
        files.read(store, path, ReadOptions(), tmp_path)
    with pytest.raises(ImportFailed, match=r"far\.xlsx takes more than"):
        peek(store, path, ReadOptions(), tmp_path)


def test_a_workbook_that_unpacks_to_far_more_than_it_is(
    store: DuckDBStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MEMORY", 300 << 20)
    path = book(tmp_path / "deep.xlsx", '<row><c t="str"><v>x</v></c></row>' * 4_000_000)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(ImportFailed, match=r"deep\.xlsx takes more than"):
        files.read(store, path, ReadOptions(), tmp_path)


def test_a_good_workbook_is_read_as_before(store: DuckDBStore, tmp_path: Path) -> None:
    cells = '<row><c t="str"><v>id</v></c><c t="str"><v>note</v></c></row><row><c><v>7</v></c><c t="str"><v>a\nb</v></c></row>'
    found = files.read(store, book(tmp_path / "good.xlsx", cells), ReadOptions(), tmp_path)
    assert (list(found.columns), store.execute("SELECT * FROM _source")) == (["id", "note"], [(2, "7", "a\nb")])


def test_a_view_of_a_database_that_counts_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as made:
        made.execute(
            "CREATE VIEW orders AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
            "SELECT x FROM c WHERE x < 0"
        )
    made.close()
    began = time.monotonic()
    with pytest.raises(ImportFailed, match=r"takes more than 0\.3 seconds"):
        documents.query_sqlite(path, 'SELECT * FROM "orders"', tmp_path / "out.gz", seconds=0.3)
    assert time.monotonic() - began < 20


def test_a_value_of_a_database_that_fills_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as made:
        made.execute("CREATE VIEW orders AS SELECT zeroblob(900000000) AS x")
    made.close()
    with pytest.raises(ImportFailed, match="too big"):
        documents.query_sqlite(path, 'SELECT * FROM "orders"', tmp_path / "out.gz")


def test_what_unpacks_to_more_than_the_disk_has_is_not_unpacked(
    store: DuckDBStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1 << 40, 1 << 40, files.SPARE - 1))
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(b"order_id,total\n" + b"1,2\n" * 1_000_000))
    with pytest.raises(ImportFailed, match="too large for the room"):
        files.read(store, path, ReadOptions(), tmp_path)
    assert not (tmp_path / "orders.csv").exists()


@pytest.mark.parametrize("width", ["1000000000", "no * 1000000", "1e9"])
def test_a_column_is_not_made_a_gigabyte_long(width: str) -> None:
    assert expressions.parse("lpad(no, 8, '0')", {"no": "VARCHAR"}, grouped=False).columns == ("no",)
    with pytest.raises(NotAllowed, match="up to 1000 letters"):
        expressions.parse(f"lpad(no, {width}, '0')", {"no": "VARCHAR"}, grouped=False)


def test_lines_that_end_in_two_ways_within_quotes_are_told_of(store: DuckDBStore, tmp_path: Path) -> None:
    """What reads CSV gives up with an error of its own; whoever sent the file can mend it."""
    path = tmp_path / "notes.csv"
    path.write_bytes(b'id,"a""b\r\nc"\n1,2\n2,3\n')
    with pytest.raises(ImportFailed, match=r"notes\.csv cannot be read as CSV"):
        files.read(store, path, ReadOptions(), tmp_path)
