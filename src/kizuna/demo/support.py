"""Tickets and the contacts they took.

The planted truth is `_SLOWER`: since a new partner delivers, the Logistics team takes this much longer
to settle a ticket. What that does to the customers is in `voice`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from kizuna.demo import files
from kizuna.demo.chance import Bools, Floats, Ints, Rng, around, chosen, pick, pick_by, stream
from kizuna.demo.clock import DAY, HOUR, NEVER, Clock, OpenHours, Rhythm, midnight
from kizuna.demo.company import AGENTS, COUNTRIES, LOGISTICS, SLOW_LOGISTICS, STORE, TEAMS, TIERS, TOPIC_TEAMS, TOPICS
from kizuna.demo.money import Orders
from kizuna.demo.people import People
from kizuna.demo.plans import Phases

CHANNELS = ("email", "phone", "chat", "web form", "social")
_PHONE, _CHAT = 1, 2
PRIORITIES = ("low", "normal", "high", "urgent")
_PACE_BY_PRIORITY = (1.35, 1.0, 0.75, 0.5)
_PACE_BY_TIER = (1.0, 0.9, 0.7)
_SLOWER = 3.3
_TROUBLED = 0.11
"""Share of orders that lead to a ticket."""
_ASKING = 0.0044
"""Other tickets a customer opens a day."""
AGENT_NAMES = tuple(name for team in AGENTS for name in team)
_FIRST_AGENT = tuple(int(n) for n in np.cumsum([0, *(len(team) for team in AGENTS)])[:-1])


@dataclass(frozen=True, slots=True)
class Tickets:
    """Tickets by the time they were opened; the row is the ticket's number."""

    customer: Ints
    topic: Ints
    opened: Ints
    channel: Ints
    priority: Ints
    team: Ints
    agent: Ints
    responded: Ints
    first_resolved: Ints
    reopened: Ints
    resolved: Ints

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def live(self) -> Bools:
        return is_live(self.channel)

    @property
    def days_taken(self) -> Floats:
        """Days from opening to the last resolution, resolved or not."""
        return np.asarray((self.resolved - self.opened) / DAY)


def is_live(channel: Ints) -> Bools:
    """Whether the customer waits on the line."""
    return np.asarray((channel == _PHONE) | (channel == _CHAT))


def make_tickets(seed: int, people: People, orders: Orders, phases: Phases, clock: Clock, rhythm: Rhythm) -> Tickets:
    """All tickets, with the times they will have been settled even where that lies in the future."""
    rng, hours = stream(seed, "ticket"), OpenHours(clock)
    customer, topic, opened = _troubles(rng, people, orders, phases, clock, rhythm)
    channel = pick(rng, len(customer), (44, 17, 24, 10, 5))
    opened = np.where(is_live(channel), hours.moved_in(rng, opened), opened)
    order = np.argsort(opened, kind="stable")
    order = order[opened[order] < clock.end]
    return _handled(rng, people, hours, customer[order], topic[order], opened[order], channel[order])


def _troubles(
    rng: Rng, people: People, orders: Orders, phases: Phases, clock: Clock, rhythm: Rhythm
) -> tuple[Ints, Ints, Ints]:
    """(customer, topic, instant) of everything that makes someone ask for help."""
    troubled = np.flatnonzero(
        chosen(rng, _TROUBLED, len(orders)) & (orders.at >= clock.start) & (orders.channel != STORE)
    )
    order_topic = pick(rng, len(troubled), (16, 14, 54, 16))
    after = around(rng, np.where(order_topic < 2, 0.15, 3.0), 0.7, len(troubled)) * DAY
    low, high = np.maximum(people.signed_up, clock.start), np.minimum(people.lost_interest, clock.end)
    asking, at = rhythm.visits(rng, people.country, low, high, np.full(len(people), _ASKING))
    subscribed = phases.active(asking, at).astype(np.int64)
    topic = pick_by(rng, subscribed, ((22, 10, 0, 0, 0, 12, 34, 22), (10, 4, 0, 0, 52, 10, 15, 9)))
    return (
        np.concatenate((orders.customer[troubled], asking)),
        np.concatenate((order_topic, topic)),
        np.concatenate((orders.at[troubled] + after.astype(np.int64), at)),
    )


def _handled(
    rng: Rng, people: People, hours: OpenHours, customer: Ints, topic: Ints, opened: Ints, channel: Ints
) -> Tickets:
    count, live = len(customer), is_live(channel)
    team = np.asarray(TOPIC_TEAMS)[topic]
    priority = pick(rng, count, (18, 58, 18, 6))
    pace = np.asarray(_PACE_BY_PRIORITY)[priority] * np.asarray(_PACE_BY_TIER)[people.tier[customer]]
    pace = pace * np.where((team == LOGISTICS) & (opened >= midnight(SLOW_LOGISTICS)), _SLOWER, 1.0)
    answer = around(rng, np.where(live, 0.025, 2.6), 0.7, count) * HOUR
    answer = np.where(live, answer, answer * np.asarray(_PACE_BY_PRIORITY)[priority])
    work = around(rng, np.where(live, 1.1, 5.0), 0.95, count) * HOUR * pace
    first_resolved = hours.after(opened, answer + work)
    again = chosen(rng, 0.085, count)
    reopened = first_resolved + (around(rng, 1.6, 0.8, count) * DAY).astype(np.int64)
    settled = hours.after(reopened, around(rng, 5.0, 0.8, count) * HOUR * pace)
    return Tickets(
        customer=customer,
        topic=topic,
        opened=opened,
        channel=channel,
        priority=priority,
        team=team,
        agent=_agents(rng, team),
        responded=hours.after(opened, answer),
        first_resolved=first_resolved,
        reopened=np.where(again, reopened, NEVER),
        resolved=np.where(again, settled, first_resolved),
    )


def _agents(rng: Rng, team: Ints) -> Ints:
    sizes = np.asarray([len(agents) for agents in AGENTS])
    return np.asarray(np.asarray(_FIRST_AGENT)[team] + (rng.random(len(team)) * sizes[team]).astype(np.int64))


def ticket_ids(numbers: Ints) -> pa.Array:
    """Ids of tickets by their number; a negative number is no ticket."""
    return files.ids("t", np.where(numbers < 0, -1, numbers + 1), 6)


def ticket_columns(people: People, tickets: Tickets, clock: Clock) -> files.Columns:
    """The ticket fact. What is still to come is not known: a ticket opened again is open."""
    to_come = tickets.reopened >= clock.end
    resolved = clock.known(np.where(to_come, tickets.first_resolved, tickets.resolved))
    reopened = clock.known(tickets.reopened)
    return {
        "ticket_id": ticket_ids(np.arange(len(tickets))),
        "opened_at": files.times(tickets.opened),
        "first_response_at": files.times(clock.known(tickets.responded)),
        "first_resolved_at": files.times(clock.known(tickets.first_resolved)),
        "resolved_at": files.times(resolved),
        "reopened_at": files.times(reopened),
        "customer_id": files.customer_ids(tickets.customer),
        **_described(people, tickets, np.arange(len(tickets))),
        "country": files.words(people.country[tickets.customer], COUNTRIES),
    }


def _described(people: People, tickets: Tickets, rows: Ints) -> files.Columns:
    return {
        "channel": files.words(tickets.channel[rows], CHANNELS),
        "tier": files.words(people.tier[tickets.customer[rows]], TIERS),
        "team": files.words(tickets.team[rows], TEAMS),
        "agent": files.words(tickets.agent[rows], AGENT_NAMES),
        "priority": files.words(tickets.priority[rows], PRIORITIES),
        "topic": files.words(tickets.topic[rows], TOPICS),
    }


@dataclass(frozen=True, slots=True)
class _Contacts:
    """Contacts: the row of the ticket they are about or resemble, when, and whether they are the ticket's."""

    row: Ints
    at: Ints
    on_ticket: Bools


def contact_columns(seed: int, people: People, tickets: Tickets, clock: Clock) -> files.Columns:
    """The contact fact: each ticket's contacts, and quick questions that never became a ticket."""
    rng = stream(seed, "contact")
    contacts = _by_time(_contacts(rng, tickets, OpenHours(clock)), clock)
    row, count = contacts.row, len(contacts.row)
    live = is_live(tickets.channel[row])
    wait = np.minimum(around(rng, np.where(tickets.channel[row] == _PHONE, 95, 40), 0.8, count), HOUR)
    customer = tickets.customer[row]
    return {
        "contact_id": files.ids("k", np.arange(1, count + 1), 6),
        "contacted_at": files.times(contacts.at),
        "answered_at": files.times(np.where(live, clock.known(contacts.at + wait.astype(np.int64)), NEVER)),
        "ticket_id": ticket_ids(np.where(contacts.on_ticket, row, -1)),
        "customer_id": files.customer_ids(customer),
        **_described(people, tickets, row),
        "live": files.flags(live),
        "resolved": files.flags(chosen(rng, 0.93, count), ~contacts.on_ticket),
    }


def _contacts(rng: Rng, tickets: Tickets, hours: OpenHours) -> _Contacts:
    """First contacts, reminders before the resolution, what opened tickets again, and quick questions."""
    everything = np.arange(len(tickets))
    reminding = np.repeat(everything, rng.poisson(np.where(tickets.live, 0.08, 0.28)))
    length = (tickets.first_resolved - tickets.opened)[reminding]
    reminded = tickets.opened[reminding] + (length * rng.uniform(0.2, 1, len(reminding))).astype(np.int64)
    again = np.flatnonzero(tickets.reopened != NEVER)
    quick = np.flatnonzero(tickets.live & chosen(rng, 0.35, len(tickets)))
    asked = hours.moved_in(rng, tickets.opened[quick] + rng.integers(2 * DAY, 30 * DAY, len(quick)))
    row = np.concatenate((everything, reminding, again, quick))
    at = np.concatenate((tickets.opened, reminded, tickets.reopened[again], asked))
    return _Contacts(row, at, np.arange(len(row)) < len(row) - len(quick))


def _by_time(contacts: _Contacts, clock: Clock) -> _Contacts:
    order = np.argsort(contacts.at, kind="stable")
    order = order[contacts.at[order] < clock.end]
    return _Contacts(contacts.row[order], contacts.at[order], contacts.on_ticket[order])
