"""A small store to put hand-made rows into."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from kizuna.facts import FACTS, SQL_TYPES, Fact
from kizuna.settings import Settings
from kizuna.store.derive import derive
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.load import LoadReport, load

Row = Mapping[str, Any]


class Shop:
    """Rows in, rows out. `put` is what an import does: stage, load and derive in one transaction."""

    def __init__(self, **settings: Any) -> None:
        self.store = DuckDBStore(":memory:", Settings(settings))
        self.imports = 0

    def put(self, fact_name: str, *rows: Row) -> LoadReport:
        fact = FACTS[fact_name]
        self.imports += 1
        self.store.execute("BEGIN")
        self._stage(fact, rows)
        report = load(self.store, fact, "staged", self.imports)
        derive(self.store, {fact_name})
        self.store.execute("COMMIT")
        return report

    def get(self, fact_name: str, columns: str, where: str = "TRUE") -> list[Any]:
        """Sorted rows as tuples, or as bare values where one column is asked."""
        rows = self.store.execute(f'SELECT {columns} FROM "{fact_name}" WHERE {where} ORDER BY ALL')
        return [row[0] for row in rows] if rows and len(rows[0]) == 1 else rows

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All stored rows of all facts, without where they came from."""
        return {
            name: self.store.execute(f'SELECT * EXCLUDE (import_no, line_no) FROM "{name}" ORDER BY ALL')
            for name in FACTS
        }

    def _stage(self, fact: Fact, rows: Sequence[Row]) -> None:
        types = {c.name: c.sql_type for c in fact.importable()}
        types |= {"properties": SQL_TYPES["map"], "row_key": "VARCHAR", "line_no": "BIGINT"}
        columns = ", ".join(f"{name} {sql_type}" for name, sql_type in types.items())
        self.store.execute(f"CREATE OR REPLACE TEMP TABLE staged ({columns})")
        for number, row in enumerate(rows, start=2):
            full = {"row_key": _key(fact, row), "line_no": number} | dict(row)
            assert set(full) <= set(types), set(full) - set(types)
            marks = ", ".join(f"${name}" for name in full)
            self.store.execute(f"INSERT INTO staged ({', '.join(full)}) VALUES ({marks})", full)


def _key(fact: Fact, row: Row) -> str:
    named = [str(row[name]) for name in fact.key if row.get(name) is not None]
    return "|".join(named) if named else repr(sorted(row.items()))


@pytest.fixture
def open_shop() -> Iterator[Callable[..., Shop]]:
    """Makes shops with the settings given; they are closed after the test."""
    opened: list[Shop] = []

    def make(**settings: Any) -> Shop:
        opened.append(Shop(**settings))
        return opened[-1]

    yield make
    for shop in opened:
        shop.store.close()


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """A shop in Copenhagen."""
    return open_shop(timezone="Europe/Copenhagen")
