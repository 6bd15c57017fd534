"""Charts of metrics by address, and the library that draws them in browsers: see `kizuna.show.web.drawing`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litestar import Request, Response, get

from kizuna.measure.answer import Answer
from kizuna.show.chart import MOST_GROUPS, chart, describe
from kizuna.show.look import Look
from kizuna.show.reading import parts
from kizuna.show.web.course import course, groups, marked, reader_of
from kizuna.show.web.dimension import in_words
from kizuna.show.web.drawing import (
    KINDS,
    LIBRARY_PATH,
    Chart,
    Spec,
    chart_at,
    dots_height,
    drawn,
    library,
    library_version,
)
from kizuna.show.web.given import TheView
from kizuna.show.web.view import View
from kizuna.show.web.who import needs

PATH = "/chart"


def chart_of(view: View, metric: str, show: str = "", by: str = "", path: str = PATH) -> Chart:
    """The chart of a metric under the page's scope: over time, or `by` the groups of a dimension."""
    answer = groups(view.hub, metric, view.scope, by) if by else course(view.hub, metric, view.scope, show).value.answer
    found = [p for p in parts(answer) if not p.empty]
    rows = _rows(answer) if by else 0
    asked = {"metric": metric, "show": show, "by": by, "lang": view.language}
    query = view.scope.query | {name: value for name, value in asked.items() if value}
    return chart_at(
        path,
        query if path == PATH else {"lang": view.language},
        describe(found, reader_of(view.hub, answer, view.language)),
        rows,
    )


def spec_of(view: View, metric: str, show: str, by: str, look: Look) -> Spec:
    """Its specification."""
    zone = view.hub.settings.zone
    if by:
        answer = in_words(groups(view.hub, metric, view.scope, by), view.language)
        if look.size is not None:
            look = replace(look, size=(look.size[0], dots_height(_rows(answer))))
        return chart(answer, view.language, zone, look)
    found = course(view.hub, metric, view.scope, show).value
    return chart(found.answer, view.language, zone, look, marked(view.hub, metric, found))


def _rows(answer: Answer) -> int:
    return min(len(answer.records), MOST_GROUPS)


def picture(view: TheView, request: Request[Any, Any, Any]) -> Response[bytes]:
    """A chart: ``metric``, ``show`` or ``by``, and the scope."""
    return picture_of(view, request, view.query.get("metric", ""), view.query.get("show", ""), view.query.get("by", ""))


def picture_of(view: View, request: Request[Any, Any, Any], metric: str, show: str, by: str) -> Response[bytes]:
    """The chart of a metric as a request wants it."""
    suffix = request.url.path.rpartition(".")[2]
    known = view.hub.workspace.catalogue[metric].id
    name = "-".join(filter(None, (known, by, str(view.scope.since), str(view.scope.until))))
    return drawn(
        dict(request.query_params),
        suffix,
        lambda look: spec_of(view, metric, show, by, look),
        name,
        request.headers.get("if-none-match", ""),
    )


@get(LIBRARY_PATH, opt=needs("nobody"), sync_to_thread=True)
def vega(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The library, for good under the address that names its version."""
    body, packed = library()
    fresh = request.query_params.get("v") == library_version()
    headers = {
        "cache-control": "public, max-age=31536000, immutable" if fresh else "no-cache",
        "vary": "accept-encoding",
    }
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, headers=headers | {"content-encoding": "gzip"}, media_type="text/javascript")
    return Response(body, headers=headers, media_type="text/javascript")


ROUTES = (*(get(f"{PATH}.{kind}", sync_to_thread=True)(picture) for kind in KINDS), vega)
