"""Finding out what a file is (cases/detection.txt), and that every form of a table reads alike."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sqlite3
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kizuna.collect import documents, files
from kizuna.collect.source import ReadOptions
from kizuna.collect.synonyms import known_names
from kizuna.errors import ImportFailed
from kizuna.settings import Settings
from kizuna.store.duckdb import DuckDBStore

CASES = [
    line
    for line in (Path(__file__).parent / "cases" / "detection.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.fixture(scope="module")
def store():
    made = DuckDBStore(":memory:", Settings({}))
    yield made
    made.close()


def read(store, path, folder, **options):
    source = files.read(store, path, ReadOptions(**options), folder, known=known_names(), salt=b"salt")
    rows = store.execute("SELECT * FROM _source ORDER BY line_no")
    return source, rows


@pytest.mark.parametrize("case", CASES)
def test_detection(store, tmp_path, case):
    name, encoding, text, expected = (part.strip(" ") for part in case.split(" | "))
    path = tmp_path / "file"
    path.write_bytes(text.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t").encode(encoding))
    source, rows = read(store, path, tmp_path)
    found = " ".join([*source.found.values(), "+".join(source.columns)])
    for word in expected.split():
        assert word in found, name
    assert rows and source.unparsed == 0


def test_gzip_reads_as_what_it_packs(store, tmp_path):
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress("注文番号,合計\nA1,1200\n".encode("cp932")))
    source, rows = read(store, path, tmp_path)
    assert rows == [(2, "A1", "1200")]
    assert source.found["format"] == "csv (gzip)"


def test_a_cut_gzip_is_refused(store, tmp_path):
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(b"order_id,total\n" + b"1,2\n" * 1000)[:-20])
    with pytest.raises(ImportFailed, match="damaged gzip"):
        read(store, path, tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02\x03 binary", "neither text"),
        (b'[{"id": 1}, {"id": ]', "not valid JSON"),
        (b"[]", "no JSON objects"),
        (b"PAR1 nonsense", "cannot be read as Parquet"),
        (b"PK\x03\x04 nonsense", "cannot be read as a workbook"),
        (b"SQLite format 3\x00", "--query"),
    ],
)
def test_files_that_cannot_be_read_say_why(store, tmp_path, content, words):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ImportFailed, match=words):
        read(store, path, tmp_path)


def test_ragged_and_broken_lines_keep_their_line_numbers(store, tmp_path):
    """The trap: quoted line breaks and blank lines before a broken line must not shift its number."""
    text = 'id,note,v\n1,"a\nb",2\n2,x\n\n3,y,4,5\n4,"say ""hi""",6\n5,"bad" x,7\n6,w,8\n'
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    _, rows = read(store, path, tmp_path)
    assert rows == [(2, "1", "a\nb", "2"), (7, "4", 'say "hi"', "6"), (9, "6", "w", "8")]
    bad = store.execute("SELECT line_no, kind FROM _unparsed ORDER BY 1")
    assert bad == [(4, "too few fields"), (6, "too many fields"), (8, "broken quotes")]


def test_a_broken_byte_rejects_its_line_only(store, tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(
        "id,navn\n1,Ærø\n2,Møn\n3,Fanø\n4,Æbelø\n5,Sjælland\n6,Samsø\n".encode() + b"7,\xff\n" + "8,Læsø\n".encode()
    )
    _, rows = read(store, path, tmp_path)
    assert [row[1] for row in rows] == list("1234568")
    assert store.execute("SELECT line_no, kind FROM _unparsed") == [(8, "bytes that are not UTF-8")]


def test_broken_json_lines_are_rejected_one_by_one(store, tmp_path):
    path = tmp_path / "file.jsonl"
    path.write_text('{"id": 1}\n{"id": }\n\n[1]\n{"id": 2, "x": null}\n', encoding="utf-8")
    _, rows = read(store, path, tmp_path)
    assert [row[:2] for row in rows] == [(1, "1"), (5, "2")]
    assert store.execute("SELECT line_no FROM _unparsed ORDER BY 1") == [(2,), (4,)]


def test_one_table_in_every_format_reads_alike(store, tmp_path):
    header, rows = ["order_id", "date", "total"], [["a", "2024-01-05", "3"], ["b", "2024-02-06", "4.5"]]
    records = [dict(zip(header, row, strict=True)) for row in rows]
    text = "\n".join(",".join(row) for row in [header, *rows])
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    (tmp_path / "t.json").write_text(json.dumps(records), encoding="utf-8")
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "t.parquet")
    book = openpyxl.Workbook()
    book.active.title = "empty"
    sheet = book.create_sheet("orders")
    for row in [header, ["a", "2024-01-05", 3], ["b", "2024-02-06", 4.5]]:
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    for name in ("t.csv", "t.json", "t.jsonl", "t.parquet", "t.xlsx"):
        _, found = read(store, tmp_path / name, tmp_path)
        assert [list(row[1:]) for row in found] == rows, name


def test_a_sheet_is_named_or_refused(store, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["id", "when"])
    book.active.append([1, "x"])
    other = book.create_sheet("other")
    other.append(["id", "note"])
    other.append([7, "y"])
    book.save(tmp_path / "t.xlsx")
    _, rows = read(store, tmp_path / "t.xlsx", tmp_path, sheet="other")
    assert rows == [(2, "7", "y")]
    with pytest.raises(ImportFailed, match="Sheet, other"):
        read(store, tmp_path / "t.xlsx", tmp_path, sheet="third")


def test_a_query_reads_and_only_reads(tmp_path):
    database = tmp_path / "shop.db"
    connection = sqlite3.connect(database)
    connection.executescript(
        "CREATE TABLE o (id INTEGER, total REAL, note TEXT); INSERT INTO o VALUES (1, 2.0, NULL), (2, 3.5, 'a,b');"
    )
    connection.close()
    target = tmp_path / "answer.csv.gz"
    documents.query_sqlite(database, "SELECT id, total, note FROM o ORDER BY id", target)
    first = target.read_bytes()
    assert gzip.decompress(first).decode() == 'id,total,note\n1,2,\n2,3.5,"a,b"\n'
    documents.query_sqlite(database, "SELECT id, total, note FROM o ORDER BY id", target)
    assert target.read_bytes() == first
    for query in (
        "DELETE FROM o",
        "ATTACH 'x.db' AS x",
        "PRAGMA journal_mode=WAL",
        "SELECT load_extension('x')",
        "nonsense",
    ):
        with pytest.raises(ImportFailed):
            documents.query_sqlite(database, query, target)


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Co")),
    max_size=8,
)
JAPANESE = st.text(st.sampled_from("あいうアイウ日本語店舗売上円ー、。"), min_size=2, max_size=6)
DANISH = st.text(st.sampled_from("abcdefghijklmnopæøåÆØÅé"), min_size=1, max_size=8)


@st.composite
def tables(draw):
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp932", "latin-1", "utf-16"]))
    delimiter = draw(st.sampled_from(",;\t|"))
    others = set(",;\t|") - {delimiter}
    cell = {"cp932": JAPANESE, "latin-1": DANISH}.get(encoding, CELLS)
    cell = cell.filter(lambda text: not others & set(text)) | st.sampled_from(
        ['say "hi"', "two\nlines", f"a{delimiter}b"]
    )
    width = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width), min_size=1, max_size=8))
    return encoding, delimiter, draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])), rows


@given(tables())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_comes_back_as_it_was_written(store, tmp_path, table):
    encoding, delimiter, quoting, rows = table
    width = len(rows[0])
    header = ["order_id", "date", "total", "note", "city"][:width]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows([header, *rows])
    path = tmp_path / "table.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    said = {} if encoding.startswith("utf") else {"encoding": encoding}
    source, found = read(store, path, tmp_path, **said)
    assert list(source.columns) == header
    assert [[cell or "" for cell in row[1:]] for row in found] == rows
    assert source.unparsed == 0


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4\n",
        '{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n',
        '[{"a": 1, "b": 2}, {"a": 3, "b": 4}]',
        '192.0.2.1 - - [01/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "Mozilla/5.0"\n' * 2,
    ],
)
@pytest.mark.parametrize("name", ["orders.gz", "orders.csv.zst"])
def test_what_a_file_is_is_told_by_its_content_not_by_a_name_that_says_packed(store, tmp_path, text, name):
    path = tmp_path / name
    path.write_text(text)
    source, rows = read(store, path, tmp_path)
    assert len(rows) == source.rows == 2
