"""Which server has a workspace open: at most one, and where it is asked.

The server holds a lock on ``server.lock`` in the workspace for as long as it lives (the kernel lets it
go, however the process ends) and writes there who it is. A Unix socket's path may have no more than
about a hundred bytes; where the workspace's is longer, the socket is in a folder of its own under the
system's folder for temporary files. Both can be opened by their owner only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from kizuna.errors import WorkspaceError
from kizuna.settings import FILE

LOCK = "server.lock"
SOCKET = "server.sock"
_LONGEST_PATH = 100
_FOLDER = "kizuna-"
_TRIES, _PAUSE = 20, 0.02


@dataclass(frozen=True, slots=True)
class Running:
    """A server: its process, the socket that commands ask through, the address it listens on.

    `settings` is a digest of the settings it was started with.
    """

    pid: int
    socket: str
    url: str
    settings: str = ""


def running(root: Path) -> Running | None:
    """The server that has this workspace now."""
    try:
        with (root / LOCK).open("rb") as file:
            return None if _locked(file.fileno()) else _said(root)
    except OSError:
        return None


def has_other_settings(root: Path) -> bool:
    """Whether a server has this workspace that was started before its settings were changed.

    Write keys are taken up as it runs and do not count.
    """
    server = running(root)
    return server is not None and server.settings not in ("", _settings(root))


@contextmanager
def claimed(root: Path, url: str = "") -> Iterator[Running]:
    """Be the one server of this workspace while the block runs; without `url`, be the one who makes it again.

    Raises `WorkspaceError` naming the process that is it already.
    """
    descriptor = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, root)
        _remove_socket(_said(root))
        me = Running(os.getpid(), _socket_path(root), url, _settings(root))
        _write(descriptor, json.dumps(asdict(me)))
        try:
            yield me
        finally:
            _remove_socket(me)
            _write(descriptor, "")
    finally:
        os.close(descriptor)


def _lock(descriptor: int, root: Path) -> None:
    """Take the lock. A command that looks whether it is held holds it for an instant itself, so try again."""
    for _ in range(_TRIES):
        if _locked(descriptor, exclusive=True):
            return
        time.sleep(_PAUSE)
    other = _said(root)
    if other and not other.url:
        raise WorkspaceError(f"The database of {root} is being made again (PID {other.pid}).", "Wait until it is done.")
    who = f" (PID {other.pid}, {other.url})" if other else ""
    stop = f"`kill {other.pid}`" if other else "killing it"
    raise WorkspaceError(
        f"A server runs on {root} already{who}.",
        f"Use that one: commands reach it by themselves. To start another, end it first with {stop}.",
    )


def _locked(descriptor: int, exclusive: bool = False) -> bool:
    """Whether the lock could be had."""
    import fcntl  # not on every system; only a server needs it

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _said(root: Path) -> Running | None:
    """What the lock file says, whether that process lives or not."""
    try:
        return Running(**json.loads((root / LOCK).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _settings(root: Path) -> str:
    """What kizuna.toml says besides write keys, as a digest; empty where it cannot be read."""
    try:
        said = tomllib.loads((root / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    said.pop("sources", None)
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _socket_path(root: Path) -> str:
    path = str(root.absolute() / SOCKET)
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        return path
    return str(Path(tempfile.mkdtemp(prefix=_FOLDER)) / SOCKET)


def _remove_socket(server: Running | None) -> None:
    if server is None:
        return
    path = Path(server.socket)
    if path.name != SOCKET:
        return
    with contextlib.suppress(OSError):
        path.unlink()
    if path.parent.name.startswith(_FOLDER):
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
