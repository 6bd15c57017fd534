"""Accounts: who may sign in, in which role. There is always an admin who can."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kizuna.errors import KizunaError, UnknownName, did_you_mean
from kizuna.store.state import links, logins
from kizuna.store.state.tables import Account, now

ROLES = ("viewer", "editor", "admin")
LONGEST_ADDRESS, LONGEST_NAME = 254, 200
_ADDRESS = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+")


def add(session: Session, email: str, name: str, role: str) -> Account:
    """A new account, without a password yet. Raises `KizunaError` for an address that has one or is none."""
    account = Account(email=checked_address(email), name=clean_name(name), role=checked_role(role))
    if by_email(session, account.email):
        raise KizunaError(f"{account.email} has an account already.", "kizuna accounts lists them.")
    session.add(account)
    session.flush()
    return account


def by_email(session: Session, email: str) -> Account | None:
    """The account of an address, however it is capitalised."""
    return session.scalar(select(Account).where(Account.email == email.strip().lower()))


def named(session: Session, email: str) -> Account:
    """The account of an address; raises `UnknownName` with the nearest where there is none."""
    found = by_email(session, email)
    if found is None:
        raise UnknownName("account", email[:LONGEST_ADDRESS], [each.email for each in all_of(session)])
    return found


def all_of(session: Session) -> Sequence[Account]:
    """All accounts, by name; disabled ones last."""
    by_name = (Account.disabled_at.is_not(None), func.lower(Account.name), Account.email)
    return session.scalars(select(Account).order_by(*by_name)).all()


def any_there(session: Session) -> bool:
    """Whether the workspace has been set up: somebody has an account."""
    return session.scalar(select(Account.id).limit(1)) is not None


def set_password(session: Session, account: Account, hashed: str) -> None:
    """A new password, as its hash: who is signed in is not any more, and links sent before lead nowhere."""
    account.password = hashed
    logins.end_all(session, account.id)
    links.end_all(session, account.id)


def set_role(session: Session, account: Account, role: str) -> None:
    """Another role, from the next request on. Raises `KizunaError` if nobody would be admin then."""
    account.role = checked_role(role)
    session.flush()
    _still_an_admin(session)


def disable(session: Session, account: Account) -> None:
    """No signing in any more, and out at once. Raises `KizunaError` for the last admin."""
    account.disabled_at = account.disabled_at or now()
    session.flush()
    _still_an_admin(session)
    logins.end_all(session, account.id)
    links.end_all(session, account.id)


def enable(session: Session, account: Account) -> None:
    """May sign in again, with the password of before."""
    account.disabled_at = None
    session.flush()


def checked_address(email: str) -> str:
    """An e-mail address as it is kept. Raises `KizunaError` for what cannot be one."""
    address = email.strip().lower()
    if len(address) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        raise KizunaError(f"{email.strip()[:80]!r} is not an e-mail address.", "Write it as aya@example.com.")
    return address


def clean_name(name: str) -> str:
    """A person's name on one line."""
    return " ".join(name.split())[:LONGEST_NAME]


def checked_role(role: str) -> str:
    """A role. Raises `KizunaError` for what is none, with the nearest that is."""
    if role not in ROLES:
        near = did_you_mean(role, ROLES)
        hint = f"Did you mean {near!r}?" if near else f"It is one of {', '.join(ROLES)}."
        raise KizunaError(f"There is no role {role[:40]!r}.", hint)
    return role


def _still_an_admin(session: Session) -> None:
    there = select(Account.id).where(Account.role == "admin", Account.disabled_at.is_(None)).limit(1)
    if session.scalar(there) is None:
        raise KizunaError("This is the last admin: nobody could manage accounts.", "Make somebody else an admin first.")
