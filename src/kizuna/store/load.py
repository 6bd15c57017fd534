"""Staged rows into a fact's table, each row once.

`load` and the `derive` after it belong in one transaction, which the caller opens around them::

    store.execute("BEGIN")
    report = load(store, FACTS["order"], "staged", import_no)
    derive(store, {"order"})
    store.execute("COMMIT")          # or ROLLBACK, and nothing has happened

There is no primary-key index: keeping one up costs more than the rest of a bulk load together. A row that is
there already is found by joining on ``row_key``.
"""

from __future__ import annotations

from dataclasses import dataclass

from kizuna.facts import Column, Fact
from kizuna.store.bucket import stored
from kizuna.store.derive import ahead
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.filling import undo
from kizuna.store.identity import numbered, resolve, touch
from kizuna.store.properties import keep_names

COLLECTED = -1
"""The import_no of rows that came as messages. Imported rows have positive ones, derived rows 0."""

# What an empty cell means where the row itself tells. A default of the column comes first.
COMPLETIONS: dict[str, dict[str, str]] = {
    "message": {
        "opened": "coalesce(opened, opened_at IS NOT NULL)",
        "delivered": "coalesce(delivered, NOT coalesce(bounced, FALSE))",
    },
    "session": {"duration_seconds": "coalesce(duration_seconds, epoch(ended_at) - epoch(started_at))"},
}

# Columns that cannot be imported and follow from the row alone.
_WHOLE = "CASE WHEN {0} = floor({0}) THEN {0}::BIGINT::VARCHAR ELSE {0}::VARCHAR END"
FOLLOWING: dict[str, dict[str, str]] = {
    "survey_response": {
        "scale": f"{_WHOLE.format('scale_low')} || '..' || {_WHOLE.format('scale_high')}"
        " || CASE WHEN direction = 'low_good' THEN ' low_good' ELSE '' END"
    }
}


@dataclass(frozen=True, slots=True)
class LoadReport:
    """How many staged rows were new, took the place of an earlier row, or were there already."""

    added: int
    replaced: int
    unchanged: int


def load(store: DuckDBStore, fact: Fact, staged: str, import_no: int) -> LoadReport:
    """Put the rows of the table `staged` into `fact`.

    `staged` has the fact's importable columns (typed, UTC), ``properties``, a ``row_key`` that is
    unique in it and ``line_no``. A row whose key is stored takes the stored one's place, unless it
    is equal in all importable columns; `import_no` is positive, or `COLLECTED`.
    """
    resolve(store, fact, staged, import_no)
    return place(store, fact, staged, import_no)


def place(store: DuckDBStore, fact: Fact, staged: str, import_no: int) -> LoadReport:
    """What `load` does once the ids of the rows are resolved."""
    undo(store, fact)
    rows = completed(fact, staged)
    total = _count(store, f"SELECT count(*) FROM {staged}")
    first = _is_empty(store, fact)
    replaced, unchanged = (0, 0) if first else _meet(store, fact, rows)
    if total > unchanged:
        if unchanged:
            rows = f"FROM ({rows}) ANTI JOIN (SELECT row_key FROM met WHERE same) USING (row_key)"
        if replaced:
            store.execute(
                f'DELETE FROM "{fact.name}" WHERE import_no <> 0'
                " AND row_key IN (SELECT row_key FROM met WHERE NOT same)"
            )
        _insert(store, fact, rows, import_no, first)
    return LoadReport(total - replaced - unchanged, replaced, unchanged)


def _insert(store: DuckDBStore, fact: Fact, rows: str, import_no: int, first: bool) -> None:
    keep_names(store, fact, f"({rows})", collected=import_no < 0)
    full = stored(fact, ahead(store, fact, rows) if first else numbered(fact, rows), store.settings.timezone)
    store.execute(f'INSERT INTO "{fact.name}" BY NAME SELECT * EXCLUDE (place), {import_no} AS import_no FROM ({full})')
    touch(store, [fact.name])
    if first and fact.name == "order":
        store.execute("INSERT INTO fresh VALUES ('order')")


def completed(fact: Fact, staged: str, place: str = "rowid") -> str:
    """A SELECT of the staged rows with defaults and completions filled in, and their ``place`` in the table."""
    own = COMPLETIONS.get(fact.name, {})
    filled = [f"{own.get(c.name) or _with_default(c)} AS {c.name}" for c in fact.importable()]
    filled += [f"{sql} AS {name}" for name, sql in FOLLOWING.get(fact.name, {}).items()]
    # Times that `derive` finds out later (a customer's first order) have their day columns from the start.
    filled += [f"NULL::TIMESTAMP AS {c.name}" for c in fact.columns if c.derived and c.type == "time"]
    if "properties" not in fact.by_name:
        filled.append("properties")
    return f"SELECT {', '.join(filled)}, row_key, line_no, {place} AS place FROM {staged}"


def _with_default(column: Column) -> str:
    if column.default is None:
        return column.name
    return f"coalesce({column.name}, '{column.default}'::{column.sql_type})"


def _meet(store: DuckDBStore, fact: Fact, rows: str) -> tuple[int, int]:
    """Find the staged rows whose key is stored: (how many differ, how many are equal)."""
    names = dict.fromkeys([*(c.name for c in fact.importable()), "properties"])
    same = " AND ".join(f"new.{name} IS NOT DISTINCT FROM old.{name}" for name in names)
    store.execute(
        f"CREATE OR REPLACE TEMP TABLE met AS SELECT new.row_key, {same} AS same"
        f' FROM ({rows}) new JOIN "{fact.name}" old ON old.row_key = new.row_key WHERE old.import_no <> 0'
    )
    found = store.execute("SELECT count(*) FILTER (NOT same), count(*) FILTER (same) FROM met")[0]
    return int(found[0]), int(found[1])


def _is_empty(store: DuckDBStore, fact: Fact) -> bool:
    return not _count(store, f'SELECT count(*) FROM (SELECT 1 FROM "{fact.name}" LIMIT 1)')


def _count(store: DuckDBStore, sql: str) -> int:
    return int(store.execute(sql)[0][0])
