"""``kizuna tail``: what arrives, as it arrives."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from rich.text import Text

from kizuna.collect.message import Envelope, Kept, read_record
from kizuna.collect.reader import FOLDER, Position, Reader
from kizuna.collect.segment import Record, records
from kizuna.errors import did_you_mean
from kizuna.show.commands.common import WorkspaceOption, short
from kizuna.show.console import CONTROL, note, out

INWARD = ("hook", "people", "survey")
"""Sources that kizuna.toml does not name: webhooks (hook:NAME), what `kizuna people` decided, and surveys."""

_WHO = ("userId", "anonymousId", "customer_id", "email", "phone", "anonymous_id")
"""Where a message says who it is about; the later ones are those of steps of surveys."""

LOOK_AGAIN = 0.25
WIDEST = 60

Message = tuple[Envelope, Kept]


def tail(
    *,
    lines: Annotated[int, Parameter(name=("--lines", "-n"), help="begin with this many that came before")] = 10,
    follow: Annotated[bool, Parameter(help="go on with what arrives, until Ctrl-C")] = True,
    source: Annotated[str | None, Parameter(help="only messages of this source")] = None,
    rejected: Annotated[bool, Parameter(help="only messages that were rejected", negative=())] = False,
    json: Annotated[bool, Parameter(help="one JSON document a line", negative=())] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Show the messages that arrive, one a line, rejected ones with the reason.

    Works with and without a server: it reads the files they are kept in.
    """
    from kizuna.settings import Settings
    from kizuna.workspace import FILE, find

    folder = find(explicit=workspace)
    settings = Settings.read(folder / FILE)
    zone = settings.zone
    note(f"workspace {short(folder)}")
    if source is not None and source not in settings.sources and source.partition(":")[0] not in INWARD:
        near = did_you_mean(source, settings.sources)
        note(f"{FILE} has no source {source!r}" + (f"; did you mean {near!r}?" if near else ""))

    def wanted(message: Message) -> bool:
        envelope, kept = message
        return (not rejected or kept.kind == "rejected") and (source is None or envelope.source == source)

    watcher = Watcher(folder / FOLDER)
    for message in watcher.last(lines, wanted):
        show(message, zone, json)
    while follow:
        for message in filter(wanted, watcher.new()):
            show(message, zone, json)
        time.sleep(LOOK_AGAIN)


class Watcher:
    """Messages of a raw/messages folder in the order in which they came, from its end on."""

    def __init__(self, folder: Path) -> None:
        self._reader = Reader(folder)
        self._at: Position = (0, 0)

    def last(self, count: int, wanted: Callable[[Message], bool]) -> list[Message]:
        """The last messages that are wanted; `new` goes on after them."""
        found: list[Message] = []
        segments = self._reader.segments()
        self._at = (segments[-1], 0) if segments else (0, 0)
        for number in reversed(segments):
            kept: deque[Message] = deque(maxlen=count)
            for end, payload in self._records(number, 0):
                if number == segments[-1]:
                    self._at = (number, end)
                if count:
                    kept.extend(filter(wanted, _messages(payload)))
            found = [*kept, *found][-count:] if count else []
            if len(found) >= count:
                break
        return found

    def new(self) -> Iterator[Message]:
        """What came since, none if nothing did."""
        for number in self._reader.segments():
            if number >= self._at[0]:
                for end, payload in self._records(number, self._at[1] if number == self._at[0] else 0):
                    self._at = (number, end)
                    yield from _messages(payload)

    def _records(self, number: int, after: int) -> Iterator[tuple[int, bytes]]:
        """Whole records; one that is being written is not there yet."""
        try:
            source = self._reader.open(number)
        except FileNotFoundError:
            return
        try:
            for found in records(source, after, source.size):
                if isinstance(found, Record):
                    yield found.end, found.payload
        finally:
            source.close()


def _messages(payload: bytes) -> Iterator[Message]:
    envelope, messages = read_record(payload)
    for message in messages:
        yield envelope, message


def show(message: Message, zone: tzinfo, as_json: bool = False) -> None:
    """Print one message."""
    if as_json:
        out().print(json_line(message), markup=False, soft_wrap=True)
    else:
        out().print(line(message, zone), soft_wrap=True)
    out().file.flush()  # whoever reads through a pipe wants it now


def json_line(message: Message) -> str:
    """A message and what is known of it, for programs."""
    envelope, kept = message
    about = {
        "received_at": _utc(envelope.received_at),
        "source": envelope.source,
        "call": envelope.call,
        "kind": kept.kind,
        "id": kept.id,
        "at": _utc(kept.at),
    }
    told = {"reason": kept.reason, "detail": kept.detail, "note": kept.note, "message": kept.message, "text": kept.text}
    return msgspec.json.encode(about | {name: value for name, value in told.items() if value}).decode()


def line(message: Message, zone: tzinfo) -> Text:
    """A message in one line: when it came, from where, what, by whom; a rejected one with its reason."""
    envelope, kept = message
    body = kept.message or {}
    came = datetime.fromtimestamp(envelope.received_at / 1e6, zone)
    said = Text(f"{came:%H:%M:%S} ", "quiet").append(f"{_plain(envelope.source):<8} ", "default")
    if kept.kind == "rejected":
        said.append(f"rejected {kept.reason}: ", "worse").append(_plain(kept.detail, 3 * WIDEST), "default")
        about = _plain(_about(body) or kept.text or "")
        return said.append(f"  {about}" if about else "", "quiet")
    about = kept.id if kept.kind == "hook" else _step(body) if kept.kind == "survey" else _about(body)
    said.append(f"{kept.kind:<8} ", "accent").append(_plain(about), "default")
    who = next((body[name] for name in _WHO if body.get(name)), "")
    for more in filter(None, (_plain(who), _plain(kept.note, 3 * WIDEST))):
        said.append(f"  {more}", "quiet")
    return said


def _about(body: dict[str, Any]) -> str:
    """What a message is about: the event, the page, the group, the ids that were decided about."""
    properties, page = _inside(body, "properties"), _inside(_inside(body, "context"), "page")
    places = (
        body.get("event"),
        properties.get("path"),
        body.get("name"),
        page.get("path"),
        body.get("groupId"),
        _ids(body),
    )
    return next((str(place) for place in places if place), "")


def _step(body: dict[str, Any]) -> str:
    """What happened to an invitation to a survey: ``answered after-support by email``."""
    what = str(body.get("what") or "").replace("_", " ")
    part = " in part" if what == "answered" and not body.get("complete") else ""
    channel = f" by {body['channel']}" if body.get("channel") else ""
    return f"{what} {body.get('survey') or ''}{part}{channel}{', a test' if body.get('test') else ''}"


def _ids(body: dict[str, Any]) -> str:
    ids = body.get("ids")
    return ", ".join(map(str, ids)) if isinstance(ids, list) else ""


def _inside(body: dict[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _plain(text: object, widest: int = WIDEST) -> str:
    """Text that stays on its line and cannot steer the terminal."""
    shown = str(text).translate(CONTROL)
    return shown if len(shown) <= widest else shown[: widest - 1] + "…"


def _utc(microseconds: int) -> str:
    whole, part = divmod(microseconds, 1_000_000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{part:06}Z"
