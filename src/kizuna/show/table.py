"""An answer as a table for the terminal.

A metric is never shown without its meaning. The columns are chosen by the room there is: what is
left out first is what another column also says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, JustifyMethod, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kizuna.measure.answer import Answer, Record
from kizuna.show import draw, number
from kizuna.show.period import day
from kizuna.show.reading import Part, Reader, flags, parts
from kizuna.show.verdict import Verdict
from kizuna.show.words import flag, word

MARKS = "abcdefghijklmnopqrstuvwxyz"
BAR_LEAST, BAR_FAIR, BAR_MOST = 6, 12, 22
NAME, NAME_LEAST = 30, 14
GAP = 2

Course = tuple[str, tuple[str, ...]]
"""A metric and the values of a group: what a sparkline is of."""

DERIVED_FROM = {
    "session": "event",
    "cart": "event",
    "customer_day": "event",
    "mrr_movement": "subscription",
    "identifier": "customer",
}
"""What to import for a fact that the store derives."""


@dataclass(slots=True)
class Cells:
    """One column: its heading, its cells, how readily it is left out (0: never)."""

    head: str
    cells: list[Text]
    right: bool = False
    give_up: int = 0
    wraps: bool = False
    least: int = 0
    most: int | None = None
    head_style: str = "key"

    @property
    def width(self) -> int:
        natural = max([self.least, cell_len(self.head), *(c.cell_len for c in self.cells)])
        return natural if self.most is None else min(natural, self.most)

    def part(self, first: int, last: int) -> Cells:
        """Some rows of the column, as wide as the whole."""
        return replace(self, cells=self.cells[first:last], least=self.width)


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Rich rendering of an `Answer`: ``console.print(AnswerTable(answer))``. `zone` is for answers by the hour."""

    answer: Answer
    language: str = "en"
    zone: tzinfo | None = None
    sources: Mapping[str, str] = field(default_factory=dict)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        reader = Reader.of(self.answer, self.language, self.zone)
        found, plain = parts(self.answer, self.sources), options.ascii_only
        if len(found) > 1 and all(len(p.records) <= 1 for p in found):
            yield scope(self.answer, reader)
            yield compact(found, reader, options.max_width)
            yield Text()
            yield definitions(found, reader)
        else:
            for part in found:
                yield section(part, reader, options.max_width, plain=plain)
                yield Text()
        yield footer(self.answer, reader)


def scope(answer: Answer, reader: Reader) -> Text:
    """Which period, compared with what."""
    record = next(iter(answer.records), None)
    said = [reader.period(record)] if record else []
    said.append(word(f"compared with {answer.question.compare}", reader.language))
    return Text(" · ".join(said), "quiet")


def section(part: Part, reader: Reader, width: int, *, plain: bool = False) -> RenderableType:
    """One metric: heading, meaning, sparkline, rows."""
    lines: list[RenderableType] = [heading(part, reader), Text(reader.meaning(part.metric), "quiet")]
    if part.empty:
        return Group(*lines, Padding(Text(no_data(part, reader)), (0, 0, 0, GAP)))
    part, without = _with_data(part, reader)
    lines += _sparklines(part, reader, plain=plain)
    notes = flags(part.records)
    columns = _columns(part, reader, notes)
    # One number alone has nothing to be compared with on a scale; its interval is said in figures.
    bar = (lambda cells: _bar_column(part, cells, plain=plain)) if len(part.records) > 1 else None
    lines.append(lay_out(columns, width, bar))
    if notes:
        lines.append(notes_line(notes, reader))
    if without:
        lines.append(Text(f"{word('no data', reader.language)}: {', '.join(without)}", "quiet"))
    return Group(*lines)


def _with_data(part: Part, reader: Reader) -> tuple[Part, list[str]]:
    """The part without the groups that have no data in any period, and the names of those."""
    groups = part.by_group().values()
    empty = [records for records in groups if all(r.value is None for r in records)]
    if not part.dimensions or not empty:
        return part, []
    kept = [r for r in part.records if not any(r in records for records in empty)]
    return replace(part, records=kept), [reader.group(records[0]) for records in empty]


def heading(part: Part, reader: Reader) -> Text:
    """A metric's name, and its id for commands."""
    text = Text(reader.name(part.metric), "head")
    return text.append(f"  {part.id}", "not bold dim")


def compact(
    found: Sequence[Part], reader: Reader, width: int, trends: Mapping[Course, list[float | None]] | None = None
) -> RenderableType:
    """One row a metric: for answers with one number each, and the overview."""
    rows = [(p, p.records[0]) for p in found if p.records and p.records[0].value is not None]
    missing = [p for p in found if not p.records or p.records[0].value is None]
    notes = flags(r for _, r in rows)
    lines: list[RenderableType] = [lay_out(compact_columns(rows, reader, notes, trends), width)] if rows else []
    if notes:
        lines.append(notes_line(notes, reader))
    if missing:
        lines.append(Padding(missing_list(missing, reader), (1, 0, 0, 0)))
    return Group(*lines)


def compact_columns(
    rows: Sequence[tuple[Part, Record]],
    reader: Reader,
    notes: Sequence[str],
    trends: Mapping[Course, list[float | None]] | None = None,
) -> list[Cells]:
    """The columns of one row a metric, with its sparkline where there are `trends`."""
    names = [Text(label(p, r, reader)) for p, r in rows]
    columns = [Cells(word("metric", reader.language), names, wraps=True)]
    if trends:
        courses = [trends.get((p.id, tuple(r.group.values())), []) for p, r in rows]
        columns.append(Cells("", [Text(draw.sparkline(c, 18), "accent") for c in courses], give_up=3))
    return columns + _figures(rows, reader, notes, short=True)


def label(part: Part, record: Record, reader: Reader) -> str:
    """A metric's name, and of which part of it this is the number."""
    name = reader.name(part.metric)
    return f"{name} · {reader.group(record)}" if record.group else name


def definitions(found: Sequence[Part], reader: Reader) -> RenderableType:
    """Every metric's meaning, under a table that has no room for them."""
    grid = Table.grid(padding=(0, GAP, 0, 0))
    grid.add_column(no_wrap=True, style="key")
    grid.add_column(style="quiet")
    for part in found:
        grid.add_row(Text(part.id), Text(reader.meaning(part.metric)))
    return grid


def footer(answer: Answer, reader: Reader) -> Text:
    """Where the numbers come from: rows, data as of, filters, level."""
    return Text(" · ".join(_origins(answer, reader)), "quiet")


def no_data(part: Part, reader: Reader) -> str:
    """That there is no data, and which import would bring it."""
    needed = feeds(part)
    hint = f" · kizuna import {needed} FILE" if needed else ""
    return word("no data", reader.language) + hint


def feeds(part: Part) -> str:
    """The fact to import for a metric that has no data; empty where nobody can say."""
    if part.source is not None:
        return part.source
    metric = part.metric
    terms = [*metric.numerator, *metric.denominator, *metric.terms.values()]
    first = next((fact for fact in (metric.fact, *(t.fact for t in terms)) if fact), "")
    return DERIVED_FROM.get(first, first)


def lay_out(columns: list[Cells], width: int, bar: Callable[[int], Cells] | None = None) -> Table:
    """The table with as many columns as there is room for, the bar taking what remains."""
    kept = fit(columns, width, with_bar=bar is not None)
    free = width - _needs(kept) - GAP
    if bar is not None and free >= BAR_LEAST:
        place = next((i for i, c in enumerate(kept) if c.right), 0) + 1
        kept.insert(place, bar(min(free, BAR_MOST)))
    return table_of(kept)


def fit(columns: Sequence[Cells], width: int, *, with_bar: bool = False) -> list[Cells]:
    """The columns there is room for; what another column also says goes first, then names are wrapped."""
    kept = list(columns)
    for least, readily, floor in ((BAR_FAIR, 4, NAME), (BAR_LEAST, 1, NAME_LEAST)):
        while _needs(kept, floor) + (least + GAP if with_bar else 0) > width:
            optional = [c for c in kept if c.give_up >= readily]
            if not optional:
                break
            kept.remove(max(optional, key=lambda c: c.give_up))
    return _narrowed(kept, width - (BAR_LEAST + GAP if with_bar else 0))


def _needs(columns: Sequence[Cells], floor: int | None = None) -> int:
    """The room columns take; those that wrap can do with `floor` cells."""
    widths = (min(c.width, floor) if floor and c.wraps else c.width for c in columns)
    return sum(width + GAP for width in widths) - GAP


def _narrowed(columns: list[Cells], room: int) -> list[Cells]:
    """Take what is too wide from the widest column that wraps."""
    over = _needs(columns) - room
    wrapping = [c for c in columns if c.wraps]
    if over <= 0 or not wrapping:
        return columns
    widest = max(wrapping, key=lambda c: c.width)
    return [replace(c, most=max(c.width - over, NAME_LEAST), least=0) if c is widest else c for c in columns]


def table_of(columns: Sequence[Cells]) -> Table:
    """The columns as they are, as a Rich table without lines."""
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, show_edge=False, header_style="")
    for column in columns:
        side: JustifyMethod = "right" if column.right else "left"
        table.add_column(
            Text(column.head, column.head_style), justify=side, no_wrap=not column.wraps, min_width=column.least
        )
    for row in zip(*(c.cells for c in columns), strict=True):
        table.add_row(*row)
    return table


def _columns(part: Part, reader: Reader, notes: Sequence[str]) -> list[Cells]:
    """Period, groups and figures of one metric."""
    columns = [
        Cells(name, _once([reader.member(r.group.get(name)) for r in part.records], part), wraps=True)
        for name in part.dimensions
    ]
    if len(part.periods) > 1 or not part.dimensions:
        columns.append(Cells(word("period", reader.language), [Text(reader.period(r)) for r in part.records]))
    return columns + _figures([(part, r) for r in part.records], reader, notes, short=False)


def _once(labels: list[str], part: Part) -> list[Text]:
    """A group's label on the first row of its block."""
    groups = [tuple(r.group.values()) for r in part.records]
    repeated = [place > 0 and groups[place] == groups[place - 1] for place in range(len(groups))]
    return [Text("" if again else label) for label, again in zip(labels, repeated, strict=True)]


def _figures(rows: Sequence[tuple[Part, Record]], reader: Reader, notes: Sequence[str], *, short: bool) -> list[Cells]:
    """Value, interval, base, change and p of each row."""
    say, records = reader.language, [r for _, r in rows]
    values = [Text(reader.value(r, p.metric), "quiet" if r.value is None else "head") for p, r in rows]
    columns = [Cells(word("value", say), values, right=True), _interval_column(rows, reader, short=short)]
    columns += _bases(records, reader, notes)
    if any(r.change is not None for r in records):
        verdicts = [reader.verdict(r, p.metric) for p, r in rows]
        said = [reader.change(r, p.metric) for p, r in rows]
        columns.append(
            Cells(
                word("change", say),
                _changes(verdicts, said, [r.value is not None for r in records], say, aligned=not short),
            )
        )
        chances = [Text(number.p_value(r.p_value, say), "quiet") for r in records]
        columns.append(Cells("p", chances, right=True, give_up=4))
    return columns


def _interval_column(rows: Sequence[tuple[Part, Record]], reader: Reader, *, short: bool) -> Cells:
    """Both ends, or (`short`) the distance to them, where no bar needs the numbers spelled out."""
    level = number.percent(reader.level, reader.language)
    if short:
        return Cells(level, [Text(reader.margin(r, p.metric), "quiet") for p, r in rows], give_up=1)
    head = word("interval band", reader.language, level=level)
    return Cells(head, [Text(reader.interval(r, p.metric), "quiet") for p, r in rows], right=True, give_up=2)


def _bases(records: list[Record], reader: Reader, notes: Sequence[str]) -> list[Cells]:
    """How many people (or, where people are not counted, rows) stand behind each number, with its flags."""
    say = reader.language
    people = any(r.people is not None for r in records)
    counted = [r.people if people else r.n for r in records]
    head = word("people" if people else "rows", say)
    columns = [Cells(head, [Text(number.count(c, say)) for c in counted], right=True)]
    if people and any(r.people != r.n for r in records):
        rows = [Text(number.count(r.n, say)) for r in records]
        columns.insert(0, Cells(word("rows", say), rows, right=True, give_up=5))
    if notes:
        columns.append(Cells("", [Text(_marks(r, notes), "quiet") for r in records]))
    return columns


def _marks(record: Record, notes: Sequence[str]) -> str:
    """Letters for a record's flags; what they mean is said under the table."""
    return "".join(_mark(i) for i, name in enumerate(notes) if name in record.flags)


def _mark(place: int) -> str:
    return MARKS[place] if place < len(MARKS) else "*"


def _changes(
    verdicts: list[Verdict], said: list[str], has_value: list[bool], language: str, *, aligned: bool
) -> list[Text]:
    """Glyph, signed number and word; numbers of one unit are aligned at their ends."""
    widest = max((cell_len(s) for s in said), default=0) if aligned else 0
    cells = []
    for found, text, known in zip(verdicts, said, has_value, strict=True):
        if found.key == "no comparison":
            cells.append(Text("", "quiet") if not known else Text(found.say(language), "quiet"))
            continue
        padded = " " * (widest - cell_len(text)) + text
        cells.append(Text(f"{found.glyph} {padded} {found.say(language)}", found.tone))
    return cells


def _bar_column(part: Part, cells: int, *, plain: bool) -> Cells:
    scale = draw.Scale.over(v for r in part.records for v in (r.value, r.low, r.high))
    if scale is None:
        return Cells("", [Text() for _ in part.records])
    drawn = [draw.bar(scale, r.value, r.low, r.high, cells, plain=plain) for r in part.records]
    return Cells("", [Text(d, "accent") for d in drawn])


def _sparklines(part: Part, reader: Reader, *, plain: bool) -> list[RenderableType]:
    if len(part.periods) < 3:
        return []
    groups = part.by_group()
    if len(groups) == 1:
        values = [r.value for r in next(iter(groups.values()))]
        return [Text(draw.sparkline(values, 48, plain=plain), "accent")]
    grid = Table.grid(padding=(0, GAP, 0, 0))
    for records in list(groups.values())[:8]:
        line = draw.sparkline([r.value for r in records], 48, plain=plain)
        grid.add_row(Text(reader.group(records[0]), "quiet"), Text(line, "accent"))
    return [grid]


def notes_line(notes: Sequence[str], reader: Reader) -> Text:
    """What the letters beside the numbers mean."""
    said = [f"{_mark(i)} {flag(name, reader.language)}" for i, name in enumerate(notes)]
    return Text("   ".join(said), "quiet")


def missing_list(missing: Sequence[Part], reader: Reader) -> RenderableType:
    """Metrics without data, and what would feed them: nothing is a zero that is not a zero."""
    grid = Table.grid(padding=(0, GAP, 0, 0))
    for part in missing:
        grid.add_row(Text(reader.name(part.metric), "quiet"), Text(no_data(part, reader), "quiet"))
    return grid


def _origins(answer: Answer, reader: Reader) -> list[str]:
    say, lineage = reader.language, answer.lineage
    said = [answer.workspace] if answer.workspace else []
    if len(lineage) == 1 and (rows := lineage[0].rows):
        said.append(word("rows behind", say, rows=number.count(rows, say)))
    if days := [line.data_until for line in lineage if line.data_until]:
        said.append(f"{word('data until', say)} {day(max(days), say)}")
    if answer.question.where:
        said.append(f"{word('filter', say)}: {answer.question.where}")
    return said + list(answer.notes)
