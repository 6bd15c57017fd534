"""A first look at a file tells its columns and tables, without reading it all."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kizuna.collect import peek as module
from kizuna.collect.peek import Peek, peek, table_query
from kizuna.collect.source import ReadOptions
from kizuna.errors import ImportFailed
from kizuna.settings import Settings
from kizuna.store.duckdb import DuckDBStore


@pytest.fixture(scope="module")
def store() -> DuckDBStore:
    return DuckDBStore(":memory:", Settings({}))


def look(store: DuckDBStore, folder: Path, name: str, content: bytes, table: str = "") -> Peek:
    (folder / "scratch").mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return peek(store, path, ReadOptions(), folder / "scratch", table)


def test_columns_and_a_few_different_values(store: DuckDBStore, tmp_path: Path) -> None:
    text = "id;name;land\n" + "".join(f"{n};Åse {n % 2};DK\n" for n in range(9))
    found = look(store, tmp_path, "k.csv", text.encode("cp1252"))
    assert (found.kind, found.columns) == ("csv", ("id", "name", "land"))
    assert found.samples == {"id": ("0", "1", "2"), "name": ("Åse 0", "Åse 1"), "land": ("DK",)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp932"])
@pytest.mark.parametrize("packed", [False, True])
def test_only_the_beginning_of_a_large_file_is_read(
    store: DuckDBStore, tmp_path: Path, encoding: str, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HEAD", 2_001)
    text = "注文番号,金額\n" + "".join(f"{n},{n * 10}\n" for n in range(5_000)) + '"an open quote'
    content = text.encode(encoding)
    found = look(store, tmp_path, "o.csv", gzip.compress(content) if packed else content)
    assert found.columns == ("注文番号", "金額")
    assert found.samples["金額"] == ("0", "10", "20")


def test_the_sheets_of_a_workbook_can_be_chosen_from(store: DuckDBStore, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    for row in (["order_id", "total"], ["1", 5]):
        book.create_sheet("Orders").append(row) if "Orders" not in book.sheetnames else book["Orders"].append(row)
    book.save(tmp_path / "b.xlsx")
    content = (tmp_path / "b.xlsx").read_bytes()
    found = look(store, tmp_path, "b.xlsx", content)
    assert (found.tables, found.table, found.columns) == (("Notes", "Orders"), "Orders", ("order_id", "total"))


def test_the_tables_of_a_database_can_be_chosen_from(store: DuckDBStore, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "made.db") as made:
        made.execute('CREATE TABLE "odd "" name" (a, b)')
        made.execute("CREATE TABLE sales (id, total)")
        made.execute("INSERT INTO sales VALUES (7, 1.5)")
    content = (tmp_path / "made.db").read_bytes()
    first = look(store, tmp_path, "s.db", content)
    assert (first.tables, first.table, first.columns) == (('odd " name', "sales"), 'odd " name', ("a", "b"))
    sales = look(store, tmp_path, "s.db", content, "sales")
    assert (sales.table, sales.samples) == ("sales", {"id": ("7",), "total": ("1.5",)})
    assert look(store, tmp_path, "s.db", content, "no such").table == 'odd " name'
    assert table_query('a"b') == 'SELECT * FROM "a""b"'


def test_parquet_keeps_its_columns(store: DuckDBStore, tmp_path: Path) -> None:
    pq.write_table(pa.table({"order_id": ["1"], "tags": [["a", "b"]]}), tmp_path / "p.parquet")
    found = look(store, tmp_path, "p.parquet", (tmp_path / "p.parquet").read_bytes())
    assert (found.kind, found.columns) == ("parquet", ("order_id", "tags"))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("e.csv", b"", "is empty"),
        ("e.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "damaged gzip"),
        ("e.bin", b"\x7fELF\x00\x00\x01\x02", "neither text nor"),
        ("e.xlsx", b"PK\x03\x04nonsense", "workbook"),
        ("e.db", b"SQLite format 3\x00" + b"\x00" * 500, "database"),
    ],
)
def test_what_cannot_be_read_is_said(store: DuckDBStore, tmp_path: Path, name: str, content: bytes, said: str) -> None:
    with pytest.raises(ImportFailed, match=said):
        look(store, tmp_path, name, content)


def test_columns_of_addresses_are_told_by_their_values(store: DuckDBStore, tmp_path: Path) -> None:
    text = "kunde,note,both\n Aya@x.dk ,see a@b,a@x.dk\n,,\nbo@x.dk,,c17\n"
    assert look(store, tmp_path, "addresses.csv", text.encode()).addresses == {"kunde"}
