"""Importable columns that `derive` fills in where they are empty.

Which row got what is noted in ``filled``, so that the next import of the same file still compares equal, and
what a value was filled in from may change. A property is noted with a dot before its name.
"""

from __future__ import annotations

from collections.abc import Sequence

from kizuna.facts import Fact, day_of
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.traits import filled_columns

STEPS = ("survey_invitation", "customer_filled")
"""The steps of `derive` that fill in."""

_COLUMNS: dict[str, tuple[str, ...]] = {
    "survey_invitation": ("responded_at",),
    "customer": (*filled_columns(), "email", "phone", "properties"),
}
_NOTES = """
CREATE TEMP TABLE IF NOT EXISTS touched (fact VARCHAR);
CREATE TABLE IF NOT EXISTS filled (fact VARCHAR, row_key VARCHAR, names VARCHAR[]);
"""


def undo(store: DuckDBStore, fact: Fact) -> None:
    """Empty what was filled in into rows of `fact`, before an import compares them with its own."""
    if fact.name in _COLUMNS and empty(store, fact):
        store.execute("INSERT INTO touched VALUES ($fact)", {"fact": fact.name})


def empty(store: DuckDBStore, fact: Fact, rows: str = "TRUE") -> int:
    """Empty what was filled in into the rows of `fact` that the condition `rows` holds for; says how many."""
    store.execute(_NOTES)
    assigned = ", ".join(f"{column} = {value}" for column, value in _emptied(fact).items())
    count = store.execute(
        f"UPDATE {fact.name} AS old SET {assigned} FROM filled"
        f" WHERE filled.fact = $fact AND filled.row_key = old.row_key AND old.import_no <> 0 AND {rows}",
        {"fact": fact.name},
    )[0][0]
    store.execute(
        "DELETE FROM filled WHERE fact = $fact AND row_key IN"
        f" (SELECT row_key FROM {fact.name} WHERE import_no <> 0 AND {rows})",
        {"fact": fact.name},
    )
    return int(count)


def note(store: DuckDBStore, fact: Fact, names: Sequence[str]) -> None:
    """Note what the table ``found`` is about to fill in into those of `names` that rows of `fact` may bring."""
    names = [name for name in names if name in _COLUMNS[fact.name]]
    each = ", ".join(f"CASE WHEN old.{name} IS NULL AND new.{name} IS NOT NULL THEN '{name}' END" for name in names)
    properties = (
        "CASE WHEN old.properties IS NOT NULL THEN list_transform(list_filter(map_keys(new.properties),"
        " lambda key: NOT list_contains(map_keys(old.properties), key)), lambda key: '.' || key) END"
        if "properties" in names
        else "NULL"
    )
    store.execute(
        "INSERT INTO filled SELECT $fact, row_key, names FROM ("
        f" SELECT old.row_key, list_concat(list_filter([{each}], lambda name: name IS NOT NULL), {properties}) AS names"
        f" FROM {fact.name} old JOIN found new ON old.rowid = new.place) WHERE len(names) > 0",
        {"fact": fact.name},
    )


def _emptied(fact: Fact) -> dict[str, str]:
    def without(column: str, name: str) -> str:
        return f"CASE WHEN list_contains(filled.names, '{name}') THEN NULL ELSE old.{column} END"

    columns = [name for name in _COLUMNS[fact.name] if name != "properties"]
    emptied = {name: without(name, name) for name in columns}
    emptied |= {day_of(name): without(day_of(name), name) for name in columns if name in fact.times}
    if "properties" in _COLUMNS[fact.name]:
        emptied["properties"] = (
            "CASE WHEN list_contains(filled.names, 'properties') THEN NULL"
            " WHEN len(list_filter(filled.names, lambda name: starts_with(name, '.'))) = 0 THEN old.properties"
            " ELSE map_from_entries(list_filter(map_entries(old.properties),"
            " lambda e: NOT list_contains(filled.names, '.' || e.key))) END"
        )
    return emptied
