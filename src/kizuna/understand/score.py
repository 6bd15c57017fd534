"""What a survey measured: each of its questions by the metric that is made for it, as `kizuna measure` gives it.

A question of one's own, which no metric is made for, is given as the mean of its scale, or as the share of each
choice. So is a known question on a scale that its metric does not take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kizuna.collect.survey.checks import METRIC_SCALES
from kizuna.expression import quote_text
from kizuna.measure.ask import Business, evaluate_recipes
from kizuna.measure.estimate import Estimate
from kizuna.measure.fetch import Group
from kizuna.measure.kind import Recipe, make_recipe
from kizuna.measure.metric import Metric
from kizuna.understand.response import Scope, ad_hoc, number_of

MOST_CHOICES = 20

_BY_QUESTION: Mapping[tuple[str, str], str] = {
    ("nps", "customer"): "nps",
    ("csat", "customer"): "csat",
    ("ces", "customer"): "ces",
    ("ces_effort", "customer"): "ces.effort",
    ("nps", "employee"): "employee_nps",
    ("employee_satisfaction", "employee"): "employee_satisfaction",
    ("task_completion", "customer"): "task_completion_rate",
    **dict.fromkeys((("reaching", "customer"), ("waiting", "customer"), ("solution", "customer")), "ces.three_part"),
    **dict.fromkeys(
        (("effort", "customer"), ("empathy", "customer"), ("understanding", "customer"), ("efficiency", "customer")),
        "cxi",
    ),
}
_TEN_POINT = ("nps", "customer", "1..10")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was answered: on which scale, of whom, how often in full, and with which choices."""

    question: str
    audience: str
    scale: str
    scores: int
    choices: tuple[str, ...]
    comments: int


@dataclass(frozen=True, slots=True)
class Score:
    """A number made of the answers to `question`; `label` says which, such as the choice of which it is the share."""

    question: str
    label: str
    metric: Metric
    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Scored:
    """A metric of a survey's answers, before it is evaluated. `base` counts them, as a condition on survey_response."""

    question: str
    label: str
    metric: Metric
    recipe: Recipe
    base: str


def answered(business: Business, scope: Scope, order: Sequence[str] = ()) -> list[Asked]:
    """The questions of a survey that were answered in full: in the `order` asked, else the most answered first."""
    days = [f"answered_day >= DATE '{scope.since}'"] if scope.since else []
    days += [f"answered_day < DATE '{scope.until}'"] if scope.until else []
    condition = " AND ".join([f"survey = {quote_text(scope.survey)}", "status = 'complete'", *days])
    told = (
        "SELECT question, audience, scale, count(score) AS scores, count(comment) AS comments, count(*) AS n,"
        f" (list_distinct(list(choice)))[:{MOST_CHOICES}] AS choices"
        f" FROM survey_response WHERE {condition} GROUP BY question, audience, scale ORDER BY n DESC, question, scale"
    )
    with business.store.reading() as data:
        rows = data.ask(told).to_pylist()
    found = [
        Asked(
            row["question"],
            row["audience"],
            row["scale"] or "",
            row["scores"],
            tuple(sorted(filter(None, row["choices"] or ()))),
            row["comments"],
        )
        for row in rows
    ]
    places = {id: place for place, id in enumerate(order)}
    return sorted(found, key=lambda asked: places.get(asked.question, len(places)))


def scored(business: Business, asked: Sequence[Asked]) -> list[Scored]:
    """The metrics of questions, each once."""
    found = {each.metric.id: each for question in asked for each in _scored(business, question)}
    return list(found.values())


def scores(business: Business, scope: Scope, wanted: Sequence[Scored]) -> list[Score]:
    """The metrics evaluated over the answers given in the range, as `kizuna measure … --where "survey = '…'"` does."""
    if not wanted:
        return []
    found = evaluate_recipes(business, scope.question(), {each.metric.id: each.recipe for each in wanted})
    return [_score(each, found.estimates[each.metric.id], 0) for each in wanted]


def scores_by(business: Business, scope: Scope, wanted: Scored, by: Sequence[str]) -> list[tuple[Group, Score]]:
    """One metric by group. Raises `UnknownName` where answers have no such column, nor customers such a trait."""
    found = evaluate_recipes(business, scope.question(by), {wanted.metric.id: wanted.recipe})
    estimate = found.estimates[wanted.metric.id]
    return [(group, _score(wanted, estimate, place)) for place, group in enumerate(estimate.groups)]


def _score(wanted: Scored, estimate: Estimate, place: int) -> Score:
    value, low, high = (number_of(array[0, place]) for array in (estimate.value, estimate.low, estimate.high))
    return Score(
        wanted.question, wanted.label, wanted.metric, value, low, high, int(np.nan_to_num(estimate.n[0, place]))
    )


def _scored(business: Business, asked: Asked) -> Iterator[Scored]:
    base = (
        f"question = {quote_text(asked.question)} AND status = 'complete' AND audience = {quote_text(asked.audience)}"
    )
    name = _metric_of(asked)
    if name and name in business.catalogue:
        metric = business.catalogue[name]
        yield Scored(asked.question, "", metric, business.catalogue.recipe(name), base)
        return
    if asked.scores:
        on_scale = f"{base} AND scale = {quote_text(asked.scale)} AND score IS NOT NULL"
        id = f"{asked.question} {asked.scale}"
        yield _made(business, asked, "", ad_hoc(id, "survey_response", "mean", "score", on_scale, value="score"), base)
    for choice in asked.choices:
        chosen = f"{base} AND choice IS NOT NULL"
        one = ad_hoc(
            f"{asked.question} = {choice}",
            "survey_response",
            "share",
            "percent",
            chosen,
            f"choice = {quote_text(choice)}",
        )
        yield _made(business, asked, choice, one, base)


def _made(business: Business, asked: Asked, label: str, metric: Metric, base: str) -> Scored:
    return Scored(asked.question, label, metric, make_recipe(metric, business.settings), base)


def _metric_of(asked: Asked) -> str:
    if (asked.question, asked.audience, asked.scale) == _TEN_POINT:
        return "nps.ten_point"
    taken = METRIC_SCALES.get((asked.question, asked.audience))
    if taken is not None and asked.scores and asked.scale not in taken:
        return ""
    return _BY_QUESTION.get((asked.question, asked.audience), "")
