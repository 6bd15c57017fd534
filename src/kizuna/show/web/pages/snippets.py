"""What to put into pages and programs so that they send here, with the real key and address, and whether it works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from kizuna import sources
from kizuna.errors import SettingError, UnknownName
from kizuna.settings import FILE
from kizuna.show.commands.tag import line, widget_line
from kizuna.show.web.arriving import ago
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.importing.reason import message_reason
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store import health
from kizuna.store.state import audit

PATH = "/data/snippets"
Asked = Request[Any, Any, Any]

CODE = {
    "curl": 'curl {origin}/v1/track -u {key}: -d \'{{"event":"Hello","anonymousId":"me"}}\'',
    "segment_browser": """import {{ AnalyticsBrowser }} from "@segment/analytics-next";
const analytics = AnalyticsBrowser.load({{ writeKey: "{key}", cdnURL: "{origin}" }});
analytics.track("Order Completed", {{ order_id: "1001", total: 3950 }});""",
    "segment_node": """import {{ Analytics }} from "@segment/analytics-node";
const analytics = new Analytics({{ writeKey: "{key}", host: "{origin}" }});
analytics.track({{ userId: "u-1", event: "Order Completed", properties: {{ order_id: "1002", total: 3950 }} }});
await analytics.closeAndFlush();""",
    "segment_python": """import segment.analytics as analytics

analytics.write_key, analytics.host, analytics.gzip = "{key}", "{origin}", True
analytics.track("u-1", "Order Completed", {{"order_id": "1003", "total": 3950}})
analytics.shutdown()""",
    "rudderstack": 'const analytics = new RudderAnalytics("{key}", {{ dataPlaneUrl: "{origin}" }});',
    "posthog": 'posthog = Posthog("{key}", host="{origin}")',
}
"""What clients are told, by its name in ``data.toml``. `{key}` and `{origin}` are put in as they are."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """Something to copy."""

    id: str
    title: str
    about: str
    code: str


@get(PATH, opt=needs("editor"), sync_to_thread=True)
def snippets(view: TheView, request: Asked) -> Response[str]:
    """The page; ``source`` says whose key."""
    return _page(view, request)


@post("/data/sources", opt=needs("admin"), sync_to_thread=True)
def add_source(view: TheView, request: Asked, body: RawBody) -> Response[str] | Redirect:
    """Make a source with a write key of its own."""
    name = Form.read(body).text("name")
    try:
        sources.add(view.hub.root / FILE, name)
    except SettingError as error:
        return _page(view, request, name, str(error), 400)
    view.hub.reload()
    with view.hub.state.session() as session:
        audit.write(session, view.who.name, "source.added", name, address=view.who.address)
    return view.redirect(f"{PATH}?source={name}", "added")


@get(PATH + "/state", opt=needs("editor"), sync_to_thread=True)
def state(view: TheView) -> Response[dict[str, Any]]:
    """Whether anything came of a source, for a page that waits."""
    name = _chosen(view)
    return Response({"arrived": False, "text": ""} if not name else _arrived(view, name))


def _page(view: View, request: Asked, typed: str = "", wrong: str = "", status: int = 200) -> Response[str]:
    name = _chosen(view)
    keys: Mapping[str, str] = view.hub.settings.sources
    found = _arrived(view, name) if name else {"arrived": False, "text": ""}
    return view.page(
        "snippets",
        status,
        names=[*keys],
        name=name,
        key=str(keys.get(name, "")),
        snippets=_snippets(view, str(keys[name]), _origin(view, request)) if name else (),
        arrived=found["arrived"],
        arrived_text=found["text"],
        local=not view.hub.settings.public_url,
        typed=typed,
        wrong=wrong,
    )


def _chosen(view: View) -> str:
    """The source asked for, else the first. Raises `UnknownName`."""
    keys: Mapping[str, str] = view.hub.settings.sources
    name = view.query.get("source", "")
    if name and name not in keys:
        raise UnknownName("source", name, keys)
    return name or next(iter(keys), "")


def _origin(view: View, request: Asked) -> str:
    """Where the server is reached: as the settings say, else as this browser reached it."""
    return str(view.hub.settings.public_url).rstrip("/") or str(request.base_url).rstrip("/")


def _snippets(view: View, key: str, origin: str) -> Sequence[Snippet]:
    settings = view.hub.settings
    texts = {
        "tag": line(settings, key, origin=origin),
        "widget": widget_line(settings, key, origin=origin),
        **{name: code.format(key=key, origin=origin) for name, code in CODE.items()},
    }
    order = ("tag", "curl", "segment_browser", "segment_node", "segment_python", "rudderstack", "posthog", "widget")
    return [
        Snippet(name, view.say(f"data.snippet_{name}"), view.say(f"data.snippet_{name}_about"), texts[name])
        for name in order
    ]


def _arrived(view: View, name: str) -> dict[str, Any]:
    """Whether messages of a source came, what the last one was and when; rejected ones with the reason."""
    now = datetime.now(UTC).replace(tzinfo=None)
    with view.hub.store.reading() as data:
        last = health.latest(data, name)
    if last is None:
        return {"arrived": False, "text": view.say("data.waiting", source=name)}
    when = ago(last.at, now, view)
    if last.reason:
        text = view.say("data.came_unfit", time=when, reason=message_reason(last.reason, view), detail=last.detail)
        return {"arrived": False, "text": text}
    return {"arrived": True, "text": view.say("data.came", time=when, event=last.event or "–")}


ROUTES = (snippets, add_source, state)
