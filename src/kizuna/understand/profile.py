"""What is known of one customer: who they are, what is known about them and from where, and their figures.

A trait is what a file or a message said; files come before messages, as in the facts (see ``derived/customer_filled``).
What comes of it is shown in `kizuna.understand.timeline`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kizuna.errors import UnknownName
from kizuna.facts import FACTS
from kizuna.store.duckdb import DuckDBStore, Reading
from kizuna.store.steps import table
from kizuna.store.whois import Person, person

HIGHEST = 2**31 - 1
"""No customer has a higher number."""

_PARTS_OF_NAME = ("first_name", "last_name")


@dataclass(frozen=True, slots=True)
class Said:
    """Where a value comes from: a file and its line, or a message of a source; `at` is in UTC.

    For a file `at` is when it was imported, for a message when it was said.
    """

    at: datetime | None
    file: str = ""
    line: int | None = None
    source: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Trait:
    """Something that is known about a customer, by whom it was said, and what a message says instead, if it differs."""

    name: str
    value: str
    said: Said
    other: str = ""
    other_said: Said | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """A customer's figures over all time. Money in the workspace's currency, times in UTC, ``None`` for none.

    `value` is what they paid less what was paid back; `mrr` the recurring revenue of what runs now.
    """

    orders: int
    value: float | None
    first_order: datetime | None
    last_order: datetime | None
    visits: int
    last_visit: datetime | None
    tickets: int
    open_tickets: int
    mails: int
    opened: int
    clicked: int
    answers: int
    mrr: float | None


@dataclass(frozen=True, slots=True)
class Consent:
    """What they said about being written to: when they last unsubscribed, complained or an address bounced (UTC)."""

    unsubscribed_at: datetime | None
    complained_at: datetime | None
    bounced_at: datetime | None
    surveys_unsubscribed_at: datetime | None
    may_be_contacted: bool | None
    """What the latest answer said to being contacted about it; ``None`` where nothing was said."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything about one customer but their timeline. `customer` is false for a visitor who is known by nothing else.

    `name` is their name, else their strongest id.
    """

    customer_no: int
    customer: bool
    name: str
    row: Mapping[str, Any]
    person: Person
    traits: tuple[Trait, ...]
    sums: Sums
    consent: Consent


def read_profile(store: DuckDBStore, customer_no: int) -> Profile:
    """What is known of the customer or visitor of a number. Raises `UnknownName` where nobody has it."""
    who = person(store, customer_no) if 0 < customer_no <= HIGHEST else None
    if who is None or not who.ids:
        raise UnknownName("customer", str(customer_no)[:40], (), "kizuna people find NAME finds customers.")
    with store.reading() as data:
        row = _row(data, customer_no)
        traits = _traits(data, customer_no, row) if row else ()
        sums, consent = _sums(data, customer_no), _consent(data, customer_no)
    name = (row.get("name") or "").strip() if row else ""
    return Profile(customer_no, bool(row), name or who.ids[0].id.value, row, who, traits, sums, consent)


def _row(data: Reading, number: int) -> dict[str, Any]:
    names = [*FACTS["customer"].stored_columns()]
    listed = ", ".join(f'"{name}"' for name in names)
    rows = data.rows(f"SELECT {listed} FROM customer WHERE customer_no = ?", [number])
    return dict(zip(names, rows[0], strict=True)) if rows else {}


def _traits(data: Reading, number: int, row: Mapping[str, Any]) -> tuple[Trait, ...]:
    """Each trait with where it comes from: columns first, in their order, then properties by name."""
    from_file = _file(data, row)
    filled = _filled(data, row)
    said = _said(data, number)
    found = []
    for column in FACTS["customer"].importable():
        value = row.get(column.name)
        if column.role == "identity" or column.type == "map" or value is None:
            continue
        spoken = _spoken(said, table("traits").get(column.name, []), column.name)
        told = None if column.name in filled else from_file
        found.append(_trait(column.name, str(value), told, spoken))
    for name, value in sorted((row.get("properties") or {}).items()):
        whole = "properties" in filled or f".{name}" in filled
        if value is not None:
            found.append(_trait(name, str(value), None if whole else from_file, said.get(name)))
    return tuple(found)


def _trait(name: str, value: str, from_file: Said | None, spoken: tuple[str, Said] | None) -> Trait:
    if from_file is None:
        return Trait(name, value, spoken[1] if spoken else Said(None))
    if spoken and spoken[0] != value and name not in FACTS["customer"].times:
        return Trait(name, value, from_file, *spoken)
    return Trait(name, value, from_file)


def _file(data: Reading, row: Mapping[str, Any]) -> Said | None:
    if not row["import_no"]:
        return None
    found = data.rows("SELECT file, imported_at FROM import WHERE import_no = ?", [row["import_no"]])
    file, at = found[0] if found else (f"import {row['import_no']}", None)
    return Said(at, file=str(file), line=row["line_no"])


def _filled(data: Reading, row: Mapping[str, Any]) -> set[str]:
    """Which columns (properties with a dot before them) of an imported row came from messages."""
    if not row["import_no"] or not data.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'filled'"):
        return set()
    rows = data.rows("SELECT names FROM filled WHERE fact = 'customer' AND row_key = ?", [row["row_key"]])
    return {name for (names,) in rows for name in names}


def _said(data: Reading, number: int) -> dict[str, tuple[str, Said]]:
    """The latest word on each trait of identify calls, with who said it when."""
    rows = data.rows(
        """SELECT said.key, said.value, said_at, source, row_key FROM (
            SELECT said_at, source, row_key, unnest(list_concat(
                [{'key': 'group_id', 'value': group_id}],
                CASE WHEN kind = 'identify' THEN map_entries(properties) END)) AS said
            FROM trait WHERE customer_no = ?)
        WHERE said.value IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY said.key ORDER BY said_at DESC, row_key DESC) = 1""",
        [number],
    )
    return {
        key: (str(value), Said(at, source=source or "", message=message)) for key, value, at, source, message in rows
    }


def _spoken(said: Mapping[str, tuple[str, Said]], keys: list[str], column: str) -> tuple[str, Said] | None:
    """What messages say of a column: the first of its names that was said; a full name may be put together of two."""
    for key in keys:
        if said.get(key, ("",))[0]:
            return said[key]
    parts = [said[key] for part in _PARTS_OF_NAME for key in table("traits")[part] if column == "name" and key in said]
    if not parts:
        return None
    return " ".join(value for value, _ in parts), max(
        (each for _, each in parts), key=lambda each: each.at or datetime.min
    )


def _sums(data: Reading, number: int) -> Sums:
    ((orders, value, first, last),) = data.rows(
        """SELECT count(*) FILTER (sold), CAST(sum("value" - coalesce(refunded, 0)) AS DOUBLE),
            min(ordered_at) FILTER (sold), max(ordered_at) FILTER (sold)
        FROM (SELECT *, "value" >= 0 AND transaction_type IS DISTINCT FROM 'refund' AS sold
            FROM "order" WHERE customer_no = ?)""",
        [number],
    )
    ((visits, last_visit),) = data.rows("SELECT count(*), max(started_at) FROM session WHERE customer_no = ?", [number])
    ((tickets, open_tickets),) = data.rows(
        "SELECT count(*), count(*) FILTER (resolved_at IS NULL OR coalesce(reopened_at > resolved_at, FALSE))"
        " FROM ticket WHERE customer_no = ?",
        [number],
    )
    ((mails, opened, clicked),) = data.rows(
        "SELECT count(*), count(*) FILTER (coalesce(opened, opened_at IS NOT NULL)), count(*) FILTER (clicked)"
        " FROM message WHERE customer_no = ?",
        [number],
    )
    ((answers,),) = data.rows(
        "SELECT count(DISTINCT response_id) FROM survey_response"
        " WHERE customer_no = ? AND status IS DISTINCT FROM 'dismissed'",
        [number],
    )
    ((mrr,),) = data.rows(
        "SELECT CAST(sum(mrr) AS DOUBLE) FROM subscription WHERE customer_no = ? AND ended_at IS NULL", [number]
    )
    return Sums(
        orders, value, first, last, visits, last_visit, tickets, open_tickets, mails, opened, clicked, answers, mrr
    )


def _consent(data: Reading, number: int) -> Consent:
    ((unsubscribed, complained, bounced),) = data.rows(
        "SELECT max(sent_at) FILTER (unsubscribed), max(sent_at) FILTER (complained), max(sent_at) FILTER (bounced)"
        " FROM message WHERE customer_no = ?",
        [number],
    )
    # That somebody wants no more mails is about an address; what they answered without a name is nobody's.
    steps = data.rows(
        """SELECT s.what, s.happened_at, s.consent FROM survey_step s
        WHERE NOT s.test AND (s.what = 'unsubscribed' OR (s.what = 'answered' AND NOT coalesce(s.anonymous, FALSE)))
            AND s.invitation IN (SELECT invitation_id FROM survey_invitation WHERE customer_no = ?)
        ORDER BY s.happened_at, s.pos""",
        [number],
    )
    left = [at for what, at, _ in steps if what == "unsubscribed"]
    agreed = [bool(consent) for what, _, consent in steps if what == "answered"]
    return Consent(unsubscribed, complained, bounced, left[-1] if left else None, agreed[-1] if agreed else None)
