"""Calculators: the published formulas on numbers typed in, no data needed.

Each takes counts or sums, gives a `Calculation` and touches nothing else, so that the command
line, the API and the public page show the same thing. Rates are in percent (0..100), an interval is
given where the numbers allow one, and `Calculation.note` says how it was made or why there is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from kizuna.errors import QuestionError
from kizuna.measure.calculation import Calculation, Said, amount, made, percent, whole, wrong
from kizuna.measure.interval import adjusted_wald_net, mean_t, normal_quantile, poisson_count, wilson

__all__ = ["CALCULATORS", "Calculation", "cac", "ces", "churn", "clv", "csat", "ctr", "nps", "retention", "sample_size"]

LEAST_PERCENT = 0.0001
"""A churn nearer to 0 is taken for a mistake, since it is divided by."""

LEAST_MARGIN = 0.01


def nps(
    promoters: float | None = None,
    passives: float | None = None,
    detractors: float | None = None,
    *,
    counts: Sequence[float] | None = None,
    level: float = 0.95,
) -> Calculation:
    """Net Promoter Score, 100·(promoters − detractors)/answers, from −100 to 100 (Reichheld 2003).

    `counts` instead: how many gave 0, 1, … 10.
    """
    if counts is not None:
        _not_both("nps", "counts", promoters, passives, detractors)
        answers = _per_answer(counts, 0, 10)
        promoters, passives, detractors = sum(answers[9:]), sum(answers[7:9]), sum(answers[:7])
    up, middle, down = _all_of(
        "nps", "counts for the answers 0 to 10", promoters=promoters, passives=passives, detractors=detractors
    )
    inputs = {"promoters": up, "passives": middle, "detractors": down}
    n = sum(whole(name, value) for name, value in inputs.items())
    formula = Said("nps", inputs | {"answers": n})
    bounds = adjusted_wald_net(up, down, n, level)
    return made("nps", "points", formula, ("net",), inputs, level, (up - down, n), 100, bounds)


def csat(
    positive: float | None = None,
    total: float | None = None,
    *,
    counts: Sequence[float] | None = None,
    level: float = 0.95,
) -> Calculation:
    """Customer satisfaction, 100·positive answers/answers.

    `counts` instead: how many gave 1, 2, … 5; 4 and 5 are positive.
    """
    if counts is not None:
        _not_both("csat", "counts", positive, total)
        answers = _per_answer(counts, 1, 5)
        positive, total = sum(answers[3:]), sum(answers)
    good, n = _all_of("csat", "counts for the answers 1 to 5", positive=positive, total=total)
    return _share("csat", "positive", good, "total", n, level)


def ces(
    sum: float | None = None,
    answers: float | None = None,
    *,
    counts: Sequence[float] | None = None,
    level: float = 0.95,
) -> Calculation:
    """Customer Effort Score, sum of the answers/answers, 1 to 7, high is easy (CES 2.0).

    `counts` instead: how many gave 1, 2, … 7. Only they allow an interval: a sum alone does not say
    how far the answers are apart.
    """
    squares, reason = math.nan, "sum_alone"
    if counts is not None:
        _not_both("ces", "counts", sum, answers)
        per_answer = _per_answer(counts, 1, 7)
        answers = math.fsum(per_answer)
        sum = math.fsum(grade * count for grade, count in enumerate(per_answer, 1))
        squares = math.fsum(grade**2 * count for grade, count in enumerate(per_answer, 1))
        reason = "student" if answers > 1 else "single"
    total, n = _all_of("ces", "counts for the answers 1 to 7", sum=sum, answers=answers)
    whole("answers", n)
    if not n <= total <= 7 * n:
        raise wrong("sum", "sum", total, answers=n, most=7 * n)
    low, high = (min(max(bound, 1.0), 7.0) for bound in mean_t(total, squares, n, level))
    inputs = {"sum": total, "answers": n}
    return made("ces", "score", Said("ces", inputs), (reason,), inputs, level, (total, n), 1, (low, high))


def churn(start: float, acquired: float, end: float, *, level: float = 0.95) -> Calculation:
    """Customer churn rate, 100·(start + acquired − end)/start, the textbook reading."""
    lost = _lost(start, acquired, end)
    return _of_customers("churn", lost, lost, start, acquired, end, level)


def retention(start: float, acquired: float, end: float, *, level: float = 0.95) -> Calculation:
    """Customer retention rate, 100·(end − acquired)/start; 100 less the churn rate."""
    lost = _lost(start, acquired, end)
    return _of_customers("retention", end - acquired, lost, start, acquired, end, level)


def ctr(clicks: float, impressions: float, *, level: float = 0.95) -> Calculation:
    """Click-through rate, 100·clicks/impressions."""
    return _share("ctr", "clicks", clicks, "impressions", impressions, level, "impressions")


def clv(
    order_value: float | None = None,
    frequency: float | None = None,
    lifespan: float | None = None,
    margin: float = 100.0,
    *,
    monthly_margin: float | None = None,
    churn: float | None = None,
    customers: float | None = None,
    level: float = 0.95,
) -> Calculation:
    """Customer lifetime value.

    Of orders: `order_value` × `frequency` (orders a year) × `lifespan` (years) × `margin` (percent;
    100 counts revenue). Of subscriptions: `monthly_margin` per customer / monthly `churn` (percent);
    with the number of `customers` the churn was observed on, it has an interval.
    """
    if monthly_margin is not None or churn is not None:
        _not_both("clv", "monthly_margin and churn", order_value, frequency, lifespan)
        per_month, rate = _all_of("clv", "", monthly_margin=monthly_margin, churn=churn)
        return _subscription_value(per_month, rate, customers, level)
    value, often, years = _all_of(
        "clv", "monthly_margin and churn", order_value=order_value, frequency=frequency, lifespan=lifespan
    )
    percent("margin", margin)
    inputs = {"order_value": value, "frequency": often, "lifespan": years, "margin": margin}
    reasons = ("averages", "revenue") if margin == 100 else ("averages",)
    found = value * often * years * margin / 100
    return made("clv", "money", Said("clv", inputs), reasons, inputs, level, (found, 1.0))


def cac(
    new_customers: float, marketing: float = 0.0, experience: float = 0.0, data: float = 0.0, *, level: float = 0.95
) -> Calculation:
    """Customer acquisition cost, (marketing + experience + data costs)/new customers."""
    costs = {"marketing": marketing, "experience": experience, "data": data}
    inputs = {name: amount(name, value) for name, value in costs.items()} | {"new_customers": new_customers}
    whole("new_customers", new_customers)
    spent = math.fsum(costs.values())
    fewest, most = poisson_count(new_customers, level)
    high = spent / fewest if fewest else math.nan
    fraction = (spent, new_customers)
    return made("cac", "money", Said("cac", inputs), ("poisson",), inputs, level, fraction, 1, (spent / most, high))


def sample_size(
    margin: float,
    *,
    level: float = 0.95,
    share: float = 50.0,
    nps: bool = False,
    promoters: float = 50.0,
    detractors: float = 50.0,
    population: float | None = None,
) -> Calculation:
    """Answers needed for an interval of ± `margin` (percentage points, or NPS points with `nps`).

    n = z²·variance/margin², and n/(1 + (n − 1)/population) where the population is finite (Cochran,
    "Sampling Techniques", 1977). A share's variance is p(1 − p), that of NPS is
    p + d − (p − d)²; the expected `share`, or `promoters` and `detractors`, are in percent and at
    their worst when left out.
    """
    if not LEAST_MARGIN <= margin <= 100:
        raise wrong("margin", "margin", margin, least=LEAST_MARGIN)
    key, variance, inputs = _net_variance(promoters, detractors) if nps else _share_variance(share)
    z, inputs = normal_quantile(level), {"margin": margin} | inputs
    needed = z**2 * variance / (margin / 100) ** 2
    shares = {name: value / 100 for name, value in inputs.items()}
    steps = [Said(key, shares | {"z": z, "needed": needed}, {"z": 3, "needed": 1})]
    if population is not None:
        everyone = whole("population", population)
        if everyone == 0:
            return Calculation("sample-size", None, "count", tuple(steps), (Said("nobody"),), inputs)
        inputs["population"] = everyone
        steps.append(Said("sample_of", {"needed": needed, "population": everyone}, {"needed": 1}))
        needed /= 1 + (needed - 1) / everyone
    answers = float(max(1, math.ceil(needed - 1e-9)))
    steps.append(Said("sample_rounded", {"answers": answers}))
    note = Said("answers_needed", {"margin": margin, "level": 100 * level})
    return Calculation("sample-size", answers, "count", tuple(steps), (note,), inputs, level=level)


CALCULATORS: dict[str, Callable[..., Calculation]] = {
    "nps": nps,
    "csat": csat,
    "ces": ces,
    "churn": churn,
    "retention": retention,
    "ctr": ctr,
    "clv": clv,
    "cac": cac,
    "sample-size": sample_size,
}
"""Every calculator by the name that commands and addresses use."""


def _share(
    id: str, part_name: str, part: float, whole_name: str, total: float, level: float, *cautions: str
) -> Calculation:
    """A share of counts in percent, with Wilson's interval."""
    whole(part_name, part)
    whole(whole_name, total)
    if part > total:
        raise wrong("part", part_name, part, whole=whole_name, most=total)
    inputs = {part_name: part, whole_name: total}
    reasons, bounds = ("wilson", *cautions), wilson(part, total, level)
    return made(id, "percent", Said(id, inputs), reasons, inputs, level, (part, total), 100, bounds)


def _lost(start: float, acquired: float, end: float) -> float:
    for name, value in (("start", start), ("acquired", acquired), ("end", end)):
        amount(name, value)
    if end > start + acquired:
        raise wrong("end", "end", end, start="start", acquired="acquired", most=start + acquired)
    return start + acquired - end


def _of_customers(
    id: str, part: float, lost: float, start: float, acquired: float, end: float, level: float
) -> Calculation:
    bounds: tuple[Any, Any] = (math.nan, math.nan)
    if lost > start:
        reason = "acquired_left"
    elif not all(float(value).is_integer() for value in (start, acquired, end)):
        reason = "not_whole"
    else:
        reason, bounds = "of_start", wilson(part, start, level)
    inputs = {"start": start, "acquired": acquired, "end": end}
    return made(id, "percent", Said(id, inputs), (reason,), inputs, level, (part, start), 100, bounds)


def _subscription_value(per_month: float, rate: float, customers: float | None, level: float) -> Calculation:
    percent("churn", rate, LEAST_PERCENT)
    inputs = {"monthly_margin": per_month, "churn": rate}
    formula, reason = Said("clv_subscription", dict(inputs)), "needs_customers"
    low = high = math.nan
    if customers is not None:
        n = inputs["customers"] = whole("customers", customers)
        least, most = wilson(rate / 100 * n, n, level)
        low, high = per_month / float(most), per_month / float(least) if least > 0 else math.nan
        reason = "wilson_churn"
    if rate == 0:
        return Calculation("clv", None, "money", (formula,), (Said("for_ever"),), inputs, level=level)
    return made("clv", "money", formula, (reason,), inputs, level, (per_month, rate / 100), 1, (low, high))


def _share_variance(share: float) -> tuple[str, float, dict[str, float]]:
    if not 0 < share < 100:
        raise wrong("share", "share", share)
    p = share / 100
    return "sample_share", p * (1 - p), {"share": share}


def _net_variance(promoters: float, detractors: float) -> tuple[str, float, dict[str, float]]:
    p, d = percent("promoters", promoters) / 100, percent("detractors", detractors) / 100
    if p + d > 1:
        raise wrong("both", "promoters", promoters + detractors, other="detractors")
    variance = p + d - (p - d) ** 2
    if variance <= 0:
        raise wrong("one_mind", "promoters")
    return "sample_net", variance, {"promoters": promoters, "detractors": detractors}


def _per_answer(counts: Sequence[float], low: int, high: int) -> list[float]:
    if len(counts) != high - low + 1:
        what = f"counts has {len(counts)} numbers; the scale from {low} to {high} has {high - low + 1} answers."
        raise QuestionError(what, f"Give one count for each answer, {low} first, {high} last.")
    return [whole(f"the count for answer {answer}", count) for answer, count in enumerate(counts, low)]


def _all_of(name: str, otherwise: str, **given: float | None) -> list[float]:
    missing = [part for part, value in given.items() if value is None]
    if missing:
        hint = f", or instead {otherwise}" if otherwise else ""
        raise QuestionError(f"{name} needs {' and '.join(missing)}.", f"Give {', '.join(given)}{hint}.")
    return [amount(part, value) for part, value in given.items() if value is not None]


def _not_both(name: str, instead: str, *others: float | None) -> None:
    if any(other is not None for other in others):
        raise QuestionError(f"{name} was given {instead} and the totals as well.", "Give one or the other.")
