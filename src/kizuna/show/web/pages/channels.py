"""Channels: web, app, e-mail, social media and support, each by the metrics that fit it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from litestar import Response, get
from litestar.params import FromPath

from kizuna.errors import NoCustomers, UnknownName
from kizuna.measure.answer import Answer, Record
from kizuna.show import number
from kizuna.show.reading import Part, Reader, parts
from kizuna.show.web.card import Card, Figure, card, figure
from kizuna.show.web.channel import CHANNELS, Channel, Section, Split, channel_named, within
from kizuna.show.web.course import course, courses, groups_of, numbers, reader_of, shows
from kizuna.show.web.dimension import dimension_name
from kizuna.show.web.given import TheView
from kizuna.show.web.heat import Heat, heat, tiers
from kizuna.show.web.scope import Scope
from kizuna.show.web.spark import Spark, spark
from kizuna.show.web.tested import counted
from kizuna.show.web.view import View
from kizuna.store.state import targets

HEADLINE = 4
"""So many metrics of a channel are on the page of all channels."""

MOST_ROWS = 12


@dataclass(frozen=True, slots=True)
class Cards:
    """A heading with the cards under it, which were tested together; `missing` are names of metrics without data."""

    id: str
    title: str
    note: str
    cards: Sequence[Card]
    missing: Sequence[str]
    tested: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A group with its number in each metric of a table."""

    name: str
    figures: Sequence[Figure | None]


@dataclass(frozen=True, slots=True)
class Table:
    """Metrics by a dimension: `heads` are (name, address) of the metrics."""

    by: str
    title: str
    heads: Sequence[tuple[str, str]]
    lines: Sequence[Line]
    more: int


@dataclass(frozen=True, slots=True)
class Grain:
    """How many people there were in a day, a week or a month: on average, from, to, and the course."""

    name: str
    mean: str
    low: str
    high: str
    spark: Spark | None


@get("/channels", sync_to_thread=True)
def channels(view: TheView) -> Response[str]:
    """All channels with what matters most in each."""
    shown = [_headline(view, channel) for channel in CHANNELS]
    return view.page("channels", channels=shown)


@get("/channel/{name:str}", sync_to_thread=True)
def channel(view: TheView, name: FromPath[str]) -> Response[str]:
    """One channel."""
    found = channel_named(name)
    return view.page(
        "channel",
        channel=found,
        title=view.say(f"channels.{found.id}"),
        tabs=[(view.say(f"channels.{c.id}"), view.link(f"/channel/{c.id}"), c.id == found.id) for c in CHANNELS],
        sections=[cards_of(view, found, section) for section in found.sections],
        people=_people(view, found.people, within(view.scope, found.sections[0].where)) if found.people else (),
        people_name=view.reader.name(view.hub.workspace.catalogue[found.people]) if found.people else "",
        tables=[table for split in found.splits if (table := table_of(view, split)).lines],
        hours=_hours(view, found),
    )


def cards_of(view: View, channel: Channel, section: Section) -> Cards:
    """The metrics of a section as cards."""
    metrics, scope = section.metrics, within(view.scope, section.where)
    try:
        answer = numbers(view.hub, metrics, scope).value
    except NoCustomers:
        return Cards(section.id, view.say(f"channels.{section.id}"), view.say("channels.nobody"), [], [])
    past = {p.id: p.by_group() for p in parts(courses(view.hub, metrics, scope).value)}
    reader = reader_of(view.hub, answer, view.language)
    with view.hub.state.session() as session:
        aims = targets.all_of(session)
    found = [
        (p, card(p, past.get(p.id, {}), reader, view.link(f"/metric/{p.id}", by=channel.by), aims.get(p.id)))
        for p in parts(answer)
    ]
    return Cards(
        section.id,
        view.say(f"channels.{section.id}"),
        view.say("channels.reach_note") if section.id == "reach" else "",
        [made for _, made in found if made is not None],
        [reader.name(p.metric) for p, made in found if made is None],
        counted(answer, reader),
    )


def table_of(view: View, split: Split) -> Table:
    """Metrics by a dimension, the group with most of the first metric on top."""
    scope = view.scope if split.compared else replace(view.scope, compare="none")
    try:
        answer = groups_of(view.hub, split.metrics, within(scope, split.where), split.by).value
    except NoCustomers:
        return Table(split.by, dimension_name(view, split.by), [], [], 0)
    reader = reader_of(view.hub, answer, view.language)
    found = parts(answer)
    values = {p.id: {tuple(r.group.values()): r for r in p.records} for p in found}
    first = [r for r in found[0].records if r.value is not None]
    keys = [tuple(r.group.values()) for r in sorted(first, key=lambda r: -(r.value or 0.0))]
    lines = [
        Line(reader.member(key[0]), [_figure(p, values[p.id].get(key), reader) for p in found])
        for key in keys[:MOST_ROWS]
    ]
    heads = [(reader.name(p.metric), view.link(f"/metric/{p.id}#groups", by=split.by)) for p in found]
    return Table(split.by, dimension_name(view, split.by), heads, lines, len(keys) - len(lines))


def _figure(part: Part, record: Record | None, reader: Reader) -> Figure | None:
    return None if record is None or record.value is None else figure(part, record, reader)


def _headline(view: View, channel: Channel) -> tuple[Channel, str, str, Cards]:
    first = channel.sections[0]
    # All of the section are tested, as on the channel's own page: what is shown there as better is so here.
    cards = cards_of(view, channel, first)
    first_cards = replace(cards, cards=cards.cards[:HEADLINE])
    return channel, view.say(f"channels.{channel.id}"), view.link(f"/channel/{channel.id}"), first_cards


def _people(view: View, metric: str, scope: Scope) -> list[Grain]:
    """People by day, week and month: over all campaigns and sessions, each person once in each."""
    known = shows(scope)
    return [
        _grain(view, grain, course(view.hub, metric, scope, grain).value.answer)
        for grain in ("day", "week", "month")
        if grain in known
    ] + [_whole(view, metric, scope)]


def _grain(view: View, grain: str, answer: Answer) -> Grain:
    """Only periods that lie inside the scope: the week that begins in the month before would be counted by a part."""
    scope = view.scope
    inside = [r for r in answer.records if scope.since <= r.start and r.end <= scope.until and r.value is not None]
    values = [r.value for r in inside if r.value is not None and "partial_period" not in r.flags]
    if not values:
        return Grain(view.say(f"metric.show_{grain}"), view.word("no data"), "", "", None)
    mean, low, high = (number.count(round(v), view.language) for v in (fmean(values), min(values), max(values)))
    return Grain(view.say(f"metric.show_{grain}"), mean, low, high, spark(inside))


def _whole(view: View, metric: str, scope: Scope) -> Grain:
    """The people of the whole period."""
    value = numbers(view.hub, (metric,), scope).value.value(metric)
    said = view.word("no data") if value is None else number.count(value, view.language)
    return Grain(view.period_name, said, "", "", None)


@dataclass(frozen=True, slots=True)
class Hours:
    """The heat map and what can be chosen for it."""

    metric: str
    tier: str
    metrics: Sequence[tuple[str, str]]
    tiers: Sequence[str]
    heat: Heat | None


def _hours(view: View, channel: Channel) -> Hours | None:
    if not channel.hours:
        return None
    metric = view.query.get("hours") or channel.hours[0]
    if metric not in channel.hours:
        raise UnknownName("count by the hour", metric[:60], channel.hours)
    known = tiers(view, metric)
    tier = view.query.get("tier", "")
    if tier and tier not in known:
        raise UnknownName("tier", tier[:60], known)
    names = [(name, view.reader.name(view.hub.workspace.catalogue[name])) for name in channel.hours]
    return Hours(metric, tier, names, known, heat(view, metric, tier))


ROUTES = (channels, channel)
