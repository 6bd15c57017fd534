"""Sharing a metric's page: a link that shows anybody its numbers, and nothing else, until it ends or is revoked.

What is shown is what the link's path says, whatever is asked beside it: the page, its chart, one dimension. There
are no rows, no groups of fewer people than the setting ``least_people``, and no way on. The token in the address is
the whole key: it is 256 random bits, of which the state has a digest, and the page tells browsers not to pass the
address on. It does not protect from those it was given to: they may show it to others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from kizuna.show.period import day
from kizuna.show.web.breakdown import breakdown
from kizuna.show.web.course import number
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.meaning import meaning
from kizuna.show.web.pages.chart import picture_of
from kizuna.show.web.pages.metric import address_of, as_of, lead, over_time
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.state import audit, shares

DAYS = (7, 30, 90, 366)
KEPT = ("period", "compare", "segment", "show", "by", "sort")
"""What of a metric's address a link keeps."""

PRIVATE = {"referrer-policy": "no-referrer", "cache-control": "private, no-store"}


@dataclass(frozen=True, slots=True)
class Row:
    """A link of the list, in words."""

    number: int
    title: str
    link: str
    since: str
    until: str


@get("/shares", opt=needs("editor"), sync_to_thread=True)
def all_shares(view: TheView) -> Response[str]:
    """The links that work; with ``metric`` and what its page shows, the form of a new one."""
    return _list(view)


@post("/shares", opt=needs("editor"), sync_to_thread=True)
def share(view: TheView, body: RawBody, request: Request[Any, Any, Any]) -> Response[str]:
    """Make a link. It is shown once: afterwards nobody has it but those it was given to."""
    form = Form.read(body)
    metric = view.hub.workspace.catalogue[form.text("metric")].id
    kept = {name: form.text(name)[:300] for name in KEPT if form.text(name)}
    asked = _at(view, f"/metric/{metric}", kept)
    _check(asked, metric)
    days = int(form.text("days")) if form.text("days").isdecimal() and len(form.text("days")) < 6 else 0
    path = asked.path + (f"?{urlencode(kept)}" if kept else "")
    with view.hub.state.session() as session:
        token = shares.add(session, path, days, view.who.account_id)
        audit.write(session, view.who.name, "share.made", path, {"days": days}, view.who.address)
    return _list(_at(view, "/shares", kept | {"metric": metric}), f"{address_of(view, request)}/shared/{token}")


@post("/shares/{number:int}/revoke", opt=needs("editor"), sync_to_thread=True)
def revoke(view: TheView, number: FromPath[int]) -> Redirect:
    """End a link at once."""
    with view.hub.state.session() as session:
        ended = shares.revoke(session, number)
        audit.write(session, view.who.name, "share.revoked", ended.path, {}, view.who.address)
    return view.redirect("/shares", "removed")


@get("/shared/{token:str}", opt=needs("nobody"), sync_to_thread=True)
def shared(view: TheView, token: FromPath[str]) -> Response[str]:
    """What a link shows, for anybody."""
    shown, metric = _shown(view, token)
    known = view.hub.workspace.catalogue[metric]
    answer, by, path = number(view.hub, metric, shown.scope), shown.query.get("by", ""), f"/shared/{token}/chart"
    return shown.page(
        "shared",
        headers=PRIVATE,
        name=shown.reader.name(known),
        about=shown.reader.meaning(known),
        card=lead(shown, answer.value),
        overtime=over_time(shown, metric, path),
        groups=breakdown(shown, metric, by, shown.query.get("sort", ""), outside=True) if by else None,
        meaning=meaning(shown, metric),
        as_of=as_of(shown, answer.at),
    )


def shared_picture(view: TheView, token: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """The chart of a link; of its address only colours, size and language are heard."""
    shown, metric = _shown(view, token)
    answer = picture_of(shown, request, metric, shown.query.get("show", ""), "")
    answer.headers["referrer-policy"] = "no-referrer"
    return answer


def _shown(view: View, token: str) -> tuple[View, str]:
    """The view of a link and the metric it is of. Nobody is told whether a token has ever been one."""
    with view.hub.state.session() as session:
        path = shares.path_of(session, token[:200])
    if path is None:
        raise NotFoundException(view.say("shared.gone"))
    split = urlsplit(path)
    query = {name: value for name, value in parse_qsl(split.query) if name in KEPT}
    metric = split.path.removeprefix("/metric/")
    return _at(view, f"/shared/{token}", query), metric


def _at(view: View, path: str, query: Mapping[str, str]) -> View:
    """The same reader at another address."""
    return View(view.hub, view.who, view.language, view.theme, path, query)


def _check(view: View, metric: str) -> None:
    """Whether the page that is to be shared can be shown: raises as it would."""
    over_time(view, metric)
    if view.query.get("by"):
        breakdown(view, metric, view.query["by"], view.query.get("sort", ""))


def _list(view: View, made: str = "") -> Response[str]:
    with view.hub.state.session() as session:
        found = [_row(view, each.id, each.path, each.created_at, each.ends_at) for each in shares.live(session)]
    metric = view.query.get("metric", "")
    known = view.hub.workspace.catalogue[metric] if metric else None
    return view.page(
        "shares",
        rows=found,
        made=made,
        metric=known.id if known else "",
        name=view.reader.name(known) if known else "",
        kept=[(name, view.query[name]) for name in KEPT if view.query.get(name)],
        days=[(str(each), view.say("shared.days", count=each)) for each in DAYS],
        headers=PRIVATE if made else None,
    )


def _row(view: View, number: int, path: str, since: Any, until: Any) -> Row:
    metric = urlsplit(path).path.removeprefix("/metric/")
    catalogue = view.hub.workspace.catalogue
    title = view.reader.name(catalogue[metric]) if metric in catalogue else metric
    return Row(number, title, path, *(day(each.date(), view.language) for each in (since, until)))


_PICTURES: Sequence[Any] = [
    get(f"/shared/{{token:str}}/chart.{kind}", opt=needs("nobody"), sync_to_thread=True)(shared_picture)
    for kind in ("svg", "json")
]
ROUTES = (all_shares, share, revoke, shared, *_PICTURES)
