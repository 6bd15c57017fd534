"""raw/imports: every imported file as it came, with the mapping that was used.

``7-orders.csv`` is the file, ``7.toml`` beside it says how it was read. A file counts as kept once both
are on disk under these names; the ``.toml`` is renamed last. What a crash leaves behind is either a
``.part`` or a file without its ``.toml`` (never acknowledged: removed), or both complete but not in the
database yet (taken up by the next import or rebuild).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kizuna.collect.source import Progress, ReadOptions
from kizuna.errors import ImportFailed

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a file was imported: all that is needed to do it again.

    `after` is the place in raw/messages (segment, offset) up to which messages were in the facts then.
    """

    fact: str
    file: str
    sha256: str
    imported_at: datetime
    mapping: Mapping[str, str] = field(default_factory=dict)
    group: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    options: ReadOptions = field(default_factory=ReadOptions)
    exchange: Mapping[str, float] = field(default_factory=dict)
    after: tuple[int, int] = (0, 0)

    def same_as(self, other: Recipe) -> bool:
        """Same content read in the same way, whenever it was."""
        names = ("fact", "sha256", "mapping", "group", "keep", "options", "exchange")
        return all(getattr(self, name) == getattr(other, name) for name in names)


@dataclass(frozen=True, slots=True)
class Kept:
    """One kept import: its number, the file and its recipe."""

    number: int
    path: Path
    recipe: Recipe


def folder_of(root: Path) -> Path:
    """The folder of kept imports in a workspace."""
    return root / "raw" / "imports"


def kept(root: Path) -> list[Kept]:
    """All kept imports, in order. Raises `ImportFailed` for a recipe or file that is not right."""
    folder = folder_of(root)
    recipes = (path for path in folder.glob("*.toml") if path.stem.isdigit())
    return [_read(folder, path) for path in sorted(recipes, key=lambda path: int(path.stem))]


def _read(folder: Path, file: Path) -> Kept:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
        recipe = Recipe(
            values["fact"], values["file"], values["sha256"], values["imported_at"].replace(tzinfo=None),
            values.get("mapping", {}), tuple(values.get("group", ())), tuple(values.get("keep", ())),
            ReadOptions(**values.get("options", {})), values.get("exchange", {}), _place(values.get("after", (0, 0))),
        )  # fmt: skip
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ImportFailed(
            f"{file} is damaged: {error}.", "Restore it from a backup, or remove it with the file beside it."
        ) from None
    found = [path for path in folder.glob(f"{file.stem}-*") if path.suffix != ".part"]
    if len(found) != 1:
        raise ImportFailed(
            f"The file that belongs to {file} is missing.", "Restore it from a backup, or remove the .toml."
        )
    return Kept(int(file.stem), found[0], recipe)


def _place(after: Any) -> tuple[int, int]:
    segment, offset = after
    return int(segment), int(offset)


def sweep(root: Path) -> None:
    """Remove what a crash left half-written."""
    folder = folder_of(root)
    for path in folder.glob("*.part"):
        path.unlink(missing_ok=True)
    for path in folder.glob("*-*"):
        number = path.name.split("-", 1)[0]
        if number.isdigit() and not (folder / f"{number}.toml").exists():
            path.unlink(missing_ok=True)


def hash_of(path: Path) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def keep(root: Path, number: int, source: Path, recipe: Recipe, progress: Progress | None = None) -> Path:
    """Copy a file into raw/imports with its recipe, on disk when this returns."""
    folder = folder_of(root)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{number}-{_safe(recipe.file)}"
    part = folder / f"{number}-data.part"
    size, done = source.stat().st_size, 0
    digest = hashlib.sha256()
    with source.open("rb") as file, part.open("wb") as out:
        while chunk := file.read(_CHUNK):
            out.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            if progress:
                progress("keep", done, size)
        _flush(out)
    if digest.hexdigest() != recipe.sha256:
        part.unlink()
        raise ImportFailed(f"{recipe.file} changed while it was read.", "Import it again when it is complete.")
    part.rename(target)
    note = folder / f"{number}.toml.part"
    with note.open("wb") as out:
        out.write(_written(recipe).encode("utf-8"))
        _flush(out)
    note.rename(folder / f"{number}.toml")
    _flush_folder(folder)
    return target


def forget(root: Path, number: int) -> None:
    """Remove an import that was refused after all; the recipe first, so that nothing takes it up."""
    folder = folder_of(root)
    with contextlib.suppress(FileNotFoundError):
        (folder / f"{number}.toml").unlink()
    for path in folder.glob(f"{number}-*"):
        path.unlink(missing_ok=True)


def _safe(name: str) -> str:
    """A file name without what could lead out of the folder or hide it."""
    return re.sub(r"[^\w.\-]+", "_", Path(name).name).lstrip(".")[-120:] or "file"


def _flush(out: Any) -> None:
    out.flush()
    os.fsync(out.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _written(recipe: Recipe) -> str:
    """The recipe as TOML. JSON strings are TOML strings once the escape of ``/`` and of DEL is left alone."""
    lines = [
        f"fact = {_text(recipe.fact)}",
        f"file = {_text(recipe.file)}",
        f"sha256 = {_text(recipe.sha256)}",
        f"imported_at = {recipe.imported_at.replace(tzinfo=UTC).isoformat().replace('+00:00', 'Z')}",
        f"group = [{', '.join(map(_text, recipe.group))}]",
        f"keep = [{', '.join(map(_text, recipe.keep))}]",
        f"after = [{recipe.after[0]}, {recipe.after[1]}]",
    ]
    for table, values in (
        ("mapping", recipe.mapping),
        ("options", recipe.options.said()),
        ("exchange", recipe.exchange),
    ):
        lines += ["", f"[{table}]", *_pairs(values)]
    return "\n".join(lines) + "\n"


def _pairs(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        shown = (
            _text(value)
            if isinstance(value, str)
            else "true"
            if value is True
            else "false"
            if value is False
            else repr(value)
        )
        yield f"{_text(name)} = {shown}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
