"""What becomes of a message, from the message and its envelope alone.

Nothing here looks at a clock, a file or a salt, so that the same message is decided in the same way
when the database is rebuilt. The checks are a list, in the order in which the first reason is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kizuna.collect import clock, strict
from kizuna.collect.message import Envelope, Kept, Reason
from kizuna.errors import did_you_mean
from kizuna.settings import Settings

Message = dict[str, Any]

TYPES = frozenset(("track", "page", "screen", "identify", "group", "alias"))
IDS = ("userId", "anonymousId", "groupId", "previousId", "messageId")
MADE_ID = "made-"
"""What ids begin with that were made here, from a message's content."""

MAX_DEPTH = 32
"""Objects and lists inside one another, in one message."""

ORDER = "Order Completed"
AMOUNTS = ("total", "value", "revenue")
"""Where an order's amount stands (Segment spec, e-commerce), what the customer paid first."""

NO_ID = "messageId and timestamp are missing: an equal message within the same hour counts as the same"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large messages may be and how far ahead their clocks; bytes, and microseconds.

    `currencies` are those of which the value is known; empty where nobody asks.
    """

    event_bytes: int = 32_768
    ahead: int = 24 * clock.HOUR
    currencies: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits a workspace has set."""
        known = frozenset(str(code).upper() for code in (settings.currency, *settings.exchange))
        return cls(settings.max_event_bytes, settings.clock_ahead_hours * clock.HOUR, known)


class Unfit(Exception):
    """A message cannot become a fact: `reason` and the sentence for people."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")


def decide(message: Message, envelope: Envelope, limits: Limits, text: bytes | None = None) -> Kept:
    """The message as it is kept: accepted with its time, or rejected with its reason.

    `text` is the message as JSON, for who has it already.
    """
    text = text or strict.write(message)
    try:
        for check in CHECKS:
            check(message, text, limits)
        at, note = clock.happened(message, envelope.received_at, envelope.sent_at, limits.ahead)
    except Unfit as unfit:
        return rejected(message, envelope, unfit.reason, unfit.detail, text)
    except clock.BadTime:
        return rejected(message, envelope, "bad_time", _bad_time(message), text)
    if message["type"] == "track" and message["event"] == ORDER:
        note = "; ".join(filter(None, (note, *_no_order(message, limits))))
    return Kept(message["type"], message["messageId"], at, message, note=_noted(message, note))


def rejected(message: Message, envelope: Envelope, reason: Reason, detail: str, text: bytes) -> Kept:
    """A message that is kept only to be looked at; as text where it is too deep, for not every reader goes so deep."""
    id = message.get("messageId")
    id = id if isinstance(id, str) else ""
    if reason == "too_deep":
        return Kept("rejected", id, envelope.received_at, reason=reason, detail=detail, text=text.decode())
    return Kept("rejected", id, envelope.received_at, message, reason, detail)


def _bad_time(message: Message) -> str:
    name = "timestamp" if message.get("originalTimestamp") is None else "originalTimestamp"
    return f"{name} {_shown(message[name])} is not a time. Send ISO 8601, such as 2026-11-22T05:01:02.123Z."


def _noted(message: Message, note: str) -> str:
    """All that was put right, in one line."""
    if "placeholders" in message and isinstance(message["placeholders"], dict):
        aside = message["placeholders"]
        said = [f"{name} {_shown(aside[name])} names nobody and was left out" for name in IDS if name in aside]
        note = "; ".join(filter(None, (*said, note)))
    if message["messageId"].startswith(MADE_ID) and not has_time(message):
        note = "; ".join(filter(None, (NO_ID, note)))
    return note


def _no_order(message: Message, limits: Limits) -> Iterator[str]:
    """Why an order that is told of will not be counted as one, though its event is."""
    said = message.get("properties") or {}
    if not (said.get("order_id") or said.get("orderId")):
        yield "properties.order_id is missing, so this event makes no order"
    if not any(_is_amount(said.get(name)) for name in AMOUNTS):
        yield f"none of {', '.join(AMOUNTS)} is a number, so this event makes no order"
    currency = said.get("currency")
    if limits.currencies and isinstance(currency, str) and currency.strip().upper() not in {"", *limits.currencies}:
        yield f"there is no rate for {_shown(currency)} under [exchange] in kizuna.toml, so this event makes no order"


def _is_amount(value: Any) -> bool:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def has_time(message: Message) -> bool:
    """Whether a message tells when it happened."""
    return message.get("timestamp") is not None or message.get("originalTimestamp") is not None


def _shown(value: Any) -> str:
    """A value as JSON, cut at 80 characters."""
    text = strict.write(value).decode()
    return text if len(text) <= 80 else text[:79] + "…"


def _size(message: Message, text: bytes, limits: Limits) -> None:
    if len(text) > limits.event_bytes:
        what = f"The message has {len(text):,} bytes, the limit is {limits.event_bytes:,} (setting max_event_bytes)."
        raise Unfit("too_large", what)


def _depth(message: Message, text: bytes, limits: Limits) -> None:
    # Few brackets cannot be deep: counting them spares the walk.
    if _brackets(text) > MAX_DEPTH and _deep(message, MAX_DEPTH):
        raise Unfit("too_deep", f"The message is nested deeper than {MAX_DEPTH} levels.")


def _brackets(text: bytes) -> int:
    # Looking for one spares counting.
    return text.count(b"{") + (text.count(b"[") if b"[" in text else 0)


def many_brackets(texts: Sequence[bytes]) -> list[int]:
    """Which of these messages may be too deep: the places of those with many brackets."""
    if len(texts) < 10:
        return [place for place, text in enumerate(texts) if _brackets(text) > MAX_DEPTH]
    # { and [ are one bit apart. Looking through all at once takes half the time.
    found = np.flatnonzero(np.frombuffer(b"".join(texts), np.uint8) | 0x20 == ord("{"))
    ends = np.cumsum([len(text) for text in texts])
    counts = np.diff(np.searchsorted(found, ends), prepend=0)
    return [int(place) for place in np.flatnonzero(counts > MAX_DEPTH)]


def _deep(value: Any, left: int) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return left == 0 or any(_deep(inner, left - 1) for inner in value)


def _type(message: Message, text: bytes, limits: Limits) -> None:
    kind = message.get("type")
    if kind.__class__ is not str or kind not in TYPES:
        near = did_you_mean(kind[:40], TYPES) if isinstance(kind, str) else None
        hint = f"Did you mean {near!r}?" if near else f"Send one of {', '.join(sorted(TYPES))}."
        said = "type is missing" if kind is None else f"there is no type {_shown(kind)}"
        raise Unfit("unknown_type", f"{said[0].upper()}{said[1:]}. {hint}")


_NAMED = {"track": ("event",), "page": ("name", "category"), "screen": ("name", "category")}
_TEXTS = {kind: (*IDS, *_NAMED.get(kind, ())) for kind in TYPES}
_OBJECTS = {
    "track": ("properties", "context"),
    "page": ("properties", "context"),
    "screen": ("properties", "context"),
    "identify": ("traits", "context"),
    "group": ("traits", "context"),
    "alias": ("context",),
}


def _types(message: Message, text: bytes, limits: Limits) -> None:
    for name in _OBJECTS[message["type"]]:
        value = message.get(name)
        if value is not None and value.__class__ is not dict:
            raise Unfit("wrong_type", f"{name} is {_kind(value)} {_shown(value)}, it must be an object.")
    for name in _TEXTS[message["type"]]:
        value = message.get(name)
        if value is not None and value.__class__ is not str:
            raise Unfit("wrong_type", f"{name} is {_kind(value)} {_shown(value)}, it must be text.")


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "the truth value"
    if isinstance(value, (int, float)):
        return "the number"
    return {dict: "the object", list: "the list", str: "the text"}[value.__class__]


def _event(message: Message, text: bytes, limits: Limits) -> None:
    if message["type"] == "track":
        event = message.get("event")
        if not event or event.isspace():
            raise Unfit("missing_event", "event is missing: the name of what happened, such as Order Completed.")


_NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "track": (("userId", "anonymousId"),),
    "page": (("userId", "anonymousId"),),
    "screen": (("userId", "anonymousId"),),
    "identify": (("userId", "anonymousId"),),
    "group": (("groupId",), ("userId", "anonymousId")),
    "alias": (("userId", "anonymousId"), ("previousId",)),
}


def _user(message: Message, text: bytes, limits: Limits) -> None:
    for names in _NEEDED[message["type"]]:
        for name in names:
            if message.get(name):
                break
        else:
            raise Unfit("missing_user", f"{' or '.join(names)} is missing{_left_out(message, names)}.")


def _left_out(message: Message, names: tuple[str, ...]) -> str:
    out = message.get("placeholders")
    said = [_shown(out[name]) for name in names if name in out] if isinstance(out, dict) else []
    return f" ({', '.join(said)} names nobody)" if said else ""


CHECKS: tuple[Callable[[Message, bytes, Limits], None], ...] = (_size, _depth, _type, _types, _event, _user)
