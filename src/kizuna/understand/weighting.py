"""Scores as they would be if those who answered were made up as those who were asked, on the traits chosen.

The engine counts and sums by cell (each combination of the traits' values) and by bucket of customers; the raking
(`kizuna.understand.raking`) and the scores are arithmetic on these. The whole of it is done once for all
answers and again without each bucket (the delete-a-group jackknife, as everywhere in Kizuna), so that the interval
allows for the weights being worked out from the same answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kizuna.errors import QuestionError
from kizuna.measure.ask import Business, evaluate_recipes
from kizuna.measure.estimate import MIN_UNITS, standard_error, t_quantile
from kizuna.measure.fetch import Array, Group
from kizuna.measure.interval import wilson
from kizuna.measure.kind import Recipe, make_recipe
from kizuna.understand.raking import CAP, Margin, Raked, effective_size, rake
from kizuna.understand.response import Scope, ad_hoc, buckets_used, check_known, is_anonymous, number_of
from kizuna.understand.score import Scored

MOST_VALUES = 60
"""A trait with more values than this is not weighted by: most of its values would have one answer or none."""

MOST_CELLS = 50_000
_INVITED, _ANSWERS = "invited", "answers"


@dataclass(frozen=True, slots=True)
class Share:
    """A value of a trait in percent of those invited, of those who answered, and of the weighted answers."""

    trait: str
    value: str
    invited: float
    answered: float
    weighted: float


@dataclass(frozen=True, slots=True)
class WeightedScore:
    """A weighted score by its metric's id, with the jackknife's interval."""

    metric: str
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Weighting:
    """What the weights are: of how many `answers`, worth how many of equal weight, from `lowest` to `highest`.

    `notes` are sentences about what they could not do.
    """

    traits: tuple[str, ...]
    answers: int
    effective: float
    lowest: float
    highest: float
    rounds: int
    converged: bool
    off: float
    shares: tuple[Share, ...]
    scores: tuple[WeightedScore, ...]
    notes: tuple[str, ...]


def weigh(business: Business, scope: Scope, wanted: Sequence[Scored], traits: Sequence[str]) -> Weighting:
    """Weighted scores of a survey's answers.

    Raises `QuestionError` where it cannot be done, `UnknownName` for a trait that there is not.
    """
    if not traits:
        raise QuestionError(
            f"{scope.survey} names no traits to weight by.", 'Write weight_by = ["country"] into its file.'
        )
    if is_anonymous(business, scope.survey):
        check_known(scope.survey, traits)
    if not wanted:
        raise QuestionError(f"{scope.survey} has no complete answers to weight.", "Leave out --weighted.")
    recipes = {each.metric.id: each.recipe for each in wanted}
    counted = {_INVITED: ad_hoc(_INVITED, "survey_invitation", "count", "count")}
    counted[_ANSWERS] = ad_hoc(_ANSWERS, "survey_response", "count", "count", wanted[0].base)
    recipes |= {name: make_recipe(metric, business.settings) for name, metric in counted.items()}
    found = evaluate_recipes(business, scope.question(traits), recipes, MOST_CELLS)
    arrays = {
        name: {use: np.nan_to_num(found.fetched.arrays[u.statistic][0]) for use, u in recipe.uses.items()}
        for name, recipe in recipes.items()
    }
    groups = found.fetched.groups.get((), [])
    invited, answers = arrays.pop(_INVITED)["rows"], arrays.pop(_ANSWERS)["rows"]
    if not groups or not answers[:, 0].sum() or not invited[:, 0].sum():
        raise QuestionError(
            f"{scope.survey} has no complete answers of invited people to weight.", "Leave out --weighted."
        )
    codes = _codes(groups, traits)
    raked = [_raked(codes, invited[:, r], answers[:, r]) for r in range(invited.shape[-1])]
    if not (answers[:, 0] * raked[0].weights).sum():
        raise QuestionError(
            f"Nobody who answered {scope.survey} is known to be like anybody invited, by {' and '.join(traits)}.",
            "Weight by traits that both survey_invitation and survey_response have.",
        )
    weights = np.stack([each.weights for each in raked], axis=-1)
    used = float(buckets_used(answers.sum(axis=0)))
    made = tuple(_weighted(each.recipe, arrays[each.metric.id], weights, used, scope.level) for each in wanted)
    return _described(traits, codes, invited[:, 0], answers[:, 0], raked[0], made)


@dataclass(frozen=True, slots=True)
class _Coded:
    """A trait's values, and which of them each cell has."""

    trait: str
    values: tuple[str, ...]
    codes: np.ndarray[tuple[int], np.dtype[np.intp]]


def _codes(groups: Sequence[Group], traits: Sequence[str]) -> list[_Coded]:
    coded = []
    for place, trait in enumerate(traits):
        values = tuple(dict.fromkeys(group[place] for group in groups))
        if len(values) > MOST_VALUES:
            raise QuestionError(
                f"{trait} has {len(values):,} values: too many to weight by.",
                f"Weight by traits with at most {MOST_VALUES}.",
            )
        where = {value: code for code, value in enumerate(values)}
        coded.append(_Coded(trait, values, np.array([where[group[place]] for group in groups], dtype=np.intp)))
    return coded


def _raked(coded: Sequence[_Coded], invited: Array, answers: Array) -> Raked:
    total = invited.sum()
    margins = [
        Margin(each.codes, np.bincount(each.codes, invited, len(each.values)) / total) if total else _nothing(each)
        for each in coded
    ]
    return rake(answers, margins)


def _nothing(coded: _Coded) -> Margin:
    return Margin(coded.codes, np.zeros(len(coded.values)))


def _weighted(recipe: Recipe, parts: dict[str, Array], weights: Array, used: float, level: float) -> WeightedScore:
    """The metric's own formula, over statistics in which each cell counts as its weight says."""
    values = {name: (part * weights).sum(axis=0)[None, None, :] for name, part in parts.items()}
    found = np.broadcast_to(recipe.formula.evaluate(values, {}), (1, 1, weights.shape[-1]))[0, 0]
    value, error = found[0], float(standard_error(found))
    low, high = _interval(recipe, float(value), error, used, level)
    return WeightedScore(recipe.metric.id, number_of(value), low, high)


def _interval(
    recipe: Recipe, value: float, error: float, used: float, level: float
) -> tuple[float | None, float | None]:
    if used < MIN_UNITS or not error > 0:
        return None, None
    t = float(t_quantile(np.array(used), level))
    if recipe.metric.kind == "share":
        share = value / 100
        size = share * (1 - share) / (error / 100) ** 2
        low, high = wilson(share * size, size, level, quantile=t)
        return number_of(100 * float(low)), number_of(100 * float(high))
    if recipe.metric.kind == "net":
        return max(value - t * error, -100.0), min(value + t * error, 100.0)
    return value - t * error, value + t * error


def _described(
    traits: Sequence[str],
    coded: Sequence[_Coded],
    invited: Array,
    answers: Array,
    raked: Raked,
    made: tuple[WeightedScore, ...],
) -> Weighting:
    shares = []
    for each in coded:
        kinds = (invited, answers, answers * raked.weights)
        columns = [100 * Margin(each.codes, np.zeros(len(each.values))).shares(counts) for counts in kinds]
        rows = zip(each.values, *columns, strict=True)
        shares += [Share(each.trait, value, *map(float, numbers)) for value, *numbers in rows]
    inside = raked.weights[(answers > 0) & (raked.weights > 0)]
    return Weighting(
        tuple(traits),
        round(float(answers.sum())),
        effective_size(answers, raked.weights),
        float(inside.min(initial=np.inf)),
        float(inside.max(initial=0.0)),
        raked.rounds,
        raked.converged,
        raked.off,
        tuple(shares),
        made,
        tuple(_notes(coded, answers, raked, shares)),
    )


def _notes(coded: Sequence[_Coded], answers: Array, raked: Raked, shares: Sequence[Share]) -> list[str]:
    notes = []
    by_name = {(share.trait, share.value): share for share in shares}
    for place, code in raked.empty:
        trait, value = coded[place].trait, coded[place].values[code]
        share = by_name[trait, value].invited
        notes.append(
            f"Nobody of {trait} {value} answered ({share:.1f} % of those invited): no weight can speak for them."
        )
    if left_out := float(answers[raked.weights == 0].sum()):
        notes.append(f"Left out, since nobody like them was invited: {left_out:,.0f} of {answers.sum():,.0f} answers.")
    if not raked.converged:
        notes.append(
            f"The weights did not come to rest in {raked.rounds} rounds: a share is still {100 * raked.off:.1f} points"
            " off. Weight by fewer traits."
        )
    elif raked.cut and raked.off > 1e-6:
        notes.append(
            f"Weights were held between 1/{CAP:g} and {CAP:g}, so that a share stays {100 * raked.off:.1f} points off."
        )
    return notes
