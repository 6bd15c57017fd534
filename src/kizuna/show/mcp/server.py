"""The tools in the form of the Model Context Protocol (the official SDK, extra ``mcp``).

What each tool says of itself is what a language model decides by, so it says what the words mean, what may be
concluded, and what to ask next. Errors come back as results that the model can read and mend.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from kizuna.errors import KizunaError, WorkspaceError
from kizuna.show.mcp.tools import Tools, said
from kizuna.show.web.who import Who

WhoAsks = Callable[[Context[Any, Any]], tuple[Who, str]]
"""Who a call is from, and from which network address (empty on the machine itself)."""

INSTRUCTIONS = """Kizuna measures how a business and its customers get on. All tools only read.

Find metric ids with list_metrics and read what they mean with explain_metric before you use a number. Every number
comes with its definition, its interval (low, high), its base (people, or n rows) and a conclusion. Do not conclude
more than the conclusion says: where it says "No conclusion", say so; where the base is too small, no change is handed
over, and you must not work one out yourself. Name the metric id, the period and the base with every number you tell."""

READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

Ids = Annotated[list[str], Field(description="Ids of metrics such as nps, csat, retention_rate.cohort", max_length=20)]
By = Annotated[list[str], Field(description="Dimensions to break down by (explain_metric lists them)", max_length=5)]
Day = Annotated[str, Field(description="2026, 2026-03, 2026-03-15, or the name of an initiative", max_length=40)]
Where = Annotated[
    str, Field(description="SQL condition over dimensions and traits, such as country = 'JP'", max_length=10_000)
]
Word = Annotated[str, Field(max_length=200)]


def make_server(tools: Tools, who_asks: WhoAsks) -> MCPServer[Any]:
    """The server of a workspace; `who_asks` says who each call is from."""
    server: MCPServer[Any] = MCPServer(
        "kizuna",
        title=f"Kizuna: {tools.workspace.name}",
        instructions=INSTRUCTIONS,
        version=version("kizuna"),
        log_level="WARNING",
    )

    def list_metrics(
        search: Annotated[Word, Field(description="words in English, Japanese or Danish; empty lists all")] = "",
        group: Annotated[Word, Field(description="one group of the catalogue")] = "",
    ) -> dict[str, Any]:
        """List the metrics with their definitions, or search them. Variants of a metric are found by searching."""
        return _read(lambda: tools.list_metrics(search, group))

    def explain_metric(metric: Annotated[Word, Field(description="id of a metric")]) -> dict[str, Any]:
        """Explain one metric: definition, formula with a month's numbers, how its variants differ, the SQL, how fresh
        its data is, and the dimensions it can be broken down by."""
        return _read(lambda: tools.explain_metric(metric))

    def measure(
        metrics: Ids,
        by: By = [],  # noqa: B006 - the SDK reads the default and never hands the list itself on
        every: Annotated[
            Literal["all", "hour", "day", "week", "month", "quarter", "year"],
            Field(description="length of a period; all: the whole range is one"),
        ] = "all",
        since: Annotated[Day, Field(description="first day")] = "",
        until: Annotated[Day, Field(description="the day after the last one")] = "",
        period: Annotated[
            Day, Field(description="instead of since and until: last-month, last-28-days, 2026-03, 2026-q1")
        ] = "",
        where: Where = "",
        segment: Annotated[Word, Field(description="name of a segment (list_segments)")] = "",
        compare: Annotated[
            Literal["previous", "year", "none"], Field(description="what each period is compared with")
        ] = "previous",
        level: Annotated[float, Field(ge=0.5, lt=1, description="confidence of the intervals")] = 0.95,
    ) -> dict[str, Any]:
        """Measure metrics over time and by group. Each number has its interval, its base, its change with a p-value
        (corrected for all that was asked together) and the conclusion that may be drawn."""
        return _read(lambda: tools.measure(metrics, by, every, since, until, period, where, segment, compare, level))

    def list_segments() -> dict[str, Any]:
        """List the named groups of customers that measure takes as segment."""
        return _read(tools.list_segments)

    def find_customers(
        search: Annotated[Word, Field(description="a name, an e-mail address or an id, or the beginning of one")],
        context: Context[Any, Any],
    ) -> dict[str, Any]:
        """Find customers, twenty at most. Needs the role editor; every search is written to the audit log."""
        who, address = who_asks(context)
        return _read(lambda: tools.find_customers(search, who, address))

    for tool in (list_metrics, explain_metric, measure, list_segments, find_customers):
        server.add_tool(tool, annotations=READ_ONLY)
    return server


def _read(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Ask; an error that the assistant can mend is told to it, one of ours is not."""
    try:
        return ask()
    except WorkspaceError:
        raise
    except KizunaError as error:
        raise ToolError(said(error)) from None
