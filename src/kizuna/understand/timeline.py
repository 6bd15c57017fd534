"""What happened between a customer and the business, over all channels, the latest first.

A visit stands for its events, a filled-in survey for its answers, a mail for what became of it. Each page is found in
two steps: when and what, of every fact by itself, then the rows of those that are shown. A cursor is the moment,
kind and key of the last entry, so that nothing is passed over or shown twice when something new comes in.

Invitations and answers of anonymous surveys name nobody in the facts, so they are in nobody's timeline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kizuna.errors import QuestionError, did_you_mean
from kizuna.store.duckdb import Reading
from kizuna.store.steps import event_names
from kizuna.understand.touchpoint import GROUPS, TOUCHPOINTS, told_elsewhere

PAGE = 40
MOST = 200
"""So many entries are shown at once, and at most."""

MOST_EVENTS = 200
"""So many events of one visit are shown, the first ones."""

Row = Mapping[str, Any]
_EPOCH = datetime(1970, 1, 1)


_EVENT_COLUMNS = ("occurred_at", "name", "page", "product", "element", "value", "session_id")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened: when (UTC), what kind, its row; `parts` are a visit's events or a survey's answers."""

    at: datetime
    kind: str
    key: str
    row: Row
    parts: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """Entries, the latest first; `after` is the cursor of the next ones, empty where there are no more."""

    entries: Sequence[Entry]
    after: str = ""


def read_timeline(
    data: Reading, customer_no: int, *, group: str = "", kinds: Sequence[str] = (), after: str = "", size: int = PAGE
) -> Stretch:
    """A stretch of a customer's timeline: of everything, of a group in `GROUPS`, or of some `kinds`.

    Raises `QuestionError` for a group that is none and for a cursor that cannot be read.
    """
    wanted = tuple(kinds) or _kinds(group)
    size = max(1, min(size, MOST))
    heads = _heads(data, customer_no, wanted, after, size + 1)
    shown = heads[:size]
    rows = {kind: _rows(data, customer_no, kind, [key for _, k, key in shown if k == kind]) for kind in wanted}
    visits = [rows["visit"][key][0] for _, kind, key in shown if kind == "visit"] if "visit" in rows else []
    events = _events(data, customer_no, visits)
    entries = [_entry(at, kind, key, rows[kind][key], events) for at, kind, key in shown]
    last = shown[-1] if len(heads) > size else None
    return Stretch(entries, f"{_micros(last[0])}_{last[1]}_{last[2]}" if last else "")


def count_entries(data: Reading, customer_no: int) -> dict[str, int]:
    """How many entries of each kind somebody has."""
    each = " UNION ALL ".join(
        f"SELECT '{name}', count(DISTINCT {kind.key}) FROM \"{kind.fact}\" f"
        f" WHERE customer_no = $no AND {kind.time} IS NOT NULL AND {kind.where}"
        for name, kind in TOUCHPOINTS.items()
    )
    return {str(name): int(count) for name, count in data.rows(each, {"no": customer_no, "told": told_elsewhere()})}


def _kinds(group: str) -> tuple[str, ...]:
    if not group:
        return tuple(TOUCHPOINTS)
    if group not in GROUPS:
        near = did_you_mean(group[:40], GROUPS)
        hint = f"Did you mean {near!r}?" if near else f"It is one of {', '.join(GROUPS)}."
        raise QuestionError(f"A timeline cannot be narrowed down to {group[:40]!r}.", hint)
    return GROUPS[group]


def _heads(data: Reading, number: int, kinds: Sequence[str], after: str, size: int) -> list[tuple[datetime, str, str]]:
    """When and what: the moment, kind and key of each entry, the latest first."""
    given: dict[str, Any] = {"no": number}
    later = "TRUE"
    if after:
        at, kind, key = _read_cursor(after)
        given |= {"at": at, "kind": kind, "key": key}
        later = "moment < $at::TIMESTAMP OR (moment = $at::TIMESTAMP AND (kind, key) > ($kind, $key))"
    if "event" in kinds:
        given["told"] = told_elsewhere()
    each = " UNION ALL ".join(
        f"(FROM ({_head(name)}) WHERE {later} ORDER BY moment DESC, key LIMIT {size})" for name in kinds
    )
    rows = data.rows(f"SELECT moment, kind, key FROM ({each}) ORDER BY moment DESC, kind, key LIMIT {size}", given)
    return [(at, kind, key) for at, kind, key in rows]


def _head(name: str) -> str:
    kind = TOUCHPOINTS[name]
    at = kind.time if kind.key == "row_key" else f"min({kind.time})"
    group = "" if kind.key == "row_key" else f" GROUP BY {kind.key}"
    return (
        f"SELECT {at} AS moment, '{name}' AS kind, {kind.key} AS key FROM \"{kind.fact}\" f"
        f" WHERE customer_no = $no AND {kind.time} IS NOT NULL AND {kind.where}{group}"
    )


def _rows(data: Reading, number: int, name: str, keys: Sequence[str]) -> dict[str, list[Row]]:
    """The rows of entries by key; a survey's answers are several."""
    if not keys:
        return {}
    kind = TOUCHPOINTS[name]
    columns = ", ".join(f'"{column}"' for column in kind.columns)
    only = " AND status IS DISTINCT FROM 'dismissed'" if name == "answer" else ""
    found: dict[str, list[Row]] = {}
    for key, *values in data.rows(
        f'SELECT {kind.key}, {columns} FROM "{kind.fact}"'
        f" WHERE customer_no = $no AND {kind.key} IN (SELECT unnest($keys::VARCHAR[])){only} ORDER BY line_no, row_key",
        {"no": number, "keys": [*keys]},
    ):
        found.setdefault(key, []).append(dict(zip(kind.columns, values, strict=True)))
    return found


def _events(data: Reading, number: int, visits: Sequence[Row]) -> list[Row]:
    """The events within the time that some visits span, in order."""
    if not visits:
        return []
    since = min(visit["started_at"] for visit in visits)
    until = max(visit["ended_at"] or visit["started_at"] for visit in visits)
    columns = ", ".join(f'"{column}"' for column in _EVENT_COLUMNS)
    rows = data.rows(
        f"SELECT {columns} FROM event WHERE customer_no = $no AND occurred_at BETWEEN $since AND $until"
        " AND name NOT IN (SELECT unnest($told::VARCHAR[])) ORDER BY occurred_at, line_no",
        {"no": number, "since": since, "until": until, "told": event_names()["passive"]},
    )
    return [dict(zip(_EVENT_COLUMNS, row, strict=True)) for row in rows]


def _entry(at: datetime, kind: str, key: str, rows: Sequence[Row], events: Sequence[Row]) -> Entry:
    if kind == "visit":
        return Entry(at, kind, key, rows[0], [event for event in events if _belongs(event, rows[0])][:MOST_EVENTS])
    return Entry(at, kind, key, rows[0], rows if kind == "answer" else ())


def _belongs(event: Row, visit: Row) -> bool:
    """Where clients name the visit, that is it; else the one it falls into."""
    if event["session_id"] is not None and visit["session_id"] is not None:
        return bool(event["session_id"] == visit["session_id"])
    return bool(visit["started_at"] <= event["occurred_at"] <= (visit["ended_at"] or visit["started_at"]))


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _read_cursor(text: str) -> tuple[datetime, str, str]:
    micros, _, rest = text.partition("_")
    kind, _, key = rest.partition("_")
    try:
        if kind in TOUCHPOINTS:
            return _EPOCH + timedelta(microseconds=int(micros)), kind, key
    except (ValueError, OverflowError):
        pass
    raise QuestionError(f"{text[:60]!r} is no place in the timeline.", "Begin at its top.")
