"""The answers to surveys of customers.

The planted truth is `SLOWNESS_COSTS` with the same column of `_LEVELS`: answers fall with the logarithm
of the days a ticket took, in the survey after support and, weaker, in the half-yearly one if it comes
within two months.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from kizuna.demo import files, words
from kizuna.demo.asking import (
    AFTER_ORDER,
    HALF_YEARLY,
    MAIN_QUESTIONS,
    ON_SITE,
    SURVEYS,
    WAYS,
    Asked,
)
from kizuna.demo.chance import Bools, Floats, Ints, Rng, around, chosen, pick, pick_by, stream
from kizuna.demo.clock import DAY, HOUR, NEVER, Clock
from kizuna.demo.company import COUNTRIES, LOGISTICS, SURVEY_LANGUAGES, TEAMS, TIERS
from kizuna.demo.money import order_ids
from kizuna.demo.people import People
from kizuna.demo.support import AGENT_NAMES, Tickets, ticket_ids
from kizuna.demo.visits import CHECKED_OUT, ORDERED, STUDIED
from kizuna.facts import QUESTIONS

_ANSWERING = (0.24, 0.33, 0.15, 0.14)
_ANSWERING_BY_COUNTRY = (0.85, 1.2, 1.05, 1.1, 1.15)
_STATUSES = ("complete", "partial", "dismissed")
_INTENTS = ("buy something", "look around", "read a guide", "manage my subscription", "get help")
_INTENT_BY_STAGE = ((6, 52, 24, 8, 10), (24, 50, 12, 8, 6), (62, 26, 2, 5, 5), (86, 6, 1, 4, 3), (92, 3, 0, 4, 1))
_DONE = ("yes", "no")
SLOWNESS_COSTS = 1.6
"""Points of the 0..10 answer lost for each e-fold of (1 + days to settle)."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Who answered: rows of the invitations, when, how far they got, and how they feel (standard normal or so)."""

    asked: Asked
    row: Ints
    at: Ints
    status: Ints
    language: Ints
    feeling: Floats
    intent: Ints
    first_number: int


def make_answers(seed: int, people: People, asked: tuple[Asked, ...], clock: Clock) -> list[Answers]:
    """Who answered which invitation. Responses are numbered with their invitations, over all surveys."""
    answers: list[Answers] = []
    number = 0
    for of_survey in asked:
        rng = stream(seed, f"answers to {SURVEYS[of_survey.survey]}")
        answers.append(_answers(rng, people, of_survey, clock, number))
        number += len(of_survey.sent)
    return answers


def _answers(rng: Rng, people: People, asked: Asked, clock: Clock, first_number: int) -> Answers:
    count = len(asked.sent)
    quick = asked.survey == ON_SITE
    wait = rng.integers(5, 120, count) if quick else np.minimum(around(rng, 5 * HOUR, 1.3, count), 9 * DAY)
    at = asked.sent + wait.astype(np.int64)
    chance = _ANSWERING[asked.survey] * np.asarray(_ANSWERING_BY_COUNTRY)[asked.country]
    row = np.flatnonzero(chosen(rng, chance, count) & (at < clock.end))
    known = asked.customer[row] >= 0
    mood = np.where(known, people.mood[asked.customer[row]], 0)
    spoken = np.where(known, people.language[asked.customer[row]], np.minimum(asked.country[row], 2))
    feeling = 0.6 * mood + 0.8 * rng.standard_normal(len(row))
    status = pick(rng, len(row), (93, 4, 3))
    intent = pick_by(rng, asked.stage[row], _INTENT_BY_STAGE)
    return Answers(asked, row, at[row], status, np.minimum(spoken, 2), feeling, intent, first_number)


def response_columns(seed: int, people: People, tickets: Tickets, answers: list[Answers]) -> files.Columns:
    """The answers of customers, question by question."""
    parts = []
    for given in answers:
        rng = stream(seed, f"scores of {SURVEYS[given.asked.survey]}")
        for question, asked_of in _questions(rng, given):
            parts.append(_question(rng, people, tickets, given, question, asked_of))
    return files.stack(parts)


def _questions(rng: Rng, given: Answers) -> list[tuple[str, Bools]]:
    """The questions of a survey, and whom each was put to: the long ones go to a half or a third."""
    count = len(given.row)
    everyone, turn = np.ones(count, dtype=bool), pick(rng, count, (1, 1, 1))
    if given.asked.survey == HALF_YEARLY:
        return [("nps", everyone), ("csat", turn == 0)]
    if given.asked.survey == AFTER_ORDER:
        return [("csat", everyone), ("ces", turn < 2)]
    if given.asked.survey == ON_SITE:
        return [("visitor_intent", everyone), ("task_completion", everyone)]
    three_part = [(question, turn == 0) for question in ("reaching", "waiting", "solution")]
    index = [(question, turn == 1) for question in ("effort", "empathy", "understanding", "efficiency")]
    return [("csat", everyone), ("nps", everyone), ("ces", everyone), ("ces_effort", turn == 2), *three_part, *index]


_LEVELS: dict[str, tuple[float, float, float]] = {
    "nps": (8.85, 1.75, SLOWNESS_COSTS),
    "csat": (4.35, 0.85, 0.50),
    "ces": (5.65, 1.15, 0.50),
    "ces_effort": (2.05, 0.95, -0.40),
    "reaching": (4.05, 0.90, 0.10),
    "waiting": (4.05, 0.85, 0.75),
    "solution": (4.20, 0.85, 0.30),
    "effort": (4.00, 0.90, 0.35),
    "empathy": (4.15, 0.85, 0.15),
    "understanding": (4.10, 0.85, 0.10),
    "efficiency": (4.10, 0.85, 0.70),
}
"""By question: the middle answer, its spread, and what an e-fold of slowness takes from it."""


def _scores(rng: Rng, question: str, feeling: Floats, slowness: Floats) -> Floats:
    """Whole answers on the question's scale. Feeling is most of the answer, so answers of a person go together."""
    scale = QUESTIONS[question]
    assert scale is not None
    middle, spread, cost = _LEVELS[question]
    sign = 1 if scale.direction == "high_good" else -1
    noise = rng.standard_normal(len(feeling))
    level = middle + spread * (sign * 0.85 * feeling + 0.53 * noise) - cost * slowness
    return np.clip(np.rint(level), scale.low, scale.high)


def _question(
    rng: Rng, people: People, tickets: Tickets, given: Answers, question: str, asked_of: Bools
) -> files.Columns:
    rows = np.flatnonzero(asked_of)
    columns = _about(people, tickets, given, rows)
    columns["question"] = files.word(question, len(rows))
    if QUESTIONS[question] is None:
        return columns | _choice(rng, given, question, rows)
    return columns | _scored(rng, tickets, given, question, rows)


def _scored(rng: Rng, tickets: Tickets, given: Answers, question: str, rows: Ints) -> files.Columns:
    scale = QUESTIONS[question]
    assert scale is not None
    count, answered = len(rows), given.status[rows] < 2
    score = _scores(rng, question, given.feeling[rows], given.asked.slowness[given.row[rows]])
    columns: dict[str, Any] = {
        "score": files.numbers(score, answered, 0),
        "scale_low": files.numbers(np.full(count, scale.low), None, 0),
        "scale_high": files.numbers(np.full(count, scale.high), None, 0),
        "direction": files.word(scale.direction, count),
    }
    if question == MAIN_QUESTIONS[given.asked.survey]:
        place = (score - scale.low) / (scale.high - scale.low)
        feeling = np.where(place >= 0.85, words.GOOD, np.where(place < 0.62, words.BAD, words.MIXED))
        columns["comment"] = _comments(rng, tickets, given, rows, feeling, answered)
    return columns


def _comments(rng: Rng, tickets: Tickets, given: Answers, rows: Ints, feeling: Ints, answered: Bools) -> pa.Array:
    """A third write something, the unhappy more often; about support, delivery, or things in general."""
    written = answered & chosen(rng, np.asarray((0.48, 0.26, 0.30))[feeling], len(rows))
    ticket = given.asked.ticket[given.row[rows]]
    team = np.where(ticket >= 0, tickets.team[ticket] if len(tickets) else 0, -1)
    of_help = pick_by(rng, (team == LOGISTICS).astype(np.int64), ((25, 75, 0), (10, 45, 45)))
    other = pick(rng, len(rows), (72, 8, 20))
    return words.comments(rng, written, feeling, np.where(ticket >= 0, of_help, other), given.language[rows])


def _choice(rng: Rng, given: Answers, question: str, rows: Ints) -> files.Columns:
    """What the visitor had come to do, and whether it was done."""
    stage = given.asked.stage[given.row[rows]]
    intent = given.intent[rows]
    done = np.where(intent == 0, np.where(stage == ORDERED, 0.97, np.where(stage == CHECKED_OUT, 0.25, 0.36)), 0.78)
    done = np.where((intent == 1) & (stage >= STUDIED), 0.88, done)
    answered = given.status[rows] < 2
    if question == "visitor_intent":
        choice = files.words(np.where(answered, intent, -1), _INTENTS)
    else:
        choice = files.words(np.where(answered, (~chosen(rng, done, len(rows))).astype(np.int64), -1), _DONE)
    return {"choice": choice, "intent": files.words(np.where(answered, intent, -1), _INTENTS)}


def _about(people: People, tickets: Tickets, given: Answers, rows: Ints) -> files.Columns:
    """Whose answers these are, when, and what they are about."""
    asked, row, survey = given.asked, given.row[rows], given.asked.survey
    customer, ticket, count = asked.customer[row], asked.ticket[row], len(rows)
    about = ticket >= 0
    none = np.full(count, -1)
    return {
        "response_id": files.ids("r", given.first_number + row + 1, 6),
        "answered_at": files.times(given.at[rows]),
        "customer_id": files.customer_ids(customer),
        "status": files.words(given.status[rows], _STATUSES),
        "audience": files.word("customer", count),
        "survey": files.word(SURVEYS[survey], count),
        "invitation_id": files.ids("i", given.first_number + row + 1, 6),
        "ticket_id": ticket_ids(ticket),
        "order_id": order_ids(asked.order[row]),
        "channel": files.words(asked.way[row], WAYS),
        "country": files.words(asked.country[row], COUNTRIES),
        "tier": files.words(np.where(customer >= 0, people.tier[customer], -1), TIERS),
        "team": files.words(np.where(about, tickets.team[ticket], -1) if len(tickets) else none, TEAMS),
        "agent": files.words(np.where(about, tickets.agent[ticket], -1) if len(tickets) else none, AGENT_NAMES),
        "language": files.words(given.language[rows], SURVEY_LANGUAGES),
    }


def invitation_columns(answers: list[Answers]) -> files.Columns:
    """The invitations of customers; only complete answers count as a response."""
    return files.stack([_invitations(given) for given in answers])


def _invitations(given: Answers) -> files.Columns:
    asked, count = given.asked, len(given.asked.sent)
    responded = np.full(count, NEVER)
    complete = given.status == 0
    responded[given.row[complete]] = given.at[complete]
    return {
        "invitation_id": files.ids("i", given.first_number + np.arange(1, count + 1), 6),
        "sent_at": files.times(asked.sent),
        "responded_at": files.times(responded),
        "customer_id": files.customer_ids(asked.customer),
        "survey": files.word(SURVEYS[asked.survey], count),
        "question": files.word(MAIN_QUESTIONS[asked.survey], count),
        "channel": files.words(asked.way, WAYS),
        "country": files.words(asked.country, COUNTRIES),
        "audience": files.word("customer", count),
    }
