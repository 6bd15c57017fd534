"""Which server mails go out by: the setting ``[mail]``.

    [mail]
    host = "smtp.example.com"
    port = 587                        # 465 with security = "tls", 25 with "none"
    security = "starttls"             # or "tls" (from the first byte), or "none"
    user = "kizuna"
    password_env = "MAIL_PASSWORD"    # the variable that holds it; or password = "…"
    from = "Yukimi Tea <hello@example.com>"
    reply_to = "support@example.com"
    per_minute = 60

A password is never sent over a connection that anybody can read: with ``security = "none"`` there is none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any, Literal

from kizuna.errors import SettingError, did_you_mean

Security = Literal["starttls", "tls", "none"]
PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
KEYS: dict[str, type] = {
    "host": str,
    "port": int,
    "security": str,
    "user": str,
    "password": str,
    "password_env": str,
    "from": str,
    "reply_to": str,
    "per_minute": int,
}
_HIDDEN = "•••"


@dataclass(frozen=True, slots=True)
class MailServer:
    """An SMTP server, and in whose name it sends. `sender` and `reply_to` are addresses, with or without a name."""

    host: str
    port: int
    security: Security
    sender: str
    reply_to: str = ""
    user: str = ""
    password_env: str = ""
    plain_password: str = ""
    per_minute: int = 60

    @property
    def password(self) -> str:
        """The password. Raises `SettingError` where the variable that should hold it is not set."""
        if not self.password_env:
            return self.plain_password
        found = os.environ.get(self.password_env)
        if found is None:
            raise SettingError(
                f"The variable {self.password_env} with the password of {self.host} is not set.",
                "Set it where the server is started, or change password_env under [mail].",
            )
        return found


def mail_server(table: Mapping[str, Any], origin: str = "settings") -> MailServer | None:
    """The server that the setting ``[mail]`` tells of, None where it is not set.

    Raises `SettingError` that names the key and what it should be.
    """
    if not table:
        return None
    place = f"{origin}: [mail]"
    for key, value in table.items():
        if key not in KEYS:
            near = did_you_mean(key, KEYS)
            hint = f"Did you mean {near!r}?" if near else f"It takes {', '.join(KEYS)}."
            raise SettingError(f"{place} has no key {key!r}.", hint)
        if type(value) is not KEYS[key]:
            kind = "text" if KEYS[key] is str else "a whole number"
            raise SettingError(
                f"{place}: {key} must be {kind}, not {value!r}.", "docs/guides/asking.md shows an example."
            )
    security = _security(table, place)
    port, per_minute = table.get("port", PORTS[security]), table.get("per_minute", 60)
    if not table.get("host"):
        raise SettingError(f"{place} names no host.", 'Write the server\'s name, such as host = "smtp.example.com".')
    if not 0 < port < 65_536:
        raise SettingError(f"{place}: there is no port {port}.", f"It is usually {PORTS[security]}.")
    if per_minute < 1:
        raise SettingError(
            f"{place}: per_minute must be 1 or more, not {per_minute}.", "Leave [mail] out to send nothing."
        )
    _check_login(table, security, place)
    return MailServer(
        table["host"],
        port,
        security,
        _address(table, "from", place),
        _address(table, "reply_to", place) if "reply_to" in table else "",
        table.get("user", ""),
        table.get("password_env", ""),
        table.get("password", ""),
        per_minute,
    )


def without_password(table: Mapping[str, Any]) -> dict[str, Any]:
    """The setting as it may be shown."""
    return {key: _HIDDEN if key == "password" else value for key, value in table.items()}


def _security(table: Mapping[str, Any], place: str) -> Security:
    said = table.get("security", "starttls")
    for known in PORTS:
        if said == known:
            return known
    near = did_you_mean(said, PORTS)
    hint = f"Did you mean {near!r}?" if near else ""
    raise SettingError(f"{place}: security must be one of {', '.join(PORTS)}, not {said!r}.", hint)


def _check_login(table: Mapping[str, Any], security: Security, place: str) -> None:
    secrets = [key for key in ("password", "password_env") if table.get(key)]
    if len(secrets) == 2:
        raise SettingError(f"{place} has a password and a password_env.", "Keep one of them.")
    if secrets and not table.get("user"):
        raise SettingError(f"{place} has a {secrets[0]} and no user.", "Write the user it belongs to.")
    if table.get("user") and not secrets:
        raise SettingError(f"{place} has a user and no password.", "Name the variable that holds it with password_env.")
    if secrets and security == "none":
        raise SettingError(
            f"{place}: with security = 'none' the password could be read on the way.",
            "Use 'starttls' or 'tls', or leave user and password out.",
        )


def _address(table: Mapping[str, Any], key: str, place: str) -> str:
    said = str(table.get(key, ""))
    _, address = parseaddr(said)
    user, _, domain = address.rpartition("@")
    if not user or ("." not in domain.strip(".") and domain != "localhost") or any(c in said for c in "\r\n"):
        raise SettingError(
            f"{place}: {key} must be an address, not {said!r}.", f'Write {key} = "Our Name <hello@example.com>".'
        )
    return said
