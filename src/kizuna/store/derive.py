"""What facts say together: sessions, carts, customer-days, an order's number, business hours …

Each derived fact or set of derived columns is one SELECT in ``derived/``. `STEPS` says what each
reads, and in this order `derive` runs those that depend on what was touched. Two kinds of SELECT:

* *rows* of a derived fact, with ``row_key`` and ``customer_no``. They are kept with import_no 0,
  beside rows that were given (import_no is not 0), which are never overwritten;
* *columns* for stored rows, which ``place`` points at. Only values that differ are written.

Settings, and the lists of event names in ``derived/event_names.toml``, are parameters (``$name``). Pieces in
braces (``{scope}``, ``{event}``) are where a step is narrowed to what was touched, see `_WHOLE` and `_narrow`.
Narrowed or whole, the outcome is the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kizuna.facts import FACTS, Fact, day_of
from kizuna.store import business, filling, scope, traits
from kizuna.store.bucket import local, stored
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.identity import numbered, owner
from kizuna.store.joined import BY_SERVER, joined
from kizuna.store.returns import returned
from kizuna.store.scope import Touched
from kizuna.store.steps import STEPS, Step, event_names, text

_NOTES = """
CREATE TEMP TABLE IF NOT EXISTS touched (fact VARCHAR);
CREATE TEMP TABLE IF NOT EXISTS fresh (step VARCHAR);
CREATE TABLE IF NOT EXISTS told (step VARCHAR, id UBIGINT, told_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS derived_note (name VARCHAR);
"""
_ORDERS_BY_EVENTS = "SELECT 1 FROM derived_note WHERE name = 'orders_by_events'"

# Support and surveys come in by the file or one by one, and their SELECTs read their own facts only.
_ALWAYS_WHOLE = ("ticket", "contact", "survey_invitation")

_WHOLE = {
    "event": "event",
    "order": '"order"',
    "session": "session",
    "message": "(SELECT *, rowid AS place FROM message)",
    "scope": "TRUE",
    "people": "TRUE",
    "ids": "TRUE",
    "within": "TRUE",
    "inside": "TRUE",
}
_THEIRS = "customer_no IN (SELECT customer_no FROM touched_customer)"
# A row of a customer that lost its person to another row has none any more, and is to be emptied.
_PEOPLE = f"(customer_no IS NULL OR {_THEIRS})"
_IDS = {
    "session": "session_id IN (SELECT client_id FROM client)",
    "order_told": "order_id IN (SELECT id FROM touched_id)",
    "message_told": "message_id IN (SELECT id FROM touched_id)",
}
# Events that tell of an order or a message, by the id that they name.
_TOLD = {"order_told": "order_id", "message_told": "message_id"}


def derive(store: DuckDBStore, facts_touched: set[str], whole: bool = True) -> None:
    """Bring everything derived up to date with `facts_touched` and what `load` noted itself.

    To be run once after the loads of an import, in their transaction (see `kizuna.store.load`). With
    `whole` false, only what the noted spans (see `kizuna.store.scope`) can have changed is made anew.
    """
    store.execute(_NOTES)
    touched = facts_touched | {row[0] for row in store.execute("SELECT DISTINCT fact FROM touched")}
    store.execute("DELETE FROM touched")
    if touched & {"ticket", "contact"}:
        business.lay_out(store)
    fresh = {row[0] for row in store.execute("SELECT step FROM fresh")}
    store.execute("DELETE FROM fresh")
    spans = None if whole else scope.settle(store)
    for step in STEPS:
        if not step.reads & touched or step.file in fresh or (step.given and not _has_given(store, step.fact)):
            continue
        if _run(store, step, spans):
            touched.add(step.fact)
            fresh.discard(step.fact)
            if spans and step.file in _TOLD:
                spans = scope.settle(store, spans)
    scope.forget(store)


def ahead(store: DuckDBStore, fact: Fact, rows: str) -> str:
    """`rows`, on their way into an empty table, with the derived columns that cost little then.

    Numbering millions of orders while they are inserted is far cheaper than updating them afterwards.
    `rows` are numbered apart, by few columns, and keep their order, which is often that of time.
    """
    if fact.name != "order":
        return numbered(fact, rows)
    narrow = f"SELECT place, customer_id, email, ordered_at, row_key, value, transaction_type FROM ({rows})"
    pieces = _WHOLE | {"row": "place, customer_no", "orders": f"({numbered(fact, narrow)})"}
    numbers, _ = _filled_in(store, text("order"), pieces)
    store.execute(f"CREATE OR REPLACE TEMP TABLE numbers AS {numbers}")
    return f"FROM ({rows}) JOIN numbers USING (place)"


def _has_given(store: DuckDBStore, fact: str) -> bool:
    return bool(store.execute(f'SELECT 1 FROM "{fact}" WHERE import_no <> 0 LIMIT 1'))


def _run(store: DuckDBStore, step: Step, spans: Touched | None) -> bool:
    """Derive all there is to a step, or within `spans`; says whether rows of the step's fact came or went."""
    if step.fact in _ALWAYS_WHOLE or (step.file == "cart" and _first_order_event(store, spans)):
        spans = None
    if spans is None and step.file in _TOLD:
        _note_all_told(store, step)
    pieces = _WHOLE if spans is None else _narrow(store, step, spans)
    if spans and step.narrow:
        script = text(f"narrow/{step.narrow}")
        if not scope.lay_out(store, script, spans, lambda sql: _filled_in(store, sql, pieces)):
            return False
    if step.file == "order_told":
        pieces = {**pieces, "returned": returned(store, pieces["event"])}
    if step.file == "session":
        pieces = {**pieces, "joined": joined(store, pieces["event"], pieces["inside"])}
    sql, values = _filled_in(store, text(step.file), pieces)
    if step.gives == "columns":
        _update_columns(store, step, sql, values, pieces["people"])
        return False
    return (_exchange_rows if spans else _replace_rows)(store, step, sql, values)


def _narrow(store: DuckDBStore, step: Step, spans: Touched) -> dict[str, str]:
    """What stands in the braces of a step that is narrowed to what was touched."""
    zone = store.settings.timezone
    return {
        "event": "near",
        "order": "near_order",
        "session": "near_session",
        "message": "near_message",
        "scope": _THEIRS,
        "people": _PEOPLE,
        "ids": _IDS.get(step.file, "TRUE"),
        "within": "EXISTS (SELECT 1 FROM region r WHERE r.customer_no = cart.customer_no"
        " AND cart.started_at >= r.since AND cart.started_at < r.until)",
        "inside": "inside",
        "whose": spans.whose,
        "by_clients": str(spans.by_clients).upper(),
        "first": f"{local('since', zone)}::DATE",
        "last": f"{local('until', zone)}::DATE",
        "step": step.file,
        "fact": f'"{step.fact}"',
        "id": _TOLD.get(step.file, ""),
        "time": FACTS[step.fact].time,
    }


def _filled_in(store: DuckDBStore, sql: str, pieces: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The SQL with its pieces, and the parameters that it names."""
    common = {
        "row": "place",
        "orders": '(SELECT *, rowid AS place FROM "order")',
        "ordered": local("ordered_at", store.settings.timezone),
        "owner": owner("customer"),
        "orders_end_carts": f"NOT EXISTS ({_ORDERS_BY_EVENTS})",
        "said": text("said"),
        "by_server": BY_SERVER,
        "trait_columns": traits.columns(),
        "trait_fills": traits.fills(),
    }
    for name, piece in {**common, **pieces}.items():
        sql = sql.replace(f"{{{name}}}", piece)
    values: Mapping[str, Any] = {**store.settings, **event_names(), "column_traits": traits.names()}
    return sql, {name: values[name] for name in set(re.findall(r"\$(\w+)", sql))}


def _note_all_told(store: DuckDBStore, step: Step) -> None:
    store.execute("DELETE FROM told WHERE step = $step", {"step": step.file})
    name = _TOLD[step.file]
    store.execute(
        f"INSERT INTO told SELECT DISTINCT $step, md5_number_lower({name}), occurred_at FROM event"
        f" WHERE {name} IS NOT NULL AND list_contains($names::VARCHAR[], name)",
        {"step": step.file, "names": event_names()[step.file]},
    )


def _first_order_event(store: DuckDBStore, spans: Touched | None) -> bool:
    """Note whether any event tells of an order, because then orders of files end no carts.

    The first such event changes the carts of everyone, and they are all to be made anew.
    """
    known = bool(store.execute(_ORDERS_BY_EVENTS))
    if known and spans:
        return False
    values: dict[str, Any] = {"names": event_names()["order_completed"]}
    near = f"{scope.window(spans, 'occurred_at', values)} AND {spans.whose}" if spans else "TRUE"
    found = bool(
        store.execute(f"SELECT 1 FROM event WHERE list_contains($names::VARCHAR[], name) AND {near} LIMIT 1", values)
    )
    if found != known:
        store.execute("DELETE FROM derived_note")
        store.execute("INSERT INTO derived_note SELECT 'orders_by_events' WHERE ?", [found])
    return found


def _replace_rows(store: DuckDBStore, step: Step, sql: str, values: dict[str, Any]) -> bool:
    deleted = store.execute(f'DELETE FROM "{step.fact}" WHERE import_no = 0')[0][0]
    return bool(_insert(store, FACTS[step.fact], sql, values) + deleted)


def _exchange_rows(store: DuckDBStore, step: Step, sql: str, values: dict[str, Any]) -> bool:
    """Put the rows of `sql` in place of those in ``stale``."""
    if step.narrow and step.file not in _TOLD:
        gone = store.execute(f'DELETE FROM "{step.fact}" WHERE rowid IN (SELECT place FROM stale)')[0][0]
        return bool(_insert(store, FACTS[step.fact], sql, values) + gone)
    if not step.narrow:
        store.execute(
            "CREATE OR REPLACE TEMP TABLE stale AS"
            f' SELECT rowid AS place FROM "{step.fact}" WHERE import_no = 0 AND {_THEIRS}'
        )
    return _exchange_different(store, step, sql, values)


def _exchange_different(store: DuckDBStore, step: Step, sql: str, values: dict[str, Any]) -> bool:
    """The same where most rows come out as they were: those stay, and what follows from them needs no look."""
    fact = FACTS[step.fact]
    come = _made(store, "found", sql, values)
    names = _columns_found(store, step)
    gone = _made(
        store,
        "old",
        f'SELECT rowid AS place, {", ".join(names)} FROM "{fact.name}" WHERE rowid IN (SELECT place FROM stale)',
    )
    new, old = "found", "old"
    if come and gone:
        new, old = "come", "gone"
        same = " AND ".join(f"found.{name} IS NOT DISTINCT FROM old.{name}" for name in names)
        gone = _made(store, old, f"SELECT old.* FROM old ANTI JOIN found ON {same}")
        come = _made(store, new, f"SELECT found.* FROM found ANTI JOIN old ON {same}")
    if gone:
        store.execute(f'DELETE FROM "{fact.name}" WHERE rowid IN (SELECT place FROM {old})')
    if come:
        _insert(store, fact, f"FROM {new}", {})
    if step.file in _TOLD:
        # Their customers and days were perhaps not touched by the events themselves.
        for table, rows in ((old, gone), (new, come)):
            if rows:
                scope.note(store, table, fact.time)
    return bool(gone or come)


def _made(store: DuckDBStore, table: str, sql: str, values: Mapping[str, Any] | None = None) -> int:
    """Make a temporary table; says how many rows it has. Where there are none, what follows is not worth planning."""
    return int(store.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {sql}", values)[0][0])


def _columns_found(store: DuckDBStore, step: Step) -> tuple[str, ...]:
    """The columns that a step's SELECT gives, asked once: planning a statement costs more than a few rows."""
    if step.file not in _columns:
        _columns[step.file] = tuple(row[0] for row in store.execute("DESCRIBE found"))
    return _columns[step.file]


_columns: dict[str, tuple[str, ...]] = {}


def _insert(store: DuckDBStore, fact: Fact, sql: str, values: dict[str, Any]) -> int:
    if fact.name == "customer":
        empty = ", ".join(f"NULL::TIMESTAMP AS {name}" for name in fact.times if fact.by_name[name].derived)
        sql = f"SELECT *, {empty} FROM ({sql})"
    rows = f"SELECT *, 0 AS import_no, 0 AS line_no FROM ({stored(fact, sql, store.settings.timezone)})"
    return int(store.execute(f'INSERT INTO "{fact.name}" BY NAME {rows}', values)[0][0])


def _update_columns(store: DuckDBStore, step: Step, sql: str, values: dict[str, Any], rows: str) -> None:
    fact, fills = FACTS[step.fact], step.file in filling.STEPS
    if fills:
        filling.empty(store, fact, rows)
    if not _made(store, "found", sql, values):
        return
    names = [name for name in _columns_found(store, step) if name != "place"]
    if fills:
        filling.note(store, fact, names)
    news = {name: f"new.{name}" for name in names}
    for name in set(names).intersection(fact.times):
        time = local(f"new.{name}", store.settings.timezone)
        news[day_of(name)] = f"{time}::DATE"
        if name == fact.time:
            news["hour"] = f"hour({time})::UTINYINT"
    assigned = ", ".join(f"{name} = {value}" for name, value in news.items())
    differs = " OR ".join(f"old.{name} IS DISTINCT FROM new.{name}" for name in names)
    store.execute(
        f'UPDATE "{fact.name}" AS old SET {assigned} FROM found new WHERE old.rowid = new.place AND ({differs})'
    )
