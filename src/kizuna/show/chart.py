"""An answer as a chart: one Vega-Lite specification for browser, notebook, report and file.

Over time it is a line with the interval as a band; for one period, dots with the interval as
whiskers. Several metrics or groups become small multiples, since one accent is the only colour that
data gets; blue and orange mean better and worse and nothing else. Every number in a specification
comes from a record of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from kizuna.measure.answer import Answer, Record
from kizuna.show import number
from kizuna.show.axis import scale_of, time_format
from kizuna.show.look import Look, config
from kizuna.show.marked import NOTHING, Marked, Spec, note_lines, over_time
from kizuna.show.reading import Part, Reader, latest, parts
from kizuna.show.words import flag, word

MOST_GROUPS = 12
NARROW = 480
"""Pixels under which panels stand below each other."""
_APART = {kind: {"color": "independent", "shape": "independent"} for kind in ("scale", "legend")}
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What a chart is drawn with: the reader it speaks to, its look, and what it shows beside its numbers."""

    reader: Reader
    look: Look
    marked: Marked


def chart(
    answer: Answer, language: str = "en", zone: tzinfo | None = None, look: Look | None = None, marked: Marked = NOTHING
) -> Spec:
    """The Vega-Lite specification of an answer. `zone` places answers by the hour.

    What is `marked` (notes, target …) is drawn where the answer is one course of one metric.
    """
    reader = Reader.of(answer, language, zone)
    sheet = _Sheet(reader, look or Look(), marked)
    found = [p for p in parts(answer) if not p.empty]
    panels = _panels(found, sheet)
    whole: Spec = {"$schema": SCHEMA, "description": describe(found, reader), "config": config(sheet.look, language)}
    if not panels:
        return whole | {"data": {"values": []}, "mark": "text", "title": word("no data", language)}
    if len(panels) == 1:
        return whole | _sized(panels[0], sheet.look)
    columns = 1 if sheet.look.size and sheet.look.size[0] < NARROW else 2
    return whole | {"concat": panels, "columns": columns, "resolve": _APART}


def _sized(panel: Spec, look: Look) -> Spec:
    """A panel in the size that is wanted; small multiples have their own."""
    if look.size is None or "facet" in panel:
        return panel
    size = {"width": look.size[0], "height": look.size[1]}
    return panel | size | {"autosize": {"type": "fit", "contains": "padding", "resize": True}}


def describe(found: Sequence[Part], reader: Reader) -> str:
    """What the chart shows, for those who cannot see it: the metrics, the periods, the latest values."""
    say = reader.language
    over_time = any(len(p.periods) > 1 for p in found)
    names = ", ".join(reader.name(p.metric) for p in found)
    said = [word("line chart" if over_time else "dot chart", say, names=names)]
    for part in found:
        if (last := latest(part.records)) is not None and not part.dimensions:
            ends = reader.interval(last, part.metric)
            value = f"{reader.period(last)}: {reader.name(part.metric)} {reader.value(last, part.metric)}"
            said.append(f"{value} ({ends})" if ends else value)
    return ". ".join(said) + "."


def save(spec: Spec, path: Any) -> None:
    """Write a chart to a file, in the form its suffix names: .svg, .png, .html (self-contained) or .json."""
    from kizuna.show.picture import write

    write(spec, path)


def _panels(found: Sequence[Part], sheet: _Sheet) -> list[Spec]:
    """One panel a metric; metrics of one number each share a panel with those of the same unit."""
    singles = [p for p in found if len(p.records) == 1]
    panels = [_over_time(p, sheet, alone=len(found) == 1) for p in found if len(p.periods) > 1]
    panels += [_dots([p], sheet) for p in found if len(p.periods) == 1 and len(p.records) > 1]
    for unit in dict.fromkeys(p.metric.unit for p in singles):
        panels.append(_dots([p for p in singles if p.metric.unit == unit], sheet))
    return panels


def _over_time(part: Part, sheet: _Sheet, *, alone: bool) -> Spec:
    reader = sheet.reader
    groups = list(part.by_group().values())
    shown = sorted(groups, key=lambda rs: -sum(r.n or 0 for r in rs))[:MOST_GROUPS]
    rows = [_row(part, r, reader) for records in shown for r in records]
    marked = sheet.marked if alone and len(groups) == 1 else NOTHING
    layers = _line_layers(part, sheet, rows, groups[0], marked)
    panel: Spec = {"data": {"values": rows}} | _titled(_title(part, reader, len(shown), len(groups), marked), sheet)
    if len(groups) == 1:
        return panel | {"width": 640 if alone else 340, "height": 260 if alone else 170, "layer": layers}
    order = [reader.group(records[0]) for records in shown]
    facet = {"field": "group", "type": "nominal", "title": None, "sort": order, "header": {"labelAnchor": "start"}}
    narrow = sheet.look.size is not None and sheet.look.size[0] < NARROW
    return panel | {
        "facet": facet,
        "columns": 1 if narrow else 3,
        "spec": {"width": 200, "height": 120, "layer": layers},
    }


def _line_layers(part: Part, sheet: _Sheet, rows: list[Spec], records: Sequence[Record], marked: Marked) -> list[Spec]:
    reader, theme = sheet.reader, sheet.look.theme
    scale = scale_of(part.metric.unit, [r["value"] for r in rows], reader)
    narrow = sheet.look.size is not None and sheet.look.size[0] < NARROW
    time = {
        "field": "start",
        "type": "temporal",
        "scale": {"type": "utc"},
        "title": None,
        "axis": {
            "format": time_format(reader.every, reader.language),
            "tickCount": min(len(part.periods), 4 if narrow else 6),
            "labelOverlap": True,
        },
    }
    level: Spec = {"type": "quantitative", "title": None, "axis": scale.axis, "scale": {"zero": False, "nice": True}}
    breaks = "break-paths-show-domains"
    band = {
        "mark": {"type": "area", "color": theme.accent, "opacity": 0.14, "invalid": breaks, "interpolate": "linear"},
        "encoding": {"x": time, "y": level | {"field": "low"}, "y2": {"field": "high"}},
    }
    line = {
        "mark": {"type": "line", "color": theme.accent, "strokeWidth": 1.8, "invalid": breaks},
        "encoding": {"x": time, "y": level | {"field": "value"}},
    }
    point = {"type": "point", "stroke": theme.accent, "filled": False, "size": 24, "opacity": 1, "strokeWidth": 1.4}
    dots = {
        "mark": point,
        "encoding": {"x": time, "y": level | {"field": "value"}, "fill": _hollow(sheet), "tooltip": _tooltip(reader)},
    }
    changes: Spec = {
        "transform": [{"filter": {"field": "tone", "oneOf": ["better", "worse"]}}],
        "mark": {"type": "point", "filled": True, "size": 85, "opacity": 1},
        "encoding": {"x": time, "y": level | {"field": "value"}, "tooltip": _tooltip(reader)}
        | _meaning(sheet, [r for r in rows if r["tone"] != "quiet"]),
    }
    transform = [scale.transform(name) for name in ("value", "low", "high")]
    marks = [band] if any(r["low"] is not None for r in rows) else []
    marks += [line, dots, changes] if any(r["tone"] in ("better", "worse") for r in rows) else [line, dots]
    under, over = over_time(marked, records, part.metric, scale, reader, theme, {"x": time, "y": level})
    return [*under, *(_scaled(mark, transform) for mark in marks), *over]


def _scaled(layer: Spec, transform: list[Spec]) -> Spec:
    return layer | {"transform": [*transform, *layer.get("transform", [])]}


def _dots(found: Sequence[Part], sheet: _Sheet) -> Spec:
    """Horizontal dots with whiskers: groups of one metric, or metrics of one unit."""
    reader = sheet.reader
    one = found[0] if len(found) == 1 else None
    pairs = [(p, r) for p in found for r in p.records]
    shown = sorted(pairs, key=lambda pair: -(pair[1].n or 0))[:MOST_GROUPS] if one else pairs
    rows = [_row(p, r, reader, label=None if one and p.dimensions else reader.name(p.metric)) for p, r in shown]
    scale = scale_of(found[0].metric.unit, [r["value"] for r in rows], reader)
    across: Spec = {
        "type": "quantitative",
        "title": None,
        "axis": scale.axis | {"grid": True},
        "scale": {"zero": False},
    }
    down = {
        "field": "group",
        "type": "nominal",
        "title": None,
        "sort": None,
        "axis": {"labelLimit": 260, "ticks": False},
    }
    changed = any(r["tone"] in ("better", "worse") for r in rows)
    colours = {"field": "tone", "type": "nominal", "legend": None, "scale": _scale(sheet)}
    transform = [scale.transform(name) for name in ("value", "low", "high")]
    whisker: Spec = {
        "mark": {"type": "rule", "strokeWidth": 1.6},
        "encoding": {"y": down, "x": across | {"field": "low"}, "x2": {"field": "high"}, "color": colours},
    }
    dot: Spec = {
        "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
        "encoding": {"y": down, "x": across | {"field": "value"}, "color": colours, "tooltip": _tooltip(reader)},
    }
    if changed:
        meant = _meaning(sheet, rows)
        dot["encoding"] |= meant
        # Both layers share one legend; two that say different things about it are none.
        whisker["encoding"] |= {"color": meant["color"]}
    title = _title(one, reader, len(shown), len(pairs)) if one else _shared_title(found, reader)
    return _titled(title, sheet) | {
        "data": {"values": rows},
        "transform": transform,
        "width": 420,
        "height": {"step": 24},
        # Whiskers of nothing would make Vega warn of an axis without an end.
        "layer": [whisker, dot] if any(r["low"] is not None for r in rows) else [dot],
    }


def _row(part: Part, record: Record, reader: Reader, label: str | None = None) -> Spec:
    """One record as the chart's data: its numbers as they are, and the words of its tooltip."""
    found = reader.verdict(record, part.metric)
    told = f"{found.glyph} {reader.change(record, part.metric, spoken=True)} {found.say(reader.language)}".strip()
    return {
        "metric": part.id,
        "start": reader.local(record.start).isoformat(),
        "period": reader.period(record),
        "group": reader.group(record) if label is None else label,
        "value": record.value,
        "low": record.low,
        "high": record.high,
        "tone": found.tone if record.change is not None else "accent",
        "verdict": found.say(reader.language),
        "partial": "partial_period" in record.flags,
        "said": reader.value(record, part.metric),
        "interval": reader.interval(record, part.metric),
        "change": told,
        "people": number.count(record.n if record.people is None else record.people, reader.language),
        "notes": ", ".join(flag(name, reader.language) for name in record.flags),
    }


def _tooltip(reader: Reader) -> list[Spec]:
    level = word("interval band", reader.language, level=number.percent(reader.level, reader.language))
    titles = {"period": "period", "group": "by", "said": "value", "interval": "", "change": "change"}
    titles |= {"people": "people", "notes": "notes"}
    named = {field: word(key, reader.language) if key else level for field, key in titles.items()}
    return [{"field": field, "type": "nominal", "title": title} for field, title in named.items()]


def _hollow(sheet: _Sheet) -> Spec:
    """Periods that are not over are drawn hollow."""
    theme = sheet.look.theme
    return {"condition": {"test": "datum.partial", "value": theme.paper}, "value": theme.accent}


def _meaning(sheet: _Sheet, rows: list[Spec]) -> Spec:
    """Colour and shape of a real change, with the legend that says what they mean in words."""
    reader = sheet.reader
    present = [tone for tone in ("better", "worse", "quiet") if any(r["tone"] == tone for r in rows)]
    words = {"better": word("better", reader.language), "worse": word("worse", reader.language)}
    words["quiet"] = word("not sure", reader.language)
    labels = " : ".join(f"datum.label == '{tone}' ? '{words[tone]}'" for tone in present) + " : ''"
    legend = {"title": None, "orient": "bottom", "labelExpr": labels, "values": present}
    shapes = {"accent": "circle", "better": "circle", "worse": "diamond", "quiet": "circle"}
    return {
        "color": {"field": "tone", "type": "nominal", "legend": legend, "scale": _scale(sheet)},
        "shape": {
            "field": "tone",
            "type": "nominal",
            "legend": legend,
            "scale": {"domain": list(shapes), "range": list(shapes.values())},
        },
    }


def _scale(sheet: _Sheet) -> Spec:
    tones = sheet.look.theme.tones
    return {"domain": list(tones), "range": list(tones.values())}


def _titled(title: Spec, sheet: _Sheet) -> Spec:
    """The title of a panel, unless the page says it."""
    return {} if sheet.look.on_page else {"title": title}


def _title(part: Part, reader: Reader, shown: int, all_groups: int, marked: Marked = NOTHING) -> Spec:
    lines = _wrapped(reader.meaning(part.metric), 88)
    if shown < all_groups:
        lines.append(word("shown of", reader.language, shown=shown, all=all_groups))
    lines += [line for note in note_lines(marked.notes, reader) for line in _wrapped(note, 88)]
    if before := next((r for r in marked.before if r.value is not None), None):
        lines.append(word("dashed", reader.language, period=reader.period(before)))
    return {"text": reader.name(part.metric), "subtitle": lines}


def _shared_title(found: Sequence[Part], reader: Reader) -> Spec:
    record = found[0].records[0]
    return {
        "text": reader.period(record),
        "subtitle": [w for p in found for w in _wrapped(f"{reader.name(p.metric)}: {reader.meaning(p.metric)}", 88)],
    }


def _wrapped(text: str, cells: int) -> list[str]:
    """Lines of a sentence; Japanese, which has no spaces, is cut by width."""
    from rich.cells import cell_len, chop_cells

    lines: list[str] = []
    for piece in text.split(" "):
        if lines and cell_len(lines[-1]) + 1 + cell_len(piece) <= cells:
            lines[-1] += f" {piece}"
        else:
            lines += chop_cells(piece, cells)
    return lines
