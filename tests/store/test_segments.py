"""Segments as they are kept, and as questions see them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import kizuna
from kizuna.errors import QuestionError, UnknownName
from kizuna.store import segments as seen
from kizuna.store.segments import Segments
from kizuna.store.state import database, segments
from kizuna.store.state.database import State


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path)


def test_kept_changed_and_removed(state: State) -> None:
    with state.session() as session:
        segments.save(session, "loyal", "Loyal customers", " orders(90) >= 2 ", description="d", who="ada")
        segments.save(session, "danes", "Danes", "country = 'DK'")
    with state.session() as session:
        segments.save(session, "loyal", "", "orders(90) >= 3")
    with state.session() as session:
        assert [each.name for each in segments.all_of(session)] == ["danes", "loyal"]
        assert segments.conditions(session) == {"danes": "country = 'DK'", "loyal": "orders(90) >= 3"}
        assert segments.named(session, "loyal").title == "loyal"
        segments.remove(session, "loyal")
        with pytest.raises(UnknownName, match=r"'danse'.*'danes'"):
            segments.remove(session, "danse")
        assert list(segments.conditions(session)) == ["danes"]


@pytest.mark.parametrize("name", ["", "Loyal", "-x", "a b", "a'b", "x" * 61, "ロイヤル", "a/b", "a\n"])
def test_names_that_are_none(state: State, name: str) -> None:
    with state.session() as session, pytest.raises(QuestionError, match="A segment cannot be called"):
        segments.save(session, name, "x", "TRUE")


@pytest.mark.parametrize(
    ("title", "taken", "name"),
    [
        ("Loyal customers!", (), "loyal-customers"),
        ("Loyal", ("loyal", "loyal-2"), "loyal-3"),
        ("常連", (), "segment"),
        ("Æble", ("ble",), "ble-2"),
    ],
)
def test_a_name_made_of_a_title(title: str, taken: tuple[str, ...], name: str) -> None:
    assert segments.name_of(title, dict.fromkeys(taken)) == name


def test_questions_see_them_as_they_are(tmp_path: Path) -> None:
    seen_by_questions = Segments(tmp_path)
    assert dict(seen_by_questions) == {}
    assert not (tmp_path / database.FILE).exists()
    state = State(tmp_path)
    for number in range(20):
        with state.session() as session:
            segments.save(session, "loyal", "Loyal", f"orders() >= {number}")
        assert dict(seen_by_questions) == {"loyal": f"orders() >= {number}"}
    seen_by_questions.close()
    assert len(seen_by_questions) == 1


def test_what_is_not_asked_for_is_not_loaded() -> None:
    """A command that names no segment need not wait for the program library of the state."""
    code = "import sys, kizuna.workspace; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert seen._FILE == database.FILE


def test_from_python(tmp_path: Path) -> None:
    """By name, alone and with a condition; a name that is none is told."""
    with kizuna.init(tmp_path / "shop", timezone="Europe/Copenhagen") as shop:
        file = tmp_path / "orders.csv"
        lines = [f"o{i},2026-03-{i + 1:02d},c{i % 3},{10 * i}" for i in range(10)]
        file.write_text("order_id,ordered_at,customer_id,value\n" + "\n".join(lines))
        shop.import_file("order", file)
        state = State(shop.root)
        with state.session() as session:
            segments.save(session, "frequent", "Frequent", "orders() >= 4")
        assert [r.value for r in shop.measure("orders", segment="frequent", compare="none").records] == [4]
        both = shop.measure("orders", where="value > 0 -- paid", segment="frequent", compare="none")
        assert [r.value for r in both.records] == [3]
        assert both.lineage[0].filters == "(value > 0 -- paid\n) AND segment('frequent')"
        assert shop.rows("orders", segment="frequent", where="value > 0 -- paid").num_rows == 3
        with pytest.raises(UnknownName, match=r"'freqent'.*'frequent'"):
            shop.measure("orders", segment="freqent")
        with pytest.raises(UnknownName):
            shop.measure("orders", segment="x') OR TRUE OR segment('frequent")
