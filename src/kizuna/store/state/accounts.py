"""Accounts: who may sign in, in which role."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from kizuna.store.state.tables import Account


def add(session: Session, email: str, name: str, role: str) -> Account:
    """A new account, without a password yet."""
    account = Account(email=email.strip().lower(), name=name.strip(), role=role)
    session.add(account)
    session.flush()
    return account


def by_email(session: Session, email: str) -> Account | None:
    """The account of an address, however it is capitalised."""
    return session.scalar(select(Account).where(Account.email == email.strip().lower()))
