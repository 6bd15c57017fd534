"""One process at a time: a lock file that knows who holds it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from kizuna.errors import WorkspaceError


class Lock:
    """Held from construction to `close`, or to the end of the process however it ends.

    Raises `WorkspaceError` that names the process which holds it. The lock is the operating system's
    (flock): a file left behind by a killed process holds nobody back.
    """

    def __init__(self, path: Path, what: str) -> None:
        import fcntl  # not on Windows, where messages are not collected

        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._descriptor)
            raise WorkspaceError(
                f"{what} is in use by another process (PID {holder}).",
                "Stop that one first, or let it do the work.",
            ) from None
        with contextlib.suppress(OSError):  # a full disk: the lock holds without a name in it
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def close(self) -> None:
        """Let go."""
        os.close(self._descriptor)
