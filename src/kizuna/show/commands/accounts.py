"""``kizuna accounts``: who may sign in to the pages."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from kizuna.errors import KizunaError
from kizuna.settings import FILE, Settings
from kizuna.show.commands.common import WorkspaceOption, server_address, short
from kizuna.show.console import clean, note, out

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kizuna.store.state.tables import Account

Action = Literal["list", "add", "link", "role", "disable", "enable"]
WHO = "kizuna accounts"
"""What stands in the audit log: whoever may use the workspace's folder."""


def accounts(
    action: Annotated[Action, Parameter(help="what to do; list where nothing is said")] = "list",
    email: Annotated[str | None, Parameter(help="whose account it is, or is to be")] = None,
    /,
    *,
    role: Annotated[
        Literal["viewer", "editor", "admin"] | None,
        Parameter(help="what they may: see numbers, change what is kept, manage accounts and settings"),
    ] = None,
    name: Annotated[str | None, Parameter(help="their name; else what stands before the @")] = None,
    format: Annotated[Literal["table", "json"], Parameter(help="how to print the list")] = "table",
    workspace: WorkspaceOption = None,
) -> None:
    """List who may sign in to the pages, or change it.

    add makes an account and prints a one-time link by which they choose a password; link prints such a link for
    somebody who has an account and forgot it or, without an address, for the first account of all; role gives another
    role; disable signs somebody out at once and for good, until enable. A server may run meanwhile.
    """
    from kizuna.store.state.database import State
    from kizuna.workspace import find

    folder = find(explicit=workspace)
    settings = Settings.read(folder / FILE)
    note(f"workspace {short(folder)}")
    with closing(State(folder, settings.state_url)) as state, state.session() as session:
        if action == "list":
            _list(session, format)
        elif action == "link" and not email:
            _first(session, server_address(folder, settings))
        elif not email:
            raise KizunaError("Whose account?", f"For example: kizuna accounts {action} aya@example.com")
        elif action == "add":
            _add(session, email, name, role or "viewer", server_address(folder, settings))
        else:
            _change(session, action, email, role, server_address(folder, settings))


def _list(session: Session, format: str) -> None:
    from kizuna.store.state import accounts as kept

    found = kept.all_of(session)
    if format == "json":
        rows = [{"email": a.email, "name": a.name, "role": a.role, "state": _state(a)} for a in found]
        out().print(json.dumps(rows, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
        return
    if not found:
        out().print(Text("Nobody has an account yet. kizuna accounts link prints a link to make the first."))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for head in ("address", "name", "role", ""):
        table.add_column(Text(head, "key"))
    for each in found:
        state = "" if _state(each) == "active" else _state(each)
        table.add_row(Text(clean(each.email), "head"), Text(clean(each.name)), Text(each.role), Text(state, "quiet"))
    out().print(table)


def _state(account: Account) -> str:
    if account.disabled_at:
        return "disabled"
    return "active" if account.password else "invited"


def _first(session: Session, url: str) -> None:
    from kizuna.store.state import accounts as kept
    from kizuna.store.state import links

    if kept.any_there(session):
        raise KizunaError("There are accounts already.", "kizuna accounts link EMAIL makes a link for one of them.")
    _print_link("Open this once, within a day, to make the first account:", url, links.make(session, "setup"))


def _add(session: Session, email: str, name: str | None, role: str, url: str) -> None:
    from kizuna.store.state import accounts as kept
    from kizuna.store.state import audit, links

    account = kept.add(session, email, name or email.strip().partition("@")[0], role)
    audit.write(session, WHO, "account.added", account.email, {"role": role})
    out().print(Text(f"{account.email} may come in as {role}."))
    _print_link(
        "They open this once, within a week, to choose a password:", url, links.make(session, "invite", account.id)
    )


def _change(session: Session, action: Action, email: str, role: str | None, url: str) -> None:
    from kizuna.store.state import accounts as kept
    from kizuna.store.state import audit, links

    account = kept.named(session, email)
    if action == "link":
        purpose: links.Purpose = "reset" if account.password else "invite"
        if account.disabled_at:
            raise KizunaError(f"{account.email} is disabled.", f"First: kizuna accounts enable {account.email}")
        audit.write(session, WHO, "link.made", account.email, {"link": purpose})
        days = links.LIFETIMES[purpose].days
        within = "a week" if days == 7 else "a day"
        _print_link(f"{account.email} opens this once, within {within}:", url, links.make(session, purpose, account.id))
        return
    if action == "role":
        if role is None:
            raise KizunaError("Which role?", f"For example: kizuna accounts role {account.email} --role editor")
        before = account.role
        kept.set_role(session, account, role)
        audit.write(session, WHO, "role.changed", account.email, {"from": before, "to": role})
        said = f"{account.email} is {role} now."
    elif action == "disable":
        kept.disable(session, account)
        audit.write(session, WHO, "account.disabled", account.email)
        said = f"{account.email} is signed out everywhere and may not come in."
    else:
        kept.enable(session, account)
        audit.write(session, WHO, "account.enabled", account.email)
        said = f"{account.email} may come in again."
    out().print(Text(said))


def _print_link(said: str, url: str, token: str) -> None:
    from kizuna.store.state import links

    out().print(Text(f"{said}\n\n  {links.address(url, token)}\n"), soft_wrap=True)
