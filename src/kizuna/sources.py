"""Sources: the sites, apps and systems that send messages, each with a write key, in kizuna.toml."""

from __future__ import annotations

import os
import re
import secrets
import string
import tomllib
from pathlib import Path

from kizuna.entries import SOURCE_NAME, SOURCE_NAMES
from kizuna.errors import SettingError

TABLE = "sources"
_LETTERS = string.ascii_letters + string.digits
_KEY_LENGTH = 27
_ENTRY = r"(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*[\w\"'-][^\n]*\n"
_WHOLE = re.compile(rf"^\[ *sources *\][^\n]*\n(?:{_ENTRY})*", re.M)
"""The table with its entries; a new one comes last, so that the first source stays the first."""

_COMMENTED = re.compile(r"^# ?\[ *sources *\] *$\n?", re.M)


def make_key() -> str:
    """A write key: 27 letters and digits, 160 random bits, safe in addresses and scripts."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_KEY_LENGTH))


def add(file: Path, name: str) -> str:
    """Add a source to a ``kizuna.toml`` and give its write key; the rest of the file stays as it is.

    Raises `SettingError` for a name that is taken or cannot be one.
    """
    if not SOURCE_NAME.fullmatch(name):
        raise SettingError(f"{name!r} cannot be a source's name.", SOURCE_NAMES)
    text = file.read_text(encoding="utf-8")
    before = tomllib.loads(text)
    known = before.get(TABLE, {})
    if name in known:
        raise SettingError(
            f"There is a source {name!r} already.", "`kizuna sources` shows its key; choose another name."
        )
    key = make_key()
    wanted = before | {TABLE: known | {name: key}}
    for changed in _ways(text, f'{name} = "{key}"\n'):
        if _means(changed, wanted):
            replace(file, changed)
            return key
    raise SettingError(
        f"The sources in {file} are written in a way that cannot be added to.",
        f'Add the line yourself: {name} = "{key}"',
    )


def _ways(text: str, line: str) -> list[str]:
    """The file with the line in it, the tidiest place first."""
    ended = text if not text or text.endswith("\n") else text + "\n"
    return [
        _WHOLE.sub(lambda m: m.group() + line, ended, count=1),
        _COMMENTED.sub(lambda m: f"[{TABLE}]\n{line}", ended, count=1),
        f"{ended}\n[{TABLE}]\n{line}",
    ]


def _means(text: str, wanted: dict[str, object]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def replace(file: Path, text: str) -> None:
    """Write the whole file anew beside the old one, then put it in its place: nobody reads half of it."""
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    new.chmod(file.stat().st_mode & 0o777)
    new.replace(file)
