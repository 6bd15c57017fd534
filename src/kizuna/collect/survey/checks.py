"""What can be wrong with a survey that its form does not show."""

from __future__ import annotations

from kizuna.collect.survey.survey import Survey
from kizuna.errors import SettingError


def check(survey: Survey, origin: str) -> None:
    """Raise `SettingError` that names the file and the question for the first thing that is wrong."""
    for question in survey.questions:
        if question.kind == "scale" and question.high <= question.low:
            raise SettingError(
                f"{origin}: question {question.id!r}: a scale from {question.low} to {question.high} has no answers.",
                "Set low and high, such as low = 1 and high = 5.",
            )
        if question.kind == "choice" and len(question.options) < 2:
            raise SettingError(
                f"{origin}: question {question.id!r} is a choice without options.", "Write two or more [[…options]]."
            )
