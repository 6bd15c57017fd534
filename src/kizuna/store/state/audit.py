"""The audit log: who signed in, saw or exported people, and changed who may do what. Entries are only ever added.

It does not protect from whoever can write ``state.db`` itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kizuna.store.state.tables import Audit

PAGE = 50
"""So many entries are read at once."""


def write(
    session: Session,
    who: str,
    action: str,
    subject: str = "",
    detail: Mapping[str, Any] | None = None,
    address: str = "",
) -> None:
    """Add an entry, in the transaction of what it is about.

    `who` is an account's e-mail address or a key's name (`Who.name`), `action` a word such as ``customer.seen`` or
    ``customers.exported``, `subject` what it was done to, `detail` plain JSON. What is too long is cut.
    """
    session.add(
        Audit(who=who[:260], action=action[:60], subject=subject[:300], detail=dict(detail or {}), address=address[:64])
    )


def entries(
    session: Session,
    *,
    who: str = "",
    action: str = "",
    subject: str = "",
    before: int | None = None,
    limit: int = PAGE,
) -> Sequence[Audit]:
    """The latest entries, newest first: of somebody, of an action, about something, older than the entry `before`."""
    wanted = select(Audit).order_by(Audit.id.desc()).limit(limit)
    for column, value in ((Audit.who, who), (Audit.action, action), (Audit.subject, subject)):
        wanted = wanted.where(column == value) if value else wanted
    return session.scalars(wanted.where(Audit.id < before) if before is not None else wanted).all()


def names(session: Session) -> tuple[Sequence[str], Sequence[str]]:
    """Everybody who is in the log, and every action."""
    people = session.scalars(select(Audit.who).distinct().order_by(Audit.who)).all()
    return people, session.scalars(select(Audit.action).distinct().order_by(Audit.action)).all()
