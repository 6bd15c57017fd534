"""Whom a survey's rule would ask now: everybody to whom what it is about has happened, lately enough.

A candidate's invitation has an id made of the survey, the rule and what it is about, so that the same thing is
asked about once, whatever becomes of the database. Who is in the share that is asked (`sample`) is made of the
same, so that a second look chooses the same people.
"""

from __future__ import annotations

import tomllib
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from kizuna.act.subjects import Subject, subject_of
from kizuna.collect.survey.survey import Survey
from kizuna.expression import quote_text
from kizuna.facts import FACTS, Fact
from kizuna.locale.texts import nearest
from kizuna.measure.names import Names
from kizuna.measure.past import Past
from kizuna.settings import Settings
from kizuna.store.duckdb import Reading

HOUR = 3_600_000_000
ZONE_TRAITS = ("timezone", "time_zone", "timeZone", "tz")
EMPLOYEE = "coalesce(lower({0}properties['employee']) IN ('true', 'yes', '1'), FALSE)"
"""SQL: a person works here, as the trait ``employee`` says."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who might be asked, and about what. `at` is when it happened, `late` from when it is too late to ask."""

    invitation: str
    survey: str
    rule: str
    subject: str
    at: int
    late: int
    sampled: bool
    customer_no: int
    emails: tuple[str, ...]
    """The row's own, the customer's, then others that are known, the oldest first."""
    language: str
    zone: str
    about: Mapping[str, Any]
    """Columns of the step ``invited`` that the row and its customer tell: customer_id, ticket_id, agent …"""


Known = Mapping[str, Sequence[str]]
"""The names of properties per fact."""

_ABOUT = ("ticket_id", "order_id", "agent", "team", "tier", "campaign", "country")


def candidates(
    data: Reading,
    survey: Survey,
    now: int,
    settings: Settings,
    properties: Mapping[str, Sequence[str]],
    people: Sequence[int] | None = None,
    segments: Mapping[str, str] | None = None,
) -> list[Candidate]:
    """Everybody whom the rule of `survey` would ask at `now`, before anybody looks who was asked already.

    In order of time; only of `people`, where they are given. Raises `QuestionError` where the condition is not right.
    """
    when = survey.text.when
    subject = subject_of(when, settings.timezone)
    if subject is None:
        return []
    values = _values(subject, survey, now) | ({} if people is None else {"people": list(people)})
    names = _names(subject.fact, subject.time, properties, now, settings, segments)
    rows = data.rows(_sql(subject, survey, names, narrow=people is not None), values)
    told_of = ("subject", "at", "customer_no", "customer_id", "phone", "emails", "language", "said_country", "zone")
    found = []
    for row in rows:
        told = dict(zip((*told_of, *_ABOUT), row, strict=True))
        found.append(_candidate(survey, told, settings))
    return found


def in_segment(
    data: Reading,
    survey: Survey,
    numbers: Sequence[int],
    now: int,
    settings: Settings,
    properties: Known,
    segments: Mapping[str, str] | None = None,
) -> bool:
    """Whether one of these people is of whom a survey on a page is asked (its condition is about the customer)."""
    if not survey.text.when.where:
        return True
    names = _names(FACTS["customer"], FACTS["customer"].time, properties, now, settings, segments)
    condition = names.condition(survey.text.when.where)
    return bool(
        data.rows(
            f"SELECT 1 FROM customer AS t{names.joins()} "
            f"WHERE t.customer_no IN (SELECT unnest($people::INTEGER[])) AND ({condition})",
            {"people": list(numbers)},
        )
    )


def check_condition(
    survey: Survey, settings: Settings, properties: Known, segments: Mapping[str, str] | None = None
) -> None:
    """Raise `QuestionError` where the condition of a survey's rule is not right."""
    subject = subject_of(survey.text.when, settings.timezone)
    fact, time = (subject.fact, subject.time) if subject else (FACTS["customer"], FACTS["customer"].time)
    if survey.text.when.where:
        _names(fact, time, properties, 0, settings, segments).condition(survey.text.when.where)


def rule_of(survey: Survey) -> str:
    """The rule as it is written in an invitation."""
    return survey.text.when.after


def invitation_id(survey: str, rule: str, subject: str) -> str:
    """The id of the one invitation about something."""
    text = f"{survey}\0{rule}\0{subject}".encode(errors="surrogatepass")
    return urlsafe_b64encode(blake2b(text, digest_size=12, person=b"invitation").digest()).decode("ascii")


def in_sample(survey: str, subject: str, share: float) -> bool:
    """Whether something is in the share that is asked about: the same at every look, and spread evenly."""
    text = f"{survey}\0{subject}".encode(errors="surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8, person=b"sample").digest()) < share * 2**64


def language_for(survey: Survey, settings: Settings, language: str | None, country: str | None) -> str:
    """The language to ask in: what the customer speaks, else what the country does, else the survey's first."""
    known = tuple(survey.languages(settings.languages))
    by_country = _languages_of_countries().get((country or "").upper(), "")
    for wish in (language or "", by_country):
        if wish and (found := nearest(wish, known)):
            return found
    return known[0]


def zone_for(name: str | None, settings: Settings) -> ZoneInfo:
    """The zone somebody lives in, the workspace's where that is not known."""
    return ZoneInfo(name) if name and name in _zones() else settings.zone


def _candidate(survey: Survey, told: Mapping[str, Any], settings: Settings) -> Candidate:
    when, rule = survey.text.when, rule_of(survey)
    subject, at = str(told["subject"]), int(told["at"])
    named = f"{rule}:{when.event}" if when.event else rule
    about = {name: str(told[name]) for name in ("customer_id", "phone", *_ABOUT) if told[name] not in (None, "")}
    country = about.get("country") or told["said_country"]
    if country:
        about["country"] = str(country)
    if survey.text.campaign:
        about["campaign"] = survey.text.campaign
    return Candidate(
        invitation_id(survey.name, named, subject),
        survey.name,
        rule,
        subject,
        at,
        at + int(when.within_hours * HOUR),
        in_sample(survey.name, subject, when.sample),
        int(told["customer_no"]),
        tuple(dict.fromkeys(told["emails"] or ())),
        language_for(survey, settings, told["language"], country),
        zone_for(told["zone"], settings).key,
        about,
    )


def _names(
    fact: Fact, time: str, properties: Known, now: int, settings: Settings, segments: Mapping[str, str] | None
) -> Names:
    """What a condition's names stand for; what customers did counts until the day of `now`."""
    day = datetime.fromtimestamp(now / 1_000_000, settings.zone).date()
    return Names(
        fact, time, properties, segments={} if segments is None else segments, past=Past(f"DATE '{day:%Y-%m-%d}'")
    )


def _sql(subject: Subject, survey: Survey, names: Names, *, narrow: bool) -> str:
    condition = names.condition(survey.text.when.where) if survey.text.when.where else "TRUE"
    columns = subject.fact.stored_columns()
    about = ", ".join(f"t.{name}" if name in columns else f"NULL AS {name}" for name in _ABOUT)
    own = [f"t.{name}" if name in columns else "NULL" for name in ("customer_id", "phone", "email")]
    whose = "t.customer_no IN (SELECT unnest($people::INTEGER[]))" if narrow else "t.customer_no IS NOT NULL"
    works_here = EMPLOYEE.format("")
    zone = ", ".join(f"nullif(properties[{quote_text(name)}], '')" for name in ZONE_TRAITS)
    return f"""
    WITH found AS (
        SELECT {subject.id} AS subject, {subject.at} AS happened, t.customer_no, {own[0]} AS customer_id,
            {own[1]} AS phone, {own[2]} AS email, {about}
        FROM {subject.rows}{names.joins()}
        WHERE {whose} AND {subject.holds} AND ({condition})
    ),
    lately AS (FROM found WHERE happened <= make_timestamp($until) AND happened > make_timestamp($since)),
    person AS (
        SELECT customer_no, min(customer_id) AS customer_id, min(phone) AS phone, min(language) AS language,
            min(country) AS country, min(coalesce({zone})) AS zone, bool_or({works_here}) AS works_here,
            list(lower(trim(email)) ORDER BY row_key) FILTER (email IS NOT NULL) AS emails
        FROM customer WHERE customer_no IN (SELECT customer_no FROM lately) GROUP BY customer_no
    ),
    known AS (
        SELECT customer_no, list(value ORDER BY day, value) AS emails FROM identifier
        WHERE kind = 'email' AND customer_no IN (SELECT customer_no FROM lately) GROUP BY customer_no
    )
    SELECT l.subject, epoch_us(l.happened), l.customer_no, coalesce(l.customer_id, p.customer_id),
        coalesce(l.phone, p.phone),
        list_filter(list_concat([lower(trim(l.email))], p.emails, k.emails), lambda each: each <> ''),
        p.language, p.country, p.zone, {", ".join(f"l.{name}" for name in _ABOUT)}
    FROM lately l LEFT JOIN person p USING (customer_no) LEFT JOIN known k USING (customer_no)
    WHERE coalesce(p.works_here, FALSE) = $employees
    ORDER BY l.happened, l.subject
    """


def _values(subject: Subject, survey: Survey, now: int) -> dict[str, Any]:
    when = survey.text.when
    values: dict[str, Any] = {
        "until": now - int(when.delay_hours * HOUR),
        "since": now - int(when.within_hours * HOUR),
        "employees": survey.text.audience == "employee",
        **subject.values,
    }
    if "$now" in subject.at:
        values |= {"now": datetime.fromtimestamp(now / 1_000_000, UTC).replace(tzinfo=None)}
        values |= {"delay": when.delay_hours * 3600}
    return values


@cache
def _languages_of_countries() -> dict[str, str]:
    text = (files("kizuna.locale") / "country_language.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
