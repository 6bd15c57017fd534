"""What a page shows of a survey, in one language: texts chosen, answers given marked, errors beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kizuna.collect.survey.question import NO, YES, Question, Texts, told
from kizuna.collect.survey.survey import Survey
from kizuna.locale.texts import FALLBACK, say
from kizuna.show.survey import shapes
from kizuna.show.survey.asked import ANSWER, OTHER

FILE = "survey_page"
RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")


@dataclass(frozen=True, slots=True)
class Said:
    """A text, and the language it is in where that is not the page's."""

    text: str
    lang: str = ""


@dataclass(frozen=True, slots=True)
class OptionView:
    """One of the answers: what is `shown`, what is `spoken` besides, and its drawing (an SVG path)."""

    value: str
    shown: Said
    spoken: str = ""
    checked: bool = False
    path: str = ""
    beside: str = ""
    beside_text: str = ""


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question as it stands on a page; `id` is that of its element. `look` names how it is drawn."""

    id: str
    name: str
    look: str
    text: Said
    hint: Said
    required: bool
    options: tuple[OptionView, ...] = ()
    low_label: Said = Said("")
    high_label: Said = Said("")
    value: str = ""
    most: int = 0
    error: str = ""

    @property
    def first(self) -> str:
        """The element that a link to the question leads to."""
        return f"{self.id}-0" if self.options else f"{self.id}-text"

    @property
    def described_by(self) -> str:
        """The elements that say more of it."""
        said = ((self.error, "error"), (self.hint.text, "hint"), (self.low_label.text or self.high_label.text, "ends"))
        return " ".join(f"{self.id}-{part}" for text, part in said if text)


@dataclass(frozen=True, slots=True)
class Summary:
    """An answer that was given, in words."""

    question: Said
    answer: Said


@dataclass(frozen=True, slots=True)
class Speaker:
    """The texts of a survey and of the page, in one language."""

    language: str
    direction: str = field(default="ltr")

    @classmethod
    def of(cls, language: str) -> Speaker:
        return cls(language, "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr")

    def told(self, texts: Texts) -> Said:
        """A survey's text, marked where it is in another language than the page."""
        text = told(texts, self.language)
        if not text or any(each in texts for each in (self.language, self.language.partition("-")[0])):
            return Said(text)
        return Said(text, FALLBACK if FALLBACK in texts else next(iter(texts)))

    def say(self, key: str, **parts: object) -> str:
        """A sentence of the page."""
        return say(FILE, key, self.language, **parts)


def questions(
    survey: Survey,
    shown: Iterable[Question],
    speaker: Speaker,
    given: Mapping[str, Any],
    other: Mapping[str, Any],
    errors: Mapping[str, str],
) -> list[QuestionView]:
    """Questions as they stand on a page, with what was answered so far (also what cannot be taken)."""
    places = {question.id: number for number, question in enumerate(survey.questions, 1)}
    return [
        _view(
            question,
            f"q{places[question.id]}",
            speaker,
            _one(given.get(question.id)),
            _one(other.get(question.id)),
            errors.get(question.id, ""),
        )
        for question in shown
    ]


def summary(survey: Survey, speaker: Speaker, given: Mapping[str, Any], other: Mapping[str, Any]) -> list[Summary]:
    """What was answered, in words."""
    return [
        Summary(
            speaker.told(question.text), _in_words(question, speaker, given[question.id], other.get(question.id, ""))
        )
        for question in survey.questions
        if question.id in given
    ]


def _view(question: Question, id: str, speaker: Speaker, value: str, beside: str, error: str) -> QuestionView:
    low, high = _ends(question)
    return QuestionView(
        id,
        ANSWER + question.id,
        _look(question),
        speaker.told(question.text),
        speaker.told(question.hint),
        question.required,
        tuple(_options(question, speaker, value, beside)),
        speaker.told(low),
        speaker.told(high),
        value,
        question.max_length,
        error,
    )


def _ends(question: Question) -> tuple[Texts, Texts]:
    """The words beside a scale's ends, unless its answers say as much themselves."""
    named = str(question.low) in question.labels and str(question.high) in question.labels
    shown = question.style in ("words", "faces") and named
    return ({}, {}) if shown else (question.low_label, question.high_label)


def _look(question: Question) -> str:
    """How it is drawn."""
    return question.style if question.kind == "scale" else question.kind


def _options(question: Question, speaker: Speaker, value: str, beside: str) -> Iterable[OptionView]:
    if question.kind == "yes_no":
        for each in (YES, NO):
            yield OptionView(each, _yes_or_no(question, speaker, each), checked=value == each)
    elif question.kind == "choice":
        for option in question.options:
            name = OTHER + question.id if option.other else ""
            yield OptionView(
                option.id,
                speaker.told(option.text),
                checked=value == option.id,
                beside=name,
                beside_text=beside if option.other else "",
            )
    elif question.kind == "scale":
        for score in question.scores:
            yield _score(question, speaker, score, value == str(score))


def _score(question: Question, speaker: Speaker, score: int, checked: bool) -> OptionView:
    label = speaker.told(question.labels.get(str(score), {}))
    share = (score - question.low) / max(1, question.high - question.low)
    happy = share if question.direction == "high_good" else 1 - share
    end = question.low_label if score == question.low else question.high_label if score == question.high else {}
    spoken = label.text or told(end, speaker.language)
    if question.style == "faces":
        shown = label if label.text else Said("")
        said = "" if label.text else spoken or speaker.say("of_scale", score=score, high=question.high)
        return OptionView(str(score), shown, said, checked, shapes.mouth(happy))
    if question.style == "stars":
        said = speaker.say("star", score=score, high=question.high) + (f": {label.text}" if label.text else "")
        return OptionView(str(score), Said(""), said, checked, shapes.star())
    if question.style == "words" and label.text:
        return OptionView(str(score), label, "", checked)
    return OptionView(str(score), Said(str(score)), f": {spoken}" if spoken else "", checked)


def _yes_or_no(question: Question, speaker: Speaker, value: str) -> Said:
    return speaker.told(question.labels[value]) if value in question.labels else Said(speaker.say(value))


def _in_words(question: Question, speaker: Speaker, value: Any, beside: str) -> Said:
    if question.kind == "yes_no":
        return _yes_or_no(question, speaker, str(value))
    if question.kind == "choice":
        chosen = next(option for option in question.options if option.id == value)
        said = speaker.told(chosen.text)
        return Said(f"{said.text}: {beside}", said.lang) if beside else said
    if question.kind == "scale":
        label = speaker.told(question.labels.get(str(value), {}))
        if label.text:
            return label
        return Said(str(value) if question.low == 0 else speaker.say("of_scale", score=value, high=question.high))
    return Said(str(value))


def _one(value: Any) -> str:
    """What was sent for a question, as text: a form sends lists."""
    if isinstance(value, list):
        value = value[-1] if value else ""
    return "" if value is None else str(value)
