"""Keys: API keys for programs that read, write keys for what sends messages. For admins."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from kizuna import sources
from kizuna.entries import SOURCE_NAME
from kizuna.locale.dates import moment
from kizuna.settings import FILE
from kizuna.settingsfile import from_environment
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.pages.settings import sections
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.state import audit, keys

HERE, SOURCES = "/settings/keys", "/settings/sources"


@get(HERE, opt=needs("admin"), sync_to_thread=True)
def api_keys(view: TheView) -> Response[str]:
    """All API keys, without the keys themselves, and the form of a new one."""
    return _keys(view)


@post(HERE, opt=needs("admin"), sync_to_thread=True)
def make(view: TheView, body: RawBody) -> Response[str]:
    """A new key, shown this once."""
    form = Form.read(body)
    name, role = form.text("name")[: keys.LONGEST_NAME], form.text("role")
    if not name:
        return _keys(view, name, role, view.say("accounts.key_name_missing"), status=400)
    with view.hub.state.session() as session:
        kept, key = keys.make(session, name, role, view.who.account_id)
        detail = {"role": role, "ends in": kept.hint}
        audit.write(session, view.who.name, "key.made", kept.name, detail, view.who.address)
    return _keys(view, made=key, made_name=kept.name)


@post(HERE + "/{number:int}/revoke", opt=needs("admin"), sync_to_thread=True)
def revoke(view: TheView, number: FromPath[int]) -> Redirect:
    """A key that opens nothing any more."""
    with view.hub.state.session() as session:
        kept = keys.revoke(session, number) if number < 2**63 else None
        if kept is None:
            raise NotFoundException(f"There is no key {number}.")
        audit.write(session, view.who.name, "key.revoked", kept.name, {"ends in": kept.hint}, view.who.address)
    return view.redirect(HERE, "revoked")


@get(SOURCES, opt=needs("admin"), sync_to_thread=True)
def write_keys(view: TheView) -> Response[str]:
    """Who may send messages, with their write keys."""
    return _sources(view)


@post(SOURCES, opt=needs("admin"), sync_to_thread=True)
def add_source(view: TheView, body: RawBody) -> Response[str] | Redirect:
    """A write key for another site, app or system."""
    name = Form.read(body).text("name")[:100]
    if not SOURCE_NAME.fullmatch(name):
        return _sources(view, name, view.say("accounts.source_wrong"))
    if name in view.hub.settings.sources:
        return _sources(view, name, view.say("accounts.source_taken"))
    sources.add(view.hub.root / FILE, name)
    view.hub.reload()
    with view.hub.state.session() as session:
        audit.write(session, view.who.name, "source.added", name, address=view.who.address)
    return view.redirect(SOURCES, "added")


def _keys(
    view: View,
    name: str = "",
    role: str = "viewer",
    wrong: str = "",
    made: str = "",
    made_name: str = "",
    status: int = 200,
) -> Response[str]:
    with view.hub.state.session() as session:
        found = [(each, _moment(view, each.created_at), _moment(view, each.used_at)) for each in keys.all_of(session)]
    roles = [(each, view.say(f"accounts.key_{each}")) for each in keys.ROLES]
    return view.page(
        "settings_keys", status, sections=sections(view), keys=found, roles=roles, name=name, role=role, wrong=wrong,
        made=made, made_name=made_name,
    )  # fmt: skip


def _sources(view: View, name: str = "", wrong: str = "") -> Response[str]:
    settings = view.hub.settings
    return view.page(
        "settings_sources", 400 if wrong else 200, sections=sections(view), sources=settings.sources, name=name,
        wrong=wrong, fixed=from_environment("sources"),
    )  # fmt: skip


def _moment(view: View, at: datetime | None) -> str:
    if at is None:
        return ""
    return moment(int(at.replace(tzinfo=UTC).timestamp() * 1e6), view.hub.settings.zone, view.language)


ROUTES = (api_keys, make, revoke, write_keys, add_source)
