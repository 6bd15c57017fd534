"""A report as one HTML file that needs nothing else: its style and its charts are in it, and it may load nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources import files

from kizuna.show.report.contents import Drawing, Report
from kizuna.show.web.drawing import as_picture
from kizuna.show.web.view import View

MOST_BYTES = 1_000_000
"""A report is kept smaller than this, so that it can be mailed."""


def as_html(report: Report, view: View) -> str:
    """The file's text."""
    style = (files("kizuna.show") / "static" / "web" / "report.css").read_text(encoding="utf-8")
    pictures = {each.metric: inline(each, place) for place, each in enumerate(report.drawings)}
    return view.render("report_file", report=report, style=_small(style), pictures=pictures)


def file_name(view: View) -> str:
    """What the file is called, without its suffix: the business's folder and the period, in plain letters."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", view.hub.workspace.name).strip("-").lower() or "report"
    return f"{name}-{re.sub(r'[^a-z0-9-]+', '-', view.scope.period).strip('-')}"


def inline(drawing: Drawing, place: int) -> str:
    """A chart as SVG inside a page: as wide as there is room, its ids its own."""
    drawn = as_svg(drawing)
    ids: Mapping[str, str] = {found: f"c{place}-{found}" for found in re.findall(r'\bid="([^"]+)"', drawn)}
    for old, new in ids.items():
        drawn = drawn.replace(f'id="{old}"', f'id="{new}"').replace(f"url(#{old})", f"url(#{new})")
        drawn = drawn.replace(f'href="#{old}"', f'href="#{new}"')
    return re.sub(r'(<svg\b[^>]*?) width="[^"]*" height="[^"]*"', r"\1", drawn, count=1)


def as_svg(drawing: Drawing) -> str:
    """A chart drawn; the same one as a moment ago is not drawn again."""
    return as_picture(json.dumps(drawing.spec, ensure_ascii=False, separators=(",", ":")), "svg").decode()


def _small(style: str) -> str:
    """A style sheet without its comments, and without what would end the element it stands in."""
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", style, flags=re.S)).replace("</", "")
