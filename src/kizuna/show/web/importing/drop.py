"""Files that were dropped and are not imported yet: ``uploads/ID/`` in the workspace, each with what was chosen.

An id is 128 random bits, so that nobody guesses whose file waits. What nobody came back for within a day is removed.
Nothing here is needed again: an imported file is kept under raw/imports.
"""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from kizuna.collect.source import ReadOptions
from kizuna.private import make_folder

FOLDER = "uploads"
KEPT_SECONDS = 86_400
LONGEST_NAME = 150

_ID = re.compile(r"[\w-]{22}", re.ASCII)
_NOTE = "drop.json"


class Choices(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is said about a file. `mapping` is field → column or expression, as in ``kizuna import --map``."""

    fact: str = ""
    mapping: dict[str, str] = {}
    group: str = ""
    keep: tuple[str, ...] = ()
    table: str = ""
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    dates: str | None = None
    header: bool | None = None

    @property
    def options(self) -> ReadOptions:
        """How the file is read; the table apart, which is a workbook's sheet or a database's table."""
        return ReadOptions(None, self.encoding, self.delimiter, self.header, self.decimal, self.dates)


class Drop(msgspec.Struct, frozen=True):
    """A file that waits. `name` is what it was called, `file` what it is called here, `at` seconds since 1970."""

    id: str
    name: str
    file: str
    size: int
    who: str
    at: float
    choices: Choices = Choices()


class Drops:
    """The files that wait in a workspace."""

    def __init__(self, root: Path) -> None:
        self.folder = root / FOLDER

    def begin(self, name: str) -> tuple[str, Path]:
        """A new id, and the path to write the file to. Nothing is there before `finish`."""
        self.sweep()
        id = secrets.token_urlsafe(16)
        folder = self.folder / id
        for each in (self.folder, folder):
            make_folder(each)
        return id, folder / safe_name(name)

    def finish(self, id: str, path: Path, name: str, who: str) -> Drop:
        """The file is whole: let it be found."""
        drop = Drop(id, _shown(name), path.name, path.stat().st_size, who, time.time())
        self.save(drop)
        return drop

    def save(self, drop: Drop) -> None:
        """Keep what was chosen."""
        note = self.folder / drop.id / _NOTE
        new = note.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(drop))
        new.replace(note)

    def get(self, id: str) -> Drop | None:
        """The file of an id, ``None`` where there is none (any more)."""
        if not _ID.fullmatch(id):
            return None
        try:
            return msgspec.json.decode((self.folder / id / _NOTE).read_bytes(), type=Drop)
        except (OSError, msgspec.MsgspecError):
            return None

    def path(self, drop: Drop) -> Path:
        return self.folder / drop.id / drop.file

    def waiting(self) -> Iterator[Drop]:
        """All files that wait, the latest first."""
        found = (self.get(path.name) for path in self.folder.glob("*"))
        yield from sorted((drop for drop in found if drop), key=lambda drop: -drop.at)

    def remove(self, id: str) -> None:
        """Forget a file."""
        if _ID.fullmatch(id):
            shutil.rmtree(self.folder / id, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what nobody came back for, and uploads that were cut off."""
        limit = time.time() - KEPT_SECONDS
        for folder in self.folder.glob("*"):
            if _ID.fullmatch(folder.name) and folder.stat().st_mtime < limit:
                self.remove(folder.name)


def safe_name(name: str) -> str:
    """A file's name that leads nowhere else and hides nothing; letters of any language stay."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = re.sub(r"[^\w.\-]+", "_", last).lstrip("._")
    # No file system takes more than 255 bytes, and the suffix says what it is.
    while len(clean.encode()) > LONGEST_NAME:
        clean = clean[1:]
    return clean if clean and clean != _NOTE else "file"


def _shown(name: str) -> str:
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(each if each.isprintable() else " " for each in last)[:200].strip() or "file"
