"""Charts on pages: pictures drawn here, and the specification of the same chart for browsers that run scripts.

A page shows a picture, so that it needs no script. Where scripts run, ``charts.js`` draws the same specification
in its place once it comes into sight, with what each point says. Both ask the address that the page was given, so
what is shown stands in the address: any picture can be asked for again. A chart that is the same as one a moment
ago is not drawn again.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from importlib.metadata import version
from typing import Any
from urllib.parse import urlencode

from litestar import Response

from kizuna.errors import QuestionError, did_you_mean
from kizuna.show.look import LIGHT, THEMES, Look
from kizuna.show.picture import EXPORTS, VERSION, rendered
from kizuna.show.web.attachment import attachment
from kizuna.show.web.security import csp_nothing_else

Spec = dict[str, Any]
Make = Callable[[Look], Spec]

SIZES = {"wide": (880, 300), "narrow": (340, 240)}
"""Of pictures, in pixels; a page takes the narrow one on a phone."""

KINDS = {"svg": "image/svg+xml", "png": "image/png", "json": "application/json"}
LIBRARY_PATH = "/static/vega.js"
_MOST_DRAWN = 128


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart on a page: `path` is its address without the suffix, `query` what it shows, `alt` the same in words."""

    path: str
    query: Mapping[str, str]
    alt: str
    sizes: Mapping[str, tuple[int, int]]

    def file(self, suffix: str, **more: str) -> str:
        """Its address as svg, png or json."""
        return f"{self.path}.{suffix}?{urlencode({**self.query, **more})}"

    def picture(self, theme: str, size: str) -> str:
        """Its address as a picture on the page."""
        return self.file("svg", theme=theme, size=size)

    @property
    def library(self) -> str:
        """The address of what draws it in a browser; it changes with what is in it."""
        return f"{LIBRARY_PATH}?v={library_version()}"


def chart_at(path: str, query: Mapping[str, str], alt: str, rows: int = 0) -> Chart:
    """A chart whose pictures are at ``path.svg`` and so on; with `rows` a list of dots, which is as high as long."""
    sizes = {name: (width, dots_height(rows) if rows else height) for name, (width, height) in SIZES.items()}
    return Chart(path, query, alt, sizes)


def dots_height(rows: int) -> int:
    """How high a list of dots is, with its axis and legend."""
    return 24 * rows + 72


def drawn(query: Mapping[str, str], suffix: str, make: Make, name: str, known: str = "") -> Response[bytes]:
    """A chart as its address asks for it: `theme`, `size`, and whether it is a file to `download` (with its title).

    `make` gives the specification for a look, `name` is what a downloaded file is called. `known` is the tag of the
    answer that the browser has. Raises `QuestionError` for a theme or size that is none.
    """
    theme = THEMES[_one_of("theme", query.get("theme") or "light", THEMES)]
    size = _one_of("size", query.get("size") or "wide", SIZES)
    on_page = "download" not in query
    look = Look(theme, SIZES[size], on_page=True) if on_page else Look(theme if "theme" in query else LIGHT)
    text = json.dumps(make(look), ensure_ascii=False, separators=(",", ":"))
    tag = f'"{sha256(f"{suffix} {text}".encode()).hexdigest()[:20]}"'
    headers = csp_nothing_else({"etag": tag, "cache-control": "private, no-cache"})
    if known == tag:
        return Response(b"", status_code=304, headers=headers)
    if not on_page:
        headers |= attachment(f"{name}.{suffix}")
    body = text.encode() if suffix == "json" else as_picture(text, suffix)
    return Response(body, media_type=KINDS[suffix], headers=headers)


@lru_cache(maxsize=_MOST_DRAWN)
def as_picture(text: str, suffix: str) -> bytes:
    """A specification drawn; some 150 ms."""
    picture = rendered(json.loads(text), f".{suffix}")
    return picture if isinstance(picture, bytes) else picture.encode()


@cache
def library_version() -> str:
    """Which build of Vega browsers are given."""
    return f"{VERSION}-{version('vl-convert-python')}"


@cache
def library() -> tuple[bytes, bytes]:
    """Vega-Lite and Vega as one module that leaves ``vegaEmbed`` on the window: as it is, and packed.

    It comes with vl-convert, so it is the same Vega that draws the pictures; making it takes a second.
    """
    import vl_convert

    body = vl_convert.javascript_bundle(EXPORTS, VERSION).encode()
    return body, gzip.compress(body, 9, mtime=0)


def _one_of(what: str, asked: str, known: Mapping[str, object]) -> str:
    if asked in known:
        return asked
    near = did_you_mean(asked[:40], known)
    hint = f"Did you mean {near!r}?" if near else f"It is one of {', '.join(known)}."
    raise QuestionError(f"There is no {what} {asked[:40]!r}.", hint)
