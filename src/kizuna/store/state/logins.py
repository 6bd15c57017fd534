"""Browsers that are signed in. A token lives in a cookie, its digest here, so that a logout is at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kizuna.store.state.tables import Account, LoginSession, now
from kizuna.store.state.tokens import digest, make_token

LIFETIME = timedelta(days=7)
"""However often it is used; then one signs in again. The setting ``login_days`` says otherwise."""

_SEEN = timedelta(minutes=5)


def begin(session: Session, account: Account, agent: str = "", lifetime: timedelta = LIFETIME) -> str:
    """Sign somebody in; gives the token for their cookie. Sessions that have ended by now are forgotten."""
    session.execute(delete(LoginSession).where(LoginSession.ends_at <= now()))
    token = make_token()
    session.add(LoginSession(digest=digest(token), account_id=account.id, ends_at=now() + lifetime, agent=agent[:200]))
    return token


def account_of(session: Session, token: str) -> Account | None:
    """Whose token it is, while it lasts and they may sign in. When it was seen last is kept to some minutes."""
    found = session.get(LoginSession, digest(token))
    if found is None or found.ends_at <= now():
        return None
    account = session.get(Account, found.account_id)
    if account is None or account.disabled_at is not None:
        return None
    if now() - found.seen_at > _SEEN:
        found.seen_at = now()
    return account


def all_of(session: Session, account_id: int) -> Sequence[LoginSession]:
    """Where somebody is signed in, the last seen first."""
    mine = select(LoginSession).where(LoginSession.account_id == account_id, LoginSession.ends_at > now())
    return session.scalars(mine.order_by(LoginSession.seen_at.desc())).all()


def end(session: Session, token: str) -> None:
    """Sign out here."""
    session.execute(delete(LoginSession).where(LoginSession.digest == digest(token)))


def end_all(session: Session, account_id: int) -> None:
    """Sign out everywhere: the password has changed, or the account is disabled."""
    session.execute(delete(LoginSession).where(LoginSession.account_id == account_id))
