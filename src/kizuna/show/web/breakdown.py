"""A metric broken down by a dimension: a table that sorts by its address, with the course of each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kizuna.errors import QuestionError, did_you_mean
from kizuna.measure.answer import Record
from kizuna.measure.names import CLOCK
from kizuna.show.reading import Part, Reader, parts
from kizuna.show.web.card import Figure, figure
from kizuna.show.web.course import all_groups, group_courses, groups, reader_of
from kizuna.show.web.dimension import clock_place, dimension_name, member_name
from kizuna.show.web.spark import Spark, spark
from kizuna.show.web.view import View

SORTS = ("group", "value", "people", "change")
"""What the table can be sorted by; with a ``-`` before it the largest are first."""

USUAL = "-people"


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: its `link` sorts by it, `order` says how it is sorted now (for ``aria-sort``)."""

    title: str
    link: str
    order: str
    number: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A group: its number in words and its course; `small` ones rest on few people."""

    name: str
    figure: Figure
    spark: Spark | None
    small: bool


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A dimension and its groups; some may be `hidden`, being of too few people."""

    by: str
    title: str
    heads: Sequence[Head]
    rows: Sequence[Row]
    moved: int
    hidden: bool


def breakdown(view: View, metric: str, by: str, sort: str, *, outside: bool = False) -> Breakdown:
    """A metric by a dimension, for people `outside` without any group of few.

    Raises `UnknownName` for a dimension, `QuestionError` for an order, that is none."""
    order = sort or (USUAL if by not in CLOCK else "group")
    _check(order)
    answer = groups(view.hub, metric, view.scope, by, outside=outside)
    few = len(answer.records) < len(all_groups(view.hub, metric, view.scope, by).records)
    hidden = few or any("least_people" in note for note in answer.notes)
    reader = reader_of(view.hub, answer, view.language)
    part = parts(answer)[0]
    past = parts(group_courses(view.hub, metric, view.scope, by).value)[0].by_group()
    known = _sorted([r for r in part.records if r.value is not None or r.n], order, reader, by)
    rows = [_row(part, r, past.get(tuple(r.group.values()), ()), reader) for r in known]
    moved = sum(reader.verdict(r, part.metric).real for r in known)
    return Breakdown(by, dimension_name(view, by), _heads(view, metric, by, order), rows, moved, hidden)


def _row(part: Part, record: Record, past: Sequence[Record], reader: Reader) -> Row:
    named = " · ".join(reader.member(member_name(name, value, reader.language)) for name, value in record.group.items())
    return Row(named, figure(part, record, reader), spark(past), "small_base" in record.flags)


def _sorted(records: Sequence[Record], order: str, reader: Reader, by: str) -> list[Record]:
    """Records in an order; those without the number that is sorted by come last, whichever way."""
    down = order.startswith("-")
    if order.lstrip("-") == "group" and by in CLOCK:
        return sorted(records, key=lambda r: clock_place(r, by), reverse=down)
    if order.lstrip("-") == "group":
        return sorted(records, key=lambda r: reader.group(r).casefold(), reverse=down)

    def number(record: Record) -> float | None:
        value = {"value": record.value, "change": record.change}
        base = record.n if record.people is None else record.people
        return value.get(order.lstrip("-"), None if base is None else float(base))

    known = [(found, r) for r in records if (found := number(r)) is not None]
    known.sort(key=lambda pair: (-pair[0] if down else pair[0], reader.group(pair[1])))
    return [r for _, r in known] + [r for r in records if number(r) is None]


def _heads(view: View, metric: str, by: str, order: str) -> list[Head]:
    titles = {
        "group": dimension_name(view, by),
        "value": view.word("value"),
        "people": "n",
        "change": view.word("change"),
    }
    return [_head(view, metric, key, title, order) for key, title in titles.items()]


def _head(view: View, metric: str, key: str, title: str, order: str) -> Head:
    """A column by which it is sorted is turned round; any other starts with its largest, names with A."""
    now = order.lstrip("-") == key
    down = order.startswith("-")
    turned = key if now and down else f"-{key}" if now else key if key == "group" else f"-{key}"
    said = ("descending" if down else "ascending") if now else ""
    more = {name: view.query[name] for name in ("by", "show") if view.query.get(name)}
    return Head(title, view.link(f"/metric/{metric}#groups", **more, sort=turned), said, key != "group")


def _check(order: str) -> None:
    known = [*SORTS, *(f"-{each}" for each in SORTS)]
    if order not in known:
        near = did_you_mean(order[:40], known)
        hint = f"Did you mean {near!r}?" if near else f"It is one of {', '.join(known)}."
        raise QuestionError(f"The groups cannot be sorted by {order[:40]!r}.", hint)
