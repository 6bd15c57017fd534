"""Segments: named conditions on customers, in the grammar of ``where``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from kizuna.errors import QuestionError, UnknownName
from kizuna.store.state.tables import SavedSegment

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def all_of(session: Session) -> Sequence[SavedSegment]:
    """All segments, by title."""
    return session.scalars(select(SavedSegment).order_by(SavedSegment.title, SavedSegment.name)).all()


def conditions(session: Session) -> dict[str, str]:
    """Name → condition."""
    return {each.name: each.condition for each in all_of(session)}


def named(session: Session, name: str) -> SavedSegment:
    """The segment of a name; raises `UnknownName` with the nearest."""
    found = session.get(SavedSegment, name)
    if found is None:
        raise UnknownName("segment", name[:80], conditions(session), "kizuna segments lists them.")
    return found


def save(
    session: Session, name: str, title: str, condition: str, *, description: str = "", who: str = ""
) -> SavedSegment:
    """Keep a segment, in place of one of that name. Whether the condition is right is to be checked before.

    Raises `QuestionError` where the name is not one that an address and a condition can carry.
    """
    found = session.get(SavedSegment, check_name(name))
    if found is None:
        found = SavedSegment(name=name)
        session.add(found)
    found.title, found.condition = title.strip()[:200] or name, condition.strip()
    found.description, found.who = description.strip(), who
    session.flush()
    return found


def remove(session: Session, name: str) -> None:
    """Forget a segment; raises `UnknownName` where there is none."""
    session.delete(named(session, name))


def check_name(name: str) -> str:
    """The name, where it can be one; raises `QuestionError`."""
    if not _NAME.fullmatch(name):
        raise QuestionError(
            f"A segment cannot be called {name[:80]!r}.",
            "Use up to 60 small letters a-z, digits, - and _, a letter or digit first; its title may be anything.",
        )
    return name


def name_of(title: str, taken: Mapping[str, object]) -> str:
    """A name made of a title, one that is not taken."""
    made = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:50] or "segment"
    names = (made if number == 1 else f"{made}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
