"""Which traits of an identify call fill which columns of a customer, as SQL; the names are ``derived/traits.toml``."""

from __future__ import annotations

from functools import cache

from kizuna.facts import FACTS
from kizuna.store.steps import table

_PARTS = ("first_name", "last_name")


@cache
def names() -> list[str]:
    """All traits that have a column and are no properties."""
    return ["email", "phone", ".email", ".phone", *(trait for traits in table("traits").values() for trait in traits)]


@cache
def filled_columns() -> tuple[str, ...]:
    """The columns of a customer that traits can fill, besides its ids and properties."""
    return tuple(column for column in table("traits") if column not in _PARTS)


def columns() -> str:
    """SQL for the columns, over ``traits``, a map of the latest word on each trait."""
    return ", ".join(f"{_column(name)} AS {name}" for name in filled_columns())


def fills() -> str:
    """SQL for what an imported row ``c`` says, or else the traits ``s``."""
    return ", ".join(f"coalesce(c.{name}, s.{name}) AS {name}" for name in filled_columns())


def _column(name: str) -> str:
    first = _first(name)
    if name == "name":
        return f"coalesce({first}, nullif(trim(concat_ws(' ', {', '.join(map(_first, _PARTS))})), ''))"
    if name == "country":
        return f"CASE WHEN len({first}) = 2 THEN upper({first}) ELSE {first} END"
    if FACTS["customer"].by_name[name].type == "time":
        return _time(first)
    return first


def _first(name: str) -> str:
    values = ", ".join(f"nullif(traits['{trait}'], '')" for trait in table("traits")[name])
    return f"coalesce({values})"


def _time(text: str) -> str:
    """Times are written as ISO 8601, or as seconds or milliseconds since 1970."""
    return (
        rf"CASE WHEN regexp_full_match({text}, '\d{{8,10}}') THEN make_timestamp(({text})::BIGINT * 1000000)"
        rf" WHEN regexp_full_match({text}, '\d{{11,13}}') THEN make_timestamp(({text})::BIGINT * 1000)"
        f" ELSE timezone('UTC', try_cast({text} AS TIMESTAMPTZ)) END"
    )
