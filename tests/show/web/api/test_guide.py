"""The guides name every address and every tool, and what they name exists."""

from __future__ import annotations

import re
from pathlib import Path

from kizuna.show.web.api import operations
from kizuna.show.web.errors import TITLES

GUIDES = Path(__file__).resolve().parents[4] / "docs" / "guides"


def test_the_guide_lists_every_address_with_the_role_it_needs() -> None:
    text = (GUIDES / "api.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (GET|POST|DELETE) \| `([^`]+)` \| (viewer|editor)s \|", text, re.M)
    assert listed == [(each.method, each.address, each.role) for each in operations()]


def test_the_guide_explains_the_errors_there_are() -> None:
    text = (GUIDES / "api.md").read_text(encoding="utf-8")
    told = {int(number) for number in re.findall(r"\b(4\d\d|5\d\d) ", text)}
    assert told <= {*TITLES, 406}


def test_the_guide_lists_every_tool() -> None:
    text = (GUIDES / "mcp.md").read_text(encoding="utf-8")
    source = (GUIDES.parents[1] / "src" / "kizuna" / "show" / "mcp" / "server.py").read_text(encoding="utf-8")
    tools = re.findall(r"^    def (\w+)\(", source, re.M)
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.M)) == set(tools)
