"""Importing a file: drop it, see what it is, mend the mapping, load it, see what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from kizuna.collect.guess import guesses
from kizuna.collect.peek import Peek
from kizuna.collect.report import FileReport
from kizuna.errors import ImportFailed
from kizuna.facts import FACTS
from kizuna.show import number
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.importing import form as forms
from kizuna.show.web.importing.drop import Drop, Drops
from kizuna.show.web.importing.job import Job, jobs_of
from kizuna.show.web.importing.reason import field_name, file_reason
from kizuna.show.web.importing.upload import NotTaken, take
from kizuna.show.web.importing.wizard import Wizard, size, wizard
from kizuna.show.web.importing.work import begin, look
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.state import audit

START = "/data/import"
PATIENCE = 1.5
"""A trial that takes longer than so many seconds is waited for on a page of its own."""

MEGA = 1_000_000
MOST_COLUMNS = 300
"""So many columns of a file are shown."""

STAGES = ("read", "check", "keep", "load", "derive")
WRONG = ("no_file", "too_large", "broken", "disk", "gone", "zip_many", "zip_broken", "zip_locked")

Asked = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a fact, for people who make a file: what a column may be called, and whether it must be there."""

    name: str
    label: str
    needed: bool
    help: str


@get(START, opt=needs("editor"), sync_to_thread=True)
def start(view: TheView) -> Response[str]:
    """Where a file is dropped; ``fact`` says which is wanted, ``wrong`` why the last one was not taken."""
    fact = FACTS.get(view.query.get("fact", ""))
    fact = fact if fact and not fact.instead else None
    wrong = view.query.get("wrong", "")
    most = int(view.hub.settings.max_import_megabytes)
    Drops(view.hub.root).sweep()
    waiting = [(f"{START}/{drop.id}", drop.name, size(drop.size, view)) for drop in Drops(view.hub.root).waiting()]
    fields = forms.columns_for(fact) if fact else []
    return view.page(
        "import",
        fact=fact.name if fact else "",
        fact_title=view.say(f"facts.{fact.name}") if fact else "",
        fields=[Field(c.name, field_name(c.name, view), c.needed, c.help) for c in fields],
        facts=[
            (f.name, view.say(f"facts.{f.name}"), view.say(f"facts.{f.name}_rows"))
            for f in FACTS.values()
            if not f.instead
        ],
        wrong=view.say(f"import.wrong_{wrong}", most=number.count(most, view.language)) if wrong in WRONG else "",
        most_bytes=most * MEGA,
        most=number.count(most, view.language),
        waiting=waiting,
    )


@post(START, opt=needs("editor"), request_max_body_size=None)
async def upload(view: TheView, request: Asked) -> Redirect:
    """Take in a file, as it comes, and go on to its page."""
    most = int(view.hub.settings.max_import_megabytes) * MEGA
    try:
        if int(request.headers.get("content-length", "0") or 0) > most + MEGA:
            raise NotTaken("too_large")
        chunks: AsyncIterator[bytes] = request.stream()
        kind = request.headers.get("content-type", "")
        taken = await take(chunks, kind, Drops(view.hub.root), most, view.who.name)
    except NotTaken as error:
        return Redirect(f"{START}?{urlencode({'wrong': error.why})}", status_code=303)
    fact = FACTS.get(taken.fields.get("fact", ""))
    if fact is not None and not fact.instead:
        choices = msgspec.structs.replace(taken.drop.choices, fact=fact.name)
        Drops(view.hub.root).save(msgspec.structs.replace(taken.drop, choices=choices))
    return Redirect(f"{START}/{taken.drop.id}", status_code=303)


@get(START + "/{id:str}", opt=needs("editor"), sync_to_thread=True)
def one(view: TheView, id: FromPath[str]) -> Response[str] | Redirect:
    """A file that waits: what it is and how it would be loaded, or how far that is."""
    job = jobs_of(view.hub).of(id)
    if job is not None and job.what == "load":
        if not job.over:
            return _progress(view, id, job)
        if job.report is not None:
            return Redirect(_done(job.report), status_code=303)
    drop = Drops(view.hub.root).get(id)
    if drop is None:
        return Redirect(f"{START}?wrong=gone", status_code=303)
    try:
        drop, seen = _seen(view, drop)
    except ImportFailed as error:
        return view.page("import_unread", 400, drop=drop, what=file_reason(error, view))
    if job is None or not job.over or job.choices != drop.choices:
        job = begin(view.hub, drop, "try", seen)
        if not job.wait(PATIENCE):
            return _progress(view, id, job)
    twice = [name for name in view.query.get("twice", "").split(",") if name in FACTS[drop.choices.fact].by_name]
    return _page(view, wizard(view, drop, seen, job, twice))


@post(START + "/{id:str}", opt=needs("editor"), sync_to_thread=True)
def choose(view: TheView, id: FromPath[str], body: RawBody) -> Redirect:
    """What was chosen for a file: try it out so, load it, or throw it away."""
    drops = Drops(view.hub.root)
    drop = drops.get(id)
    if drop is None:
        return Redirect(f"{START}?wrong=gone", status_code=303)
    form = {name: values[-1] for name, values in Form.read(body).fields.items()}
    if form.get("do") == "discard":
        drops.remove(id)
        return view.redirect(START, "removed")
    drop, seen = _seen(view, drop)
    chosen = forms.read(form, drop.choices, seen)
    job, same = jobs_of(view.hub).of(id), forms.same(chosen.choices, drop.choices, seen)
    if not same:
        drop = msgspec.structs.replace(drop, choices=chosen.choices)
        drops.save(drop)
    # What was not seen as it will be is not loaded.
    more = {"twice": ",".join(chosen.twice)} if chosen.twice else {}
    if form.get("do") == "load" and same and job is not None and job.report is not None and not more:
        begin(view.hub, drop, "load", seen, lambda report: _loaded(view, drop, report))
    elif form.get("do") == "load":
        more["changed"] = "1"
    elif job is not None and job.over and job.report is None:
        # What went wrong may go right now.
        begin(view.hub, drop, "try", seen)
    return Redirect(f"{START}/{id}" + (f"?{urlencode(more)}" if more else ""), status_code=303)


@get(START + "/{id:str}/state", opt=needs("editor"), sync_to_thread=True)
def state(view: TheView, id: FromPath[str]) -> Response[dict[str, Any]]:
    """How far the work on a file is, for a page that waits."""
    job = jobs_of(view.hub).of(id)
    if job is None:
        return Response({"over": True})
    said = _told(view, job)
    return Response({"over": job.over, "text": said, "done": job.done, "total": job.total, "step": _step(job)})


def _seen(view: View, drop: Drop) -> tuple[Drop, Peek]:
    """The file looked at, and the likeliest fact where none is chosen."""
    seen = look(view.hub, drop)
    if not drop.choices.fact:
        fact = guesses(seen.columns, drop.name, seen.kind)[0].fact.name
        drop = msgspec.structs.replace(drop, choices=msgspec.structs.replace(drop.choices, fact=fact))
        Drops(view.hub.root).save(drop)
    return drop, seen


def _loaded(view: View, drop: Drop, report: FileReport) -> None:
    """Note who loaded what, and let the dropped file go: it is kept under raw/imports now."""
    with view.hub.state.session() as session:
        detail = {"import": report.import_no, "fact": drop.choices.fact, "rows": report.rows}
        audit.write(session, view.who.name, "data.imported", drop.name, detail, view.who.address)
    Drops(view.hub.root).remove(drop.id)


def _page(view: View, made: Wizard) -> Response[str]:
    return view.page("import_file", wizard=made, changed="changed" in view.query, most_columns=MOST_COLUMNS)


def _progress(view: View, id: str, job: Job) -> Response[str]:
    drop = Drops(view.hub.root).get(id)
    name = drop.name if drop else ""
    return view.page(
        "import_wait", id=id, name=name, text=_told(view, job), step=_step(job), done=job.done, total=job.total
    )


def _told(view: View, job: Job) -> str:
    stage = job.stage if job.stage in STAGES else "read"
    share = f" {number.percent(round(job.done / job.total, 2), view.language)}" if job.total and job.done else ""
    return view.say(f"import.stage_{stage}") + share


def _step(job: Job) -> int:
    return STAGES.index(job.stage) if job.stage in STAGES else 0


def _done(report: FileReport) -> str:
    return f"/data/imports/{report.import_no}" + ("?already=1" if report.already else "")


ROUTES = (start, upload, one, choose, state)
