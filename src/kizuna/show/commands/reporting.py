"""``kizuna report``: one period as one file, for mail or print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from kizuna.errors import KizunaError, did_you_mean
from kizuna.show.commands.common import LanguageOption, WorkspaceOption, language_of, opened
from kizuna.show.commands.output import deliver

SUFFIXES = (".html", ".pdf")


def report(
    *,
    month: Annotated[
        str | None,
        Parameter(
            name=("--month", "--period"), help="2026-10, or 2026-q3, 2026, 2026-10-01..2026-10-15; else the last"
        ),
    ] = None,
    compare: Annotated[Literal["previous", "year", "none"], Parameter(help="what it is compared with")] = "previous",
    segment: Annotated[str, Parameter(help="only the customers of this segment")] = "",
    output: Annotated[Path | None, Parameter(help="the file, .html or .pdf; else report-PERIOD.html here")] = None,
    language: LanguageOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Write a report: what really changed first, what happened, then every metric. One file that needs nothing else."""
    if output is not None and output.suffix.lower() not in SUFFIXES:
        near = did_you_mean(output.suffix, SUFFIXES)
        raise KizunaError(
            f"A report cannot be written as {output.name!r}.", f"Did you mean {near}?" if near else "Use .html or .pdf."
        )
    from kizuna.show.report.contents import gather
    from kizuna.show.report.file import as_html
    from kizuna.show.report.pdf import as_pdf
    from kizuna.show.web.hub import Hub
    from kizuna.show.web.view import View
    from kizuna.show.web.who import NOBODY

    with opened(workspace) as shop:
        asked = {"period": month or "", "compare": compare, "segment": segment}
        hub = Hub.of(shop)
        try:
            view = View(hub, NOBODY, language_of(shop, language), "light", "/report", asked)
            page = as_html(gather(view), view)
            file = output or Path(f"report-{view.scope.since:%Y-%m-%d}.html")
        finally:
            hub.close()
    deliver(as_pdf(page) if file.suffix.lower() == ".pdf" else page, file)
