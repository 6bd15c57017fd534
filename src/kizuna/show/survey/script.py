"""The widget's script as it is served: ``static/widget.js`` with ``static/widget.css`` in it, both without what
only people read.

The style goes into the widget's own shadow root, so that neither it nor the page's can touch the other.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from kizuna.show.tracker import Script, script, stripped

NAME = "widget.js"
LARGEST = 6 * 1024
"""Bytes that the widget may have, gzipped; a test holds it to that."""

_STYLE = '"widget.css"'
"""What stands in the script where the style comes."""


@cache
def widget() -> Script:
    """The widget, made once."""
    code, style = (_read(name) for name in (NAME, "widget.css"))
    return script(stripped(code).replace(_STYLE, f'"{squeezed(style)}"'))


_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SPACE = re.compile(r"\s*([{};,>])\s*|(:)\s+")


def squeezed(style: str) -> str:
    """A style sheet without comments and needless spaces; it has no text in double quotes and no backslash."""
    flat = " ".join(_COMMENT.sub("", style).split())
    return _SPACE.sub(lambda found: found[1] or found[2], flat).replace(";}", "}")


def _read(name: str) -> str:
    return (files("kizuna.show") / "static" / name).read_text(encoding="utf-8")
