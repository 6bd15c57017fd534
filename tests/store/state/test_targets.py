"""Targets and benchmarks: set, changed, taken away."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from kizuna.errors import QuestionError
from kizuna.store.state import targets
from kizuna.store.state.database import State


def test_a_target_is_set_changed_and_taken_away(tmp_path: Path) -> None:
    state = State(tmp_path)
    with state.session() as session:
        targets.put(session, "nps", 55.0, 41.5, "  Retail, 2026  ", "mia@shop.example")
    with state.session() as session:
        found = targets.all_of(session)
        assert set(found) == {"nps"}
        assert (found["nps"].value, found["nps"].benchmark, found["nps"].benchmark_source) == (
            55.0,
            41.5,
            "Retail, 2026",
        )
        targets.put(session, "nps", None, 41.5, "Retail, 2026")
        targets.put(session, "csat", 80.0, None, "of nothing")
    with state.session() as session:
        nps, csat = targets.of(session, "nps"), targets.of(session, "csat")
        assert nps and nps.value is None and nps.benchmark == 41.5
        assert csat and csat.benchmark_source == "", "a source without a benchmark says nothing"
        targets.put(session, "nps", None, None)
        targets.put(session, "ces", None, None)
    with state.session() as session:
        assert set(targets.all_of(session)) == {"csat"}
    state.close()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_target_is_a_number(tmp_path: Path, number: float) -> None:
    state = State(tmp_path)
    with state.session() as session, pytest.raises(QuestionError, match="Write a number"):
        targets.put(session, "nps", number, None)
    with state.session() as session:
        assert targets.all_of(session) == {}
    state.close()
