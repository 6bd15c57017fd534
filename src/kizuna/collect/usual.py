"""The usual message, decided at one look.

Nearly every message that comes is in order: it names in text who did what, tells its time, and carries
nothing that must be put right. Taking every step of `kizuna.collect.receive` for it was half of the
collector's work. `Usual` looks once, and answers what the steps would answer, or nothing: then the
steps are taken. The steps are what holds; a test has both answer the same bodies.
"""

from __future__ import annotations

from typing import Any

from kizuna.collect import clock
from kizuna.collect.decide import ORDER, Limits, Message
from kizuna.collect.message import Envelope, Kept
from kizuna.collect.privacy import Consent, truncated
from kizuna.collect.shape import CALLS, KEYS, LONGEST, PLACEHOLDERS

_OWN = {"track": "properties", "page": "properties", "screen": "properties", "identify": "traits"}
"""The types there are many of, each with the object that belongs to it."""

_NAMES = (*KEYS, "ip", "request_ip", "placeholders", "groupId", "previousId", *_OWN.values())
_UNUSUAL = {kind: frozenset(_NAMES) - {own} for kind, own in _OWN.items()}
"""Names that ask for more than a look, in a message of a type."""


class Usual:
    """Looks at the messages of one request, of which `envelope` tells.

    `addresses`: whether networks of addresses are kept. `browser`: whether a browser sent it, so that
    whoever has no id gets one for the day.
    """

    __slots__ = ("_addresses", "_ahead", "_browser", "_consent", "_kinds", "_received_at", "_sent_at")

    def __init__(self, envelope: Envelope, limits: Limits, consent: Consent, *, addresses: bool, browser: bool) -> None:
        self._received_at, self._sent_at, self._ahead = envelope.received_at, envelope.sent_at, limits.ahead
        self._consent = consent if consent.purpose else None
        self._addresses, self._browser = addresses, browser
        self._kinds = frozenset(_OWN) & {envelope.call} if envelope.call in CALLS else frozenset(_OWN)

    def kept(self, item: Message) -> Kept | None:
        """A usual message as it is kept, the address in it cut; ``None`` for any other, which stays as it is.

        How large it is and how deep is for others to see.
        """
        get = item.get
        kind, id, anonymous, user = get("type"), get("messageId"), get("anonymousId"), get("userId")
        if kind.__class__ is not str or kind not in self._kinds or not _UNUSUAL[kind].isdisjoint(item):
            return None
        if not (_is_id(id) and (_is_id(anonymous) if anonymous is not None else self._needs_none(item))):
            return None
        if not (_is_id(user) if user is not None else anonymous is not None and "userId" not in item):
            return None
        if kind == "track":
            event = get("event")
            if event.__class__ is not str or event == ORDER or not event or event.isspace():
                return None
        elif kind != "identify" and not (_is_name(get("name")) and _is_name(get("category"))):
            return None
        own = get(_OWN[kind])
        if own is not None and (own.__class__ is not dict or "ip" in own or "$ip" in own):
            return None
        if self._consent is not None and not self._consent.given(item):
            return None
        return self._timed(kind, id, item)

    def _needs_none(self, item: Message) -> bool:
        """Whether a message without an anonymousId gets none."""
        return not self._browser and "anonymousId" not in item

    def _timed(self, kind: Any, id: Any, item: Message) -> Kept | None:
        if item.get("timestamp") is None and item.get("originalTimestamp") is None:
            return None
        try:
            at, note = clock.happened(item, self._received_at, self._sent_at, self._ahead)
        except clock.BadTime:
            return None
        context = item.get("context")
        if context is not None and (context.__class__ is not dict or ("ip" in context and not self._cut(context))):
            return None
        return Kept(kind, id, at, item, note=note)

    def _cut(self, context: dict[str, Any]) -> bool:
        """Cut the address in a context; False where it must be taken out."""
        address = context["ip"]
        network = truncated(address) if self._addresses and address.__class__ is str else None
        if network is None:
            return False
        context["ip"] = network
        return True


def _is_id(value: Any) -> bool:
    """Whether a value is an id that needs no second look: text, and nothing that stands for nobody."""
    if value.__class__ is not str:
        return False
    if len(value) > LONGEST and "1" <= value < "{":
        return True
    return bool(value) and not value.isspace() and value.lower() not in PLACEHOLDERS


def _is_name(value: Any) -> bool:
    return value is None or value.__class__ is str
