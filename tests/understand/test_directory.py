"""The directory of customers and finding people in it, against plain Python over the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kizuna.errors import QuestionError, UnknownName
from kizuna.understand.directory import SORTS, Directory, Figures, Sort, read_directory, read_sort
from kizuna.understand.finding import find, members
from kizuna.workspace import Workspace
from understand.asked import workspace

CUSTOMERS = [
    {
        "customer_id": "c1",
        "email": "ada@example.com",
        "phone": "+45 20 30 40",
        "name": "Ada Élise Jensen",
        "country": "DK",
    },
    {"customer_id": "c10", "email": "bo@acme.example", "phone": "", "name": "Bo Jensen", "country": "JP"},
    {"customer_id": "c2", "email": "hanako@example.com", "phone": "", "name": "山田 花子", "country": "JP"},
    {"customer_id": "c3", "email": "", "phone": "", "name": "'; DROP TABLE customer; --", "country": ""},
]
ORDERS: list[dict[str, Any]] = [
    {"order_id": "o1", "ordered_at": "2026-03-01 10:00", "customer_id": "c1", "value": 30, "refunded": 5},
    {"order_id": "o2", "ordered_at": "2026-03-09 10:00", "customer_id": "c1", "value": 10, "refunded": 0},
    {"order_id": "o3", "ordered_at": "2026-03-02 10:00", "customer_id": "c2", "value": 99, "refunded": 0},
    {"order_id": "o4", "ordered_at": "2026-03-20 10:00", "customer_id": "c2", "value": -99, "refunded": 0},
]
TICKETS = [{"ticket_id": "t1", "opened_at": "2026-03-11 12:00", "customer_id": "c10", "channel": "email"}]
EVENTS = [
    {
        "event_id": "e1",
        "occurred_at": "2026-03-10 12:00",
        "name": "Page Viewed",
        "customer_id": "c1",
        "anonymous_id": "lap",
    },
    {
        "event_id": "e2",
        "occurred_at": "2026-03-10 13:00",
        "name": "Page Viewed",
        "customer_id": "",
        "anonymous_id": "nobody",
    },
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Four customers and a visitor; what was paid back came once as an amount and once as a row of its own."""
    root: Path = tmp_path_factory.mktemp("directory")
    refunds = [row | {"transaction_type": "refund" if row["value"] < 0 else "purchase"} for row in ORDERS]
    with workspace(root, customer=CUSTOMERS, order=refunds, ticket=TICKETS, event=EVENTS) as made:
        yield made


@pytest.fixture(scope="module")
def directory(shop: Workspace) -> Directory:
    with shop.store.reading() as data:
        return read_directory(data)


def numbers(shop: Workspace, *ids: str) -> list[int]:
    rows = dict(shop.store.execute("SELECT value, customer_no FROM identifier"))
    return [rows[id] for id in ids]


def test_figures(shop: Workspace, directory: Directory) -> None:
    """What was paid less what was paid back, in either form; a refund is no order and no sign of life."""
    known = {each.customer_no: each for each in directory.all()}
    c1, c10, c2, c3 = (known[number] for number in numbers(shop, "c1", "c10", "c2", "c3"))
    assert len(known) == 4
    assert (c1.value, c1.orders, c1.seen) == (35.0, 2, datetime(2026, 3, 10, 3))
    assert (c10.value, c10.orders, c10.seen) == (None, 0, datetime(2026, 3, 11, 3))
    assert (c2.value, c2.orders, c2.seen) == (0.0, 1, datetime(2026, 3, 2, 1))
    assert c1.since == datetime(2026, 3, 1, 1)
    assert (c3.value, c3.seen, c3.since) == (None, None, None)


def test_the_highest_come_first_and_the_unknown_last(shop: Workspace, directory: Directory) -> None:
    def ids(sort: Sort, up: bool = False) -> list[int]:
        return [row.customer_no for row in directory.page(sort, up=up).rows]

    assert ids("value") == numbers(shop, "c1", "c2", "c10", "c3")
    assert ids("value", up=True) == numbers(shop, "c2", "c1", "c10", "c3")
    assert ids("seen") == numbers(shop, "c10", "c1", "c2", "c3")
    assert ids("seen", up=True) == numbers(shop, "c2", "c1", "c10", "c3")


FOUND = [
    ("ada", ["c1"]),
    ("JENSEN elise", ["c1"]),
    ("jensen", ["c1", "c10"]),
    ("花子", ["c2"]),
    ("c1", ["c1"]),
    ("C1", ["c1", "c10"]),
    ("c", ["c1", "c10", "c2", "c3"]),
    ("email:ADA@example.com", ["c1"]),
    ("@example.com", ["c1", "c2"]),
    ("+45 20-30", ["c1"]),
    ("+4520 30 40", ["c1"]),
    ("lap", ["c1"]),
    ("la", []),
    ("'; DROP TABLE customer; --", ["c3"]),
    ("%", []),
    ("", []),
    ("x" * 100_000, []),
]


@pytest.mark.parametrize(("text", "ids"), FOUND, ids=[text[:20] for text, _ in FOUND])
def test_people_are_found(shop: Workspace, text: str, ids: list[str]) -> None:
    with shop.store.reading() as data:
        assert sorted(find(data, text).numbers) == sorted(numbers(shop, *ids))
        assert data.rows("SELECT count(*) FROM customer") == [(4,)]


def test_a_visitor_is_found_by_the_whole_id_and_is_no_customer(shop: Workspace, directory: Directory) -> None:
    with shop.store.reading() as data:
        (number,) = find(data, "nobody").exact
    assert number not in directory
    assert directory.page(among=[number]).rows == []


def test_members_of_a_condition(shop: Workspace) -> None:
    with shop.store.reading() as data:
        found = members(shop.business, data, "country = 'JP' OR name = 'x'")
        assert sorted(found.tolist()) == sorted(numbers(shop, "c10", "c2"))
        with pytest.raises(UnknownName, match="Did you mean 'country'"):
            members(shop.business, data, "contry = 'JP'")


def test_what_cannot_be_sorted_or_turned_to_is_said(directory: Directory) -> None:
    with pytest.raises(QuestionError, match="Did you mean 'value'"):
        read_sort("-vallue")
    assert read_sort("-value") == ("value", True)
    for cursor in ("x", "1_", "1_x", "_", "9" * 5000 + "_1", "nan_1_2", "1e999999_x"):
        with pytest.raises(QuestionError, match="no place in the list"):
            directory.page(after=cursor)


Row = tuple[float | None, int, int | None, int | None]
some_rows = st.lists(
    st.tuples(
        st.none() | st.sampled_from([-1.5, 0.0, 0.1, 1e17, 3.0]),
        st.integers(0, 3),
        st.none() | st.integers(0, 3),
        st.none() | st.integers(-5, 3),
    ),
    max_size=12,
)


def made(rows: list[Row]) -> Directory:
    """A directory of just these customers."""
    micros = [[-(2**63) if row[at] is None else row[at] for row in rows] for at in (2, 3)]
    return Directory(
        np.arange(1, len(rows) + 1, dtype=np.int32),
        np.array([np.nan if row[0] is None else row[0] for row in rows], dtype=np.float64),
        np.array([row[1] for row in rows], dtype=np.int32),
        np.array(micros[0], dtype=np.int64),
        np.array(micros[1], dtype=np.int64),
    )


@given(some_rows, st.sampled_from(SORTS), st.booleans(), st.integers(1, 4), st.sets(st.integers(1, 12)))
def test_pages_forth_and_back_are_the_whole_list(
    rows: list[Row], sort: Sort, up: bool, size: int, among: set[int]
) -> None:
    """Whatever the order, its pages put together are the list, and the way back shows the same pages."""
    directory = made(rows)
    whole = [row for row in directory.all(sort, up=up) if row.customer_no in among]
    pages: list[list[Figures]] = []
    cursor, came = "", []
    while True:
        page = directory.page(sort, up=up, among=[*among], after=cursor, size=size)
        assert page.total == len(whole)
        pages.append([*page.rows])
        came.append(page.before)
        if not page.after:
            break
        cursor = page.after
    assert [row for page in pages for row in page] == whole
    for number in range(len(pages) - 1, 0, -1):
        back = directory.page(sort, up=up, among=[*among], before=came[number], size=size)
        assert [*back.rows] == pages[number - 1]

    def key(row: Figures) -> Any:
        value = {"value": row.value, "seen": row.seen, "orders": row.orders, "since": row.since}[sort]
        number = (value - datetime(1970, 1, 1)).total_seconds() if isinstance(value, datetime) else value
        return value is None, 0 if number is None else number if up else -number, row.customer_no

    assert whole == sorted(whole, key=key)
