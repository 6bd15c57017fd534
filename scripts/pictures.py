"""Draw the pictures of docs/images from the program: ``python scripts/pictures.py WORKSPACE``.

The workspace is one that ``kizuna demo`` made. What is drawn is what the program prints; nothing is
touched up.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console, RenderableType
from rich.segment import Segment, Segments
from rich.theme import Theme

import kizuna
from kizuna.show.chart import chart, save
from kizuna.show.commands.measuring import look_back, sources
from kizuna.show.console import STYLES
from kizuna.show.overview import Overview

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
WIDTH, LINES = 112, 44


def terminal(shown: RenderableType, file: Path, title: str) -> None:
    """The first lines of what a terminal would show, as SVG. Fonts are the reader's own: nothing is fetched."""
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), theme=Theme(STYLES), force_terminal=True,
        color_system="256", highlight=False,
    )  # fmt: skip
    lines = console.render_lines(shown, pad=False)[:LINES]
    for line in lines:
        console.print(Segments([*line, Segment.line()]), end="")
    svg = console.export_svg(title=title)
    svg = re.sub(r"\s*@font-face\s*{.*?}", "", svg, flags=re.DOTALL)
    file.write_text(svg.replace("Fira Code", "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono'"), encoding="utf-8")


def main(workspace: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with kizuna.open(workspace) as shop:
        now, trend = look_back(shop)
        terminal(Overview(now, trend, "en", sources(shop, now)), IMAGES / "overview.svg", "kizuna overview")
        nps = shop.measure("nps", every="month")
        save(chart(nps, "en", shop.settings.zone), IMAGES / "nps.svg")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo")
