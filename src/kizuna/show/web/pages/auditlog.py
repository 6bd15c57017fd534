"""The audit log: who did or saw what, newest first. For admins; looking at it is no entry of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get

from kizuna.show.web.given import TheView
from kizuna.show.web.pages.settings import sections
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.state import audit
from kizuna.store.state.tables import Audit

HERE = "/settings/audit"


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as it is shown: its time in UTC, and the rest as text."""

    at: str
    time: str
    who: str
    action: str
    subject: str
    detail: str
    address: str


@get(HERE, opt=needs("admin"), sync_to_thread=True)
def log(view: TheView) -> Response[str]:
    """Entries, of somebody or of one action, a page at a time."""
    asked = {name: view.query.get(name, "")[:300] for name in ("who", "action")}
    before = view.query.get("before", "")
    with view.hub.state.session() as session:
        older = int(before) if before.isdecimal() and before.isascii() and len(before) < 19 else None
        found = audit.entries(session, **asked, before=older, limit=audit.PAGE + 1)
        people, actions = audit.names(session)
    shown = found[: audit.PAGE]
    follow = {**asked, "before": shown[-1].id} if len(found) > audit.PAGE else None
    return view.page(
        "settings_audit", sections=sections(view), rows=[_row(view, each) for each in shown], asked=asked,
        people=people, actions=[(each, action_name(view, each)) for each in actions],
        first=_link(asked) if older is not None else "", follow=_link(follow) if follow else "",
    )  # fmt: skip


def action_name(view: View, action: str) -> str:
    """An action in words; one that has none as it is written."""
    try:
        return view.say(f"audit.{action.replace('.', '_')}")
    except KeyError:
        return action


def _row(view: View, entry: Audit) -> Row:
    detail = view.say("common.comma").join(f"{name}: {_plain(value)}" for name, value in entry.detail.items())
    return Row(
        f"{entry.at:%Y-%m-%dT%H:%M:%SZ}", f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.who, action_name(view, entry.action),
        entry.subject, detail, entry.address,
    )  # fmt: skip


def _plain(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"from", "to"}:
        return f"{_plain(value['from'])} → {_plain(value['to'])}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _link(query: dict[str, Any]) -> str:
    kept = {name: value for name, value in query.items() if value != ""}
    return f"{HERE}?{urlencode(kept)}" if kept else HERE


ROUTES = (log,)
