"""Which properties the rows of a fact have: the table ``property_name``, kept by the loads.

Looking for them in the facts would mean to read every row. What is kept is a function of all rows that ever
came, whatever they were loaded together with: each name with the first place at which it stood, and of
these the `MOST` first. A client that makes up names without end thus cannot fill memory with them, nor
push out names that were there before. What the rows themselves hold is not affected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kizuna.facts import FACTS, Fact
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.traits import names as column_traits
from kizuna.store.watermark import watermark

MOST = 2_000
"""So many names are known per fact."""

LONGEST = 200
"""Names with more characters than this are no names that anybody asks for."""

_SEGMENT_BITS = 40


_IN_ROWS = """SELECT unnest(names) AS name, place
    FROM (SELECT map_keys(properties) AS names, min({place}) AS place FROM {rows} GROUP BY names)"""

# As derived/said.sql has them: a trait without a value says nothing, and what has a column is no property.
_OF_CUSTOMERS = """SELECT said.key AS name, place
    FROM (SELECT unnest(map_entries(properties)) AS said, {place} AS place FROM {rows} WHERE kind = 'identify')
    WHERE said.value IS NOT NULL AND NOT list_contains($traits::VARCHAR[], said.key)
    UNION ALL SELECT 'group_id', {place} FROM {rows} WHERE group_id IS NOT NULL"""


def keep_names(store: DuckDBStore, fact: Fact, rows: str, *, collected: bool) -> None:
    """Take in the names of the properties in the relation `rows`, inside the transaction that loads these rows.

    Messages stand at the place in the spool that their ``line_no`` says, the rows of a file at that which had
    been reached when it came. Traits are properties of customers as well.
    """
    if "properties" not in fact.stored_columns():
        return
    segment, offset = (0, 0) if collected else watermark(store)
    place = "line_no" if collected else str(segment << _SEGMENT_BITS | offset)
    _keep(store, fact.name, _IN_ROWS.format(place=place, rows=rows))
    if fact.name == "trait":
        _keep(store, "customer", _OF_CUSTOMERS.format(place=place, rows=rows), {"traits": column_traits()})


def _keep(store: DuckDBStore, fact: str, names: str, values: Mapping[str, Any] | None = None) -> None:
    found = store.execute(
        f"""SELECT name, place FROM (SELECT name, min(place) AS place FROM ({names})
            WHERE length(name) BETWEEN 1 AND {LONGEST} GROUP BY name) n
        WHERE NOT EXISTS (FROM property_name p WHERE p.fact = $fact AND p.name = n.name AND p.place <= n.place)
        ORDER BY place, name LIMIT {MOST}""",
        {"fact": fact, **(values or {})},
    )
    if not found:
        return
    news = {"fact": fact, "names": [name for name, _ in found], "places": [place for _, place in found]}
    store.execute(
        "DELETE FROM property_name WHERE fact = $1 AND list_contains($2::VARCHAR[], name)", [fact, news["names"]]
    )
    store.execute("INSERT INTO property_name SELECT $fact, unnest($names::VARCHAR[]), unnest($places::BIGINT[])", news)
    if store.execute("SELECT count(*) FROM property_name WHERE fact = ?", [fact])[0][0] > MOST:
        store.execute(
            "DELETE FROM property_name WHERE fact = $1 AND name NOT IN"
            f" (SELECT name FROM property_name WHERE fact = $1 ORDER BY place, name LIMIT {MOST})",
            [fact],
        )


class Properties(Mapping[str, Sequence[str]]):
    """Property names per fact, as they are when asked for: messages bring new ones at any time."""

    def __init__(self, store: DuckDBStore) -> None:
        self._store = store

    def __getitem__(self, fact: str) -> Sequence[str]:
        if fact not in FACTS:
            raise KeyError(fact)
        with self._store.reading() as data:
            names = data.rows("SELECT name FROM property_name WHERE fact = ? ORDER BY name", [fact])
        return [str(name) for (name,) in names]

    def __iter__(self) -> Iterator[str]:
        return iter(FACTS)

    def __len__(self) -> int:
        return len(FACTS)
