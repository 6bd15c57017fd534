"""Who answered, compared with who was invited: on every trait that is known, how the two differ, and whether that
is more than chance.

The share of each value of a trait among those who answered, less its share among those invited, is tested by the
jackknife over customers, as every change is (`kizuna.measure.estimate`): who was asked twice is one person. The
size of a difference is told in standard deviations of the share (Austin, "Balance diagnostics", Statistics in
Medicine 28, 2009, where 0.1 is called small), the p-values are Holm's over all that is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtr

from kizuna.expression import quote_text
from kizuna.facts import FACTS
from kizuna.measure.ask import Business, evaluate_recipes
from kizuna.measure.estimate import MIN_UNITS, holm, standard_error
from kizuna.measure.fetch import Array
from kizuna.measure.plan import NO_GROUP, OTHER
from kizuna.understand.response import Scope, buckets_used, number_of, stage_recipes

MOST_VALUES = 12
"""A trait with more values is not compared by itself: it tells people apart one by one."""

MOST_TRAITS = 12
LEAST_EXPECTED = 5.0
"""A value is tested where so many of it, and of the others, would be expected on either side (Cochran 1954)."""

DERIVED_TRAITS = ("first_touch_channel", "last_touch_channel", "acquisition_channel")
_OWN = ("country", "language", "gender", "age_group", "tier", "segment", *DERIVED_TRAITS)


@dataclass(frozen=True, slots=True)
class Difference:
    """A value of a trait: how many of those invited and of those who completed have it; shares in percent.

    `standardised` is the difference in standard deviations, `p_value` the one after Holm; None where there are too
    few to test.
    """

    trait: str
    value: str
    invited: int
    completed: int
    invited_share: float
    completed_share: float
    standardised: float | None
    p_raw: float | None
    p_value: float | None = None

    def real(self, level: float) -> bool:
        """Whether it is beyond chance."""
        return self.p_value is not None and self.p_value < 1 - level

    @property
    def known(self) -> bool:
        """Whether it is a value, and not that there is none, or the rest."""
        return self.value not in (NO_GROUP, OTHER)


def compare(business: Business, scope: Scope, traits: Sequence[str]) -> list[Difference]:
    """Every value of the `traits` (columns of survey_invitation or of customers), those that differ most first.

    Not for anonymous surveys, of which it is not known who answered. Raises `UnknownName`.
    """
    found = [difference for trait in dict.fromkeys(traits) for difference in _of_trait(business, scope, trait)]
    adjusted = holm(np.array([np.nan if each.p_raw is None else each.p_raw for each in found], dtype=float))
    found = [replace(each, p_value=number_of(p)) for each, p in zip(found, adjusted, strict=True)]
    return sorted(found, key=lambda each: (-abs(each.standardised or 0.0), each.trait, each.value))


def known_traits(business: Business, scope: Scope) -> list[str]:
    """The traits worth comparing: those that more than one, and not too many, values are known of."""
    survey = quote_text(scope.survey)
    asked = f"SELECT DISTINCT customer_no FROM survey_invitation WHERE survey = {survey} AND customer_no IS NOT NULL"
    own = [name for name in _OWN if name in FACTS["customer"].by_name]
    told = ", ".join(f"count(DISTINCT {name}) AS {name}" for name in own)
    of_customers = f"SELECT * FROM customer WHERE customer_no IN ({asked})"
    told_apart = (
        "SELECT said.key AS name, count(*) AS people FROM"
        f" (SELECT unnest(map_entries(properties)) AS said FROM ({of_customers})) WHERE said.value IS NOT NULL"
        f" GROUP BY said.key HAVING count(DISTINCT said.value) BETWEEN 2 AND {MOST_VALUES}"
        f" ORDER BY people DESC, name LIMIT {MOST_TRAITS}"
    )
    columns = ("country", "tier", "language")
    asked_of = ", ".join(f"count(DISTINCT {name}) AS {name}" for name in columns)
    with business.store.reading() as data:
        (counted,) = data.ask(f"SELECT {told} FROM ({of_customers})").to_pylist()
        (said,) = data.ask(f"SELECT {asked_of} FROM survey_invitation WHERE survey = {survey}").to_pylist()
        properties = [row["name"] for row in data.ask(told_apart).to_pylist()]
    most = {name: max(count, said.get(name, 0)) for name, count in counted.items()}
    named = [name for name in own if 2 <= most[name] <= MOST_VALUES]
    known = business.planner.properties.get("customer", ())
    return list(dict.fromkeys([*named, *(name for name in properties if name in known)]))


def _of_trait(business: Business, scope: Scope, trait: str) -> list[Difference]:
    recipe = stage_recipes(business, "completed")["completed"]
    found = evaluate_recipes(business, scope.question((trait,)), {"completed": recipe})
    estimate = found.estimates["completed"]
    invited, completed = (
        np.nan_to_num(found.fetched.arrays[recipe.uses[name].statistic][0]) for name in ("rows", "hits")
    )
    if not invited.size or not completed[:, 0].sum():
        return []
    before, after = invited / _some(invited.sum(axis=0)), completed / _some(completed.sum(axis=0))
    error = standard_error(after - before)
    used, everywhere = buckets_used(invited), float(buckets_used(invited.sum(axis=0)))
    differences = []
    for place, (value,) in enumerate(estimate.groups):
        share, share_after = float(before[place, 0]), float(after[place, 0])
        spread = np.sqrt((share * (1 - share) + share_after * (1 - share_after)) / 2)
        testable = _enough(share, invited[:, 0].sum(), completed[:, 0].sum()) and used[place] >= MIN_UNITS
        t = (share_after - share) / error[place] if testable and error[place] > 0 else np.nan
        differences.append(
            Difference(
                trait,
                value,
                int(invited[place, 0]),
                int(completed[place, 0]),
                100 * share,
                100 * share_after,
                number_of((share_after - share) / spread) if spread > 0 else None,
                number_of(2 * stdtr(max(everywhere - 1, 1), -abs(t))),
            )
        )
    return differences


def _enough(share: float, invited: float, completed: float) -> bool:
    least = min(share, 1 - share) * min(completed, invited - completed)
    return bool(least >= LEAST_EXPECTED)


def _some(total: Array) -> Array:
    return np.where(total > 0, total, np.nan)
