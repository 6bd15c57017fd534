"""Small companies made up by hypothesis, loaded the way an import loads them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from kizuna.facts import FACTS, SQL_TYPES
from kizuna.measure.ask import Business
from kizuna.measure.catalogue import Catalogue
from kizuna.measure.plan import Planner
from kizuna.settings import Settings
from kizuna.store.derive import derive
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.load import load

Row = dict[str, Any]
Company = dict[str, list[Row]]
"""Fact → its rows."""

FIRST, LAST = date(2026, 1, 1), date(2026, 4, 1)
SETTINGS = Settings({"timezone": "Asia/Tokyo", "currency": "JPY"})
CATALOGUE = Catalogue(SETTINGS)
PLANNER = Planner(CATALOGUE.sets, {}, SETTINGS)

PEOPLE = tuple(f"c{number}" for number in range(8))
CHANNELS = ("web", "app", "store")
EVENTS = ("Page Viewed", "Product Added", "Checkout Started", "Order Completed", "Link Clicked", "Application Opened")
SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7), "visitor_intent": (None, None)}

people = st.sampled_from(PEOPLE)
channels = st.sampled_from(CHANNELS)
# Quarters of an hour, so that midnight (15:00 in UTC) and pauses of exactly 30 minutes are common.
times = st.integers(0, 90 * 96 - 1).map(lambda quarter: datetime(2025, 12, 31, 15) + timedelta(minutes=15 * quarter))
pauses = st.integers(0, 40 * 96).map(lambda quarter: timedelta(minutes=15 * quarter))


@st.composite
def _order(draw: st.DrawFn) -> Row:
    value = draw(st.integers(0, 9_999))
    row = {"ordered_at": draw(times), "customer_id": draw(st.none() | people), "channel": draw(channels)}
    if draw(st.integers(0, 9)) == 0:
        return row | {"value": -value, "transaction_type": "refund"}
    kind = draw(st.sampled_from(("purchase", "online", "in store")))
    margin = draw(st.none() | st.integers(0, value))
    return row | {"value": value, "refunded": draw(st.integers(0, value)), "margin": margin, "transaction_type": kind}


@st.composite
def _subscription(draw: st.DrawFn) -> Row:
    start = draw(times)
    end = draw(st.none() | pauses.map(lambda pause: start + pause))
    return {"customer_id": draw(people), "started_at": start, "ended_at": end, "mrr": draw(st.integers(1, 5)) * 500}


@st.composite
def _answer(draw: st.DrawFn) -> Row:
    question = draw(st.sampled_from(tuple(SCALES)))
    low, high = SCALES[question]
    row = {"question": question, "answered_at": draw(times), "customer_id": draw(people), "channel": draw(channels)}
    row["status"] = draw(st.sampled_from(("complete", "complete", "complete", "partial", "dismissed")))
    if low is None or high is None:
        return row | {"choice": draw(st.sampled_from(("buy", "get help", "look around")))}
    score = draw(st.none() | st.integers(low, high))
    return row | {"score": score, "scale_low": low, "scale_high": high, "direction": "high_good"}


@st.composite
def _event(draw: st.DrawFn) -> Row:
    name = draw(st.sampled_from(EVENTS))
    engaged = draw(st.none() | st.integers(0, 90)) if name == "Page Viewed" else None
    row = {"occurred_at": draw(times), "name": name, "channel": draw(channels), "engaged_seconds": engaged}
    row["platform"] = draw(st.sampled_from(("web", "app")))
    return row | ({"customer_id": draw(people)} if draw(st.booleans()) else {"anonymous_id": draw(people) + "-device"})


@st.composite
def _ticket(draw: st.DrawFn) -> Row:
    opened = draw(times)
    resolved = draw(st.none() | pauses.map(lambda pause: opened + pause))
    row = {"opened_at": opened, "resolved_at": resolved, "first_resolved_at": resolved}
    return row | {"customer_id": draw(people), "channel": draw(channels)}


@st.composite
def _message(draw: st.DrawFn) -> Row:
    bounced, opened = draw(st.booleans()), draw(st.booleans())
    row = {"sent_at": draw(times), "customer_id": draw(people), "channel": draw(st.sampled_from(("email", "push")))}
    return row | {"bounced": bounced, "opened": opened and not bounced, "clicked": opened and draw(st.booleans())}


def _rows(fact: str, row: st.SearchStrategy[Row], most: int) -> st.SearchStrategy[list[Row]]:
    key = {"survey_response": "response_id"}.get(fact, f"{fact}_id")
    return st.lists(row, max_size=most).map(lambda rows: [{key: f"{fact[0]}{i}", **row} for i, row in enumerate(rows)])


COUNTRIES = [{"customer_id": who, "country": "JP" if i % 2 else "DK"} for i, who in enumerate(PEOPLE)]
companies: st.SearchStrategy[Company] = st.fixed_dictionaries(
    {
        "order": _rows("order", _order(), 25),
        "subscription": _rows("subscription", _subscription(), 10),
        "survey_response": _rows("survey_response", _answer(), 25),
        "event": _rows("event", _event(), 40),
        "ticket": _rows("ticket", _ticket(), 10),
        "message": _rows("message", _message(), 20),
        "customer": st.just(COUNTRIES),
    }
)


def business(company: Company) -> Business:
    """The company in a database of its own, in memory."""
    store = DuckDBStore(":memory:", SETTINGS)
    store.execute("BEGIN")
    for number, (fact, rows) in enumerate(company.items(), start=1):
        _stage(store, fact, rows)
        load(store, FACTS[fact], "staged", number)
    derive(store, set(company))
    store.execute("COMMIT")
    return Business(store, CATALOGUE, PLANNER, SETTINGS)


def write(company: Company, folder: Path) -> Iterable[tuple[str, Path]]:
    """The company as files, one per fact that has rows."""
    for fact, rows in company.items():
        if not rows:
            continue
        file = folder / f"{fact}.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            names = list(dict.fromkeys(name for row in rows for name in row))
            writer = csv.DictWriter(out, names)
            writer.writeheader()
            writer.writerows(
                {k: f"{v.isoformat()}Z" if isinstance(v, datetime) else v for k, v in r.items()} for r in rows
            )
        yield fact, file


def _stage(store: DuckDBStore, fact: str, rows: list[Row]) -> None:
    types = {column.name: column.sql_type for column in FACTS[fact].importable()}
    types |= {"properties": SQL_TYPES["map"], "row_key": "VARCHAR", "line_no": "BIGINT"}
    store.execute(f"CREATE OR REPLACE TEMP TABLE staged ({', '.join(f'{n} {t}' for n, t in types.items())})")
    if not rows:
        return
    keys = FACTS[fact].key
    full = [{"row_key": "|".join(str(row[key]) for key in keys), "line_no": i, **row} for i, row in enumerate(rows, 2)]
    names = dict.fromkeys(name for row in full for name in row)
    table = pa.table({name: [row.get(name) for row in full] for name in names})
    store._connection.register("made", table)
    store.execute("INSERT INTO staged BY NAME SELECT * FROM made")
    store._connection.unregister("made")
