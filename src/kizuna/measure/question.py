"""The question: the same in Python, on the command line, over HTTP and MCP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import get_args

from kizuna.errors import QuestionError, did_you_mean
from kizuna.expression import quote_text
from kizuna.measure.calendar import EVERY, Compare, Every


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    `metrics` are ids or group names, none for all; `by` dimensions or customer traits; `every`
    splits the range into periods ("all": it is one); `since` is the first day and `until` the day
    after the last, ``None`` for as far as the data goes; `where` is a condition over dimensions;
    `segment` names the customers whose rows count; `compare` is what each period is compared with; `level` is the
    confidence of intervals.
    """

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    every: Every = "all"
    since: date | None = None
    until: date | None = None
    where: str = ""
    compare: Compare = "previous"
    level: float = 0.95
    segment: str = ""

    @property
    def filters(self) -> str:
        """What narrows it, as a condition."""
        return narrowed(self.where, self.segment)

    def __post_init__(self) -> None:
        if self.every not in EVERY:
            raise _not_one_of("every", self.every, EVERY)
        if self.compare not in get_args(Compare):
            raise _not_one_of("compare", self.compare, get_args(Compare))
        if not 0.5 <= self.level < 1:
            raise QuestionError(f"level must lie between 0.5 and 1, not {self.level}.", "0.95 is usual.")


def narrowed(where: str, segment: str) -> str:
    """A condition and the name of a segment as one condition."""
    if not segment:
        return where
    # A line of its own for the bracket: the condition may end with a remark.
    return f"({where}\n) AND segment({quote_text(segment)})" if where.strip() else f"segment({quote_text(segment)})"


def read_day(text: str | date | None, initiatives: Mapping[str, object], name: str) -> date | None:
    """A day from ``2026``, ``2026-03``, ``2026-03-15``, a date, or the name of an initiative."""
    if text is None or (isinstance(text, date) and not isinstance(text, datetime)):
        return text
    if isinstance(text, datetime):
        return text.date()
    if text in initiatives:
        return read_day(str(initiatives[text]), {}, name)
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", text.strip())
    try:
        if match:
            year, month, day = (int(part) if part else 1 for part in match.groups())
            return date(year, month, day)
    except ValueError:
        pass
    near = did_you_mean(text, initiatives)
    hint = (
        f"Did you mean the initiative {near!r}?"
        if near
        else "Write 2026, 2026-03 or 2026-03-15, or an initiative of kizuna.toml."
    )
    raise QuestionError(f"{name} {text!r} is not a day.", hint)


def _not_one_of(what: str, value: str, known: tuple[str, ...]) -> QuestionError:
    near = did_you_mean(value, known)
    hint = f"Did you mean {near!r}?" if near else f"It is one of {', '.join(known)}."
    return QuestionError(f"{what} cannot be {value!r}.", hint)
