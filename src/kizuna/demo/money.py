"""Checkouts and orders: online, in the stores, and the monthly bills of subscriptions.

Two planted truths live here: `_BEGUN_BUT_LEFT` with `_worse` (the mobile checkout of one month);
Danish seasons come in through `clock.Rhythm`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from kizuna.demo import files
from kizuna.demo.chance import Bools, Floats, Ints, Rng, around, chosen, pick, stream
from kizuna.demo.clock import DAY, MONTH, NEVER, Clock, Rhythm, in_local, local_day, month_of_day
from kizuna.demo.company import (
    AD_CAMPAIGNS,
    APP,
    CATEGORIES,
    CATEGORY_MARGINS,
    CATEGORY_PRICES,
    CHANNELS,
    CHECKOUT_MENDED,
    COUNTRIES,
    DEVICES,
    DIRECT,
    DK,
    EMAIL,
    JP,
    MOBILE,
    NEWSLETTERS,
    PAID,
    PLAN_MARGIN,
    PLAN_PRICES,
    PUSH,
    SOURCES,
    STORE,
    WEB,
    WORSE_CHECKOUT,
)
from kizuna.demo.people import People
from kizuna.demo.plans import Phases
from kizuna.demo.rows import joined, taken

_BEGUN_BUT_LEFT = (0.40, 0.47, 0.43)
"""Share of checkouts without an order, by device."""
WORSE_BY = 0.12
"""What the new mobile checkout adds to that share in its month."""
_CHANNEL_WEIGHTS = (30, 24, 15, 10, 15, 6)
_TYPES = ("online", "in store", "subscription")
_ONLINE, _IN_STORE, _RENEWAL = range(3)
CAMPAIGNS = (*NEWSLETTERS, *AD_CAMPAIGNS)
"""Campaigns that bring visits and orders."""


@dataclass(frozen=True, slots=True)
class Checkouts:
    """Checkouts begun, one row each. `order` is the number of the order, -1 where none came of it."""

    customer: Ints
    at: Ints
    platform: Ints
    device: Ints
    channel: Ints
    campaign: Ints
    order: Ints


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders by time; the row is the order's number."""

    customer: Ints
    at: Ints
    value: Ints
    refunded: Ints
    margin: Floats
    kind: Ints
    channel: Ints
    campaign: Ints
    device: Ints
    category: Ints
    quantity: Ints

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def online(self) -> Bools:
        return np.asarray(self.kind == _ONLINE)


def make_orders(seed: int, people: People, phases: Phases, clock: Clock, rhythm: Rhythm) -> tuple[Checkouts, Orders]:
    """All checkouts and all orders; the orders that came of checkouts are named there."""
    checkouts, bought = _checkouts(stream(seed, "checkout"), people, clock, rhythm)
    online = _sales(stream(seed, "order"), checkouts, bought)
    store = _store_sales(stream(seed, "store"), people, clock, rhythm)
    renewals = _renewals(phases, clock)
    sales = joined([online, store, renewals])
    rank = np.argsort(sales.at, kind="stable")
    number = np.empty(len(rank), dtype=np.int64)
    number[rank] = np.arange(len(rank))
    order = np.full(len(checkouts.customer), -1)
    order[bought] = number[: len(online)]
    return replace(checkouts, order=order), _refunded(stream(seed, "refund"), taken(sales, rank))


def _checkouts(rng: Rng, people: People, clock: Clock, rhythm: Rhythm) -> tuple[Checkouts, Bools]:
    """All checkouts, and which of them end in an order."""
    until = np.minimum(people.lost_interest, clock.end)
    later, at = rhythm.visits(rng, people.country, people.signed_up + DAY // 4, until, people.pace)
    first = people.signed_up + rng.integers(60, 900, len(people))
    customer, at = np.concatenate((np.arange(len(people)), later)), np.concatenate((first, at))
    inside = at < clock.end
    customer, at = customer[inside], at[inside]
    device, platform = devices(rng, people.mobile[customer], people.has_app[customer])
    channel = pick(rng, len(customer), _CHANNEL_WEIGHTS)
    bought = ~chosen(rng, np.asarray(_BEGUN_BUT_LEFT)[device] + WORSE_BY * _worse(device, at), len(customer))
    campaign = campaigns(rng, channel, at)
    return Checkouts(customer, at, platform, device, channel, campaign, np.full(len(customer), -1)), bought


def _worse(device: Ints, at: Ints) -> Bools:
    return np.asarray((device == MOBILE) & in_local(at, WORSE_CHECKOUT, CHECKOUT_MENDED))


def devices(rng: Rng, mobile: Floats, has_app: Bools) -> tuple[Ints, Ints]:
    """Device and platform of visits of people with this liking for mobile."""
    count = len(mobile)
    device = np.where(chosen(rng, mobile, count), 1, np.where(chosen(rng, 0.1, count), 2, 0))
    return device, np.where((device == MOBILE) & has_app & chosen(rng, 0.7, count), APP, WEB)


def campaigns(rng: Rng, channel: Ints, at: Ints) -> Ints:
    """The place in `CAMPAIGNS` of what brought these visits: the month's newsletter, an ad, or nothing (-1)."""
    newsletter = month_of_day(local_day(at))
    ad = len(NEWSLETTERS) + pick(rng, len(channel), (30, 28, 18, 14, 10))
    return np.where((channel == EMAIL) | (channel == PUSH), newsletter, np.where(channel == PAID, ad, -1))


def _basket(rng: Rng, count: int) -> tuple[Ints, Ints, Ints, Floats]:
    """Category, quantity, value and margin of baskets."""
    category = pick(rng, count, (40, 26, 10, 14, 10))
    quantity = 1 + rng.poisson(0.9, count)
    value = (
        np.rint(around(rng, np.asarray(CATEGORY_PRICES)[category], 0.35, count) * quantity / 10).astype(np.int64) * 10
    )
    margin = value * (np.asarray(CATEGORY_MARGINS)[category] + rng.normal(0, 0.03, count))
    return category, quantity, value, margin


def _sales(rng: Rng, checkouts: Checkouts, bought: Bools) -> Orders:
    count = int(bought.sum())
    category, quantity, value, margin = _basket(rng, count)
    return Orders(
        customer=checkouts.customer[bought],
        at=checkouts.at[bought],
        value=value,
        refunded=np.zeros(count, dtype=np.int64),
        margin=margin,
        kind=np.full(count, _ONLINE),
        channel=checkouts.channel[bought],
        campaign=checkouts.campaign[bought],
        device=checkouts.device[bought],
        category=category,
        quantity=quantity,
    )


def _store_sales(rng: Rng, people: People, clock: Clock, rhythm: Rhythm) -> Orders:
    """Sales in the stores of Tokyo and Copenhagen to customers who live near one."""
    near = ((people.country == JP) | (people.country == DK)) & chosen(rng, 0.34, len(people))
    until = np.where(near, np.minimum(people.lost_interest, clock.end), people.signed_up)
    customer, at = rhythm.visits(rng, people.country, people.signed_up, until, people.pace * 0.9)
    category, quantity, value, margin = _basket(rng, len(customer))
    nothing = np.full(len(customer), -1)
    return Orders(
        customer=customer,
        at=at,
        value=value,
        refunded=nothing * 0,
        margin=margin,
        kind=nothing * 0 + _IN_STORE,
        channel=nothing * 0 + STORE,
        campaign=nothing,
        device=nothing,
        category=category,
        quantity=quantity,
    )


def _renewals(phases: Phases, clock: Clock) -> Orders:
    """The monthly bills: on the start of the subscription and a month after each bill, at the plan of that time."""
    end = np.where(phases.ended == NEVER, clock.end, phases.ended)
    low, high = (np.ceil((edge - phases.anchor) / MONTH).astype(np.int64) for edge in (phases.started, end))
    bills = np.maximum(high - low, 0)
    row = np.repeat(np.arange(len(phases)), bills)
    step = np.arange(len(row)) - np.repeat(np.cumsum(bills) - bills, bills) + low[row]
    value = np.asarray(PLAN_PRICES)[phases.plan[row]]
    ones = np.ones(len(row), dtype=np.int64)
    return Orders(
        customer=phases.customer[row],
        at=phases.anchor[row] + (step * MONTH).astype(np.int64),
        value=value,
        refunded=0 * ones,
        margin=value * PLAN_MARGIN,
        kind=_RENEWAL * ones,
        channel=DIRECT * ones,
        campaign=-ones,
        device=-ones,
        category=0 * ones,
        quantity=ones,
    )


def _refunded(rng: Rng, orders: Orders) -> Orders:
    """The same orders, some of them paid back in whole or in part; what is paid back earns no margin."""
    count = len(orders)
    share = np.where(
        chosen(rng, 0.027, count), np.where(chosen(rng, 0.55, count), 1.0, rng.uniform(0.2, 0.7, count)), 0.0
    )
    refunded = np.rint(orders.value * share).astype(np.int64)
    return replace(orders, refunded=refunded, margin=orders.margin * (1 - share))


def order_ids(numbers: Ints) -> pa.Array:
    """Ids of orders by their number; a negative number is no order."""
    return files.ids("o", np.where(numbers < 0, -1, numbers + 1), 6)


def order_columns(people: People, orders: Orders) -> files.Columns:
    """The order fact."""
    count = len(orders)
    return {
        "order_id": order_ids(np.arange(count)),
        "ordered_at": files.times(orders.at),
        "customer_id": files.customer_ids(orders.customer),
        "value": files.whole(orders.value),
        "refunded": files.whole(orders.refunded),
        "margin": files.whole(orders.margin),
        "currency": files.word("JPY", count),
        "transaction_type": files.words(orders.kind, _TYPES),
        "channel": files.words(orders.channel, CHANNELS),
        "campaign": files.words(orders.campaign, CAMPAIGNS),
        "source": sources(orders.channel),
        "device": files.words(orders.device, DEVICES),
        "country": files.words(people.country[orders.customer], COUNTRIES),
        "category": files.words(orders.category, CATEGORIES),
        "quantity": files.whole(orders.quantity),
    }


def sources(channel: Ints) -> pa.Array:
    """The site or system behind each channel; none where the visit was direct."""
    return files.words(np.where(channel == DIRECT, -1, channel), SOURCES)
