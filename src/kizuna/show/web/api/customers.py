"""``/customers``: lists of people are for editors, one person for viewers; the audit log says who saw whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from litestar import Response

from kizuna.show.web.api import examples
from kizuna.show.web.api.answered import ABOUT_PEOPLE, next_page, plain, told
from kizuna.show.web.api.audited import audited
from kizuna.show.web.api.call import Call, serves
from kizuna.show.web.api.measure import SEGMENT, WHERE
from kizuna.show.web.api.operation import AFTER, Operation, Parameter, one_of, text, whole
from kizuna.show.web.api.questions import within
from kizuna.show.web.hub import Hub
from kizuna.store.duckdb import Reading
from kizuna.store.state import segments
from kizuna.understand import finding
from kizuna.understand.directory import SORTS, Directory, Figures, Numbers, read_directory, read_sort
from kizuna.understand.profile import Said, read_profile
from kizuna.understand.timeline import Entry, read_timeline
from kizuna.understand.touchpoint import GROUPS

LARGEST_NUMBER = 2**31 - 1


class Customer(msgspec.Struct):
    """A customer in a list. `value` is what they paid less what was paid back; times are UTC."""

    customer_no: int
    name: str
    customer_id: str
    email: str
    phone: str
    country: str
    language: str
    tier: str
    segment: str
    value: float | None
    orders: int
    seen: str | None
    since: str | None


class Customers(msgspec.Struct):
    """A page of customers; `total` are all that fit."""

    items: list[Customer]
    total: int
    next: str | None


class Id(msgspec.Struct):
    """An id that somebody is known by."""

    kind: str
    value: str


class Origin(msgspec.Struct):
    """Where a value was said: a file and line, or a message of a source."""

    at: str | None
    file: str
    line: int | None
    source: str
    message: str


class TraitTold(msgspec.Struct):
    """Something known about a customer, and where it comes from."""

    name: str
    value: str
    said: Origin


class CustomerTold(msgspec.Struct):
    """One customer: ids, traits with their origin, figures over all time, and what they said about being contacted."""

    customer_no: int
    name: str
    ids: list[Id]
    traits: list[TraitTold]
    figures: dict[str, Any]
    consent: dict[str, Any]


class EntryTold(msgspec.Struct):
    """Something that happened: a visit with its events, an answer with its questions, an order …"""

    at: str
    kind: str
    row: dict[str, Any]
    parts: list[dict[str, Any]]


class Timeline(msgspec.Struct):
    """A page of a customer's timeline, the latest first."""

    items: list[EntryTold]
    next: str | None


NUMBER = Parameter("no", whole(1, LARGEST_NUMBER), 311, place="path", text="p_customer")
ORDERS = tuple(order for sort in SORTS for order in (sort, f"-{sort}"))

CUSTOMERS = Operation(
    "customers",
    "GET",
    "/customers",
    Customers,
    (
        Parameter("find", text(200), "ada@example.com"),
        WHERE,
        SEGMENT,
        Parameter("sort", {**one_of(*ORDERS), "default": "value"}, "-seen"),
        Parameter("limit", whole(1, 500, 100), 100),
        AFTER,
    ),
    example=examples.CUSTOMERS,
    role="editor",
)
CUSTOMER = Operation(
    "customer", "GET", "/customers/{no:str}", CustomerTold, (NUMBER,), example=examples.CUSTOMER, statuses=(404,)
)
TIMELINE = Operation(
    "timeline",
    "GET",
    "/customers/{no:str}/timeline",
    Timeline,
    (NUMBER, Parameter("kind", one_of(*GROUPS), "orders"), Parameter("limit", whole(1, 200, 40), 40), AFTER),
    example=examples.TIMELINE,
    statuses=(404,),
)


@serves(CUSTOMERS)
def customers(call: Call) -> Response[bytes]:
    """A page of the customers, of those found, or of those a condition holds for."""
    asked, hub = call.asked, call.hub
    with hub.state.session() as session:
        where = within(asked.text("where"), asked.text("segment"), segments.conditions(session))
    sort, up = read_sort(asked.text("sort"))
    directory = hub.kept.get("directory of customers", lambda: _directory(hub)).value
    with hub.store.reading() as data:
        among = _among(hub, data, asked.text("find"), where)
        page = directory.page(sort, up=up, among=among, after=asked.text("after"), size=asked.whole("limit"))
        named = finding.named(data, [row.customer_no for row in page.rows])
    items = [_customer(row, named.get(row.customer_no, finding.Named(row.customer_no))) for row in page.rows]
    detail = {"people": len(items), "searched": bool(asked.text("find")), "where": where[:500]}
    audited(call, "customers.exported", "", detail)
    body = Customers(items, page.total, page.after or None)
    return told(call.request, body, headers=ABOUT_PEOPLE | next_page(call.request, body.next))


@serves(CUSTOMER)
def customer(call: Call) -> Response[bytes]:
    """One customer."""
    number = call.asked.whole("no")
    found = read_profile(call.hub.store, number)
    audited(call, "customer.seen", str(number), {})
    body = CustomerTold(
        number,
        found.name,
        [Id(seen.id.kind, seen.id.value) for seen in found.person.ids],
        [TraitTold(each.name, each.value, _origin(each.said)) for each in found.traits],
        _flat(found.sums),
        _flat(found.consent),
    )
    return told(call.request, body, headers=ABOUT_PEOPLE)


@serves(TIMELINE)
def timeline(call: Call) -> Response[bytes]:
    """What happened between a customer and the business."""
    asked, number = call.asked, call.asked.whole("no")
    read_profile(call.hub.store, number)
    with call.hub.store.reading() as data:
        found = read_timeline(
            data, number, group=asked.text("kind"), after=asked.text("after"), size=asked.whole("limit")
        )
    audited(call, "customer.seen", str(number), {"timeline": True})
    body = Timeline([_entry(each) for each in found.entries], found.after or None)
    return told(call.request, body, headers=ABOUT_PEOPLE | next_page(call.request, body.next))


def _directory(hub: Hub) -> Directory:
    with hub.store.reading() as data:
        return read_directory(data)


def _among(hub: Hub, data: Reading, find: str, where: str) -> Numbers | None:
    """The numbers to choose from; ``None`` for all."""
    found = finding.find(data, find).numbers if find.strip() else None
    if not where:
        return found
    inside = finding.members(hub.workspace.business, data, where)
    return inside if found is None else np.intersect1d(np.asarray(found, dtype=np.int64), inside)


def _customer(row: Figures, who: finding.Named) -> Customer:
    return Customer(
        row.customer_no,
        who.name,
        who.customer_id,
        who.email,
        who.phone,
        who.country,
        who.language,
        who.tier,
        who.segment,
        row.value,
        row.orders,
        _moment(row.seen),
        _moment(row.since),
    )


def _origin(said: Said) -> Origin:
    return Origin(_moment(said.at), said.file, said.line, said.source, said.message)


def _entry(each: Entry) -> EntryTold:
    return EntryTold(f"{each.at.isoformat()}Z", each.kind, _plain(each.row), [_plain(part) for part in each.parts])


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in row.items() if value is not None}


def _flat(struct: Any) -> dict[str, Any]:
    return {name: plain(getattr(struct, name)) for name in struct.__dataclass_fields__}


def _moment(at: datetime | None) -> str | None:
    return f"{at.isoformat()}Z" if at else None


HANDLERS = (customers, customer, timeline)
