"""The door for webhooks: POST /hooks/NAME, as ``hooks/NAME.toml`` in the workspace says.

Before anything of a webhook is kept it must be known (404), be small enough (413), be JSON or a form
(400), and prove that it comes from its sender (401, see `kizuna.collect.signature`). What is kept is the
whole body, and of the headers only those the hook's rules look at; which rows come of it is decided when
it is loaded, and again at every rebuild, so a mended hook file mends what came before.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from kizuna.collect import signature as signatures
from kizuna.collect import strict
from kizuna.collect.clock import read_time
from kizuna.collect.hookfile import FOLDER, Hook, Rule, read_file
from kizuna.collect.hookpath import Delivery, as_text, find, read_path
from kizuna.collect.message import Envelope, Kept
from kizuna.collect.receive import Received
from kizuna.collect.refused import Refused
from kizuna.collect.unpack import unpack
from kizuna.errors import ImportFailed, did_you_mean
from kizuna.settings import Settings

_HOUR = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Echo:
    """The answer to a vendor's challenge; nothing is kept of it."""

    text: str
    content_type: str = "text/plain; charset=utf-8"


class Hooks:
    """The hooks of a workspace. A file that is changed, added or removed is taken up by itself."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.folder = Path(root) / FOLDER
        self.settings = settings
        self._read: dict[str, tuple[tuple[int, int], Hook | ImportFailed]] = {}

    def names(self) -> list[str]:
        """The hooks there are, also those whose file is not right."""
        return sorted(path.stem for path in self.folder.glob("*.toml"))

    def get(self, name: str) -> Hook | None:
        """The hook of a name, ``None`` where there is no file. Raises `ImportFailed` where the file is not right."""
        path = self.folder / f"{name}.toml"
        # A name comes from an address: it must be one of the folder's own.
        try:
            state = path.stat() if name.replace("-", "").replace("_", "").isalnum() else None
        except OSError:
            state = None
        if state is None:
            self._read.pop(name, None)
            return None
        stamp = (state.st_mtime_ns, state.st_size)
        if name not in self._read or self._read[name][0] != stamp:
            self._read[name] = (stamp, _attempt(path))
        found = self._read[name][1]
        if isinstance(found, ImportFailed):
            raise found
        return found


def _attempt(path: Path) -> Hook | ImportFailed:
    try:
        return read_file(path)
    except ImportFailed as error:
        return error


def receive_hook(name: str, headers: Mapping[str, str], body: bytes, received_at: int, hooks: Hooks) -> Received | Echo:
    """Receive a webhook.

    `headers` by name in any case, `body` as sent, `received_at` in microseconds. Gives what is to be kept, or the
    `Echo` to answer a challenge with. Raises `Refused`: 404, 413, 415, 400, 401.
    """
    hook = _known(name, hooks)
    known = {key.lower(): value for key, value in headers.items()}
    raw = unpack(body, known.get("content-encoding", ""), int(hooks.settings.max_request_bytes))
    alone = signatures.by_headers(hook.signature)
    if alone:
        # Before anything else is made of the body: strangers get no further.
        _prove(hook, raw, Delivery(None, known, None), received_at, hooks.settings)
    document = document_of(raw, known.get("content-type", ""))
    delivery = Delivery(document, known, document)
    if not alone:
        _prove(hook, raw, delivery, received_at, hooks.settings)
    answer = _challenged(hook, delivery)
    if answer is not None:
        return answer
    kept = {"body": document}
    needed = {key: known[key] for key in hook.headers if key in known}
    if needed:
        kept["headers"] = needed
    at = event_time(hook, None, delivery, received_at, int(hooks.settings.clock_ahead_hours))
    message = Kept("hook", delivery_id(hook, delivery), at, kept)
    received = Received(Envelope(received_at, f"hook:{name}", f"hook:{name}"))
    received.add(0, message)
    return received


def greet(name: str, query: Mapping[str, str], hooks: Hooks) -> Echo:
    """Answer a GET by which a vendor makes sure of the address. Raises `Refused`: 404, 401."""
    hook = _known(name, hooks)
    challenge = hook.challenge
    if challenge is None or not challenge.query or challenge.query not in query:
        raise Refused(404, "no_challenge", f"/{FOLDER}/{name} takes POST requests.")
    if challenge.token_query:
        given = query.get(challenge.token_query, "").encode()
        if not sum(hmac.compare_digest(given, secret) for secret in hook.signature.secrets()):
            raise Refused(401, "signature", f"{challenge.token_query} is not the hook's secret.")
    return Echo(query[challenge.query])


def delivery_of(message: Mapping[str, Any]) -> Delivery:
    """The delivery that was kept as `message`."""
    body = message.get("body")
    return Delivery(body, message.get("headers") or {}, body)


def delivery_id(hook: Hook, delivery: Delivery) -> str:
    """What makes a delivery unique: what the hook says, else its content."""
    found = as_text(find(hook.id, delivery)[1]) if hook.id else None
    return found or "content-" + hashlib.blake2b(strict.write(delivery.body), digest_size=16).hexdigest()


def event_time(hook: Hook, rule: Rule | None, delivery: Delivery, received_at: int, ahead_hours: int) -> int:
    """When it happened, in microseconds: as the rule or the hook says, else when it arrived."""
    for path in (rule.time if rule else None, hook.time):
        there, value = find(path, delivery) if path else (False, None)
        if there and value is not None:
            with contextlib.suppress(ValueError):
                at = read_time(value)
                return at if at <= received_at + ahead_hours * _HOUR else received_at
    return received_at


def _known(name: str, hooks: Hooks) -> Hook:
    try:
        hook = hooks.get(name)
    except ImportFailed as error:
        # The sender tries again later; what is wrong with the file is not its business.
        raise Refused(404, "unknown_hook", f"The hook {name[:80]!r} is not ready: see kizuna hooks.") from error
    if hook is None:
        near = did_you_mean(name, hooks.names())
        hint = f" Did you mean {near!r}?" if near else f" Make {FOLDER}/NAME.toml in the workspace."
        raise Refused(404, "unknown_hook", f"There is no hook {name[:80]!r}.{hint}")
    return hook


def document_of(raw: bytes, content_type: str) -> Any:
    """The body: JSON, or the fields of a form. Raises `Refused` 400."""
    try:
        document = strict.read(raw)
    except strict.NotJson as error:
        if "x-www-form-urlencoded" in content_type.lower():
            with contextlib.suppress(UnicodeDecodeError, ValueError):
                return dict(parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=1000))
        raise Refused(400, "not_json", f"The body is neither JSON nor a form: {error}.") from None
    if not isinstance(document, (dict, list)):
        raise Refused(400, "not_an_object", "The body is neither an object nor a list.")
    return document


def hook_url(name: str, settings: Settings) -> str:
    """The address a vendor sends to."""
    return f"{str(settings.public_url).rstrip('/')}/{FOLDER}/{name}"


def _prove(hook: Hook, raw: bytes, delivery: Delivery, now: int, settings: Settings) -> None:
    url = hook_url(hook.name, settings)
    try:
        signatures.check(hook.signature, raw, delivery, now, int(settings.webhook_minutes), url)
    except signatures.Unsigned as error:
        raise Refused(401, "signature", f"Not accepted: {error}.") from None


def _challenged(hook: Hook, delivery: Delivery) -> Echo | None:
    challenge = hook.challenge
    if challenge is None or not challenge.path:
        return None
    path, echo = read_path(challenge.path), read_path(challenge.echo)
    assert path is not None and echo is not None
    there, value = find(path, delivery)
    if not there or as_text(value) != challenge.value:
        return None
    return Echo(as_text(find(echo, delivery)[1]) or "")
