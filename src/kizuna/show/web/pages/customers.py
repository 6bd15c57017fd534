"""The list of customers: found by name, address or id, in a segment, in an order, a page at a time; and its export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from litestar import Response, get
from litestar.response import Stream
from numpy.typing import NDArray

from kizuna.show import number
from kizuna.show.commands.output import as_csv
from kizuna.show.customerlist import HEADER, as_row
from kizuna.show.web.customer.clock import Clock
from kizuna.show.web.given import TheView
from kizuna.show.web.hub import Hub
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.state import audit
from kizuna.understand.directory import PAGE, SORTS, Directory, Figures, Page, Sort, read_directory, read_sort
from kizuna.understand.finding import Found, Named, find, members, named

PIECE = 5_000
"""So many customers are written at once in an export."""


@dataclass(frozen=True, slots=True)
class Row:
    """A customer in the list."""

    link: str
    title: str
    ids: str
    country: str
    tier: str
    value: str
    orders: str
    seen: str
    since: str


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column to sort by: its address sorts by it, or turns the order round."""

    name: str
    help: str
    link: str
    sorted: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks of the list: whom, and in which order; ``sort=-value`` has the lowest first."""

    text: str
    sort: Sort
    up: bool
    after: str
    before: str

    @classmethod
    def of(cls, view: View) -> Asked:
        query = view.query
        sort, up = read_sort(query.get("sort") or SORTS[0])
        return cls(query.get("q", "").strip()[:200], sort, up, query.get("after", ""), query.get("before", ""))

    @property
    def order(self) -> str:
        """The order as the address has it."""
        return ("-" if self.up else "") + self.sort


@get("/customers", sync_to_thread=True)
def customers(view: TheView) -> Response[str]:
    """The page."""
    asked, directory = Asked.of(view), directory_of(view.hub)
    found = _found(view.hub, asked.text)
    page = directory.page(
        asked.sort, up=asked.up, among=_among(view, found), after=asked.after, before=asked.before, size=PAGE
    )
    rows = _rows(view, page)
    _write_down(view, page, asked)
    return view.page(
        "customers",
        rows=rows,
        heads=[_head(view, asked, name) for name in SORTS],
        sorts=_sorts(view),
        asked=asked,
        counted=_counted(view, page.total, len(directory)),
        segment=next((title for name, title in view.segments if name == view.scope.segment), ""),
        visitors=[(view.link(f"/customer/{each}"), f"#{each}") for each in (found.exact if found else ())
                  if each not in directory],
        export=view.link("/customers.csv", q=asked.text, sort=asked.order),
        before=_turn(view, asked, before=page.before),
        after=_turn(view, asked, after=page.after),
        empty=not len(directory),
    )  # fmt: skip


@get("/customers.csv", opt=needs("editor"), sync_to_thread=True)
def export(view: TheView) -> Stream:
    """All that the list has, as CSV, for editors; the audit log says who took it."""
    asked, directory = Asked.of(view), directory_of(view.hub)
    among = _among(view, _found(view.hub, asked.text))
    total = directory.page(asked.sort, among=among, size=1).total
    rows = directory.all(asked.sort, up=asked.up, among=among)
    with view.hub.state.session() as session:
        detail = {"people": total, "segment": view.scope.segment, "searched": bool(asked.text)}
        audit.write(session, view.who.name, "customers.exported", "", detail, view.who.address)
    headers = {"content-disposition": 'attachment; filename="customers.csv"'}
    return Stream(_written(view.hub, rows), media_type="text/csv; charset=utf-8", headers=headers)


def directory_of(hub: Hub) -> Directory:
    """The customers, gathered a moment ago."""

    def read() -> Directory:
        with hub.store.reading() as data:
            return read_directory(data)

    return hub.kept.get("directory of customers", read).value


def _found(hub: Hub, text: str) -> Found | None:
    if not text:
        return None
    with hub.store.reading() as data:
        return find(data, text)


def _among(view: View, found: Found | None) -> NDArray[Any] | None:
    """The numbers to choose from: those found, and those in the segment."""
    numbers = None if found is None else found.numbers
    where = view.scope.where
    if not where:
        return numbers

    def look() -> NDArray[np.int32]:
        with view.hub.store.reading() as data:
            return members(view.hub.workspace.business, data, where)

    inside = view.hub.kept.get(("customers in", where, view.scope.condition), look).value
    return inside if numbers is None else np.intersect1d(numbers, inside, assume_unique=True)


def _rows(view: View, page: Page) -> list[Row]:
    with view.hub.store.reading() as data:
        known = named(data, [figures.customer_no for figures in page.rows])
    clock = Clock(view.hub.settings.zone, view.language)
    # Somebody may have become another's since the directory was gathered.
    return [_row(view, known[each.customer_no], each, clock) for each in page.rows if each.customer_no in known]


def _row(view: View, who: Named, figures: Figures, clock: Clock) -> Row:
    settings = view.hub.settings
    ids = " · ".join(each for each in (who.customer_id, who.email or who.phone) if each and each != who.title)
    paid = "" if figures.value is None else number.value(figures.value, "money", view.language, settings.currency)
    return Row(
        view.link(f"/customer/{who.customer_no}"),
        who.title,
        ids,
        who.country,
        who.tier,
        paid,
        number.count(figures.orders, view.language),
        clock.day(figures.seen),
        clock.day(figures.since),
    )


def _head(view: View, asked: Asked, name: Sort) -> Head:
    mine = asked.sort == name
    turned = f"-{name}" if mine and not asked.up else name
    link = view.link("/customers", q=asked.text, sort="" if turned == SORTS[0] else turned)
    help = view.say(f"customers.{name}_help") if name in ("value", "seen") else ""
    return Head(view.say(f"customers.{name}"), help, link, ("ascending" if asked.up else "descending") if mine else "")


def _sorts(view: View) -> list[tuple[str, str]]:
    """The orders to choose from: as the address has them, and in words."""
    found = []
    for name in SORTS:
        down, up = ("latest", "earliest") if name in ("seen", "since") else ("down", "up")
        for value, way in ((name, down), (f"-{name}", up)):
            found.append(
                (
                    value,
                    f"{view.say(f'customers.{name}')}{view.say('common.comma')}{view.say(f'customers.sorted_{way}')}",
                )
            )
    return found


def _turn(view: View, asked: Asked, **cursor: str) -> str:
    """The address of the page beside this one, empty where there is none."""
    if not any(cursor.values()):
        return ""
    return view.link("/customers", q=asked.text, sort="" if asked.order == SORTS[0] else asked.order, **cursor)


def _counted(view: View, count: int, all: int) -> str:
    said = number.count(count, view.language)
    if count != all:
        return view.say("customers.counted_found", count=said, all=number.count(all, view.language))
    return view.say("customers.counted_one") if count == 1 else view.say("customers.counted", count=said)


def _write_down(view: View, page: Page, asked: Asked) -> None:
    """Who was shown to whom; what was searched for may name somebody and is not kept."""
    if not page.rows:
        return
    detail = {"people": [each.customer_no for each in page.rows], "searched": bool(asked.text)}
    with view.hub.state.session() as session:
        audit.write(session, view.who.name, "customers.seen", view.scope.segment, detail, view.who.address)


def _written(hub: Hub, rows: Iterator[Figures]) -> Iterator[str]:
    """The export, piece by piece."""
    yield as_csv(HEADER, [])
    while piece := [*islice(rows, PIECE)]:
        with hub.store.reading() as data:
            known = named(data, [each.customer_no for each in piece])
        zone = hub.settings.zone
        told = [as_row(known[each.customer_no], each, zone) for each in piece if each.customer_no in known]
        yield as_csv(HEADER, told).partition("\n")[2]


ROUTES = (customers, export)
