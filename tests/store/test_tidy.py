"""The log beside the database goes into the file while nobody waits, and not within a COMMIT."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kizuna.settings import Settings
from kizuna.store import duckdb as engine
from kizuna.store.duckdb import DuckDBStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    store = DuckDBStore(tmp_path / "kizuna.duckdb", Settings({}))
    store.execute("INSERT INTO loaded SELECT n, n FROM range(2_000_000) r (n)")
    store.execute("CHECKPOINT")
    yield store
    store.close()


def log(store: DuckDBStore) -> int:
    path = Path(f"{store.path}.wal")
    return path.stat().st_size if path.exists() else 0


def test_rows_changed_here_and_there_stay_in_the_log(store: DuckDBStore) -> None:
    """The engine takes few changed rows for many bytes: a load of a thousand messages waited for the whole file."""
    store.execute('UPDATE loaded SET "offset" = 0 WHERE segment % 2000 = 0')
    assert 0 < log(store) < 1 << 20


def test_a_small_log_is_left_and_a_large_one_tidied(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.execute("DELETE FROM loaded WHERE segment = 7")
    assert not store.tidy() and log(store)
    monkeypatch.setattr(engine, "TIDY_BYTES", 1)
    assert store.tidy() and not log(store)
    assert not store.tidy()


def test_somebody_elses_transaction_is_not_waited_for(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "TIDY_BYTES", 1)
    store.execute("DELETE FROM loaded WHERE segment = 7")
    with store.apart() as other:
        other.execute("BEGIN")
        other.execute('UPDATE loaded SET "offset" = 0 WHERE segment = 8')
        assert not store.tidy()
        other.execute("COMMIT")
    assert store.tidy()


def test_who_reads_meanwhile_is_not_disturbed(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "TIDY_BYTES", 1)
    with store.reading() as data:
        assert data.rows("SELECT count(*) FROM loaded") == [(2_000_000,)]
        store.execute("DELETE FROM loaded WHERE segment = 7")
        assert store.tidy()
        assert data.rows("SELECT count(*) FROM loaded") == [(2_000_000,)]
    assert store.execute("SELECT count(*) FROM loaded") == [(1_999_999,)]
