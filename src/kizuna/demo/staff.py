"""Surveys of the people who work there: each quarter, without names."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from kizuna.demo import files
from kizuna.demo.asking import MAIN_QUESTIONS, SURVEYS
from kizuna.demo.chance import Ints, Rng, chosen, pick, stream
from kizuna.demo.clock import DAY, HOUR, NEVER, Clock, at_hour, first_of_month, month_of_day
from kizuna.demo.company import COUNTRIES, DK, JP

_STAFF = 92
_TEAMS = ("Orders", "Logistics", "Subscriptions", "Tea advice", "Stores", "Shop and app", "Buying")
_SURVEY = len(SURVEYS) - 1


def employee_columns(seed: int, clock: Clock) -> tuple[files.Columns, files.Columns]:
    """(answers, invitations) of the staff. Nobody can be told from an answer: it has a team and no person."""
    rng = stream(seed, "staff")
    sent = _sent(clock)
    quarter = np.repeat(np.arange(len(sent)), _STAFF)
    person = np.tile(np.arange(_STAFF), len(sent))
    team, content = pick(rng, _STAFF, (10, 15, 12, 8, 25, 18, 12))[person], rng.standard_normal(_STAFF)[person]
    answered = chosen(rng, 0.78, len(person))
    at = sent[quarter] + rng.integers(HOUR, 6 * DAY, len(person))
    responded = np.where(answered, at, NEVER)
    asked = {
        "invitation_id": _ids("wi", len(person)),
        "sent_at": files.times(sent[quarter]),
        "responded_at": files.times(responded),
        "survey": files.word(SURVEYS[_SURVEY], len(person)),
        "question": files.word(MAIN_QUESTIONS[_SURVEY], len(person)),
        "channel": files.word("email", len(person)),
        "country": _country(team),
        "audience": files.word("employee", len(person)),
    }
    rows = np.flatnonzero(answered)
    satisfied = _scores(rng, 7.4 + 1.3 * content[rows], 1, 10)
    loyal = _scores(rng, 8.0 + 1.5 * content[rows], 0, 10)
    parts = [
        _answers("employee_satisfaction", satisfied, 1, rows, at[rows], team[rows], len(person)),
        _answers("nps", loyal, 0, rows, at[rows], team[rows], len(person)),
    ]
    return files.stack(parts), asked


def _sent(clock: Clock) -> Ints:
    """Ten in the morning on the fifth day of the last month of each quarter."""
    days = clock.days
    return at_hour(days[(days - first_of_month(days) == 4) & (month_of_day(days) % 3 == 2)], 10)


def _ids(prefix: str, count: int) -> pa.Array:
    return files.ids(prefix, np.arange(1, count + 1), 5)


def _country(team: Ints) -> pa.Array:
    """Half of the stores' people and the tea advice are in Copenhagen."""
    return files.words(np.where((team == 3) | ((team == 4) & (np.arange(len(team)) % 2 == 0)), DK, JP), COUNTRIES)


def _scores(rng: Rng, level: np.ndarray[tuple[int], np.dtype[np.float64]], low: int, high: int) -> Ints:
    return np.clip(np.rint(level + 0.9 * rng.standard_normal(len(level))), low, high).astype(np.int64)


def _answers(question: str, score: Ints, low: int, rows: Ints, at: Ints, team: Ints, asked: int) -> files.Columns:
    count = len(rows)
    return {
        "response_id": files.ids("wr", rows + 1, 5),
        "question": files.word(question, count),
        "answered_at": files.times(at),
        "score": files.numbers(score.astype(float), None, 0),
        "scale_low": files.numbers(np.full(count, float(low)), None, 0),
        "scale_high": files.numbers(np.full(count, 10.0), None, 0),
        "direction": files.word("high_good", count),
        "status": files.word("complete", count),
        "audience": files.word("employee", count),
        "survey": files.word(SURVEYS[_SURVEY], count),
        "invitation_id": files.ids("wi", rows + 1, 5),
        "channel": files.word("email", count),
        "team": files.words(team, _TEAMS),
    }
