"""From what somebody sent to answers that can be kept: every one is checked against the survey's own form.

Nothing is put right by guessing. An 11 on a scale to 10 is refused with a sentence, never taken for a 10; so
is a 6.5, a text, or two answers where one is asked for. An answer to a question that is not asked after the
other answers (a follow-up of a 3 that became a 9) is left out, and said to be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kizuna.collect.survey.question import NO, YES, Question
from kizuna.collect.survey.survey import Survey
from kizuna.errors import did_you_mean
from kizuna.locale.texts import say

Answer = int | str
Code = Literal["scale", "choice", "yes_no", "text", "long", "twice", "unknown", "unknown_near", "nothing", "other"]

FILE = "survey_page"
MOST_TOLD = 5
"""Names of questions that do not exist, of which one is told."""

LONGEST_OTHER = 500
"""Characters of what is written beside a choice."""

_WHOLE = re.compile(r"-?[0-9]{1,6}")
# What a text may hold besides line ends and tabs: no control characters, and none that are half of one.
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an answer cannot be taken: the `question` it was given to (empty for all together), and a sentence."""

    question: str
    code: Code
    parts: Mapping[str, object]

    def told(self, language: str) -> str:
        """The sentence for people."""
        return say(FILE, f"problem_{self.code}", language, **self.parts)


@dataclass(frozen=True, slots=True)
class Answers:
    """What was read: `given` is question id → score, id of the choice, or text; `other` what stands beside a choice.

    With `problems` nothing of it may be kept. `left_out` names questions that were answered and are not asked.
    """

    given: dict[str, Answer]
    other: dict[str, str]
    problems: tuple[Problem, ...] = ()
    left_out: tuple[str, ...] = ()


class _Unfit(Exception):
    def __init__(self, code: Code, **parts: object) -> None:
        self.code, self.parts = code, parts


def read(survey: Survey, given: Mapping[str, Any], other: Mapping[str, Any] | None = None) -> Answers:
    """The answers in `given` (question id → value as sent, of a form or of JSON). Raises nothing."""
    known = {question.id: question for question in survey.questions}
    found: dict[str, Answer] = {}
    beside: dict[str, str] = {}
    strange = [id for id in (*given, *(other or ())) if id not in known]
    problems = [_unknown(str(id), known) for id in strange[:MOST_TOLD]]
    for question in survey.questions:
        try:
            answer = _answer(question, given.get(question.id))
            text = _beside(question, answer, (other or {}).get(question.id))
        except _Unfit as unfit:
            problems.append(Problem(question.id, unfit.code, unfit.parts))
            continue
        if answer is not None:
            found[question.id] = answer
            if text:
                beside[question.id] = text
    kept = _asked(survey, found)
    if not problems and not kept:
        problems.append(Problem(survey.main.id, "nothing", {}))
    left_out = tuple(id for id in found if id not in kept)
    return Answers(kept, {id: text for id, text in beside.items() if id in kept}, tuple(problems), left_out)


def missing(survey: Survey, given: Mapping[str, Any]) -> list[str]:
    """The ids of the questions that are asked, must be answered, and are not."""
    return [question.id for question in survey.asked(given) if question.required and question.id not in given]


def _asked(survey: Survey, found: Mapping[str, Answer]) -> dict[str, Answer]:
    """Only the answers to questions that are asked: what one of them called for may no longer be called for."""
    kept = dict(found)
    while True:
        asked = {question.id for question in survey.asked(kept)}
        still = {id: value for id, value in kept.items() if id in asked}
        if len(still) == len(kept):
            return still
        kept = still


def _answer(question: Question, value: Any) -> Answer | None:
    """An answer as it is kept; None where there is none."""
    if isinstance(value, list):
        if len(value) > 1:
            raise _Unfit("twice")
        value = value[0] if value else None
    if value is None or value == "":
        return None
    if question.kind == "scale":
        return _score(question, value)
    if question.kind == "text":
        return _text(value, question.max_length)
    if question.kind == "yes_no" and isinstance(value, bool):
        return YES if value else NO
    if not isinstance(value, str) or value not in question.choices:
        raise _Unfit("yes_no" if question.kind == "yes_no" else "choice")
    return value


def _score(question: Question, value: Any) -> int:
    found: int | None = None
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        found = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        found = value
    elif isinstance(value, float) and value.is_integer():
        found = int(value)
    if found is None or found not in question.scores:
        raise _Unfit("scale", low=question.low, high=question.high)
    return found


def _text(value: Any, most: int) -> str | None:
    if not isinstance(value, str):
        raise _Unfit("text")
    # A browser sends two characters for a line's end and counts it as one.
    text = _UNWANTED.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text) > most:
        raise _Unfit("long", most=f"{most:,}", length=f"{len(text):,}")
    return text or None


def _beside(question: Question, answer: Answer | None, value: Any) -> str:
    """What was written beside the choice that was made; what stands beside another one does not count."""
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else value
    if value is None or value == "":
        return ""
    if question.kind != "choice" or not any(option.other for option in question.options):
        raise _Unfit("other")
    text = _text(value, LONGEST_OTHER) or ""
    return text if any(option.other and option.id == answer for option in question.options) else ""


def _unknown(id: str, known: Mapping[str, Question]) -> Problem:
    near = did_you_mean(id[:40], known)
    parts = {"question": _UNWANTED.sub("", id[:40])}
    return Problem("", "unknown_near", parts | {"near": near}) if near else Problem("", "unknown", parts)
