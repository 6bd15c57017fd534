"""Whose an id is, given all that is known of it: evidence of rows, alias calls and decisions.

Ids are settled kind by kind, the strongest first, because an id's owners are ids of stronger kinds.
Only ids are looked at whose evidence is new, or whose owner moved; so a load costs by what it brings.
"""

from __future__ import annotations

from kizuna.store.bucket import number_bucket
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.ids import KINDS, mark

RESERVE = 1 << 30
"""Numbers from here on belong to ids that had an owner when they first came."""

NEXT = f"""CASE WHEN {{0}}
    THEN coalesce((SELECT max(customer_no) FROM person WHERE customer_no >= {RESERVE}), {RESERVE - 1})
    ELSE coalesce((SELECT max(customer_no) FROM person WHERE customer_no < {RESERVE}), 0) END"""
"""SQL for the number before the next one; the condition says whether it is one of the reserve."""


# The strongest ids belong to nobody else, unless somebody says so.
_NO_OWNERS = """CREATE OR REPLACE TEMP TABLE holder (
    value VARCHAR, owners BIGINT, owner_no INTEGER, customer_id VARCHAR)"""


def numbers(ids: str) -> str:
    """A SELECT that gives each id of the relation `ids` (kind, value, mark) the number of its own, as ``own_no``.

    The row of ``identifier`` that says whose the id is has this number in its ``line_no``.
    """
    return (
        f"SELECT p.kind, p.value, p.customer_no AS own_no FROM person p"
        f" JOIN {ids} it ON p.mark = it.mark AND p.kind = it.kind AND p.value = it.value"
    )


def settle(store: DuckDBStore, import_no: int) -> None:
    """Find the person of every id in `seen` but not in `known`, in `new_link`, in `asked`, and of what depends on them.

    Writes ``identifier``, and into `moved` who changed the person.
    """
    _first_days(store)
    found = store.execute(
        """SELECT DISTINCT 'open', kind FROM seen UNION SELECT DISTINCT 'open', kind FROM new_link
        UNION SELECT DISTINCT 'open', kind FROM asked
        UNION SELECT DISTINCT 'decided', kind FROM identity_decision WHERE ended IS NULL
        UNION SELECT DISTINCT 'joined', kind FROM identity_group"""
    )
    kinds, decided, joined = ({kind for what, kind in found if what == w} for w in ("open", "decided", "joined"))
    moving = False
    for kind in KINDS:
        if (kind in kinds or moving) and _open_ids(store, kind, moving, kind in joined):
            if kind == KINDS[0] and kind not in decided:
                store.execute(_NO_OWNERS)
            else:
                _find_owners(store, kind, kind in decided)
            moving |= _settle(store, kind, import_no, kind in joined)


def _first_days(store: DuckDBStore) -> None:
    """Late rows may show an id earlier than it was known so far."""
    earlier = "FROM seen JOIN known USING (kind, value) WHERE seen.day < known.day OR known.day IS NULL"
    if store.execute(f"SELECT count(seen.day) {earlier}")[0][0]:
        store.execute(
            f"UPDATE identifier SET day = s.day FROM (SELECT kind, value, seen.day {earlier}) s"
            " WHERE identifier.kind = s.kind AND identifier.value = s.value AND s.day IS NOT NULL"
        )


def _open_ids(store: DuckDBStore, kind: str, moving: bool, joined: bool) -> int:
    """The ids of `kind` to settle; says how many. What only an alias call named is nobody's until it is seen."""
    following = f"""UNION SELECT l.value FROM identity_link l
        JOIN moved m ON l.owner_mark = {mark("m.kind", "m.value")} AND l.owner_kind = m.kind AND l.owner_value = m.value
        WHERE l.kind = $kind AND m.old_no IS NOT NULL
        UNION SELECT d.value FROM identity_decision d JOIN moved m ON d.other_kind = m.kind AND d.other_value = m.value
        WHERE d.kind = $kind AND d.ended IS NULL AND m.old_no IS NOT NULL"""
    mates = """UNION SELECT g.value FROM identity_group g
        WHERE g.kind = $kind AND g.head IN (
            SELECT head FROM identity_group WHERE kind = $kind AND value IN (FROM first))"""
    made = store.execute(
        f"""CREATE OR REPLACE TEMP TABLE open_id AS
        WITH news AS (
            SELECT value, day FROM seen WHERE kind = $kind
            AND (value IN (SELECT value FROM new_link WHERE kind = $kind)
                OR value NOT IN (SELECT value FROM known WHERE kind = $kind))),
        first AS (
            SELECT value FROM news UNION SELECT value FROM new_link WHERE kind = $kind
            UNION SELECT value FROM asked WHERE kind = $kind {following if moving else ""}),
        every AS MATERIALIZED (
            SELECT $kind AS kind, value, {mark("$kind", "value")} AS mark
            FROM (SELECT value FROM first {mates if joined else ""})),
        numbered AS MATERIALIZED ({numbers("every")})
        SELECT every.*, own_no, i.line_no IS NOT NULL AS known, i.customer_no AS old_no,
            coalesce(i.day, news.day) AS day
        FROM every LEFT JOIN news USING (value) LEFT JOIN numbered USING (value)
        LEFT JOIN (
            SELECT line_no, customer_no, day FROM identifier WHERE line_no IN (SELECT own_no FROM numbered)
        ) i ON i.line_no = own_no
        WHERE i.line_no IS NOT NULL OR news.value IS NOT NULL""",
        {"kind": kind},
    )
    return int(made[0][0])


def _find_owners(store: DuckDBStore, kind: str, decided: bool) -> None:
    """How many people each open id was seen with, and who it is if it is one. A decision goes before evidence."""
    evidence = """SELECT l.value, l.owner_kind AS kind, l.owner_value AS owner, l.owner_mark AS mark
        FROM identity_link l
        WHERE l.kind = $kind AND l.owner_kind <> l.kind AND l.mark IN (SELECT mark FROM open_id)
            AND l.value IN (SELECT value FROM open_id)"""
    decisions = f"""SELECT value, other_kind, other_value, {mark("other_kind", "other_value")} FROM identity_decision
        WHERE kind = $kind AND other_kind IS DISTINCT FROM kind AND ended IS NULL
            AND value IN (SELECT value FROM open_id)"""
    said = f"{evidence} AND l.value NOT IN (SELECT value FROM ({decisions})) UNION {decisions}"
    store.execute(
        f"""CREATE OR REPLACE TEMP TABLE holder AS
        WITH said AS MATERIALIZED ({said if decided else evidence}),
        numbered AS MATERIALIZED ({numbers("(SELECT DISTINCT kind, owner AS value, mark FROM said)")})
        SELECT said.value, count(DISTINCT i.customer_no) AS owners, min(i.customer_no) AS owner_no,
            min(i.customer_id) AS customer_id
        FROM said JOIN numbered n ON n.kind = said.kind AND n.value = said.owner
        JOIN (
            SELECT line_no, customer_no, customer_id FROM identifier WHERE line_no IN (SELECT own_no FROM numbered)
        ) i ON i.line_no = n.own_no
        GROUP BY ALL""",
        {"kind": kind},
    )


def _settle(store: DuckDBStore, kind: str, import_no: int, joined: bool) -> bool:
    """Write down the person of every open id; says whether known ones moved, and weaker ids may have to follow."""
    if import_no > 0:
        _give_numbers(store, kind)
    store.execute(
        """CREATE OR REPLACE TEMP TABLE settled AS
        SELECT o.*, CASE WHEN h.owners = 1 THEN h.owner_no END AS owner_no, coalesce(h.owners, 0) > 1 AS shared,
            CASE WHEN h.owners = 1 THEN h.owner_no ELSE o.own_no END AS new_no,
            CASE WHEN h.owners = 1 THEN h.customer_id WHEN $kind = 'customer_id' THEN o.value END AS customer_id
        FROM open_id o LEFT JOIN holder h USING (value)""",
        {"kind": kind},
    )
    if joined:
        _join(store, kind)
    ((left, moved, news),) = store.execute(
        "SELECT count_if(old_no <> new_no), count_if(known AND old_no IS DISTINCT FROM new_no), count_if(NOT known)"
        " FROM settled"
    )
    if moved or news:
        store.execute(
            "INSERT INTO moved"
            " SELECT $kind, value, day, old_no, new_no FROM settled WHERE old_no IS DISTINCT FROM new_no",
            {"kind": kind},
        )
    if moved:
        _write_down_moved(store)
    if news:
        _write_down_new(store, kind, import_no)
    return bool(left)


def _join(store: DuckDBStore, kind: str) -> None:
    """Ids that were merged share the one owner of them all; where several people own them, each keeps its own.

    Those without an owner have the first of their numbers.
    """
    store.execute(
        """UPDATE settled AS s SET
            new_no = coalesce(s.owner_no, CASE WHEN one THEN g.owner_no ELSE g.own_no END),
            customer_id = CASE WHEN s.owner_no IS NOT NULL THEN s.customer_id WHEN one THEN g.owner_id
                WHEN $kind = 'customer_id' THEN g.own_id END
        FROM (
            SELECT head, count(DISTINCT owner_no) = 1 AND NOT bool_or(shared) AS one,
                min(owner_no) AS owner_no, min(customer_id) FILTER (owner_no IS NOT NULL) AS owner_id,
                min(own_no) FILTER (owner_no IS NULL) AS own_no,
                arg_min(value, own_no) FILTER (owner_no IS NULL) AS own_id
            FROM settled JOIN (SELECT value, head FROM identity_group WHERE kind = $kind) USING (value) GROUP BY head
        ) g JOIN identity_group m ON m.kind = $kind AND m.head = g.head
        WHERE m.value = s.value""",
        {"kind": kind},
    )


def _write_down_moved(store: DuckDBStore) -> None:
    store.execute(
        f"""UPDATE identifier SET customer_no = s.new_no, bucket = {number_bucket("s.new_no")},
            customer_id = s.customer_id
        FROM settled s WHERE s.old_no IS DISTINCT FROM s.new_no AND s.known AND identifier.line_no = s.own_no"""
    )


def _write_down_new(store: DuckDBStore, kind: str, import_no: int) -> None:
    store.execute(
        f"""INSERT INTO identifier BY NAME
        SELECT $kind AS kind, s.value, s.day, s.new_no AS customer_no, {number_bucket("s.new_no")} AS bucket,
            s.customer_id, $kind || ':' || s.value AS row_key, $import_no AS import_no, s.own_no AS line_no
        FROM settled s WHERE NOT s.known ORDER BY s.value""",
        {"kind": kind, "import_no": import_no},
    )


def _give_numbers(store: DuckDBStore, kind: str) -> None:
    """Numbers for the new ids of an import: first for those who stand for people, as their kinds are settled."""
    store.execute(
        f"""INSERT INTO person
        SELECT {NEXT.format("owned")} + row_number() OVER (PARTITION BY owned ORDER BY value), $kind, value, mark
        FROM (SELECT o.value, o.mark, coalesce(h.owners = 1, FALSE) AS owned
            FROM open_id o LEFT JOIN holder h USING (value) WHERE NOT o.known AND o.own_no IS NULL)
        ORDER BY owned, value""",
        {"kind": kind},
    )
    store.execute(
        f"UPDATE open_id SET own_no = n.own_no FROM ({numbers('open_id')}) n"
        " WHERE open_id.own_no IS NULL AND open_id.value = n.value"
    )
