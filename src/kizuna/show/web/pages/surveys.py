"""Surveys: all of them, new ones, and what came of each; begun, paused, looked at before anybody else does."""

from __future__ import annotations

import time

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from kizuna.collect.survey.file import add, new_text, set_state
from kizuna.collect.survey.links import answer_url, link_token
from kizuna.collect.survey.opened import Opened
from kizuna.collect.survey.question import told
from kizuna.collect.survey.survey import Survey, instruments
from kizuna.collect.survey.token import new_invitation, workspace_key
from kizuna.errors import KizunaError, SettingError, UnknownName
from kizuna.show import number
from kizuna.show.commands.surveyresults import collected
from kizuna.show.response import Results
from kizuna.show.survey.asked import pick
from kizuna.show.survey.pages import POLICY, Link, Pages
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.pages.feedback import measured_rates
from kizuna.show.web.surveyhead import Head, head, needed
from kizuna.show.web.surveyview import Outcome, link_of, listed
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.state import audit
from kizuna.understand.representation import known_traits
from kizuna.understand.response import Scope, is_anonymous

BY = ("channel", "country", "language", "tier", "team", "agent", "campaign")
"""What results can be broken down by, besides the traits that tell customers apart."""

FRAMED = POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'").replace("script-src 'self'; ", "")
"""A preview may stand in a frame of our own pages, and runs nothing."""


@get("/surveys", sync_to_thread=True)
def surveys(view: TheView) -> Response[str]:
    """All surveys with how many were invited and answered in the period."""
    return _list(view)


@post("/surveys", opt=needs("editor"), sync_to_thread=True)
def new(view: TheView, body: RawBody) -> Response[str] | Redirect:
    """A new survey of an instrument, as a draft."""
    form = Form.read(body)
    name, instrument = form.text("name")[:80].lower(), form.text("instrument")
    try:
        add(view.hub.root, name, new_text(name, instrument))
    except SettingError as error:
        return _list(view, {"name": name, "instrument": instrument, "wrong": str(error)}, 400)
    _audit(view, "survey.added", name)
    return view.redirect(link_of(view, name, "edit"), "added")


@get("/survey/{name:str}", sync_to_thread=True)
def results(view: TheView, name: FromPath[str]) -> Response[str]:
    """What came of a survey."""
    found = head(view, name, "results")
    by, weighted = view.query.get("by", ""), bool(view.query.get("weighted"))
    business, kept = view.hub.workspace.business, view.hub.kept
    anonymous = kept.get(("survey anonymous", name), lambda: is_anonymous(business, name)).value
    where = "" if anonymous else view.scope.where
    scope = Scope(name, view.scope.since, view.scope.until, where=where)
    can_weigh = bool(found.survey and found.survey.text.weight_by) and not anonymous
    problem = ""
    try:
        came = _collected(view, found, scope, by, weighted=weighted and can_weigh)
    except UnknownName:
        raise
    except KizunaError as error:
        problem, came = str(error), _collected(view, found, scope, "", weighted=False)
    traits = kept.get(("survey traits", name), lambda: known_traits(business, Scope(name))).value
    outcome = Outcome(view, came)
    return view.page(
        "survey",
        head=found,
        outcome=outcome,
        came=came,
        problem=problem,
        anonymous=anonymous,
        unsegmented=anonymous and bool(view.scope.where),
        least=int(view.hub.settings.least_people),
        few=anonymous and not came.scores and came.whole is not None and bool(came.whole.rates["completed"].count),
        by=by,
        choices=[] if anonymous else list(dict.fromkeys([*BY, *traits])),
        weighted=weighted,
        can_weigh=can_weigh,
        comments=number.count(came.comments, view.language),
        feedback=view.link("/feedback", survey=name, comment="1"),
    )


@post("/survey/{name:str}", opt=needs("editor"), sync_to_thread=True)
def act(view: TheView, name: FromPath[str], body: RawBody) -> Redirect:
    """Pause a survey, let it go on, or try it (``do``)."""
    what = Form.read(body).text("do")
    _, survey = needed(view, name, "results")
    if what == "try":
        return view.redirect(_trial(view, survey))
    if what not in ("pause", "resume"):
        raise UnknownName("deed", what[:40], ("pause", "resume", "try"))
    set_state(view.hub.root, name, "paused" if what == "pause" else "active")
    _audit(view, f"survey.{what}d", name)
    return view.redirect(link_of(view, name), "paused" if what == "pause" else "active")


@get("/survey/{name:str}/preview", sync_to_thread=True)
def preview(view: TheView, name: FromPath[str]) -> Response[str]:
    """How it looks to who is asked, in each of its languages."""
    found, survey = needed(view, name, "preview")
    languages = survey.languages(view.hub.settings.languages)
    shown = pick([view.query.get("in", ""), view.language], languages)
    later = [each for each in survey.questions if each not in survey.asked({})]
    return view.page(
        "survey_preview",
        head=found,
        shown=shown,
        languages=[(each, link_of(view, name, "preview", **{"in": each}), each == shown) for each in languages],
        frame=link_of(view, name, "frame", lang=shown),
        later=[(told(each.text, shown), _condition(each.only_if)) for each in later],
    )


@get("/survey/{name:str}/frame", sync_to_thread=True)
def frame(view: TheView, name: FromPath[str]) -> Response[bytes]:
    """The page itself, to be shown in a frame of ours; its form leads nowhere."""
    _, survey = needed(view, name, "preview")
    languages = tuple(survey.languages(view.hub.settings.languages))
    language = pick([view.query.get("lang", ""), view.language], languages)
    pages = Pages(view.hub.workspace.name, view.hub.settings.zone)
    link = Link(Opened(survey, "test", new_invitation()), "preview", language, languages, preview=True)
    made = pages.form(link, survey.asked({}), {}, {}, by_post=False)
    headers = {name.decode(): value.decode() for name, value in made.headers}
    media_type = headers.pop("content-type")
    headers["content-security-policy"] = FRAMED
    return Response(made.body, media_type=media_type, headers=headers)


def _list(view: View, draft: dict[str, str] | None = None, status: int = 200) -> Response[str]:
    reached = view.hub.kept.get(("response rates", view.scope), lambda: measured_rates(view.hub, view.scope)).value
    found = listed(view, reached)
    known = [(each, view.say(f"surveys.instrument_{each}")) for each in instruments() if each != "comment"]
    return view.page(
        "surveys",
        status,
        own=[each for each in found if each.has_file],
        others=[each for each in found if not each.has_file],
        instruments=known,
        draft=draft or {"name": "", "instrument": "", "wrong": ""},
    )


def _collected(view: View, found: Head, scope: Scope, by: str, *, weighted: bool) -> Results:
    names = (by,) if by and by != "channel" else ()
    text = found.survey.text if found.survey else None
    key = ("survey results", scope, names, weighted, view.language, str(text))
    shop, language = view.hub.workspace, view.language
    return view.hub.kept.get(
        key, lambda: collected(shop, scope, found.survey, by=names, weighted=weighted, language=language)
    ).value


def _trial(view: View, survey: Survey) -> str:
    """A link to the survey whose answers are marked as a test and never count."""
    now, key = time.time_ns() // 1000, workspace_key(view.hub.root)
    token = link_token(survey, new_invitation(), "link", now, key, "test")
    return answer_url("", token, pick([view.language], survey.languages(view.hub.settings.languages)))


def _condition(only_if: dict[str, object]) -> str:
    return " · ".join(f"{id} = {wanted}" for id, wanted in only_if.items())


def _audit(view: View, action: str, name: str) -> None:
    with view.hub.state.session() as session:
        audit.write(session, view.who.name, action, name, address=view.who.address)


ROUTES = (surveys, new, results, act, preview, frame)
