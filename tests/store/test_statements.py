"""Texts of SQL are taken apart once; what they say is asked anew each time."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import duckdb
import pytest

from kizuna.settings import Settings
from kizuna.store import duckdb as engine
from kizuna.store.duckdb import DuckDBStore


@pytest.fixture
def store() -> DuckDBStore:
    return DuckDBStore(":memory:", Settings({}))


def test_a_text_holds_when_tables_and_values_change(store: DuckDBStore) -> None:
    for made, value in (
        ("SELECT 1 AS a", 1),
        ("SELECT 'x' AS b, 2 AS a", "x"),
        ("SELECT DATE '2026-01-01' AS c", date(2026, 1, 1)),
    ):
        store.execute(f"CREATE OR REPLACE TEMP TABLE made AS {made}")
        assert store.execute("SELECT *, $value AS value FROM made", {"value": value})[0][-1] == value
    assert store.execute("FROM made") == [(date(2026, 1, 1),)]


def test_several_statements_in_one_text_all_run(store: DuckDBStore) -> None:
    for _ in range(2):
        store.execute("CREATE OR REPLACE TEMP TABLE one (a INTEGER); CREATE OR REPLACE TEMP TABLE two AS SELECT 7 AS a")
        assert store.execute("INSERT INTO one FROM two; SELECT a FROM one") == [(7,)]


def test_not_all_texts_are_kept(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_TEXTS_KEPT", 3)
    for number in range(10):
        assert store.execute(f"SELECT {number}") == [(number,)]
    assert len(store._taken_apart) <= 3


def test_closing_waits_for_a_connection_that_is_being_made(tmp_path: Path) -> None:
    """The engine would refuse to close while another thread is at it."""
    for turn in range(10):
        store = DuckDBStore(tmp_path / f"{turn}.duckdb", Settings({}))
        ended = threading.Event()

        def read(store: DuckDBStore = store, ended: threading.Event = ended) -> None:
            while not ended.is_set():
                try:
                    with store.reading() as data:
                        data.rows("SELECT 1")
                except duckdb.Error:
                    return  # closed

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        store.close()
        ended.set()
        for reader in readers:
            reader.join()
