"""The report of a period: to look at, to print, to take along."""

from __future__ import annotations

from litestar import Response, get

from kizuna.show.report.contents import gather
from kizuna.show.report.file import as_html, file_name
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


def _file(view: TheView, suffix: str, kind: str, content: bytes) -> Response[bytes]:
    named = f'attachment; filename="{file_name(view)}.{suffix}"'
    return Response(content, media_type=kind, headers=csp_nothing_else({"content-disposition": named}))


ROUTES = (report, as_file, as_paper)
