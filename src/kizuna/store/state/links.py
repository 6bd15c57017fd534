"""One-time links: set-up of the first account, invitations, new passwords. Whoever has one may use it, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from kizuna.store.state.tables import OneTimeLink, now
from kizuna.store.state.tokens import digest, make_token

Purpose = Literal["setup", "invite", "reset"]
LIFETIMES: dict[Purpose, timedelta] = {
    "setup": timedelta(days=1),
    "invite": timedelta(days=7),
    "reset": timedelta(days=1),
}
PATH = "/welcome"


def make(session: Session, purpose: Purpose, account_id: int | None = None) -> str:
    """A new link's token; those made before for the same lead nowhere any more."""
    if account_id is None:
        session.execute(delete(OneTimeLink).where(OneTimeLink.account_id.is_(None)))
    else:
        end_all(session, account_id)
    token = make_token()
    session.add(
        OneTimeLink(digest=digest(token), purpose=purpose, account_id=account_id, ends_at=now() + LIFETIMES[purpose])
    )
    return token


def found(session: Session, token: str) -> OneTimeLink | None:
    """The link of a token, while it can be used."""
    link = session.get(OneTimeLink, digest(token)) if token else None
    return link if link is not None and link.used_at is None and link.ends_at > now() else None


def use(session: Session, token: str) -> bool:
    """Use a link up; of many who try at once one is told that it worked."""
    mine = (OneTimeLink.digest == digest(token), OneTimeLink.used_at.is_(None), OneTimeLink.ends_at > now())
    done = session.execute(update(OneTimeLink).where(*mine).values(used_at=now()))
    assert isinstance(done, CursorResult)
    return done.rowcount == 1


def end_all(session: Session, account_id: int) -> None:
    """Links of an account lead nowhere any more."""
    session.execute(delete(OneTimeLink).where(OneTimeLink.account_id == account_id))


def address(url: str, token: str) -> str:
    """Where a link leads; `url` is the server's."""
    return f"{url.rstrip('/')}{PATH}?token={token}"
