"""Data: what arrives from where, how far each fact reaches, which files were imported, what came of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from kizuna.collect import rawfiles
from kizuna.measure.explain import metric_tables
from kizuna.show import number
from kizuna.show.period import day
from kizuna.show.web.arriving import (
    BAR_HEIGHT,
    BAR_WIDTH,
    ago,
    causes,
    fact_rows,
    hook_rows,
    look,
    moment,
    source_rows,
)
from kizuna.show.web.given import TheView
from kizuna.show.web.importing.reason import field_name, row_reason
from kizuna.show.web.view import View
from kizuna.store import health

COUNTS = ("rows", "added", "replaced", "rejected")
PAGE = 50
MOST_METRICS = 12
"""So many metrics are named that a file's rows feed."""


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An imported file in a table."""

    number: int
    file: str
    fact: str
    at: str
    rows: str
    added: str
    rejected: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric that rows of a fact feed."""

    name: str
    link: str


@get("/data", sync_to_thread=True)
def overview(view: TheView) -> Response[str]:
    """The page."""
    seen = view.hub.kept.get(("data",), lambda: look(view.hub)).value
    language = view.language
    filled, empty = fact_rows(view, seen)
    return view.page(
        "data",
        sources=source_rows(view, seen),
        filled=filled,
        empty=empty,
        imports=import_rows(view, seen.imports),
        causes=causes(view, seen.messages),
        hooks=hook_rows(view),
        bots=[(bot.name, number.count(bot.messages, language), ago(bot.last_at, seen.at, view)) for bot in seen.bots],
        late=[(day(each.day, language), number.count(each.rows, language)) for each in seen.late],
        behind=seen.behind,
        hours=health.HOURS,
        width=BAR_WIDTH * health.HOURS,
        height=BAR_HEIGHT,
        as_of=moment(seen.at, view),
    )


def import_rows(view: View, found: Sequence[health.Import]) -> list[ImportRow]:
    """Imported files for a table."""
    return [
        ImportRow(
            each.number,
            each.file,
            view.say(f"facts.{each.fact}"),
            moment(each.at, view),
            number.count(each.rows, view.language),
            number.count(each.added, view.language),
            number.count(each.rejected, view.language) if each.rejected else "",
        )
        for each in found
    ]


@get("/data/imports", sync_to_thread=True)
def history(view: TheView) -> Response[str]:
    """All imported files, a page at a time."""
    text = view.query.get("before", "")
    before = int(text[:9]) if text.isascii() and text.isdigit() else None
    with view.hub.store.reading() as data:
        found = health.imports(data, PAGE + 1, before)
    more = found[PAGE - 1].number if len(found) > PAGE else 0
    return view.page(
        "imports", imports=import_rows(view, found[:PAGE]), after=f"/data/imports?before={more}" if more else ""
    )


@get("/data/imports/{no:int}", sync_to_thread=True)
def imported(view: TheView, no: FromPath[int]) -> Response[str]:
    """What came of one imported file."""
    with view.hub.store.reading() as data:
        found = health.imports(data, 1, before=no + 1)
        reasons = health.rejected_rows(data, no)
    if not found or found[0].number != no:
        raise NotFoundException(f"There is no import {no}.")
    one, recipe = found[0], _recipe(view, no)
    said = recipe.mapping if recipe else {}
    unchanged = 0 if recipe and recipe.group else one.rows - one.added - one.replaced - one.rejected
    return view.page(
        "imported",
        one=one,
        at=moment(one.at, view),
        fact=view.say(f"facts.{one.fact}"),
        counts={name: number.count(getattr(one, name), view.language) for name in COUNTS},
        unchanged=number.count(max(unchanged, 0), view.language),
        causes=[(number.count(cause.count, view.language), row_reason(cause.example, view)) for cause in reasons],
        already="already" in view.query,
        mapping=[(field_name(name, view), text or view.say("data.import_left")) for name, text in said.items()],
        group=view.say("data.together", column=", ".join(recipe.group)) if recipe and recipe.group else "",
        metrics=_fed(view, one.fact),
    )


def _recipe(view: View, no: int) -> rawfiles.Recipe | None:
    """How the file was read; ``None`` where what was kept is gone."""
    return next((kept.recipe for kept in rawfiles.kept(view.hub.root) if kept.number == no), None)


def _fed(view: View, fact: str) -> Sequence[Metric]:
    """The first metrics that rest on this fact and have a number by now: not all do, some need other facts as well."""
    shop = view.hub.workspace
    asked = [m for m in shop.metrics() if not m.variant and [*metric_tables(shop.business, [m.id])][:1] == [fact]]
    if not asked:
        return []
    names = tuple(m.id for m in asked)
    answer = view.hub.kept.get(("fed", fact), lambda: shop.measure(*names, compare="none")).value
    known = {r.metric for r in answer.records if r.value is not None}
    shown = [m for m in asked if m.id in known][:MOST_METRICS]
    return [Metric(view.reader.name(m), view.link(f"/metric/{m.id}")) for m in shown]


ROUTES = (overview, history, imported)
