"""The tables of ``kizuna.toml``: what their entries may be called, and what they may say.

A wrong entry says nothing by itself: a rate under a name that no currency has is never used, hours on a day
that no week has are never open. So each is refused when the file is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from kizuna.currency import is_currency, nearest_currency
from kizuna.errors import SettingError, did_you_mean

SOURCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
SOURCE_NAMES = "Use letters, digits, - and _, such as web or ios."
_KEY = re.compile(r"[^\s:\x00-\x1f\x7f]{1,200}")
_ANOTHER = "Delete the line of {0}, then `kizuna sources add {0}` makes a key."
_DEAREST = 1e10


def check_sources(sources: Mapping[str, Any], origin: str, settings: Collection[str]) -> None:
    """Raise `SettingError` for a source whose name or write key cannot be one, and for a key that two have.

    `settings` are the names of all settings: one of them in a table was meant to stand before it.
    """
    names: dict[str, str] = {}
    for name, key in sources.items():
        place = f"{origin}: [sources] {name}"
        if not isinstance(key, str):
            hint = _moved(name, settings) or _ANOTHER.format(name)
            raise SettingError(f"{place} must be a write key, which is text, not {key!r}.", hint)
        if not SOURCE_NAME.fullmatch(name):
            raise SettingError(f"{origin}: {name!r} under [sources] cannot be a source's name.", SOURCE_NAMES)
        if not _KEY.fullmatch(key):
            what = "is empty" if not key else "has a space or a colon in it, or is too long"
            raise SettingError(f"{place}: the write key {what}.", _ANOTHER.format(name))
        if key in names:
            raise SettingError(
                f"{place} and {names[key]} have the same write key, so that nobody could tell them apart.",
                _ANOTHER.format(name),
            )
        names[key] = name


def check_mail_sources(named: Collection[Any], sources: Collection[str], origin: str) -> None:
    """Raise `SettingError` for a source that may have mails sent and is not there."""
    for name in named:
        if name not in sources:
            near = did_you_mean(str(name), sources)
            hint = f"Did you mean {near!r}?" if near else "`kizuna sources` lists them."
            raise SettingError(f"{origin}: mail_sources names {name!r}, and there is no such source.", hint)


def check_currency(code: str, origin: str) -> None:
    """Raise `SettingError` for a currency that there is not."""
    if not is_currency(code):
        raise SettingError(f"{origin}: currency must be an ISO 4217 code such as JPY, not {code!r}.", _meant(code))


def check_exchange(rates: Mapping[str, Any], home: str, origin: str, settings: Collection[str]) -> None:
    """Raise `SettingError` for a currency that there is not or is there twice, and for what is no rate."""
    seen: dict[str, str] = {}
    for name, rate in rates.items():
        code = name.strip().upper()
        if not is_currency(code):
            hint = _moved(name, settings) or _meant(name)
            raise SettingError(f"{origin}: {name!r} under [exchange] is no ISO 4217 code of a currency.", hint)
        if code in seen:
            raise SettingError(f"{origin}: [exchange] has {code} twice, as {seen[code]} and {name}.", "Delete one.")
        if type(rate) not in (int, float) or not 0 < rate < _DEAREST:
            raise SettingError(
                f"{origin}: the rate of {name} under [exchange] must be a number above 0, not {rate!r}.",
                f"Write what one {code} is worth in {home}.",
            )
        seen[code] = name


def check_names(
    table: str, entries: Mapping[str, Any], known: Collection[str], origin: str, settings: Collection[str]
) -> None:
    """Raise `SettingError` for an entry of a table whose names are all known."""
    for name in entries:
        if name not in known:
            near = did_you_mean(name, known)
            hint = f"Did you mean {near!r}?" if near else f"It can have {', '.join(known)}."
            hint = _moved(name, settings) or hint
            raise SettingError(f"{origin}: there is no {name!r} under [{table}].", hint)


def _meant(code: str) -> str:
    near = nearest_currency(code)
    return f"Did you mean {near!r}?" if near else "Write its three letters, such as EUR."


def _moved(name: str, settings: Collection[str]) -> str:
    """TOML counts every line after a table's name to that table: the usual way in which a setting gets there."""
    return f"{name} is a setting: move its line up, before the first line in [brackets]." if name in settings else ""
