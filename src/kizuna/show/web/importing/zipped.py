"""A zip archive with one file in it, as many programs export: the file is taken out.

A workbook is a zip archive as well and stays as it is. What an archive says of a file's size is not believed: no more
is unpacked than may be uploaded.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from kizuna.show.web.importing.drop import safe_name

_WORKBOOK = ("[Content_Types].xml", "mimetype")
_BESIDE = ("__MACOSX/", ".DS_Store")
_PIECE = 1 << 20


class NotOne(Exception):
    """An archive that cannot be taken for a file: `why` is zip_many, zip_broken, zip_locked or too_large."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def taken_out(path: Path, most: int) -> tuple[Path, str]:
    """The file inside the archive `path`, beside it, and its name; the archive is removed.

    What is no archive, and a workbook, comes back as it is. Raises `NotOne`.
    """
    if not zipfile.is_zipfile(path) or not _begins_zip(path):
        return path, path.name
    try:
        with zipfile.ZipFile(path) as archive:
            names = [each for each in archive.infolist() if not each.is_dir() and not _beside(each.filename)]
            if any(each.filename in _WORKBOOK for each in names):
                return path, path.name
            if len(names) != 1:
                raise NotOne("zip_many")
            if names[0].flag_bits & 1:
                raise NotOne("zip_locked")
            target = path.parent / ("unzipped-" + safe_name(names[0].filename))
            _unpack(archive, names[0], target, most)
            name = names[0].filename
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise NotOne("zip_broken") from None
    path.unlink()
    final = path.parent / safe_name(name)
    target.rename(final)
    return final, name


def _begins_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _beside(name: str) -> bool:
    return name.startswith(_BESIDE[0]) or name.endswith(_BESIDE[1])


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, most: int) -> None:
    size = 0
    with archive.open(member) as file, target.open("wb") as out:
        while piece := file.read(_PIECE):
            size += len(piece)
            if size > most:
                raise NotOne("too_large")
            out.write(piece)
