"""Who is who: every id on a row to one dense ``customer_no``.

Ids have a precedence, customer_id before email before phone before anonymous_id, and a row belongs
to the person of its strongest id. The ids on one row belong to one person; what a row says is kept
as evidence in ``identity_link`` (weaker id → strongest id beside it), and who owns an id is a
function of all the evidence so far, whatever the order it came in:

* a customer_id is a person. Two customer_ids are never one person, whatever they share;
* a weaker id belongs to the one person it was seen with;
* seen with no one, or with several people (a shared device, a family's address), it stands for a
  person of its own. Rows that have a stronger id are not affected.

New evidence may move an id to another person. Then the earlier rows that are known by that id
alone are re-pointed, in all facts, and those facts are marked as touched (see `touch`).

Numbers are given once and never again: ``person`` says which id a number was given for. The new ids of an
import are numbered in the order of their text, so the order of rows in a file does not matter, and
the same files in the same order get the same numbers, which `kizuna rebuild` relies on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kizuna.facts import FACTS, Fact
from kizuna.store.bucket import local, number_bucket
from kizuna.store.duckdb import DuckDBStore

KINDS = ("customer_id", "email", "phone", "anonymous_id")
"""Kinds of id, the strongest first."""

_TABLES = """
CREATE TABLE IF NOT EXISTS person (customer_no INTEGER, kind VARCHAR, value VARCHAR);
CREATE TABLE IF NOT EXISTS identity_link (
    kind VARCHAR, value VARCHAR, owner_kind VARCHAR, owner_value VARCHAR, import_no INTEGER);
CREATE TEMP TABLE IF NOT EXISTS touched (fact VARCHAR);
CREATE TEMP TABLE IF NOT EXISTS fresh (step VARCHAR);
CREATE OR REPLACE TEMP TABLE new_link (kind VARCHAR, value VARCHAR, owner_kind VARCHAR, owner_value VARCHAR);
CREATE OR REPLACE TEMP TABLE moved (kind VARCHAR, value VARCHAR, old_no INTEGER, new_no INTEGER);
"""

# One person writes an address in several ways; the fact keeps it as it came.
_SPELLING = {
    "email": "nullif(lower(trim({0})), '')",
    "phone": r"nullif(regexp_replace({0}, '[\s().\-/]', '', 'g'), '')",
}


def resolve(store: DuckDBStore, fact: Fact, staged: str, import_no: int) -> None:
    """Take in the ids of the table `staged`; afterwards `numbered` finds a person for each row."""
    store.execute(_TABLES)
    kinds = _kinds_in(store, fact, staged)
    if not kinds:
        return
    _collect_ids(store, fact, staged, kinds)
    _collect_links(store, fact, staged, kinds, import_no)
    moving = False
    for kind in KINDS:
        if kind in kinds or moving:
            moving |= _settle(store, kind, import_no)
    _first_days(store)
    _repoint(store)


def numbered(fact: Fact, relation: str) -> str:
    """A SELECT that adds ``customer_no`` to `relation` (unchanged where the fact has no people)."""
    kinds = _id_columns(fact)
    if not kinds:
        return relation
    joins = "".join(
        f" LEFT JOIN (SELECT value, customer_no FROM identifier WHERE kind = '{kind}') {kind}_"
        f" ON {kind}_.value = {_alone(kind, kinds, 'it.', person=_is_person(fact, 'it.'))}"
        for kind in kinds
    )
    number = ", ".join(f"{kind}_.customer_no" for kind in kinds)
    return f"SELECT it.*, coalesce({number}) AS customer_no FROM ({relation}) it{joins}"


def touch(store: DuckDBStore, facts: Iterable[str]) -> None:
    """Note that rows of `facts` changed, for the `derive` that ends the import."""
    for name in facts:
        store.execute("INSERT INTO touched VALUES (?)", [name])
        store.execute("DELETE FROM fresh WHERE step = ?", [name])


def spelled(kind: str, column: str) -> str:
    """SQL for the value under which an id of `kind` in `column` is known."""
    return _SPELLING.get(kind, "nullif({0}, '')").format(column)


def _id_columns(fact: Fact) -> list[str]:
    importable = {column.name for column in fact.importable() if column.role == "identity"}
    return [kind for kind in KINDS if kind in importable]


def _is_person(fact: Fact, prefix: str = "") -> str:
    """Employees answer surveys too, but they are not customers."""
    return f"{prefix}audience IS DISTINCT FROM 'employee'" if "audience" in fact.by_name else "TRUE"


def _kinds_in(store: DuckDBStore, fact: Fact, staged: str) -> list[str]:
    kinds = _id_columns(fact)
    if not kinds:
        return []
    counts = store.execute(f"SELECT {', '.join(f'count({kind})' for kind in kinds)} FROM {staged}")[0]
    return [kind for kind, count in zip(kinds, counts, strict=True) if count]


def _alone(kind: str, kinds: Sequence[str], prefix: str = "", person: str = "TRUE") -> str:
    """SQL for the id of `kind` where it is the strongest of the row, else NULL."""
    stronger = [f"{spelled(k, prefix + k)} IS NULL" for k in kinds[: kinds.index(kind)]]
    conditions = [c for c in (*stronger, person) if c != "TRUE"]
    value = spelled(kind, prefix + kind)
    return f"CASE WHEN {' AND '.join(conditions)} THEN {value} END" if conditions else value


def _collect_ids(store: DuckDBStore, fact: Fact, staged: str, kinds: Sequence[str]) -> None:
    time = next((t for t in (fact.time, *fact.times) if not fact.by_name[t].derived), None)
    first = f"min({time})" if time else "NULL"
    day = f"{local('first', store.settings.timezone)}::DATE" if time and time.endswith("_at") else "first::DATE"
    each = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, {spelled(kind, kind)} AS value, {first} AS first FROM {staged}"
        f" WHERE {kind} IS NOT NULL AND {_is_person(fact)} GROUP BY ALL"
        for kind in kinds
    )
    store.execute(
        f"CREATE OR REPLACE TEMP TABLE seen AS SELECT kind, value, {day} AS day FROM ({each}) WHERE value IS NOT NULL"
    )


def _collect_links(store: DuckDBStore, fact: Fact, staged: str, kinds: Sequence[str], import_no: int) -> None:
    for position, kind in enumerate(kinds[1:], start=1):
        stronger = kinds[:position]
        owner_kind = " ".join(f"WHEN {spelled(k, k)} IS NOT NULL THEN '{k}'" for k in stronger)
        owner = ", ".join(spelled(k, k) for k in stronger)
        store.execute(
            f"INSERT INTO new_link SELECT DISTINCT '{kind}', {spelled(kind, kind)}, CASE {owner_kind} END,"
            f" coalesce({owner}) FROM {staged}"
            f" WHERE {spelled(kind, kind)} IS NOT NULL AND coalesce({owner}) IS NOT NULL AND {_is_person(fact)}"
        )
    store.execute(
        "CREATE OR REPLACE TEMP TABLE new_link AS FROM new_link ANTI JOIN identity_link"
        " USING (kind, value, owner_kind, owner_value)"
    )
    store.execute(f"INSERT INTO identity_link SELECT *, {import_no} FROM new_link")


def _settle(store: DuckDBStore, kind: str, import_no: int) -> bool:
    """Find the person of every id of `kind` that is new or has new evidence, and write it down.

    Says whether a known id moved to another person, and weaker ones may have to follow.
    """
    _open_ids(store, kind)
    if not store.execute("SELECT count(*) FROM open_id")[0][0]:
        return False
    _give_numbers(store, kind)
    store.execute(
        """
        CREATE OR REPLACE TEMP TABLE settled AS
        SELECT o.value, o.known, o.old_no, o.day, coalesce(o.owner_no, p.customer_no) AS new_no
        FROM open_id o LEFT JOIN person p ON p.kind = $kind AND p.value = o.value AND o.owner_no IS NULL""",
        {"kind": kind},
    )
    store.execute(
        "INSERT INTO moved SELECT $kind, value, old_no, new_no FROM settled WHERE old_no IS DISTINCT FROM new_no",
        {"kind": kind},
    )
    _write_down(store, kind, import_no)
    return bool(store.execute("SELECT count(*) FROM settled WHERE known AND old_no <> new_no")[0][0])


def _write_down(store: DuckDBStore, kind: str, import_no: int) -> None:
    customer_id = "(SELECT p.value FROM person p WHERE p.customer_no = s.new_no AND p.kind = 'customer_id')"
    store.execute(
        f"""UPDATE identifier SET customer_no = s.new_no, bucket = {number_bucket("s.new_no")},
            customer_id = {customer_id}
        FROM settled s WHERE s.known AND s.old_no <> s.new_no AND identifier.kind = $kind AND identifier.value = s.value
        """,
        {"kind": kind},
    )
    store.execute(
        f"""INSERT INTO identifier BY NAME
        SELECT $kind AS kind, s.value, s.day, s.new_no AS customer_no, {number_bucket("s.new_no")} AS bucket,
            p.value AS customer_id, $kind || ':' || s.value AS row_key, $import_no AS import_no, 0 AS line_no
        FROM settled s LEFT JOIN person p ON p.customer_no = s.new_no AND p.kind = 'customer_id'
        WHERE NOT s.known""",
        {"kind": kind, "import_no": import_no},
    )


def _open_ids(store: DuckDBStore, kind: str) -> None:
    """The ids of `kind` to settle, each with the one person it was seen with, if it is just one."""
    store.execute(
        """
        CREATE OR REPLACE TEMP TABLE open_id AS
        WITH asked AS (
            SELECT value FROM seen ANTI JOIN identifier USING (kind, value) WHERE kind = $kind
            UNION SELECT value FROM new_link WHERE kind = $kind
            UNION SELECT l.value FROM identity_link l JOIN moved m ON l.owner_kind = m.kind AND l.owner_value = m.value
                WHERE l.kind = $kind AND m.old_no IS NOT NULL),
        owners AS (
            SELECT l.value, min(i.customer_no) AS owner_no FROM identity_link l
            JOIN identifier i ON i.kind = l.owner_kind AND i.value = l.owner_value
            WHERE l.kind = $kind AND l.value IN (FROM asked)
            GROUP BY ALL HAVING count(DISTINCT i.customer_no) = 1)
        SELECT asked.value, o.owner_no, i.value IS NOT NULL AS known, i.customer_no AS old_no, seen.day
        FROM asked LEFT JOIN owners o USING (value)
        LEFT JOIN identifier i ON i.kind = $kind AND i.value = asked.value
        LEFT JOIN seen ON seen.kind = $kind AND seen.value = asked.value""",
        {"kind": kind},
    )


def _give_numbers(store: DuckDBStore, kind: str) -> None:
    store.execute(
        """
        INSERT INTO person
        SELECT (SELECT coalesce(max(customer_no), 0) FROM person) + row_number() OVER (ORDER BY value), $kind, value
        FROM open_id WHERE owner_no IS NULL AND value NOT IN (SELECT value FROM person WHERE kind = $kind)
        ORDER BY value""",
        {"kind": kind},
    )


def _first_days(store: DuckDBStore) -> None:
    """Late rows may show an id earlier than it was known so far."""
    store.execute(
        "UPDATE identifier SET day = seen.day FROM seen WHERE identifier.kind = seen.kind"
        " AND identifier.value = seen.value AND (seen.day < identifier.day OR identifier.day IS NULL)"
        " AND seen.day IS NOT NULL"
    )


def _repoint(store: DuckDBStore) -> None:
    if store.execute("SELECT count(*) FROM moved")[0][0]:
        touch(store, ["identifier"])
    moved = {row[0] for row in store.execute("SELECT DISTINCT kind FROM moved WHERE old_no IS NOT NULL")}
    for fact in FACTS.values():
        kinds = _id_columns(fact)
        for kind in moved.intersection(kinds):
            count = store.execute(
                f"""UPDATE "{fact.name}" AS it SET customer_no = m.new_no, bucket = {number_bucket("m.new_no")}
                FROM moved m WHERE m.kind = '{kind}' AND m.old_no IS NOT NULL AND it.import_no > 0
                AND m.value = {_alone(kind, kinds, "it.", person=_is_person(fact, "it."))}"""
            )[0][0]
            if count:
                touch(store, [fact.name])


def owner(fact_name: str) -> str:
    """SQL for the strongest id of a row, as ``{kind, value}``; NULL where it has none."""
    kinds = _id_columns(FACTS[fact_name])
    cases = " ".join(
        f"WHEN {spelled(kind, kind)} IS NOT NULL THEN {{'kind': '{kind}', 'value': {spelled(kind, kind)}}}"
        for kind in kinds
    )
    return f"CASE {cases} END"
