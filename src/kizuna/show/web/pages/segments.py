"""Segments: the list, one of them, and making one of conditions with a live count. All see them; editors make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from kizuna.errors import KizunaError
from kizuna.show.period import day
from kizuna.show.web.builder import Draft, ShownSize, counted, shown_rows, told
from kizuna.show.web.contrast import contrast
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.state import audit, segments
from kizuna.store.state.tables import SavedSegment
from kizuna.understand.segment import used_by

Asked = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """A segment of the list; `wrong` where its condition does not hold any more."""

    name: str
    title: str
    condition: str
    description: str
    size: ShownSize | None
    wrong: str
    changed: str
    who: str


@get("/segments", sync_to_thread=True)
def all_segments(view: TheView) -> Response[str]:
    """The list, with how many customers each has."""
    with view.hub.state.session() as session:
        kept = segments.all_of(session)
    return view.page("segments", rows=[_listed(view, each) for each in kept])


@get("/segments/new", opt=needs("editor"), sync_to_thread=True)
def new(view: TheView, request: Asked) -> Response[str]:
    """The form of a new one; buttons without script come back here with what was typed."""
    return _form(view, _typed(request))


@get("/segments/part", opt=needs("editor"), sync_to_thread=True)
def part(view: TheView, request: Asked) -> Response[str]:
    """The form alone, with the count: what the script puts in its place."""
    form = Form.read(request.scope["query_string"])
    draft = _typed(request, form.text("former"))
    return view.page("segment_form", headers={"cache-control": "no-store"}, **_parts(view, draft))


@post("/segments", opt=needs("editor"), sync_to_thread=True)
def add(view: TheView, body: RawBody) -> Response[str] | Redirect:
    """Keep a new segment."""
    draft = Draft.sent(Form.read(body))
    if not _right(view, draft):
        return _form(view, draft, 400)
    with view.hub.state.session() as session:
        name = segments.name_of(draft.title, segments.conditions(session))
        _keep(view, session, name, draft)
    view.hub.kept.clear()
    return view.redirect(view.link(f"/segment/{name}"), "added")


@get("/segment/{name:str}", sync_to_thread=True)
def one(view: TheView, name: FromPath[str]) -> Response[str]:
    """One segment: what it says and how many it is."""
    with view.hub.state.session() as session:
        kept = segments.named(session, name)
        others = used_by(segments.conditions(session), name)
    return _one(view, kept, others)


@get("/segment/{name:str}/edit", opt=needs("editor"), sync_to_thread=True)
def edit(view: TheView, request: Asked, name: FromPath[str]) -> Response[str]:
    """The form of one that is kept."""
    with view.hub.state.session() as session:
        kept = segments.named(session, name)
    sent = b"subject=" in request.scope["query_string"] or b"condition=" in request.scope["query_string"]
    return _form(view, _typed(request, name) if sent else Draft.of(kept))


@post("/segment/{name:str}", opt=needs("editor"), sync_to_thread=True)
def change(view: TheView, body: RawBody, name: FromPath[str]) -> Response[str] | Redirect:
    """Keep what was changed."""
    draft = Draft.sent(Form.read(body), name)
    with view.hub.state.session() as session:
        segments.named(session, name)
        if not _right(view, draft):
            return _form(view, draft, 400)
        _keep(view, session, name, draft)
    view.hub.kept.clear()
    return view.redirect(view.link(f"/segment/{name}"), "saved")


@post("/segment/{name:str}/remove", opt=needs("editor"), sync_to_thread=True)
def remove(view: TheView, name: FromPath[str]) -> Response[str] | Redirect:
    """Forget one, unless others are made of it."""
    with view.hub.state.session() as session:
        kept = segments.named(session, name)
        others = used_by(segments.conditions(session), name)
        if others:
            wrong = view.say("segments.used", names=view.say("common.comma").join(others))
            return _one(view, kept, others, 409, wrong)
        segments.remove(session, name)
        audit.write(session, view.who.name, "segment.removed", name, address=view.who.address)
    view.hub.kept.clear()
    # The address may carry the segment that is gone.
    return view.redirect("/segments", "removed")


def _one(view: View, kept: SavedSegment, others: Sequence[str], status: int = 200, wrong: str = "") -> Response[str]:
    listed = _listed(view, kept)
    beside = contrast(view, kept.name) if listed.size else []
    return view.page("segment", status, segment=listed, used_by=others, wrong=wrong, beside=beside)


def _typed(request: Asked, former: str = "") -> Draft:
    """What the address carries, after what its button asks for."""
    form = Form.read(request.scope["query_string"])
    draft = Draft.sent(form, former)
    draft.does(form.text("do") or ("" if draft.rows or draft.condition else "add"))
    return draft


def _right(view: View, draft: Draft) -> bool:
    """Whether it can be kept; says beside the fields why not."""
    if not draft.title:
        draft.wrong["title"] = view.say("segments.wrong_title")
    if told(view, draft).wrong:
        draft.wrong["condition"] = view.say("segments.wrong_condition")
    return not draft.wrong


def _keep(view: View, session: Any, name: str, draft: Draft) -> None:
    condition = draft.said()
    segments.save(session, name, draft.title, condition, description=draft.description, who=view.who.name)
    audit.write(session, view.who.name, "segment.kept", name, {"condition": condition}, view.who.address)


def _form(view: View, draft: Draft, status: int = 200) -> Response[str]:
    return view.page("segment_edit", status, **_parts(view, draft))


def _parts(view: View, draft: Draft) -> dict[str, Any]:
    path = f"/segment/{draft.former}" if draft.former else "/segments"
    again = f"/segment/{draft.former}/edit" if draft.former else "/segments/new"
    return {"draft": draft, "rows": shown_rows(view, draft), "told": told(view, draft), "path": path, "again": again}


def _listed(view: View, kept: SavedSegment) -> Listed:
    found, wrong = None, ""
    try:
        found = ShownSize.of_size(counted(view, kept.condition, kept.name), view.language)
    except KizunaError as error:
        wrong = str(error)
    changed = day(kept.changed_at.date(), view.language)
    return Listed(kept.name, kept.title, kept.condition, kept.description, found, wrong, changed, kept.who)


ROUTES: Sequence[Any] = (all_segments, new, part, add, one, edit, change, remove)
