"""The tables of ``state.db``. Times are in UTC, without a zone; names of people are kept only where they act."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

# On SQLite only INTEGER counts up by itself.
_Number = BigInteger().with_variant(Integer(), "sqlite")


def now() -> datetime:
    """The time, as these tables keep it."""
    return datetime.now(UTC).replace(tzinfo=None)


class Base(DeclarativeBase):
    """All tables of the state."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {dict[str, Any]: JSON, list[str]: JSON}


class Account(Base):
    """Somebody who signs in. `email` is kept in lower case; `password` is an argon2id hash, empty until one is set."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(_Number, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(10))
    password: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(10), default="")
    theme: Mapped[str] = mapped_column(String(10), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled_at: Mapped[datetime | None]


class LoginSession(Base):
    """A browser that is signed in; only a digest of its token is kept."""

    __tablename__ = "login_session"
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    ends_at: Mapped[datetime]
    agent: Mapped[str] = mapped_column(String(200), default="")


class OneTimeLink(Base):
    """A link that works once: `purpose` is setup, invite or reset."""

    __tablename__ = "one_time_link"
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    ends_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiKey(Base):
    """A key of programs that read; `role` is what it may (viewer, editor, admin), `hint` its last characters."""

    __tablename__ = "api_key"
    id: Mapped[int] = mapped_column(_Number, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(10))
    hint: Mapped[str] = mapped_column(String(8))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Share(Base):
    """A link by which anybody sees one page's numbers, until it ends or is revoked; `path` has the query in it."""

    __tablename__ = "share"
    id: Mapped[int] = mapped_column(_Number, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    path: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    ends_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Audit(Base):
    """Who did or saw what: `who` is an e-mail address or a key's name as it was then."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(_Number, primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    who: Mapped[str] = mapped_column(String(260))
    action: Mapped[str] = mapped_column(String(60), index=True)
    subject: Mapped[str] = mapped_column(String(300), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    address: Mapped[str] = mapped_column(String(64), default="")


class Note(Base):
    """An annotation: what happened on a day (or until another, included); no `metrics` means it concerns all."""

    __tablename__ = "note"
    id: Mapped[int] = mapped_column(_Number, primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    last_day: Mapped[date | None]
    text: Mapped[str] = mapped_column(String(500))
    metrics: Mapped[list[str]] = mapped_column(default=list)
    who: Mapped[str] = mapped_column(String(260), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class SavedSegment(Base):
    """A named condition on customers, in the grammar of `where`."""

    __tablename__ = "segment"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    condition: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(String(260), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Target(Base):
    """Where a metric should get to, and what others have, in the metric's unit."""

    __tablename__ = "target"
    metric: Mapped[str] = mapped_column(String(120), primary_key=True)
    value: Mapped[float | None]
    benchmark: Mapped[float | None]
    benchmark_source: Mapped[str] = mapped_column(String(300), default="")
    who: Mapped[str] = mapped_column(String(260), default="")
    changed_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Handling(Base):
    """What became of an answer or comment: `response` is the response_id of the survey response."""

    __tablename__ = "handling"
    response: Mapped[str] = mapped_column(String(400), primary_key=True)
    status: Mapped[str] = mapped_column(String(10), default="new")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    tags: Mapped[list[str]] = mapped_column(default=list)
    who: Mapped[str] = mapped_column(String(260), default="")
    changed_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
