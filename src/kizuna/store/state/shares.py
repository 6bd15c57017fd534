"""Links by which anybody sees one page's numbers, until they end or somebody revokes them.

Of a link's token only the digest is kept: who reads the state cannot open what was shared. A link shows what its
`path` says and nothing else, with the numbers of the moment it is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from kizuna.errors import QuestionError, UnknownName
from kizuna.store.state.tables import Share, now
from kizuna.store.state.tokens import digest, make_token

LONGEST_DAYS = 366


def add(session: Session, path: str, days: int, account_id: int | None = None) -> str:
    """A new link to a path; gives its token, which cannot be had again. Raises `QuestionError` for wrong days."""
    if not 1 <= days <= LONGEST_DAYS:
        raise QuestionError(f"A link cannot last {days} days.", f"Choose from 1 to {LONGEST_DAYS}.")
    token = make_token()
    session.add(Share(digest=digest(token), path=path, account_id=account_id, ends_at=now() + timedelta(days=days)))
    return token


def path_of(session: Session, token: str) -> str | None:
    """What a token shows; ``None`` if there is none, it has ended or was revoked: nobody is told which."""
    found = session.scalar(select(Share).where(Share.digest == digest(token)))
    return found.path if found is not None and _live(found) else None


def live(session: Session) -> Sequence[Share]:
    """The links that work, the newest first."""
    found = session.scalars(select(Share).where(Share.revoked_at.is_(None)).order_by(Share.id.desc())).all()
    return [each for each in found if _live(each)]


def revoke(session: Session, number: int) -> Share:
    """End a link at once. Raises `UnknownName` where there is none that works."""
    found = session.get(Share, number) if 0 < number < 2**63 else None
    if found is None or not _live(found):
        raise UnknownName("shared link", str(number), (), "The list has those that work.")
    found.revoked_at = now()
    return found


def _live(share: Share) -> bool:
    return share.revoked_at is None and share.ends_at > now()
