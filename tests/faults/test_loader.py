"""The loader is cut off at every statement (fault 2): the next load takes up where the last whole one ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from faults.conftest import FULL
from kizuna.collect.reader import FOLDER, Reader
from kizuna.collect.spool import Spool
from kizuna.loader import Feed, Loads, load_all
from kizuna.settings import Settings
from kizuna.store.duckdb import DuckDBStore
from messages import Traffic

EVERY = 1 if FULL else 23
"""The load is cut off at each statement (`make faults`), or at one in so many."""


class Cut(OSError):
    """The machine gave up."""


class Failing(DuckDBStore):
    """A store whose n-th statement from now fails."""

    left = -1

    def execute(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        if sql != "ROLLBACK":
            self.left -= 1
            if self.left == 0:
                raise Cut(5, "Input/output error")
        return super().execute(sql, params)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder with a spool of messages of all kinds."""
    spool, traffic = Spool(tmp_path / FOLDER, Settings({})), Traffic(5)
    for _ in range(25):
        spool.write(traffic.record())
    spool.close()
    yield tmp_path


def everything(store: DuckDBStore) -> dict[str, list[tuple[Any, ...]]]:
    names = store.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")
    return {name: store.execute(f'SELECT * FROM "{name}" ORDER BY ALL') for (name,) in names}


def test_a_load_cut_off_at_any_statement_leaves_nothing_and_is_made_again(root: Path) -> None:
    settings = Settings({})
    clean = DuckDBStore(":memory:", settings)
    load_all(clean, settings, root)
    expected = everything(clean)

    store = Failing(":memory:", settings)
    feed = Feed(Loads(store, settings, root), Reader(root / FOLDER))
    empty, number, cuts = everything(store), 1, 0
    while True:
        store.left = number
        try:
            feed.step()
        except Cut:
            store.left = -1
            cuts += 1
            if cuts % 5 == 1:
                assert everything(store) == empty, f"statement {number} left something behind"
            number += EVERY
            continue
        break
    store.left = -1
    assert cuts > 3
    assert everything(store) == expected
    assert feed.step() is None
    for each in (clean, store):
        each.close()


def test_a_loader_that_dies_between_facts_and_watermark_loads_again(root: Path, tmp_path: Path) -> None:
    """The watermark is part of the transaction: without it, nothing of the load is there."""
    settings, file = Settings({}), tmp_path / "kizuna.duckdb"
    store = Failing(file, settings)
    loads = Loads(store, settings, root)
    records = list(Reader(root / FOLDER).read((0, 0), 1 << 20))
    with store.writing():
        store.execute("BEGIN")
        loads._take(list(_runs(records)))
    store.close()  # as the end of the process does, without COMMIT
    store = Failing(file, settings)
    assert store.execute("SELECT count(*) FROM event") == [(0,)]
    loaded = load_all(store, settings, root)
    assert loaded.rows
    clean = DuckDBStore(":memory:", settings)
    load_all(clean, settings, root)
    assert everything(store) == everything(clean)
    for each in (clean, store):
        each.close()


def _runs(records: Any) -> Any:
    from kizuna.collect.incoming import runs

    return runs(records)
