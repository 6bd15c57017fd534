"""Webhooks into facts: what bodies say of one ticket, order or message, put together in order of event time.

Vendors send what happens to a thing piece by piece, sometimes twice and not always in order. So what each body said
is kept beside the fact, in a table ``hooked_FACT``, and the fact's row is made of all that is known under its key:
every field has the value of the latest event that speaks of it. A field that a body does not mention keeps its value;
one that it names and leaves null is emptied. The result does not depend on the order of arrival, nor on what
was loaded together with what, so `kizuna rebuild` gives the same rows.

An import of the same row is the ground that later webhooks build on; those before it are covered by it.

The work has two halves, so that the loader can resolve the people of all messages between them, in order::

    prepared = prepare_hooks(store, settings, root, rows)
    resolve_all(store, [*parts, *prepared.parts], COLLECTED)
    report = put_hooks(store, prepared)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from kizuna.collect.hookfile import Hook, Rule
from kizuna.collect.hookpath import Delivery
from kizuna.collect.hookrows import Workbench, items_of, stage_items, workbench
from kizuna.collect.message import Kept
from kizuna.collect.webhooks import Hooks, delivery_id, delivery_of, event_time
from kizuna.errors import ImportFailed
from kizuna.facts import FACTS, Fact
from kizuna.settings import Settings
from kizuna.store import scope
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.filling import undo
from kizuna.store.identity import resolve_all
from kizuna.store.ids import held, id_columns
from kizuna.store.load import COLLECTED, place

HookRow = tuple[int, str, int, Kept]
"""(pos, name of the hook, received_at in microseconds, what was kept)."""

_SAID = (
    ("told_at", "BIGINT"),
    ("item", "BIGINT"),
    ("cleared", "VARCHAR[]"),
    ("firsts", "VARCHAR[]"),
    ("base", "INTEGER"),
)


@dataclass(frozen=True, slots=True)
class Unfit:
    """A body, or a row of it, that became no fact: reason is always ``mapping``, `detail` the sentence."""

    pos: int
    name: str
    detail: str
    reason: str = "mapping"


@dataclass(slots=True)
class HookLoad:
    """What was done: `facts` touched (for derive), `rows` changed, `waiting` for another body to complete them,
    what did not fit, and how many bodies were of no concern to any rule (by hook)."""

    facts: set[str] = field(default_factory=set)
    rows: int = 0
    waiting: int = 0
    rejected: list[Unfit] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Prepared:
    """Bodies as staged rows, one temporary table for each fact; `parts` are (fact, table) for `resolve_all`."""

    tables: dict[str, str] = field(default_factory=dict)
    load: HookLoad = field(default_factory=HookLoad)

    @property
    def parts(self) -> list[tuple[Fact, str]]:
        return [(FACTS[name], _with_time(FACTS[name], table)) for name, table in self.tables.items()]


@dataclass(slots=True)
class _Item:
    """One item of one body, on its way: `number` is its place among all of this load."""

    number: int
    pos: int
    id: str
    at: int
    place: int
    delivery: Delivery


def load_hooks(store: DuckDBStore, settings: Settings, root: Path, rows: Sequence[HookRow]) -> HookLoad:
    """Load webhooks, in order of position, inside the caller's transaction, their people resolved apart."""
    prepared = prepare_hooks(store, settings, root, rows)
    resolve_all(store, prepared.parts, COLLECTED)
    return put_hooks(store, prepared)


def prepare_hooks(store: DuckDBStore, settings: Settings, root: Path, rows: Sequence[HookRow]) -> Prepared:
    """Read, map and check bodies by the hook files of the workspace `root`."""
    work = _Work(Hooks(root, settings), int(settings.clock_ahead_hours))
    for row in rows:
        work.take(*row)
    staged: dict[str, list[pa.Table]] = {}
    with workbench() as bench:
        for hook, rule, items in work.by_rule.values():
            table = _stage(bench, hook, rule, items, settings, work)
            if table is not None and table.num_rows:
                staged.setdefault(rule.fact.name, []).append(table)
    tables = {name: _bring(store, FACTS[name], pa.concat_tables(parts)) for name, parts in staged.items()}
    return Prepared(tables, HookLoad(rejected=work.rejected(), ignored=work.ignored()))


def put_hooks(store: DuckDBStore, prepared: Prepared) -> HookLoad:
    """Put the prepared rows into their facts; the ids on them have been resolved."""
    for name, table in prepared.tables.items():
        fact = FACTS[name]
        undo(store, fact)
        _remember(store, fact, table)
        waiting = _put_together(store, fact, table)
        _know(store, fact)
        _note(store, fact)
        report = place(store, fact, "_hook_rows", COLLECTED)
        _note(store, fact)
        prepared.load.rows += report.added + report.replaced
        prepared.load.waiting += waiting
        prepared.load.facts.add(fact.name)
    return prepared.load


class _Work:
    """Bodies taken apart: their items by hook and rule, and what became of each body."""

    def __init__(self, hooks: Hooks, ahead_hours: int) -> None:
        self.hooks, self.ahead_hours = hooks, ahead_hours
        self.by_rule: dict[tuple[str, int], tuple[Hook, Rule, list[_Item]]] = {}
        self.told: set[int] = set()
        self.unfit: list[Unfit] = []
        self._items = 0
        self._bodies: dict[int, str] = {}
        self._odd: list[Unfit] = []

    def take(self, pos: int, name: str, received_at: int, kept: Kept) -> None:
        """Take one body apart, by every rule of its hook."""
        hook = self._hook(pos, name)
        if hook is None:
            return
        self._bodies[pos] = name
        delivery = delivery_of(kept.message or {})
        # Told apart by what the hook file says today: it may have been mended since the message came.
        key = f"/:hook:{name}/{delivery_id(hook, delivery)}"
        for turn, rule in enumerate(hook.rules):
            try:
                found = items_of(rule, delivery)
            except ValueError as error:
                self._odd.append(Unfit(pos, name, str(error)))
                continue
            for number, item in enumerate(found):
                each = Delivery(delivery.body, delivery.headers, item)
                at = event_time(hook, rule, each, received_at, self.ahead_hours)
                made = _Item(self._items, pos, f"{key}/{turn}/{number}", at, turn << 32 | number, each)
                self.by_rule.setdefault((name, turn), (hook, rule, []))[2].append(made)
                self._items += 1

    def _hook(self, pos: int, name: str) -> Hook | None:
        try:
            hook = self.hooks.get(name)
        except ImportFailed as error:
            self.unfit.append(Unfit(pos, name, str(error)))
            return None
        if hook is None:
            gone = f"hooks/{name}.toml is not there any more. Put it back, then run kizuna rebuild."
            self.unfit.append(Unfit(pos, name, gone))
        return hook

    def rejected(self) -> list[Unfit]:
        """What did not fit; a body that a rule could not take apart only where no other rule took it."""
        odd = [unfit for unfit in self._odd if unfit.pos not in self.told]
        return sorted(self.unfit + odd, key=lambda unfit: unfit.pos)

    def ignored(self) -> dict[str, int]:
        """How many bodies no rule was meant for, by hook."""
        known = self.told | {unfit.pos for unfit in self.rejected()}
        return dict(Counter(name for pos, name in self._bodies.items() if pos not in known))


def _stage(
    bench: Workbench, hook: Hook, rule: Rule, items: Sequence[_Item], settings: Settings, work: _Work
) -> pa.Table | None:
    """The staged rows of one rule, with what is known of each beside its fields."""
    found = stage_items(bench, hook, rule, [(item.number, item.delivery) for item in items], settings)
    by_number = {item.number: item for item in items}
    for number, sentence in found.unfit:
        work.told.add(by_number[number].pos)
        work.unfit.append(Unfit(by_number[number].pos, hook.name, sentence))
    if found.rows is None:
        return None
    chosen = [by_number[number] for number in found.rows["line_no"].to_pylist()]
    work.told.update(item.pos for item in chosen)
    beside: dict[str, pa.Array[Any]] = {
        "own_key": pa.array([item.id for item in chosen], pa.string()),
        "told_at": pa.array([item.at for item in chosen], pa.int64()),
        "item": pa.array([item.place for item in chosen], pa.int64()),
        "cleared": pa.array([found.cleared[item.number] for item in chosen], pa.list_(pa.string())),
        "firsts": pa.array([list(rule.first) for _ in chosen], pa.list_(pa.string())),
        "base": pa.array([None for _ in chosen], pa.int32()),
    }
    rows = found.rows.set_column(
        found.rows.column_names.index("line_no"), "line_no", pa.array([item.pos for item in chosen], pa.int64())
    )
    for name, values in beside.items():
        rows = rows.append_column(name, values)
    return rows


def _bring(store: DuckDBStore, fact: Fact, rows: pa.Table) -> str:
    """The rows as a temporary table."""
    name = f"_hooked_{fact.name}"
    with store.offering("_hook_arrow", rows):
        store.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM _hook_arrow")
    return name


def _with_time(fact: Fact, table: str) -> str:
    """The table for `resolve_all`, which asks when an id was seen: at the event, where the body tells no time."""
    column = fact.by_name[fact.time]
    if column.derived:
        return table
    time = f"coalesce({fact.time}, make_timestamp(told_at)::{column.sql_type}) AS {fact.time}"
    return f"(SELECT * REPLACE ({time}) FROM {table})"


def _columns(fact: Fact) -> dict[str, str]:
    """What a body may say: the fact's importable columns and the properties."""
    found = {column.name: column.sql_type for column in fact.importable()}
    return found | {"properties": "MAP(VARCHAR, VARCHAR)"}


def _remember(store: DuckDBStore, fact: Fact, table: str) -> None:
    """Keep what the bodies said; where an import has covered what was said before, start from its row."""
    kept, columns = _kept(fact), _columns(fact)
    written = ", ".join(f'"{name}" {kind}' for name, kind in (*columns.items(), *_SAID))
    store.execute(f"CREATE TABLE IF NOT EXISTS {kept} (row_key VARCHAR, line_no BIGINT, {written})")
    store.execute(
        "CREATE OR REPLACE TEMP TABLE _hook_ground AS SELECT DISTINCT ON (f.row_key) f.*"
        f' FROM "{fact.name}" f SEMI JOIN {table} t ON t.row_key = f.row_key'
        f" ANTI JOIN (SELECT row_key, base FROM {kept} WHERE base IS NOT NULL) k"
        " ON k.row_key = f.row_key AND k.base = f.import_no WHERE f.import_no > 0"
    )
    names = ", ".join(f'"{name}"' for name in columns)
    store.execute(f"DELETE FROM {kept} WHERE row_key IN (SELECT row_key FROM _hook_ground)")
    store.execute(
        f"INSERT INTO {kept} BY NAME SELECT row_key, {names}, import_no AS base FROM _hook_ground",
    )
    said = ", ".join(name for name, _ in _SAID)
    store.execute(
        f"INSERT INTO {kept} BY NAME SELECT row_key, line_no, {names}, {said} FROM {table} WHERE row_key IS NOT NULL"
    )


def _kept(fact: Fact) -> str:
    return f'"hooked_{fact.name}"'


def _put_together(store: DuckDBStore, fact: Fact, table: str) -> int:
    """Make ``_hook_rows``: for each key in `table` the row of all that was said; gives how many are not whole yet."""
    columns = list(_columns(fact))
    store.execute(
        "CREATE OR REPLACE TEMP TABLE _hook_said AS SELECT *, row_number() OVER"
        " (PARTITION BY row_key ORDER BY base IS NULL, told_at, line_no, item) AS turn"
        f" FROM {_kept(fact)} WHERE row_key IN (SELECT row_key FROM {table})"
    )
    values = ", ".join(f'{_latest(fact, name)} AS "{name}"' for name in columns)
    alone = ", ".join(f'"{name}"' for name in columns)
    store.execute(
        f"CREATE OR REPLACE TEMP TABLE _hook_rows AS SELECT row_key, min(line_no) AS line_no, {values}"
        " FROM _hook_said GROUP BY row_key"
        f" UNION ALL BY NAME SELECT own_key AS row_key, line_no, {alone} FROM {table} WHERE row_key IS NULL"
        " ORDER BY line_no, row_key"
    )
    missing = " OR ".join(f'"{c.name}" IS NULL' for c in fact.importable() if c.needed) or "false"
    waiting = int(store.execute(f"SELECT count(*) FROM _hook_rows WHERE {missing}")[0][0])
    if waiting:
        store.execute(f"DELETE FROM _hook_rows WHERE {missing}")
    return waiting


def _latest(fact: Fact, name: str) -> str:
    """SQL for a field's value: that of the latest body that speaks of it, or of the first where that is asked for."""
    quoted = f'"{name}"'
    if name == "properties":
        # Each property by itself: a later body adds to what is known.
        given = "list(properties ORDER BY turn) FILTER (properties IS NOT NULL)"
        return f"list_reduce({given}, lambda known, said: map_concat(known, said))"
    needed = name in fact.by_name and fact.by_name[name].needed
    # What is needed cannot be emptied, so that a row that is whole stays so.
    speaks = f"{quoted} IS NOT NULL" + ("" if needed else f" OR list_contains(cleared, '{name}')")
    first = f"arg_min({quoted}, turn) FILTER (list_contains(firsts, '{name}'))"
    return f"coalesce({first}, arg_max_null({quoted}, turn) FILTER ({speaks}))"


def _know(store: DuckDBStore, fact: Fact) -> None:
    """The people of the rows, also of ids that an earlier body brought."""
    for kind in id_columns(fact):
        store.execute(
            f"INSERT INTO who SELECT i.kind, i.value, i.customer_no FROM identifier i WHERE i.kind = '{kind}'"
            f" AND i.value IN (SELECT {held(fact, kind)} FROM _hook_rows)"
            f" AND i.value NOT IN (SELECT value FROM who WHERE kind = '{kind}')"
        )


def _note(store: DuckDBStore, fact: Fact) -> None:
    """The rows of these keys as they stand now, for `derive`: once before they change and once after."""
    if not fact.has_customer:
        return
    session = "session_id" if fact.name in ("event", "session") else "NULL"
    # Where the time is derived (a customer's first order), whose rows they are is enough.
    time = "NULL::TIMESTAMP" if fact.by_name[fact.time].derived else f'"{fact.time}"'
    rows = f'(SELECT * FROM "{fact.name}" WHERE row_key IN (SELECT row_key FROM _hook_rows) AND import_no <> 0)'
    scope.note(store, rows, time, session_id=session)


def waiting_rows(store: DuckDBStore, facts: Iterable[Fact] = tuple(FACTS.values())) -> dict[str, int]:
    """How many rows of each fact wait for a body that completes them."""
    found = {}
    tables = {row[0] for row in store.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")}
    for fact in facts:
        if f"hooked_{fact.name}" in tables:
            waits = store.execute(
                f'SELECT count(DISTINCT row_key) FROM {_kept(fact)} ANTI JOIN "{fact.name}" USING (row_key)'
            )[0][0]
            if waits:
                found[fact.name] = int(waits)
    return found
