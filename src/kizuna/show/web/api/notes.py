"""``/notes``: what happened on which day; it stands on the charts."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response

from kizuna.errors import QuestionError
from kizuna.measure.question import read_day
from kizuna.show.web.api import examples
from kizuna.show.web.api.answered import told
from kizuna.show.web.api.body import read_body
from kizuna.show.web.api.call import Call, serves
from kizuna.show.web.api.measure import SINCE, UNTIL
from kizuna.show.web.api.operation import AFTER, LIMIT, Operation, Parameter, text, whole
from kizuna.show.web.api.paging import page
from kizuna.store.state import notes as kept
from kizuna.store.state.tables import Note


class NoteTold(msgspec.Struct, rename={"told_by": "by"}):
    """A note: on a day, or until `last_day` (included); `metrics` empty means that it concerns all."""

    id: int
    day: str
    last_day: str | None
    text: str
    metrics: list[str]
    told_by: str


class Notes(msgspec.Struct):
    """A page of notes, the latest day first."""

    items: list[NoteTold]
    next: str | None


class NewNote(msgspec.Struct, forbid_unknown_fields=True):
    """A note to add; `day` as 2026-03-15."""

    day: str
    text: str
    last_day: str | None = None
    metrics: list[str] = []


METRIC = Parameter("metric", text(120), "nps", text="p_note_metric")

LIST = Operation(
    "notes",
    "GET",
    "/notes",
    Notes,
    (SINCE, UNTIL, METRIC, LIMIT, AFTER),
    example={"items": [examples.NOTE], "next": None},
)
ADD = Operation(
    "add_note",
    "POST",
    "/notes",
    NoteTold,
    example=examples.NOTE,
    role="editor",
    body=NewNote,
    body_example={"day": "2026-03-15", "text": "New checkout", "metrics": ["cart_abandonment_rate"]},
    status=201,
)
REMOVE = Operation(
    "remove_note",
    "DELETE",
    "/notes/{id:str}",
    NoteTold,
    (Parameter("id", whole(1, 2**53), 12, place="path", text="p_note"),),
    example=examples.NOTE,
    role="editor",
    statuses=(404,),
)


@serves(LIST)
def listed(call: Call) -> Response[bytes]:
    """The notes of a range, or all."""
    initiatives = call.hub.settings.initiatives
    since = read_day(call.asked.text("since") or None, initiatives, "since")
    until = read_day(call.asked.text("until") or None, initiatives, "until")
    metric = call.asked.text("metric")
    if metric:
        call.hub.workspace.catalogue[metric]
    with call.hub.state.session() as session:
        found = [
            note
            for note in kept.all_of(session)
            if (not since or (note.last_day or note.day) >= since)
            and (not until or note.day < until)
            and (not metric or kept.concerns(note, metric))
        ]
    shown, more = page(found, lambda note: str(note.id), call.asked.text("after"), call.asked.whole("limit"))
    return told(call.request, Notes([told_of(note) for note in shown], more))


@serves(ADD)
def add(call: Call) -> Response[bytes]:
    """A new note."""
    given = read_body(call.body, NewNote)
    day = read_day(given.day, {}, "day")
    last = read_day(given.last_day, {}, "last_day")
    if day is None:
        raise QuestionError("day is missing.", "Write it as 2026-03-15.")
    with call.hub.state.session() as session:
        note = kept.add(
            session, day, given.text, last, given.metrics, call.who.name, known=call.hub.workspace.catalogue
        )
        body_told = told_of(note)
    return told(call.request, body_told, status=201)


@serves(REMOVE)
def remove(call: Call) -> Response[bytes]:
    """Take a note away; gives what it was."""
    with call.hub.state.session() as session:
        body = told_of(kept.remove(session, call.asked.whole("id")))
    return told(call.request, body)


def told_of(note: Note) -> NoteTold:
    """A note as JSON has it."""
    last: Any = note.last_day
    return NoteTold(
        note.id, note.day.isoformat(), last.isoformat() if last else None, note.text, list(note.metrics), note.who
    )


HANDLERS = (listed, add, remove)
