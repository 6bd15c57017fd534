"""``kizuna measure`` and ``kizuna overview``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from kizuna.show.commands.common import (
    LanguageOption,
    OutputOption,
    SegmentOption,
    SinceOption,
    UntilOption,
    WhereOption,
    WorkspaceOption,
    language_of,
    opened,
)
from kizuna.show.commands.output import Format, answer_content, deliver, format_of
from kizuna.show.console import note, out, to_text
from kizuna.show.picture import suffix_of
from kizuna.show.reading import metric_id

if TYPE_CHECKING:
    from kizuna.measure.answer import Answer
    from kizuna.workspace import Workspace

Every = Literal["hour", "day", "week", "month", "quarter", "year", "all"]
Compare = Literal["previous", "year", "none"]

COURSE = 12
"""How many periods the overview's sparklines go back."""

MANY = 12
"""From this many metrics of one number each, a table opens with what really changed."""


def measure(
    *metrics: Annotated[str, Parameter(help="ids of metrics, or of groups such as feedback; none for all of them")],
    by: Annotated[
        tuple[str, ...], Parameter(help="break down by this dimension or trait; may be given again", negative=())
    ] = (),
    every: Annotated[Every, Parameter(help="split the range into periods")] = "all",
    since: SinceOption = None,
    until: UntilOption = None,
    where: WhereOption = "",
    segment: SegmentOption = "",
    compare: Annotated[Compare, Parameter(help="what each period is compared with")] = "previous",
    level: Annotated[float, Parameter(help="confidence of the intervals")] = 0.95,
    all: Annotated[bool, Parameter(help="every variant too, when no metric is named", negative=())] = False,
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
    if chart is not None:
        suffix_of(chart)
    with opened(workspace) as shop:
        names = metrics or (() if all or by or where or segment else basics(shop))
        answer = shop.measure(
            *names,
            by=by,
            every=every,
            since=since,
            until=until,
            where=where,
            segment=segment,
            compare=compare,
            level=level,
        )
        say = language_of(shop, language)
        for left_out in answer.notes:
            note(left_out)
        if chosen == "table":
            show(answer, say, shop, output)
        else:
            deliver(answer_content(answer, chosen), output)
        if chart is not None:
            from kizuna.show.chart import chart as draw
            from kizuna.show.chart import save
            from kizuna.show.marked import Marked
            from kizuna.show.noted import notes_on

            save(draw(answer, say, shop.settings.zone, marked=Marked(notes_on(shop, answer))), chart)
            note(f"wrote {chart}")


def overview(
    *,
    every: Annotated[Every, Parameter(help="the period to look at: the last one that is over")] = "month",
    where: WhereOption = "",
    segment: SegmentOption = "",
    compare: Annotated[Compare, Parameter(help="what it is compared with")] = "previous",
    output: OutputOption = None,
    language: LanguageOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Show what really changed in the last whole period, then every metric with its course."""
    from kizuna.measure.question import narrowed

    with opened(workspace) as shop:
        print_overview(shop, every, narrowed(where, segment), compare, language_of(shop, language), output)


def print_overview(
    shop: Workspace,
    every: Every = "month",
    where: str = "",
    compare: Compare = "previous",
    language: str = "en",
    output: Path | None = None,
) -> None:
    """Measure all metrics over the last 12 whole periods and print the overview of the last."""
    from kizuna.show.overview import Overview

    now, trend = look_back(shop, every, where, compare)
    lacking = sources(shop, now)
    _print(Overview(now, trend, language, lacking, _running(shop, now, lacking, every, where), every), output)


def _running(shop: Workspace, now: Answer, lacking: Mapping[str, str], every: Every, where: str) -> Answer | None:
    """What metrics without data in the period shown, but with all the facts they need, have in the one after it.

    Who asked for the first time today is not told that there is no data yet.
    """
    names = [name for name, fact in lacking.items() if not fact]
    since = max((record.end for record in now.records), default=None)
    if not names or since is None or every == "all":
        return None
    return shop.measure(*names, every=every, since=since, where=where, compare="none")


def look_back(
    shop: Workspace, every: Every = "month", where: str = "", compare: Compare = "previous"
) -> tuple[Answer, Answer]:
    """The last whole period with its change, and the course of the dozen periods up to it.

    They are asked apart: what is tested together is corrected together, and the overview tests one
    period. A business whose data began in the period that is not over sees that one.
    """
    ids = () if where else basics(shop)
    begin, since, until = starts_of_periods(shop, ids, every)
    trend = shop.measure(*ids, every=every, since=begin, until=until, where=where, compare="none")
    return shop.measure(*ids, since=since, until=until, where=where, compare=compare), trend


def starts_of_periods(
    shop: Workspace, ids: Sequence[str], every: Every
) -> tuple[date | None, date | None, date | None]:
    """The first days of the course, of the period to show, and of the one after it; ``None`` without data."""
    from kizuna.measure.ask import all_statistics, data_reach
    from kizuna.measure.calendar import Period, first_of, make_axis

    catalogue, settings = shop.catalogue, shop.settings
    recipes = [catalogue.recipe(name) for name in (catalogue.select(ids) if ids else catalogue)]
    with shop.store.reading() as data:
        reach = data_reach(data, all_statistics(recipes), shop.business.planner).values()
    last = max((r.last for r in reach if r.last), default=None)
    if last is None or every == "all":
        return None, None, None
    after = last + timedelta(days=1)
    axis = make_axis(every, last, after, "none", settings.zone, settings.first_weekday)
    running = Period(first_of(every, after, settings.first_weekday), last)
    shown, until = axis.earlier(running), running.start
    if all(r.first is None or r.first >= running.start for r in reach):
        shown, until = running, after
    begin = shown
    for _ in range(COURSE - 1):
        begin = axis.earlier(begin)
    return begin.start, shown.start, until


def basics(shop: Workspace) -> tuple[str, ...]:
    """All metrics, each by its default definition only."""
    return tuple(m.id for m in shop.metrics() if not m.variant)


def sources(shop: Workspace, answer: Answer) -> dict[str, str]:
    """For metrics without data: the first fact they need of which there are no rows."""
    from kizuna.measure.explain import metric_tables
    from kizuna.show.table import DERIVED_FROM

    known = {metric_id(r) for r in answer.records if r.value is not None}
    found: dict[str, str] = {}
    for name in answer.metrics:
        if name not in known:
            facts = (DERIVED_FROM.get(fact, fact) for fact in metric_tables(shop.business, [name]))
            found[name] = next(
                (fact for fact in facts if not shop.store.execute(f'SELECT 1 FROM "{fact}" LIMIT 1')), ""
            )
    return found


def show(answer: Answer, language: str, shop: Workspace, output: Path | None = None) -> None:
    """An answer as a table; many metrics of one number each as an overview."""
    from kizuna.show.overview import Overview
    from kizuna.show.table import AnswerTable

    feeding = sources(shop, answer)
    if len(answer.metrics) >= MANY and not answer.question.by and answer.question.every == "all":
        _print(Overview(answer, None, language, feeding), output)
    else:
        _print(AnswerTable(answer, language, shop.settings.zone, feeding), output)


def _print(thing: Any, output: Path | None) -> None:
    if output is not None:
        deliver(to_text(thing), output)
    else:
        out().print(thing)
