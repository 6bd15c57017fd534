"""Taking in a file: from the request to the disk as it comes, so that its size costs no memory."""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import anyio.to_thread
from multipart import (  # type: ignore[import-untyped]  # it says nothing of types
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

from kizuna.collect.files import SPARE
from kizuna.show.web.importing.drop import Drop, Drops
from kizuna.show.web.importing.zipped import NotOne, taken_out

PIECE = 1 << 20
"""So many bytes are written at once, by a thread: the collector's event loop waits for no disk."""

MOST_FIELD = 10_000
_BOUNDARY = re.compile(r"""boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))""")


class NotTaken(Exception):
    """A file that was not taken in: `why` is no_file, too_large, broken, disk, or that of a `NotOne`."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(slots=True)
class Taken:
    """A form with a file: the drop that it became, and the other fields."""

    drop: Drop
    fields: dict[str, str]


@dataclass(slots=True)
class _Writing:
    """What has come of the form so far."""

    drops: Drops
    most: int
    fields: dict[str, str] = field(default_factory=dict)
    id: str = ""
    path: Path | None = None
    name: str = ""
    size: int = 0
    out: IO[bytes] | None = None
    part: MultipartSegment | None = None
    text: bytearray = field(default_factory=bytearray)
    waiting: bytearray = field(default_factory=bytearray)


async def take(chunks: AsyncIterator[bytes], content_type: str, drops: Drops, most: int, who: str) -> Taken:
    """Take in a form (multipart/form-data) with one file of at most `most` bytes.

    Raises `NotTaken`; nothing of the file is left then.
    """
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/form-data") or not found:
        raise NotTaken("broken")
    state = _Writing(drops, most)
    try:
        with PushMultipartParser(found[1] or found[2], max_header_size=8_192, max_segment_count=50) as parser:
            async for chunk in chunks:
                for event in parser.parse(chunk) if chunk else ():
                    await _step(state, event)
                if parser.closed:
                    break
        if state.path is None or not state.size:
            raise NotTaken("no_file")
        path, inside = await anyio.to_thread.run_sync(taken_out, state.path, most)
        name = state.name if path == state.path else inside
        return Taken(drops.finish(state.id, path, name, who), state.fields)
    except BaseException as error:
        if state.id:
            drops.remove(state.id)
        if isinstance(error, MultipartError):
            raise NotTaken("broken") from None
        if isinstance(error, NotOne):
            raise NotTaken(error.why) from None
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NotTaken("disk") from None
        raise
    finally:
        if state.out is not None:
            state.out.close()


async def _step(state: _Writing, event: MultipartSegment | bytearray | bytes | None) -> None:
    """One thing that the parser tells: a part begins, some of it, it ends."""
    if isinstance(event, MultipartSegment):
        state.part, state.text = event, bytearray()
        if event.filename and state.path is None:
            state.name = event.filename
            state.id, state.path = state.drops.begin(event.filename)
            state.out = state.path.open("wb")
    elif event is None:
        if state.part is not None and not state.part.filename:
            state.fields[state.part.name] = state.text.decode("utf-8", "replace")
        elif state.out is not None:
            await _write(state, 0)
            state.out.close()
            state.out = None
    elif state.part is not None and state.part.filename:
        if state.out is not None:
            state.size += len(event)
            if state.size > state.most:
                raise NotTaken("too_large")
            state.waiting += event
            await _write(state, PIECE)
    elif len(state.text) < MOST_FIELD:
        state.text += event


async def _write(state: _Writing, least: int) -> None:
    if len(state.waiting) <= least or state.out is None:
        return
    piece, out = bytes(state.waiting), state.out
    state.waiting.clear()

    def write() -> None:
        if shutil.disk_usage(state.drops.folder).free < SPARE:
            raise OSError(errno.ENOSPC, "little room is left")
        out.write(piece)

    await anyio.to_thread.run_sync(write)
