"""``kizuna notes``: what happened on which day, for the charts and the report."""

from __future__ import annotations

import getpass
import json
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from kizuna.errors import QuestionError
from kizuna.measure.question import read_day
from kizuna.show.commands.common import SinceOption, UntilOption, WorkspaceOption, deciding, opened
from kizuna.show.console import clean, out

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kizuna.store.state.tables import Note
    from kizuna.workspace import Workspace


def notes(
    action: Annotated[Literal["list", "add", "remove"], Parameter(help="list them, add one, or remove one")] = "list",
    what: Annotated[str | None, Parameter(help="add: its day, such as 2026-03-15; remove: its number")] = None,
    text: Annotated[str | None, Parameter(help="add: what happened, in a sentence")] = None,
    /,
    *,
    last: Annotated[str | None, Parameter(help="add: its last day, where it took several")] = None,
    metric: Annotated[
        tuple[str, ...],
        Parameter(help="add: a metric it is about, all where none is named; list: only about these", negative=()),
    ] = (),
    since: SinceOption = None,
    until: UntilOption = None,
    format: Annotated[Literal["table", "json"], Parameter(help="how to print it")] = "table",
    workspace: WorkspaceOption = None,
) -> None:
    """List, add and remove notes: what happened on a day. They stand on every chart of the days they are about."""
    with opened(workspace) as shop, deciding(shop) as session:
        if action == "add":
            _add(shop, session, what, text, last, metric, format)
            return
        if text is not None or (action == "list" and what is not None):
            raise QuestionError(f"kizuna notes {action} was given too many words.", "kizuna notes --help tells them.")
        if action == "remove":
            _remove(session, what, format)
            return
        _list(_chosen(shop, session, metric, since, until), format)


def _add(
    shop: Workspace,
    session: Session,
    day: str | None,
    text: str | None,
    last: str | None,
    metrics: Sequence[str],
    format: str,
) -> None:
    from kizuna.store.state import notes

    if day is None or text is None:
        raise QuestionError(
            "kizuna notes add needs a day and a text.", 'kizuna notes add 2026-03-15 "What happened" is one.'
        )
    initiatives = shop.settings.initiatives
    first, end = read_day(day, initiatives, "the day"), read_day(last, initiatives, "last")
    assert first is not None
    note = notes.add(session, first, text, end, metrics, getpass.getuser(), known=shop.catalogue)
    _said(f"Note {note.id} is kept.", note, format)


def _remove(session: Session, number: str | None, format: str) -> None:
    from kizuna.store.state import notes

    if number is None or not number.isdecimal():
        raise QuestionError("kizuna notes remove needs a note's number.", "kizuna notes lists them with their numbers.")
    note = notes.remove(session, int(number[:20]))
    _said(f"Note {note.id} is removed.", note, format)


def _chosen(
    shop: Workspace, session: Session, metrics: Sequence[str], since: str | None, until: str | None
) -> list[Note]:
    """The notes asked for, the latest first; without days and metrics all of them."""
    from kizuna.store.state import notes

    names = shop.catalogue.select(metrics) if metrics else []
    first, after = (read_day(day, shop.settings.initiatives, n) for day, n in ((since, "since"), (until, "until")))
    found = notes.all_of(session)
    if names:
        found = [note for note in found if any(notes.concerns(note, name) for name in names)]
    return [
        note
        for note in found
        if (first is None or (note.last_day or note.day) >= first) and (after is None or note.day < after)
    ]


def _list(found: Sequence[Note], format: str) -> None:
    if format == "json":
        _json([as_dict(note) for note in found])
        return
    if not found:
        out().print(Text('There is no note. kizuna notes add 2026-03-15 "What happened" adds one.'))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for head in ("note", "day", "metrics", "by", "text"):
        table.add_column(Text(head, "key"), overflow="fold", justify="right" if head == "note" else "left")
    for note in found:
        about = Text(", ".join(note.metrics) if note.metrics else "all")
        table.add_row(Text(str(note.id), "head"), _days(note), about, Text(clean(note.who)), Text(clean(note.text)))
    out().print(table)


def _said(text: str, note: Note, format: str) -> None:
    if format == "json":
        _json({"said": text} | as_dict(note))
        return
    out().print(Text(text, "head").append("  ").append(_days(note)).append(f"  {clean(note.text)}", "not bold"))


def _days(note: Note) -> Text:
    last = f" – {note.last_day.isoformat()}" if note.last_day else ""
    return Text(note.day.isoformat() + last, "not bold")


def as_dict(note: Note) -> dict[str, Any]:
    """A note as JSON has it; times in UTC."""
    names = ("id", "day", "last_day", "text", "metrics", "who", "created_at")
    told = {name: getattr(note, name) for name in names}
    return {name: _plain(name, value) for name, value in told.items()}


def _plain(name: str, value: Any) -> Any:
    if not isinstance(value, date):
        return value
    return value.isoformat() + ("Z" if name == "created_at" else "")


def _json(found: Any) -> None:
    out().print(json.dumps(found, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
