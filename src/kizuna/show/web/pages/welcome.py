"""One-time links: the first account, an invitation, a new password; and the ways to the first number."""

from __future__ import annotations

from dataclasses import dataclass, field

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import RawBody
from litestar.response import Redirect
from sqlalchemy.orm import Session

from kizuna.errors import KizunaError
from kizuna.show.web.auth import passwords
from kizuna.show.web.auth.entry import Asked, come_in, typed
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.state import accounts, audit, links
from kizuna.store.state.tables import Account, OneTimeLink

STEPS = "/welcome/steps"


@dataclass(slots=True)
class Filled:
    """The form as it was typed, without passwords, and what is wrong with it, by field."""

    purpose: str
    token: str
    email: str = ""
    name: str = ""
    wrong: dict[str, str] = field(default_factory=dict)


@get("/welcome", opt=needs("nobody"), sync_to_thread=True)
def welcome(view: TheView) -> Response[str]:
    """The form that a link leads to; looking at it does not use the link up."""
    token = view.query.get("token", "")
    with view.hub.state.session() as session:
        link, account = _opened(session, token)
        return _form(view, Filled(link.purpose, token, account.email, account.name))


@post("/welcome", opt=needs("nobody"), sync_to_thread=True)
def begin(view: TheView, request: Asked, body: RawBody) -> Response[str] | Redirect:
    """Make the account, or set its password, and sign in."""
    form, token = Form.read(body), Form.read(body).text("token")
    with view.hub.state.session() as session:
        link, account = _opened(session, token)
        first = link.purpose == "setup"
        filled = Filled(link.purpose, token, account.email, account.name)
        filled.email = form.text("email")[:300] if first else filled.email
        filled.name = form.text("name")[:300] if link.purpose != "reset" else filled.name
        _check(view, filled, typed(form, "password"), typed(form, "again"))
    if filled.wrong:
        return _form(view, filled, 400)
    hashed = passwords.hashed(typed(form, "password"))
    with view.hub.state.session() as session:
        if not links.use(session, token):
            raise _gone()
        _, account = _account_of(session, link)
        if first:
            account = accounts.add(session, filled.email, filled.name, "admin")
        account.name = accounts.clean_name(filled.name)
        accounts.set_password(session, account, hashed)
        action = "account.added" if first else "password.set"
        audit.write(session, account.email, action, account.email, {"link": link.purpose}, view.who.address)
        return come_in(session, account, request, view.hub.settings, STEPS if first else "/")


@get(STEPS, sync_to_thread=True)
def steps(view: TheView) -> Response[str]:
    """Three ways to the first number."""
    return view.page("welcome_steps")


def _opened(session: Session, token: str) -> tuple[OneTimeLink, Account]:
    """The link of a token and whose it is. Raises `NotFoundException` for one that leads nowhere (any more)."""
    link = links.found(session, token)
    if link is None or (link.account_id is None and accounts.any_there(session)):
        raise _gone()
    return _account_of(session, link)


def _account_of(session: Session, link: OneTimeLink) -> tuple[OneTimeLink, Account]:
    if link.account_id is None:
        return link, Account(email="", name="", role="admin")
    account = session.get(Account, link.account_id)
    if account is None or account.disabled_at is not None:
        raise _gone()
    return link, account


def _gone() -> NotFoundException:
    return NotFoundException(
        "This link leads nowhere: it was used, is too old, or another one was made since. "
        "`kizuna accounts link` on the server makes a new one, and so does an admin under Settings, People."
    )


def _check(view: View, filled: Filled, password: str, again: str) -> None:
    if not filled.name and filled.purpose != "reset":
        filled.wrong["name"] = view.say("login.name_missing")
    try:
        accounts.checked_address(filled.email)
    except KizunaError:
        filled.wrong["email"] = view.say("login.email_wrong")
    filled.wrong |= password_faults(view, password, again, (filled.email, filled.name))


def password_faults(view: View, password: str, again: str, own: tuple[str, ...]) -> dict[str, str]:
    """What is wrong with a new password that was typed twice, by field."""
    fault = passwords.fault(password, (*own, view.hub.workspace.name))
    if fault:
        said = view.say(f"login.password_{fault}", least=passwords.LEAST, most=passwords.MOST)
        return {"password": said}
    return {} if password == again else {"again": view.say("login.again_wrong")}


def _form(view: View, filled: Filled, status: int = 200) -> Response[str]:
    # The token is in the address, which all pages tell no other site. To tell our own neither (no-referrer) would
    # make the form's origin null, which is refused where a browser says nothing else: over plain http.
    return view.page("welcome", status, form=filled, least=passwords.LEAST)


ROUTES = (welcome, begin, steps)
