"""Changing ``kizuna.toml``: what is not changed stays as it was written, comments as well.

A change is looked at as a whole workspace's settings would be before it replaces the file, and the file is replaced
at once, so that nobody reads half of it.
"""

from __future__ import annotations

import os
import threading
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from kizuna.errors import SettingError
from kizuna.settings import SETTINGS, Settings
from kizuna.sources import replace

_turn = threading.Lock()


def written(file: Path) -> dict[str, Any]:
    """What the file says, without defaults and environment."""
    return tomllib.loads(file.read_text(encoding="utf-8"))


def faults(file: Path, changes: Mapping[str, Any]) -> dict[str, SettingError]:
    """What would be wrong with each change if it were the only one, by name; empty if all can be made."""
    found = {}
    for name, value in changes.items():
        try:
            _read(_merged(written(file), {name: value}))
        except SettingError as error:
            found[name] = error
    return found


def change(file: Path, changes: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Put settings into the file; ``None`` takes one out, so that it has its default. Gives what changed: old and new.

    Raises `SettingError` for what cannot be; the file is as it was then.
    """
    with _turn:
        text = file.read_text(encoding="utf-8")
        before = _read(tomllib.loads(text))
        wanted = _merged(tomllib.loads(text), changes)
        after = _read(wanted)
        document = tomlkit.parse(text)
        for name, value in changes.items():
            _put(document, name, value)
        made = tomlkit.dumps(document)
        if tomllib.loads(made) != wanted:
            raise SettingError(f"{file.name} is written in a way that cannot be changed here.", "Edit it by hand.")
        if made != text:
            replace(file, made)
    return {name: (before[name], after[name]) for name in changes if before[name] != after[name]}


def from_environment(name: str) -> str:
    """The environment variable that overrides a setting now, empty without one."""
    variable = f"KIZUNA_{name.upper()}"
    return variable if variable in os.environ else ""


def _read(values: Mapping[str, Any]) -> Settings:
    return Settings(values, "kizuna.toml")


def _merged(values: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in values.items() if name not in changes}
    return kept | {name: value for name, value in changes.items() if value is not None}


def _put(document: tomlkit.TOMLDocument, name: str, value: Any) -> None:
    assert name in SETTINGS
    if value is None:
        document.pop(name, None)
    elif isinstance(value, dict) and isinstance(document.get(name), dict):
        _fill(document[name], value)
    else:
        document[name] = value


def _fill(table: Any, value: dict[str, Any]) -> None:
    """A table's entries one by one, so that those that stay keep their comments."""
    for key in [key for key in table if key not in value]:
        del table[key]
    for key, each in value.items():
        if table.get(key) != each:
            table[key] = each
