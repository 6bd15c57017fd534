"""``/metrics``: the catalogue, and everything about one metric."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response

from kizuna.errors import UnknownName
from kizuna.measure.metric import Metric
from kizuna.show.commands.explaining import as_dict
from kizuna.show.web.api import examples
from kizuna.show.web.api.answered import told
from kizuna.show.web.api.call import Call, serves
from kizuna.show.web.api.measure import Named, named
from kizuna.show.web.api.operation import AFTER, LIMIT, YES_OR_NO, Operation, Parameter, text
from kizuna.show.web.api.paging import page
from kizuna.show.web.api.recent import recent_of

EXPLAINED = 20
"""What an explanation weighs among kept answers, in numbers."""


class Entry(msgspec.Struct):
    """A metric of the catalogue. `variant` is empty for the usual definition of an idea."""

    id: str
    variant: str
    name: Named
    meaning: Named
    group: str
    kind: str
    unit: str
    direction: str
    reference: str


class Entries(msgspec.Struct):
    """A page of the catalogue."""

    items: list[Entry]
    next: str | None


class Explained(Entry):
    """One metric: definition, formula with the numbers of a month, SQL by engine, and the data behind it."""

    formula: str
    filled: str
    parts: dict[str, str]
    variants: dict[str, str]
    sql: dict[str, list[str]]
    data_from: str | None
    data_until: str | None
    rows: int
    value: float | None
    example_start: str
    example_end: str


ID = Parameter("id", text(120), "nps", place="path", text="p_metric")

METRICS = Operation(
    "metrics",
    "GET",
    "/metrics",
    Entries,
    (
        Parameter("search", text(200), "satisfaction"),
        Parameter("group", text(80), "feedback"),
        Parameter("variants", YES_OR_NO, True),
        LIMIT,
        AFTER,
    ),
    example=examples.METRICS,
)

METRIC = Operation("metric", "GET", "/metrics/{id:str}", Explained, (ID,), example=examples.METRIC, statuses=(404,))


@serves(METRICS)
def metrics(call: Call) -> Response[bytes]:
    """The catalogue, or what of it fits a search."""
    search, group = call.asked.text("search"), call.asked.text("group")
    catalogue = call.hub.workspace.catalogue
    if group and group not in catalogue.groups:
        raise UnknownName("group", group, catalogue.groups, f"Groups: {', '.join(catalogue.groups)}.")
    found = [
        metric
        for metric in call.hub.workspace.metrics(search or None)
        if (not group or metric.group == group) and (call.asked.yes("variants") or not metric.variant)
    ]
    shown, more = page(found, lambda metric: metric.id, call.asked.text("after"), call.asked.whole("limit"))
    return told(call.request, Entries([Entry(**entry_of(metric)) for metric in shown], more))


@serves(METRIC)
def metric(call: Call) -> Response[bytes]:
    """Everything about one metric."""
    name = call.asked.text("id")
    hub = call.hub
    state = (hub.store.version, hub.workspace.business)
    found = recent_of(hub).get(state, ("metric", name), lambda: hub.workspace.explain(name), lambda _: EXPLAINED)
    more = as_dict(found)
    told_too = {
        key: more[key] for key in Explained.__struct_fields__ if key in more and key not in entry_of(found.metric)
    }
    return told(call.request, Explained(**entry_of(found.metric), **told_too))


def entry_of(metric: Metric) -> dict[str, Any]:
    """What the catalogue says of a metric."""
    return {
        "id": metric.id,
        "variant": metric.variant,
        "name": named(metric.name),
        "meaning": named(metric.meaning),
        "group": metric.group,
        "kind": metric.kind,
        "unit": metric.unit,
        "direction": metric.direction,
        "reference": metric.reference,
    }


HANDLERS = (metrics, metric)
