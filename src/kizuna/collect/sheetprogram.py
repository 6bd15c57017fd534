"""Reads a workbook, as a program of its own: ``python sheetprogram.py LIMIT BOOK [TARGET [SHEET]]``.

`kizuna.collect.workbook` runs it and says why. It prints one line of JSON: the sheets, which one was taken, or what
is wrong. With TARGET the rows of the sheet are written there as CSV, each cell as text; without SHEET it is the first
that is not empty. It imports nothing of Kizuna, so that it starts in some 30 ms.
"""

from __future__ import annotations

import contextlib
import csv
import json
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

LOOKED_AT = 100
"""A sheet without a value in so many rows counts as empty."""


def cell(value: object) -> str:
    """A cell as text: whole numbers without a fraction, dates as ISO, nothing as nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    return "" if value is None else str(value)


def limit(bytes: int) -> None:
    """Never more memory than so much; and where the machine has too little, this process goes and no other."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (bytes, bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError), Path("/proc/self/oom_score_adj").open("w") as file:
        file.write("1000")


def taken(path: str, target: str = "", sheet: str | None = None) -> dict[str, Any]:
    """What is told of a workbook; its rows go to `target`."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(path)
        sheets = book.sheet_names
        if not target or (sheet is not None and sheet not in sheets):
            return {"sheets": sheets}
        name, rows = "", []
        for name in [sheet] if sheet is not None else sheets:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            if any(value not in ("", None) for row in rows[:LOOKED_AT] for value in row):
                break
    except CalamineError as error:
        return {"wrong": str(error)}
    with Path(target).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([cell(value) for value in row] for row in rows)
    return {"sheets": sheets, "sheet": name}


if __name__ == "__main__":
    limit(int(sys.argv[1]))
    print(json.dumps(taken(*sys.argv[2:])))
