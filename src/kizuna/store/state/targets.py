"""Targets and benchmarks: where a metric should get to, and what others have, in the metric's unit."""

from __future__ import annotations

import math

from sqlalchemy import select
from sqlalchemy.orm import Session

from kizuna.errors import QuestionError
from kizuna.store.state.tables import Target


def all_of(session: Session) -> dict[str, Target]:
    """Every target, by the metric's id."""
    return {each.metric: each for each in session.scalars(select(Target))}


def of(session: Session, metric: str) -> Target | None:
    """One metric's target, if somebody set one."""
    return session.get(Target, metric)


def put(
    session: Session,
    metric: str,
    value: float | None,
    benchmark: float | None,
    benchmark_source: str = "",
    who: str = "",
) -> None:
    """Set a metric's target and benchmark; with neither, there is none from now on.

    Raises `QuestionError` for what is no finite number.
    """
    for number in (value, benchmark):
        if number is not None and not math.isfinite(number):
            raise QuestionError(f"{number} cannot be reached.", "Write a number, or nothing for none.")
    found = session.get(Target, metric)
    if value is None and benchmark is None:
        if found is not None:
            session.delete(found)
        return
    target = found or Target(metric=metric)
    target.value, target.benchmark = value, benchmark
    target.benchmark_source, target.who = benchmark_source.strip()[:300] if benchmark is not None else "", who
    session.add(target)
