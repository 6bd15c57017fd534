"""Browsers that are signed in. A token lives in a cookie, its digest here, so that a logout is at once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from kizuna.store.state.tables import Account, LoginSession, now
from kizuna.store.state.tokens import digest, make_token

LIFETIME = timedelta(days=7)
"""However often it is used; then one signs in again."""


def begin(session: Session, account: Account, agent: str = "") -> str:
    """Sign somebody in; gives the token for their cookie."""
    token = make_token()
    session.add(LoginSession(digest=digest(token), account_id=account.id, ends_at=now() + LIFETIME, agent=agent[:200]))
    return token


def account_of(session: Session, token: str) -> Account | None:
    """Whose token it is, while it lasts and they may sign in."""
    found = session.get(LoginSession, digest(token))
    if found is None or found.ends_at <= now():
        return None
    account = session.get(Account, found.account_id)
    return account if account is not None and account.disabled_at is None else None


def end(session: Session, token: str) -> None:
    """Sign out here."""
    session.execute(delete(LoginSession).where(LoginSession.digest == digest(token)))


def end_all(session: Session, account_id: int) -> None:
    """Sign out everywhere: the password or the role has changed, or the account is disabled."""
    session.execute(delete(LoginSession).where(LoginSession.account_id == account_id))
