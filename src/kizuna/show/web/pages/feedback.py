"""Feedback: what customers answered and wrote, as an inbox that people work through together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from kizuna.act import task
from kizuna.errors import QuestionError
from kizuna.show import number
from kizuna.show.voicefile import as_dict, to_csv
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.hub import Hub
from kizuna.show.web.inbox import FILTERS, ME, NO_OWNER, Teller, read_wanted
from kizuna.show.web.scope import Scope
from kizuna.show.web.security import csp_nothing_else
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.state import audit, handlings
from kizuna.understand import response, voice
from kizuna.understand.opinion import OPINIONS
from kizuna.understand.response import STAGES, Reached

MOST_EXPORTED = 100_000
"""So many answers are in one file, the newest."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How far invitations came: `stages` are (word, count, share, interval, percent for a meter)."""

    name: str
    link: str
    invited: str
    stages: Sequence[tuple[str, str, str, str, float]]


@dataclass(frozen=True, slots=True)
class Tab:
    """A part of the inbox: its name, how many are in it, and where it is."""

    name: str
    count: str
    link: str
    here: bool


@get("/feedback", sync_to_thread=True)
def feedback(view: TheView) -> Response[str]:
    """The inbox."""
    return _inbox(view)


@get("/feedback.csv", opt=needs("editor"), sync_to_thread=True)
def download(view: TheView) -> Response[str]:
    """All answers that fit, as a table; it is written down who took it."""
    hub, wanted = view.hub, read_wanted(view)
    found, _ = voice.voices(hub.workspace.business, wanted, int(hub.settings.least_people), MOST_EXPORTED)
    with hub.state.session() as session:
        handled = handlings.of(session, [each.id for each in found])
        detail = {"answers": len(found), **_narrowed(view)}
        audit.write(session, view.who.name, "feedback.exported", "", detail, view.who.address)
    text = to_csv([as_dict(each, handled.get(each.id)) for each in found])
    headers = {"content-disposition": 'attachment; filename="feedback.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=csp_nothing_else(headers))


@post("/feedback", opt=needs("editor"), sync_to_thread=True)
def handle_all(view: TheView, body: RawBody) -> Response[str] | Redirect:
    """Set status, owner or a tag of all answers that were ticked."""
    form = Form.read(body)
    chosen = form.all("response")
    if not chosen:
        return _inbox(view, view.say("feedback.nothing_chosen"), 400)
    try:
        _handle(view, chosen, form, whole=False)
    except QuestionError as error:
        return _inbox(view, str(error), 400)
    return view.redirect(_here(view), "saved")


@get("/response/{id:path}", sync_to_thread=True)
def one(view: TheView, id: FromPath[str]) -> Response[str]:
    """One response with all its answers, what became of it, and its task."""
    return _one(view, _id(id))


@post("/response/{id:path}", opt=needs("editor"), sync_to_thread=True)
def change(view: TheView, id: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Set its status, owner and tags, or say that its task is done or open again (``do``)."""
    key, form = _id(id), Form.read(body)
    _found(view, key)
    try:
        if form.text("do") in ("done", "reopen"):
            _task(view, key, form)
        else:
            _handle(view, [key], form, whole=True)
    except QuestionError as error:
        return _one(view, key, str(error), 400)
    return view.redirect(view.link(view.path), "saved")


def _inbox(view: View, problem: str = "", status: int = 200) -> Response[str]:
    hub, wanted, least = view.hub, read_wanted(view), int(view.hub.settings.least_people)
    business, after = hub.workspace.business, view.query.get("after", "")
    page, follow = hub.kept.get(
        ("voices", wanted, after), lambda: voice.voices(business, wanted, least, after=after)
    ).value
    counted = hub.kept.get(("voices counted", wanted), lambda: voice.counted(business, wanted, least)).value
    rates = hub.kept.get(("response rates", view.scope), lambda: measured_rates(hub, view.scope)).value
    teller = Teller(view)
    items = teller.items(page)
    if people := sum(bool(each.customer_link) for each in items):
        with hub.state.session() as session:
            detail = {"people": people, **_narrowed(view)}
            audit.write(session, view.who.name, "feedback.seen", "", detail, view.who.address)
    with hub.state.session() as session:
        owners = [(str(each.id), each.name) for each in handlings.owners(session)]
        tags = handlings.tags_used(session)
    asked = {name: view.query.get(name, "") for name in FILTERS}
    return view.page(
        "feedback",
        status,
        items=items,
        problem=problem,
        asked=asked,
        filtered=any(asked.values()),
        choices=hub.kept.get("voice choices", lambda: voice.choices(business)).value,
        opinions=OPINIONS,
        statuses=handlings.STATUSES,
        owners=owners,
        unowned=NO_OWNER,
        me=ME,
        tags=tags,
        tabs=_tabs(view, counted),
        comments=number.count(counted.comments, view.language),
        hidden=counted.hidden,
        least=least,
        rates=[_rates(view, each) for each in rates],
        seen=any("shown" in each.rates for each in rates),
        any_answers=bool(counted.responses) or hub.kept.get("any answers", lambda: _any(hub)).value,
        first=view.link("/feedback", **asked) if after else "",
        follow=view.link("/feedback", **asked, after=follow) if follow else "",
        here=_here(view),
        csv=view.link("/feedback.csv", **asked),
    )


def _one(view: View, id: str, problem: str = "", status: int = 200) -> Response[str]:
    hub, found = view.hub, _found(view, id)
    teller = Teller(view)
    (item,) = teller.items([found])
    with hub.state.session() as session:
        owners = [(str(each.id), each.name) for each in handlings.owners(session)]
        handling = handlings.of(session, [id]).get(id)
        tags = handlings.tags_used(session)
        if found.named and found.customer_no is not None:
            detail = {"customer_no": found.customer_no}
            audit.write(session, view.who.name, "answer.seen", id, detail, view.who.address)
    about = task.of_ids(hub.store, [found.invitation_id, found.id]) if found.named else {}
    its_task = next(iter(about.values()), None)
    times: dict[str, str] = {}
    if its_task is not None:
        times = {each: teller.time(its_task[each]) if its_task[each] else "" for each in ("due_at", "done_at")}
    return view.page(
        "response",
        status,
        item=item,
        voice=found,
        problem=problem,
        owner=str(handling.owner_id or "") if handling else "",
        owners=owners,
        statuses=handlings.STATUSES,
        tags=tags,
        task=its_task,
        task_ours=its_task is not None and its_task["import_no"] < 0,
        times=times,
        least=int(hub.settings.least_people),
    )


def measured_rates(hub: Hub, scope: Scope) -> list[Reached]:
    """What became of the invitations of a period, by survey, those with most first.

    Of a segment only where it is known who answered.
    """
    business, where = hub.workspace.business, scope.where
    found = response.funnel(business, response.Scope("", scope.since, scope.until, where=where), ("survey",))
    if where:
        found = [each for each in found if not response.is_anonymous(business, each.group["survey"])]
    return sorted(found, key=lambda each: -each.invited)


def _rates(view: View, reached: Reached) -> Rates:
    stages = []
    for stage in STAGES:
        rate = reached.rates.get(stage)
        if rate is not None:
            share = number.value(rate.value, "percent", view.language)
            interval = number.margin(rate.value, rate.low, rate.high, "percent", view.language)
            count = number.count(rate.count, view.language)
            stages.append((view.say(f"feedback.stage_{stage}"), count, share, interval, rate.value or 0.0))
    name = reached.group["survey"]
    link = view.link(f"/survey/{quote(name, safe='')}")
    return Rates(name, link, number.count(reached.invited, view.language), stages)


def _tabs(view: View, counted: voice.Counted) -> list[Tab]:
    """All that fits, and its parts by opinion; chosen already, one stands alone."""
    asked = {name: view.query.get(name, "") for name in FILTERS}
    here = asked["opinion"]
    counts = {"": counted.responses, "good": counted.good, "neither": counted.neither, "bad": counted.bad}
    return [
        Tab(
            view.say(f"feedback.opinion_{name or 'all'}"),
            number.count(count, view.language) if not here or name == here else "",
            view.link("/feedback", **{**asked, "opinion": name}),
            name == here,
        )
        for name, count in counts.items()
    ]


def _handle(view: View, ids: Sequence[str], form: Form, *, whole: bool) -> None:
    """Set what the form says; `whole` is the form of one, on which an empty field empties it."""
    status = handlings.read_status(form.text("status")) if form.text("status") else None
    owner = _account(form.text("owner")) if form.text("owner") or whole else None
    least, wanted = int(view.hub.settings.least_people), voice.Wanted(among=tuple(ids))
    found, _ = voice.voices(view.hub.workspace.business, wanted, least, handlings.MOST_AT_ONCE)
    with view.hub.state.session() as session:
        changed = handlings.handle(
            session,
            [each.id for each in found],
            view.who.name,
            status=status,
            owner=owner,
            tags=handlings.clean_tags(form.text("tags")) if whole else None,
            add=() if whole else handlings.clean_tags(form.text("tag")),
        )
        detail = {"changed": changed}
        audit.write(session, view.who.name, "feedback.handled", ids[0] if whole else "", detail, view.who.address)


def _account(text: str) -> int:
    if text in ("", NO_OWNER):
        return handlings.NOBODY
    if not text.isdecimal() or len(text) > 15:
        raise QuestionError(f"There is no owner {text[:40]!r}.", "Choose one of the list.")
    return int(text)


def _task(view: View, id: str, form: Form) -> None:
    found = _found(view, id)
    about = next(iter(task.of_ids(view.hub.store, [found.invitation_id, id]).values()), None) if found.named else None
    if about is None:
        raise QuestionError("This answer raised no task.", "A survey's [close_loop] says which answers do.")
    who = view.who.title or view.who.name
    if form.text("do") == "done" and about["done_at"] is None:
        task.finish(view.hub.store, view.hub.send, about, who, form.text("note")[:2000])
    elif form.text("do") == "reopen" and about["done_at"] is not None:
        task.reopen(view.hub.store, view.hub.send, about, who)


def _found(view: View, id: str) -> voice.Voice:
    found = voice.voice(view.hub.workspace.business, id, int(view.hub.settings.least_people))
    if found is None:
        raise NotFoundException(view.say("feedback.no_such"))
    return found


def _id(path: str) -> str:
    return str(path).removeprefix("/")


def _here(view: View) -> str:
    asked = {name: view.query.get(name, "") for name in (*FILTERS, "after")}
    return view.link("/feedback", **asked)


def _narrowed(view: View) -> dict[str, Any]:
    """What the inbox was narrowed by, for the audit log; what was searched for may name somebody and is not kept."""
    asked = {name: view.query[name][:80] for name in FILTERS if view.query.get(name) and name != "text"}
    return {"asked": asked, "searched": bool(view.query.get("text"))}


def _any(hub: Hub) -> bool:
    return bool(hub.rows("SELECT 1 FROM survey_response LIMIT 1"))


ROUTES = (feedback, download, handle_all, one, change)
