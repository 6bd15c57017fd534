"""What a row must be to become a fact, as SQL conditions, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kizuna.collect.exchange import rate
from kizuna.collect.marks import foreign
from kizuna.collect.source import literal, quoted
from kizuna.collect.values import is_something
from kizuna.facts import QUESTIONS, Column, Fact

EARLIEST, LATEST = 1900, 2200


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that rejects a row. `kind` is what is counted, `reason` the SQL of the full sentence."""

    condition: str
    kind: str
    reason: str


def finished(fact: Fact, mapped: set[str], currency: str, exchange: Mapping[str, float]) -> dict[str, str]:
    """Field → SQL of its final value, over typed values of the same name: defaults, canonical choices, exchange."""
    result = {}
    for column in fact.importable():
        if column.type == "map":
            continue
        result[column.name] = _default(column, quoted(column.name) if column.name in mapped else None)
    if fact.name == "survey_response":
        _scales(result, mapped)
    if "currency" in fact.by_name and "currency" in mapped:
        worth = rate("currency", currency, exchange)
        for column in fact.importable():
            if column.type == "money" and column.name in mapped:
                converted = f"CAST({quoted(column.name)} * {worth} AS DECIMAL(18,4))"
                result[column.name] = _default(column, converted)
    return result


def _default(column: Column, sql: str | None) -> str:
    if sql is None:
        value = "NULL" if column.default is None else literal(column.default)
        return f"CAST({value} AS {column.sql_type})"
    if column.choices:
        cases = " ".join(f"WHEN {literal(choice)} THEN {literal(choice)}" for choice in column.choices)
        sql = f"(CASE lower({sql}) {cases} END)"
    return sql if column.default is None else f"coalesce({sql}, CAST({literal(column.default)} AS {column.sql_type}))"


def _scales(result: dict[str, str], mapped: set[str]) -> None:
    """Scale and direction of a known question, where the file does not give them."""
    question = result["question"]
    known = {name: scale for name, scale in QUESTIONS.items() if scale}
    names = ", ".join(literal(name) for name in QUESTIONS)
    result["question"] = f"(CASE WHEN lower({question}) IN ({names}) THEN lower({question}) ELSE {question} END)"
    for field, attribute in (("scale_low", "low"), ("scale_high", "high"), ("direction", "direction")):
        cases = " ".join(
            f"WHEN {literal(name)} THEN {literal(str(getattr(s, attribute)))}" for name, s in known.items()
        )
        usual = f"CAST(CASE lower({question}) {cases} END AS {'VARCHAR' if field == 'direction' else 'DOUBLE'})"
        if field == "direction":
            usual = f"coalesce({usual}, 'high_good')"
        result[field] = f"coalesce({result[field]}, {usual})" if field in mapped else usual


def rules(
    fact: Fact,
    mapped: set[str],
    unsure: Mapping[str, str],
    final: Mapping[str, str],
    currency: str,
    exchange: Mapping[str, float],
) -> list[Check]:
    """All checks of a fact, in the order in which a row's first reason is looked for.

    `unsure` are the fields that may hold what cannot be read, with the SQL type they are read from.
    """
    found: list[Check] = []
    for column in fact.importable():
        if column.name in unsure and column.type != "map":
            found += _readable(column, unsure[column.name])
            if column.type == "money" and unsure[column.name] == "VARCHAR" and "currency" not in mapped:
                found.append(_foreign(column, currency, "currency" in fact.by_name))
    for column in fact.importable():
        if column.name in mapped and column.type != "map":
            found += _bounds(column)
            if column.needed:
                found.append(
                    Check(
                        f"{quoted(column.name)} IS NULL",
                        f"{column.name} is missing",
                        literal(f"{column.name} is missing"),
                    )
                )
    if fact.name == "survey_response":
        found += _answers(final, mapped)
    if fact.name == "customer":
        none = " AND ".join(f"{final[name]} IS NULL" for name in ("customer_id", "email", "phone", "anonymous_id"))
        found.append(_same(none, "no customer_id, email, phone or anonymous_id"))
    if "currency" in fact.by_name and "currency" in mapped:
        reason = "'currency ' || currency || ' has no rate: give one under [exchange] in kizuna.toml'"
        found.append(
            Check(f"{rate('currency', currency, exchange)} IS NULL", "currency has no rate under [exchange]", reason)
        )
    return found


def _same(condition: str, text: str) -> Check:
    return Check(condition, text, literal(text))


_AS = {
    "number": "a number",
    "money": "an amount",
    "int": "a whole number",
    "time": "a time",
    "date": "a date",
    "bool": "yes or no",
}


def _readable(column: Column, source_type: str) -> list[Check]:
    if column.type == "text":
        return []
    typed, raw = quoted(column.name), quoted("raw " + column.name)
    given = is_something(raw) if source_type == "VARCHAR" else f"{raw} IS NOT NULL"
    what = _AS[column.type]
    reason = f"{literal(f'{column.name}: ')} || {_shown(f'{raw}::VARCHAR')} || {literal(f' cannot be read as {what}')}"
    return [Check(f"{typed} IS NULL AND {given}", f"{column.name} cannot be read as {what}", reason)]


def _shown(text: str) -> str:
    """A value in quotes, cut at 80 characters."""
    return f"'''' || left({text}, 80) || ''''"


def _foreign(column: Column, currency: str, can_say: bool) -> Check:
    """An amount that is marked as another currency, where no field says which it is."""
    raw = quoted("raw " + column.name)
    step = "say which with the field currency, and give a rate under [exchange]" if can_say else "convert it first"
    kind = f"{column.name} is marked as another currency than {currency}"
    reason = f"{literal(f'{column.name}: ')} || {_shown(raw)} || {literal(f' is not in {currency}: {step}')}"
    return Check(f"regexp_matches({raw}, {literal(foreign(currency))})", kind, reason)


def _bounds(column: Column) -> list[Check]:
    name, typed, found = column.name, quoted(column.name), []
    if column.low is not None:
        found.append(
            Check(
                f"{typed} < {column.low}",
                f"{name} is below {column.low:g}",
                f"{literal(name + ' ')} || {typed}::VARCHAR || {literal(f' is below {column.low:g}')}",
            )
        )
    if column.high is not None:
        found.append(
            Check(
                f"{typed} > {column.high}",
                f"{name} is above {column.high:g}",
                f"{literal(name + ' ')} || {typed}::VARCHAR || {literal(f' is above {column.high:g}')}",
            )
        )
    if column.choices:
        choices = ", ".join(literal(choice) for choice in column.choices)
        listed = ", ".join(column.choices)
        reason = f"{literal(name + ' ')} || {_shown(typed)} || {literal(f' is not one of {listed}')}"
        found.append(Check(f"lower({typed}) NOT IN ({choices})", f"{name} is not one of {listed}", reason))
    if column.type in ("time", "date"):
        reason = f"{literal(name + ' ')} || {typed}::VARCHAR || {literal(f' is not between {EARLIEST} and {LATEST}')}"
        kind = f"{name} is not between {EARLIEST} and {LATEST}"
        found.append(
            Check(f"{typed} < TIMESTAMP '{EARLIEST}-01-01' OR {typed} >= TIMESTAMP '{LATEST}-01-01'", kind, reason)
        )
    return found


def _answers(final: Mapping[str, str], mapped: set[str]) -> list[Check]:
    """A score has a scale and lies on it."""
    if "score" not in mapped:
        return []
    low, high = final["scale_low"], final["scale_high"]
    span = f"regexp_replace(({low})::VARCHAR, '\\.0$', '') || '..' || regexp_replace(({high})::VARCHAR, '\\.0$', '')"
    value = "regexp_replace(score::VARCHAR, '\\.0$', '')"
    unknown = (
        f"'question ' || {_shown(final['question'])} || ' is not a known one: its scale_low and scale_high are needed'"
    )
    return [
        Check(f"score IS NOT NULL AND ({low} IS NULL OR {high} IS NULL)", "question without a scale", unknown),
        Check(
            f"score < {low} OR score > {high}",
            "score is outside its scale",
            f"'score ' || {value} || ' is outside ' || {span}",
        ),
    ]
