"""The overview: what really changed, in sentences, before any table of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from kizuna.measure.answer import Answer, Record
from kizuna.measure.metric import GROUPS
from kizuna.show import number
from kizuna.show.period import period
from kizuna.show.reading import Part, Reader, flags, parts
from kizuna.show.table import Cells, Course, compact_columns, feeds, fit, footer, label, notes_line, scope, table_of
from kizuna.show.words import word

MOST_SENTENCES = 12
MOST_PARTS = 6


@dataclass(frozen=True, slots=True)
class Overview:
    """`now` has one number a metric, with its change; `trend`, if given, the periods for the sparklines.

    `running` has the metrics that `now` has no data of, in the period that is not over; `every` says its kind.
    """

    now: Answer
    trend: Answer | None = None
    language: str = "en"
    sources: Mapping[str, str] = field(default_factory=dict)
    running: Answer | None = None
    every: str = "month"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        reader = Reader.of(self.now, self.language)
        found = parts(self.now, self.sources)
        known = [(p, r) for p in found for r in _shown(p)]
        yield Group(
            Text(self.now.workspace, "head") if self.now.workspace else Text(),
            scope(self.now, reader),
            Text(),
            changes(known, reader),
            Text(),
        )
        yield from self._groups(known, reader, options.max_width)
        fresh = [p for p in parts(self.running) if not p.empty] if self.running else []
        if fresh:
            yield Group(begun(fresh, self.every, reader), Text())
        missing = [p for p in found if p.empty and p.id not in {each.id for each in fresh}]
        last = self._last_known()
        quiet = [(p, last[p.id]) for p in missing if p.id in last]
        if quiet:
            yield Group(paused(quiet, self.now, reader), Text())
        never = [p for p in missing if p.id not in last]
        if never:
            yield Group(waiting(never, reader), Text())
        yield Group(footer(self.now, reader), Text(word("explain hint", self.language), "quiet"))

    def _groups(self, known: Sequence[tuple[Part, Record]], reader: Reader, width: int) -> RenderResult:
        """One table, so that all groups share their columns, cut at the headings."""
        trends = self._trends()
        notes = flags(r for _, r in known)
        names = dict.fromkeys([*GROUPS, *(p.metric.group for p, _ in known)])
        ordered = [(p, r) for name in names for p, r in known if p.metric.group == name]
        columns = compact_columns(ordered, reader, notes, trends)
        columns[0].least = max((cell_len(word(n, reader.language)) for n in names), default=0)
        columns = fit(columns, width)
        place = 0
        for name in names:
            size = sum(1 for p, _ in ordered if p.metric.group == name)
            if size:
                cut = [c.part(place, place + size) for c in columns]
                yield table_of(_headed(word(name, reader.language), cut, first=place == 0))
                yield Text()
                place += size
        if notes:
            yield Group(notes_line(notes, reader), Text())

    def _last_known(self) -> dict[str, str]:
        """The last period in which the trend knows each metric, by its name."""
        records = self.trend.records if self.trend else ()
        known = sorted((r for r in records if r.value is not None), key=lambda r: r.start)
        return {r.metric: period(r.start, r.end, language=self.language) for r in known}

    def _trends(self) -> dict[Course, list[float | None]]:
        if self.trend is None:
            return {}
        courses = ((p.id, key, records) for p in parts(self.trend) for key, records in p.by_group().items())
        return {(name, key): [r.value for r in records] for name, key, records in courses}


def _shown(part: Part) -> list[Record]:
    """What there is of a metric: its number, or for a mix its largest parts."""
    known = [r for r in part.records if r.value is not None]
    largest = sorted(known, key=lambda r: -abs(r.value or 0.0))[:MOST_PARTS]
    return [r for r in known if r in largest]


def _headed(name: str, columns: list[Cells], *, first: bool) -> list[Cells]:
    """The table of a group: its name stands over its metrics, and the first one names the columns for all."""
    rest = columns[1:] if first else [replace(c, head="") for c in columns[1:]]
    return [replace(columns[0], head=name, head_style="head"), *rest]


def changes(known: Sequence[tuple[Part, Record]], reader: Reader) -> RenderableType:
    """The changes beyond chance, the surest first, and how many of how many metrics they are."""
    tested = [(p, r) for p, r in known if r.p_value is not None]
    moved = [(p, r) for p, r in tested if reader.verdict(r, p.metric).real]
    moved.sort(key=lambda pair: (pair[1].p_raw or 0.0, pair[0].id))
    lines = [Text(word("what changed", reader.language), "head")]
    lines += [_sentence(p, r, reader) for p, r in moved[:MOST_SENTENCES]]
    if not moved:
        lines.append(Text(word("nothing moved", reader.language)))
    how_many = _counted(len({p.id for p, _ in moved}), len({p.id for p, _ in tested}), reader)
    lines.append(Text(how_many, "quiet"))
    return Group(*lines)


def _counted(moved: int, asked: int, reader: Reader) -> str:
    say = reader.language
    alpha = number.percent(1 - reader.level, say)
    return f"{word('moved', say, moved=moved, asked=asked)} ({word('adjusted', say, alpha=alpha)})"


def _sentence(part: Part, record: Record, reader: Reader) -> Text:
    found = reader.verdict(record, part.metric)
    said = word(
        "sentence",
        reader.language,
        name=label(part, record, reader),
        change=reader.change(record, part.metric, spoken=True),
        value=reader.value(record, part.metric),
        verdict=found.say(reader.language),
    )
    return Text(f"{found.glyph} ", found.tone).append(said, "default")


def begun(fresh: Sequence[Part], every: str, reader: Reader) -> RenderableType:
    """Metrics that have data in the period that is not over, and none in the one before it."""
    say = reader.language
    running = period(fresh[0].records[0].start, None, every, say)
    names = ", ".join(reader.name(part.metric) for part in fresh)
    lines = (Text(names, "quiet"), Text(word("so far", say, every=every), "quiet"))
    return Group(Text(word("begun", say, period=running), "head"), *lines)


def paused(quiet: Sequence[tuple[Part, str]], now: Answer, reader: Reader) -> RenderableType:
    """Metrics that had data before, but have none in the period shown, with the last one they had."""
    first = now.records[0]
    head = word("quiet now", reader.language, period=period(first.start, first.end, language=reader.language))
    names = (f"{reader.name(part.metric)} ({word('last', reader.language, period=when)})" for part, when in quiet)
    return Group(Text(head, "head"), Text(", ".join(names), "quiet"))


def waiting(missing: Sequence[Part], reader: Reader) -> RenderableType:
    """Metrics without data, gathered under the import that would feed them, and the other way to data."""
    by_fact: dict[str, list[str]] = {}
    for part in missing:
        fact = feeds(part)
        by_fact.setdefault(fact, []).append(reader.name(part.metric))
    lines = [Text(word("waiting", reader.language), "head")]
    for fact, names in by_fact.items():
        command = f"kizuna import {fact} FILE  " if fact else ""
        lines.append(Text(command).append(", ".join(names), "quiet"))
    return Group(*lines, Text(word("collect", reader.language), "quiet"))
