"""Subscriptions: who subscribes, changes the plan, leaves and comes back.

The planted truth lives in `_cancelled_at`: from the day the care programme began, customers drawn
for it leave a third less often.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kizuna.demo import files
from kizuna.demo.chance import Bools, Floats, Ints, Rng, chosen, pick, stream
from kizuna.demo.clock import DAY, MONTH, NEVER, Clock, midnight
from kizuna.demo.company import (
    CARE_PROGRAMME,
    CHANNELS,
    COUNTRIES,
    PLAN_MARGIN,
    PLAN_PRICES,
    PLANS,
)
from kizuna.demo.people import People
from kizuna.demo.rows import joined, taken

_SUBSCRIBING = 0.40
_LEAVING = np.asarray((0.060, 0.050, 0.040)) / MONTH
"""Cancellations a second, by plan."""
_CHANGING = 0.025 / MONTH
CARE_EFFECT = 2 / 3
"""What the care programme leaves of the cancellations."""
_REASONS = ("price", "too much tea", "moved", "trying another brand", "payment failed", "upgrade", "downgrade")
_UPGRADE, _DOWNGRADE = 5, 6
_FAR = np.int64(1) << 40


@dataclass(frozen=True, slots=True)
class Phases:
    """Phases of subscriptions, one row each, by subscription and time. `anchor` is the day of billing."""

    customer: Ints
    subscription: Ints
    plan: Ints
    anchor: Ints
    started: Ints
    ended: Ints
    reason: Ints

    def __len__(self) -> int:
        return len(self.customer)

    def active(self, customer: Ints, seconds: Ints | int) -> Bools:
        """Whether these customers have a subscription at these instants (one each)."""
        at = np.broadcast_to(np.asarray(seconds), customer.shape)
        first = np.searchsorted(self.customer, customer, side="left")
        last = np.searchsorted(self.customer, customer, side="right")
        found = np.zeros(len(customer), dtype=bool)
        for step in range(int((last - first).max(initial=0))):
            row = np.minimum(first + step, len(self) - 1)
            running = (self.started[row] <= at) & ((self.ended[row] == NEVER) | (self.ended[row] > at))
            found |= (first + step < last) & running
        return found


def make_phases(seed: int, people: People, clock: Clock) -> Phases:
    """The phases of all subscriptions; a customer comes back at most twice."""
    rng = stream(seed, "subscription")
    customer = np.flatnonzero(chosen(rng, _SUBSCRIBING, len(people)))
    wait = np.where(chosen(rng, 0.4, len(customer)), 900, rng.exponential(50 * DAY, len(customer)))
    rounds = [_lives(rng, people, customer, people.signed_up[customer] + wait.astype(np.int64), clock)]
    for _ in range(2):
        rounds.append(_lives(rng, people, *_comebacks(rng, rounds[-1]), clock))
    return _numbered(rounds)


def _lives(rng: Rng, people: People, customer: Ints, started: Ints, clock: Clock) -> Phases:
    """The phases of subscriptions that start here, one round of phases after the other."""
    begun = started < clock.end
    customer, started = customer[begun], started[begun]
    subscription, plan, anchor = np.arange(len(customer)), pick(rng, len(customer), (50, 36, 14)), started
    rounds: list[Phases] = []
    while len(customer):
        phases = _phases(rng, people, Phases(customer, subscription, plan, anchor, started, started, plan), clock)
        rounds.append(phases)
        goes_on = (phases.reason >= _UPGRADE) & (phases.ended != NEVER)
        step = np.where(phases.reason == _UPGRADE, 1, -1)
        customer, subscription, anchor = customer[goes_on], subscription[goes_on], anchor[goes_on]
        plan, started = (plan + step)[goes_on], phases.ended[goes_on]
    return joined(rounds) if rounds else Phases(*[np.zeros(0, dtype=np.int64)] * 7)


def _phases(rng: Rng, people: People, begun: Phases, clock: Clock) -> Phases:
    """The same phases with their ends and reasons."""
    count = len(begun)
    leaves = _cancelled_at(rng, begun, people.care[begun.customer])
    changes = begun.started + np.minimum(rng.exponential(1 / _CHANGING, count), _FAR).astype(np.int64)
    up = np.where(begun.plan == 0, True, np.where(begun.plan == 2, False, chosen(rng, 0.62, count)))
    reason = np.where(changes < leaves, np.where(up, _UPGRADE, _DOWNGRADE), pick(rng, count, (34, 26, 8, 18, 14)))
    ended = clock.known(np.minimum(changes, leaves))
    reason = np.where(ended == NEVER, -1, reason)
    return replace(begun, ended=ended, reason=reason)


def _cancelled_at(rng: Rng, begun: Phases, care: Bools) -> Ints:
    """When phases end by cancellation: a constant hazard, a third less for the cared-for since the programme."""
    wait: Floats = rng.exponential(1.0, len(begun)) / _LEAVING[begun.plan] + DAY
    before = np.maximum(midnight(CARE_PROGRAMME) - begun.started, 0)
    wait = np.where(care & (wait > before), before + (wait - before) / CARE_EFFECT, wait)
    return begun.started + np.minimum(wait, _FAR).astype(np.int64)


def _comebacks(rng: Rng, phases: Phases) -> tuple[Ints, Ints]:
    """Customers who left and subscribe again after some months: (customer, start)."""
    left = (phases.ended != NEVER) & (phases.reason < _UPGRADE) & chosen(rng, 0.16, len(phases))
    wait = rng.uniform(30 * DAY, 180 * DAY, int(left.sum()))
    return phases.customer[left], phases.ended[left] + wait.astype(np.int64)


def _numbered(rounds: list[Phases]) -> Phases:
    """All phases by customer and time; subscriptions are numbered by their start."""
    offsets = np.cumsum([0, *(int(r.subscription.max(initial=-1)) + 1 for r in rounds)])
    phases = joined(rounds)
    subscription = phases.subscription + np.repeat(offsets[:-1], [len(r) for r in rounds])
    _, first, number = np.unique(subscription, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(phases.anchor[first], kind="stable"), kind="stable")
    order = np.lexsort((phases.started, phases.customer))
    return taken(replace(phases, subscription=rank[number]), order)


def subscription_columns(people: People, phases: Phases) -> files.Columns:
    """The subscription fact."""
    price = np.asarray(PLAN_PRICES)[phases.plan]
    return {
        "subscription_id": files.ids("s", phases.subscription + 1, 5),
        "started_at": files.times(phases.started),
        "ended_at": files.times(phases.ended),
        "customer_id": files.customer_ids(phases.customer),
        "plan": files.words(phases.plan, PLANS),
        "mrr": files.whole(price),
        "margin": files.whole(price * PLAN_MARGIN),
        "end_reason": files.words(phases.reason, _REASONS),
        "channel": files.words(people.acquisition[phases.customer], CHANNELS),
        "country": files.words(people.country[phases.customer], COUNTRIES),
    }
