"""The web tag as it is served: ``static/tracker.js`` without its comments and the spaces between its words.

That is all that is done to it: what a browser runs can be read beside what is kept here.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

NAME = "tracker.js"
LARGEST = 2048
"""Bytes that the tag may have, gzipped; a test holds it to that."""


@dataclass(frozen=True, slots=True)
class Tracker:
    """The bytes of the tag, plain and gzipped, and their digest in the two forms browsers want.

    `integrity` is what a script element says of the bytes it accepts (W3C Subresource Integrity); a server
    on another origin must allow cross-origin reading for it. `etag` tells a cache whether they changed.
    """

    body: bytes
    packed: bytes
    integrity: str
    etag: str


@cache
def tracker() -> Tracker:
    """The tag, made once."""
    body = stripped((files("kizuna.show") / "static" / NAME).read_text(encoding="utf-8")).encode()
    digest = hashlib.sha384(body).digest()
    return Tracker(
        body, gzip.compress(body, 9, mtime=0), f"sha384-{base64.b64encode(digest).decode()}", f'"{digest[:12].hex()}"'
    )


_COMMENT = re.compile(r"(^|\s)//(\s.*)?$", re.MULTILINE)
_SPACE = re.compile(r'("[^"\n]*")|\s*([][{}()=+*/?:;,<>&|!]|\n)\s*')
_NEEDLESS = re.compile(r'("[^"\n]*")|[;,](?=[]})])')


def stripped(text: str) -> str:
    """A script without comments and needless spaces.

    It knows only as much of the language as the tag uses: comments that begin with ``//``, texts in double
    quotes, a semicolon after every statement.
    """
    text = _SPACE.sub(lambda found: found[1] or found[2].strip(), _COMMENT.sub("", text).strip())
    return _NEEDLESS.sub(lambda found: found[1] or "", text)
