"""``/rows``: the facts behind a number. They are of people, so an editor's key is needed and the audit log told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from litestar import Response

from kizuna.errors import QuestionError
from kizuna.measure.explain import rows_after
from kizuna.show.web.api import examples
from kizuna.show.web.api.answered import (
    ABOUT_PEOPLE,
    arrow_stream,
    csv_of,
    kind_asked,
    next_page,
    plain,
    told,
)
from kizuna.show.web.api.audited import audited
from kizuna.show.web.api.call import Call, serves
from kizuna.show.web.api.measure import FORMAT, PERIOD, SEGMENT, SINCE, UNTIL, WHERE
from kizuna.show.web.api.operation import AFTER, ARROW, CSV, JSON, LIMIT, Operation, Parameter, text
from kizuna.show.web.api.paging import mark_of, place_of
from kizuna.show.web.api.questions import read_range, within
from kizuna.store.state import segments


class Rows(msgspec.Struct):
    """A page of rows, the newest first; columns that are empty in all of them are left out. Times are UTC."""

    items: list[dict[str, Any]]
    next: str | None


ROWS = Operation(
    "rows",
    "GET",
    "/rows",
    Rows,
    (
        Parameter("metric", text(120), "nps", needed=True),
        PERIOD,
        SINCE,
        UNTIL,
        WHERE,
        SEGMENT,
        LIMIT,
        AFTER,
        FORMAT,
    ),
    example=examples.ROWS,
    kinds=(JSON, CSV, ARROW),
    role="editor",
)


@serves(ROWS)
def rows(call: Call) -> Response[bytes]:
    """One page of the rows that a metric counts."""
    kind = kind_asked(call.request, ROWS, call.asked.text("format"))
    period = call.asked.text("period")
    since, until = read_range(
        call.hub.settings,
        call.hub.last_day() if period else None,
        call.asked.text("since"),
        call.asked.text("until"),
        period,
    )
    with call.hub.state.session() as session:
        where = within(call.asked.text("where"), call.asked.text("segment"), segments.conditions(session))
    limit, name = call.asked.whole("limit"), call.asked.text("metric")
    after = _place(call.asked.text("after")) if call.asked.text("after") else None
    found = rows_after(call.hub.workspace.business, name, since, until, where, limit + 1, after)
    table, places = found.table.slice(0, limit), found.places[:limit]
    mark = mark_of(places[-1][0].isoformat(), *places[-1][1:]) if found.table.num_rows > limit else None
    audited(call, "rows.exported", name, {"rows": table.num_rows, "where": where[:500]})
    headers = ABOUT_PEOPLE | next_page(call.request, mark)
    if kind == CSV:
        return told(call.request, csv_of(table), kind=f"{CSV}; charset=utf-8", headers=headers)
    if kind == ARROW:
        return told(call.request, arrow_stream(table), kind=ARROW, headers=headers)
    items = [{column: plain(cell) for column, cell in row.items()} for row in table.to_pylist()]
    return told(call.request, Rows(items, mark), headers=headers)


def _place(mark: str) -> tuple[date, int, int, str]:
    """Time, import, line and key of the row that a page ended with."""
    moment, number, line, key = place_of(mark, str, int, int, str)
    try:
        placed = datetime.fromisoformat(moment) if "T" in moment else date.fromisoformat(moment)
    except ValueError:
        raise QuestionError("after is not the place of an entry.", "Take it from 'next' of the page before.") from None
    return placed, number, line, key


HANDLERS = (rows,)
