"""What somebody sent becomes answers, or problems: nothing is guessed, clamped or cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as generated
from hypothesis import strategies as st

from asking import SURVEYS
from kizuna.collect.survey.answering import LONGEST_OTHER, missing, read
from kizuna.collect.survey.survey import Survey, read_survey

READ = {name: read_survey(name, text, f"{name}.toml") for name, text in SURVEYS.items()}
NPS, VISIT, ORDER = READ["nps"], READ["visit"], READ["order"]

TAKEN = [
    (NPS, {"nps": 9}, {"nps": 9}),
    (NPS, {"nps": "9"}, {"nps": 9}),
    (NPS, {"nps": ["0"]}, {"nps": 0}),
    (NPS, {"nps": 10.0}, {"nps": 10}),
    (NPS, {"nps": 9, "comment": " fine \r\n thanks "}, {"nps": 9, "comment": "fine \n thanks"}),
    (NPS, {"nps": 9, "comment": "a\x00b\x1bc"}, {"nps": 9, "comment": "abc"}),
    (NPS, {"nps": 9, "comment": "   "}, {"nps": 9}),
    (NPS, {"nps": 3, "why": "late"}, {"nps": 3, "why": "late"}),
    (NPS, {"comment": "only words"}, {"comment": "only words"}),
    (VISIT, {"done": True, "intent": "buy"}, {"intent": "buy", "done": "yes"}),
    (VISIT, {"done": False, "bother": "3"}, {"done": "no", "bother": 3}),
]


@pytest.mark.parametrize(("survey", "sent", "given"), TAKEN)
def test_what_is_taken(survey: Survey, sent: dict[str, Any], given: dict[str, Any]) -> None:
    answers = read(survey, sent)
    assert (answers.problems, answers.given) == ((), given)


SCALE = "Please choose a number from 0 to 10."
REFUSED = [
    *((NPS, {"nps": value}, "nps", SCALE) for value in (11, -1, 6.5, "6.5", "<script>", "９", " 9", "9e0", "1" * 500)),
    *(
        (NPS, {"nps": value}, "nps", SCALE)
        for value in (True, {}, {"a": 1}, 1e300, float("inf"), float("nan"), 10**400)
    ),
    (NPS, {"nps": ["9", "3"]}, "nps", "Please choose only one answer."),
    (NPS, {}, "nps", "Please choose an answer."),
    (NPS, {"nps": ""}, "nps", "Please choose an answer."),
    (NPS, {"nps": None, "comment": "\n"}, "nps", "Please choose an answer."),
    (NPS, {"nps": 9, "comment": 3}, "comment", "Please answer this in words."),
    (NPS, {"nps": 3, "why": "x" * 41}, "why", "This has 41 characters. There is room for 40; please shorten it."),
    (NPS, {"nps": 9, "coment": "x"}, "", "This survey has no question “coment”; there is “comment”."),
    (NPS, {"nps": 9, "zzz": "x"}, "", "This survey has no question “zzz”."),
    (VISIT, {"intent": "steal"}, "intent", "Please choose one of the answers."),
    (VISIT, {"intent": 1}, "intent", "Please choose one of the answers."),
    (VISIT, {"done": "maybe"}, "done", "Please choose yes or no."),
]


@pytest.mark.parametrize(("survey", "sent", "question", "sentence"), REFUSED)
def test_what_is_refused_and_why(survey: Survey, sent: dict[str, Any], question: str, sentence: str) -> None:
    (problem,) = read(survey, sent).problems
    assert (problem.question, problem.told("en")) == (question, sentence)


def test_a_sentence_in_the_language_of_the_page() -> None:
    (problem,) = read(NPS, {"nps": 11}).problems
    assert problem.told("ja") == "0から10までの数字を1つ選んでください。"
    assert problem.told("da-DK") == "Vælg et tal fra 0 til 10."
    assert problem.told("fr") == problem.told("en")


def test_what_is_written_beside_a_choice() -> None:
    said = read(VISIT, {"intent": "other"}, {"intent": " a gift "})
    assert (said.given, said.other, said.problems) == ({"intent": "other"}, {"intent": "a gift"}, ())
    changed_mind = read(VISIT, {"intent": "buy"}, {"intent": "a gift"})
    assert (changed_mind.other, changed_mind.problems) == ({}, ())
    for survey, sent, other in (
        (VISIT, {"done": "yes"}, {"done": "text"}),
        (VISIT, {"intent": "other"}, {"intent": "x" * (LONGEST_OTHER + 1)}),
        (VISIT, {"intent": "other"}, {"intent": ["a", "b"]}),
        (VISIT, {"intent": "other"}, {"what": "a"}),
    ):
        assert read(survey, sent, other).problems, other


def test_a_follow_up_that_is_no_longer_asked_is_left_out_and_said() -> None:
    answers = read(NPS, {"nps": 9, "why": "it was late"})
    assert (answers.given, answers.left_out) == ({"nps": 9}, ("why",))
    assert read(VISIT, {"intent": "buy", "done": "yes", "bother": 1}).left_out == ("bother",)


def test_chains_of_follow_ups_go_together(tmp_path: Path) -> None:
    text = """
comment = false
[[question]]
id = "a"
kind = "yes_no"
text = { en = "A?" }
[[question]]
id = "b"
kind = "yes_no"
only_if = { a = "no" }
text = { en = "B?" }
[[question]]
id = "c"
kind = "text"
only_if = { b = "no" }
text = { en = "C?" }
"""
    survey = read_survey("chain", text, "chain.toml")
    assert read(survey, {"a": "yes", "b": "no", "c": "x"}).given == {"a": "yes"}
    assert read(survey, {"a": "no", "b": "no", "c": "x"}).left_out == ()


def test_what_is_missing_depends_on_the_answers() -> None:
    assert missing(NPS, {}) == ["nps"]
    assert missing(NPS, {"nps": 2}) == []
    assert missing(VISIT, {"intent": "buy", "done": "no"}) == ["bother"]
    assert missing(ORDER, {"csat": 1}) == ["stars"]


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(["nps", "why", "comment", "intent", "done", "bother", "csat"]) | st.text(max_size=12)


@generated(st.sampled_from([*READ.values()]), st.dictionaries(names, values), st.dictionaries(names, values))
def test_whatever_is_sent_what_is_taken_is_on_the_form(
    survey: Survey, sent: dict[str, Any], other: dict[str, Any]
) -> None:
    answers = read(survey, sent, other)
    for id, value in answers.given.items():
        question = survey.question(id)
        assert question is not None
        if question.kind == "scale":
            assert type(value) is int and value in question.scores
        elif question.kind == "text":
            assert isinstance(value, str) and 0 < len(value) <= question.max_length
        else:
            assert value in question.choices
    for problem in answers.problems:
        assert all(problem.told(language) for language in ("en", "ja", "da"))
    assert read(survey, answers.given, answers.other).given == answers.given
