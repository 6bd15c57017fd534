"""That ids are one person, said in so many words: by somebody (`kizuna people merge`) or by an alias call.

``identity_decision`` keeps each: at which place of the spool (`pos`, empty for an alias of an
imported file), the verb (merge, split, alias), one id and the other, the weaker first, and in
`ended` the place of the decision that took it back. What holds now has no `ended`. Decisions
between ids of one kind make groups, kept in ``identity_group``, with the first of each as its head.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kizuna.store.duckdb import DuckDBStore

Pair = tuple[str, str]
Edge = tuple[Pair, Pair, int]

_TOUCHES = "((kind = $kind AND value = $value) OR (other_kind = $kind AND other_value = $value))"


def held_together(store: DuckDBStore, customer_no: int) -> list[Edge]:
    """The decisions that hold within one person: id, other id and pos, each id as (kind, value)."""
    rows = store.execute(
        """SELECT d.kind, d.value, d.other_kind, d.other_value, coalesce(d.pos, -1) FROM identity_decision d
        JOIN identifier i USING (kind, value) WHERE i.customer_no = ? AND verb <> 'split' AND ended IS NULL
        ORDER BY ALL""",
        [customer_no],
    )
    return [((kind, value), (other_kind, other), pos) for kind, value, other_kind, other, pos in rows]


def end(store: DuckDBStore, ended: int, one: Pair, other: Pair | None = None) -> None:
    """Take back what was decided of an id, or of just that pair, at the place `ended`."""
    pair = "AND other_kind = $other_kind AND other_value = $other_value AND kind = $kind AND value = $value"
    values = {"ended": ended, "kind": one[0], "value": one[1]}
    if other is not None:
        values |= {"other_kind": other[0], "other_value": other[1]}
    store.execute(
        "UPDATE identity_decision SET ended = $ended WHERE verb <> 'split' AND ended IS NULL "
        + (f"AND {_TOUCHES}" if other is None else pair),
        values,
    )


def last_between(decided: Sequence[Edge], one: Pair, other: Pair) -> Edge | None:
    """Of the decisions that make two ids one person the latest, first of those without which they would not be."""
    way = _way(decided, one, other)
    needed = [edge for edge in way if not _way([e for e in decided if e != edge], one, other)]
    return max((edge for edge in needed or way if edge[2] > BY_EVIDENCE), key=lambda edge: edge[2], default=None)


BY_EVIDENCE = -2
"""Stands for the place of a decision where ids hang together by evidence, which nobody can take back."""


def _way(edges: Sequence[Edge], one: Pair, other: Pair) -> list[Edge]:
    """The shortest way from an id to another along `edges`."""
    came: dict[Pair, Edge | None] = {one: None}
    names = [one]
    for name in names:
        for edge in edges:
            for here, there in (edge[:2], edge[1::-1]):
                if here == name and there not in came:
                    came[there] = edge
                    names.append(there)
    way, name = [], other
    while (last := came.get(name)) is not None:
        way.append(last)
        name = last[0] if last[1] == name else last[1]
    return way


def take_aliases(store: DuckDBStore) -> None:
    """Aliases between two customer_ids hold once both have been seen, unless somebody took that pair apart."""
    if not store.execute("SELECT count(*) FROM identity_link WHERE kind = 'customer_id'")[0][0]:
        return
    store.execute(
        """CREATE OR REPLACE TEMP TABLE alias AS
        WITH fresh AS (SELECT value FROM seen WHERE kind = 'customer_id'),
        waiting AS (
            SELECT value, owner_value, min(CASE WHEN import_no < 0 THEN line_no END) AS pos
            FROM identity_link WHERE kind = 'customer_id' AND (value IN (FROM fresh) OR owner_value IN (FROM fresh))
            GROUP BY ALL)
        SELECT * FROM waiting w
        WHERE (value IN (FROM fresh) OR EXISTS (
                SELECT 1 FROM identifier i WHERE i.kind = 'customer_id' AND i.value = w.value))
            AND (owner_value IN (FROM fresh) OR EXISTS (
                SELECT 1 FROM identifier i WHERE i.kind = 'customer_id' AND i.value = w.owner_value))
            AND NOT EXISTS (SELECT 1 FROM identity_decision d WHERE d.kind = 'customer_id'
                AND d.other_kind = 'customer_id' AND least(d.value, d.other_value) = least(w.value, w.owner_value)
                AND greatest(d.value, d.other_value) = greatest(w.value, w.owner_value))"""
    )
    if not store.execute("SELECT count(*) FROM alias")[0][0]:
        return
    store.execute(
        "INSERT INTO identity_decision"
        " SELECT pos, 'alias', 'customer_id', value, 'customer_id', owner_value, NULL FROM alias ORDER BY ALL"
    )
    store.execute("INSERT INTO asked SELECT 'customer_id', unnest([value, owner_value]) FROM alias")
    regroup(store, "customer_id")


def regroup(store: DuckDBStore, kind: str) -> None:
    """Make the groups of `kind` anew from the decisions that hold."""
    pairs = store.execute(
        "SELECT value, other_value FROM identity_decision WHERE kind = ? AND other_kind = ? AND ended IS NULL",
        [kind, kind],
    )
    heads = _heads((one, other) for one, other in pairs)
    store.execute("DELETE FROM identity_group WHERE kind = ?", [kind])
    if heads:
        store.execute(
            "INSERT INTO identity_group SELECT $kind, unnest($ids::VARCHAR[]), unnest($heads::VARCHAR[])",
            {"kind": kind, "ids": list(heads), "heads": list(heads.values())},
        )


def _heads(pairs: Iterable[Pair]) -> dict[str, str]:
    """Every id that is in a pair, with the first id of all it hangs together with."""
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while above.setdefault(name, name) != name:
            above[name] = above[above[name]]
            name = above[name]
        return name

    for one, other in pairs:
        low, high = sorted((top(one), top(other)))
        above[high] = low
    return {name: top(name) for name in sorted(above)}
