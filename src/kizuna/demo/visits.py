"""Visits to the site and the app: who came when, from where, on what, and how far they got."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kizuna.demo.chance import Bools, Ints, Rng, chosen, pick, stream
from kizuna.demo.clock import DAY, NEVER, Clock, Rhythm
from kizuna.demo.company import APP, EMAIL, MOBILE, PUSH, WEB
from kizuna.demo.money import Checkouts, campaigns, devices
from kizuna.demo.outreach import APP_PUSH, Messages
from kizuna.demo.people import People, strangers
from kizuna.demo.rows import joined

LOOKED, STUDIED, FILLED_CART, CHECKED_OUT, ORDERED = range(5)
_CHANNEL_WEIGHTS = (26, 32, 14, 18, 0, 10)
_VISITS_PER_CHECKOUT = 2.6
"""Visits of customers without a checkout, for each checkout begun."""
_STRANGERS_PER_CUSTOMER = 6.2
"""Visitors who never sign up, for each customer, over eighteen months."""


@dataclass(frozen=True, slots=True)
class Visits:
    """Visits, one row each. `customer` is -1 for strangers, whose `visitor` numbers follow the customers'.

    `anchor` is the time of the first event, or of the last where a checkout was begun.
    """

    customer: Ints
    visitor: Ints
    country: Ints
    anchor: Ints
    stage: Ints
    platform: Ints
    device: Ints
    channel: Ints
    campaign: Ints
    order: Ints

    def __len__(self) -> int:
        return len(self.customer)


def make_visits(
    seed: int, people: People, checkouts: Checkouts, messages: Messages, clock: Clock, rhythm: Rhythm
) -> Visits:
    """All visits of customers, customers-to-be and strangers."""
    parts = [
        _buying(people, checkouts, clock),
        _browsing(stream(seed, "browsing"), people, clock, rhythm),
        _following(stream(seed, "following"), people, messages, clock),
        _before_sign_up(stream(seed, "before sign-up"), people, clock),
        _passing(stream(seed, "strangers"), len(people), clock, Rhythm(clock, growth=1.25)),
    ]
    return joined(parts)


def _buying(people: People, checkouts: Checkouts, clock: Clock) -> Visits:
    seen = checkouts.at >= clock.start
    customer, order = checkouts.customer[seen], checkouts.order[seen]
    return Visits(
        customer=customer,
        visitor=customer,
        country=people.country[customer],
        anchor=checkouts.at[seen],
        stage=np.where(order >= 0, ORDERED, CHECKED_OUT),
        platform=checkouts.platform[seen],
        device=checkouts.device[seen],
        channel=checkouts.channel[seen],
        campaign=checkouts.campaign[seen],
        order=order,
    )


def _browsing(rng: Rng, people: People, clock: Clock, rhythm: Rhythm) -> Visits:
    """Visits of customers that end before the checkout."""
    low = np.maximum(people.signed_up + DAY // 4, clock.start)
    high = np.minimum(people.lost_interest, clock.end)
    customer, at = rhythm.visits(rng, people.country, low, high, people.pace * _VISITS_PER_CHECKOUT)
    device, platform = devices(rng, people.mobile[customer], people.has_app[customer])
    channel = pick(rng, len(customer), _CHANNEL_WEIGHTS)
    stage = pick(rng, len(customer), (46, 34, 20))
    return _looking(rng, customer, customer, people.country[customer], at, stage, platform, device, channel)


def _following(rng: Rng, people: People, messages: Messages, clock: Clock) -> Visits:
    """Visits that follow a click in a mail or text, or a tap on a push."""
    base = np.where(messages.opened_at == NEVER, messages.at, messages.opened_at)
    at = base + rng.integers(15, 900, len(messages))
    rows = messages.clicked & (at < clock.end)
    customer, at, pushed = messages.customer[rows], at[rows], messages.channel[rows] == APP_PUSH
    device, platform = devices(rng, people.mobile[customer], people.has_app[customer])
    device, platform = np.where(pushed, MOBILE, device), np.where(pushed, APP, platform)
    channel = np.where(pushed, PUSH, EMAIL)
    stage = pick(rng, len(customer), (48, 36, 16))
    return _looking(rng, customer, customer, people.country[customer], at, stage, platform, device, channel)


def _before_sign_up(rng: Rng, people: People, clock: Clock) -> Visits:
    """Visits of later customers, known by their device alone."""
    customer = np.repeat(np.arange(len(people)), rng.poisson(0.9, len(people)))
    at = people.signed_up[customer] - (rng.uniform(0.1, 1, len(customer)) ** 2 * 21 * DAY).astype(np.int64)
    customer, at = customer[at >= clock.start], at[at >= clock.start]
    device, _ = devices(rng, people.mobile[customer], np.zeros(len(customer), dtype=bool))
    platform = np.full(len(customer), WEB)
    channel = pick(rng, len(customer), _CHANNEL_WEIGHTS)
    stage = pick(rng, len(customer), (50, 40, 10))
    return _looking(rng, customer, customer, people.country[customer], at, stage, platform, device, channel)


def _passing(rng: Rng, customers: int, clock: Clock, rhythm: Rhythm) -> Visits:
    """Visits of people who never sign up, most of them once."""
    count = int(customers * _STRANGERS_PER_CUSTOMER * len(clock.days) / 546)
    country, mobile = strangers(rng, count)
    low, high = (rhythm.amount(country, np.full(count, edge)) for edge in (clock.start + DAY, clock.end))
    first = rhythm.when(rng, country, low + (high - low) * rng.random(count))
    returns = rng.poisson(0.35, count)
    stranger = np.concatenate((np.arange(count), np.repeat(np.arange(count), returns)))
    wait = np.concatenate((np.zeros(count), rng.exponential(9 * DAY, int(returns.sum())))).astype(np.int64)
    at = first[stranger] + wait
    stranger, at = stranger[at < clock.end], at[at < clock.end]
    device, _ = devices(rng, mobile[stranger], np.zeros(len(stranger), dtype=bool))
    channel = pick(rng, len(stranger), _CHANNEL_WEIGHTS)
    stage = pick(rng, len(stranger), (70, 26, 4))
    nobody, platform = np.full(len(stranger), -1), np.full(len(stranger), WEB)
    return _looking(rng, nobody, customers + stranger, country[stranger], at, stage, platform, device, channel)


def _looking(
    rng: Rng,
    customer: Ints,
    visitor: Ints,
    country: Ints,
    at: Ints,
    stage: Ints,
    platform: Ints,
    device: Ints,
    channel: Ints,
) -> Visits:
    """Visits without a checkout."""
    campaign, order = campaigns(rng, channel, at), np.full(len(at), -1)
    return Visits(customer, visitor, country, at, stage, platform, device, channel, campaign, order)


def sampled(rng: Rng, visits: Visits, share: float) -> Bools:
    """A sample of the visits to the site (the survey is not in the app)."""
    return np.asarray((visits.platform == WEB) & chosen(rng, share, len(visits)))
