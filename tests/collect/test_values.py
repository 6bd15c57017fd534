"""Values as people write them, one column a case (cases/values.txt)."""

from __future__ import annotations

from pathlib import Path

import pytest

from kizuna.collect.reading import Reader
from kizuna.collect.source import ReadOptions, Source, literal
from kizuna.collect.values import something
from kizuna.errors import ImportFailed
from kizuna.facts import Column
from kizuna.settings import Settings
from kizuna.store.duckdb import DuckDBStore

CASES = [
    line
    for line in (Path(__file__).parent / "cases" / "values.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.fixture(scope="module")
def store():
    made = DuckDBStore(":memory:", Settings({}))
    yield made
    made.close()


@pytest.mark.parametrize("case", CASES)
def test_values(store, case):
    kind, said, written, expected = (part.strip() for part in case.split("|"))
    options = dict(word.split("=") if "=" in word else (word, "") for word in said.split())
    values = [value.strip() for value in written.split("¦")]
    store.execute("CREATE OR REPLACE TEMP TABLE _source (line_no BIGINT, v VARCHAR)")
    rows = ", ".join(f"({n}, {literal(value) if value else 'NULL'})" for n, value in enumerate(values))
    store.execute(f"INSERT INTO _source VALUES {rows}")
    source = Source("_source", {"v": "VARCHAR"}, "csv", delimiter=";" if "semicolon" in options else ",")
    settings = Settings({"timezone": "Asia/Tokyo"} if "tokyo" in options else {})
    reader = Reader(store, source, settings, ReadOptions(decimal=options.get("decimal"), dates=options.get("dates")))
    column = Column("f", "number", "", unit="seconds") if kind == "seconds" else Column("f", kind, "")
    if expected.startswith("!"):
        with pytest.raises(ImportFailed, match=expected[1:].strip()):
            reader.read(column, '"v"', "VARCHAR", "_source")
        return
    sql = reader.read(column, '"v"', "VARCHAR", "_source").sql
    read = [row[0] for row in store.execute(f"SELECT CAST({sql} AS VARCHAR) FROM _source ORDER BY line_no")]
    wanted = [None if value.strip() in ("~", "?") else value.strip() for value in expected.split("¦")]
    assert read == wanted
    # What cannot be read must be told apart from what is not there.
    given = [row[0] for row in store.execute(f"SELECT {something('v')} IS NOT NULL FROM _source ORDER BY line_no")]
    unread = [place for place, value in enumerate(expected.split("¦")) if value.strip() == "?"]
    assert unread == [place for place, value in enumerate(read) if value is None and given[place]]
