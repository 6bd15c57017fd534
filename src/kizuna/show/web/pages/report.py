"""The report of a period: to look at, to print, to take along."""

from __future__ import annotations

from litestar import Response, get

from kizuna.errors import UnknownName
from kizuna.show.report.contents import gather
from kizuna.show.report.file import as_html, as_svg, file_name
from kizuna.show.report.pdf import as_pdf, browser
from kizuna.show.web.given import TheView
from kizuna.show.web.security import csp_nothing_else


@get("/report", sync_to_thread=True)
def report(view: TheView) -> Response[str]:
    """The page; charts are drawn by their own addresses, so that they follow the scope."""
    return view.page("report", report=gather(view), pdf=browser() is not None)


@get("/report.html", sync_to_thread=True)
def as_file(view: TheView) -> Response[bytes]:
    """The same as one file."""
    return _file(view, "html", "text/html; charset=utf-8", as_html(gather(view), view).encode())


@get("/report.pdf", sync_to_thread=True)
def as_paper(view: TheView) -> Response[bytes]:
    """The same as PDF."""
    return _file(view, "pdf", "application/pdf", as_pdf(as_html(gather(view), view)))


@get("/report/chart.svg", sync_to_thread=True)
def chart(view: TheView) -> Response[str]:
    """One of its charts, as it is in the file: what is marked on it as a change is what the report says is one."""
    drawn = {each.metric: each for each in gather(view).drawings}
    name = view.query.get("metric", "")
    if name not in drawn:
        raise UnknownName("chart in this report", name[:80], drawn, "The report shows which there are.")
    return Response(as_svg(drawn[name]), media_type="image/svg+xml", headers=csp_nothing_else({}))


def _file(view: TheView, suffix: str, kind: str, content: bytes) -> Response[bytes]:
    named = f'attachment; filename="{file_name(view)}.{suffix}"'
    return Response(content, media_type=kind, headers=csp_nothing_else({"content-disposition": named}))


ROUTES = (report, as_file, as_paper, chart)
