"""``kizuna measure`` and ``kizuna overview``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from kizuna.measure.metric import GROUPS
from kizuna.show.commands.common import (
    LanguageOption,
    OutputOption,
    SinceOption,
    UntilOption,
    WhereOption,
    WorkspaceOption,
    language_of,
    opened,
)
from kizuna.show.commands.output import Format, answer_content, deliver, format_of
from kizuna.show.console import note, out, to_text

if TYPE_CHECKING:
    from kizuna.measure.answer import Answer
    from kizuna.workspace import Workspace

Every = Literal["hour", "day", "week", "month", "quarter", "year", "all"]
Compare = Literal["previous", "year", "none"]

MANY = 12
"""From this many metrics of one number each, a table opens with what really changed."""


def measure(
    *metrics: Annotated[
        str, Parameter(help="ids of metrics, or of groups such as feedback; none for all but the variants")
    ],
    by: Annotated[
        tuple[str, ...], Parameter(help="break down by this dimension or trait; may be given again", negative=())
    ] = (),
    every: Annotated[Every, Parameter(help="split the range into periods")] = "all",
    since: SinceOption = None,
    until: UntilOption = None,
    where: WhereOption = "",
    compare: Annotated[Compare, Parameter(help="what each period is compared with")] = "previous",
    level: Annotated[float, Parameter(help="confidence of the intervals")] = 0.95,
    all: Annotated[bool, Parameter(help="every metric and every variant", negative=())] = False,
    format: Annotated[Format | None, Parameter(help="how to print it; a table unless --output says otherwise")] = None,
    output: OutputOption = None,
    chart: Annotated[Path | None, Parameter(help="draw it into this file: .svg, .png, .html or .json")] = None,
    language: LanguageOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Measure metrics: each with its interval, base, change and lineage.

    Without --since and --until it is as far as the data goes.
    """
    chosen = format_of(format, output)
    shop = opened(workspace)
    ids = expand(shop, metrics, everything=all)
    answer = shop.measure(*ids, by=by, every=every, since=since, until=until, where=where, compare=compare, level=level)
    say = language_of(shop, language)
    if chosen == "table":
        show(answer, say, shop, output)
    else:
        deliver(answer_content(answer, chosen), output)
    if chart is not None:
        from kizuna.show.chart import chart as draw
        from kizuna.show.chart import save

        save(draw(answer, say, shop.settings.zone), chart)
        note(f"wrote {chart}")


def overview(
    *,
    every: Annotated[Every, Parameter(help="the period to look at: the last one that is over")] = "month",
    where: WhereOption = "",
    compare: Annotated[Compare, Parameter(help="what it is compared with")] = "previous",
    output: OutputOption = None,
    language: LanguageOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Show what really changed in the last whole period, then every metric with its course."""
    shop = opened(workspace)
    print_overview(shop, every, where, compare, language_of(shop, language), output)


def print_overview(
    shop: Workspace,
    every: str = "month",
    where: str = "",
    compare: str = "previous",
    language: str = "en",
    output: Path | None = None,
) -> None:
    """Measure all metrics over the last 12 whole periods and print the overview of the last."""
    from kizuna.show.overview import Overview

    now, trend = look_back(shop, every, where, compare)
    _print(Overview(now, trend, language), output)


def look_back(
    shop: Workspace, every: str = "month", where: str = "", compare: str = "previous"
) -> tuple[Answer, Answer]:
    """The last whole period with its change, and the course of the periods up to it.

    They are asked apart: what is tested together is corrected together, and the overview tests one
    period.
    """
    ids = expand(shop, ())
    trend = shop.measure(*ids, every=every, where=where, compare="none")
    whole = [r for r in trend.records if "partial_period" not in r.flags and r.value is not None]
    last = max(whole or trend.records, key=lambda r: r.start)
    first = sorted({r.start for r in trend.records if r.start <= last.start})[-12:][0]
    now = shop.measure(*ids, since=last.start, until=last.end, where=where, compare=compare)
    return now, replace(trend, records=[r for r in trend.records if first <= r.start <= last.start])


def expand(shop: Workspace, names: Sequence[str], *, everything: bool = False) -> list[str]:
    """Ids of the metrics meant: groups are spelled out, none means all but the variants."""
    known = shop.metrics()
    groups = dict.fromkeys([*GROUPS, *(m.group for m in known)])
    if everything or not names:
        return [m.id for m in known if everything or "." not in m.id]
    ids: list[str] = []
    for name in names:
        is_group = name in groups and name not in {m.id for m in known}
        ids += [m.id for m in known if m.group == name and "." not in m.id] if is_group else [name]
    return list(dict.fromkeys(ids))


def show(answer: Answer, language: str, shop: Workspace, output: Path | None = None) -> None:
    """An answer as a table; many metrics of one number each as an overview."""
    from kizuna.show.overview import Overview
    from kizuna.show.table import AnswerTable

    many = len(answer.metrics) >= MANY and not answer.question.by and answer.question.every == "all"
    _print(Overview(answer, None, language) if many else AnswerTable(answer, language, shop.settings.zone), output)


def _print(thing: Any, output: Path | None) -> None:
    if output is not None:
        deliver(to_text(thing), output)
    else:
        out().print(thing)
