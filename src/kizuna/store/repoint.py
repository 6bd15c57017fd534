"""Rows follow their ids: what was known under an id that moved gets the person's new number, in all facts.

Rows are found by the number they had, from the day on which the id was first seen; text is compared
only where a person is taken apart, so that a visitor who makes himself known does not cost a walk
through all events.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import datetime

from kizuna.facts import FACTS, Fact
from kizuna.store.bucket import number_bucket
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.ids import alone, id_columns, strongest
from kizuna.store.scope import note


def touch(store: DuckDBStore, facts: Iterable[str]) -> None:
    """Note that rows of `facts` changed, for the `derive` that ends the import."""
    names = {"names": list(facts)}
    if names["names"]:
        store.execute("INSERT INTO touched SELECT unnest($names::VARCHAR[])", names)
        store.execute("DELETE FROM fresh WHERE list_contains($names::VARCHAR[], step)", names)


def repoint(store: DuckDBStore, *, spans: bool) -> dict[str, int]:
    """Give the rows of the ids in `moved` their person's number; says how many rows of which fact.

    With `spans`, `touched_span` gets what happened in them, for the old number and for the new one. A
    span without times says that the person has other ids than before, though perhaps no rows.
    """
    if not store.execute("SELECT count(*) FROM moved")[0][0]:
        return {}
    touch(store, ["identifier"])
    store.execute("DELETE FROM moved WHERE old_no IS NULL")
    kinds = {row[0] for row in store.execute("SELECT DISTINCT kind FROM moved")}
    if not kinds:
        return {}
    _tell_apart(store)
    if spans:
        store.execute("INSERT INTO touched_span SELECT DISTINCT unnest([old_no, new_no]), NULL, NULL, NULL FROM moved")
    (first,) = store.execute("SELECT min(day) - INTERVAL 2 DAY FROM moved")[0]
    leaving = {row[0] for row in store.execute("SELECT DISTINCT kind FROM parts")}
    rows = {f.name: _rows(f, first, leaving) for f in FACTS.values() if kinds.intersection(id_columns(f))}
    counts = {name: _follow(store, FACTS[name], sql, spans) for name, sql in rows.items() if _has_given(store, name)}
    touch(store, [name for name, count in counts.items() if count])
    return {name: count for name, count in counts.items() if count}


def _tell_apart(store: DuckDBStore) -> None:
    """`whole`: people of whom nothing is left under the old number; `parts`: ids that leave somebody who stays."""
    store.execute(
        """CREATE OR REPLACE TEMP TABLE whole AS
        SELECT old_no, min(new_no) AS new_no, min(day) AS day FROM moved GROUP BY old_no
        HAVING count(DISTINCT new_no) = 1 AND old_no NOT IN (
            SELECT customer_no FROM identifier WHERE customer_no IN (SELECT old_no FROM moved))"""
    )
    store.execute(
        "CREATE OR REPLACE TEMP TABLE parts AS SELECT * FROM moved WHERE old_no NOT IN (SELECT old_no FROM whole)"
    )


def _has_given(store: DuckDBStore, name: str) -> bool:
    """A table without rows that follow (derived ones do not) is found out sooner than a join with it is planned."""
    return bool(store.execute(f'SELECT 1 FROM "{name}" WHERE import_no <> 0 LIMIT 1'))


def _follow(store: DuckDBStore, fact: Fact, rows: str, spans: bool) -> int:
    count = int(store.execute(f"CREATE OR REPLACE TEMP TABLE following AS {rows}")[0][0])
    if count:
        store.execute(
            f"""UPDATE "{fact.name}" AS it SET customer_no = f.new_no, bucket = {number_bucket("f.new_no")}
            FROM following f WHERE it.rowid = f.place"""
        )
        if spans:
            for number in ("old_no", "new_no"):
                note(store, "following", "happened", session_id="session_id", customer_no=number)
    return count


def _rows(fact: Fact, first: datetime | None, leaving: Container[str]) -> str:
    """A SELECT of the rows of `fact` that move: none is older than `first`; ids of the kinds `leaving` part people."""
    at = "it.day::TIMESTAMP" if fact.time == "day" else f"it.{fact.time}"
    session = "it.session_id" if fact.name == "event" else "NULL::VARCHAR"
    columns = f"it.rowid AS place, it.customer_no AS old_no, m.new_no, {at} AS happened, {session} AS session_id"
    source = f'"{fact.name}" it'
    if fact.name == "customer":
        # A second row of traits of one person has no number (see derived/customer_single.sql), but an owner.
        id = strongest(fact, id_columns(fact), "it.")
        return (
            f"SELECT {columns} FROM {source} JOIN moved m ON m.kind = ({id}).kind AND m.value = ({id}).value"
            " WHERE it.import_no <> 0"
        )
    where = f"it.import_no <> 0{_since(fact, first, 'it.')}"
    selects = [f"SELECT {columns} FROM {source} JOIN whole m ON it.customer_no = m.old_no WHERE {where}"]
    selects += [
        f"SELECT {columns} FROM {source} JOIN parts m ON it.customer_no = m.old_no"
        f" AND m.value = {alone(fact, kind, 'it.')} WHERE m.kind = '{kind}' AND {where}"
        for kind in id_columns(fact)
        if kind in leaving
    ]
    return " UNION ALL ".join(selects)


def _since(fact: Fact, first: datetime | None, prefix: str) -> str:
    """No row is older than the first day of the ids it may be known by; rows lie roughly in the order of time."""
    if not fact.by_name[fact.time].needed or fact.by_name[fact.time].derived:
        return ""
    return f" AND {prefix}{fact.time} >= TIMESTAMP '{first}'" if first else ""
