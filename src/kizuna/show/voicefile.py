"""Answers as rows for programs and spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kizuna.show.commands.output import harmless
from kizuna.store.state.tables import Handling
from kizuna.understand.voice import Voice


def as_dict(voice: Voice, handling: Handling | None) -> dict[str, Any]:
    """An answer with what became of it; times in UTC, of one without a name the month alone."""
    told: dict[str, Any] = {
        "id": voice.id,
        "at": f"{voice.at.isoformat()}Z" if voice.named else f"{voice.at:%Y-%m}",
        "survey": voice.survey,
        "question": voice.main.question,
        "score": voice.main.score,
        "choice": voice.main.choice,
        "opinion": voice.opinion,
        "comment": voice.comment,
        "complete": voice.complete,
        "named": voice.named,
    }
    told |= {
        name: getattr(voice, name) for name in ("customer", "customer_no", "channel", "language", "country", "agent")
    }
    told |= {name: getattr(voice, name) for name in ("team", "ticket_id", "order_id", "invitation_id")}
    told |= {"status": handling.status if handling else "new", "tags": list(handling.tags) if handling else []}
    return told | {"answers": msgspec.to_builtins(voice.answers)}


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV, without the single answers; cells that a spreadsheet would take for formulas are made text."""
    text = io.StringIO()
    names = [name for name in (rows[0] if rows else ()) if name != "answers"]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        cells = (", ".join(row[name]) if isinstance(row[name], list) else row[name] for name in names)
        writer.writerow([harmless(cell) for cell in cells])
    return text.getvalue()
