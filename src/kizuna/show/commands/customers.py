"""``kizuna people find``: customers by name, address, id or condition, in an order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table
from rich.text import Text

from kizuna.measure.question import narrowed
from kizuna.show import number
from kizuna.show.commands.output import as_csv, deliver, plain
from kizuna.show.console import clean, out
from kizuna.show.customerlist import HEADER, as_row
from kizuna.understand.directory import Figures, Sort, read_directory
from kizuna.understand.finding import Named, find, members, named

if TYPE_CHECKING:
    from kizuna.workspace import Workspace

_PIECE = 10_000


@dataclass(frozen=True, slots=True)
class Search:
    """Whom to list: with `text` in a name, address or id, for whom `where` holds, in a segment; 0 is no limit."""

    text: str
    where: str
    segment: str
    sort: Sort
    up: bool
    limit: int


def print_customers(shop: Workspace, search: Search, format: str | None, output: Path | None) -> None:
    """List customers in a table, as JSON or as CSV."""
    if output is not None and format is None:
        format = "json" if output.suffix == ".json" else "csv"
    total, found = _found(shop, search)
    zone = shop.settings.zone
    if format in ("json", "csv"):
        rows = [as_row(who, figures, zone) for figures, who in found]
        content = as_csv(HEADER, rows) if format == "csv" else json.dumps(rows, ensure_ascii=False, indent=2) + "\n"
        deliver(content, output)
        return
    _print_table(total, found, shop.settings.currency, zone)


def _found(shop: Workspace, search: Search) -> tuple[int, list[tuple[Figures, Named]]]:
    with shop.store.reading() as data:
        directory = read_directory(data)
        among: Any = find(data, search.text).numbers if search.text.strip() else None
        if where := narrowed(search.where, search.segment):
            inside = members(shop.business, data, where)
            among = inside if among is None else np.intersect1d(inside, among, assume_unique=True)
        rows = [*directory.all(search.sort, up=search.up, among=among)]
        shown = rows[: search.limit] if search.limit > 0 else rows
        names: dict[int, Named] = {}
        for begin in range(0, len(shown), _PIECE):
            names |= named(data, [figures.customer_no for figures in shown[begin : begin + _PIECE]])
    return len(rows), [(figures, names[figures.customer_no]) for figures in shown if figures.customer_no in names]


def _print_table(total: int, found: Sequence[tuple[Figures, Named]], currency: str, zone: tzinfo) -> None:
    shown = "" if len(found) == total else f", {number.count(len(found))} shown"
    out().print(Text(f"{number.count(total)} customer{'' if total == 1 else 's'}{shown}", "quiet"))
    if not found:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for head in ("no", "name", "customer id", "email", "value", "orders", "last seen", "since"):
        right = head in ("no", "value", "orders")
        table.add_column(Text(head, "key"), overflow="fold", justify="right" if right else "left")
    for figures, who in found:
        value = "" if figures.value is None else number.value(figures.value, "money", currency=currency)
        cells = (
            str(figures.customer_no), who.name, who.customer_id, who.email, value, number.count(figures.orders),
            _day(figures.seen, zone), _day(figures.since, zone),
        )  # fmt: skip
        table.add_row(*(Text(clean(cell)) for cell in cells))
    out().print(table)
    first = found[0][1]
    out().print(Text(f"kizuna people show {clean(first.customer_id or first.email)} shows the ids of one.", "quiet"))


def _day(at: datetime | None, zone: tzinfo) -> str:
    return "" if at is None else str(plain(at.replace(tzinfo=UTC).astimezone(zone).date()))
