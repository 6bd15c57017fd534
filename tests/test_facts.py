"""The vocabulary holds together: what a fact names of itself is there, and nothing is declared twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import kizuna
from kizuna import facts
from kizuna.collect.hookfile import read_hook
from kizuna.errors import ImportFailed, UnknownName
from kizuna.facts import FACTS, QUESTIONS, Fact, importable
from kizuna.workspace import Workspace

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


IMPORTED = [fact for fact in FACTS.values() if not fact.instead]
SAMPLES = {"text": "x@example.com", "int": "1", "number": "1", "money": "1", "bool": "true"}
SAMPLES |= {"time": "2026-03-01 10:00", "date": "2026-03-01"}
KNOWN = {"currency": "USD"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with kizuna.init(tmp_path_factory.mktemp("facts") / "shop") as shop:
        yield shop


@pytest.mark.parametrize("fact", IMPORTED, ids=[fact.name for fact in IMPORTED])
def test_what_is_said_to_be_imported_can_be(fact: Fact, shop: Workspace, tmp_path: Path) -> None:
    columns = [c for c in fact.importable() if c.type != "map" and c.name != "external_id"]
    row = [column.choices[0] if column.choices else KNOWN.get(column.name, SAMPLES[column.type]) for column in columns]
    file = tmp_path / "rows.csv"
    file.write_text(f"{','.join(column.name for column in columns)}\n{','.join(row)}\n", encoding="utf-8")
    report = shop.import_file(fact.name, file)
    assert (report.added, report.rejected_rows) == (1, 0), shop.store.execute("SELECT reason FROM rejected")


ALONE = {fact.name: fact for fact in FACTS.values() if fact.instead}


@pytest.mark.parametrize("name", ALONE)
def test_what_kizuna_alone_makes_cannot_be_imported(name: str, shop: Workspace, tmp_path: Path) -> None:
    """An identifier's file ended in an error of the database."""
    file = tmp_path / "rows.csv"
    file.write_text("kind,value,day,customer_id\nemail,x@example.com,2026-03-01,c1\n", encoding="utf-8")
    said = f"{name} is made by Kizuna and is not imported. Import {' or '.join(ALONE[name].instead)} instead."
    with pytest.raises(ImportFailed) as caught:
        shop.import_file(name, file)
    assert str(caught.value) == said
    with pytest.raises(ImportFailed) as caught:
        read_hook("vendor", f'signature = {{scheme = "none"}}\nfact = "{name}"\n')
    assert said in str(caught.value)


def test_what_is_said_to_be_imported_instead_can_be() -> None:
    assert {*ALONE} == {"customer_day", "mrr_movement", "trait", "identifier"}
    assert {other for fact in ALONE.values() for other in fact.instead} <= {fact.name for fact in IMPORTED}
    assert [fact.name for fact in ALONE.values() if not fact.derived] == []


def test_a_name_that_is_none_leads_to_one_that_can_be_imported() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'event'"):
        importable("evnet")
    with pytest.raises(UnknownName) as caught:
        importable("identifiers")
    assert "identifier" not in caught.value.next_step
    assert caught.value.suggestion is None


def test_scales_have_two_ends() -> None:
    assert [name for name, scale in QUESTIONS.items() if scale and not scale.low < scale.high] == []
