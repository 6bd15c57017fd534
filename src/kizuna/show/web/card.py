"""A metric as a card: value, interval, sample, verdict, course, target. All of it ready to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kizuna.measure.answer import Record
from kizuna.show import number
from kizuna.show.reading import Part, Reader
from kizuna.show.verdict import NO_COMPARISON
from kizuna.show.web.spark import Spark, spark
from kizuna.show.words import flag
from kizuna.store.state.tables import Target

MOST_PARTS = 4
"""Of a metric that is always broken down, so many parts are on its card."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its interval, and what is said of its change; `tone` is better, worse or quiet."""

    label: str
    value: str
    margin: str
    interval: str
    glyph: str
    change: str
    verdict: str
    tone: str
    people: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A metric on a page.

    `figures` are several where it is always broken down; `moved` says that one of them really changed.
    """

    id: str
    name: str
    meaning: str
    link: str
    figures: Sequence[Figure]
    spark: Spark | None
    target: str
    benchmark: str
    moved: bool


def card(
    part: Part,
    course: Mapping[tuple[str, ...], Sequence[Record]],
    reader: Reader,
    link: str,
    target: Target | None = None,
) -> Card | None:
    """The card of a metric; ``None`` where it has no data. `course` has the periods up to now, by group."""
    known = [r for r in part.records if r.value is not None]
    if not known:
        return None
    largest = sorted(known, key=lambda r: -abs(r.value or 0.0))[:MOST_PARTS]
    shown = [r for r in known if r in largest]
    records = course.get(tuple(shown[0].group.values()), ()) if len(known) == 1 else ()
    aim = target.value if target else None
    return Card(
        part.id,
        reader.name(part.metric),
        reader.meaning(part.metric),
        link,
        [figure(part, r, reader) for r in shown],
        spark(records, aim),
        _written(aim, part, reader),
        _written(target.benchmark if target else None, part, reader),
        any(reader.verdict(r, part.metric).real for r in shown),
    )


def figure(part: Part, record: Record, reader: Reader) -> Figure:
    """One record in words."""
    verdict = reader.verdict(record, part.metric)
    base = record.n if record.people is None else record.people
    return Figure(
        label=reader.group(record),
        value=reader.value(record, part.metric),
        margin=reader.margin(record, part.metric),
        interval=reader.interval(record, part.metric),
        glyph=verdict.glyph,
        change=reader.change(record, part.metric),
        verdict="" if verdict == NO_COMPARISON else verdict.say(reader.language),
        tone=verdict.tone if verdict.real else "quiet",
        people="" if base is None else number.count(base, reader.language),
        flags=tuple(flag(name, reader.language) for name in record.flags),
    )


def _written(value: float | None, part: Part, reader: Reader) -> str:
    return "" if value is None else number.value(value, part.metric.unit, reader.language, reader.currency)
