"""How the columns of one file are read: each is looked at once, as a whole."""

from __future__ import annotations

from kizuna.collect import times, values
from kizuna.collect.checks import Check
from kizuna.collect.source import ReadOptions, Source, Store, literal, quoted
from kizuna.collect.times import Dates
from kizuna.collect.values import Numbers, Reading, something
from kizuna.facts import Column
from kizuna.settings import Settings

_MOSTLY = 0.9
_INTEGERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
)


class Reader:
    """Reads text as values for one file.

    What one column tells (decimal comma, day first) helps where another leaves it open. `unreadable`
    collects the checks for columns used inside expressions, whose bad values would vanish in a sum.
    """

    def __init__(self, store: Store, source: Source, settings: Settings, options: ReadOptions) -> None:
        self.store, self.source, self.settings = store, source, settings
        self.numbers = Numbers(options.decimal, source.delimiter == ";")
        self.dates = Dates(options.dates)
        self.unreadable: list[Check] = []
        self._typed: dict[str, str] = {}

    def forget(self, relation: str) -> None:
        """The columns used so far were those of ``_source``; from now on they are those of `relation`."""
        self._typed = {}

    def typed(self, column: str) -> str:
        """SQL of a column inside an expression: a number or a local time where its values are, else text."""
        if column not in self._typed:
            self._typed[column] = self._infer(column)
        return self._typed[column]

    def _infer(self, column: str) -> str:
        name, kind = quoted(column), self.source.columns[column]
        if kind == "TIMESTAMP WITH TIME ZONE":
            return times.placed(name, "offset", self.settings.timezone, "local")
        if kind != "VARCHAR":
            return name
        given = int(self.store.execute(f"SELECT count({something(name)}) FROM _source")[0][0])
        if not given:
            return name
        number = self._number(name, column)
        if number and self._share(number, given, name, column, "a number"):
            return number
        moment = times.moment(name, column, self.store, "_source", self.settings.timezone, "local", self.dates)
        if self._share(moment.sql, given, name, column, "a time"):
            return moment.sql
        return name

    def _number(self, name: str, column: str) -> str | None:
        """Whole numbers as BIGINT, up to four decimals as DECIMAL (exact sums), others as DOUBLE."""
        unit, self.numbers.unit = self.numbers.unit, ""
        try:
            double = values.number(name, column, self.store, "_source", "DOUBLE", self.numbers).sql
            fits, whole, short = self.store.execute(
                "SELECT count(v), count(*) FILTER (v = trunc(v) AND abs(v) < 9e15), "
                f"count(*) FILTER (abs(v) < 1e11 AND v = round(v, 4)) FROM (SELECT {double} AS v FROM _source)"
            )[0]
            if not fits:
                return None
            kind = "BIGINT" if whole == fits else "DECIMAL(18,4)" if short == fits else "DOUBLE"
            return values.number(name, column, self.store, "_source", kind, self.numbers).sql
        finally:
            self.numbers.unit = unit

    def _share(self, sql: str, given: int, name: str, column: str, what: str) -> bool:
        """Whether nearly all values can be read so; rows with the few others are to be rejected."""
        fits = int(self.store.execute(f"SELECT count({sql}) FROM _source")[0][0])
        if fits < given * _MOSTLY:
            return False
        if fits < given:
            ending = literal(f"' cannot be read as {what}")
            beginning = literal(f"{column}: '")
            reason = f"{beginning} || left({name}, 80) || {ending}"
            condition = f"{sql} IS NULL AND {values.is_something(name)}"
            self.unreadable.append(Check(condition, f"{column} cannot be read as {what}", reason))
        return True

    def read(self, column: Column, sql: str, kind: str, relation: str) -> Reading:
        """The value `sql` of SQL type `kind` as the type of the fact's column."""
        if kind == "VARCHAR":
            return self._text(column, sql, relation)
        if column.type in ("time", "date"):
            return self._time(column, sql, kind, relation)
        if column.type == "text":
            if kind in ("DOUBLE", "FLOAT"):
                return Reading(
                    f"(CASE WHEN {sql} = trunc({sql}) AND abs({sql}) < 9e15 "
                    f"THEN CAST(CAST({sql} AS BIGINT) AS VARCHAR) "
                    f"ELSE CAST({sql} AS VARCHAR) END)"
                )
            return Reading(f"CAST({sql} AS VARCHAR)")
        if column.type == "bool":
            return Reading(sql if kind == "BOOLEAN" else f"TRY_CAST({sql} AS DOUBLE) > 0")
        if column.type == "int" and kind not in _INTEGERS:
            return Reading(
                f"(CASE WHEN {sql} = trunc({sql}) THEN TRY_CAST({sql} AS BIGINT) END)"
                if kind != "BOOLEAN"
                else f"CAST({sql} AS BIGINT)"
            )
        return Reading(f"TRY_CAST({sql} AS {column.sql_type})")

    def _text(self, column: Column, sql: str, relation: str) -> Reading:
        if column.type == "text":
            clean = f"(CASE WHEN trim({sql}) IN ('', 'NULL', '\\N', '#N/A') THEN NULL ELSE trim({sql}) END)"
            if column.name == "email":
                clean = f"lower({clean})"
            elif column.name == "country":
                clean = f"(CASE WHEN length({clean}) = 2 THEN upper({clean}) ELSE {clean} END)"
            return Reading(clean)
        if column.type == "bool":
            return values.boolean(something(sql))
        if column.type in ("time", "date"):
            return times.moment(sql, column.name, self.store, relation, self.settings.timezone, column.type, self.dates)
        self.numbers.unit = column.unit
        return values.number(sql, column.name, self.store, relation, column.sql_type, self.numbers)

    def _time(self, column: Column, sql: str, kind: str, relation: str) -> Reading:
        if kind == "TIMESTAMP WITH TIME ZONE":
            return Reading(times.placed(sql, "offset", self.settings.timezone, column.type))
        if kind.startswith("TIMESTAMP") or kind == "DATE":
            return Reading(times.placed(f"CAST({sql} AS TIMESTAMP)", "naive", self.settings.timezone, column.type))
        return self._text(column, f"CAST({sql} AS VARCHAR)", relation)
