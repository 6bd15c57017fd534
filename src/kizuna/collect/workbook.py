"""Workbooks are read by a process of their own, so that one that is made to do harm ends that process and no other.

A file of one kilobyte can have a cell in the first row and one in the last, and what reads it then asks for room for
the seventeen billion between; another unpacks to a thousand times its size. In the server that would end the collector
with everybody's messages under way.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kizuna.collect import sheetprogram
from kizuna.errors import ImportFailed

MEMORY = 4 << 30
"""Bytes that reading a workbook may take; the largest sheet that programs write needs about half."""

SECONDS = 900


def sheets(path: Path) -> tuple[str, ...]:
    """The names of the sheets. Raises `ImportFailed` for what is no workbook."""
    return tuple(_run(path)["sheets"])


def rows_of(path: Path, sheet: str | None, scratch: Path) -> tuple[str, Iterator[list[str]]]:
    """The sheet that was taken, and its rows as text: the named one, else the first that is not empty.

    Raises `ImportFailed`, with the sheets that there are for a name that is none.
    """
    target = scratch / "cells.csv"
    told = _run(path, str(target), *([sheet] if sheet is not None else []))
    if "sheet" not in told:
        raise ImportFailed(f"{path.name} has no sheet {sheet!r}.", f"It has: {', '.join(told['sheets'])}.")
    return str(told["sheet"]), _read(path, target)


def _read(path: Path, target: Path) -> Iterator[list[str]]:
    try:
        with target.open(encoding="utf-8", newline="") as file:
            yield from csv.reader(file)
    except csv.Error as error:
        raise ImportFailed(f"{path.name} has a cell that cannot be read: {error}.", "Save the sheet as CSV.") from None


def _run(path: Path, *more: str) -> dict[str, Any]:
    program = [sys.executable, "-I", sheetprogram.__file__, str(MEMORY), str(path.resolve()), *more]
    try:
        done = subprocess.run(program, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise _too_much(path) from None
    if done.returncode < 0 or b"MemoryError" in done.stderr:
        raise _too_much(path)
    told: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"wrong": "it is damaged"}
    if "wrong" in told:
        raise ImportFailed(f"{path.name} cannot be read as a workbook: {told['wrong']}.", "Save it as .xlsx or CSV.")
    return told


def _too_much(path: Path) -> ImportFailed:
    return ImportFailed(
        f"{path.name} takes more than {MEMORY >> 30} GB of memory or {SECONDS // 60} minutes to read as a workbook.",
        "Save the sheet as CSV, and remove cells far below or beside the table.",
    )
