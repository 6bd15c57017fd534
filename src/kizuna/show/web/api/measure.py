"""``/measure``: metrics with their interval, base and change, and where the numbers came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response

from kizuna.measure.answer import FLAGS, Answer
from kizuna.measure.ask import ask
from kizuna.measure.calendar import EVERY
from kizuna.measure.question import Question
from kizuna.show.web.api import examples
from kizuna.show.web.api.answered import FORMATS, arrow_stream, kind_asked, told
from kizuna.show.web.api.asked import Asked
from kizuna.show.web.api.call import Call, serves
from kizuna.show.web.api.operation import (
    ARROW,
    CSV,
    JSON,
    YES_OR_NO,
    Operation,
    Parameter,
    one_of,
    text,
)
from kizuna.show.web.api.questions import read_question
from kizuna.show.web.api.recent import recent_of
from kizuna.show.web.hub import Hub
from kizuna.store.state import segments

LONGEST_WHERE = 10_000
SINCE = Parameter("since", text(40), "2026-01")
UNTIL = Parameter("until", text(40), "2026-07")
PERIOD = Parameter("period", text(40), "last-month")
WHERE = Parameter("where", text(LONGEST_WHERE), "country = 'JP'")
SEGMENT = Parameter("segment", text(60))
FORMAT = Parameter("format", one_of(*FORMATS), "csv")


class Named(msgspec.Struct):
    """A text in the languages of the project."""

    en: str
    ja: str
    da: str


class Number(msgspec.Struct):
    """One number: a metric in one period and group. `period_end` is the day after the last; hours are UTC times."""

    metric: str
    variant: str
    period_start: str
    period_end: str
    group: dict[str, str]
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    people: int | None
    previous: float | None
    change: float | None
    change_low: float | None
    change_high: float | None
    p_value: float | None
    p_raw: float | None
    flags: list[str]


class Measured(msgspec.Struct):
    """What a number is: its definition, and the data it rests on."""

    id: str
    name: Named
    meaning: Named
    unit: str
    direction: str
    data_from: str | None
    data_until: str | None
    rows: int
    sql: list[str] | None


class Measurement(msgspec.Struct):
    """An answer: `question` as it was understood, the numbers, and what they are."""

    question: dict[str, Any]
    business: str
    currency: str
    timezone: str
    metrics: list[Measured]
    numbers: list[Number]
    flags: dict[str, str]
    notes: list[str]


MEASURE = Operation(
    "measure",
    "GET",
    "/measure",
    Measurement,
    (
        Parameter("metrics", text(120), "nps,csat", many=True),
        Parameter("by", text(120), "channel", many=True),
        Parameter("every", {**one_of(*EVERY), "default": "all"}, "month"),
        PERIOD,
        SINCE,
        UNTIL,
        WHERE,
        SEGMENT,
        Parameter("compare", {**one_of("previous", "year", "none"), "default": "previous"}, "year"),
        Parameter("level", {"type": "number", "minimum": 0.5, "maximum": 0.999999, "default": 0.95}, 0.95),
        Parameter("sql", YES_OR_NO, True),
        FORMAT,
    ),
    example=examples.MEASURE,
    kinds=(JSON, CSV, ARROW),
)


@serves(MEASURE)
def measure(call: Call) -> Response[bytes]:
    """Answer a question in the form asked for."""
    kind = kind_asked(call.request, MEASURE, call.asked.text("format"))
    with call.hub.state.session() as session:
        conditions = segments.conditions(session)
    question = question_of(call.hub, call.asked, conditions)
    answer = answer_of(call.hub, question, conditions)
    if kind == CSV:
        return told(call.request, answer.to_csv(), kind=f"{CSV}; charset=utf-8")
    if kind == ARROW:
        return told(call.request, arrow_stream(answer.to_arrow()), kind=ARROW)
    return told(
        call.request, body_of(answer, call.asked.text("segment"), call.hub.settings.timezone, sql=call.asked.yes("sql"))
    )


def question_of(hub: Hub, asked: Asked, conditions: Mapping[str, str]) -> Question:
    """The question that a request asks."""
    return read_question(
        hub.settings,
        conditions,
        hub.last_day() if asked.text("period") else None,
        metrics=asked.many("metrics"),
        by=asked.many("by"),
        every=asked.text("every"),
        since=asked.text("since"),
        until=asked.text("until"),
        period=asked.text("period"),
        where=asked.text("where"),
        segment=asked.text("segment"),
        compare=asked.text("compare"),
        level=asked.number("level"),
    )


def answer_of(hub: Hub, question: Question, conditions: Mapping[str, str]) -> Answer:
    """The answer as the data and the segments are now: worked out once as long as neither changes."""
    business = hub.workspace.business
    key = (question, tuple(sorted(conditions.items())))
    return recent_of(hub).get((hub.store.version, business), key, lambda: ask(business, question), len)


def body_of(answer: Answer, segment: str, timezone: str, *, sql: bool = False) -> Measurement:
    """An answer as JSON has it."""
    question = answer.question
    raised = {flag for record in answer.records for flag in record.flags}
    return Measurement(
        {
            "metrics": list(question.metrics),
            "by": list(question.by),
            "every": question.every,
            "since": question.since,
            "until": question.until,
            "where": question.where,
            "segment": segment or None,
            "compare": question.compare,
            "level": question.level,
        },
        answer.workspace,
        answer.currency,
        timezone,
        [_measured(answer, place, sql) for place in range(len(answer.lineage))],
        [Number(**record.to_dict()) for record in answer.records],
        {flag: FLAGS.get(flag, flag.replace("_", " ")) for flag in sorted(raised)},
        list(answer.notes),
    )


def _measured(answer: Answer, place: int, sql: bool) -> Measured:
    lineage = answer.lineage[place]
    metric = answer.metrics[lineage.metric]
    return Measured(
        metric.id,
        named(metric.name),
        named(metric.meaning),
        metric.unit,
        metric.direction,
        lineage.data_from.isoformat() if lineage.data_from else None,
        lineage.data_until.isoformat() if lineage.data_until else None,
        lineage.rows,
        list(lineage.sql) if sql else None,
    )


def named(found: Any) -> Named:
    """A name or sentence of the catalogue."""
    return Named(found["en"], found["ja"], found["da"])


HANDLERS = (measure,)
