"""Takes in the file that is sent as a request's body: to the disk as it comes, so that its size costs no memory."""

from __future__ import annotations

import errno
import shutil
from typing import IO, Any

import anyio.to_thread
from litestar import Request
from litestar.exceptions import HTTPException

from kizuna.collect.files import SPARE
from kizuna.errors import QuestionError
from kizuna.show.web.hub import Hub
from kizuna.show.web.importing.drop import Drop, Drops
from kizuna.show.web.importing.upload import PIECE
from kizuna.show.web.who import who_of

MEGA = 1_000_000


async def take_file(request: Request[Any, Any, Any], hub: Hub, name: str) -> Drop:
    """The file that was sent, under the name it was given; nothing of it is left where this raises.

    Raises 413 beyond the setting max_import_megabytes, 503 where the disk is full, and `QuestionError` without a file.
    """
    drops, most = Drops(hub.root), int(hub.settings.max_import_megabytes) * MEGA
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:18]) > most:
        raise _too_large(most)
    id, path = await anyio.to_thread.run_sync(drops.begin, name)
    try:
        with path.open("wb") as out:
            size = await _receive(request, out, most, drops)
        if not size:
            raise QuestionError("The body is empty.", "Send the file as it is: curl --data-binary @orders.csv …")
        return drops.finish(id, path, name, who_of(request).name)
    except BaseException as error:
        drops.remove(id)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise HTTPException(
                "The disk is full; nothing was taken in.", status_code=503, headers={"retry-after": "60"}
            ) from None
        raise


async def _receive(request: Request[Any, Any, Any], out: IO[bytes], most: int, drops: Drops) -> int:
    size, waiting = 0, bytearray()

    def write() -> None:
        if shutil.disk_usage(drops.folder).free < SPARE:
            raise OSError(errno.ENOSPC, "little room is left")
        out.write(waiting)
        waiting.clear()

    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        waiting += chunk
        if len(waiting) >= PIECE:
            await anyio.to_thread.run_sync(write)
    if waiting:
        await anyio.to_thread.run_sync(write)
    return size


def _too_large(most: int) -> HTTPException:
    what = f"The file is larger than {most // MEGA:,} MB (setting max_import_megabytes). Send it in parts."
    return HTTPException(what, status_code=413)
