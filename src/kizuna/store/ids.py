"""The ids that rows carry, as SQL: which columns they stand in, how they are spelled, which one is the strongest."""

from __future__ import annotations

from collections.abc import Sequence

from kizuna.facts import FACTS, Fact

KINDS = ("customer_id", "email", "phone", "external_id", "anonymous_id")
"""Kinds of id, the strongest first."""

RANK = "CASE {0} " + " ".join(f"WHEN '{kind}' THEN {place}" for place, kind in enumerate(KINDS)) + " END"
"""SQL for the place of a kind in `KINDS`."""

# One person writes an address in several ways; the fact keeps it as it came.
_SPELLING = {
    "email": "nullif(lower(trim({0})), '')",
    "phone": r"nullif(regexp_replace({0}, '[\s().\-/]', '', 'g'), '')",
}

# What stands in an id's column of a trait row but is not an id of the person: a group call tells the
# company's address, an alias call names in anonymous_id an id that may be of any kind.
_NOT_HERS = {"email": "group", "phone": "group", "external_id": "group", "anonymous_id": "alias"}


def spelled(kind: str, column: str) -> str:
    """SQL for the value under which an id of `kind` in `column` is known."""
    return _SPELLING.get(kind, "nullif({0}, '')").format(column)


def mark(kind: str, value: str) -> str:
    """SQL for a number of an id. Two ids hardly ever have the same, and numbers are found sooner than texts.

    It is kept, so it must not change with the version of the engine, as its own hashes may.
    """
    return f"md5_number_lower({kind} || ':' || {value})"


def id_columns(fact: Fact) -> list[str]:
    """Kinds of id that rows of `fact` can carry, the strongest first."""
    importable = {column.name for column in fact.importable() if column.role == "identity"}
    return [kind for kind in KINDS if kind in importable]


def is_person(fact: Fact, prefix: str = "") -> str:
    """SQL: the row is about a customer. Employees answer surveys too, but they are not customers."""
    return f"{prefix}audience IS DISTINCT FROM 'employee'" if "audience" in fact.by_name else "TRUE"


def held(fact: Fact, kind: str, prefix: str = "") -> str:
    """SQL for the id of `kind` of the row's person, as it is spelled; NULL where there is none."""
    value = spelled(kind, prefix + kind)
    if fact.name == "trait" and kind in _NOT_HERS:
        return f"CASE WHEN {prefix}kind IS DISTINCT FROM '{_NOT_HERS[kind]}' THEN {value} END"
    return value


def strongest(fact: Fact, kinds: Sequence[str], prefix: str = "") -> str:
    """SQL for the strongest of the row's ids as ``{kind, value}``; NULL where it has none."""
    cases = " ".join(
        f"WHEN {held(fact, kind, prefix)} IS NOT NULL THEN {{'kind': '{kind}', 'value': {held(fact, kind, prefix)}}}"
        for kind in kinds
    )
    return f"CASE {cases} END"


def alone(fact: Fact, kind: str, prefix: str = "") -> str:
    """SQL for the id of `kind` where it is the strongest of a customer's row, else NULL."""
    kinds = id_columns(fact)
    stronger = [f"{held(fact, k, prefix)} IS NULL" for k in kinds[: kinds.index(kind)]]
    conditions = [c for c in (*stronger, is_person(fact, prefix)) if c != "TRUE"]
    value = held(fact, kind, prefix)
    return f"CASE WHEN {' AND '.join(conditions)} THEN {value} END" if conditions else value


def owner(fact_name: str) -> str:
    """SQL for the strongest id of a row, as ``{kind, value}``; NULL where it has none."""
    fact = FACTS[fact_name]
    return strongest(fact, id_columns(fact))
