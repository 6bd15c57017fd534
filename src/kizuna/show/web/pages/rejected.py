"""What did not fit: rows of files and messages, why, and loading again what fits by now.

Everybody sees how many and why. What a row or a message says is about people: editors see it, and the audit log says
who looked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from kizuna.collect.message import Reason
from kizuna.show import number
from kizuna.show.commands.output import as_csv
from kizuna.show.web.arriving import causes, moment, row_causes
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.importing.reason import message_reason, row_reason
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store import health
from kizuna.store.replay import fitting, to_send
from kizuna.store.state import audit

PATH = "/data/rejected"
PAGE = 25
MOST_ROWS = 100_000
"""So many rows are written into one file."""

LINE, WHY = "kizuna_line", "kizuna_reason"
SHOWN = 2_000
"""Letters of a message that are shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row or message that did not fit: where it came from, why, and what it says."""

    where: str
    link: str
    at: str
    why: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; `of` is rows or messages."""

    of: str
    import_no: int | None
    source: str | None
    reason: str | None
    after: str

    @classmethod
    def read(cls, view: View) -> Asked:
        query = view.query
        reason = query.get("reason", "")
        of = "messages" if query.get("of") == "messages" else "rows"
        return cls(
            of,
            _whole(query.get("import", "")),
            query.get("source") or None,
            reason if reason in get_args(Reason) else None,
            query.get("after", ""),
        )

    def link(self, **more: object) -> str:
        """The same with something else."""
        mine = {"of": self.of, "import": self.import_no, "source": self.source, "reason": self.reason} | more
        return f"{PATH}?" + urlencode({name: value for name, value in mine.items() if value})


@get(PATH, sync_to_thread=True)
def rejected(view: TheView) -> Response[str]:
    """The page."""
    asked = Asked.read(view)
    rows: Sequence[Row] = ()
    after = ""
    with view.hub.store.reading() as data:
        if asked.of == "messages":
            why = causes(view, health.rejected_messages(data, asked.source))
        else:
            why = row_causes(view, health.rejected_rows(data, asked.import_no))
        if view.may("editor"):
            rows, after = _messages(view, data, asked) if asked.of == "messages" else _rows(view, data, asked)
    if rows:
        with view.hub.state.session() as session:
            subject = asked.source or (f"import {asked.import_no}" if asked.import_no else "")
            audit.write(session, view.who.name, "rejected.seen", subject, {"of": asked.of}, view.who.address)
    return view.page(
        "rejected",
        asked=asked,
        why=why,
        rows=rows,
        after=after,
        replayed=_replayed(view),
        tabs=[("rows", f"{PATH}?of=rows"), ("messages", f"{PATH}?of=messages")],
        csv=f"{PATH}.csv?import={asked.import_no}" if asked.import_no and asked.of == "rows" else "",
    )


@post(PATH + "/replay", opt=needs("editor"), sync_to_thread=True)
def replay(view: TheView, body: RawBody) -> Redirect:
    """Load the messages that fit by now; the others stay where they are."""
    source = Form.read(body).text("source") or None
    hub = view.hub
    with hub.store.reading() as data:
        before = sum(cause.count for cause in health.rejected_messages(data, source))
    found = fitting(hub.store, hub.settings, hub.root, source)
    loaded = sum(hub.send(to_send(hub.root, found))) if found else 0
    with hub.state.session() as session:
        detail = {"loaded": loaded, "of": before}
        audit.write(session, view.who.name, "rejected.replayed", source or "", detail, view.who.address)
    query = {"of": "messages", "source": source or "", "loaded": loaded, "before": before}
    return Redirect(
        f"{PATH}?" + urlencode({name: value for name, value in query.items() if value != ""}), status_code=303
    )


@get(PATH + ".csv", opt=needs("editor"), sync_to_thread=True)
def export(view: TheView) -> Response[str]:
    """The rows of one import that did not fit, with their reasons, to be mended and imported again."""
    no = _whole(view.query.get("import", "")) or 0
    with view.hub.store.reading() as data:
        found = health.each_rejected_row(data, no, limit=MOST_ROWS)
    rows = [{**_cells(each.row), LINE: each.line, WHY: row_reason(each.reason, view)} for each in found]
    names = [*dict.fromkeys(name for row in rows for name in row if name not in (LINE, WHY)), LINE, WHY]
    with view.hub.state.session() as session:
        detail = {"rows": len(rows)}
        audit.write(session, view.who.name, "rejected.exported", f"import {no}", detail, view.who.address)
    # A spreadsheet takes it for UTF-8 by its first bytes.
    text = "\ufeff" + as_csv(names, [{name: row.get(name, "") for name in names} for row in rows])
    headers = {"content-disposition": f'attachment; filename="rejected-{no}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _rows(view: View, data: health.Data, asked: Asked) -> tuple[list[Row], str]:
    found = health.each_rejected_row(data, asked.import_no, _place(asked.after), PAGE + 1)
    rows = [
        Row(
            view.say("data.row_where", name=each.file, line=number.count(each.line, view.language)),
            f"/data/imports/{each.import_no}",
            "",
            row_reason(each.reason, view),
            each.row[:SHOWN],
        )
        for each in found[:PAGE]
    ]
    last = found[PAGE - 1] if len(found) > PAGE else None
    return rows, asked.link(after=f"{last.import_no}.{last.line}") if last else ""


def _messages(view: View, data: health.Data, asked: Asked) -> tuple[list[Row], str]:
    before = _whole(asked.after)
    found = health.each_rejected_message(data, asked.source, asked.reason, before, PAGE + 1)
    rows = [
        Row(each.source, "", moment(each.at, view), _why(view, each), _indented(each.message)[:SHOWN])
        for each in found[:PAGE]
    ]
    return rows, asked.link(after=found[PAGE - 1].pos) if len(found) > PAGE else ""


def _why(view: View, each: health.RejectedMessage) -> str:
    """The reason in the reader's language, and what exactly was wrong as the log has it."""
    said = message_reason(each.reason, view)
    return view.say("data.why_exactly", reason=said, detail=each.detail) if each.detail else said


def _replayed(view: View) -> str:
    loaded, before = (_whole(view.query.get(name, "")) for name in ("loaded", "before"))
    if loaded is None or before is None:
        return ""
    counts = {"loaded": number.count(loaded, view.language), "all": number.count(before, view.language)}
    return view.say("data.replayed" if loaded else "data.replayed_none", **counts)


def _cells(row: str) -> dict[str, Any]:
    """A row's columns; a line that could not be taken apart has one, ``line``."""
    try:
        found = json.loads(row)
    except ValueError:
        return {"line": row}
    return cast(dict[str, Any], found) if isinstance(found, dict) else {"line": row}


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    except (ValueError, RecursionError):
        return text


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _place(text: str) -> tuple[int, int] | None:
    first, _, second = text.partition(".")
    number_, line = _whole(first), _whole(second)
    return (number_, line) if number_ is not None and line is not None else None


ROUTES = (rejected, replay, export)
