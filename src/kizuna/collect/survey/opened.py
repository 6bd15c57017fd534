"""Somebody at the door for answers: let in (`Opened`), not (`Refusal`), and what was kept of an answer (`Taken`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any, Literal

from kizuna.collect.message import Reason
from kizuna.collect.survey import links
from kizuna.collect.survey.answering import FILE, Answer, Problem
from kizuna.collect.survey.survey import Survey
from kizuna.collect.survey.token import Purpose
from kizuna.locale.dates import moment
from kizuna.locale.texts import say

Kind = Literal["link", "unknown", "gone", "expired", "closed", "paused", "answer", "many", "broken"]
"""Why somebody is not let in; ``locale/survey_page.toml`` has a sentence for each (``refused_KIND``)."""

STATUS: dict[Kind, int] = {
    "link": 404,
    "unknown": 404,
    "gone": 410,
    "expired": 410,
    "closed": 409,
    "paused": 409,
    "answer": 422,
    "many": 429,
    "broken": 503,
}
_REASONS: dict[Kind, Reason] = {
    "link": "survey_link",
    "unknown": "survey_link",
    "gone": "survey_closed",
    "expired": "survey_closed",
    "closed": "survey_closed",
    "paused": "survey_closed",
    "answer": "survey_answer",
}

PERSON = ("customer_id", "email", "phone")
"""The fields of a step by which somebody can be got back to."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that may be answered. Times are in microseconds since 1970, UTC.

    `answered_at` is when it was first answered in full, `until` until when that may be changed. `anonymous` says that
    nothing leads from it to a person, `invited` that somebody was asked by it. `about` goes into the answer's step:
    what no other step of the invitation tells.
    """

    survey: Survey
    purpose: Purpose
    invitation: str
    answered_at: int | None = None
    until: int | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def anonymous(self) -> bool:
        return links.is_ballot(self.invitation)

    @property
    def invited(self) -> bool:
        return not links.is_visitor(self.invitation)

    @property
    def test(self) -> bool:
        return self.purpose == "test"

    @property
    def reachable(self) -> bool:
        """Whether it may be known whom to get back to."""
        return not self.anonymous and (not self.about or any(self.about.get(name) for name in PERSON))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was taken. `problems` are those of single answers; `at` is when the link ended or was answered."""

    kind: Kind
    survey: Survey | None = None
    invitation: str = ""
    problems: tuple[Problem, ...] = ()
    link: str = ""
    at: int | None = None

    @property
    def status(self) -> int:
        return STATUS[self.kind]

    @property
    def reason(self) -> Reason | None:
        """The reason it is kept with, None where it is not."""
        return _REASONS.get(self.kind)

    def told(self, language: str, zone: tzinfo = UTC) -> str:
        """A sentence for people; times in it on the clock of `zone`."""
        if self.problems:
            return " ".join(dict.fromkeys(problem.told(language) for problem in self.problems))
        time = moment(self.at, zone, language) if self.at is not None else ""
        return say(FILE, f"refused_{self.kind}", language, time=time)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was kept, on the disk by now. `missing` are the ids of required questions that are still open.

    `again` says that the same had been kept before; `until` is until when it may be changed, `contact` that
    somebody may be got back to if they agree, which is asked of them then.
    """

    survey: Survey
    given: dict[str, Answer]
    other: dict[str, str]
    missing: tuple[str, ...]
    left_out: tuple[str, ...]
    again: bool
    until: int | None
    contact: bool

    @property
    def complete(self) -> bool:
        return not self.missing
