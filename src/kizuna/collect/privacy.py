"""What is taken out before anything reaches the disk: addresses, and what people did not agree to.

Network addresses are cut to their network (/24 of IPv4, /48 of IPv6) or not kept. A visitor whose
browser sends no id gets one for the day: a keyed hash (BLAKE2b, RFC 7693) of the source, the address
and the User-Agent header, under a random salt of that day. The salt is destroyed when it is two days
old at the most; from then on nobody, we included, can tell which address an id came from by trying
all addresses, nor that two days' ids are one person.

It does not protect from whoever can read the salts while they live, from backups made of them, nor
from a disk that keeps what was overwritten; and people behind one address with the same browser are
one visitor. A salt is never in raw/, so that neither a rebuild nor a copy of raw/ can bring it back.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any

SALTS = "salts.toml"
DAY_ID = "day-"
"""What ids that last one day begin with."""


@lru_cache(maxsize=65_536)
def truncated(address: str) -> str | None:
    """The network of an address (203.0.113.0, 2001:db8:1::), ``None`` where it is none."""
    try:
        found = ip_address(address.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(ip_network((found, 48), strict=False).network_address)
        found = found.ipv4_mapped
    return str(ip_network((found, 24), strict=False).network_address)


# A name, what stands between it and its value (quotes, also escaped or of an address), and the value.
_SECRETS = re.compile(
    r"((?:(?<!\w)|(?<=%22))(?:\$?ip|request_ip|writeKey|write_key|api_key|token)(?:%(?:22|3A|20)|[\s\\\"':=])+)[\w.:+/-]+"
)
_ADDRESSES = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|(?<![\w:])(?:[0-9a-fA-F]{0,4}:){4,7}[0-9a-fA-F]{0,4}"
)


def without_secrets(text: str) -> str:
    """A text that is not JSON, without the addresses and keys that can be recognised in it."""
    return _ADDRESSES.sub(lambda found: truncated(found[0]) or found[0], _SECRETS.sub(r"\1", text))


class Salts:
    """The salt of each day, in a file that only its owner reads; without a file, in memory."""

    def __init__(self, file: Path | None, zone: tzinfo = UTC) -> None:
        self._file, self._zone = file, zone
        self._lock = threading.Lock()
        self._salts: dict[str, bytes] = {}
        if file is not None and file.exists():
            self._salts = _read(file)

    def of(self, at: int) -> bytes:
        """The salt of the day of a time (microseconds since 1970), made when it is first asked for."""
        day = self._day(at)
        salt = self._salts.get(day.isoformat())
        if salt is None:
            with self._lock:
                salt = self._salts.setdefault(day.isoformat(), secrets.token_bytes(32))
                self._forget(day)
                self._write()
        return salt

    def sweep(self, at: int) -> None:
        """Destroy the salts that are of neither today nor yesterday; call it now and then."""
        with self._lock:
            if self._forget(self._day(at)):
                self._write()

    def _day(self, at: int) -> date:
        """Days are those of the business, so that nobody is a second visitor at nine in the morning."""
        return datetime.fromtimestamp(at // 1_000_000, self._zone).date()

    def _forget(self, today: date) -> bool:
        # A request that came before midnight may be looked at after it, and the other way round.
        kept = {(today + timedelta(days=days)).isoformat() for days in (-1, 0, 1)}
        old = self._salts.keys() - kept
        for day in old:
            del self._salts[day]
        return bool(old)

    def _write(self) -> None:
        if self._file is None:
            return
        lines = "".join(f'{day} = "{salt.hex()}"\n' for day, salt in sorted(self._salts.items()))
        written = self._file.with_suffix(".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(written, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        written.replace(self._file)


def _read(file: Path) -> dict[str, bytes]:
    """The salts of a file. A damaged one is as good as destroyed: visitors of today get another id."""
    try:
        return {day: bytes.fromhex(salt) for day, salt in tomllib.loads(file.read_text(encoding="utf-8")).items()}
    except (ValueError, TypeError):
        return {}


def day_id(salt: bytes, *known: str) -> str:
    """The id, for one day, of whoever `known` describes."""
    return DAY_ID + blake2b("\0".join(known).encode("utf-8", "replace"), key=salt, digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Consent:
    """What people must have agreed to before their messages are kept as they are.

    `purpose` as the consent banner names it, empty when nobody needs to be asked; `required`: silence is
    a no; `drop`: without consent a message is not kept, else it is made anonymous.
    """

    purpose: str = ""
    required: bool = False
    drop: bool = False

    def given(self, message: Mapping[str, Any]) -> bool:
        """Whether a message may be kept as it is (``context.consent.categoryPreferences``, as Segment has it)."""
        if not self.purpose:
            return True
        said: Any = message
        for name in ("context", "consent", "categoryPreferences"):
            said = said.get(name) if isinstance(said, dict) else None
        # Banners and settings are written by different people: Analytics and analytics are one purpose.
        purpose = self.purpose.lower()
        answers = [said[name] for name in said if name.lower() == purpose] if isinstance(said, dict) else []
        told = [answer for answer in answers if answer is not None]
        return all(answer is True for answer in told) if told else not self.required


PERSONAL = frozenset(
    (
        *("firstname", "lastname", "fullname", "username", "email", "emailaddress", "phone", "phonenumber", "mobile"),
        *("address", "street", "ip", "requestip", "avatar", "birthday", "birthdate", "dateofbirth"),
        *("userid", "customerid", "anonymousid", "distinctid", "anondistinctid", "deviceid", "sessionid", "windowid"),
        *("set", "setonce", "traits"),
    )
)
"""Names of properties that tell who somebody is, without regard to case, ``$``, ``_`` and ``-``."""

PEOPLE = frozenset(("customer", "user", "person", "contact", "recipient", "billing", "shipping"))
"""Names of objects that are about somebody; as anything else than objects they may be what shipping costs."""

_PEOPLE_CALLS = ("identify", "group", "alias")
_KEPT = frozenset(
    (
        *("type", "event", "name", "category", "messageId", "channel", "properties", "context"),
        *("timestamp", "originalTimestamp", "sentAt"),
    )
)
_CONTEXT = ("traits", "ip", "externalIds", "device", "location", "groupId", "sessionId", "session_id")
# Bounded, so that a long word costs no more than its length.
_EMAIL = re.compile(r"[\w.+-]{1,64}(?:@|%40)[\w-]{1,63}\.[\w.-]{1,190}")
_PLAIN = str.maketrans("", "", "$_- ")


def anonymised(message: dict[str, Any], salt: bytes, source: str, visitor: str) -> dict[str, Any] | None:
    """A message without who sent it, under an id for the day; ``None`` for calls that only tell who somebody is."""
    if message.get("type") in _PEOPLE_CALLS:
        return None
    known = message.get("userId") or message.get("anonymousId")
    kept = {name: value for name, value in message.items() if name in _KEPT}
    kept["anonymousId"] = day_id(salt, source, str(known)) if known else visitor
    if isinstance(kept.get("properties"), dict):
        # The name of a page or a product is one, that of whoever sends it is another.
        kept["properties"] = {n: v for n, v in kept["properties"].items() if n.lower() != "name"}
    if isinstance(kept.get("context"), dict):
        kept["context"] = {n: v for n, v in kept["context"].items() if n not in _CONTEXT}
    for name in ("properties", "context"):
        if name in kept:
            kept[name] = _impersonal(kept[name])
    return kept


def _impersonal(value: Any) -> Any:
    """A value without what names somebody, however deep it lies."""
    if isinstance(value, str):
        return _EMAIL.sub("", value) if "@" in value or "%40" in value else value
    if isinstance(value, list):
        return [_impersonal(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {name: _impersonal(inner) for name, inner in value.items() if not _is_personal(name, inner)}


def _is_personal(name: str, value: Any) -> bool:
    plain = name.lower().translate(_PLAIN)
    return plain in PERSONAL or plain.endswith("address") or (plain in PEOPLE and isinstance(value, dict))
