"""Calculators: the published formulas on numbers typed in, no data needed.

Each takes counts or sums, gives a `Calculation` and touches nothing else, so that the command
line, the API and the public page show the same thing. Rates are in percent (0..100), an interval is
given where the numbers allow one, and `Calculation.note` says how it was made or why there is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kizuna.errors import QuestionError
from kizuna.measure.interval import adjusted_wald_net, mean_t, normal_quantile, poisson_count, wilson

WILSON = "Interval: Wilson (1927)."
NET = "Interval: adjusted Wald (Rocks 2016)."
STUDENT = "Interval: Student's t."


@dataclass(frozen=True, slots=True)
class Calculation:
    """One calculated number.

    `value` is ``None`` where the denominator is zero; `low` and `high` are ``None`` where the
    numbers allow no interval. `formula` has the numbers in it, `note` says how the interval was
    made or why something is missing, `inputs` are the numbers given.
    """

    name: str
    value: float | None
    unit: str
    formula: str
    note: str
    inputs: Mapping[str, float]
    low: float | None = None
    high: float | None = None
    level: float = 0.95

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


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
    n = sum(_whole(name, value) for name, value in inputs.items())
    formula = f"100 · ({_text(up)} promoters − {_text(down)} detractors) / {_text(n)} answers"
    low, high = adjusted_wald_net(up, down, n, level)
    return _made("Net Promoter Score", "points", formula, NET, inputs, level, up - down, n, 100, (low, high))


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
    return _share("Customer satisfaction", "positive", good, "total", n, level, ("positive", "answers"))


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
    squares = math.nan
    note = "No interval from a sum alone: give the counts per answer (counts)."
    if counts is not None:
        _not_both("ces", "counts", sum, answers)
        per_answer = _per_answer(counts, 1, 7)
        answers = math.fsum(per_answer)
        sum = math.fsum(grade * count for grade, count in enumerate(per_answer, 1))
        squares = math.fsum(grade**2 * count for grade, count in enumerate(per_answer, 1))
        note = STUDENT if answers > 1 else "No interval from a single answer."
    total, n = _all_of("ces", "counts for the answers 1 to 7", sum=sum, answers=answers)
    _whole("answers", n)
    if not n <= total <= 7 * n:
        span = f"{_text(n)} answers from 1 to 7 add up to {_text(n)} to {_text(7 * n)}"
        raise QuestionError(f"sum is {_text(total)}, which is not possible.", f"{span}.")
    low, high = (min(max(bound, 1.0), 7.0) for bound in mean_t(total, squares, n, level))
    formula = f"{_text(total)} / {_text(n)} answers"
    inputs = {"sum": total, "answers": n}
    return _made("Customer Effort Score", "score", formula, note, inputs, level, total, n, 1, (low, high))


def churn(start: float, acquired: float, end: float, *, level: float = 0.95) -> Calculation:
    """Customer churn rate, 100·(start + acquired − end)/start, the textbook reading."""
    lost = _lost(start, acquired, end)
    formula = f"100 · ({_text(start)} + {_text(acquired)} − {_text(end)}) / {_text(start)}"
    return _of_customers("Customer churn rate", formula, lost, lost, start, acquired, end, level)


def retention(start: float, acquired: float, end: float, *, level: float = 0.95) -> Calculation:
    """Customer retention rate, 100·(end − acquired)/start; 100 less the churn rate."""
    lost = _lost(start, acquired, end)
    formula = f"100 · ({_text(end)} − {_text(acquired)}) / {_text(start)}"
    return _of_customers("Customer retention rate", formula, end - acquired, lost, start, acquired, end, level)


def ctr(clicks: float, impressions: float, *, level: float = 0.95) -> Calculation:
    """Click-through rate, 100·clicks/impressions."""
    return _share(
        "Click-through rate",
        "clicks",
        clicks,
        "impressions",
        impressions,
        level,
        ("clicks", "impressions"),
        " It takes every impression for a different person; measure from events where people saw it more than once.",
    )


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
    _percent("margin", margin)
    formula = f"{_text(value)} × {_text(often)} a year × {_text(years)} years × {_text(margin)} %"
    note = "No interval: averages do not say how far customers are apart."
    if margin == 100:
        note += " With a margin of 100 % this is revenue, not profit."
    inputs = {"order_value": value, "frequency": often, "lifespan": years, "margin": margin}
    found = value * often * years * margin / 100
    return _made("Customer lifetime value", "money", formula, note, inputs, level, found, 1.0, 1)


def cac(
    new_customers: float, marketing: float = 0.0, experience: float = 0.0, data: float = 0.0, *, level: float = 0.95
) -> Calculation:
    """Customer acquisition cost, (marketing + experience + data costs)/new customers."""
    costs = {"marketing": marketing, "experience": experience, "data": data}
    inputs = {name: _amount(name, value) for name, value in costs.items()} | {"new_customers": new_customers}
    _whole("new_customers", new_customers)
    spent = math.fsum(costs.values())
    fewest, most = poisson_count(new_customers, level)
    high = spent / fewest if fewest else math.nan
    formula = f"({' + '.join(_text(cost) for cost in costs.values())}) / {_text(new_customers)} new customers"
    note = "Interval: new customers as a Poisson count (Garwood 1936), the costs as fixed."
    name = "Customer acquisition cost"
    return _made(name, "money", formula, note, inputs, level, spent, new_customers, 1, (spent / most, high))


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
    if not 0 < margin <= 100:
        raise QuestionError(f"margin is {_text(margin)}, which is not possible.", "Use points above 0, up to 100.")
    z = normal_quantile(level)
    spread, variance, inputs = _net_variance(promoters, detractors) if nps else _share_variance(share)
    inputs = {"margin": margin} | inputs
    needed = z**2 * variance / (margin / 100) ** 2
    formula = f"{z:.3f}² · {spread} / {_text(margin / 100)}² = {needed:,.1f}"
    if population is not None:
        everyone = _whole("population", population)
        if everyone == 0:
            return Calculation("Sample size", None, "count", formula, "No value: there is nobody to ask.", inputs)
        inputs["population"] = everyone
        formula += f"; {needed:,.1f} / (1 + ({needed:,.1f} − 1) / {_text(everyone)})"
        needed /= 1 + (needed - 1) / everyone
    answers = float(max(1, math.ceil(needed - 1e-9)))
    formula += f", rounded up to {_text(answers)}"
    note = f"Answers, not invitations, for an interval of ± {_text(margin)} points at {_text(100 * level)} %."
    return Calculation("Sample size", answers, "count", formula, note, inputs, level=level)


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


def _made(
    name: str,
    unit: str,
    formula: str,
    note: str,
    inputs: Mapping[str, float],
    level: float,
    numerator: float,
    denominator: float,
    scale: float,
    bounds: tuple[Any, Any] = (math.nan, math.nan),
) -> Calculation:
    """The calculation of scale·numerator/denominator; `bounds` are unscaled, ``NaN`` for none."""
    normal_quantile(level)
    if denominator == 0:
        note = "No value: the number to divide by is zero."
        return Calculation(name, None, unit, formula, note, inputs, level=level)
    value = scale * numerator / denominator
    low, high = (None if math.isnan(bound) else scale * float(bound) for bound in bounds)
    return Calculation(name, value, unit, f"{formula} = {value:,.2f}", note, inputs, low, high, level)


def _share(
    name: str,
    part_name: str,
    part: float,
    whole_name: str,
    whole: float,
    level: float,
    words: tuple[str, str],
    caution: str = "",
) -> Calculation:
    """A share of counts in percent, with Wilson's interval."""
    _whole(part_name, part)
    _whole(whole_name, whole)
    if part > whole:
        what = f"{part_name} is {_text(part)}, more than {whole_name}, {_text(whole)}."
        raise QuestionError(what, f"{part_name} must be from 0 to {whole_name}.")
    formula = f"100 · {_text(part)} {words[0]} / {_text(whole)} {words[1]}"
    inputs = {part_name: part, whole_name: whole}
    return _made(
        name, "percent", formula, WILSON + caution, inputs, level, part, whole, 100, wilson(part, whole, level)
    )


def _lost(start: float, acquired: float, end: float) -> float:
    for name, value in (("start", start), ("acquired", acquired), ("end", end)):
        _amount(name, value)
    if end > start + acquired:
        what = f"end is {_text(end)}, but start and acquired together are only {_text(start + acquired)}."
        raise QuestionError(what, "end must be from 0 to start + acquired; count everyone who joined as acquired.")
    return start + acquired - end


def _of_customers(
    name: str, formula: str, part: float, lost: float, start: float, acquired: float, end: float, level: float
) -> Calculation:
    bounds: tuple[Any, Any] = (math.nan, math.nan)
    if lost > start:
        note = "No interval: more were lost than there were at the start, so some of the acquired left as well."
    elif not all(float(value).is_integer() for value in (start, acquired, end)):
        note = "No interval: it needs whole numbers of customers."
    else:
        bounds = wilson(part, start, level)
        note = "Interval: Wilson (1927), on the customers lost of those at the start."
    inputs = {"start": start, "acquired": acquired, "end": end}
    return _made(name, "percent", formula, note, inputs, level, part, start, 100, bounds)


def _subscription_value(per_month: float, rate: float, customers: float | None, level: float) -> Calculation:
    _percent("churn", rate)
    inputs = {"monthly_margin": per_month, "churn": rate}
    formula = f"{_text(per_month)} a month / {_text(rate)} % churn a month"
    note = "No interval: it needs the number of customers the churn was observed on (customers)."
    low = high = math.nan
    if customers is not None:
        n = inputs["customers"] = _whole("customers", customers)
        least, most = wilson(rate / 100 * n, n, level)
        low, high = per_month / float(most), per_month / float(least) if least > 0 else math.nan
        note = "Interval: Wilson (1927) on the churn; the margin is taken as fixed."
    if rate == 0:
        note = "No value: with a churn of zero customers stay for ever, and the sum has no end."
        return Calculation("Customer lifetime value", None, "money", formula, note, inputs, level=level)
    return _made(
        "Customer lifetime value", "money", formula, note, inputs, level, per_month, rate / 100, 1, (low, high)
    )


def _share_variance(share: float) -> tuple[str, float, dict[str, float]]:
    if not 0 < share < 100:
        raise QuestionError(f"share is {_text(share)}, which needs no sample.", "Use percent between 0 and 100.")
    p = share / 100
    return f"{_text(p)} · (1 − {_text(p)})", p * (1 - p), {"share": share}


def _net_variance(promoters: float, detractors: float) -> tuple[str, float, dict[str, float]]:
    p, d = _percent("promoters", promoters) / 100, _percent("detractors", detractors) / 100
    if p + d > 1:
        what = f"promoters and detractors add up to {_text(promoters + detractors)} %."
        raise QuestionError(what, "Together they must be 100 % or less.")
    variance = p + d - (p - d) ** 2
    if variance <= 0:
        raise QuestionError("With everyone of one mind there is nothing to sample.", "Use shares as you expect them.")
    spread = f"({_text(p)} + {_text(d)} − ({_text(p)} − {_text(d)})²)"
    return spread, variance, {"promoters": promoters, "detractors": detractors}


def _amount(name: str, value: float) -> float:
    if not (math.isfinite(value) and value >= 0):
        raise QuestionError(f"{name} is {value}, which is not possible.", f"{name} must be a number from 0 up.")
    return value


def _whole(name: str, value: float) -> float:
    if not float(_amount(name, value)).is_integer():
        raise QuestionError(f"{name} is {value}, which is not a count.", f"{name} must be a whole number from 0 up.")
    return value


def _percent(name: str, value: float) -> float:
    if not 0 <= value <= 100:
        raise QuestionError(f"{name} is {value}, which is not possible.", f"{name} is in percent, from 0 to 100.")
    return value


def _per_answer(counts: Sequence[float], low: int, high: int) -> list[float]:
    if len(counts) != high - low + 1:
        what = f"counts has {len(counts)} numbers; the scale from {low} to {high} has {high - low + 1} answers."
        raise QuestionError(what, f"Give one count for each answer, {low} first, {high} last.")
    return [_whole(f"the count for answer {answer}", count) for answer, count in enumerate(counts, low)]


def _all_of(name: str, otherwise: str, **given: float | None) -> list[float]:
    missing = [part for part, value in given.items() if value is None]
    if missing:
        hint = f", or instead {otherwise}" if otherwise else ""
        raise QuestionError(f"{name} needs {' and '.join(missing)}.", f"Give {', '.join(given)}{hint}.")
    return [_amount(part, value) for part, value in given.items() if value is not None]


def _not_both(name: str, instead: str, *others: float | None) -> None:
    if any(other is not None for other in others):
        raise QuestionError(f"{name} was given {instead} and the totals as well.", "Give one or the other.")


def _text(number: float) -> str:
    """A number as people write it: no trailing zeros, thousands set apart."""
    return f"{number:,.10g}"
