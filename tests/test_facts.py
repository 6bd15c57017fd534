"""The vocabulary holds together: what a fact names of itself is there, and nothing is declared twice."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from kizuna import facts
from kizuna.facts import FACTS, QUESTIONS, Fact

EVERY = pytest.mark.parametrize("fact", FACTS.values(), ids=list(FACTS))


def test_every_file_of_facts_is_in_the_vocabulary_once() -> None:
    modules = [
        import_module(f"kizuna.facts.{module.name}") for module in iter_modules([str(Path(facts.__file__).parent)])
    ]
    declared = [fact for module in modules for fact in getattr(module, "FACTS", ())]
    assert sorted(fact.name for fact in declared) == sorted(FACTS)
    assert all(FACTS[fact.name] is fact for fact in declared)


@EVERY
def test_what_a_fact_names_are_columns_of_it(fact: Fact) -> None:
    names = [column.name for column in fact.columns]
    assert len({*names}) == len(names)
    assert {*fact.key, fact.time} <= {*names}
    assert fact.time in fact.times
    assert fact.unit in (None, *fact.stored_columns())


@EVERY
def test_columns_are_declared_as_their_type_allows(fact: Fact) -> None:
    for column in fact.columns:
        assert re.fullmatch("[a-z][a-z_]*", column.name)
        assert column.default is None or not column.choices or column.default in column.choices
        assert column.low is None or column.type in ("int", "number", "money")
        assert column.role != "time" or column.type in ("time", "date")


def test_scales_have_two_ends() -> None:
    assert [name for name, scale in QUESTIONS.items() if scale and not scale.low < scale.high] == []
