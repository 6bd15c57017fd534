"""From a file's relation to staged rows: typed, checked, with keys; what does not fit, with its reason.

The work is done by a few statements over whole columns. Every check is one condition with the number
it is known by; the text of a reason is only written for rows that have one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from kizuna.collect import checks, expressions
from kizuna.collect.checks import Check
from kizuna.collect.mapping import EACH_ROW, Assigned, Matched
from kizuna.collect.reading import Reader
from kizuna.collect.source import Source, Store, literal, quoted
from kizuna.collect.values import Reading
from kizuna.errors import ImportFailed
from kizuna.facts import Fact

STAGED = "_staged"
_SEPARATOR = "chr(31)"


@dataclass(slots=True)
class Staged:
    """Rows ready to load (table `STAGED`), rows rejected (table ``_rejected``), and how values were read."""

    rows: int
    rejected: dict[str, int] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)


def stage(
    store: Store,
    source: Source,
    matched: Matched,
    reader: Reader,
    exchange: Mapping[str, float],
    *,
    again: bool = False,
) -> Staged:
    """Fill `STAGED` and ``_rejected`` (line_no, reason, kind, row) from ``_source``.

    A key that comes a second time is rejected, unless `again` says that rows tell of one thing in turn.
    """
    store.execute("CREATE OR REPLACE TEMP TABLE _rejected AS SELECT line_no, reason, kind, row FROM _unparsed")
    fields = {a.field: a for a in matched.assigned.values() if a.text and a.text != EACH_ROW}
    values = {name: _value(assigned, reader, bool(matched.group)) for name, assigned in fields.items()}
    base = "_source"
    if matched.group:
        values = _grouped(store, source, matched, reader, values)
        base = "_grouped"
    try:
        return _typed(store, source, matched, reader, base, values, exchange, again)
    except (
        duckdb.ConversionException,
        duckdb.InvalidInputException,
        duckdb.BinderException,
        duckdb.OutOfRangeException,
    ) as error:
        raise ImportFailed(
            f"A mapped expression cannot be computed: {str(error).splitlines()[0]}", "Mend the --map that is meant."
        ) from None


def _value(assigned: Assigned, reader: Reader, grouped: bool) -> str:
    """SQL of a field over ``_source``, before it is read as the field's type."""
    if assigned.column is not None:
        return f"arg_min({quoted(assigned.column)}, line_no)" if grouped else quoted(assigned.column)
    assert assigned.parsed is not None
    sql = f"({expressions.render(assigned.parsed, reader.typed)})"
    return f"arg_min({sql}, line_no)" if grouped and assigned.parsed.columns and not assigned.parsed.aggregate else sql


def _grouped(store: Store, source: Source, matched: Matched, reader: Reader, values: dict[str, str]) -> dict[str, str]:
    """Aggregate ``_source`` into ``_grouped``; rows without a group or with an unreadable value are rejected."""
    bad = [
        Check(
            f"trim({quoted(name)}::VARCHAR) = '' OR {quoted(name)} IS NULL",
            f"{name} is empty",
            literal(f"{name} is empty"),
        )
        for name in matched.group
    ]
    bad += reader.unreadable
    _reject_rows(store, source, "_source", bad)
    keep = ", ".join(f"arg_min({quoted(name)}::VARCHAR, line_no) AS {quoted('keep ' + name)}" for name in matched.keep)
    columns = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in values.items())
    right = f"WHERE NOT coalesce({' OR '.join(f'({check.condition})' for check in bad)}, false)"
    parts = ", ".join(part for part in ("min(line_no) AS line_no", columns, keep) if part)
    try:
        store.execute(
            f"CREATE OR REPLACE TEMP TABLE _grouped AS SELECT {parts} FROM _source {right} "
            f"GROUP BY {', '.join(quoted(name) for name in matched.group)} ORDER BY line_no"
        )
    except duckdb.Error as error:
        raise ImportFailed(
            f"The rows cannot be grouped as said: {str(error).splitlines()[0]}",
            "Each mapped expression must be an aggregate, such as min(…), sum(…) or any_value(…).",
        ) from None
    reader.unreadable = []
    reader.forget("_grouped")
    return {name: quoted(name) for name in values}


def _reject_rows(store: Store, source: Source, base: str, bad: list[Check]) -> None:
    if not bad:
        return
    code = "CASE " + " ".join(f"WHEN {check.condition} THEN {n}" for n, check in enumerate(bad)) + " END"
    reasons = "CASE _code " + " ".join(f"WHEN {n} THEN {check.reason}" for n, check in enumerate(bad)) + " END"
    kinds = "CASE _code " + " ".join(f"WHEN {n} THEN {literal(check.kind)}" for n, check in enumerate(bad)) + " END"
    store.execute(
        f"INSERT INTO _rejected SELECT line_no, {reasons}, {kinds}, {_as_json(source)} "
        f"FROM (SELECT *, {code} AS _code FROM {base}) WHERE _code IS NOT NULL"
    )


def _as_json(source: Source) -> str:
    return f"json_object({', '.join(f'{literal(name)}, {quoted(name)}' for name in source.columns)})::VARCHAR"


def _typed(
    store: Store,
    source: Source,
    matched: Matched,
    reader: Reader,
    base: str,
    values: dict[str, str],
    exchange: Mapping[str, float],
    again: bool,
) -> Staged:
    """Read every value as its field's type, check it, and split the rows into staged and rejected."""
    fact = matched.fact
    types = _types(store, base, values)
    readings = {n: reader.read(fact.by_name[n], sql, types[n], base) for n, sql in values.items()}
    inner = ["line_no"] + [f"{r.sql} AS {quoted(n)}" for n, r in readings.items()]
    inner += [f"{sql} AS {quoted('raw ' + n)}" for n, sql in values.items()]
    bad = [f"why {n}" for n in range(len(reader.unreadable))]
    inner += [
        f"(CASE WHEN {check.condition} THEN {check.reason} END) AS {quoted(why)}"
        for why, check in zip(bad, reader.unreadable, strict=True)
    ]
    inner.append(f"{_properties(matched, base)} AS properties")
    inner.append(f"{_content(matched, source, base)} AS content")
    final = checks.finished(fact, set(values), reader.settings.currency, exchange)
    unsure = {name: types[name] for name, reading in readings.items() if not reading.sure}
    for name in matched.assigned:
        if matched.assigned[name].text == EACH_ROW:
            final[name] = "content"
    rules = [
        Check(f"{quoted(why)} IS NOT NULL", check.kind, quoted(why))
        for why, check in zip(bad, reader.unreadable, strict=True)
    ]
    rules += [*checks.rules(fact, set(values), unsure, final, reader.settings.currency, exchange)]
    code = (
        ("CASE " + " ".join(f"WHEN {c.condition} THEN {n}" for n, c in enumerate(rules)) + " END") if rules else "NULL"
    )
    passed = ["line_no", "properties", "content"]
    names = [column.name for column in fact.importable() if column.type != "map"]
    columns = [f"{final[name]} AS {quoted(name)}" for name in names]
    relation = f"(SELECT {', '.join(inner)} FROM {base})"
    store.execute(
        f"CREATE OR REPLACE TEMP TABLE {STAGED} AS SELECT {', '.join(passed[:2])}, {', '.join(columns)}, "
        f"{_row_key(matched, final)} AS row_key, CAST({code} AS SMALLINT) AS _code FROM {relation}"
    )
    if rules:
        _reject_typed(store, source, matched, relation, rules)
    if not again:
        _repeated(store, source, fact, matched)
    return _counted(store, readings)


def _types(store: Store, base: str, values: dict[str, str]) -> dict[str, str]:
    if not values:
        return {}
    columns = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in values.items())
    # By place: an alias that differs from its column in case alone ("Country" AS "country") is not taken over.
    described = store.execute(f"DESCRIBE SELECT {columns} FROM {base}")
    return {name: row[1] for name, row in zip(values, described, strict=True)}


def _properties(matched: Matched, base: str) -> str:
    """The kept columns as a map; empty ones are left out."""
    if not matched.keep:
        return "CAST(NULL AS MAP(VARCHAR, VARCHAR))"
    prefix = "keep " if base == "_grouped" else ""
    entries = ", ".join(
        f"{{'key': {literal(name)}, 'value': nullif(trim({quoted(prefix + name)}::VARCHAR), '')}}"
        for name in matched.keep
    )
    return f"map_from_entries(list_filter([{entries}], lambda entry: entry.value IS NOT NULL))"


def _content(matched: Matched, source: Source, base: str) -> str:
    """A hash of the row, for rows without a natural key; not computed where the key serves."""
    fact = matched.fact
    if fact.name == "customer" or (
        fact.key and not matched.each_row and all(_surely(fact, name, matched) for name in fact.key)
    ):
        return "NULL::VARCHAR"
    names = (
        list(source.columns)
        if base == "_source"
        else [a.field for a in matched.assigned.values() if a.text != EACH_ROW]
    )
    parts = ", ".join(f"coalesce({quoted(name)}::VARCHAR, '')" for name in names)
    return f"md5(concat_ws({_SEPARATOR}, {parts}))"


def _surely(fact: Fact, name: str, matched: Matched) -> bool:
    """Whether the key column has a value in every row that passes."""
    column = fact.by_name[name]
    return column.needed or column.default is not None


def _row_key(matched: Matched, final: Mapping[str, str]) -> str:
    fact = matched.fact
    if fact.name == "customer":
        others = ", ".join(f"'{kind}:' || {final[kind]}" for kind in ("email", "phone", "anonymous_id"))
        return f"coalesce({final['customer_id']}, {others})"
    if not fact.key or matched.each_row:
        rest = [name for name in fact.key if name in matched.assigned and matched.assigned[name].text != EACH_ROW]
        return _joined([final[name] for name in rest] + ["content"])
    if all(_surely(fact, name, matched) for name in fact.key):
        return _given(_joined([final[name] for name in fact.key]))
    return f"coalesce({_given(f'({final[fact.key[0]]})::VARCHAR')}, content)"


def _given(key: str) -> str:
    """SQL of a key that somebody chose. One that looks like a key Kizuna made (``/:source/id``) gets a slash more."""
    return f"(CASE WHEN starts_with({key}, '/') THEN '/' || {key} ELSE {key} END)"


def _joined(parts: list[str]) -> str:
    texts = [f"({part})::VARCHAR" for part in parts]
    return texts[0] if len(texts) == 1 else f"concat_ws({_SEPARATOR}, {', '.join(texts)})"


def _reject_typed(store: Store, source: Source, matched: Matched, relation: str, rules: list[Check]) -> None:
    """Move rows with a code from the staged table to ``_rejected``, writing their reasons now."""
    if not store.execute(f"SELECT count(*) FROM {STAGED} WHERE _code IS NOT NULL")[0][0]:
        return
    coded = f"(SELECT line_no, _code FROM {STAGED} WHERE _code IS NOT NULL)"
    reasons = "CASE _code " + " ".join(f"WHEN {n} THEN {check.reason}" for n, check in enumerate(rules)) + " END"
    kinds = "CASE _code " + " ".join(f"WHEN {n} THEN {literal(check.kind)}" for n, check in enumerate(rules)) + " END"
    store.execute(
        f"INSERT INTO _rejected SELECT t.line_no, {reasons}, {kinds}, s.row FROM {relation} t "
        f"JOIN {coded} c ON c.line_no = t.line_no "
        f"JOIN (SELECT line_no, {_as_json(source)} AS row FROM _source "
        f"WHERE line_no IN (SELECT line_no FROM {coded})) s "
        "ON s.line_no = t.line_no"
    )
    store.execute(f"DELETE FROM {STAGED} WHERE _code IS NOT NULL")


def _repeated(store: Store, source: Source, fact: Fact, matched: Matched) -> None:
    """Rows whose key came before: rejected, or numbered where the key is the row's own content."""
    store.execute(
        f"CREATE OR REPLACE TEMP TABLE _repeated AS SELECT row_key, min(line_no) AS first FROM {STAGED} "
        "GROUP BY row_key HAVING count(*) > 1"
    )
    if not store.execute("SELECT count(*) FROM _repeated")[0][0]:
        return
    store.execute(
        "CREATE OR REPLACE TEMP TABLE _again AS SELECT s.line_no, s.row_key, r.first, "
        "row_number() OVER (PARTITION BY s.row_key ORDER BY s.line_no) AS place "
        f"FROM {STAGED} s JOIN _repeated r USING (row_key)"
    )
    by_content = matched.each_row or not fact.key
    soft = not by_content and fact.name != "customer" and not all(_surely(fact, name, matched) for name in fact.key)
    told = "true" if by_content else f"s.{quoted(fact.key[0])} IS NULL" if soft else "false"
    store.execute(
        f"UPDATE {STAGED} AS s SET row_key = s.row_key || '#' || a.place FROM _again a "
        f"WHERE a.line_no = s.line_no AND a.place > 1 AND {told}"
    )
    if by_content:
        _fill_each_row(store, fact, matched)
        return
    noun = "answer" if fact.name == "survey_response" else "row"
    reason = f"second {noun} with the same {' and '.join(fact.key)}"
    store.execute(
        f"INSERT INTO _rejected SELECT a.line_no, {literal(reason)} || ', first on line ' || a.first, "
        f"{literal(reason)}, f.row "
        f"FROM _again a JOIN {STAGED} s ON s.line_no = a.line_no AND s.row_key = a.row_key "
        f"JOIN (SELECT line_no, {_as_json(source)} AS row FROM _source) f ON f.line_no = a.line_no WHERE a.place > 1"
    )
    store.execute(
        f"DELETE FROM {STAGED} AS s USING _again a "
        "WHERE a.line_no = s.line_no AND a.row_key = s.row_key AND a.place > 1"
    )


def _fill_each_row(store: Store, fact: Fact, matched: Matched) -> None:
    """The key column itself, where each row is its own key."""
    for name in fact.key:
        if name in matched.assigned and matched.assigned[name].text == EACH_ROW:
            store.execute(
                f"UPDATE {STAGED} SET {quoted(name)} = row_key "
                "WHERE row_key IN (SELECT row_key || '#' || place FROM _again)"
            )


def _counted(store: Store, readings: Mapping[str, Reading]) -> Staged:
    store.execute(f"ALTER TABLE {STAGED} DROP COLUMN _code")
    rows = int(store.execute(f"SELECT count(*) FROM {STAGED}")[0][0])
    kinds = store.execute("SELECT kind, count(*) FROM _rejected GROUP BY 1 ORDER BY 2 DESC, 1")
    found = {name: reading.found for name, reading in readings.items() if reading.found}
    return Staged(rows, {kind: int(count) for kind, count in kinds}, found)
