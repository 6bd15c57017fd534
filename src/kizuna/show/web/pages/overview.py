"""The overview: what really changed, then every metric as a card, in the groups of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from litestar import Response, get

from kizuna.measure.answer import Answer, Record
from kizuna.measure.explain import metric_tables
from kizuna.measure.metric import GROUPS
from kizuna.show import number
from kizuna.show.period import period
from kizuna.show.reading import Part, Reader, parts
from kizuna.show.table import DERIVED_FROM, label
from kizuna.show.web.card import Card, card
from kizuna.show.web.given import TheView
from kizuna.show.web.hub import Hub
from kizuna.show.web.scope import Scope, course_of
from kizuna.show.web.tested import counted
from kizuna.show.web.view import View
from kizuna.store.state import targets
from kizuna.store.state.tables import Target

INDEX = "engagement"
INDEX_PARTS = {"satisfaction": "csat", "loyalty": "retention_rate.cohort", "advocacy": "nps"}
"""What the index is the mean of, by METRICS.md; NPS is brought to 0–100 for it."""

MOST_CHANGES = 8
"""So many changes are told in sentences; the others are on their cards."""

FIRST_CARDS = 8
"""So many cards a group shows before it is opened, besides those that really changed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was measured for an overview: the period's numbers, the course up to it, and which facts are missing."""

    now: Answer
    course: Answer
    index: Answer
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A change beyond chance, as a sentence in two halves."""

    link: str
    name: str
    change: str
    value: str
    before: str
    verdict: str
    tone: str


@dataclass(frozen=True, slots=True)
class IndexPart:
    """One of the three that the engagement index is made of, from 0 to 100."""

    name: str
    link: str
    value: str
    share: float


@dataclass(frozen=True, slots=True)
class Group:
    """A heading with its cards; `more` are shown when asked for."""

    id: str
    name: str
    cards: Sequence[Card]
    more: Sequence[Card]


@dataclass(frozen=True, slots=True)
class Missing:
    """Metrics without data and the fact whose rows would feed them."""

    fact: str
    names: Sequence[str]


@get("/", sync_to_thread=True)
def overview(view: TheView) -> Response[str]:
    """The page."""
    scope = view.scope
    worked = view.hub.kept.get(("overview", scope), lambda: look(view.hub, scope))
    seen = worked.value
    with view.hub.state.session() as session:
        aims = targets.all_of(session)
    reader = Reader.of(seen.now, view.language, view.hub.settings.zone)
    found = parts(seen.now)
    cards = _cards(found, seen, reader, view, aims)
    moved = [(p, r) for p in found for r in p.records if reader.verdict(r, p.metric).real]
    moved.sort(key=lambda pair: pair[1].p_raw or 0.0)
    return view.page(
        "overview",
        index=cards.get(INDEX),
        index_parts=_index_parts(seen.index, reader, view),
        changes=[_change(p, r, reader, view) for p, r in moved[:MOST_CHANGES]],
        counted=counted(seen.now, reader),
        more_changes=len(moved) - MOST_CHANGES,
        groups=_groups(found, cards, view),
        missing=_missing(found, cards, seen, reader),
        empty=not cards,
        fuller=_fuller(seen.course, scope, reader, view),
        as_of=reader.local(datetime.fromtimestamp(worked.at, UTC)),
        notes=seen.now.notes,
    )


def _fuller(course: Answer, scope: Scope, reader: Reader, view: View) -> tuple[str, str] | None:
    """Address and name of a period before, where the one shown has data of few metrics only: the files end earlier."""
    known: dict[date, set[str]] = {}
    ends: dict[date, date] = {}
    for record in course.records:
        ends[record.start] = record.end
        if record.value is not None:
            known.setdefault(record.start, set()).add(record.metric)
    most = max((len(names) for names in known.values()), default=0)
    if scope.unit == "all" or 2 * len(known.get(scope.since, ())) >= most:
        return None
    start = max(day for day, names in known.items() if 5 * len(names) >= 4 * most)
    last = ends[start] - timedelta(days=1)
    return view.link("/", period=f"{start}..{last}"), period(start, ends[start], scope.unit, reader.language)


def look(hub: Hub, scope: Scope) -> Seen:
    """Measure all metrics by their usual definitions.

    The change of a period and the course up to it come of one question where the scope is a calendar unit: what is
    tested together is what stands in the same period, so the numbers are those of asking for the period alone.
    """
    shop = hub.workspace
    names = tuple(m.id for m in shop.metrics() if not m.variant)
    if scope.unit == "all":
        now = shop.measure(*names, since=scope.since, until=scope.until, where=scope.where, compare=scope.compare)
        course = shop.measure(
            *names, every=scope.every, since=scope.since, until=scope.until, where=scope.where, compare="none"
        )
    else:
        since = course_of(scope, hub.settings)
        course = shop.measure(
            *names, every=scope.unit, since=since, until=scope.until, where=scope.where, compare=scope.compare
        )
        now = replace(course, records=[r for r in course.records if r.start == scope.since])
    made_of = tuple(INDEX_PARTS.values())
    index = shop.measure(*made_of, since=scope.since, until=scope.until, where=scope.where, compare="none")
    return Seen(now, course, index, _lacking(hub, now))


def _lacking(hub: Hub, answer: Answer) -> dict[str, str]:
    """For metrics without data: the first fact they need of which there are no rows; empty where all have some."""
    known = {r.metric for r in answer.records if r.value is not None}
    found: dict[str, str] = {}
    filled: dict[str, bool] = {}
    for name in answer.metrics:
        if name in known:
            continue
        found[name] = ""
        for fact in (DERIVED_FROM.get(each, each) for each in metric_tables(hub.workspace.business, [name])):
            if fact not in filled:
                filled[fact] = bool(hub.rows(f'SELECT 1 FROM "{fact}" LIMIT 1'))
            if not filled[fact]:
                found[name] = fact
                break
    return found


def _cards(
    found: Sequence[Part], seen: Seen, reader: Reader, view: View, aims: Mapping[str, Target]
) -> dict[str, Card]:
    course = {p.id: p.by_group() for p in parts(seen.course)}
    made = {p.id: card(p, course.get(p.id, {}), reader, view.link(f"/metric/{p.id}"), aims.get(p.id)) for p in found}
    return {name: each for name, each in made.items() if each is not None}


def _index_parts(answer: Answer, reader: Reader, view: View) -> list[IndexPart]:
    values = {p.id: p.records[0].value for p in parts(answer)}
    shown = []
    for word_of, name in INDEX_PARTS.items():
        value = values[name]
        if value is not None:
            share = (value + 100) / 2 if name == "nps" else value
            said = number.value(share, "index", reader.language)
            link = view.link(f"/metric/{name}")
            shown.append(IndexPart(view.say(f"overview.{word_of}"), link, said, round(share, 1)))
    return shown


def _groups(found: Sequence[Part], cards: Mapping[str, Card], view: View) -> list[Group]:
    names = dict.fromkeys([*GROUPS, *(p.metric.group for p in found)])
    groups = []
    for name in names:
        mine = [cards[p.id] for p in found if p.metric.group == name and p.id in cards and p.id != INDEX]
        first = [each for place, each in enumerate(mine) if place < FIRST_CARDS or each.moved or each.target]
        more = [each for each in mine if each not in first]
        if mine:
            groups.append(Group(name, view.word(name), first, more))
    return groups


def _missing(found: Sequence[Part], cards: Mapping[str, Card], seen: Seen, reader: Reader) -> list[Missing]:
    """Metrics without data, by the fact that would feed them; those with rows, but none in this period, last."""
    by_fact: dict[str, list[str]] = {}
    for part in found:
        if part.id not in cards:
            by_fact.setdefault(seen.missing.get(part.id, ""), []).append(reader.name(part.metric))
    return [Missing(fact, names) for fact, names in sorted(by_fact.items(), key=lambda item: (not item[0], item[0]))]


def _change(part: Part, record: Record, reader: Reader, view: View) -> Change:
    verdict = reader.verdict(record, part.metric)
    return Change(
        view.link(f"/metric/{part.id}"),
        label(part, record, reader),
        reader.change(record, part.metric, spoken=True),
        reader.value(record, part.metric),
        number.value(record.previous, part.metric.unit, reader.language, reader.currency),
        verdict.say(reader.language),
        verdict.tone,
    )


ROUTES = (overview,)
