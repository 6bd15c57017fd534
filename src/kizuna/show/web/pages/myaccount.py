"""One's own account: name, password, where one is signed in; language and colours, also of those without one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import PermissionDeniedException
from litestar.params import RawBody
from litestar.response import Redirect
from sqlalchemy.orm import Session

from kizuna.collect.agents import describe
from kizuna.locale.dates import moment
from kizuna.show.web.auth import passwords
from kizuna.show.web.auth.back import safe_path
from kizuna.show.web.auth.doorman import cookie_of
from kizuna.show.web.auth.entry import Asked, come_in, typed
from kizuna.show.web.auth.gate import TooManyTries
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheGate, TheView
from kizuna.show.web.pages.settings import sections
from kizuna.show.web.pages.welcome import password_faults
from kizuna.show.web.view import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, View, chosen_cookie
from kizuna.show.web.who import needs
from kizuna.show.words import LANGUAGES
from kizuna.store.state import accounts, audit, logins
from kizuna.store.state.tables import Account, LoginSession
from kizuna.store.state.tokens import digest

HERE = "/settings/account"


@get(HERE, sync_to_thread=True)
def account(view: TheView, request: Asked) -> Response[str]:
    """Name, password, sessions."""
    return _page(view, request)


@post(f"{HERE}/name", sync_to_thread=True)
def rename(view: TheView, request: Asked, body: RawBody) -> Response[str] | Redirect:
    """Another name."""
    name = accounts.clean_name(Form.read(body).text("name"))
    if not name:
        return _page(view, request, {"name": view.say("login.name_missing")})
    with view.hub.state.session() as session:
        _mine(session, view).name = name
    return view.redirect(HERE, "saved")


@post(f"{HERE}/password", sync_to_thread=True)
def change_password(view: TheView, request: Asked, gate: TheGate, body: RawBody) -> Response[str] | Redirect:
    """Another password: out everywhere else, and a fresh session here."""
    form = Form.read(body)
    with view.hub.state.session() as session:
        found = _mine(session, view)
    try:
        right = gate.prove(found, typed(form, "current"), view.who.address)
    except TooManyTries as many:
        return _page(view, request, {"current": view.say("login.too_many", seconds=many.wait)}, 429, many.wait)
    wrong = password_faults(view, typed(form, "password"), typed(form, "again"), (found.email, found.name))
    if not right:
        wrong["current"] = view.say("accounts.current_wrong")
    if wrong:
        return _page(view, request, wrong)
    hashed = passwords.hashed(typed(form, "password"))
    with view.hub.state.session() as session:
        mine = _mine(session, view)
        accounts.set_password(session, mine, hashed)
        audit.write(session, view.who.name, "password.changed", mine.email, address=view.who.address)
        return come_in(session, mine, request, view.hub.settings, f"{HERE}?said=password")


@post(f"{HERE}/elsewhere", sync_to_thread=True)
def sign_out_elsewhere(view: TheView, request: Asked) -> Redirect:
    """Out everywhere but here."""
    with view.hub.state.session() as session:
        mine = _mine(session, view)
        logins.end_all(session, mine.id)
        audit.write(session, view.who.name, "signed_out.elsewhere", address=view.who.address)
        return come_in(session, mine, request, view.hub.settings, f"{HERE}?said=elsewhere")


@get("/settings/appearance", sync_to_thread=True)
def appearance(view: TheView) -> Response[str]:
    """Language and colours."""
    return view.page("settings_appearance", sections=sections(view), themes=("", *THEMES))


@post("/appearance", opt=needs("nobody"), sync_to_thread=True)
def change_appearance(view: TheView, body: RawBody) -> Redirect:
    """Keep it with the account, and with the browser for when nobody is signed in."""
    form = Form.read(body)
    language = form.text("language") if form.text("language") in LANGUAGES else ""
    theme = form.text("theme") if form.text("theme") in THEMES else ""
    if view.who.account_id is not None:
        with view.hub.state.session() as session:
            mine = _mine(session, view)
            mine.language, mine.theme = language, theme
    answer = view.redirect(safe_path(form.text("next"), "/settings/appearance"), "saved")
    for name, value in ((LANGUAGE_COOKIE, language), (THEME_COOKIE, theme)):
        answer.set_cookie(chosen_cookie(name, value))
    return answer


def _page(
    view: View, request: Asked, wrong: dict[str, str] | None = None, status: int = 0, wait: int = 0
) -> Response[str]:
    with view.hub.state.session() as session:
        mine = _mine(session, view)
        here = digest(cookie_of(request.scope))
        open_now = [_session(view, each, here) for each in logins.all_of(session, mine.id)]
    headers = {"retry-after": str(wait)} if wait else {}
    return view.page(
        "settings_account", status or (400 if wrong else 200), headers, sections=sections(view), account=mine,
        wrong=wrong or {}, open_now=open_now, least=passwords.LEAST,
    )  # fmt: skip


def _session(view: View, found: LoginSession, here: bytes) -> dict[str, Any]:
    agent = describe(found.agent)
    named = [part for part in (agent.browser, agent.os) if part]
    times = {"since": found.created_at, "seen": found.seen_at, "ends": found.ends_at}
    told = {name: _moment(view, at) for name, at in times.items()}
    return told | {"agent": " · ".join(named) or found.agent[:60], "here": found.digest == here}


def _moment(view: View, at: datetime) -> str:
    return moment(int(at.replace(tzinfo=UTC).timestamp() * 1e6), view.hub.settings.zone, view.language)


def _mine(session: Session, view: View) -> Account:
    """The account of who asks; a key has none."""
    found = session.get(Account, view.who.account_id) if view.who.account_id is not None else None
    if found is None:
        raise PermissionDeniedException("A key has no account of its own; sign in as a person.")
    return found


ROUTES = (account, rename, change_password, sign_out_elsewhere, appearance, change_appearance)
