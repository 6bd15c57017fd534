"""What a fact is: the form in which each of them is declared.

Times are stored as UTC ``TIMESTAMP``. For each time column ``x_at`` the store adds ``x_day``, its
day in the workspace's zone, which is what periods are made of. Facts that are daily figures (ad,
cost, share price) have a ``day`` instead. Every fact also gets ``customer_no`` and ``bucket``
where they apply (see `Fact.stored_columns`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

BUCKETS = 32
"""How many groups the sampling units are dealt into for the jackknife."""

Type = Literal["text", "int", "number", "money", "bool", "time", "date", "map"]
Role = Literal["key", "identity", "time", "dimension", "measure", "text"]

SQL_TYPES: dict[Type, str] = {
    "text": "VARCHAR",
    "int": "BIGINT",
    "number": "DOUBLE",
    "money": "DECIMAL(18,4)",
    "bool": "BOOLEAN",
    "time": "TIMESTAMP",
    "date": "DATE",
    "map": "MAP(VARCHAR, VARCHAR)",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a fact.

    `needed` columns must have a value in an imported row; `derived` ones are computed by the
    store and cannot be imported; `low` and `high` bound a number, inclusive.
    """

    name: str
    type: Type
    help: str
    role: Role = "dimension"
    unit: str = ""
    needed: bool = False
    derived: bool = False
    default: str | None = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def sql_type(self) -> str:
        return SQL_TYPES[self.type]


@dataclass(frozen=True, slots=True)
class Fact:
    """One kind of fact.

    `key` names the columns of its natural key (empty: a row is told by its content and its place
    among equal rows). `time` is the column that places a row in a period unless a metric names
    another. `unit` is the column whose values are fresh draws, for the sampling error; ``None``
    means the row itself. `derived` facts are also made from other facts by ``store/derived``; those that say
    what to import `instead` are made by Kizuna alone.
    """

    name: str
    help: str
    grain: str
    key: tuple[str, ...]
    time: str
    columns: tuple[Column, ...]
    unit: str | None = "customer_no"
    derived: bool = False
    instead: tuple[str, ...] = ()
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {c.name: c for c in self.columns})

    @property
    def has_customer(self) -> bool:
        return any(c.role == "identity" for c in self.columns)

    @property
    def times(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.role == "time")

    def importable(self) -> Iterator[Column]:
        return (c for c in self.columns if not c.derived)

    def stored_columns(self) -> dict[str, str]:
        """Column name → SQL type of the fact's table, the store's own columns included.

        ``row_key`` is the text of the natural key, ``import_no`` and ``line_no`` say where the
        row came from (0 for derived rows), ``hour`` is the local hour of `time`.
        """
        stored = {c.name: c.sql_type for c in self.columns}
        for name in self.times:
            if name.endswith("_at"):
                stored[day_of(name)] = "DATE"
        if self.time.endswith("_at"):
            stored["hour"] = "UTINYINT"
        if self.has_customer:
            stored["customer_no"] = "INTEGER"
        stored["bucket"] = "UTINYINT"
        if "properties" not in stored:
            stored["properties"] = SQL_TYPES["map"]
        stored["row_key"] = "VARCHAR"
        stored["import_no"] = "INTEGER"
        stored["line_no"] = "BIGINT"
        return stored

    def dimensions(self) -> tuple[str, ...]:
        """Names that ``by`` and ``where`` accept, besides properties and customer traits."""
        named = [c.name for c in self.columns if c.role == "dimension"]
        clock = ["weekday", "hour", "hour_of_week"] if self.time.endswith("_at") else ["weekday"]
        return (*named, *clock)


def day_of(time_column: str) -> str:
    """The day column that belongs to a time column (``opened_at`` → ``opened_day``)."""
    return time_column.removesuffix("_at") + "_day" if time_column.endswith("_at") else time_column
