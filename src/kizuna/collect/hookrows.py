"""From webhooks' bodies to staged rows: typed, checked, with keys; what does not fit, with its reason.

The rows go through `kizuna.collect.stage` as those of an import do, so one set of rules holds. They do
so in a small database in memory, apart from the store: an expression that fails cannot end the load's
transaction, and `kizuna hooks check` needs no store at all. Every row is read by itself (see `hookexpr`):
whatever else came with it, the same body gives the same row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
import pyarrow as pa

from kizuna.collect import times
from kizuna.collect.checks import Check
from kizuna.collect.hookfile import Hook, Rule
from kizuna.collect.hookpath import Delivery, HookPath, as_text, find
from kizuna.collect.mapping import Assigned, Matched
from kizuna.collect.reading import Reader
from kizuna.collect.source import ReadOptions, Source, Store, literal, quoted
from kizuna.collect.stage import STAGED, stage
from kizuna.collect.values import Reading
from kizuna.errors import KizunaError
from kizuna.facts import Column, Fact
from kizuna.settings import Settings


class Workbench:
    """A database in memory, for one load or one dry run."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config={"threads": 1, "autoload_known_extensions": False})
        # Computing a part that stands twice ahead of the rest would take it out of its TRY().
        self._connection.execute("SET TimeZone = 'UTC'; SET disabled_optimizers = 'common_subexpressions'")

    def execute(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(sql, params)
        return cursor.fetchall() if cursor.description else []

    def table(self, sql: str) -> pa.Table:
        return self._connection.sql(sql).to_arrow_table()

    def close(self) -> None:
        self._connection.close()


@contextmanager
def workbench() -> Iterator[Workbench]:
    """A workbench that is cleared away afterwards."""
    made = Workbench()
    try:
        yield made
    finally:
        made.close()


@dataclass(slots=True)
class HookRows:
    """What became of the items given to one rule.

    `rows` has line_no (the number given), the fact's importable columns, ``properties`` and ``row_key``, which
    is NULL where the row has no key of its own. `unfit` are (number, sentence); `passed` were not meant (``when``).
    `cleared` are the fields that a body says are empty now, by number.
    """

    rows: pa.Table | None = None
    cleared: dict[int, list[str]] = field(default_factory=dict)
    unfit: list[tuple[int, str]] = field(default_factory=list)
    passed: int = 0


def items_of(rule: Rule, delivery: Delivery) -> list[Any]:
    """The items of a body that a rule makes rows of. Raises `ValueError` with a sentence."""
    if rule.each is None:
        return [delivery.body]
    there, found = find(rule.each, delivery)
    if not there or found is None:
        return []
    if isinstance(found, dict):
        return [found]
    if not isinstance(found, list):
        raise ValueError(f"{rule.each.text} is {as_text(found)!r:.80}, not a list")
    return found


def stage_items(
    bench: Workbench, hook: Hook, rule: Rule, items: Sequence[tuple[int, Delivery]], settings: Settings
) -> HookRows:
    """Make staged rows of numbered items by one rule."""
    try:
        return _staged(bench, hook, rule, items, settings)
    except (KizunaError, duckdb.Error) as error:
        said = error.what if isinstance(error, KizunaError) else str(error).splitlines()[0]
        if len(items) == 1:
            return HookRows(unfit=[(items[0][0], said)])
    # One item spoils the statement: halves find it, so that it alone is rejected.
    half = len(items) // 2
    parts = [stage_items(bench, hook, rule, part, settings) for part in (items[:half], items[half:])]
    tables = [part.rows for part in parts if part.rows is not None]
    return HookRows(
        pa.concat_tables(tables) if tables else None,
        parts[0].cleared | parts[1].cleared,
        [unfit for part in parts for unfit in part.unfit],
        sum(part.passed for part in parts),
    )


def bare(fact: Fact, partial: bool) -> Fact:
    """The fact as a body may tell it: what is not said stays empty, to be filled from other bodies."""
    columns = tuple(
        column if column.name in fact.key else replace(column, default=None, needed=column.needed and not partial)
        for column in fact.columns
    )
    return replace(fact, columns=columns)


def _staged(
    bench: Workbench, hook: Hook, rule: Rule, items: Sequence[tuple[int, Delivery]], settings: Settings
) -> HookRows:
    source, meant = _source(bench, hook, rule, items, settings)
    passed = len(items) - meant
    if not meant:
        return HookRows(passed=passed)
    fact = bare(rule.fact, rule.partial)
    assigned = {
        name: Assigned(fact.by_name[name], said.text, "said", column=_column(name, said))
        for name, said in rule.fields.items()
    }
    matched = Matched(fact, assigned, keep=tuple(path.text for path in rule.keep.values()))
    reader = _RowReader(bench, source, settings, hook)
    for name, said in rule.fields.items():
        if not isinstance(said, HookPath):
            sentence = f"{name}: {said.text} cannot be computed"
            reader.unreadable.append(Check(quoted("! " + name), sentence, literal(sentence)))
    stage(bench, source, matched, reader, settings.exchange, again=True)
    found = bench.execute("SELECT line_no, reason FROM _rejected ORDER BY line_no")
    unfit = [(int(n), str(reason)) for n, reason in found]
    return HookRows(_with_keys(bench, fact), _cleared(bench, hook, rule, items, settings), unfit, passed)


def _cleared(
    bench: Workbench, hook: Hook, rule: Rule, items: Sequence[tuple[int, Delivery]], settings: Settings
) -> dict[int, list[str]]:
    """Fields that are empty now: their key is there and null, or ``clear`` says so."""
    plain = {name: said for name, said in rule.fields.items() if isinstance(said, HookPath)}
    found = {
        number: [name for name, path in plain.items() if find(path, delivery) == (True, None)]
        for number, delivery in items
    }
    how = (hook.decimal, hook.dates, settings.timezone)
    for name, condition in rule.clear.items():
        sql = f"SELECT line_no FROM _source WHERE coalesce(TRY_CAST({condition.sql(*how)} AS BOOLEAN), false)"
        for (number,) in bench.execute(sql):
            found[int(number)].append(name)
    return found


def _column(name: str, said: object) -> str:
    return said.text if isinstance(said, HookPath) else "= " + name


def _source(
    bench: Workbench, hook: Hook, rule: Rule, items: Sequence[tuple[int, Delivery]], settings: Settings
) -> tuple[Source, int]:
    """``_source``: a column of text for each path, and the value of each expression; only rows that are meant."""
    paths = rule.paths()
    values: list[list[Any]] = [[number for number, _ in items]]
    values += [[as_text(find(path, delivery)[1]) for _, delivery in items] for path in paths.values()]
    columns = "".join(f", unnest(${n}::VARCHAR[]) AS {quoted(name)}" for n, name in enumerate(paths, 2))
    bench.execute(f"CREATE OR REPLACE TEMP TABLE _paths AS SELECT unnest($1::BIGINT[]) AS line_no{columns}", values)
    bench.execute("CREATE OR REPLACE TEMP TABLE _unparsed (line_no BIGINT, reason VARCHAR, kind VARCHAR, row VARCHAR)")
    how = (hook.decimal, hook.dates, settings.timezone)
    computed = ""
    for name, said in rule.fields.items():
        if not isinstance(said, HookPath):
            computed += f", {said.sql(*how)} AS {quoted('= ' + name)}, {said.failed(*how)} AS {quoted('! ' + name)}"
    where = f"WHERE coalesce(TRY_CAST({rule.when.sql(*how)} AS BOOLEAN), false)" if rule.when else ""
    bench.execute(f"CREATE OR REPLACE TEMP TABLE _source AS SELECT *{computed} FROM _paths {where} ORDER BY line_no")
    types = {str(row[0]): str(row[1]) for row in bench.execute("DESCRIBE _source") if row[0] != "line_no"}
    meant = int(bench.execute("SELECT count(*) FROM _source")[0][0])
    return Source("_source", types, "json", rows=meant), meant


def _with_keys(bench: Workbench, fact: Fact) -> pa.Table:
    """The staged rows; the key is empty where the body did not give it."""
    key = "row_key"
    if fact.name != "customer":
        whole = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in fact.key) or "false"
        key = f"CASE WHEN {whole} THEN row_key END"
    return bench.table(f"SELECT * REPLACE ({key} AS row_key) FROM {STAGED} ORDER BY line_no")


class _RowReader(Reader):
    """Reads every row by itself: how a column is written is said by the hook, not found out from other rows."""

    def __init__(self, store: Store, source: Source, settings: Settings, hook: Hook) -> None:
        super().__init__(store, source, settings, ReadOptions(decimal=hook.decimal))
        # "Doubtful" takes the way that reads all spellings, also where all rows are plain.
        self.numbers.doubtful = True
        self._order = hook.dates

    def _text(self, column: Column, sql: str, relation: str) -> Reading:
        if column.type in ("time", "date"):
            return Reading(times.fixed(sql, self.settings.timezone, column.type, self._order))
        return super()._text(column, sql, relation)
