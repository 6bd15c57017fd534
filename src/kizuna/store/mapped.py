"""JSON objects as maps of text, the form in which facts keep properties.

DuckDB makes a map of a JSON object key by key and checks every map for doubled keys, which takes
longer than all else that is done with a message. Objects come in few shapes, though: nearly every
"Product Viewed" of a site has the same keys. The commonest shapes of a load are read as structs, whose
keys are known beforehand, in a third of the time; the rest goes the long way. Both give the same maps.
"""

from __future__ import annotations

import json

from kizuna.store.duckdb import DuckDBStore

SHAPES = 24
"""So many shapes are read as structs."""

WORTH = 2_000
"""A load of fewer messages is not worth looking for shapes."""

_SAMPLE = 5_000


def map_sql(store: DuckDBStore, table: str, column: str) -> str:
    """SQL for the JSON objects in `column` of `table` as MAP(VARCHAR, VARCHAR); NULL where it is no object, or empty.

    Values that are not text are written as JSON, a null as NULL.
    """
    # What is no object has no keys.
    keys = f"json_keys({column})"
    # Not json_extract_string, which writes 0.00001 as it stands, where structs and all columns have 1e-05.
    values = f"json_transform(to_json(json_extract({column}, '$.*')), '[\"VARCHAR\"]')"
    whole = f"CASE WHEN len({keys}) > 0 THEN map(json_keys({column}), {values}) END"
    cases = "".join(
        f" WHEN {_literals(shape)} THEN json_transform({column}, {_structure(shape)})::MAP(VARCHAR, VARCHAR)"
        for shape in _shapes(store, table, column, keys)
    )
    return f"CASE {keys}{cases} ELSE {whole} END" if cases else whole


def _shapes(store: DuckDBStore, table: str, column: str, keys: str) -> list[list[str]]:
    (((rows,),)) = store.execute(f"SELECT count(*) FROM {table}")
    if rows < WORTH:
        return []
    found = store.execute(
        f"SELECT {keys} AS shape, count(*) AS rows"
        f" FROM (SELECT {column} FROM {table} LIMIT {_SAMPLE})"
        f" GROUP BY shape HAVING len(shape) > 0 AND rows > 10 ORDER BY rows DESC, shape LIMIT {SHAPES}"
    )
    return [shape for shape, _ in found if _is_plain(shape)]


def _is_plain(shape: list[str]) -> bool:
    """The names of a struct's fields are told apart without regard to case."""
    return len({name.lower() for name in shape}) == len(shape) and all(name and "\0" not in name for name in shape)


def _literals(shape: list[str]) -> str:
    return f"[{', '.join(_text(name) for name in shape)}]"


def _structure(shape: list[str]) -> str:
    return _text(json.dumps(dict.fromkeys(shape, "VARCHAR"), ensure_ascii=False))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
