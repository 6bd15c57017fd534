"""One metric: its number and course, what it is made of, its groups, and the ways to take it elsewhere."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq
from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from kizuna.errors import NoCustomers
from kizuna.measure.answer import Answer, Record
from kizuna.show import number as numbers_in_words
from kizuna.show.amount import read_amount, write_amount
from kizuna.show.marked import note_days
from kizuna.show.period import day, period
from kizuna.show.reading import Part, parts
from kizuna.show.web.attachment import attachment
from kizuna.show.web.breakdown import breakdown
from kizuna.show.web.card import Card, Figure, card, figure
from kizuna.show.web.course import (
    PERIODS,
    Course,
    course,
    dimensions,
    groups,
    marked,
    number,
    reader_of,
    shows,
)
from kizuna.show.web.dimension import dimension_name
from kizuna.show.web.drawing import Chart
from kizuna.show.web.elsewhere import Elsewhere, elsewhere
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.meaning import Meaning, meaning
from kizuna.show.web.pages.chart import chart_of
from kizuna.show.web.tested import alone
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.state import targets

EXAMPLES = {"percent": 60.0, "points": 45.0, "seconds": 9000.0, "money": 1200.0}
"""What a target could be, by unit."""


@dataclass(frozen=True, slots=True)
class Point:
    """One period of the course, in words; `before` is what it is compared with on the chart."""

    period: str
    figure: Figure
    before: str
    group: str


@dataclass(frozen=True, slots=True)
class OverTime:
    """The course: its chart, the ways to show it, what happened meanwhile, and its numbers."""

    chart: Chart | None
    shows: Sequence[tuple[str, str, bool]]
    caption: Sequence[str]
    notes: Sequence[tuple[int, str, str]]
    points: Sequence[Point]
    compared: bool
    grouped: bool


@dataclass(slots=True)
class Aims:
    """Target and benchmark as they are typed, and what is wrong with them, by field."""

    target: str = ""
    benchmark: str = ""
    source: str = ""
    wrong: dict[str, str] = field(default_factory=dict)


@get("/metric/{name:str}", sync_to_thread=True)
def metric(view: TheView, name: FromPath[str], request: Request[Any, Any, Any]) -> Response[str]:
    """The page; where a segment is chosen and the metric is nobody's in particular (ads, posts), it says so."""
    try:
        return metric_page(view, name, address_of(view, request))
    except NoCustomers:
        known = view.hub.workspace.catalogue[name]
        everyone = view.link(view.path, segment="")
        named, about = view.reader.name(known), view.reader.meaning(known)
        return view.page("metric_nobody", name=named, about=about, everyone=everyone)


def metric_page(view: View, name: str, address: str, aims: Aims | None = None, status: int = 200) -> Response[str]:
    """The page of a metric; `address` is where the server is reached, `aims` what was typed wrongly."""
    known = view.hub.workspace.catalogue[name]
    answer = number(view.hub, known.id, view.scope)
    by = view.query.get("by", "")
    shown = over_time(view, known.id)
    found = meaning(view, known.id)
    return view.page(
        "metric",
        status,
        metric=known,
        name=view.reader.name(known),
        about=view.reader.meaning(known),
        card=lead(view, answer.value),
        tested=alone(view, answer.value),
        overtime=shown,
        groups=breakdown(view, known.id, by, view.query.get("sort", "")) if by else None,
        groups_chart=chart_of(view, known.id, by=by) if by else None,
        by=by,
        dimensions=choices(view, known.id, by),
        meaning=found,
        nothing=nothing(view, found),
        elsewhere=elsewhere_of(view, known.id, by, address),
        aims=aims or aims_of(view, known.id),
        aim_hint=_example(view, known.unit),
        as_of=as_of(view, answer.at),
        notes=answer.value.notes,
    )


@get("/metric/{name:str}/{file:str}", sync_to_thread=True)
def download(view: TheView, name: FromPath[str], file: FromPath[str]) -> Response[bytes]:
    """The numbers of the course or of the groups, as CSV or Parquet."""
    known = view.hub.workspace.catalogue[name].id
    what, _, suffix = file.partition(".")
    if what not in ("course", "groups") or suffix not in ("csv", "parquet"):
        raise NotFoundException(
            f"A metric has no file {file[:60]}; it has course.csv, groups.csv and both as .parquet."
        )
    answer = _downloaded(view, known, what)
    span = f"{known}-{what}-{view.scope.since}-{view.scope.until}"
    headers = attachment(f"{span}.{suffix}")
    if suffix == "csv":
        # Spreadsheets take a text for UTF-8 when it begins with the mark of it.
        return Response(("﻿" + answer.to_csv()).encode(), media_type="text/csv; charset=utf-8", headers=headers)
    out = io.BytesIO()
    pq.write_table(answer.to_arrow(), out)
    return Response(out.getvalue(), media_type="application/vnd.apache.parquet", headers=headers)


@post("/metric/{name:str}/aims", opt=needs("editor"), sync_to_thread=True)
def aim(view: TheView, name: FromPath[str], body: RawBody, request: Request[Any, Any, Any]) -> Response[str] | Redirect:
    """Set a metric's target and benchmark."""
    known, form = view.hub.workspace.catalogue[name], Form.read(body)
    typed = Aims(form.text("target")[:300], form.text("benchmark")[:300], form.text("source")[:300])
    read: dict[str, float | None] = {}
    for each in ("target", "benchmark"):
        text = getattr(typed, each)
        read[each] = read_amount(text, known.unit, view.language)
        if text and read[each] is None:
            example = write_amount(EXAMPLES.get(known.unit, 4.5), known.unit, view.language)
            typed.wrong[each] = view.say("metric.wrong_amount", text=text[:60], example=example)
    if typed.wrong:
        return metric_page(view, name, address_of(view, request), typed, 400)
    with view.hub.state.session() as session:
        targets.put(session, known.id, read["target"], read["benchmark"], typed.source, view.who.name)
    return view.redirect(view.link(f"/metric/{known.id}", **_shown(view)), "saved")


def lead(view: View, answer: Answer) -> Card | None:
    """The metric's number as the page opens with it; ``None`` where it has none."""
    part = parts(answer)[0]
    with view.hub.state.session() as session:
        aim = targets.of(session, part.id)
    reader = reader_of(view.hub, answer, view.language)
    made = card(part, {}, reader, "", aim)
    known = sorted((r for r in part.records if r.value is not None), key=lambda r: -(r.value or 0.0))
    return made and replace(made, figures=[figure(part, r, reader) for r in known])


def over_time(view: View, name: str, path: str = "") -> OverTime:
    """The course of a metric; `path` is where its chart is, if not where all charts are."""
    found = course(view.hub, name, view.scope, view.query.get("show", "")).value
    part = parts(found.answer)[0]
    shown = marked(view.hub, name, found)
    drawing = None
    if not part.empty:
        drawing = chart_of(view, name, show=found.show, path=path) if path else chart_of(view, name, show=found.show)
    more = {"by": view.query.get("by", ""), "sort": view.query.get("sort", "")}
    return OverTime(
        drawing,
        [
            (view.say(f"metric.show_{each}"), view.link(view.path, **more, show=each), each == found.show)
            for each in shows(view.scope)
        ],
        _caption(view, found),
        [(place, note_days(each, view.language), each.text) for place, each in enumerate(shown.notes, 1)],
        _points(view, part, found),
        bool(found.before),
        len(part.by_group()) > 1,
    )


def choices(view: View, name: str, by: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """What it can be broken down by: (heading, its (name in the address, title)); `by` is among them."""
    found = {kind: list(names) for kind, names in dimensions(view.hub, name).items()}
    if by and not any(by in names for names in found.values()):
        found.setdefault("own", []).append(by)
    return [
        (view.say(f"dimension.{kind}"), sorted(((n, dimension_name(view, n)) for n in names), key=lambda pair: pair[1]))
        for kind, names in found.items()
    ]


def nothing(view: View, found: Meaning) -> tuple[str, str]:
    """Why there is no number, in words, and where to go for one."""
    if found.first is not None and found.last is not None:
        said = view.say(
            "metric.nothing_elsewhere", first=day(found.first, view.language), last=day(found.last, view.language)
        )
        return said, view.link(view.path, **_shown(view), period=f"{found.last:%Y-%m}")
    names = view.say("common.comma").join(view.say(f"facts.{fact}") for fact in found.facts)
    return view.say("metric.nothing_feeds", facts=names), f"/data/import?fact={found.facts[0]}" if found.facts else ""


def elsewhere_of(view: View, name: str, by: str, address: str) -> Elsewhere:
    """The page's number as programs ask for it."""
    return elsewhere(name, view.scope, address, by)


def address_of(view: View, request: Request[Any, Any, Any]) -> str:
    """Where this server is reached, as far as is known."""
    told = str(view.hub.settings.public_url)
    return (told or str(request.base_url)).rstrip("/")


def as_of(view: View, at: float) -> str:
    """When something was worked out, by the workspace's clock."""
    return f"{datetime.fromtimestamp(at, view.hub.settings.zone):%Y-%m-%d %H:%M}"


def aims_of(view: View, name: str) -> Aims:
    """Target and benchmark as they stand."""
    unit = view.hub.workspace.catalogue[name].unit
    with view.hub.state.session() as session:
        found = targets.of(session, name)
    if found is None:
        return Aims()
    target, benchmark = (write_amount(each, unit, view.language) for each in (found.value, found.benchmark))
    return Aims(target, benchmark, found.benchmark_source)


def _downloaded(view: View, name: str, what: str) -> Answer:
    if what == "groups":
        return groups(view.hub, name, view.scope, view.query.get("by", ""))
    return course(view.hub, name, view.scope, view.query.get("show", "")).value.answer


def _caption(view: View, found: Course) -> list[str]:
    """What the lines of the chart are."""
    level = numbers_in_words.percent(0.95, view.language)
    said = [view.say("metric.band", level=level)]
    reader = reader_of(view.hub, found.answer, view.language)
    if any(reader.verdict(r, p.metric).real for p in parts(found.answer) for r in p.records):
        said.append(view.say("metric.marked_alone"))
    known = [r for r in found.before if r.value is not None]
    if known and found.show == PERIODS:
        said.append(view.say("metric.dashed_year"))
    elif known:
        said.append(view.say("metric.dashed", period=period(known[0].start, known[-1].end, language=view.language)))
    return said


def _points(view: View, part: Part, found: Course) -> list[Point]:
    """The numbers of the chart, the latest first."""
    reader = reader_of(view.hub, found.answer, view.language)
    beside: dict[int, Record] = {}
    if found.before and len(part.by_group()) == 1:
        beside = {id(here): then for here, then in zip(found.records, found.before, strict=False)}
    points = []
    for record in sorted(part.records, key=lambda r: r.start, reverse=True):
        then = beside.get(id(record))
        before = reader.value(then, part.metric) if then and then.value is not None else ""
        points.append(Point(reader.period(record), figure(part, record, reader), before, reader.group(record)))
    return points


def _shown(view: View) -> dict[str, str]:
    """What of the page besides its scope stands in the address."""
    return {name: view.query[name] for name in ("show", "by", "sort") if view.query.get(name)}


def _example(view: View, unit: str) -> str:
    example = write_amount(EXAMPLES.get(unit, 4.5), unit, view.language)
    said = view.say("metric.aim_hint", unit=view.say(f"metric.unit_{unit}"))
    return f"{said} {view.say('metric.aim_example', example=example)}"


ROUTES = (metric, download, aim)
