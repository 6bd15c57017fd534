"""What customers said: filled-in surveys as an inbox, newest first, filtered and counted.

One `Voice` is one response with all its answers; its main answer is the one to the question that its survey is about.

Who answered without a name stays without one: of a ballot (`kizuna.collect.survey.links`), and of what employees
said unless they are named, only the survey, the month and the answers are given, never the day, the channel
or the language, and nothing at all where fewer than `least` such answers fit the survey, period, channel and language
asked for (k-anonymity, Sweeney 2002). What that does not protect from: words by which somebody is known, and whoever
compares two periods that differ by one day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from kizuna.errors import QuestionError
from kizuna.expression import quote_text
from kizuna.measure.ask import Business
from kizuna.measure.past import AS_OF, day_asked, day_table
from kizuna.understand.opinion import OPINIONS, Opinion, opinion_sql

PAGE = 25
MOST_TEXT = 200
"""So long a text may be searched for."""

FACT = "survey_response"

CHOICES = ("survey", "channel", "language")
"""What answers can be chosen by."""

UNNAMED = (
    "(starts_with(t.response_id, 'ballot.') OR starts_with(t.response_id, 'open-ballot.')"
    " OR t.audience = 'employee' AND t.customer_no IS NULL)"
)
"""An answer that nobody is to be found by. A survey that is anonymous gives ballots alone."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which responses: those that fit everything that is said here.

    `since` and `until` (not included) are days of answering, `where` is a condition as in `kizuna measure`, `low` and
    `high` bound the score of the main answer, `text` is searched for in what was written, `among` are the only
    responses looked at and `besides` those that are left out, by id.
    """

    since: date | None = None
    until: date | None = None
    survey: str = ""
    channel: str = ""
    language: str = ""
    where: str = ""
    opinion: Opinion | None = None
    low: float | None = None
    high: float | None = None
    comment: bool = False
    text: str = ""
    among: Sequence[str] | None = None
    besides: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to one question: a score on its scale, a choice, or words."""

    question: str
    score: float | None
    low: float | None
    high: float | None
    direction: str
    choice: str
    comment: str


@dataclass(frozen=True, slots=True)
class Voice:
    """One response. `at` is when it was given, in UTC; where it is not `named`, the first of the month.

    `place` is what to go on after, see `voices`. `complete` says that all was answered that had to be.
    """

    id: str
    place: str
    at: datetime
    named: bool
    survey: str
    main: Answer
    opinion: Opinion | None
    comment: str
    complete: bool
    channel: str
    language: str
    country: str
    agent: str
    team: str
    ticket_id: str
    order_id: str
    invitation_id: str
    customer_no: int | None
    customer: str
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """How many responses fit, by opinion, and how many say something in words.

    `hidden` says that there are others without names, too few to be shown.
    """

    responses: int
    good: int
    neither: int
    bad: int
    comments: int
    hidden: bool


def voices(
    business: Business, wanted: Wanted, least: int, limit: int = PAGE, after: str = ""
) -> tuple[list[Voice], str]:
    """A page of responses, the newest first, and what to give as `after` for the next; empty where there is none.

    `least` is the setting least_people. Raises `QuestionError` for an `after` that is none, and for a `where` as
    everywhere.
    """
    sql, tables = _selected(business, wanted, least)
    follow = ""
    if after:
        time, _, tie = after.partition("~")
        follow = f" WHERE (placed_at, tie) < (TIMESTAMP {quote_text(_time(time))}, {quote_text(tie)})"
    sql += f" SELECT {', '.join(_COLUMNS)} FROM fits LEFT JOIN customer c USING (customer_no)"
    sql += f"{follow} ORDER BY placed_at DESC, tie DESC LIMIT {limit + 1}"
    with business.store.reading() as data:
        data.bring(tables)
        if AS_OF in sql:
            data.bring(day_table(day_asked(data, wanted.until, business.settings.zone)))
        rows = data.ask(sql).to_pylist()
        page = [_voice(row) for row in rows[:limit]]
        data.bring({"voice_page": _table([each.id for each in page])})
        answers = _answers(data.ask(_ANSWERS).to_pylist())
    page = [replace(each, answers=tuple(answers.get(each.id, ()))) for each in page]
    return page, page[-1].place if len(rows) > limit else ""


def voice(business: Business, id: str, least: int) -> Voice | None:
    """One response by its id, None where there is none or it must not be shown."""
    found, _ = voices(business, Wanted(among=(id,)), least, 1)
    return found[0] if found else None


def counted(business: Business, wanted: Wanted, least: int) -> Counted:
    """How many fit."""
    sql, tables = _selected(business, wanted, least)
    by = ", ".join(f"count(*) FILTER (opinion = '{each}') AS {each}" for each in OPINIONS)
    hidden = "(SELECT count(*) FROM voice) > (SELECT count(*) FROM shown) AS hidden"
    with business.store.reading() as data:
        data.bring(tables)
        if AS_OF in sql:
            data.bring(day_table(day_asked(data, wanted.until, business.settings.zone)))
        (found,) = data.ask(
            f"{sql} SELECT count(*) AS responses, {by}, count(comment) AS comments, {hidden} FROM fits"
        ).to_pylist()
    return Counted(**found)


def choices(business: Business) -> dict[str, list[str]]:
    """The surveys, channels and languages that answers have, for choosing from."""
    with business.store.reading() as data:
        return {name: [row["value"] for row in data.ask(_CHOICES.format(name=name)).to_pylist()] for name in CHOICES}


def _selected(business: Business, wanted: Wanted, least: int) -> tuple[str, dict[str, pa.Table]]:
    """``WITH … fits AS (…)``: the responses that are wanted and may be shown; and the tables it joins."""
    names = business.planner.names(FACT)
    rows = ["t.status <> 'dismissed'"]
    if wanted.where:
        rows.append(f"({names.condition(wanted.where)}) AND NOT {UNNAMED}")
    rows += [f"t.{name} = {quote_text(value)}" for name in CHOICES if (value := getattr(wanted, name))]
    days = ((">=", wanted.since), ("<", wanted.until))
    rows += [f"t.answered_day {sign} DATE '{day.isoformat()}'" for sign, day in days if day is not None]
    if wanted.among is not None:
        # Of the others only those without a name are gathered, because their number is asked for.
        rows.append(f"(t.response_id IN (SELECT id FROM voice_among) OR {UNNAMED})")
    fits, tables = _fitting(wanted)
    sql = _VOICES.format(
        joins=names.joins(),
        rows=" AND ".join(rows),
        unnamed=UNNAMED,
        fits=" AND ".join(fits),
        opinion=opinion_sql("main"),
        least=int(least),
    )
    return sql, tables


def _fitting(wanted: Wanted) -> tuple[list[str], dict[str, pa.Table]]:
    """What is asked of what the responses say."""
    fits, tables = ["TRUE"], {}
    if wanted.opinion:
        fits.append(f"opinion = {quote_text(wanted.opinion)}")
    bounds = ((">=", wanted.low), ("<=", wanted.high))
    fits += [f"main.score {sign} {float(bound)!r}" for sign, bound in bounds if bound is not None]
    if wanted.comment:
        fits.append("comment IS NOT NULL")
    if text := wanted.text.replace("\0", "").strip()[:MOST_TEXT]:
        fits.append(f"contains(lower(comment), lower({quote_text(text)}))")
    for name, ids, sign in (("among", wanted.among, "IN"), ("besides", wanted.besides, "NOT IN")):
        if ids or (name == "among" and ids is not None):
            tables[f"voice_{name}"] = _table(ids)
            fits.append(f"response_id {sign} (SELECT id FROM voice_{name})")
    return fits, tables


# A survey's main question is told by its invitations; else it is the one something was written to, a usual one, or
# the one with a score.
_VOICES = """
WITH about AS (
    SELECT survey, mode(question) AS question FROM survey_invitation WHERE question IS NOT NULL GROUP BY survey),
given AS (
    SELECT t.*, {unnamed} AS unnamed, concat(
        coalesce(t.question = about.question, false)::INT, (t.comment IS NOT NULL)::INT,
        10 - coalesce(list_position(['nps', 'csat', 'ces', 'ces_effort', 'employee_satisfaction'], t.question), 9),
        (t.score IS NOT NULL)::INT, t.question) AS weight
    FROM survey_response AS t LEFT JOIN about ON about.survey = t.survey {joins}
    WHERE {rows}),
voice AS (
    SELECT response_id, bool_or(unnamed) AS unnamed, min(answered_at) AS said_at, min(answered_day) AS day,
        arg_max(struct_pack(question, score, scale_low, scale_high, direction, choice), weight) AS main,
        string_agg(nullif(trim(comment), ''), chr(10) ORDER BY weight DESC) AS comment,
        bool_and(status = 'complete') AS complete, min(survey) AS survey, min(channel) AS channel,
        min(language) AS language, min(country) AS country, min(agent) AS agent, min(team) AS team,
        min(ticket_id) AS ticket_id, min(order_id) AS order_id, min(invitation_id) AS invitation_id,
        min(customer_no) AS customer_no
    FROM given GROUP BY response_id),
shown AS (
    SELECT * FROM voice WHERE NOT unnamed OR coalesce(survey, '') IN (
        SELECT coalesce(survey, '') FROM voice WHERE unnamed GROUP BY survey HAVING count(*) >= {least})),
fits AS (
    SELECT response_id, unnamed, survey, main, comment, complete, {opinion} AS opinion,
        CASE WHEN unnamed THEN date_trunc('month', day)::TIMESTAMP ELSE said_at END AS placed_at,
        CASE WHEN unnamed THEN md5(response_id) ELSE response_id END AS tie,
        CASE WHEN NOT unnamed THEN channel END AS channel, CASE WHEN NOT unnamed THEN language END AS language,
        CASE WHEN NOT unnamed THEN country END AS country, CASE WHEN NOT unnamed THEN agent END AS agent,
        CASE WHEN NOT unnamed THEN team END AS team, CASE WHEN NOT unnamed THEN ticket_id END AS ticket_id,
        CASE WHEN NOT unnamed THEN order_id END AS order_id,
        CASE WHEN NOT unnamed THEN invitation_id END AS invitation_id,
        CASE WHEN NOT unnamed THEN customer_no END AS customer_no
    FROM shown WHERE {fits})
"""

_COLUMNS = (
    "response_id", "placed_at", "tie", "NOT unnamed AS named", "fits.survey", "main", "opinion", "comment", "complete",
    "fits.channel", "fits.language", "fits.country", "agent", "team", "ticket_id", "order_id", "invitation_id",
    "fits.customer_no", "coalesce(c.name, c.customer_id, c.email) AS customer",
)  # fmt: skip
_TEXTS = (
    "survey", "comment", "channel", "language", "country", "agent", "team", "ticket_id", "order_id", "invitation_id",
    "customer",
)  # fmt: skip

_SAID = ("question", "score", "scale_low", "scale_high", "direction", "choice", "comment")
_ANSWERS = f"""
SELECT response_id, {", ".join(_SAID)} FROM {FACT} JOIN voice_page ON id = response_id
WHERE status <> 'dismissed' ORDER BY response_id, line_no, question
"""

_CHOICES = (
    f"SELECT DISTINCT {{name}} AS value FROM {FACT} WHERE {{name}} <> '' AND status <> 'dismissed' ORDER BY 1 LIMIT 200"
)


def _voice(row: Mapping[str, Any]) -> Voice:
    texts = {name: row[name] or "" for name in _TEXTS}
    return Voice(
        id=row["response_id"],
        place=f"{row['placed_at'].isoformat()}~{row['tie']}",
        at=row["placed_at"],
        named=row["named"],
        main=_answer(row["main"]),
        opinion=row["opinion"],
        complete=row["complete"],
        customer_no=row["customer_no"],
        answers=(),
        **texts,
    )


def _answers(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for row in rows:
        found.setdefault(row["response_id"], []).append(_answer(row))
    return found


def _answer(row: Mapping[str, Any]) -> Answer:
    question, score, low, high, direction, choice, comment = (row.get(name) for name in _SAID)
    return Answer(str(question), score, low, high, direction or "high_good", choice or "", comment or "")


def _table(ids: Sequence[str]) -> pa.Table:
    return pa.table({"id": pa.array(ids, pa.string())})


def _time(text: str) -> str:
    try:
        return datetime.fromisoformat(text).isoformat(sep=" ")
    except ValueError:
        raise QuestionError(f"There is no page after {text[:40]!r}.", "Begin with the first page.") from None
