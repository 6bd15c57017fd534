"""Private files: a workspace holds what people did and keys that let messages in; other accounts need neither.

What is made anew can be read and written by its owner alone, and by its group where the umask leaves the group
the right to write (002, 007: people who share files set it so; the usual 022 does not). What is there already
keeps the rights it was given. Windows, which has other rights, is left as it is.

This keeps out other accounts of the machine. It does not protect from its administrator, nor a copy that is
made elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

_OTHERS, _GROUP, _GROUP_WRITES = 0o007, 0o070, 0o020


def make_folder(path: Path) -> None:
    """Make a private folder, and those above it that are missing. One that is there and empty is closed to others."""
    if not path.exists():
        path.mkdir(parents=True)
        restrict(path)
    elif not any(path.iterdir()):
        with contextlib.suppress(PermissionError):  # it is somebody else's, who decides
            _keep_out(path, _OTHERS)


def make_file(path: Path, text: str) -> None:
    """Make a private file; nobody else can open it before the text is in it either. Raises `FileExistsError`."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o660), "w", encoding="utf-8") as file:
        restrict(path)
        file.write(text)


def restrict(path: Path) -> None:
    """Take from something just made the rights that the umask left too many."""
    group_too = path.stat().st_mode & _GROUP_WRITES
    _keep_out(path, _OTHERS if group_too else _OTHERS | _GROUP)


def open_to_others(file: Path) -> bool:
    """Whether any account of the machine can read a file: its own rights and those of all folders above it."""
    if os.name == "nt":
        return False
    return bool(file.stat().st_mode & stat.S_IROTH) and all(
        folder.stat().st_mode & stat.S_IXOTH for folder in file.resolve().parents
    )


def _keep_out(path: Path, whom: int) -> None:
    if os.name != "nt":
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~whom)
