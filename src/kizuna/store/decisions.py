"""That ids are one person, said in so many words: by somebody (`kizuna people merge`) or by an alias call.

``identity_decision`` keeps each: at which place of the spool (`pos`, empty for an alias of an
imported file), the verb (merge, split, alias), one id and the other, the weaker first, and in
`ended` the place of the decision that took it back. What holds now has no `ended`. Decisions
between ids of one kind make groups, kept in ``identity_group``, with the first of each as its head.
"""

from __future__ import annotations

from collections.abc import Iterable

from kizuna.store.duckdb import DuckDBStore

Pair = tuple[str, str]


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
