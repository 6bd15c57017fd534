"""From the bytes of a request to messages that can be kept: a list of steps.

unpack → read → authorise → split → shape → private → identify → decide. The steps up to `identify`
happen once, at the door: they need the full address, the salt of the day and the write keys, none of
which is kept. `decide` is pure and happens again when the database is rebuilt (`again`). For a message
that is in order, one look (`kizuna.collect.usual`) stands for the steps from shape to decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from kizuna.collect import clock, strict
from kizuna.collect.decide import MADE_ID, Limits, Message, decide, has_time, many_brackets
from kizuna.collect.message import Envelope, Kept, write_line
from kizuna.collect.privacy import SALTS, Consent, Salts, anonymised, day_id, truncated, without_secrets
from kizuna.collect.rates import Rates
from kizuna.collect.refused import Refused
from kizuna.collect.said import Writer, said
from kizuna.collect.shape import CALLS, KEYS, shaped
from kizuna.collect.unpack import unpack
from kizuna.collect.usual import Usual
from kizuna.settings import Settings

__all__ = ["Door", "Received", "Refused", "Request", "again", "receive"]

OF_THE_ATTEMPT = frozenset(("sentAt", "sent_at", "receivedAt", "integrations", "_metadata"))
"""What a client may say otherwise when it sends the same message again."""

AGENT_LENGTH = 512
TAG = "kizuna.js"
BROWSER = "Mozilla/"
"""What the User-Agent of every browser begins with, and that of no library."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the web server knows of a request.

    `call` is the path's last part in its long form (track … batch, capture); `body` as it was sent;
    `encoding` the Content-Encoding header; `key` the write key of Basic authentication; `received_at` in
    microseconds since 1970, UTC.
    """

    call: str
    body: bytes
    encoding: str = ""
    key: str = ""
    agent: str = ""
    address: str = ""
    received_at: int = 0


@dataclass(slots=True)
class Received:
    """What a request brought: `messages` to keep, each with its place in the request in `order`.

    `dropped` messages are not kept for want of consent. `lines` are the messages as they are written,
    `said` what each says (`kizuna.collect.said`): both are made while the message is still in the
    processor's cache, which takes half the time that it takes later.
    """

    envelope: Envelope
    messages: list[Kept] = field(default_factory=list)
    order: list[int] = field(default_factory=list)
    dropped: int = 0
    lines: list[bytes] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)

    def add(self, index: int, kept: Kept, text: bytes | None = None, content: bytes | None = None) -> None:
        """Keep the message that stood at `index`; `text` and `content` are what `Writer` made of it already."""
        self.messages.append(kept)
        self.order.append(index)
        self.lines.append(write_line(kept, text))
        self.said.append(content if content and kept.message is not None else _content(kept))

    def put(self, place: int, kept: Kept) -> None:
        """Keep the message at a place of `messages` otherwise than was thought."""
        self.messages[place] = kept
        self.lines[place] = write_line(kept)
        self.said[place] = _content(kept)


def _content(kept: Kept) -> bytes:
    return said(kept.text if kept.message is None else kept.message)


class Door:
    """What is known where messages come in: who may send, how much, and what people agreed to.

    `root` is the workspace's folder, where the salts of visitor ids live; without one they are kept in
    memory.
    """

    def __init__(self, settings: Settings, root: Path | None = None) -> None:
        self.sources: Mapping[str, str] = {str(key): name for name, key in settings.sources.items()}
        self.limits = Limits.of(settings)
        self.request_bytes: int = settings.max_request_bytes
        self.batch_events: int = settings.max_batch_events
        self.addresses: bool = settings.addresses != "none"
        drop = settings.without_consent == "drop"
        self.consent = Consent(settings.consent_purpose, settings.consent_required, drop)
        self.salts = Salts(root / SALTS if root else None, settings.zone)
        self.rates = Rates(settings.max_key_events)

    def usual(self, request: Request, envelope: Envelope) -> Usual:
        """What looks at the messages of a request first."""
        browser = request.agent.startswith(BROWSER)
        return Usual(envelope, self.limits, self.consent, addresses=self.addresses, browser=browser)


def receive(request: Request, door: Door) -> Received:
    """The messages of a request. Raises `Refused` where nothing of it can be kept."""
    if request.key in door.sources:
        door.rates.check(door.sources[request.key])
    text = unpack(request.body, request.encoding, door.request_bytes)
    try:
        return _received(request, door, text)
    except RecursionError:
        return _not_json(request, door, text, strict.too_deep(text))


def _received(request: Request, door: Door, text: bytes) -> Received:
    try:
        body = strict.decode(text)
        source = _authorise(request, door, body)
        if not isinstance(body, dict):
            return _not_an_object(request, door, source, text)
        return _messages(request, door, source, body, text)
    except strict.NotJson as error:
        return _not_json(request, door, text, error)


def _messages(request: Request, door: Door, source: str, body: Message, text: bytes) -> Received:
    """The messages of a body. Raises `strict.NotJson` where a name stands in it twice."""
    items, sent_at = _split(request, door, body)
    door.rates.take(source, len(items))
    received = Received(_envelope(request, door, source, sent_at))
    usual = door.usual(request, received.envelope)
    write = Writer().write
    # An address that is taken out takes its name along.
    whole = door.addresses
    texts: list[bytes] = []
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            whole = False
            received.add(index, _no_message(item, received.envelope, door))
            texts.append(b"")
            continue
        message: Message | None = item
        kept = usual.kept(item)
        if kept is None:
            names = list(item)
            message = _private(shaped(item, request.call), request, door, source)
            whole = whole and message is item and list(item) == names
        if message is None:
            received.dropped += 1
            continue
        line, content = write(message)
        if kept is None or len(line) > door.limits.event_bytes:
            kept = decide(message, received.envelope, door.limits, line)
        received.add(index, kept, line, content)
        texts.append(line)
    _check_depth(received, texts, door.limits)
    _check_names(body, items, texts if whole else None, text)
    return received


def _check_depth(received: Received, texts: list[bytes], limits: Limits) -> None:
    """Reject what is too deep, for which `Usual` does not look."""
    for place in many_brackets(texts):
        message = received.messages[place].message
        kept = decide(message, received.envelope, limits, texts[place]) if message is not None else None
        if kept is not None and kept.reason == "too_deep":
            received.put(place, kept)


def _check_names(body: Message, items: Sequence[Any], texts: list[bytes] | None, text: bytes) -> None:
    """Raise `strict.NotJson` where a name stands twice; `texts` are the messages, if they have all that they came with.

    They need not be written again to find that out.
    """
    if texts is None:
        strict.read(text)
    elif items is body.get("batch"):
        around = strict.write({name: value if name != "batch" else None for name, value in body.items()})
        strict.check_names(text, around + b"".join(texts))
    elif len(items) == 1 and items[0] is body:
        strict.check_names(text, texts[0])
    else:
        strict.read(text)


def again(envelope: Envelope, kept: Kept, limits: Limits | None = None) -> Kept:
    """A kept message decided anew, as `receive` would decide it today; what only the door can tell stays."""
    if kept.kind in _NOT_DECIDED or kept.reason in _OF_OTHERS or "hook:" in envelope.call:
        return kept
    message = kept.message if kept.message is not None else _from_text(kept)
    if message is None:
        return kept
    try:
        return decide(message, envelope, limits or Limits())
    except RecursionError:
        return kept


_NOT_DECIDED = ("hook", "merge", "split", "survey")
_OF_OTHERS = ("conflicting_duplicate", "signature", "mapping", "survey_link", "survey_closed", "survey_answer")
_MESSAGES_AS_TEXT = ("too_deep", "not_loaded")


def _from_text(kept: Kept) -> Message | None:
    """The message that was kept as text; ``None`` where the text is a body, which has not been through the door."""
    if kept.reason not in _MESSAGES_AS_TEXT or not kept.text:
        return None
    try:
        message = strict.read(kept.text.encode())
    except strict.NotJson:
        return None
    return message if isinstance(message, dict) and isinstance(message.get("messageId"), str) else None


def _envelope(request: Request, door: Door, source: str, sent_at: str | None = None) -> Envelope:
    address = truncated(request.address) if door.addresses else None
    return Envelope(request.received_at, source, request.call, sent_at, request.agent[:AGENT_LENGTH] or None, address)


def _authorise(request: Request, door: Door, body: Any) -> str:
    """The name of the source whose write key the request has."""
    given = [request.key] if request.key else []
    if isinstance(body, dict):
        given += [str(body[name]) for name in KEYS if body.get(name)]
    for key in given:
        if key in door.sources:
            return door.sources[key]
    what = "The write key is not known." if given else "The write key is missing."
    how = "Send it in Basic authentication or as writeKey in the body; `kizuna sources` lists the keys."
    raise Refused(401, "unknown_key" if given else "missing_key", f"{what} {how}")


def _not_json(request: Request, door: Door, text: bytes, error: strict.NotJson) -> Received:
    """A body that is not JSON: kept as text when Basic authentication tells whose it is."""
    detail = f"The body is not JSON: {error}."
    source = door.sources.get(request.key)
    if source is None:
        raise Refused(400, "not_json", detail) from None
    door.rates.take(source, 1)
    received = Received(_envelope(request, door, source))
    # What cannot be read cannot say that it may be kept.
    shown = None if door.consent.purpose else without_secrets(text.decode("utf-8", "backslashreplace"))
    received.add(0, Kept("rejected", at=request.received_at, reason="not_json", detail=detail, text=shown))
    return received


def _not_an_object(request: Request, door: Door, source: str, text: bytes) -> Received:
    door.rates.take(source, 1)
    received = Received(_envelope(request, door, source))
    detail = f"The body must be an object, at byte {len(text) - len(text.lstrip())}."
    shown = None if door.consent.purpose else without_secrets(text.decode())
    received.add(0, Kept("rejected", at=request.received_at, reason="not_an_object", detail=detail, text=shown))
    return received


def _no_message(item: Any, envelope: Envelope, door: Door) -> Kept:
    # What is no message cannot say that it may be kept.
    text = None if door.consent.purpose else without_secrets(strict.write(item).decode())
    detail = "A message must be an object."
    return Kept("rejected", at=envelope.received_at, reason="not_an_object", detail=detail, text=text)


def _split(request: Request, door: Door, body: Message) -> tuple[list[Any], str | None]:
    """The messages of a body and when the batch was sent."""
    if request.call in CALLS or not isinstance(body.get("batch"), list):
        if request.call == "batch" and "event" not in body and "type" not in body:
            raise Refused(400, "not_a_batch", 'A batch is an object with a list of messages: {"batch": [ … ]}.')
        return [body], None
    items = body["batch"]
    if len(items) > door.batch_events:
        what = f"The batch has {len(items):,} messages, the limit is {door.batch_events:,} (setting max_batch_events)."
        raise Refused(413, "too_many", f"{what} Send fewer at once.")
    sent_at = body.get("sentAt", body.get("sent_at"))
    shared = {name: body[name] for name in ("context", "integrations") if isinstance(body.get(name), dict)}
    if shared:
        items = [{**shared, **item} if isinstance(item, dict) else item for item in items]
    return items, str(sent_at) if sent_at is not None else None


def _private(message: Message, request: Request, door: Door, source: str) -> Message | None:
    """A message without what must not reach the disk, under an id of its own; ``None`` to drop it."""
    _without_addresses(message, door)
    if "messageId" not in message:
        message["messageId"] = _made_id(message, request, door, source)
    if not door.consent.given(message):
        if door.consent.drop:
            return None
        salt = door.salts.of(request.received_at)
        return anonymised(message, salt, source, day_id(salt, source, request.address, request.agent))
    # The tag has no id of its own for somebody who names himself: the day's makes what came before his.
    nobody = "anonymousId" not in message and ("userId" not in message or _by_our_tag(message.get("context")))
    if nobody and request.agent.startswith(BROWSER):
        salt = door.salts.of(request.received_at)
        message["anonymousId"] = day_id(salt, source, request.address, request.agent)
    return message


def _by_our_tag(context: Any) -> bool:
    library = context.get("library") if isinstance(context, dict) else None
    return isinstance(library, dict) and library.get("name") == TAG


_ADDRESSED = {"context": ("ip",), "properties": ("ip", "$ip"), "traits": ("ip",)}
"""Where clients put the address of whom they speak of, besides the message itself."""


def _without_addresses(message: Message, door: Door) -> None:
    """Cut the network addresses in a message, or take them out, as the setting says."""
    for name in ("ip", "request_ip"):
        if name in message:
            _cut(message, name, door)
    for part, names in _ADDRESSED.items():
        inner = message.get(part)
        if inner.__class__ is dict:
            for name in names:
                if name in inner:
                    inner = message[part] = {**inner}
                    _cut(inner, name, door)
        elif inner.__class__ is list and part == "context":
            message[part] = []  # it will be rejected for being a list, and is not looked through


def _cut(holder: Message, name: str, door: Door) -> None:
    found = holder[name]
    network = truncated(found) if door.addresses and isinstance(found, str) else None
    if network:
        holder[name] = network
    else:
        del holder[name]


def _made_id(message: Message, request: Request, door: Door, source: str) -> str:
    """An id for a message without one: equal for a retry, because it comes from what the message says.

    Where the message does not tell when it happened, the hour of its arrival stands in; where it does not tell
    of whom it speaks, the visitor's id of the day (an address without a salt could be found by trying all).
    """
    said = strict.write({name: value for name, value in message.items() if name not in OF_THE_ATTEMPT})
    parts = [source.encode(), said]
    if not has_time(message):
        parts.append(str(request.received_at // clock.HOUR).encode())
    if "userId" not in message and "anonymousId" not in message:
        salt = door.salts.of(request.received_at)
        parts.append(day_id(salt, source, request.address, request.agent).encode())
    return MADE_ID + blake2b(b"\0".join(parts), digest_size=16).hexdigest()
