"""Invitations and answers written down as files, and the workspaces that have them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import kizuna
from kizuna.workspace import Workspace

Row = Mapping[str, Any]


def write(file: Path, rows: Sequence[Row]) -> Path:
    """A CSV file of rows that have the same columns."""
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, [*rows[0]])
        writer.writeheader()
        writer.writerows(rows)
    return file


def workspace(root: Path, **facts: Sequence[Row]) -> Workspace:
    """A workspace with these rows, by fact."""
    root.mkdir(parents=True, exist_ok=True)
    shop = kizuna.init(root / "shop", timezone="Asia/Tokyo")
    for fact, rows in facts.items():
        shop.import_file(fact, write(root / f"{fact}.csv", rows))
    return shop


def invited(number: int, **more: Any) -> dict[str, Any]:
    """An invitation to the survey ``nps`` of a customer of its own."""
    return {
        "invitation_id": f"i{number}",
        "sent_at": f"2026-03-{1 + number % 28:02} 10:00",
        "customer_id": f"c{number}",
        "survey": "nps",
        "channel": "email",
        **more,
    }


def answer(number: int, score: int, **more: Any) -> dict[str, Any]:
    """A complete answer to it."""
    return {
        "response_id": f"r{number}",
        "question": "nps",
        "answered_at": f"2026-03-{1 + number % 28:02} 18:00",
        "customer_id": f"c{number}",
        "score": score,
        "survey": "nps",
        "channel": "email",
        "invitation_id": f"i{number}",
        **more,
    }
