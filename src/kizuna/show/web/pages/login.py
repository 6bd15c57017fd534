"""Signing in and out."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from kizuna.show.web.auth.back import safe_path
from kizuna.show.web.auth.entry import Asked, come_in, go_out, typed
from kizuna.show.web.auth.gate import TooManyTries
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheGate, TheView
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.state import accounts, audit


@get("/login", opt=needs("nobody"), sync_to_thread=True)
def login(view: TheView) -> Response[str] | Redirect:
    """The form, or where one wanted to go for somebody who is signed in."""
    if view.who.role != "nobody":
        return view.redirect(safe_path(view.query.get("next", "/")))
    with view.hub.state.session() as session:
        if not accounts.any_there(session):
            return view.page("login", empty=True)
    return _form(view, view.query.get("next", "/"))


@post("/login", opt=needs("nobody"), sync_to_thread=True)
def sign_in(view: TheView, request: Asked, gate: TheGate, body: RawBody) -> Response[str] | Redirect:
    """Come in with address and password."""
    form, hub = Form.read(body), view.hub
    email, onward = form.text("email")[:300], form.text("next")
    try:
        account = gate.enter(hub.state, email, typed(form, "password"), view.who.address)
    except TooManyTries as many:
        return _form(view, onward, email, view.say("login.too_many", seconds=many.wait), 429, many.wait)
    with hub.state.session() as session:
        if account is None:
            known = accounts.by_email(session, email)
            # What nobody has may be a password that got into the wrong field.
            audit.write(session, known.email if known else "", "sign_in.refused", address=view.who.address)
        else:
            account = accounts.named(session, account.email)
            audit.write(session, account.email, "signed_in", address=view.who.address)
            return come_in(session, account, request, hub.settings, safe_path(onward))
    return _form(view, onward, email, view.say("login.wrong"), 400)


@post("/logout", opt=needs("nobody"), sync_to_thread=True)
def sign_out(view: TheView, request: Asked) -> Redirect:
    """Go out of this browser."""
    with view.hub.state.session() as session:
        if view.who.account_id is not None:
            audit.write(session, view.who.name, "signed_out", address=view.who.address)
        return go_out(session, request)


def _form(view: View, onward: str, email: str = "", wrong: str = "", status: int = 200, wait: int = 0) -> Response[str]:
    headers = {"retry-after": str(wait)} if wait else {}
    return view.page("login", status, headers, empty=False, next=safe_path(onward), email=email, wrong=wrong)


ROUTES = (login, sign_in, sign_out)
