"""Messages of every client in one shape, Segment's: a type, ids that are text, and no write key."""

from __future__ import annotations

from kizuna.collect.decide import IDS, Message
from kizuna.collect.posthog import from_posthog, is_posthog

CALLS = frozenset(("track", "identify", "page", "screen", "group", "alias"))
KEYS = ("writeKey", "write_key", "api_key", "token")
"""Names under which clients put the write key into the body."""

NIL = "00000000-0000-0000-0000-000000000000"
PLACEHOLDERS = frozenset(("undefined", "null", "none", "nil", "nan", "[object object]", NIL))
"""What programs send as an id when they have none; everybody with one of them would become one person."""

LONGEST = max(len(text) for text in PLACEHOLDERS - {NIL})


def shaped(item: Message, call: str) -> Message:
    """A message in Segment's shape: its type, no write key, ids as text."""
    if call in CALLS:
        if item.get("type") != call:
            item = {**item, "type": call}
    elif "distinct_id" in item or item.get("type", "capture") == "capture":
        if is_posthog(item):
            item = from_posthog(item)
        elif "event" in item:
            item.setdefault("type", "track")
    for name in KEYS:
        if name in item:
            del item[name]
    for name in IDS:
        if name in item:
            value = item[name]
            # Nearly every id is a text longer than anything that stands for nobody.
            if value.__class__ is not str or len(value) <= LONGEST or value == NIL or value[0].isspace():
                item = _text_id(item, name)
    return item


def _text_id(item: Message, name: str) -> Message:
    """Numbers become text; what stands for nobody is put aside, where `decide` can tell of it."""
    value = item[name]
    if value.__class__ is int:
        return item | {name: str(value)}
    if value.__class__ is float:
        return item | {name: str(int(value)) if value.is_integer() else repr(value)}
    if value.__class__ is not str:
        if value is None:
            del item[name]
    elif not value or value.isspace():
        del item[name]
    elif (len(value) < 16 or value.startswith("00000000")) and value.lower() in PLACEHOLDERS and name != "messageId":
        aside = item.get("placeholders")
        del item[name]
        return item | {"placeholders": {**aside, name: value} if isinstance(aside, dict) else {name: value}}
    return item
