"""Changing a survey, in a form or as text, and placing it: links, the widget's line, and the rule by which it asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from kizuna.act.asker import mail_problem
from kizuna.act.linking import Doubt, doubts, make_link
from kizuna.collect.survey.checks import BY_MAIL
from kizuna.collect.survey.edit import digest, read_text, replace, values_of, with_values
from kizuna.collect.survey.file import path_of
from kizuna.collect.survey.links import answer_url
from kizuna.errors import KizunaError, SettingError
from kizuna.show.commands.surveysheet import address
from kizuna.show.commands.tag import widget_line
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.surveyform import CHOICES, KEYS, TEXTS, Draft
from kizuna.show.web.surveyhead import head, needed
from kizuna.show.web.surveyview import link_of
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.show.words import LANGUAGES
from kizuna.store.state import audit

ABOUT = ("customer_id", "email", "ticket_id", "order_id", "agent", "team")
"""What a link made by hand can be about."""

BY_HAND = ("link", "chat", "sms")


@dataclass(frozen=True, slots=True)
class Made:
    """A link that was made, and what speaks against sending it."""

    address: str
    doubts: Sequence[str]


@get("/survey/{name:str}/edit", opt=needs("editor"), sync_to_thread=True)
def edit(view: TheView, name: FromPath[str]) -> Response[str]:
    """The form, or the whole file as text: where it is asked for (``as=text``) or the file is not right."""
    found = head(view, name, "edit")
    text = read_text(view.hub.root, name)
    if found.survey is None or view.query.get("as") == "text":
        return _text(view, name, text, digest(text), found.problem)
    return _form(view, name, Draft.of(found.survey), digest(text))


@post("/survey/{name:str}/edit", opt=needs("editor"), sync_to_thread=True)
def change(view: TheView, name: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Write what was changed, unless it is not right or somebody else was faster."""
    form, text = Form.read(body), read_text(view.hub.root, name)
    as_text = "toml" in form.fields
    draft = Draft()
    if as_text:
        text_given = form.fields["toml"][-1].replace("\r\n", "\n")
    else:
        _, survey = needed(view, name, "edit")
        draft = Draft.sent(form, survey, view.say("surveyform.no_number"))
    try:
        if form.text("before") != digest(text):
            raise SettingError(view.say("surveyform.changed_meanwhile"))
        if not draft.wrong:
            news = text_given if as_text else with_values(text, draft.values, values_of(survey, KEYS))
            replace(view.hub.root, name, news)
            with view.hub.state.session() as session:
                audit.write(session, view.who.name, "survey.changed", name, address=view.who.address)
            return view.redirect(link_of(view, name, "edit", **({"as": "text"} if as_text else {})), "saved")
    except KizunaError as error:
        if as_text:
            return _text(view, name, text_given, form.text("before"), str(error), 400)
        draft.blame(str(error), str(path_of(view.hub.root, name)))
    return _form(view, name, draft, form.text("before"), 400)


@get("/survey/{name:str}/place", sync_to_thread=True)
def place(view: TheView, name: FromPath[str]) -> Response[str]:
    """Where it is asked, and how to have it asked there."""
    return _place(view, name)


@post("/survey/{name:str}/place", opt=needs("editor"), sync_to_thread=True)
def link(view: TheView, name: FromPath[str], body: RawBody) -> Response[str]:
    """Make a link for one person."""
    _, survey = needed(view, name, "place")
    form = Form.read(body)
    about = {key: form.text(key)[:300] for key in ABOUT if form.text(key)}
    channel, language = form.text("channel"), form.text("language")
    about["channel"] = channel if channel in BY_HAND else BY_HAND[0]
    if language in survey.languages(view.hub.settings.languages):
        about["language"] = language
    try:
        found = doubts(view.hub.store, survey, about)
        token = make_link(view.hub.root, view.hub.send, survey, about)
    except SettingError:
        return _place(view, name, about, problem=view.say("surveyform.not_active"), status=400)
    with view.hub.state.session() as session:
        audit.write(session, view.who.name, "survey.linked", name, {"about": sorted(about)}, view.who.address)
    shown = answer_url(address(view.hub.workspace), token, about.get("language", ""))
    return _place(view, name, about, Made(shown, [_doubted(view, each) for each in found]))


def _form(view: View, name: str, draft: Draft, before: str, status: int = 200) -> Response[str]:
    found, survey = needed(view, name, "edit")
    return view.page(
        "survey_edit",
        status,
        head=found,
        draft=draft,
        before=before,
        texts=TEXTS,
        codes=LANGUAGES,
        choices=CHOICES,
        as_text=link_of(view, name, "edit", **{"as": "text"}),
        questions=[(each.id, each.kind) for each in survey.questions],
    )


def _text(view: View, name: str, text: str, before: str, problem: str = "", status: int = 200) -> Response[str]:
    found = head(view, name, "edit")
    return view.page(
        "survey_text",
        status,
        head=found,
        text=text,
        before=before,
        wrong=problem.replace(str(path_of(view.hub.root, name)), f"{name}.toml"),
        form=link_of(view, name, "edit") if found.survey else "",
    )


def _place(
    view: View,
    name: str,
    about: dict[str, str] | None = None,
    made: Made | None = None,
    problem: str = "",
    status: int = 200,
) -> Response[str]:
    found, survey = needed(view, name, "place")
    settings, when, origin = view.hub.settings, survey.text.when, address(view.hub.workspace)
    keys = list(settings.sources.values())
    return view.page(
        "survey_place",
        status,
        head=found,
        survey=survey,
        open_address=f"{origin}/surveys/{name}" if survey.text.open else "",
        widget=widget_line(settings, keys[0], origin=origin) if keys and view.may("editor") else "",
        button=f'<button data-kizuna-survey="{name}">…</button>',
        on_pages=when.after == "page",
        by_mail=when.after in BY_MAIL,
        mail_problem=mail_problem(settings) if when.after in BY_MAIL else "",
        rule=_rule(view, survey.text.when),
        here_only=not settings.public_url,
        about=about or {},
        fields=ABOUT,
        channels=BY_HAND,
        codes=survey.languages(settings.languages),
        made=made,
        problem=problem,
    )


def _rule(view: View, when: object) -> list[tuple[str, str]]:
    """The rule's keys that matter, as they stand in the file."""
    import msgspec

    told = msgspec.to_builtins(when)
    after = told["after"]
    if not after:
        return []
    mine = {
        "page": ("paths", "seconds", "exit"),
        "signup": ("days", "every_days"),
        "event": ("event", "delay_hours", "within_hours"),
    }.get(after, ("delay_hours", "within_hours"))
    rows = [(view.say(f"surveyform.f_{key}"), _shown(view, told[key])) for key in (*mine, "where", "sample")]
    return [(key, value) for key, value in rows if value]


def _shown(view: View, value: object) -> str:
    if isinstance(value, bool):
        return view.say("common.yes" if value else "common.no")
    if isinstance(value, list):
        return view.say("common.comma").join(map(str, value))
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def _doubted(view: View, doubt: Doubt) -> str:
    near = " " + view.say("surveyform.doubt_near", near=doubt.near) if doubt.near else ""
    return view.say(f"surveyform.doubt_{doubt.kind}", id=doubt.id) + near


ROUTES = (edit, change, place, link)
