"""Whether an ``only_if`` can ever hold: it names questions asked before, and answers that they have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from kizuna.collect.survey.question import Condition, Question
from kizuna.errors import SettingError, did_you_mean

_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)")


def check_condition(
    condition: Condition,
    before: Sequence[Question],
    every: Sequence[Question],
    origin: str,
    itself: Question | None = None,
) -> None:
    """Raise `SettingError` where a condition on answers to the questions `before` can never hold."""
    known = {question.id: question for question in before}
    for id, wanted in condition.items():
        if itself is not None and id == itself.id:
            raise SettingError(f"{origin} depends on its own answer.", "Name a question that is asked before it.")
        if id not in known:
            later = any(question.id == id for question in every)
            what = f"{id!r} is asked after it" if later else f"there is no question {id!r}"
            raise SettingError(f"{origin}: {what}.", _nearest(id, known))
        _check_wanted(known[id], wanted, f"{origin}: {id}")


def _check_wanted(question: Question, wanted: Any, origin: str) -> None:
    if question.kind == "text":
        raise SettingError(
            f"{origin} is answered in words, of which nothing can be foreseen.", "Name a scale or a choice."
        )
    if isinstance(wanted, list):
        if not wanted:
            raise SettingError(f"{origin} = [] never holds.", "Write the answers, or leave it out.")
        for each in wanted:
            _check_wanted(question, each, origin)
    elif question.kind == "scale":
        _check_score(question, wanted, origin)
    elif wanted not in question.choices or isinstance(wanted, bool):
        said = ("yes" if wanted else "no") if isinstance(wanted, bool) else str(wanted)
        raise SettingError(f"{origin} = {_written(wanted)} is no answer to it.", _nearest(said, question.choices))


def _check_score(question: Question, wanted: Any, origin: str) -> None:
    scale = f'The answers are {question.low} to {question.high}; 5, [1, 2] or "{question.low}..{question.high}".'
    if isinstance(wanted, str) and (found := _RANGE.fullmatch(wanted)):
        low, high = float(found[1]), float(found[2])
        if any(low <= score <= high for score in question.scores) and question.low <= low and high <= question.high:
            return
    elif isinstance(wanted, (int, float)) and not isinstance(wanted, bool) and wanted in question.scores:
        return
    raise SettingError(f"{origin} = {_written(wanted)} is no answer to it.", scale)


def _nearest(name: str, known: Sequence[str] | dict[str, Question]) -> str:
    names = [*known]
    near = did_you_mean(name, names)
    if near:
        return f"Did you mean {near!r}?"
    return f"It is one of {', '.join(names)}." if names else "No question is asked before it."


def _written(wanted: Any) -> str:
    """As it stands in the file."""
    return (
        str(wanted).lower() if isinstance(wanted, bool) else f'"{wanted}"' if isinstance(wanted, str) else str(wanted)
    )
