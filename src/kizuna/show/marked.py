"""What a chart shows beside its numbers: notes, a target, a benchmark, and the course it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from kizuna.measure.answer import Record
from kizuna.measure.metric import Metric
from kizuna.show import number
from kizuna.show.axis import AxisScale
from kizuna.show.look import Theme
from kizuna.show.period import day
from kizuna.show.reading import Reader
from kizuna.show.words import word

Spec = dict[str, Any]


class Noted(Protocol):
    """A note as a chart needs it: a day, or the days until another, and a text."""

    @property
    def day(self) -> date: ...
    @property
    def last_day(self) -> date | None: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Marked:
    """`target` and `benchmark` are in the metric's unit.

    `before` is the course it is compared with, one record for each period of the answer, as far as it goes.
    """

    notes: Sequence[Noted] = ()
    target: float | None = None
    benchmark: float | None = None
    before: Sequence[Record] = ()


NOTHING = Marked()


def over_time(
    marked: Marked,
    records: Sequence[Record],
    metric: Metric,
    scale: AxisScale,
    reader: Reader,
    theme: Theme,
    axes: Spec,
) -> tuple[list[Spec], list[Spec]]:
    """Layers under and over the course of `records`; `axes` are the chart's own ``x`` and ``y``."""
    under = [
        *_notes(marked, records, reader, theme, axes),
        *_before(marked, records, metric, scale, reader, theme, axes),
    ]
    return under, _levels(marked, metric, scale, reader, theme, axes)


def note_lines(notes: Sequence[Noted], reader: Reader) -> list[str]:
    """The notes in words, each with the number that stands for it in the chart."""
    return [f"{place} · {note_days(each, reader.language)}: {each.text}" for place, each in enumerate(notes, 1)]


def note_days(note: Noted, language: str) -> str:
    """The day of a note, or its first and last."""
    first = day(note.day, language)
    return first if note.last_day is None else f"{first} – {day(note.last_day, language)}"


def _notes(marked: Marked, records: Sequence[Record], reader: Reader, theme: Theme, axes: Spec) -> list[Spec]:
    """A line where something happened, with its number on top; a band where it lasted.

    It stands at the point of the period that it falls into, for that is the first number it can have moved.
    Notes of one period share a line.
    """
    spans: dict[tuple[str, str], list[int]] = {}
    for place, note in enumerate(marked.notes, 1):
        at, until = _point(note.day, records, reader), _point(note.last_day or note.day, records, reader)
        if until is not None:
            spans.setdefault((at or until, until), []).append(place)
    if not spans:
        return []
    texts = note_lines(marked.notes, reader)
    rows = [
        {"start": at, "end": until, "mark": " ".join(map(str, places)), "text": "\n".join(texts[p - 1] for p in places)}
        for (at, until), places in spans.items()
    ]
    tip = [{"field": "text", "type": "nominal", "title": " "}]
    x = axes["x"] | {"field": "start"}
    line: Spec = {"mark": {"type": "rule", "color": theme.quiet, "strokeWidth": 1}, "encoding": {"x": x}}
    # Of no row at all an axis has no extent, of which the browser's drawing warns.
    bands = [row for row in rows if row["end"] != row["start"]]
    band: Spec = {
        "data": {"values": bands},
        "mark": {"type": "rect", "color": theme.quiet, "opacity": 0.12},
        "encoding": {"x": x, "x2": {"field": "end"}},
    }
    sign: Spec = {
        "mark": {"type": "text", "color": theme.ink, "fontSize": 11, "fontWeight": 600, "baseline": "bottom", "dy": -3},
        "encoding": {"x": x, "y": {"value": 0}, "text": {"field": "mark"}, "tooltip": tip},
    }
    return [{"data": {"values": rows}, "layer": [*([band] if bands else []), line, sign]}]


def _point(when: date, records: Sequence[Record], reader: Reader) -> str | None:
    """Where on the time axis the period with a day in it stands; the first point for what began earlier."""
    for record in records:
        start, end = _day(reader.local(record.start)), _day(reader.local(record.end))
        if start <= when < end or start == end == when:
            return str(reader.local(record.start).isoformat())
    return None


def _before(
    marked: Marked,
    records: Sequence[Record],
    metric: Metric,
    scale: AxisScale,
    reader: Reader,
    theme: Theme,
    axes: Spec,
) -> list[Spec]:
    """The course it is compared with, dashed, each point where its counterpart stands."""
    pairs = [(here, then) for here, then in zip(records, marked.before, strict=False) if then.value is not None]
    if not pairs:
        return []
    rows = [
        {
            "start": reader.local(here.start).isoformat(),
            "value": _scaled(then.value, scale),
            "period": reader.period(then),
            "said": reader.value(then, metric),
        }
        for here, then in pairs
    ]
    tip = [
        {"field": "period", "type": "nominal", "title": word("period", reader.language)},
        {"field": "said", "type": "nominal", "title": word("value", reader.language)},
    ]
    where = {"x": axes["x"], "y": axes["y"] | {"field": "value"}}
    dashed = {"type": "line", "color": theme.quiet, "strokeWidth": 1.4, "strokeDash": [4, 4]}
    dots = {"type": "point", "filled": True, "color": theme.quiet, "size": 12, "opacity": 0.8}
    layers = [{"mark": dashed, "encoding": where}, {"mark": dots, "encoding": where | {"tooltip": tip}}]
    return [{"data": {"values": rows}, "layer": layers}]


def _levels(marked: Marked, metric: Metric, scale: AxisScale, reader: Reader, theme: Theme, axes: Spec) -> list[Spec]:
    """The target and the benchmark as lines across, each with its name and number at the right end."""
    wanted = (("target", marked.target, [6, 3]), ("benchmark", marked.benchmark, [1.5, 3]))
    layers: list[Spec] = []
    for name, level, dash in wanted:
        if level is None:
            continue
        said = f"{word(name, reader.language)} {number.value(level, metric.unit, reader.language, reader.currency)}"
        y = axes["y"] | {"field": "value"}
        rule: Spec = {"mark": {"type": "rule", "color": theme.quiet, "strokeDash": dash}, "encoding": {"y": y}}
        text: Spec = {
            "mark": {
                "type": "text",
                "color": theme.quiet,
                "fontSize": 11,
                "align": "right",
                "baseline": "bottom",
                "dy": -3,
            },
            "encoding": {"y": y, "x": {"value": "width"}, "text": {"field": "said"}},
        }
        layers.append({"data": {"values": [{"value": _scaled(level, scale), "said": said}]}, "layer": [rule, text]})
    return layers


def _scaled(value: float | None, scale: AxisScale) -> float | None:
    return None if value is None else value / scale.divisor


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
