"""What stands in a report: what really changed, what happened, every metric of every group, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from kizuna.measure.answer import Answer, Record
from kizuna.measure.calendar import Period, make_axis
from kizuna.measure.metric import GROUPS
from kizuna.show import number
from kizuna.show.chart import chart, describe
from kizuna.show.look import LIGHT, Look
from kizuna.show.marked import Marked, Spec, note_days, note_lines
from kizuna.show.period import day, period
from kizuna.show.reading import Part, Reader, parts
from kizuna.show.table import label
from kizuna.show.web.card import Figure, figure
from kizuna.show.web.pages.overview import Seen, look
from kizuna.show.web.scope import Scope
from kizuna.show.web.spark import Spark, spark
from kizuna.show.web.view import View
from kizuna.show.words import word
from kizuna.store.state import notes, targets
from kizuna.store.state.tables import Note, Target

MOST_CHARTS = 6
"""So many of the changes are drawn, the surest first."""

MOST_PARTS = 6
"""Of a metric that is always broken down, so many parts are listed."""

CHART_SIZE = (460, 210)
"""Pixels."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A change beyond chance."""

    name: str
    change: str
    before: str
    value: str
    verdict: str
    tone: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart: which metric's, the same in words, the notes it has numbers for, and what draws it."""

    metric: str
    name: str
    alt: str
    notes: Sequence[str]
    spec: Spec


@dataclass(frozen=True, slots=True)
class Row:
    """A number of a group's table; `before` is what it is compared with."""

    name: str
    figure: Figure
    before: str
    spark: Spark | None
    aims: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Group:
    """The metrics of one group that have data, and the names of those that have none."""

    name: str
    rows: Sequence[Row]
    missing: Sequence[str]
    meanings: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Noted:
    """A note in words; `metrics` is empty where it is about all."""

    days: str
    text: str
    metrics: Sequence[str]


@dataclass(frozen=True, slots=True)
class Report:
    """A report, ready to be laid out. `compared` is the period it is compared with, empty for none."""

    business: str
    period: str
    compared: str
    customers: str
    until: str
    made: str
    changes: Sequence[Changed]
    counted: str
    drawings: Sequence[Drawing]
    notes: Sequence[Noted]
    groups: Sequence[Group]
    flags: Sequence[str]

    @property
    def empty(self) -> bool:
        """Whether no metric has data in the period."""
        return not any(group.rows for group in self.groups)


def gather(view: View) -> Report:
    """Measure a view's scope for a report in its language."""
    hub, scope = view.hub, view.scope
    seen: Seen = hub.kept.get(("overview", scope), lambda: look(hub, scope)).value
    reader = Reader.of(seen.now, view.language, hub.settings.zone)
    with hub.state.session() as session:
        aims = targets.all_of(session)
        told = notes.between(session, scope.since, scope.until - timedelta(days=1))
        earlier = notes.between(session, _first_day(seen.course, scope), scope.until - timedelta(days=1))
    found = parts(seen.now)
    tested = [(p, r) for p in found for r in p.records if r.p_value is not None]
    moved = [(p, r) for p, r in tested if reader.verdict(r, p.metric).real]
    moved.sort(key=lambda pair: (pair[1].p_raw or 0.0, pair[0].id))
    groups = _groups(found, seen, aims, reader, view)
    return Report(
        business=hub.workspace.name,
        period=view.period_name,
        compared=_compared(view) if any(r.change is not None for p in found for r in p.records) else "",
        customers=next((title for name, title in view.segments if name == scope.segment), ""),
        until=_until(hub.last_day(), view),
        made=day(hub.today(), view.language),
        changes=[_changed(p, r, reader) for p, r in moved],
        counted=_counted(len({p.id for p, _ in moved}), len({p.id for p, _ in tested}), reader),
        drawings=_drawings(moved, seen.course, earlier, aims, reader, view),
        notes=[_noted(note, reader, view) for note in told],
        groups=groups,
        flags=sorted({flag for group in groups for row in group.rows for flag in row.figure.flags}),
    )


def _groups(found: Sequence[Part], seen: Seen, aims: Mapping[str, Target], reader: Reader, view: View) -> list[Group]:
    courses = {p.id: p.by_group() for p in parts(seen.course)}
    names = dict.fromkeys([*GROUPS, *(p.metric.group for p in found)])
    groups = []
    for name in names:
        mine = [p for p in found if p.metric.group == name]
        if mine:
            rows = [row for p in mine for row in _rows(p, courses.get(p.id, {}), aims.get(p.id), reader)]
            missing = [reader.name(p.metric) for p in mine if p.empty]
            meanings = [(reader.name(p.metric), reader.meaning(p.metric)) for p in mine if not p.empty]
            groups.append(Group(view.word(name), rows, missing, meanings))
    return groups


def _rows(
    part: Part, course: Mapping[tuple[str, ...], Sequence[Record]], aim: Target | None, reader: Reader
) -> list[Row]:
    known = [r for r in part.records if r.value is not None]
    largest = sorted(known, key=lambda r: -abs(r.value or 0.0))[:MOST_PARTS]
    rows = []
    for record in (r for r in known if r in largest):
        wanted = (("target", aim.value), ("benchmark", aim.benchmark)) if aim and len(known) == 1 else ()
        rows.append(
            Row(
                label(part, record, reader),
                figure(part, record, reader),
                _written(record.previous, part, reader) if record.previous is not None else "",
                spark(course.get(tuple(record.group.values()), ()), aim.value if wanted and aim else None),
                [(name, _written(value, part, reader)) for name, value in wanted if value is not None],
            )
        )
    return rows


def _drawings(
    moved: Sequence[tuple[Part, Record]],
    course: Answer,
    told: Sequence[Note],
    aims: Mapping[str, Target],
    reader: Reader,
    view: View,
) -> list[Drawing]:
    """A chart of each metric that changed most surely, with its notes; one that is broken down has its own page."""
    drawn: list[Drawing] = []
    for name in dict.fromkeys(part.id for part, record in moved if not record.group):
        records = [r for r in course.records if r.metric == name]
        if len(drawn) == MOST_CHARTS or sum(r.value is not None for r in records) < 2:
            continue
        answer = replace(course, records=records, metrics={name: course.metrics[name]})
        aim = aims.get(name)
        mine = [note for note in told if notes.concerns(note, name)]
        marked = Marked(mine, aim.value if aim else None, aim.benchmark if aim else None)
        sheet = Look(LIGHT, CHART_SIZE, on_page=True)
        spec = chart(answer, view.language, view.hub.settings.zone, sheet, marked)
        alt = describe(parts(answer), replace(reader, every=course.question.every))
        drawn.append(Drawing(name, reader.name(course.metrics[name]), alt, note_lines(mine, reader), spec))
    return drawn


def _changed(part: Part, record: Record, reader: Reader) -> Changed:
    found = reader.verdict(record, part.metric)
    return Changed(
        label(part, record, reader),
        reader.change(record, part.metric, spoken=True),
        _written(record.previous, part, reader),
        reader.value(record, part.metric),
        found.say(reader.language),
        found.tone,
    )


def _counted(moved: int, asked: int, reader: Reader) -> str:
    if not asked:
        return ""
    alpha = number.percent(1 - reader.level, reader.language)
    said = word("moved", reader.language, moved=moved, asked=asked)
    return f"{said} ({word('adjusted', reader.language, alpha=alpha)})"


def _noted(note: Note, reader: Reader, view: View) -> Noted:
    catalogue = view.hub.workspace.catalogue
    names = [reader.name(catalogue[name]) if name in catalogue else name for name in note.metrics]
    return Noted(note_days(note, view.language), note.text, names)


def _compared(view: View) -> str:
    """The period before, or of the year before, by its name."""
    scope, settings = view.scope, view.hub.settings
    if scope.compare == "none":
        return ""
    axis = make_axis(scope.unit, scope.since, scope.until, scope.compare, settings.zone, settings.first_weekday)
    then = axis.compared(Period(scope.since, scope.until))
    return period(_day(then.start), _day(then.end), language=view.language)


def _first_day(course: Answer, scope: Scope) -> date:
    return min((_day(r.start) for r in course.records), default=scope.since)


def _until(last: date | None, view: View) -> str:
    return "" if last is None else day(min(last, view.scope.until - timedelta(days=1)), view.language)


def _written(value: float | None, part: Part, reader: Reader) -> str:
    return number.value(value, part.metric.unit, reader.language, reader.currency)


def _day(moment: date) -> date:
    return moment.replace(tzinfo=moment.tzinfo or UTC).date() if isinstance(moment, datetime) else moment
