"""Coming in and going out: what is the same for a login, a first account and a new password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Request
from litestar.response import Redirect
from sqlalchemy.orm import Session

from kizuna.settings import Settings
from kizuna.show.web.auth import cookies
from kizuna.show.web.auth.doorman import came_by_https, cookie_of
from kizuna.show.web.form import Form
from kizuna.show.web.view import LANGUAGE_COOKIE, chosen_cookie
from kizuna.store.state import logins
from kizuna.store.state.tables import Account

Asked = Request[Any, Any, Any]


def come_in(session: Session, account: Account, request: Asked, settings: Settings, path: str) -> Redirect:
    """Sign a browser in under a token that nobody knew before, and go on to a page; what it was signed in as ends."""
    if before := cookie_of(request.scope):
        logins.end(session, before)
    days: int = settings.login_days
    token = logins.begin(session, account, request.headers.get("user-agent", ""), timedelta(days=days))
    cookie = cookies.made(token, days=days, https=came_by_https(request))
    # Whoever used this browser before may have chosen another language.
    spoken = [chosen_cookie(LANGUAGE_COOKIE, account.language)] if account.language else []
    return Redirect(path, status_code=303, cookies=[cookie, *spoken])


def go_out(session: Session, request: Asked) -> Redirect:
    """Sign a browser out, on the server and in its cookie."""
    if token := cookie_of(request.scope):
        logins.end(session, token)
    gone = cookies.ended(https=came_by_https(request))
    return Redirect("/login", status_code=303, cookies=[gone])


def typed(form: Form, name: str) -> str:
    """A password as it was typed, with its spaces."""
    return form.fields.get(name, [""])[-1]
