"""Who is who: every id on a row to one ``customer_no``.

Ids have a precedence, customer_id before email, phone, external_id and anonymous_id, and a row
belongs to the person of its strongest id. The ids on one row belong to one person; what a row says
is kept as evidence in ``identity_link`` (weaker id → strongest id beside it), and who owns an id is
a function of all the evidence so far, whatever the order it came in:

* a customer_id is a person. Two customer_ids are never one person, whatever they share, unless an
  alias call or somebody says so (`kizuna.store.people`);
* a weaker id belongs to the one person it was seen with;
* seen with no one, or with several people (a shared device, a family's address), it stands for a
  person of its own. Rows that have a stronger id are not affected.

New evidence may move an id to another person. Then the earlier rows that are known by that id
alone are re-pointed, in all facts (`kizuna.store.repoint`).

Every id has a number of its own in ``person``, given once and never again. Messages get theirs in
the order of the spool, whatever they were loaded together with, and the ids of an import in the
order of their text, whatever the order of its lines. So `kizuna rebuild`, which loads the same in
the same order, gives everybody the same number. An id that had a stronger one beside it when it
first came gets a number from `RESERVE` on, which it needs only when it turns out to be shared.
"""

from __future__ import annotations

from collections.abc import Sequence

from kizuna.facts import Fact
from kizuna.store.bucket import local
from kizuna.store.decisions import take_aliases
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.ids import KINDS, RANK, alone, held, id_columns, is_person, mark, owner, spelled
from kizuna.store.repoint import repoint, touch
from kizuna.store.settle import NEXT, RESERVE, numbers, settle

__all__ = ["KINDS", "RESERVE", "numbered", "owner", "prepare", "resolve", "resolve_all", "spelled", "touch"]

_TABLES = """
CREATE TEMP TABLE IF NOT EXISTS touched (fact VARCHAR);
CREATE TEMP TABLE IF NOT EXISTS fresh (step VARCHAR);
CREATE TEMP TABLE IF NOT EXISTS touched_span (
    customer_no INTEGER, session_id VARCHAR, since TIMESTAMP, until TIMESTAMP);
CREATE OR REPLACE TEMP TABLE together (
    customer_id VARCHAR, email VARCHAR, phone VARCHAR, external_id VARCHAR, anonymous_id VARCHAR,
    day DATE, line_no BIGINT);
CREATE OR REPLACE TEMP TABLE named (
    kind VARCHAR, value VARCHAR, owner_kind VARCHAR, owner_value VARCHAR, line_no BIGINT);
CREATE OR REPLACE TEMP TABLE seen (kind VARCHAR, value VARCHAR, day DATE, place BIGINT, mark UBIGINT);
CREATE OR REPLACE TEMP TABLE known (kind VARCHAR, value VARCHAR, customer_no INTEGER, day DATE);
CREATE OR REPLACE TEMP TABLE new_link (
    kind VARCHAR, value VARCHAR, owner_kind VARCHAR, owner_value VARCHAR, line_no BIGINT,
    mark UBIGINT, owner_mark UBIGINT);
CREATE OR REPLACE TEMP TABLE asked (kind VARCHAR, value VARCHAR);
CREATE OR REPLACE TEMP TABLE moved (kind VARCHAR, value VARCHAR, day DATE, old_no INTEGER, new_no INTEGER);
CREATE OR REPLACE TEMP TABLE who (kind VARCHAR, value VARCHAR, customer_no INTEGER);
"""


def resolve(store: DuckDBStore, fact: Fact, staged: str, import_no: int) -> None:
    """Take in the ids of the table `staged`; afterwards `numbered` finds a person for each row."""
    resolve_all(store, [(fact, staged)], import_no)


def resolve_all(store: DuckDBStore, parts: Sequence[tuple[Fact, str]], import_no: int) -> None:
    """Take in the ids of several staged tables at once; afterwards `numbered` finds a person for each of their rows.

    All that comes from the same messages must be given together (`import_no` negative): the ids are
    numbered in the order of ``line_no`` over all `parts`, the place in the spool.
    """
    prepare(store)
    for fact, staged in parts:
        if id_columns(fact):
            _collect(store, fact, staged)
    if not _see_ids(store):
        return
    _know_again(store)
    if _see_links(store):
        _keep_links(store, import_no)
    take_aliases(store)
    if import_no < 0:
        _number_in_order(store)
    settle(store, import_no)
    store.execute(
        "INSERT INTO who SELECT kind, value, coalesce(m.new_no, k.customer_no)"
        " FROM seen LEFT JOIN known k USING (kind, value) LEFT JOIN moved m USING (kind, value)"
    )
    repoint(store, spans=import_no < 0)


def prepare(store: DuckDBStore) -> None:
    """Make the tables that `resolve` works in, the passing ones empty."""
    store.execute(_TABLES)


def numbered(fact: Fact, relation: str) -> str:
    """A SELECT that adds ``customer_no`` to `relation` (unchanged where the fact has no people).

    `relation` has rows of what was resolved last, and of nothing else.
    """
    kinds = id_columns(fact)
    if not kinds:
        return relation
    joins = "".join(
        f" LEFT JOIN (SELECT value, customer_no FROM who WHERE kind = '{kind}') {kind}_"
        f" ON {kind}_.value = {alone(fact, kind, 'it.')}"
        for kind in kinds
    )
    number = ", ".join(f"{kind}_.customer_no" for kind in kinds)
    return f"SELECT it.*, coalesce({number}) AS customer_no FROM ({relation}) it{joins}"


def _collect(store: DuckDBStore, fact: Fact, staged: str) -> None:
    """Which ids stood together, from which day and which line on."""
    kinds = id_columns(fact)
    by = ", ".join([*kinds, "kind"] if fact.name == "trait" else kinds)
    time = next((t for t in (fact.time, *fact.times) if not fact.by_name[t].derived), None)
    day = local("first", store.settings.timezone) if time and time.endswith("_at") else "first"
    ids = ", ".join(f"{held(fact, kind)} AS {kind}" for kind in kinds)
    store.execute(
        f"INSERT INTO together BY NAME SELECT {ids}, {day}::DATE AS day, line_no FROM ("
        f" SELECT {by}, {f'min({time})' if time else 'NULL'} AS first, min(line_no) AS line_no"
        f" FROM {staged} WHERE {is_person(fact)} GROUP BY {by})"
    )
    if fact.name == "trait":
        _collect_aliases(store, staged)


def _collect_aliases(store: DuckDBStore, staged: str) -> None:
    """An alias call says that an id is the customer's, without saying whether it was a visitor's or a customer's.

    It is evidence for both; it counts for the ids that have been seen, or from when they are.
    """
    if store.execute(f"SELECT 1 FROM {staged} WHERE kind = 'alias' LIMIT 1"):
        store.execute(
            "INSERT INTO named"
            " SELECT unnest(['anonymous_id', 'customer_id']), anonymous_id, 'customer_id', customer_id, line_no"
            f" FROM {staged} WHERE kind = 'alias' AND anonymous_id <> '' AND customer_id <> ''"
            " AND anonymous_id <> customer_id"
        )


def _see_ids(store: DuckDBStore) -> int:
    """Each id with the day it was first seen and where; an odd place says that a stronger id stood beside it."""
    beside = (" OR ".join(f"{kind} IS NOT NULL" for kind in KINDS[:n]) or "FALSE" for n in range(len(KINDS)))
    ids = (
        f"{{'kind': '{kind}', 'value': {kind}, 'beside': {stronger}}}"
        for kind, stronger in zip(KINDS, beside, strict=True)
    )
    made = store.execute(
        f"""CREATE OR REPLACE TEMP TABLE seen AS
        SELECT id.kind AS kind, id.value AS value, min(day) AS day, min(line_no * 2 + id.beside::INTEGER) AS place,
            {mark("id.kind", "id.value")} AS mark
        FROM (SELECT unnest([{", ".join(ids)}]) AS id, day, line_no FROM together)
        WHERE id.value IS NOT NULL GROUP BY ALL"""
    )
    return int(made[0][0])


def _see_links(store: DuckDBStore) -> int:
    """What stood beside a stronger id, and is not known to have done so."""
    links = (
        f"{{'kind': '{kind}', 'value': {kind}, 'owner_kind': CASE "
        + " ".join(f"WHEN {k} IS NOT NULL THEN '{k}'" for k in KINDS[:n])
        + f" END, 'owner_value': coalesce({', '.join(KINDS[:n])})}}"
        for n, kind in enumerate(KINDS)
        if n
    )
    made = store.execute(
        f"""CREATE OR REPLACE TEMP TABLE new_link AS
        WITH told AS MATERIALIZED (
            SELECT kind, value, owner_kind, owner_value, min(line_no) AS line_no,
                {mark("kind", "value")} AS mark, {mark("owner_kind", "owner_value")} AS owner_mark
            FROM (SELECT unnest([{", ".join(links)}], recursive := true), line_no FROM together
                UNION ALL BY NAME FROM named)
            WHERE value IS NOT NULL AND owner_value IS NOT NULL GROUP BY ALL)
        FROM told ANTI JOIN (
            SELECT kind, value, owner_kind, owner_value FROM identity_link WHERE mark IN (SELECT mark FROM told)
        ) USING (kind, value, owner_kind, owner_value)"""
    )
    return int(made[0][0])


def _know_again(store: DuckDBStore) -> None:
    store.execute(
        f"""INSERT INTO known
        WITH numbered AS MATERIALIZED ({numbers("seen")})
        SELECT n.kind, n.value, i.customer_no, i.day FROM numbered n
        JOIN (
            SELECT line_no, customer_no, day FROM identifier WHERE line_no IN (SELECT own_no FROM numbered)
        ) i ON i.line_no = n.own_no"""
    )


def _keep_links(store: DuckDBStore, import_no: int) -> None:
    store.execute(
        f"INSERT INTO identity_link SELECT kind, value, owner_kind, owner_value, {import_no}, line_no,"
        " mark, owner_mark FROM new_link ORDER BY ALL"
    )


def _number_in_order(store: DuckDBStore) -> None:
    """Give each new id its number, in the order in which messages brought them."""
    store.execute(
        f"""INSERT INTO person
        SELECT {NEXT.format("beside")} + row_number() OVER (PARTITION BY beside ORDER BY place, rank, value),
            kind, value, mark
        FROM (SELECT kind, value, mark, place, place % 2 = 1 AS beside, {RANK.format("kind")} AS rank
            FROM seen ANTI JOIN known USING (kind, value))"""
    )
