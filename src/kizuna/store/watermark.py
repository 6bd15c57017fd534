"""How far the spool has been loaded: the table ``loaded`` has one row, the position after the last record."""

from __future__ import annotations

from kizuna.store.duckdb import DuckDBStore

NOTHING = (0, 0)
"""Before the first record: a segment's number, and the offset after a record in it."""


def watermark(store: DuckDBStore) -> tuple[int, int]:
    """The position up to which all records are in the facts."""
    found = store.execute('SELECT segment, "offset" FROM loaded')
    return (int(found[0][0]), int(found[0][1])) if found else NOTHING


def mark(store: DuckDBStore, position: tuple[int, int]) -> None:
    """Move the watermark, in the transaction that loads the records before it."""
    store.execute("DELETE FROM loaded")
    store.execute("INSERT INTO loaded VALUES (?, ?)", position)
