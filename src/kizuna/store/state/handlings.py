"""Handlings: what becomes of an answer, whose it is, and by which words it is to be found again.

An answer nobody has touched is new and has no row here; one row is kept of each that somebody has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from kizuna.errors import QuestionError, did_you_mean
from kizuna.store.state.tables import Account, Handling

Status = Literal["new", "open", "done"]
STATUSES: tuple[Status, ...] = get_args(Status)
"""``new`` until somebody takes it on, ``open`` while they do, ``done`` afterwards."""

MOST_TAGS, LONGEST_TAG = 10, 40
MOST_AT_ONCE = 500
_PIECE = 500
NOBODY = 0
"""Stands for no owner, where one may be taken away."""


def of(session: Session, responses: Sequence[str]) -> dict[str, Handling]:
    """The handlings of responses, by id; those that are new are not among them."""
    pieces = (responses[at : at + _PIECE] for at in range(0, len(responses), _PIECE))
    return {
        found.response: found
        for piece in pieces
        for found in session.scalars(select(Handling).where(Handling.response.in_(piece)))
    }


def matching(
    session: Session, *, status: Status | None = None, owner: int | None = None, tag: str = ""
) -> list[str] | None:
    """The ids of responses with a status, an owner (`NOBODY` for none) and a tag; None where nothing is asked for.

    Not for what may be new or without an owner as well: see `touched`.
    """
    wanted: list[ColumnElement[bool]] = []
    if status is not None:
        wanted.append(Handling.status == status)
    if owner is not None:
        wanted.append(Handling.owner_id == owner if owner != NOBODY else Handling.owner_id.is_(None))
    if not wanted and not tag:
        return None
    rows = session.execute(select(Handling.response, Handling.tags).where(*wanted))
    return [response for response, tags in rows if not tag or tag in tags]


def touched(session: Session, *, status: bool = False, owner: bool = False) -> list[str]:
    """The ids of responses that are no longer new, or that have an owner: what is left out where these are not."""
    wanted: list[ColumnElement[bool]] = []
    if status:
        wanted.append(Handling.status != "new")
    if owner:
        wanted.append(Handling.owner_id.is_not(None))
    found: dict[str, None] = {}
    for each in wanted:
        found |= dict.fromkeys(session.scalars(select(Handling.response).where(each)))
    return list(found)


def handle(
    session: Session,
    responses: Sequence[str],
    who: str = "",
    *,
    status: Status | None = None,
    owner: int | None = None,
    tags: Iterable[str] | None = None,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
) -> int:
    """Set what is given of each response and leave the rest; says of how many something changed.

    `owner` is an account's id, `NOBODY` takes the owner away. `tags` replaces all tags, `add` and `remove` change
    some. Raises `QuestionError` for too many at once, for tags that are none, and for an account that cannot own.
    """
    if len(responses) > MOST_AT_ONCE:
        raise QuestionError(f"{len(responses):,} answers are too many at once.", f"Choose at most {MOST_AT_ONCE}.")
    if owner not in (None, NOBODY):
        _owner(session, int(owner or 0))
    known, changed = of(session, responses), 0
    adding, removing = clean_tags(add), {*clean_tags(remove)}
    for response in dict.fromkeys(responses):
        found = known.get(response) or Handling(response=response, status="new", tags=[])
        before = (found.status, found.owner_id, list(found.tags))
        if status is not None:
            found.status = status
        if owner is not None:
            found.owner_id = owner or None
        base = clean_tags(tags) if tags is not None else list(found.tags)
        found.tags = clean_tags(each for each in [*base, *adding] if each not in removing)
        if (found.status, found.owner_id, list(found.tags)) != before:
            found.who, changed = who, changed + 1
            session.add(found)
    session.flush()
    return changed


def read_status(text: str) -> Status:
    """A status from its word. Raises `QuestionError` with the nearest."""
    for each in STATUSES:
        if each == text:
            return each
    near = did_you_mean(text[:40], STATUSES)
    raise QuestionError(
        f"There is no status {text[:40]!r}.", f"Did you mean {near!r}?" if near else f"It is {', '.join(STATUSES)}."
    )


def clean_tags(tags: Iterable[str] | str) -> list[str]:
    """Tags as they are kept: small letters, one space between words, each once; a text has them between commas.

    Raises `QuestionError` for one that is too long, and for too many.
    """
    given = tags.replace("、", ",").split(",") if isinstance(tags, str) else tags
    found = list(dict.fromkeys(tag for each in given if (tag := " ".join(each.split()).lower())))
    if long := next((tag for tag in found if len(tag) > LONGEST_TAG), ""):
        raise QuestionError(f"The tag {long[:LONGEST_TAG]!r}… is too long.", f"At most {LONGEST_TAG} characters.")
    if len(found) > MOST_TAGS:
        raise QuestionError(f"{len(found)} tags are too many.", f"At most {MOST_TAGS} for one answer.")
    return found


def tags_used(session: Session, most: int = 50) -> list[str]:
    """The tags there are, the most used first."""
    counted = Counter(tag for tags in session.scalars(select(Handling.tags)) for tag in tags)
    return [tag for tag, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:most]]


def owners(session: Session) -> list[Account]:
    """The accounts that an answer can be given to, by name: those that may change something and sign in."""
    able = select(Account).where(Account.disabled_at.is_(None), Account.role.in_(("editor", "admin")))
    return list(session.scalars(able.order_by(func.lower(Account.name), Account.id)))


def _owner(session: Session, id: int) -> None:
    if id not in {account.id for account in owners(session)}:
        raise QuestionError("Nobody of that number can be given answers.", "Choose an editor or an admin.")
