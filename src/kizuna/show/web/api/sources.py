"""``/sources``: what arrives from where, what does not fit, and how far each fact reaches."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from litestar import Response

from kizuna.show.web.api import examples
from kizuna.show.web.api.answered import told
from kizuna.show.web.api.call import Call, serves
from kizuna.show.web.api.operation import Operation
from kizuna.store import health


class Arriving(msgspec.Struct):
    """One place that messages come from; `day` counts the last 24 hours. Write keys are told nobody."""

    name: str
    last_at: str | None
    messages: int
    rejected: int
    bots: int
    day: int
    day_rejected: int
    known: bool


class Reaching(msgspec.Struct):
    """One fact: how many rows, and the first and last day they tell of."""

    fact: str
    rows: int
    from_files: int
    from_messages: int
    first_day: str | None
    last_day: str | None


class Sources(msgspec.Struct):
    """How the data does."""

    sources: list[Arriving]
    facts: list[Reaching]


SOURCES = Operation("sources", "GET", "/sources", Sources, example=examples.SOURCES)


@serves(SOURCES)
def sources(call: Call) -> Response[bytes]:
    """How the data does now."""
    now = datetime.now(UTC).replace(tzinfo=None)
    with call.hub.store.reading() as data:
        found = health.sources(data, now, call.hub.settings.sources)
        facts = health.facts(data)
    body = Sources(
        [
            Arriving(s.name, _moment(s.last_at), s.messages, s.rejected, s.bots, s.day, s.day_rejected, s.known)
            for s in found
        ],
        [
            Reaching(
                f.fact.name,
                f.rows,
                f.from_files,
                f.from_messages,
                f.first_day.isoformat() if f.first_day else None,
                f.last_day.isoformat() if f.last_day else None,
            )
            for f in facts
        ],
    )
    return told(call.request, body)


def _moment(at: datetime | None) -> str | None:
    return f"{at.isoformat()}Z" if at else None


HANDLERS = (sources,)
