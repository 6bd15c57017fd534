"""What visitors did, event by event, in the words of the Segment spec."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa

from kizuna.demo import files
from kizuna.demo.chance import Bools, Floats, Ints, Rng, around, chosen, pick, stream
from kizuna.demo.clock import NEVER, Clock
from kizuna.demo.company import APP, CHANNELS, COUNTRIES, DEVICES, MOBILE, PLATFORMS, PRODUCTS
from kizuna.demo.money import CAMPAIGNS, Orders, order_ids, sources
from kizuna.demo.people import People, device_ids
from kizuna.demo.rows import taken
from kizuna.demo.visits import CHECKED_OUT, FILLED_CART, LOOKED, ORDERED, STUDIED, Visits

_NAMES = (
    "Application Opened",
    "Page Viewed",
    "Screen Viewed",
    "Promotion Viewed",
    "Promotion Clicked",
    "Product Clicked",
    "Product Viewed",
    "Element Clicked",
    "Product Added",
    "Signed Up",
    "Checkout Started",
    "Order Completed",
)
(
    _OPEN,
    _PAGE,
    _SCREEN,
    _PROMO,
    _PROMO_CLICK,
    _PRODUCT_CLICK,
    _PRODUCT,
    _ELEMENT,
    _ADDED,
    _SIGNED_UP,
    _CHECKOUT,
    _ORDER,
) = range(len(_NAMES))
_PAGES = ("/", "/tea", "/coffee", "/teaware", "/gifts", "/subscribe", "/guides/brewing", "/stores", "/help", "/account")
_LANDING_WEIGHTS = (34, 18, 12, 6, 7, 9, 8, 3, 3, 0)
_PAGE_WEIGHTS = (8, 22, 15, 9, 9, 11, 10, 3, 5, 8)
_SCREENS = ("Home", "Shop", "Product", "Subscription", "Guides", "Help", "Account")
_SCREEN_WEIGHTS = (26, 26, 18, 11, 7, 4, 8)
_ELEMENTS = ("menu", "hero banner", "size picker", "filter", "search", "newsletter sign-up", "read reviews")
_ELEMENT_WEIGHTS = (28, 13, 16, 15, 17, 4, 7)
_PLACES = (*_PAGES, *_SCREENS)
_REFERRERS = (
    "",
    "https://www.google.com/",
    "https://www.google.com/",
    "https://www.instagram.com/",
    "",
    "https://blog.example.org/",
    "",
    "",
)
_ALL_PRODUCTS = tuple(chain.from_iterable(PRODUCTS))


@dataclass(frozen=True, slots=True)
class _Events:
    """Events by visit and place in it; `page` and `product` are -1 where there is none."""

    visit: Ints
    kind: Ints
    page: Ints
    landing: Bools
    product: Ints
    at: Ints
    engaged: Floats
    load: Floats


def event_columns(seed: int, people: People, orders: Orders, visits: Visits, clock: Clock) -> files.Columns:
    """The event fact, by time."""
    rng = stream(seed, "event")
    visit, kind, landing = _sequence(rng, people, visits, clock)
    at, gap = _timed(rng, people, visits, visit, kind, clock)
    page = _places(rng, kind, landing)
    engaged, load = _dwelling(rng, kind, gap, visits.device[visit])
    product = np.where(_about_product(kind), _products(rng, visit, kind, len(visits)), -1)
    events = _Events(visit, kind, page, landing, product, at, engaged, load)
    order = np.argsort(at, kind="stable")
    return _columns(rng, people, orders, visits, taken(events, order[at[order] < clock.end]))


def _sequence(rng: Rng, people: People, visits: Visits, clock: Clock) -> tuple[Ints, Ints, Bools]:
    """(visit, kind, whether it is the landing) of all events, in the order they happen."""
    count, stage, app = len(visits), visits.stage, visits.platform == APP
    studied, filled = stage >= STUDIED, stage >= FILLED_CART
    bounced = (stage == LOOKED) & chosen(rng, 0.68, count)
    more = np.where(bounced, 0, rng.geometric(np.where(stage == LOOKED, 0.62, 0.48), count))
    promo = chosen(rng, 0.22, count)
    page = np.where(app, _SCREEN, _PAGE)
    parts = [
        (np.where(app, _OPEN, -1), np.ones(count, dtype=np.int64), 0.00, 0.00),
        (page, np.ones(count, dtype=np.int64), 0.01, 0.01),
        (page, more, 0.05, 0.90),
        (np.full(count, _PROMO), promo, 0.02, 0.02),
        (np.full(count, _PROMO_CLICK), promo & ~bounced & chosen(rng, 0.16, count), 0.03, 0.03),
        (np.full(count, _PRODUCT_CLICK), studied & chosen(rng, 0.45, count), 0.10, 0.12),
        (np.full(count, _PRODUCT), np.where(studied, rng.geometric(0.7, count), 0), 0.12, 0.62),
        (np.full(count, _ELEMENT), ~bounced & chosen(rng, 0.28, count), 0.05, 0.80),
        (np.full(count, _ADDED), np.where(filled, rng.geometric(0.8, count), 0), 0.65, 0.80),
        (np.full(count, _SIGNED_UP), _signing_up(people, visits, clock), 0.92, 0.92),
        (np.full(count, _CHECKOUT), stage >= CHECKED_OUT, 0.94, 0.94),
        (np.full(count, _ORDER), stage == ORDERED, 0.97, 0.97),
    ]
    return _ordered([_repeated(rng, *part) for part in parts])


def _repeated(rng: Rng, kind: Ints, times: Ints | Bools, low: float, high: float) -> tuple[Ints, Ints, Floats, Bools]:
    """So many events of a kind in each visit, at places between `low` and `high` of it."""
    visit = np.repeat(np.arange(len(kind)), np.where(kind < 0, 0, times))
    place = low + (high - low) * rng.random(len(visit)) if high > low else np.full(len(visit), low)
    return visit, kind[visit], place, np.full(len(visit), low == 0.01)


def _ordered(parts: list[tuple[Ints, Ints, Floats, Bools]]) -> tuple[Ints, Ints, Bools]:
    visit, kind, place, landing = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(visit + place, kind="stable")
    return visit[order], kind[order], landing[order]


def _signing_up(people: People, visits: Visits, clock: Clock) -> Bools:
    """Visits in which the customer signs up: the first checkout of those who came since the beginning."""
    signed_up = people.signed_up[visits.customer]
    soon = (visits.anchor > signed_up) & (visits.anchor - signed_up < 900)
    return np.asarray((visits.customer >= 0) & (visits.stage >= CHECKED_OUT) & soon & (signed_up >= clock.start))


def _timed(rng: Rng, people: People, visits: Visits, visit: Ints, kind: Ints, clock: Clock) -> tuple[Ints, Ints]:
    """Times of events, and the seconds to the next one of the visit (`NEVER` for its last)."""
    count = len(visit)
    pause = np.clip(around(rng, 19.0, 0.95, count), 1, 1500).astype(np.int64)
    last = np.append(visit[1:] != visit[:-1], True)
    first = np.append(True, last[:-1])
    sums = np.cumsum(np.where(first, 0, np.append(0, pause[:-1])))
    start = np.flatnonzero(first)
    offset = sums - np.repeat(sums[start], np.diff(np.append(start, count)))
    length = offset[np.flatnonzero(last)]
    begun = np.where(visits.stage >= CHECKED_OUT, visits.anchor - length, visits.anchor)
    at = np.maximum(begun[visit] + offset, clock.start)
    at = np.where(kind == _SIGNED_UP, people.signed_up[visits.customer[visit]], at)
    return at, np.where(last, NEVER, pause)


def _places(rng: Rng, kind: Ints, landing: Bools) -> Ints:
    """Pages and screens as places in `_PLACES`; -1 for events that are neither."""
    page = np.where(landing, pick(rng, len(kind), _LANDING_WEIGHTS), pick(rng, len(kind), _PAGE_WEIGHTS))
    screen = len(_PAGES) + np.where(landing, 0, pick(rng, len(kind), _SCREEN_WEIGHTS))
    return np.where(kind == _PAGE, page, np.where(kind == _SCREEN, screen, -1))


def _dwelling(rng: Rng, kind: Ints, gap: Ints, device: Ints) -> tuple[Floats, Floats]:
    """Seconds in use (pages and screens) and to load (pages); not a number where they are not measured."""
    count, seen = len(kind), (kind == _PAGE) | (kind == _SCREEN)
    use = np.minimum(around(rng, 16.0, 1.0, count), 900)
    use = np.where(gap == NEVER, use, np.minimum(use, gap))
    load = np.clip(around(rng, np.where(device == MOBILE, 1.55, 1.05), 0.45, count), 0.2, 30)
    return np.where(seen, use, np.nan), np.where(kind == _PAGE, load, np.nan)


def _about_product(kind: Ints) -> Bools:
    return np.asarray((kind == _PRODUCT) | (kind == _PRODUCT_CLICK) | (kind == _ADDED))


def _products(rng: Rng, visit: Ints, kind: Ints, visits: int) -> Ints:
    """A favourite product for each visit, now and then another."""
    weights = 1 / (1.0 + np.arange(len(_ALL_PRODUCTS))) ** 0.6
    favourite, other = pick(rng, visits, weights.tolist()), pick(rng, len(visit), weights.tolist())
    strays = (kind == _PRODUCT) & chosen(rng, 0.4, len(visit))
    return np.where(strays, other, favourite[visit])


def _columns(rng: Rng, people: People, orders: Orders, visits: Visits, events: _Events) -> files.Columns:
    visit, kind, count = events.visit, events.kind, len(events.visit)
    customer, channel = visits.customer[visit], visits.channel[visit]
    known = (customer >= 0) & (people.signed_up[customer] <= events.at)
    order = np.where(kind == _ORDER, visits.order[visit], -1)
    seen, loaded = ~np.isnan(events.engaged), ~np.isnan(events.load)
    return {
        "event_id": files.ids("e", np.arange(1, count + 1), 7),
        "occurred_at": files.times(events.at),
        "name": files.words(kind, _NAMES),
        "customer_id": files.customer_ids(np.where(known, customer, -1)),
        "anonymous_id": device_ids(visits.visitor[visit]),
        "session_id": _session_ids(visits, visit),
        "channel": files.words(channel, CHANNELS),
        "campaign": files.words(visits.campaign[visit], CAMPAIGNS),
        "source": sources(channel),
        "platform": files.words(visits.platform[visit], PLATFORMS),
        "device": files.words(visits.device[visit], DEVICES),
        "country": files.words(visits.country[visit], COUNTRIES),
        "page": files.words(events.page, _PLACES),
        "referrer": _referrers(events.landing, channel, kind),
        "element": _elements(rng, events),
        "product": files.words(events.product, _ALL_PRODUCTS),
        "order_id": order_ids(order),
        "value": files.whole(orders.value[order], order >= 0),
        "engaged_seconds": files.numbers(events.engaged, seen, 1),
        "load_seconds": files.numbers(events.load, loaded, 2),
    }


def _session_ids(visits: Visits, visit: Ints) -> pa.Array:
    """Ids of visits in the order they began; a dictionary, for each is on several events."""
    rank = np.argsort(np.argsort(visits.anchor, kind="stable"), kind="stable")
    names = files.ids("v", np.arange(1, len(visits) + 1), 6)
    return pa.DictionaryArray.from_arrays(pa.array(rank[visit].astype(np.int32)), names)


def _referrers(landing: Bools, channel: Ints, kind: Ints) -> pa.Array:
    known = np.asarray([bool(address) for address in _REFERRERS])[channel]
    return files.words(np.where(landing & (kind == _PAGE) & known, channel, -1), _REFERRERS)


def _elements(rng: Rng, events: _Events) -> pa.Array:
    """What was clicked: an element of the page, or the promotion."""
    element = pick(rng, len(events.kind), _ELEMENT_WEIGHTS)
    promotion = len(_ELEMENTS)
    code = np.where(events.kind == _ELEMENT, element, np.where(events.kind == _PROMO_CLICK, promotion, -1))
    return files.words(code, (*_ELEMENTS, "promotion"))
