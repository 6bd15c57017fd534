"""The instruments that come with Kizuna: complete in three languages, on the scales their metrics are defined for."""

from __future__ import annotations

import pytest

from kizuna.collect.survey.question import Question
from kizuna.collect.survey.survey import Survey, instruments, read_survey
from kizuna.errors import SettingError
from kizuna.facts import QUESTIONS

LANGUAGES = {"en", "ja", "da"}
NAMES = [name for name in instruments() if name != "comment"]


def survey(name: str, rest: str = "") -> Survey:
    return read_survey("asked", f'instrument = "{name}"\n{rest}', "asked.toml")


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_there_in_three_languages(name: str) -> None:
    made = survey(name)
    texts = [made.text.title]
    for question in made.questions:
        texts += [question.text, *question.labels.values(), *(option.text for option in question.options)]
        texts += [each for each in (question.hint, question.low_label, question.high_label) if each]
    assert [each for each in texts if {*each} != LANGUAGES] == []
    assert all(text.strip() for each in texts for text in each.values())


@pytest.mark.parametrize("name", NAMES)
def test_known_questions_are_asked_on_the_scale_their_metrics_are_defined_for(name: str) -> None:
    for question in survey(name).questions:
        usual = QUESTIONS.get(question.id)
        if usual is not None and name != "csat_six_point":
            assert (question.low, question.high, question.direction) == (usual.low, usual.high, usual.direction)
        elif question.id in QUESTIONS and usual is None:
            assert question.kind in ("choice", "yes_no")


def test_satisfaction_is_asked_on_0_to_5_as_well() -> None:
    main = survey("csat_six_point").main
    assert (main.id, main.low, main.high) == ("csat", 0, 5)


@pytest.mark.parametrize("name", NAMES)
def test_a_labelled_scale_names_each_of_its_answers(name: str) -> None:
    for question in survey(name).questions:
        if question.labels:
            assert [*question.labels] == [str(score) for score in question.scores]


@pytest.mark.parametrize("name", [name for name in NAMES if instruments()[name].comment])
def test_every_survey_has_one_optional_comment(name: str) -> None:
    comments = [question for question in survey(name).questions if question.id == "comment"]
    assert [(each.kind, each.required) for each in comments] == [("text", False)]
    assert "comment" not in [question.id for question in survey(name, "comment = false").questions]


@pytest.mark.parametrize("name", ["employee_satisfaction", "employee_nps"])
def test_employees_are_asked_without_their_names(name: str) -> None:
    said = survey(name).text
    assert (said.audience, said.anonymous) == ("employee", True)


def test_a_follow_up_depends_on_the_answer() -> None:
    made = survey("nps")
    improve = made.question("improve")
    assert isinstance(improve, Question)
    assert [score for score in range(11) if improve.applies({"nps": score})] == [*range(7)]
    assert not improve.applies({})


def test_a_survey_is_complete_when_what_is_required_and_asked_is_answered() -> None:
    made = survey("task_completion")
    assert not made.complete({"visitor_intent": "buy"})
    assert made.complete({"visitor_intent": "buy", "task_completion": "no"})
    assert [each.id for each in made.asked({"task_completion": "no"})][-2:] == ["obstacle", "comment"]


def test_a_file_changes_one_question_and_adds_another() -> None:
    made = survey(
        "nps",
        '[[question]]\nid = "nps"\ntext.en = "Would you?"\n[[question]]\nid = "why"\nkind = "text"\ntext.en = "Why?"\n',
    )
    assert made.main.text == {"en": "Would you?"} and made.main.high == 10
    assert [each.id for each in made.questions] == ["nps", "improve", "why", "comment"]
    assert made.languages(["ja", "en"]) == ["en"]


def test_an_unknown_instrument_names_the_nearest() -> None:
    with pytest.raises(SettingError, match=r"no instrument 'npss'\. Did you mean 'nps'"):
        survey("npss")
