"""How people stand with us when they might be asked: what they were asked, whether they wait for help or want no mail.

Who somebody is, is looked up anew each time: two who turned out to be one person have been asked what either
was. An asking belongs to the person of the strongest id it was made by, and to whoever has the address it went to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kizuna.store.duckdb import Reading
from kizuna.store.ids import KINDS, spelled

Ids = Mapping[str, str | None]
"""Kind of id → the id."""

Named = tuple[str, str]
"""Kind of id and the id."""

NOBODY = -1
"""Stands for the number of a person who has none yet."""

_IDS = tuple(kind for kind in KINDS if kind != "external_id")


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody was asked `survey`, or is about to be; `at` in microseconds since 1970, UTC."""

    survey: str
    at: int
    invitation: str = ""


@dataclass(slots=True)
class Standing:
    """What is known of one person, or of all who somebody may be."""

    asked: list[Asked] = field(default_factory=list)
    waiting: list[Asked] = field(default_factory=list)
    open_ticket: bool = False
    unsubscribed: bool = False
    complained: bool = False
    bounced: set[str] = field(default_factory=set)
    """Addresses that are no good."""

    def add(self, other: Standing) -> None:
        """Take in what is known of who may be the same person."""
        self.asked += other.asked
        self.waiting += other.waiting
        self.open_ticket |= other.open_ticket
        self.unsubscribed |= other.unsubscribed
        self.complained |= other.complained
        self.bounced |= other.bounced


def standings(
    data: Reading, people: Mapping[int, Sequence[str]], now: int, strangers: Sequence[Named] = ()
) -> dict[int, Standing]:
    """How each of `people` (number → addresses) stands at `now`; `strangers` are ids of who has none (`NOBODY`)."""
    found = {number: Standing() for number in people}
    if strangers:
        found[NOBODY] = Standing()
    given: dict[str, Any] = {
        "people": list(people),
        "owners": [number for number, emails in people.items() for _ in emails],
        "emails": [email for emails in people.values() for email in emails],
        "kinds": [kind for kind, _ in strangers],
        "values": [value for _, value in strangers],
    }
    _add_askings(data, found, given)
    _add_imported(data, found, given)
    _add_mails(data, found, given)
    _add_tickets(data, found, given, now)
    return found


def named(ids: Ids) -> list[Named]:
    """Ids as they are spelled, the strongest first."""
    given = [(kind, (ids.get(kind) or "").strip()) for kind in _IDS]
    return [(kind, value.lower() if kind == "email" else value) for kind, value in given if value]


def emails_of(data: Reading, numbers: Sequence[int]) -> dict[int, list[str]]:
    """The addresses that people are known by."""
    found: dict[int, list[str]] = {number: [] for number in numbers}
    rows = data.rows(
        "SELECT customer_no, value FROM identifier WHERE kind = 'email'"
        " AND customer_no IN (SELECT unnest($people::INTEGER[])) ORDER BY day, value",
        {"people": list(numbers)},
    )
    for number, value in rows:
        found[number].append(value)
    return found


def people_of(data: Reading, ids: Sequence[Named]) -> list[int | None]:
    """The number of whom each id belongs to now, None where nobody is known by it."""
    rows = data.rows(
        "SELECT k.customer_no FROM (SELECT unnest($kinds::VARCHAR[]) AS kind, unnest($values::VARCHAR[]) AS value,"
        " unnest(range(len($kinds::VARCHAR[]))) AS place) g LEFT JOIN identifier k USING (kind, value) ORDER BY place",
        {"kinds": [kind for kind, _ in ids], "values": [value for _, value in ids]},
    )
    return [number for (number,) in rows]


def _first(column: str) -> str:
    return f"arg_min({column}, pos) FILTER ({column} IS NOT NULL)"


_WHO = " ".join(f"WHEN {kind} IS NOT NULL THEN {{'kind': '{kind}', 'value': {kind}}}" for kind in _IDS)


def invitations(which: str = "TRUE") -> str:
    """Common table expressions, of which ``invited`` has what became of each invitation; `which` narrows them down."""
    ids = ", ".join(f"{spelled(kind, _first(kind))} AS {kind}" for kind in _IDS)
    return f"""
    told AS (
        SELECT invitation, arg_min(survey, pos) AS survey, {ids}, {_first("channel")} AS channel,
            min(due) FILTER (what = 'invited') AS due, max(due) FILTER (what = 'deferred') AS again,
            min(happened_at) FILTER (what = 'invited') AS invited_at,
            min(happened_at) FILTER (what = 'sent') AS sent_at,
            min(happened_at) FILTER (what IN ('shown', 'answered')) AS shown_at,
            max(happened_at) FILTER (what = 'sending') AS sending_at,
            count(*) FILTER (what = 'sending') AS tries, count(*) FILTER (what = 'deferred') AS deferred,
            bool_or(what IN ('failed', 'cancelled')) AS given_up, bool_or(what = 'bounced') AS bounced,
            bool_or(what = 'unsubscribed') AS unsubscribed, bool_or(what = 'reminded') AS reminded,
            bool_or(what IN ('answered', 'dismissed')) AS settled
        FROM survey_step WHERE NOT test AND ({which}) GROUP BY invitation),
    invited AS (
        SELECT *, CASE {_WHO} END AS who,
            -- A mail that was begun and of which nothing more is known may have come; it counts as sent.
            sent_at IS NULL AND NOT given_up AND tries > deferred AS in_doubt,
            coalesce(least(sent_at, shown_at), CASE WHEN in_doubt THEN sending_at END) AS asked_at,
            channel = 'email' AND email IS NOT NULL AND invited_at IS NOT NULL AND sent_at IS NULL
                AND NOT given_up AND tries = deferred AS waits
        FROM told)"""


def _of_people() -> str:
    """``theirs`` are the invitations of people; the steps of nobody's invitations are not even gathered."""
    near = " UNION ALL ".join(
        # Plain comparisons where they will do: the engine then skips all that cannot fit.
        f"SELECT invitation FROM survey_step SEMI JOIN (SELECT value FROM id WHERE kind = '{kind}') v"
        f" ON v.value = {kind}"
        for kind in ("customer_id", "anonymous_id")
    )
    near += "".join(
        f" UNION ALL SELECT invitation FROM (SELECT * FROM survey_step WHERE {kind} IS NOT NULL)"
        f" SEMI JOIN ({values}) v ON v.value = {spelled(kind, kind)}"
        for kind, values in (
            ("email", "SELECT value FROM id WHERE kind = 'email' UNION SELECT email FROM address"),
            ("phone", "SELECT value FROM id WHERE kind = 'phone'"),
        )
    )
    return f"""WITH
    id AS (
        SELECT kind, value, customer_no FROM identifier WHERE customer_no IN (SELECT unnest($people::INTEGER[]))
        UNION ALL SELECT unnest($kinds::VARCHAR[]), unnest($values::VARCHAR[]), {NOBODY}),
    address AS (SELECT unnest($owners::INTEGER[]) AS customer_no, unnest($emails::VARCHAR[]) AS email),
    near AS ({near}),
    {invitations("invitation IN (SELECT invitation FROM near)")},
    theirs AS (
        SELECT id.customer_no, i.* FROM invited i JOIN id ON id.kind = i.who.kind AND id.value = i.who.value
        UNION SELECT a.customer_no, i.* FROM invited i JOIN address a ON a.email = i.email)"""


def _add_askings(data: Reading, found: Mapping[int, Standing], given: dict[str, Any]) -> None:
    rows = data.rows(
        f"""{_of_people()} SELECT customer_no, survey, invitation, epoch_us(asked_at),
            epoch_us(CASE WHEN waits THEN coalesce(again, due, invited_at) END), email, bounced, unsubscribed
        FROM theirs""",
        given,
    )
    for number, survey, invitation, asked, waits, email, bounced, unsubscribed in rows:
        standing = found[number]
        if asked is not None:
            standing.asked.append(Asked(survey, asked, invitation))
        if waits is not None:
            standing.waiting.append(Asked(survey, waits, invitation))
        if bounced and email:
            standing.bounced.add(email)
        standing.unsubscribed = standing.unsubscribed or bool(unsubscribed)


def _add_imported(data: Reading, found: Mapping[int, Standing], given: dict[str, Any]) -> None:
    """What another system asked counts as well."""
    rows = data.rows(
        "SELECT customer_no, coalesce(survey, ''), invitation_id, epoch_us(sent_at) FROM survey_invitation"
        " WHERE import_no > 0 AND customer_no IN (SELECT unnest($people::INTEGER[]))",
        {"people": given["people"]},
    )
    for number, survey, invitation, at in rows:
        found[number].asked.append(Asked(survey, at, invitation or ""))


def _add_mails(data: Reading, found: Mapping[int, Standing], given: dict[str, Any]) -> None:
    """What mails of any kind told: of the address where they name one, else of the person."""
    rows = data.rows(
        f"""WITH address AS (SELECT unnest($owners::INTEGER[]) AS customer_no, unnest($emails::VARCHAR[]) AS email),
        mail AS (
            SELECT customer_no, {spelled("email", "email")} AS email, bounced, unsubscribed, complained
            FROM message WHERE channel = 'email' AND (bounced OR unsubscribed OR complained)),
        theirs AS (
            SELECT * FROM mail WHERE customer_no IN (SELECT unnest($people::INTEGER[]))
            UNION SELECT a.customer_no, m.* EXCLUDE (customer_no) FROM mail m JOIN address a USING (email))
        SELECT customer_no, email, bool_or(bounced), bool_or(unsubscribed), bool_or(complained)
        FROM theirs GROUP BY ALL""",
        {name: given[name] for name in ("people", "owners", "emails")},
    )
    every = {number: set[str]() for number in found}
    for number, email in zip(given["owners"], given["emails"], strict=True):
        every[number].add(email)
    for number, email, bounced, unsubscribed, complained in rows:
        standing = found[number]
        if bounced:
            standing.bounced |= {email} if email else every[number]
        standing.unsubscribed = standing.unsubscribed or bool(unsubscribed)
        standing.complained = standing.complained or bool(complained)


def _add_tickets(data: Reading, found: Mapping[int, Standing], given: dict[str, Any], now: int) -> None:
    rows = data.rows(
        "SELECT DISTINCT customer_no FROM ticket WHERE customer_no IN (SELECT unnest($people::INTEGER[]))"
        " AND opened_at <= $now::TIMESTAMP"
        " AND (resolved_at IS NULL OR resolved_at > $now::TIMESTAMP OR coalesce(reopened_at > resolved_at, FALSE))",
        {"people": given["people"], "now": moment(now)},
    )
    for (number,) in rows:
        found[number].open_ticket = True


def moment(at: int) -> datetime:
    """A time as the database has it: UTC without saying so."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).replace(tzinfo=None, microsecond=at % 1_000_000)
