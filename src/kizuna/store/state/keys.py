"""API keys: what a program sends to be let in. The key is shown once, when it is made; its digest is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from kizuna.errors import KizunaError
from kizuna.store.state import accounts
from kizuna.store.state.tables import Account, ApiKey, now
from kizuna.store.state.tokens import digest, make_token

PREFIX = "kz_"
"""What a key begins with, so that people and scanners for secrets know one when they see it."""

ROLES = ("viewer", "editor")
"""What keys may be; who may do what is changed by people."""

LONGEST_NAME = 100
_HINT = 4
_SEEN = timedelta(minutes=1)


def make(session: Session, name: str, role: str, account_id: int | None = None) -> tuple[ApiKey, str]:
    """A new key: how it is kept, and the key itself. Raises `KizunaError` without a name or for no role of keys."""
    called = " ".join(name.split())[:LONGEST_NAME]
    if not called:
        raise KizunaError("The key has no name.", "Name it after the program that uses it.")
    if role not in ROLES:
        raise KizunaError(f"A key cannot have the role {role[:40]!r}.", f"It is one of {', '.join(ROLES)}.")
    key = make_token(PREFIX)
    kept = ApiKey(digest=digest(key), name=called, role=role, hint=key[-_HINT:], account_id=account_id)
    session.add(kept)
    session.flush()
    return kept, key


def found(session: Session, key: str) -> tuple[ApiKey, str] | None:
    """The key that was sent and what it may: never more than whoever made it may by now.

    ``None`` where it was revoked or its maker may not come in any more. When it was used last is kept to the minute.
    """
    kept = session.scalar(select(ApiKey).where(ApiKey.digest == digest(key), ApiKey.revoked_at.is_(None)))
    maker = session.get(Account, kept.account_id) if kept is not None and kept.account_id is not None else None
    if kept is None or (maker is not None and maker.disabled_at is not None):
        return None
    if kept.used_at is None or now() - kept.used_at > _SEEN:
        kept.used_at = now()
    return kept, min(kept.role, maker.role if maker else kept.role, key=accounts.ROLES.index)


def all_of(session: Session) -> Sequence[ApiKey]:
    """All keys, the newest first, those revoked last."""
    return session.scalars(select(ApiKey).order_by(ApiKey.revoked_at.is_not(None), ApiKey.id.desc())).all()


def revoke(session: Session, key_id: int) -> ApiKey | None:
    """A key that opens nothing any more, at once; ``None`` where there is none of that number."""
    kept = session.get(ApiKey, key_id)
    if kept is not None and kept.revoked_at is None:
        kept.revoked_at = now()
    return kept
