"""How charts look: their colours in light and dark, their size, the type they are set in.

One accent is the only colour that data gets; blue and orange mean better and worse and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kizuna.show.axis import locale

FONT = "Inter, 'Noto Sans', 'Hiragino Sans', 'Noto Sans CJK JP', 'Yu Gothic UI', sans-serif"


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours; `paper` is what the chart stands on, `low` the quiet end of a heat map."""

    accent: str
    better: str
    worse: str
    quiet: str
    ink: str
    line: str
    paper: str
    low: str

    @property
    def tones(self) -> dict[str, str]:
        """The colour of each meaning."""
        return {"accent": self.accent, "better": self.better, "worse": self.worse, "quiet": self.quiet}


LIGHT = Theme("#1f4fd1", "#0b6e99", "#b4410e", "#77736c", "#1c1b1a", "#e6e3de", "#ffffff", "#eef2fd")
DARK = Theme("#8fb0ff", "#6cc4ee", "#ff9d6b", "#a8a39b", "#eceae6", "#33312e", "#1d1c1b", "#232a3c")
THEMES = {"light": LIGHT, "dark": DARK}


@dataclass(frozen=True, slots=True)
class Look:
    """How one chart is drawn.

    `size` is width and height in pixels of the whole picture, ``None`` for the usual size of its panels. On a
    page (`on_page`) the page says what the chart shows, and what it stands on is seen through it.
    """

    theme: Theme = LIGHT
    size: tuple[int, int] | None = None
    on_page: bool = False


def config(look: Look, language: str) -> dict[str, Any]:
    """The part of a specification that is the same for all charts of a look."""
    theme = look.theme
    return {
        "font": FONT,
        "background": "transparent" if look.on_page else theme.paper,
        "locale": locale(language),
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "color": theme.ink,
            "fontSize": 15,
            "fontWeight": 600,
            "subtitleColor": theme.quiet,
            "offset": 12,
        },
        "axis": {
            "labelColor": theme.quiet,
            "domain": False,
            "tickColor": theme.line,
            "gridColor": theme.line,
            "labelFontSize": 11,
        },
        "axisX": {"grid": False},
        "axisY": {"minExtent": 44},
        "legend": {"labelColor": theme.ink, "symbolStrokeWidth": 0},
        "concat": {"spacing": 32},
        "header": {"labelColor": theme.ink, "labelFontSize": 12},
        # On a page the figure that holds the picture says what it shows.
        **({"aria": False} if look.on_page else {}),
    }
