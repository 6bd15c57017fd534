"""Scripts that pages of others load, and one of them, the web tag: ``static/tracker.js`` without comments and
needless spaces.

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
class Script:
    """The bytes of a script, plain and gzipped, and their digest in the two forms browsers want.

    `integrity` is what a script element says of the bytes it accepts (W3C Subresource Integrity); a server
    on another origin must allow cross-origin reading for it. `etag` tells a cache whether they changed.
    """

    body: bytes
    packed: bytes
    integrity: str
    etag: str

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Pages of other origins may load it and check its integrity."""
        return [
            (b"content-type", b"text/javascript; charset=utf-8"),
            (b"cache-control", b"public, max-age=3600"),
            (b"etag", self.etag.encode()),
            (b"vary", b"accept-encoding"),
            (b"access-control-allow-origin", b"*"),
            (b"cross-origin-resource-policy", b"cross-origin"),
            (b"x-content-type-options", b"nosniff"),
        ]


@cache
def tracker() -> Script:
    """The tag, made once."""
    return script(stripped((files("kizuna.show") / "static" / NAME).read_text(encoding="utf-8")))


def script(text: str) -> Script:
    """A script that pages of others load."""
    body = text.encode()
    digest = hashlib.sha384(body).digest()
    return Script(
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
