"""Pages of a list: each says where the next one begins, so that nothing is missed or doubled while the list grows.

A page's end is the place of its last entry in the list's order (keyset pagination), not how many came before. The
place is told as one opaque word, ``after``.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from kizuna.errors import QuestionError

T = TypeVar("T")


def mark_of(*place: str | int) -> str:
    """The word for a place: the values that the list is ordered by."""
    told = json.dumps(place, ensure_ascii=False, separators=(",", ":")).encode()
    return urlsafe_b64encode(told).decode().rstrip("=")


def place_of(mark: str, *kinds: type) -> tuple[Any, ...]:
    """The place that a word stands for. Raises `QuestionError` where it is not one of ours."""
    try:
        padded = mark.encode("ascii") + b"=" * (-len(mark) % 4)
        place = json.loads(urlsafe_b64decode(padded))
    except (ValueError, Error, RecursionError):
        place = None
    right = isinstance(place, list) and len(place) == len(kinds)
    if not right or not all(type(value) is kind for value, kind in zip(place, kinds, strict=True)):
        raise QuestionError("after is not the place of an entry.", "Take it from 'next' of the page before.")
    return tuple(place)


def page(entries: Sequence[T], key: Callable[[T], str], after: str, limit: int) -> tuple[list[T], str | None]:
    """A page of a list that is at hand, in the order it has, and the word for the next one.

    `key` names an entry; where the entry that `after` names is gone, the list cannot be gone on with.
    """
    start = 0
    if after:
        (name,) = place_of(after, str)
        names = [key(each) for each in entries]
        if name not in names:
            raise QuestionError("The entry that after names is gone.", "Read the list from its beginning.")
        start = names.index(name) + 1
    found = list(entries[start : start + limit])
    more = start + limit < len(entries)
    return found, mark_of(key(found[-1])) if more else None
