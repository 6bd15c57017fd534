"""Where the command line writes: answers to stdout, everything about them to stderr."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.theme import Theme

STYLES = {
    "better": "color(33)",
    "worse": "color(166)",
    "accent": "color(68)",
    "quiet": "dim",
    "head": "bold",
    "key": "dim",
    "term": "default",
}
"""One accent; colour has two meanings only. Chosen to be read on dark and on light terminals."""

CONTROL = dict.fromkeys((*range(32), *range(127, 160), *range(0x2028, 0x202F), *range(0x2066, 0x206A)), "·")
"""Ends of lines, what steers a terminal, and what turns the direction of writing."""


def clean(text: str) -> str:
    """A text that others wrote, on one line and without what would steer the terminal."""
    return " ".join(text.split()).translate(CONTROL)


def out() -> Console:
    """stdout. Colours only on a terminal, and not under NO_COLOR."""
    return _console(stderr=False)


def err() -> Console:
    """stderr: which workspace, progress, warnings, errors."""
    return _console(stderr=True)


def theme() -> Theme:
    """The styles that tables use, for a `rich.console.Console` of one's own."""
    from rich.theme import Theme

    return Theme(STYLES)


def to_text(thing: object, width: int = 120) -> str:
    """What would be printed, as plain text, for a file."""
    import io

    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, theme=theme(), highlight=False, emoji=False)
    with console.capture() as captured:
        console.print(thing)
    return captured.get()


def note(text: str) -> None:
    """One quiet line on stderr."""
    err().print(text, style="quiet", markup=False, highlight=False, soft_wrap=True)


def _console(*, stderr: bool) -> Console:
    return _for_stream(stderr, sys.stderr if stderr else sys.stdout, os.environ.get("COLUMNS"))


@cache
def _for_stream(stderr: bool, stream: object, columns: str | None) -> Console:
    from rich.console import Console

    console = Console(file=stream, theme=theme(), highlight=False, emoji=False)  # type: ignore[arg-type]
    if not console.is_terminal and not columns:
        console.width = 100
    return console
