"""Notes: what happened on which day. All read them; editors write, change and remove them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from kizuna.measure.metric import GROUPS
from kizuna.show.marked import note_days
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.state import notes
from kizuna.store.state.tables import Note

EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class Row:
    """A note of the list; `metrics` are (name, address)."""

    number: int
    days: str
    text: str
    metrics: Sequence[tuple[str, str]]
    who: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A metric to tick."""

    id: str
    name: str
    ticked: bool


@dataclass(slots=True)
class Draft:
    """A note as it is being typed, and what is wrong with it, by field."""

    day: str = ""
    last_day: str = ""
    text: str = ""
    metrics: Sequence[str] = ()
    wrong: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, note: Note) -> Draft:
        last = note.last_day.isoformat() if note.last_day else ""
        return cls(note.day.isoformat(), last, note.text, tuple(note.metrics))

    @classmethod
    def sent(cls, form: Form) -> Draft:
        day, last_day, text = (form.text(name)[:2000] for name in ("day", "last_day", "text"))
        return cls(day, last_day, text, tuple(form.all("metric"))[:500])


@get("/notes", sync_to_thread=True)
def all_notes(view: TheView) -> Response[str]:
    """The list, and for editors the form of a new one; with ``metric`` only notes about it."""
    metric = view.query.get("metric", "")
    chosen = (view.hub.workspace.catalogue[metric].id,) if metric else ()
    return _list(view, Draft(view.hub.today().isoformat(), metrics=chosen), metric=metric)


@post("/notes", opt=needs("editor"), sync_to_thread=True)
def add(view: TheView, body: RawBody) -> Response[str] | Redirect:
    """A new note."""
    draft = Draft.sent(Form.read(body))
    days = _checked(view, draft)
    if days is None:
        return _list(view, draft, 400)
    with view.hub.state.session() as session:
        known = view.hub.workspace.catalogue
        notes.add(session, days[0], draft.text, days[1], draft.metrics, view.who.name, known=known)
    return view.redirect(view.link("/notes"), "added")


@get("/notes/{number:int}", opt=needs("editor"), sync_to_thread=True)
def one(view: TheView, number: FromPath[int]) -> Response[str]:
    """A note to change."""
    with view.hub.state.session() as session:
        return _edit(view, number, Draft.of(notes.by_id(session, number)))


@post("/notes/{number:int}", opt=needs("editor"), sync_to_thread=True)
def change(view: TheView, number: FromPath[int], body: RawBody) -> Response[str] | Redirect:
    """Change a note."""
    draft = Draft.sent(Form.read(body))
    with view.hub.state.session() as session:
        note = notes.by_id(session, number)
        days = _checked(view, draft)
        if days is None:
            return _edit(view, number, draft, 400)
        notes.write(note, days[0], draft.text, days[1], draft.metrics, known=view.hub.workspace.catalogue)
    return view.redirect(view.link("/notes"), "saved")


@post("/notes/{number:int}/remove", opt=needs("editor"), sync_to_thread=True)
def remove(view: TheView, number: FromPath[int]) -> Redirect:
    """Take a note away."""
    with view.hub.state.session() as session:
        notes.remove(session, number)
    return view.redirect(view.link("/notes"), "removed")


def _list(view: View, draft: Draft, status: int = 200, metric: str = "") -> Response[str]:
    with view.hub.state.session() as session:
        found = [note for note in notes.all_of(session) if not metric or notes.concerns(note, metric)]
        rows = [_row(view, note) for note in found]
    only = view.reader.name(view.hub.workspace.catalogue[metric]) if metric else ""
    return view.page("notes", status, rows=rows, draft=draft, groups=_groups(view, draft), only=only)


def _edit(view: View, number: int, draft: Draft, status: int = 200) -> Response[str]:
    return view.page("note", status, number=number, draft=draft, groups=_groups(view, draft))


def _row(view: View, note: Note) -> Row:
    catalogue = view.hub.workspace.catalogue
    # A metric of the business's own may be gone since; its note stays.
    named = [(view.reader.name(catalogue[name]) if name in catalogue else name, name) for name in note.metrics]
    links = [(title, view.link(f"/metric/{name}") if name in catalogue else "") for title, name in named]
    return Row(note.id, note_days(note, view.language), note.text, links, note.who)


def _groups(view: View, draft: Draft) -> list[tuple[str, list[Choice]]]:
    """The metrics to tick, by group; variants only where one is ticked already."""
    shown = [m for m in view.hub.workspace.metrics() if not m.variant or m.id in draft.metrics]
    names = dict.fromkeys([*GROUPS, *(m.group for m in shown)])
    return [
        (view.word(name), [Choice(m.id, view.reader.name(m), m.id in draft.metrics) for m in shown if m.group == name])
        for name in names
        if any(m.group == name for m in shown)
    ]


def _checked(view: View, draft: Draft) -> tuple[date, date | None] | None:
    """The days of a draft; ``None``, and what is wrong beside its field, where it is no note."""
    day, last = _day(draft.day), _day(draft.last_day)
    if day is None:
        draft.wrong["day"] = view.say("notes.wrong_day")
    if draft.last_day and last is None:
        draft.wrong["last_day"] = view.say("notes.wrong_day")
    known = view.hub.workspace.catalogue
    reason = notes.fault(day or EARLIEST, draft.text, last, draft.metrics, known)
    if reason in ("empty", "long"):
        draft.wrong["text"] = view.say(f"notes.wrong_{reason}", most=notes.LONGEST)
    elif reason == "backwards" and not draft.wrong:
        draft.wrong["last_day"] = view.say("notes.wrong_backwards")
    elif reason == "metrics":
        draft.wrong["metrics"] = _unknown(view, draft.metrics)
    return None if draft.wrong or day is None else (day, last)


def _unknown(view: View, metrics: Sequence[str]) -> str:
    name, near = notes.nearest(metrics, view.hub.workspace.catalogue)
    hint = f" {view.say('notes.meant', near=near)}" if near else ""
    return view.say("notes.wrong_metric", name=name[:80]) + hint


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if EARLIEST <= found <= LATEST else None


ROUTES = (all_notes, add, one, change, remove)
