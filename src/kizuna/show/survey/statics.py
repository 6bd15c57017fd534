"""What the pages load: one style sheet and one script, as they stand in ``static``."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from kizuna.collect.answers import Answer, Header
from kizuna.show.survey.asked import Asked

STATICS = {
    "/static/survey.css": "text/css; charset=utf-8",
    "/static/survey.js": "text/javascript; charset=utf-8",
}
"""Path → content type."""


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    packed: bytes
    headers: tuple[Header, ...]


@cache
def _file(path: str) -> _File:
    body = (files("kizuna.show") / path.lstrip("/")).read_bytes()
    etag = f'"{sha256(body).hexdigest()[:24]}"'
    headers = (
        (b"content-type", STATICS[path].encode()),
        (b"cache-control", b"public, max-age=3600"),
        (b"etag", etag.encode()),
        (b"vary", b"accept-encoding"),
        (b"x-content-type-options", b"nosniff"),
    )
    return _File(body, gzip.compress(body, 9, mtime=0), headers)


def static(path: str, asked: Asked) -> Answer:
    """A file; 304 where the browser has it."""
    file = _file(path)
    given = asked.headers.get(b"if-none-match")
    if given is not None and (b"etag", given) in file.headers:
        return Answer(304, b"", [*file.headers])
    if b"gzip" in asked.headers.get(b"accept-encoding", b""):
        return Answer(200, file.packed, [*file.headers, (b"content-encoding", b"gzip")])
    return Answer(200, file.body, [*file.headers])
