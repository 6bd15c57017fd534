"""A `Question` from the words that programs send: the same for HTTP and MCP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import cast

from kizuna.errors import QuestionError, UnknownName
from kizuna.measure.calendar import Compare, Every
from kizuna.measure.question import Question, narrowed, read_day
from kizuna.settings import Settings
from kizuna.show.web.scope import read_scope

MOST_GROUPED = 5
"""So many dimensions at once; more would make groups of one person each."""


def read_question(
    settings: Settings,
    conditions: Mapping[str, str],
    last_day: date | None,
    *,
    metrics: Sequence[str] = (),
    by: Sequence[str] = (),
    every: str = "all",
    since: str = "",
    until: str = "",
    period: str = "",
    where: str = "",
    segment: str = "",
    compare: str = "previous",
    level: float = 0.95,
) -> Question:
    """What is asked.

    `conditions` are the segments by name; `period` is a word of the pages' addresses (``last-month``, ``2026-q1``)
    instead of `since` and `until`. Raises `QuestionError`.
    """
    if len(by) > MOST_GROUPED:
        raise QuestionError(f"by names {len(by)} dimensions; {MOST_GROUPED} are the most.", "Ask by fewer.")
    first, end = read_range(settings, last_day, since, until, period)
    return Question(
        tuple(metrics),
        tuple(by),
        cast(Every, every),
        first,
        end,
        within(where, segment, conditions),
        cast(Compare, compare),
        level,
    )


def read_range(
    settings: Settings, last_day: date | None, since: str, until: str, period: str
) -> tuple[date | None, date | None]:
    """First day and the day after the last, by either way of saying them."""
    if period:
        if since or until:
            raise QuestionError("period and since or until say the range twice.", "Say it one way.")
        scope = read_scope({"period": period}, last_day, settings, {})
        return scope.since, scope.until
    initiatives = settings.initiatives
    return read_day(since or None, initiatives, "since"), read_day(until or None, initiatives, "until")


def within(where: str, segment: str, conditions: Mapping[str, str]) -> str:
    """A condition, of the people of a segment only."""
    if not segment:
        return where
    if segment not in conditions:
        raise UnknownName("segment", segment, conditions, "/api/v1/segments lists them.")
    return narrowed(where, segment)
