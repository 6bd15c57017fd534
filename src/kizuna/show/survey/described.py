"""A survey as JSON, for programs and widgets that ask by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from kizuna.collect.survey.opened import Refusal, Taken
from kizuna.collect.survey.question import Question, Texts, told
from kizuna.collect.survey.survey import Survey


def described(survey: Survey, language: str, languages: tuple[str, ...]) -> dict[str, Any]:
    """What is asked, in one language; `only_if` says after which answers a question is asked."""
    text = survey.text
    return {
        "survey": survey.name,
        "language": language,
        "languages": [*languages],
        "title": told(text.title, language),
        "intro": told(text.intro, language),
        "thanks": told(text.thanks, language),
        "anonymous": text.anonymous,
        "change_hours": text.change_hours,
        "questions": [_question(question, language) for question in survey.questions],
    }


def _question(question: Question, language: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": question.id,
        "kind": question.kind,
        "text": told(question.text, language),
        "required": question.required,
    }
    if question.hint:
        found["hint"] = told(question.hint, language)
    if question.only_if:
        found["only_if"] = question.only_if
    if question.kind == "scale":
        ends: dict[str, Texts] = {"low_label": question.low_label, "high_label": question.high_label}
        found |= {"low": question.low, "high": question.high, "direction": question.direction, "style": question.style}
        found |= {name: told(texts, language) for name, texts in ends.items() if texts}
    elif question.kind == "text":
        found["max_length"] = question.max_length
    if question.labels:
        found["labels"] = {value: told(texts, language) for value, texts in question.labels.items()}
    if question.kind == "choice":
        found["options"] = [
            {"id": option.id, "text": told(option.text, language), "other": option.other} for option in question.options
        ]
    return found


def kept(taken: Taken) -> dict[str, Any]:
    """What became of an answer. `next` are questions that were not answered and may be, `missing` must be."""
    return {
        "success": True,
        "status": "complete" if taken.complete else "partial",
        "duplicate": taken.again,
        "missing": [*taken.missing],
        "left_out": [*taken.left_out],
        "next": [each.id for each in taken.survey.asked(taken.given) if each.id not in taken.given],
        "ask_consent": taken.contact,
        "change_until": when(taken.until),
    }


def refused(refusal: Refusal, language: str) -> dict[str, Any]:
    """Why nothing was kept: a word for programs, a sentence for people, and one for each answer."""
    found: dict[str, Any] = {"success": False, "reason": refusal.kind, "detail": refusal.told(language)}
    if refusal.problems:
        found["problems"] = [{"question": each.question, "detail": each.told(language)} for each in refusal.problems]
    return found


def when(at: int | None) -> str | None:
    """A time in microseconds as ISO 8601, in UTC."""
    return None if at is None else datetime.fromtimestamp(at // 1_000_000, UTC).isoformat().replace("+00:00", "Z")
