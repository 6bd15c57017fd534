"""The few calls to the operating system that keeping messages needs, in one place.

Whatever is acknowledged goes through `Disk`; a test hands over one whose n-th call fails, or that is
full, and proves that nothing acknowledged is lost and nothing else is acknowledged.
"""

from __future__ import annotations

import os
from pathlib import Path

_sync = getattr(os, "fdatasync", os.fsync)


class Disk:
    """The operating system's calls as they are. All raise `OSError`."""

    def open(self, path: Path, flags: int) -> int:
        """Open a file; what is made can be read by its owner only, since messages are about people."""
        return os.open(path, flags, 0o600)

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        """Write some of `data`; gives how many bytes."""
        return os.write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        """Return when the file's content and size are on the disk."""
        _sync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut a file back."""
        os.ftruncate(descriptor, size)

    def close(self, descriptor: int) -> None:
        """Close a file."""
        os.close(descriptor)

    def rename(self, old: Path, new: Path) -> None:
        """Give a complete file its name."""
        old.replace(new)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in a folder are on the disk."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_all(disk: Disk, descriptor: int, data: bytes) -> None:
    """Write the whole of `data`, however many calls it takes."""
    rest = memoryview(data)
    while rest:
        rest = rest[disk.write(descriptor, rest) :]


def write_file(disk: Disk, path: Path, data: bytes) -> None:
    """Put a complete, synced file at `path`: there is the whole of it or none of it, whatever happens."""
    part = path.with_name(path.name + ".part")
    descriptor = disk.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        write_all(disk, descriptor, data)
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)
    disk.rename(part, path)
    disk.sync_folder(path.parent)
