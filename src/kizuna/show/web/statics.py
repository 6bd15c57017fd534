"""Style sheets and scripts of the pages, as they stand in ``static/web``.

Their address carries a digest of what is in them, so a browser keeps them for good and asks once after an update.
"""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from kizuna.show.web.who import needs

PATH = "/static/web/"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Static:
    """One file: as it is, packed, and the digest that its address carries."""

    body: bytes
    packed: bytes
    digest: str
    kind: str


@cache
def static(name: str) -> Static:
    """A file of ``static/web``. Raises `FileNotFoundError`."""
    folder = files("kizuna.show") / "static" / "web"
    known = {each.name for each in folder.iterdir()}
    if name not in known:
        raise FileNotFoundError(name)
    body = made(name, (folder / name).read_bytes())
    suffix = name[name.rfind(".") :]
    kind = _KINDS.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Static(body, gzip.compress(body, 9, mtime=0), sha256(body).hexdigest()[:16], kind)


def made(name: str, body: bytes) -> bytes:
    """What a file becomes before it is sent: modules name those they import with their digests."""
    if not name.endswith(".js"):
        return body
    folder = files("kizuna.show") / "static" / "web"
    for other in folder.iterdir():
        mark = f'"./{other.name}"'.encode()
        if other.name != name and mark in body:
            body = body.replace(mark, f'"./{other.name}?v={static(other.name).digest}"'.encode())
    return body


def address(name: str) -> str:
    """Where a page finds a file."""
    return f"{PATH}{name}?v={static(name).digest}"


@get(PATH + "{name:str}", opt=needs("nobody"), include_in_schema=False, sync_to_thread=False)
def serve(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """A file; for good where the address carries the right digest."""
    try:
        found = static(name)
    except FileNotFoundError:
        raise NotFoundException(f"There is no {PATH}{name[:80]}.") from None
    fresh = request.query_params.get("v") == found.digest
    kept = _FOR_GOOD if fresh else "no-cache"
    headers = {"cache-control": kept, "vary": "accept-encoding", "etag": f'"{found.digest}"'}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(b"", status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers=headers | {"content-encoding": "gzip"}, media_type=found.kind)
    return Response(found.body, headers=headers, media_type=found.kind)
