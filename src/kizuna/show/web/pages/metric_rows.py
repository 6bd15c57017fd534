"""The rows behind a metric's number. They are of people: the audit log is told, and only editors take them away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from litestar import Response, get
from litestar.params import FromPath

from kizuna.locale.texts import texts
from kizuna.measure.explain import rows_behind
from kizuna.show import number
from kizuna.show.commands.explaining import ORIGIN, at_home, with_origin
from kizuna.show.commands.output import plain, table_content
from kizuna.show.web.attachment import attachment
from kizuna.show.web.given import TheView
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.state import audit

SHOWN = 50
"""So many rows are on the page, the newest."""

MOST_EXPORTED = 100_000
CUSTOMER = "customer_no"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value; `link` leads to the customer it is of."""

    text: str
    link: str = ""


@get("/metric/{name:str}/rows", sync_to_thread=True)
def rows(view: TheView, name: FromPath[str]) -> Response[str]:
    """The newest rows of the period."""
    known = view.hub.workspace.catalogue[name]
    table = _rows(view, known.id, SHOWN)
    _audit(view, "rows.seen", known.id, table.num_rows)
    zone = view.hub.settings.zone
    shown = with_origin(at_home(table, zone)) if table.num_rows else table
    return view.page(
        "metric_rows",
        name=view.reader.name(known),
        metric=known.id,
        heads=[_head(view, column) for column in shown.column_names],
        rows=_cells(view, shown),
        told=view.say("metric.rows_newest", count=number.count(table.num_rows, view.language), zone=zone.key),
    )


@get("/metric/{name:str}/rows.csv", opt=needs("editor"), sync_to_thread=True)
def rows_file(view: TheView, name: FromPath[str]) -> Response[str]:
    """The rows of the period as a file, up to the newest hundred thousand. Times are UTC."""
    known = view.hub.workspace.catalogue[name].id
    table = _rows(view, known, MOST_EXPORTED)
    _audit(view, "rows.exported", known, table.num_rows)
    content = table_content(table, "csv")
    assert isinstance(content, str)
    span = f"{known}-rows-{view.scope.since}-{view.scope.until}"
    headers = attachment(f"{span}.csv")
    return Response("\ufeff" + content, media_type="text/csv; charset=utf-8", headers=headers)


def _rows(view: View, name: str, most: int) -> pa.Table:
    scope = view.scope
    return rows_behind(view.hub.workspace.business, name, scope.since, scope.until, scope.where, most)


def _audit(view: View, action: str, name: str, count: int) -> None:
    scope = view.scope
    detail = {"rows": count, "since": str(scope.since), "until": str(scope.until), "segment": scope.segment}
    with view.hub.state.session() as session:
        audit.write(session, view.who.name, action, name, detail, view.who.address)


def _head(view: View, column: str) -> str:
    if column == ORIGIN:
        return view.say("metric.rows_from")
    return view.say(f"fields.{column}") if column in texts("web/fields") else column


def _cells(view: View, table: pa.Table) -> Sequence[Sequence[Cell]]:
    columns = [[_cell(view, name, value) for value in table[name].to_pylist()] for name in table.column_names]
    return list(zip(*columns, strict=True))


def _cell(view: View, column: str, value: object) -> Cell:
    text = "" if value is None else str(plain(value)).replace("\n", " ")
    return Cell(text, view.link(f"/customer/{value}") if column == CUSTOMER and value is not None else "")


ROUTES = (rows, rows_file)
