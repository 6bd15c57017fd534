"""Surveys of customers: who was asked, when, and about what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kizuna.demo.chance import Floats, Ints, Rng, chosen, stream
from kizuna.demo.clock import DAY, HOUR, Clock, at_hour, first_of_month
from kizuna.demo.money import Orders
from kizuna.demo.people import People
from kizuna.demo.support import Tickets
from kizuna.demo.visits import Visits, sampled

HALF_YEARLY, AFTER_SUPPORT, AFTER_ORDER, ON_SITE = range(4)
SURVEYS = ("half-yearly", "after support", "after order", "on site", "work here")
MAIN_QUESTIONS = ("nps", "csat", "csat", "visitor_intent", "employee_satisfaction")
WAYS = ("email", "app", "chat", "sms", "web")
"""How people are asked."""
_BY_MAIL, _IN_APP, _IN_CHAT, _BY_TEXT, _ON_PAGE = range(5)
_WAY_BY_TICKET = (_BY_MAIL, _BY_TEXT, _IN_CHAT, _BY_MAIL, _BY_MAIL)
"""After support, by the channel of the ticket."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Invitations of one survey. `customer`, `ticket`, `order`, `visit` are -1 where there is none."""

    survey: int
    way: Ints
    customer: Ints
    country: Ints
    sent: Ints
    ticket: Ints
    order: Ints
    stage: Ints
    slowness: Floats


def make_asked(
    seed: int, people: People, orders: Orders, tickets: Tickets, visits: Visits, clock: Clock
) -> tuple[Asked, ...]:
    """The invitations of all surveys of customers."""
    return (
        _half_yearly(stream(seed, "half-yearly"), people, tickets, clock),
        _after_support(stream(seed, "after support"), people, tickets, clock),
        _after_order(stream(seed, "after order"), people, orders, clock),
        _on_site(stream(seed, "on site"), visits, clock),
    )


def _half_yearly(rng: Rng, people: People, tickets: Tickets, clock: Clock) -> Asked:
    """Each month a sixth of the customers who came at least a month before, on the eighth, at ten."""
    days = clock.days
    days = days[days - first_of_month(days) == 7]
    turn = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 6
    customer = np.arange(len(people))
    due = (customer[:, None] % 6 == turn[None, :]) & (people.signed_up[:, None] < at_hour(days - 30, 0)[None, :])
    customer, wave = np.nonzero(due)
    sent = at_hour(days[wave], 10) + rng.integers(0, HOUR, len(wave))
    way = np.where(people.has_app[customer] & chosen(rng, 0.6, len(customer)), _IN_APP, _BY_MAIL)
    return _asked(HALF_YEARLY, people, way, customer, sent, slowness=0.7 * _recent_slowness(tickets, customer, sent))


def _after_support(rng: Rng, people: People, tickets: Tickets, clock: Clock) -> Asked:
    """After four of five resolutions, within some hours."""
    sent = tickets.resolved + rng.integers(HOUR, 6 * HOUR, len(tickets))
    rows = np.flatnonzero(chosen(rng, 0.82, len(tickets)) & (sent < clock.end))
    slowness = np.log1p(tickets.days_taken[rows])
    way = np.asarray(_WAY_BY_TICKET)[tickets.channel[rows]]
    return _asked(AFTER_SUPPORT, people, way, tickets.customer[rows], sent[rows], ticket=rows, slowness=slowness)


def _after_order(rng: Rng, people: People, orders: Orders, clock: Clock) -> Asked:
    """After a third of the online orders, five to seven days later."""
    sent = orders.at + rng.integers(5 * DAY, 7 * DAY, len(orders))
    known = (orders.at >= clock.start) & (sent < clock.end)
    rows = np.flatnonzero(orders.online & known & chosen(rng, 0.36, len(orders)))
    return _asked(AFTER_ORDER, people, np.full(len(rows), _BY_MAIL), orders.customer[rows], sent[rows], order=rows)


def _on_site(rng: Rng, visits: Visits, clock: Clock) -> Asked:
    """Shown in one of ten visits to the site."""
    sent = visits.anchor + rng.integers(20, 300, len(visits))
    rows = np.flatnonzero(sampled(rng, visits, 0.1) & (sent < clock.end))
    none, nothing = np.full(len(rows), -1), np.zeros(len(rows))
    return Asked(
        survey=ON_SITE,
        way=np.full(len(rows), _ON_PAGE),
        customer=visits.customer[rows],
        country=visits.country[rows],
        sent=sent[rows],
        ticket=none,
        order=none,
        stage=visits.stage[rows],
        slowness=nothing,
    )


def _asked(
    survey: int,
    people: People,
    way: Ints,
    customer: Ints,
    sent: Ints,
    *,
    ticket: Ints | None = None,
    order: Ints | None = None,
    slowness: Floats | None = None,
) -> Asked:
    none = np.full(len(customer), -1)
    return Asked(
        survey=survey,
        way=way,
        customer=customer,
        country=people.country[customer],
        sent=sent,
        ticket=none if ticket is None else ticket,
        order=none if order is None else order,
        stage=none,
        slowness=np.zeros(len(customer)) if slowness is None else slowness,
    )


def _recent_slowness(tickets: Tickets, customer: Ints, at: Ints) -> Floats:
    """Of the last ticket that was resolved in the two months before; 0 where there was none."""
    if not len(tickets):
        return np.zeros(len(customer))
    span = np.int64(1) << 34  # longer than any time here, so that (customer, time) is one number
    order = np.lexsort((tickets.resolved, tickets.customer))
    keys = tickets.customer[order] * span + tickets.resolved[order]
    place = np.searchsorted(keys, customer * span + at) - 1
    row = order[np.maximum(place, 0)]
    recent = (place >= 0) & (tickets.customer[row] == customer) & (at - tickets.resolved[row] < 60 * DAY)
    return np.where(recent, np.log1p(tickets.days_taken[row]), 0)
