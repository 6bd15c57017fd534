"""The rules by themselves, over generated histories: however people are asked, never more often than the rules say."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kizuna.act.fatigue import DAY, SENTENCES, Fatigue
from kizuna.act.standing import Asked
from kizuna.settings import Settings

MINUTE = 60_000_000
TIMES = st.integers(0, 400 * 24 * 60).map(lambda minute: minute * MINUTE)


@given(
    asked=st.lists(st.tuples(st.sampled_from("abc"), TIMES), max_size=60),
    between=st.integers(0, 60),
    again=st.integers(0, 120),
    in_order=st.booleans(),
)
def test_no_two_askings_are_nearer_than_the_rules_allow(
    asked: list[tuple[str, int]], between: int, again: int, in_order: bool
) -> None:
    """Also where they are not decided in order of time: what waits to be sent lies ahead."""
    rules, granted = Fatigue(between, again), list[Asked]()
    for survey, at in sorted(asked, key=lambda each: each[1]) if in_order else asked:
        if rules.refuses(survey, at, granted, open_ticket=False) is None:
            granted.append(Asked(survey, at))
    for one, other in combinations(granted, 2):
        assert abs(one.at - other.at) >= between * DAY
        assert one.survey != other.survey or abs(one.at - other.at) >= again * DAY


@given(before=st.lists(st.tuples(st.sampled_from("abc"), TIMES), max_size=20), at=TIMES)
def test_nobody_is_refused_without_a_reason(before: list[tuple[str, int]], at: int) -> None:
    rules = Fatigue(30, 90)
    why = rules.refuses("a", at, [Asked(*each) for each in before], open_ticket=False)
    near = [abs(at - when) for _, when in before if abs(at - when) < 30 * DAY]
    same = [when for survey, when in before if survey == "a" and abs(at - when) < 90 * DAY]
    assert (why is not None) == bool(near or same)


def test_an_open_ticket_forbids_it_and_a_setting_allows_it() -> None:
    refused = Fatigue().refuses("a", 0, [], open_ticket=True)
    assert refused and refused.reason == "open_ticket"
    assert Fatigue(during_open_tickets=True).refuses("a", 0, [], open_ticket=True) is None


def test_the_last_moment_counts() -> None:
    rules = Fatigue(30, 90)
    assert rules.refuses("b", 30 * DAY, [Asked("a", 0)], False) is None
    assert rules.refuses("b", 30 * DAY - 1, [Asked("a", 0)], False) == rules.why("asked_lately")
    assert rules.refuses("a", 90 * DAY, [Asked("a", 0)], False) is None
    assert rules.refuses("a", 90 * DAY - 1, [Asked("a", 0)], False) == rules.why("asked_before")


@pytest.mark.parametrize("reason", [*SENTENCES])
def test_every_reason_is_a_sentence_with_the_settings_in_it(reason: str) -> None:
    rules = Fatigue.of(Settings({"ask_days_between": 7, "ask_again_days": 21}))
    said = rules.why(reason).sentence  # type: ignore[arg-type]
    assert said and "{" not in said
    assert reason != "asked_lately" or "7 days" in said
    assert reason != "asked_before" or "21 days" in said
