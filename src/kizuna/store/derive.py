"""What facts say together: sessions, carts, customer-days, an order's number, business hours …

Each derived fact or set of derived columns is one SELECT in ``derived/``. `STEPS` says what each
reads, and in this order `derive` runs those that depend on what was touched. Two kinds of SELECT:

* *rows* of a derived fact, with ``row_key`` and ``customer_no``. They are kept with import_no 0,
  beside imported rows (import_no is not 0), which are never overwritten;
* *columns* for stored rows, which ``place`` points at. Only values that differ are written.

Settings, and the lists of event names in ``derived/event_names.toml``, are parameters (``$name``).
``{scope}`` is the one place where a step is narrowed to some customers; today it is all of them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from kizuna.facts import FACTS, Fact, day_of
from kizuna.settings import Settings
from kizuna.store import business
from kizuna.store.bucket import local, stored
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.identity import numbered, owner


@dataclass(frozen=True, slots=True)
class Step:
    """One file of ``derived/``: which fact it makes or completes, and from which facts."""

    file: str
    fact: str
    gives: Literal["rows", "columns"]
    reads: frozenset[str]


def _step(file: str, fact: str, gives: Literal["rows", "columns"], *reads: str) -> Step:
    return Step(file, fact, gives, frozenset(reads))


STEPS = (
    _step("customer_single", "customer", "columns", "customer", "identifier"),
    _step("customer_known", "customer", "rows", "customer", "identifier"),
    _step("order", "order", "columns", "order"),
    _step("session", "session", "rows", "event", "session"),
    _step("session_first", "session", "columns", "event", "session"),
    _step("cart", "cart", "rows", "event", "order"),
    _step("cart_imported", "cart", "columns", "cart"),
    _step("customer_day", "customer_day", "rows", "event", "order"),
    _step("mrr_movement", "mrr_movement", "rows", "subscription"),
    _step("customer", "customer", "columns", "customer", "identifier", "order", "subscription"),
    _step("ticket", "ticket", "columns", "ticket", "contact"),
    _step("contact", "contact", "columns", "ticket", "contact"),
    _step("message", "message", "columns", "message", "event", "session"),
    _step("survey_invitation", "survey_invitation", "columns", "survey_invitation", "survey_response"),
)

# Importable columns that `derive` fills in where the file leaves them empty, with a note of which rows,
# so that the next import of the same file still compares equal and a corrected answer is followed.
_FILLED = {"survey_invitation": "responded_at"}
_NOTES = """
CREATE TEMP TABLE IF NOT EXISTS touched (fact VARCHAR);
CREATE TEMP TABLE IF NOT EXISTS fresh (step VARCHAR);
CREATE TABLE IF NOT EXISTS filled (fact VARCHAR, row_key VARCHAR);
"""


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
    for step in STEPS:
        if step.reads & touched and step.file not in fresh:
            sql, values = _filled_in(step.file, store.settings)
            (_replace_rows if step.gives == "rows" else _update_columns)(store, FACTS[step.fact], sql, values)


def ahead(store: DuckDBStore, fact: Fact, rows: str) -> str:
    """`rows`, on their way into an empty table, with the derived columns that cost little then.

    Numbering millions of orders while they are inserted is far cheaper than updating them afterwards.
    `rows` are numbered apart, by few columns, and keep their order, which is often that of time.
    """
    if fact.name != "order":
        return numbered(fact, rows)
    narrow = f"SELECT place, customer_id, email, ordered_at, row_key, value, transaction_type FROM ({rows})"
    zone, orders = store.settings.timezone, f"({numbered(fact, narrow)})"
    numbers = _template("order", zone, row="place, customer_no", orders=orders)
    store.execute(f"CREATE OR REPLACE TEMP TABLE numbers AS {numbers}")
    return f"FROM ({rows}) JOIN numbers USING (place)"


def undo(store: DuckDBStore, fact: Fact) -> None:
    """Empty the values that `derive` filled in into importable columns of `fact`."""
    column = _FILLED.get(fact.name)
    if column is None:
        return
    store.execute(_NOTES)
    store.execute(
        f"UPDATE {fact.name} SET {column} = NULL, {day_of(column)} = NULL"
        " WHERE row_key IN (SELECT row_key FROM filled WHERE fact = $fact) AND import_no <> 0",
        {"fact": fact.name},
    )
    store.execute("INSERT INTO touched SELECT DISTINCT fact FROM filled WHERE fact = $fact", {"fact": fact.name})
    store.execute("DELETE FROM filled WHERE fact = $fact", {"fact": fact.name})


@cache
def _text(name: str) -> str:
    return (files("kizuna.store") / "derived" / name).read_text(encoding="utf-8")


@cache
def event_names() -> dict[str, list[str]]:
    """Event names by what they count as: page_viewed, clicked, product_added …"""
    return tomllib.loads(_text("event_names.toml"))


def _template(file: str, zone: str, row: str = "place", orders: str = '(SELECT *, rowid AS place FROM "order")') -> str:
    text = _text(f"{file}.sql")
    pieces = {
        "row": row,
        "orders": orders,
        "ordered": local("ordered_at", zone),
        "owner": owner("customer"),
        "scope": "TRUE",
    }
    for name, piece in pieces.items():
        text = text.replace(f"{{{name}}}", piece)
    return text


def _filled_in(file: str, settings: Settings) -> tuple[str, dict[str, Any]]:
    sql = _template(file, settings.timezone)
    values: Mapping[str, Any] = {**settings, **event_names()}
    return sql, {name: values[name] for name in set(re.findall(r"\$(\w+)", sql))}


def _replace_rows(store: DuckDBStore, fact: Fact, sql: str, values: dict[str, Any]) -> None:
    store.execute(f'DELETE FROM "{fact.name}" WHERE import_no = 0')
    rows = stored(fact, _every_time(fact, sql), store.settings.timezone)
    store.execute(f'INSERT INTO "{fact.name}" BY NAME SELECT *, 0 AS import_no, 0 AS line_no FROM ({rows})', values)


def _update_columns(store: DuckDBStore, fact: Fact, sql: str, values: dict[str, Any]) -> None:
    if fact.name in _FILLED:
        undo(store, fact)
    store.execute(f"CREATE OR REPLACE TEMP TABLE found AS {sql}", values)
    names = [row[0] for row in store.execute("DESCRIBE found") if row[0] != "place"]
    news = {name: f"new.{name}" for name in names}
    for name in set(names).intersection(fact.times):
        time = local(f"new.{name}", store.settings.timezone)
        news[day_of(name)] = f"{time}::DATE"
        if name == fact.time:
            news["hour"] = f"hour({time})::UTINYINT"
    assigned = ", ".join(f"{name} = {value}" for name, value in news.items())
    differs = " OR ".join(f"old.{name} IS DISTINCT FROM new.{name}" for name in names)
    if fact.name in _FILLED:
        store.execute(
            f"INSERT INTO filled SELECT $fact, row_key FROM {fact.name} old JOIN found new ON old.rowid = new.place",
            {"fact": fact.name},
        )
    store.execute(
        f'UPDATE "{fact.name}" AS old SET {assigned} FROM found new WHERE old.rowid = new.place AND ({differs})'
    )


def _every_time(fact: Fact, sql: str) -> str:
    """`sql` with the fact's times it does not have (a known customer has none yet) as NULL."""
    if fact.name != "customer":
        return sql
    empty = ", ".join(f"NULL::TIMESTAMP AS {name}" for name in fact.times)
    return f"SELECT *, {empty} FROM ({sql})"
