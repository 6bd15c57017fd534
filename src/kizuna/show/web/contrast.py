"""A segment beside everybody else: some metrics of both, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

from kizuna.expression import quote_text
from kizuna.measure.answer import Answer
from kizuna.show import number
from kizuna.show.reading import Reader, parts
from kizuna.show.web.view import View

METRICS = (
    "nps", "csat", "average_order_value", "purchase_frequency", "repeat_purchase_rate", "open_rate", "conversion_rate",
    "pages_per_session", "resolution_time",
)  # fmt: skip
"""Means and shares only: totals of a few and of many cannot be compared."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its margin, both empty where there is none."""

    value: str = ""
    margin: str = ""
    people: str = ""


@dataclass(frozen=True, slots=True)
class Contrast:
    """One metric of both."""

    name: str
    link: str
    mine: Figure
    others: Figure


def contrast(view: View, name: str) -> list[Contrast]:
    """The metrics that there are numbers of, in the period of the page's scope."""
    scope, shop = view.scope, view.hub.workspace
    names = [each for each in METRICS if each in shop.catalogue]
    known = tuple(sorted(shop.segments.items()))
    inside = f"segment({quote_text(name)})"

    def measure(where: str) -> Answer:
        return shop.measure(*names, since=scope.since, until=scope.until, where=where, compare="none")

    key = ("contrast", name, scope.since, scope.until, known)
    mine, others = view.hub.kept.get(key, lambda: (measure(inside), measure(f"NOT {inside}"))).value
    figures = [_figures(each, view.reader) for each in (mine, others)]
    shown = []
    for each in names:
        pair = [found.get(each, Figure()) for found in figures]
        if pair[0].value:
            title = view.reader.name(shop.catalogue[each])
            shown.append(Contrast(title, view.link(f"/metric/{each}", segment=name), *pair))
    return shown


def _figures(answer: Answer, reader: Reader) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for part in parts(answer):
        records = part.records
        if len(records) == 1 and records[0].value is not None:
            value, margin = reader.value(records[0], part.metric), reader.margin(records[0], part.metric)
            found[part.id] = Figure(value, margin, number.count(records[0].people, reader.language))
    return found
