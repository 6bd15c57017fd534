"""People: who may sign in, in which role. For admins."""

from __future__ import annotations

from dataclasses import dataclass, field

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, RawBody
from litestar.response import Redirect
from sqlalchemy.orm import Session

from kizuna.errors import KizunaError
from kizuna.show.web.auth.entry import Asked
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.pages.settings import sections
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.state import accounts, audit, links
from kizuna.store.state.tables import Account

HERE = "/settings/people"


@dataclass(slots=True)
class Invited:
    """Somebody who is being invited, as typed, and what is wrong, by field."""

    email: str = ""
    name: str = ""
    role: str = "viewer"
    wrong: dict[str, str] = field(default_factory=dict)


@get(HERE, opt=needs("admin"), sync_to_thread=True)
def people(view: TheView) -> Response[str]:
    """All accounts, and the form of a new one."""
    return _page(view, Invited())


@post(HERE, opt=needs("admin"), sync_to_thread=True)
def invite(view: TheView, request: Asked, body: RawBody) -> Response[str]:
    """A new account, and the link by which its owner chooses a password; it is shown this once."""
    form = Form.read(body)
    typed = Invited(form.text("email")[:300], form.text("name")[:300], form.text("role")[:20])
    with view.hub.state.session() as session:
        if not typed.name:
            typed.wrong["name"] = view.say("login.name_missing")
        try:
            address = accounts.checked_address(typed.email)
            if accounts.by_email(session, address):
                typed.wrong["email"] = view.say("accounts.taken")
        except KizunaError:
            typed.wrong["email"] = view.say("login.email_wrong")
        if typed.wrong:
            return _page(view, typed, status=400)
        account = accounts.add(session, typed.email, typed.name, typed.role)
        _note(session, view, "account.added", account, role=account.role)
        token = links.make(session, "invite", account.id)
    return _page(view, Invited(), account, _address(view, request, token), "invite")


@post(HERE + "/{number:int}/link", opt=needs("admin"), sync_to_thread=True)
def link(view: TheView, request: Asked, number: FromPath[int]) -> Response[str]:
    """A link for a new password; shown this once."""
    with view.hub.state.session() as session:
        account = _found(session, number)
        if account.disabled_at:
            raise KizunaError(f"{account.email} may not come in.", "Let them in again first.")
        purpose: links.Purpose = "reset" if account.password else "invite"
        _note(session, view, "link.made", account, link=purpose)
        token = links.make(session, purpose, account.id)
    return _page(view, Invited(), account, _address(view, request, token), purpose)


@post(HERE + "/{number:int}/role", opt=needs("admin"), sync_to_thread=True)
def change_role(view: TheView, number: FromPath[int], body: RawBody) -> Response[str] | Redirect:
    """Another role, from their next click on."""
    role = Form.read(body).text("role")
    try:
        with view.hub.state.session() as session:
            account = _found(session, number)
            before = account.role
            accounts.set_role(session, account, role)
            if before != role:
                _note(session, view, "role.changed", account, **{"from": before, "to": role})
    except KizunaError:
        return _page(view, Invited(), status=400, wrong=view.say("accounts.last_admin"))
    return view.redirect(HERE, "saved")


@post(HERE + "/{number:int}/disable", opt=needs("admin"), sync_to_thread=True)
def disable(view: TheView, number: FromPath[int]) -> Response[str] | Redirect:
    """Out at once, and not in again."""
    try:
        with view.hub.state.session() as session:
            account = _found(session, number)
            accounts.disable(session, account)
            _note(session, view, "account.disabled", account)
    except KizunaError:
        return _page(view, Invited(), status=400, wrong=view.say("accounts.last_admin"))
    return view.redirect(HERE, "saved")


@post(HERE + "/{number:int}/enable", opt=needs("admin"), sync_to_thread=True)
def enable(view: TheView, number: FromPath[int]) -> Redirect:
    """May come in again."""
    with view.hub.state.session() as session:
        account = _found(session, number)
        accounts.enable(session, account)
        _note(session, view, "account.enabled", account)
    return view.redirect(HERE, "saved")


def _page(
    view: View,
    typed: Invited,
    made_for: Account | None = None,
    link: str = "",
    purpose: str = "",
    status: int = 200,
    wrong: str = "",
) -> Response[str]:
    with view.hub.state.session() as session:
        found = accounts.all_of(session)
    roles = [(role, view.say(f"accounts.role_{role}")) for role in accounts.ROLES]
    return view.page(
        "settings_people", status, sections=sections(view), people=found, roles=roles, form=typed,
        made_for=made_for, link=link, purpose=purpose, wrong=wrong,
    )  # fmt: skip


def _found(session: Session, number: int) -> Account:
    account = session.get(Account, number) if number < 2**63 else None
    if account is None:
        raise NotFoundException(f"There is no account {number}.")
    return account


def _note(session: Session, view: View, action: str, account: Account, **detail: str) -> None:
    audit.write(session, view.who.name, action, account.email, detail, view.who.address)


def _address(view: View, request: Asked, token: str) -> str:
    """Where the link leads: to the public address, or the one that this admin uses."""
    https = "https" if request.scope["state"].get("https") else "http"
    return links.address(view.hub.settings.public_url or f"{https}://{request.headers.get('host', '')}", token)


ROUTES = (people, invite, link, change_role, disable, enable)
