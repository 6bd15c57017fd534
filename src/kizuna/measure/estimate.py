"""From statistics to numbers that say how sure they are.

Each metric is evaluated on the whole data and on the 32 leave-one-bucket-out replicates at once.
The spread of the replicates gives the standard error of *any* metric (delete-a-group jackknife:
Kott, "The delete-a-group jackknife", J. Official Statistics 17, 2001), and the spread of the
difference of replicates that of a change, in which customers present in both periods cancel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from kizuna.facts import BUCKETS
from kizuna.measure.calendar import Axis, add_months
from kizuna.measure.fetch import Array, Extra, Fetched, Group, replicate
from kizuna.measure.formula import Shift
from kizuna.measure.interval import adjusted_wald_net, wilson
from kizuna.measure.kind import Recipe, Use
from kizuna.measure.statistic import Quantile

MIN_UNITS = 5
"""Fewer buckets in use than this give no interval."""

PERCENTILE_PERIODS = 12

TOTALS = ("count", "sum", "people")
"""Kinds that grow with the length of the period."""

POSITIVE_UNITS = ("money", "seconds", "days", "count", "ratio")
"""Units of amounts, which are skewed and not below zero: their intervals are made on the log scale."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric over all periods and groups: `values` (periods, groups, 33), the rest (periods, groups)."""

    recipe: Recipe
    groups: list[Group]
    values: Array
    n: Array
    people: Array
    used: Array
    low: Array
    high: Array
    flags: Mapping[str, Mask]

    @property
    def value(self) -> Array:
        return self.values[..., 0]


@dataclass(frozen=True, slots=True)
class Change:
    """The difference of each period from the one it is compared with."""

    previous: Array
    change: Array
    low: Array
    high: Array
    p_value: Array


def standard_error(values: Array) -> Array:
    """(…, 33) → (…): the delete-a-group jackknife's standard error, NaN where a replicate has no value.

    Rounding is no spread: an error far below the value's own precision is 0.
    """
    deviations = values[..., 1:] - values[..., :1]
    error = np.sqrt((BUCKETS - 1) / BUCKETS * (deviations**2).sum(axis=-1))
    return np.where(error <= 1e-11 * np.abs(values[..., 0]), 0.0, error)


def t_quantile(used: Array, level: float) -> Array:
    """The two-sided t quantile with one degree of freedom less than the buckets in use."""
    return np.asarray(stdtrit(np.maximum(used - 1, 1), 0.5 + level / 2))


def estimate(recipe: Recipe, fetched: Fetched, done: Mapping[str, Estimate], level: float) -> Estimate:
    """Evaluate one metric; `done` holds the metrics its formula refers to."""
    axis = fetched.axis
    groups = fetched.groups.get(recipe.extra, [()] if not recipe.extra else [])
    shape = (len(axis.periods), len(groups))
    values: dict[str, Array] = dict(_variables(axis))
    for name, use in recipe.uses.items():
        values[name] = _at(axis, _array(fetched, recipe, use, (*shape, BUCKETS + 1)), use.back)
    for name in recipe.metrics:
        values[name] = done[name].values
    result = np.broadcast_to(recipe.formula.evaluate(values, _shifts(axis, recipe, groups)), (*shape, BUCKETS + 1))
    n = _sample_size(recipe, values, done, shape)
    people = _people(recipe, fetched, done, shape)
    used = _used(recipe, fetched, done, shape)
    size, units = n, people
    if recipe.whole:
        size, units = (_array(fetched, recipe, use, (*shape, BUCKETS + 1))[..., 0] for use in recipe.whole)
    low, high = _interval(recipe, fetched, result, size, units, used, level)
    flags = _flags(recipe, fetched, shape)
    for name in recipe.metrics:
        flags |= {
            flag: np.broadcast_to(raised, shape) for flag, raised in done[name].flags.items() if flag not in flags
        }
    return Estimate(recipe, groups, result, n, people, used, low, high, flags)


def compare(estimate: Estimate, axis: Axis, level: float) -> Change:
    """Test each period against the one it is compared with, bucket by bucket."""
    values = estimate.values
    earlier = _at_index(values, axis.against)
    difference = values - earlier
    # a total can fall to nothing, or rise from it; anything else needs units in both periods
    least = np.fmax if estimate.recipe.metric.kind in TOTALS else np.minimum
    used = least(estimate.used, _at_index(estimate.used, axis.against))
    error = standard_error(difference)
    sure = (used >= MIN_UNITS) & (error > 0)
    error = np.where(sure, error, np.nan)
    half = t_quantile(used, level) * error
    change = difference[..., 0]
    p_value = 2 * stdtr(np.maximum(used - 1, 1), -np.abs(change / error))
    return Change(earlier[..., 0], change, change - half, change + half, p_value)


def holm(p_values: Array) -> Array:
    """P-values adjusted for having been asked together (Holm 1979); NaN stays out of the family."""
    adjusted = np.full_like(p_values, np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known])]
    running = 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, float(p_values[i]) * (len(order) - rank)))
        adjusted[i] = running
    return adjusted


def _array(fetched: Fetched, recipe: Recipe, use: Use, shape: tuple[int, ...]) -> Array:
    array = fetched.arrays.get(use.statistic)
    return np.full(shape, np.nan) if array is None else _spread(fetched, recipe, use, array)


def _spread(fetched: Fetched, recipe: Recipe, use: Use, array: Array) -> Array:
    """A statistic that is not told apart by all of the recipe's extra columns, at each of its groups."""
    extra = getattr(use.statistic, "extra", recipe.extra)
    finer = fetched.groups.get(recipe.extra, [])
    if extra == recipe.extra or not recipe.extra:
        return array
    place = {group: i for i, group in enumerate(fetched.groups[extra])}
    drop = len(recipe.extra) - len(extra)
    places = np.array([place.get(group[: len(group) - drop], -1) for group in finer], dtype=np.intp)
    spread = array[:, places] if place else np.full((len(array), len(finer), *array.shape[2:]), np.nan)
    spread[:, places < 0] = np.nan
    return np.asarray(spread)


def _at(axis: Axis, array: Array, back: int) -> Array:
    for _ in range(back):
        array = _at_index(array, axis.before)
    return array


def _at_index(array: Array, index: list[int]) -> Array:
    """Rows of `array` by period index; -1 gives NaN."""
    places = np.asarray(index)
    moved = array[np.maximum(places, 0)].astype(float)
    moved[places < 0] = np.nan
    return np.asarray(moved)


def _variables(axis: Axis) -> dict[str, Array]:
    """What a formula may say about its period: days, months (of 365.25/12 days), days of the last month."""
    days = np.array([p.days for p in axis.periods])
    ends = [p.end.date() if isinstance(p.end, datetime) else p.end for p in axis.periods]
    month = np.array([(end - add_months(end, -1)).days for end in ends], dtype=float)
    months = np.array([_months(axis, i) for i in range(len(axis.periods))])
    named = {"period_days": days, "period_months": months, "month_days": month}
    return {name: array[:, None, None] for name, array in named.items()}


def _months(axis: Axis, i: int) -> float:
    """Whole months where the period is made of them."""
    period = axis.periods[i]
    if axis.every != "hour" and period.start.day == period.end.day:
        whole = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month
        if whole:
            return float(whole)
    return period.days / (365.25 / 12)


def _shifts(axis: Axis, recipe: Recipe, groups: list[Group]) -> dict[str, Shift]:
    against = axis.against if any(i >= 0 for i in axis.against) else axis.before
    return {
        "previous": lambda array: _at_index(array, against),
        "percentile": partial(_percentile, axis),
        "whole": partial(_whole, groups, len(recipe.extra)),
    }


def _percentile(axis: Axis, array: Array) -> Array:
    """The rank of each period among its last 12, itself included, in 0..100 (ties count half)."""
    history = [array]
    for _ in range(PERCENTILE_PERIODS - 1):
        history.append(_at_index(history[-1], axis.before))
    stacked = np.stack(history)
    known = ~np.isnan(stacked)
    below = ((stacked < array) & known).sum(axis=0) + 0.5 * ((stacked == array) & known).sum(axis=0)
    count = known.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(array) | (count < 2), np.nan, 100 * below / np.maximum(count, 1))


def _whole(groups: list[Group], extra: int, array: Array) -> Array:
    """The sum over all groups that differ only in the extra column."""
    if not groups:
        return array
    wholes = [group[: len(group) - extra] for group in groups]
    keys = {whole: i for i, whole in enumerate(dict.fromkeys(wholes))}
    place = np.array([keys[whole] for whole in wholes])
    totals = np.zeros((array.shape[0], len(keys), array.shape[2]))
    for i, target in enumerate(place):
        totals[:, target] += np.nan_to_num(array[:, i])
    return np.asarray(totals[:, place])


def _sample_size(
    recipe: Recipe, values: Mapping[str, Array], done: Mapping[str, Estimate], shape: tuple[int, int]
) -> Array:
    parts = [np.broadcast_to(values[name][..., 0], shape) for name in recipe.base]
    if parts:
        return np.asarray(np.nansum(parts, axis=0))
    others = [np.broadcast_to(done[name].n, shape) for name in recipe.metrics]
    return np.minimum.reduce(others) if others else np.full(shape, np.nan)


def _people(recipe: Recipe, fetched: Fetched, done: Mapping[str, Estimate], shape: tuple[int, int]) -> Array:
    if recipe.people:
        people = _array(fetched, recipe, recipe.people, (*shape, BUCKETS + 1))
        return _at(fetched.axis, people, recipe.people.back)[..., 0]
    others = [np.broadcast_to(done[name].people, shape) for name in recipe.metrics]
    return np.fmin.reduce(others) if others else np.full(shape, np.nan)


def _used(recipe: Recipe, fetched: Fetched, done: Mapping[str, Estimate], shape: tuple[int, int]) -> Array:
    """How many buckets have anybody in them; of a formula, those of its least known part."""
    people = recipe.whole[1] if recipe.whole else recipe.people
    if people and people.statistic in fetched.filled:
        filled = _spread(fetched, recipe, people, fetched.filled[people.statistic])
        return _at(fetched.axis, filled, people.back)
    parts = [
        _at(fetched.axis, fetched.filled[use.statistic], use.back)
        for use in recipe.uses.values()
        if use.statistic in fetched.filled
    ]
    if parts:
        return np.asarray(np.fmax.reduce(parts))
    others = [np.broadcast_to(done[name].used, shape) for name in recipe.metrics]
    return np.fmin.reduce(others) if others else np.zeros(shape)


def _interval(
    recipe: Recipe, fetched: Fetched, values: Array, n: Array, people: Array, used: Array, level: float
) -> tuple[Array, Array]:
    value, error, t = values[..., 0], standard_error(values), t_quantile(used, level)
    enough = used >= MIN_UNITS
    if recipe.method == "reading":
        return np.full_like(value, np.nan), np.full_like(value, np.nan)
    if recipe.method == "quantile":
        return _quantile_interval(recipe, fetched, value, used, t)
    low, high = value - t * error, value + t * error
    if recipe.metric.unit in POSITIVE_UNITS:
        low, high = _log_interval(values, t, low, high)
    low, high = (np.where(enough & (error > 0), bound, np.nan) for bound in (low, high))
    once = people == n
    if recipe.method == "people_share":
        return _scaled(wilson(value / 100 * n, n, level))
    if recipe.method == "closed_net":
        closed_low, closed_high = _net_interval(recipe, fetched, n, level)
        return np.where(once, closed_low, low), np.where(once, closed_high, high)
    if recipe.method in ("share", "closed_share"):
        closed_low, closed_high = _scaled(wilson(value / 100 * n, n, level))
        apart_low, apart_high = _clustered_share(value, error, n, people, t, enough, level)
        simple = once & (recipe.method == "closed_share")
        return np.where(simple, closed_low, apart_low), np.where(simple, closed_high, apart_high)
    return low, high


def _log_interval(values: Array, t: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """The jackknife's interval of the logarithm, where the value and all replicates are above zero.

    For means of skewed amounts it misses less often, and on both sides more alike, than the
    symmetric one (measured: 91.6 % against 90.1 % for order values of 20 customers).
    """
    positive: Mask = np.asarray((values > 0).all(axis=-1))
    logs = np.log(np.where(positive[..., None], values, 1.0))
    factor = np.exp(t * standard_error(logs))
    value = values[..., 0]
    return np.where(positive, value / factor, low), np.where(positive, value * factor, high)


def _clustered_share(
    value: Array, error: Array, n: Array, people: Array, t: Array, enough: Mask, level: float
) -> tuple[Array, Array]:
    """Wilson's interval on the effective sample size that the jackknife's error implies.

    An interval for a share of clustered rows that stays inside 0..100 (the effective-size
    approach of Korn and Graubard, Survey Methodology 24, 1998, with Wilson's interval). Where the
    share is 0 or 100 the jackknife sees no spread, and the number of people stands for the size.
    """
    share = value / 100
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = share * (1 - share) / (error / 100) ** 2
    size = np.where(error > 0, np.fmin(effective, n), np.fmin(people, n))
    inside = enough & (share >= 0) & (share <= 1)
    low, high = wilson(np.where(inside, share, np.nan) * size, size, level, quantile=t)
    return 100 * low, 100 * high


def _net_interval(recipe: Recipe, fetched: Fetched, n: Array, level: float) -> tuple[Array, Array]:
    whole = (*n.shape, BUCKETS + 1)
    up, down = (_array(fetched, recipe, recipe.uses[name], whole)[..., 0] for name in ("favourable", "unfavourable"))
    return _scaled(adjusted_wald_net(up, down, n, level))


def _quantile_interval(recipe: Recipe, fetched: Fetched, value: Array, used: Array, t: Array) -> tuple[Array, Array]:
    """Woodruff's interval (JASA 47, 1952): an interval for the share at or below, read back off the quantiles."""
    stat = recipe.uses["quantile"].statistic
    assert isinstance(stat, Quantile)
    parts = fetched.quantiles.get(stat)
    if parts is None:
        return np.full_like(value, np.nan), np.full_like(value, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = standard_error(replicate(parts.below) / replicate(parts.rows))
    low, high = np.full_like(value, np.nan), np.full_like(value, np.nan)
    levels = np.linspace(0, 1, parts.grid.shape[-1])
    for place in zip(*np.nonzero((used >= MIN_UNITS) & (error > 0)), strict=True):
        half = t[place] * error[place]
        low[place], high[place] = np.interp([stat.q - half, stat.q + half], levels, parts.grid[place])
    return np.fmin(low, value), np.fmax(high, value)


def _scaled(bounds: tuple[Array, Array]) -> tuple[Array, Array]:
    return 100 * bounds[0], 100 * bounds[1]


def _flags(recipe: Recipe, fetched: Fetched, shape: tuple[int, int]) -> dict[str, Mask]:
    raised: dict[str, Mask] = {}
    for name, use in recipe.flags.items():
        counted = _at(fetched.axis, _array(fetched, recipe, use, (*shape, BUCKETS + 1)), use.back)[..., 0]
        raised[name] = np.broadcast_to(np.nan_to_num(counted) > 0, shape)
    if recipe.pooled:
        name, stat = recipe.pooled
        raised[name] = _several(fetched, stat.extra, recipe.extra, np.nan_to_num(fetched.arrays[stat][..., 0]), shape)
    return raised


def _several(fetched: Fetched, finer: Extra, own: Extra, counted: Array, shape: tuple[int, int]) -> Mask:
    """Where more than one value of the pooled column occurs within a group."""
    place: dict[Group, int] = {group: i for i, group in enumerate(fetched.groups.get(own, [()]))}
    distinct: npt.NDArray[np.int_] = np.zeros(shape, int)
    for i, group in enumerate(fetched.groups[finer]):
        key = group[: len(group) - (len(finer) - len(own))]
        if key in place:
            distinct[:, place[key]] += counted[:, i] > 0
    return distinct > 1
