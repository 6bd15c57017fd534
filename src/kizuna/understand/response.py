"""What came of asking: how many were invited to a survey, saw it, answered it, and finished it.

The counts and rates are made as every metric is (`kizuna.measure`), so that a rate can be broken down by
any column or customer trait, and that `completed` is the catalogue's survey_response_rate. Where each person
was asked once the interval is Wilson's, else Wilson's on the size that the jackknife over customers leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from kizuna.errors import QuestionError
from kizuna.expression import quote_text
from kizuna.measure.ask import Business, evaluate_recipes
from kizuna.measure.fetch import Array
from kizuna.measure.kind import Recipe, make_recipe
from kizuna.measure.metric import Kind, Metric, Text, Unit
from kizuna.measure.question import Question

STAGES: Mapping[str, str] = {
    "shown": "coalesce(shown_at, first_answer_at, responded_at) IS NOT NULL",
    "answered": "coalesce(first_answer_at, responded_at) IS NOT NULL",
    "completed": "responded_at IS NOT NULL",
}
"""How far an invitation came, as conditions on survey_invitation; each is part of the one before."""

_SEEN = "seen"
ENDS: Mapping[str, str] = {
    _SEEN: "shown_at IS NOT NULL",
    "partial": "state = 'partial'",
    "dismissed": "state = 'dismissed'",
    "bounced": "bounced",
    "reminded": "reminded_at IS NOT NULL",
}
"""What else became of it; `seen` is of those of whom it is told when."""

KNOWN_OF_ANONYMOUS = ("channel",)
"""Answers of anonymous surveys count for an invitation of the same channel, and for nobody's in particular."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A survey (empty for all), and the first day and the day after the last one; ``None`` is as far as the data goes.

    `where` is a condition besides, as in `kizuna measure`.
    """

    survey: str
    since: date | None = None
    until: date | None = None
    level: float = 0.95
    where: str = ""

    def question(self, by: Sequence[str] = ()) -> Question:
        """What to ask of the facts about it."""
        survey = f"survey = {quote_text(self.survey)}" if self.survey else ""
        where = " AND ".join(f"({part})" for part in (survey, self.where) if part)
        return Question((), tuple(by), "all", self.since, self.until, where, "none", self.level)


@dataclass(frozen=True, slots=True)
class Rate:
    """A part of those invited: how many, and the share in percent with its interval (None where there is none)."""

    count: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Reached:
    """A group of invitations and what became of them: the names of `STAGES` and `ENDS` → rate.

    `shown` is not among them where nothing told when anything was seen, as in most files of invitations.
    """

    group: Mapping[str, str]
    invited: int
    people: int
    rates: Mapping[str, Rate]


def ad_hoc(id: str, fact: str, kind: Kind, unit: Unit, base: str = "", of: str = "", value: str = "") -> Metric:
    """A metric that is in no catalogue, with no more than it needs to be evaluated."""
    named = Text(id)
    return Metric(named, named, "", kind, unit, fact=fact, base=base, of=of, value=value, closed=kind == "share", id=id)


def stage_recipes(business: Business, *names: str) -> dict[str, Recipe]:
    """Each stage as a share of the invitations."""
    conditions = {**STAGES, **ENDS}
    return {
        name: make_recipe(ad_hoc(name, "survey_invitation", "share", "percent", of=conditions[name]), business.settings)
        for name in names or conditions
    }


def funnel(business: Business, scope: Scope, by: Sequence[str] = ()) -> list[Reached]:
    """What became of the invitations sent (or shown) in the range, by group; empty where there is none.

    `by` are columns of survey_invitation or customer traits. Raises `UnknownName` for any other, and
    `QuestionError` for what is not known of an anonymous survey.
    """
    if by and is_anonymous(business, scope.survey):
        check_known(scope.survey, by)
    found = evaluate_recipes(business, scope.question(by), stage_recipes(business))
    first = next(iter(found.estimates.values()))
    groups = []
    for place, group in enumerate(first.groups):
        invited = first.n[0, place]
        if np.isnan(invited) or not invited:
            continue
        rates = {
            name: _rate(invited, estimate.value[0, place], estimate.low[0, place], estimate.high[0, place])
            for name, estimate in found.estimates.items()
        }
        if not rates[_SEEN].count:
            del rates["shown"]
        people = int(np.nan_to_num(first.people[0, place]))
        groups.append(Reached(dict(zip(by, group, strict=True)), int(invited), people, rates))
    return groups


def is_anonymous(business: Business, survey: str) -> bool:
    """Whether anything of a survey was answered without a name: then it is not known who answered it."""
    told = f"SELECT count(*) AS steps FROM survey_step WHERE survey = {quote_text(survey)} AND anonymous AND NOT test"
    with business.store.reading() as data:
        (found,) = data.ask(told).to_pylist()
    return bool(found["steps"])


def check_known(survey: str, by: Sequence[str]) -> None:
    """Raise `QuestionError` for a break-down of an anonymous survey by more than the channel."""
    for name in by:
        if name not in KNOWN_OF_ANONYMOUS:
            raise QuestionError(
                f"{survey} is anonymous: it is not known who answered, so not by {name} either.",
                "Break it down by channel, or not at all.",
            )


def _rate(whole: float, share: float, low: float, high: float) -> Rate:
    count = round(float(whole * np.nan_to_num(share) / 100))
    return Rate(count, number_of(share), number_of(low), number_of(high))


def number_of(value: float) -> float | None:
    """A number, None where there is none."""
    return float(value) if np.isfinite(value) else None


def buckets_used(replicates: Array) -> Array:
    """(…, 33) → (…): how many buckets of customers have any. Without an empty one nothing is missing."""
    buckets = replicates.shape[-1] - 1
    without = replicates[..., 1:] * (buckets - 1) / buckets
    missing = np.abs(replicates[..., :1] - without) > 1e-9 * np.maximum(replicates[..., :1], 1)
    return np.asarray(missing.sum(axis=-1), dtype=float)
