"""What is planted in the demo, for tests and analyses to find, and what is planted not to change.

Everything else is growth, season, weekday, hour and chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from kizuna.demo.company import CARE_PROGRAMME, CHECKOUT_MENDED, END, SLOW_LOGISTICS, WORSE_CHECKOUT


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the data: `where` in the grammar of questions ('' for all), days from `since` to before `until`."""

    where: str
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Truth:
    """One planted truth.

    The metric at `here`, asked as one period, differs from the metric at `there` by about `size`: a
    difference in the metric's own unit, or a ratio here/there. In a full-sized demo of any seed it lies
    between `low` and `high`. Direction ``none`` marks what must not change.
    """

    name: str
    sentence: str
    metric: str
    here: Place
    there: Place
    direction: Literal["up", "down", "none"]
    measured_as: Literal["difference", "ratio"]
    size: float
    low: float
    high: float


_MONTH_BEFORE = date(2026, 2, 1)
_SHOP = "transaction_type <> 'subscription'"
_LOGISTICS_ANSWERS = "survey = 'after support' AND team = 'Logistics'"

TRUTHS: tuple[Truth, ...] = (
    Truth(
        "worse_mobile_checkout",
        "In March 2026 a new mobile checkout made 12 more in 100 checkouts end without an order, on mobile only.",
        "checkout_drop_off_rate",
        Place("device = 'mobile'", WORSE_CHECKOUT, CHECKOUT_MENDED),
        Place("device = 'mobile'", _MONTH_BEFORE, WORSE_CHECKOUT),
        "up",
        "difference",
        12.0,
        6.0,
        18.0,
    ),
    Truth(
        "desktop_checkout_unchanged",
        "On desktop the checkout did not change that month.",
        "checkout_drop_off_rate",
        Place("device = 'desktop'", WORSE_CHECKOUT, CHECKOUT_MENDED),
        Place("device = 'desktop'", _MONTH_BEFORE, WORSE_CHECKOUT),
        "none",
        "difference",
        0.0,
        -7.0,
        7.0,
    ),
    Truth(
        "mobile_checkout_mended",
        "In April 2026 the mobile checkout was as good as before.",
        "checkout_drop_off_rate",
        Place("device = 'mobile'", CHECKOUT_MENDED, date(2026, 5, 1)),
        Place("device = 'mobile'", _MONTH_BEFORE, WORSE_CHECKOUT),
        "none",
        "difference",
        0.0,
        -6.0,
        6.0,
    ),
    Truth(
        "care_programme_retains",
        "Since July 2025 subscribers in an e-mail programme, drawn by lot, leave a third less a month.",
        "churn_rate",
        Place("care_programme = 'yes'", CARE_PROGRAMME, END),
        Place("care_programme = 'no'", CARE_PROGRAMME, END),
        "down",
        "ratio",
        0.72,
        0.55,
        0.88,
    ),
    Truth(
        "care_programme_had_no_effect_before",
        "Before it began, the two halves left alike.",
        "churn_rate",
        Place("care_programme = 'yes'", date(2025, 1, 1), CARE_PROGRAMME),
        Place("care_programme = 'no'", date(2025, 1, 1), CARE_PROGRAMME),
        "none",
        "ratio",
        1.0,
        0.75,
        1.33,
    ),
    Truth(
        "slow_logistics",
        "Since February 2026 the Logistics team takes more than twice as long to settle a ticket.",
        "resolution_time",
        Place("team = 'Logistics'", SLOW_LOGISTICS, END),
        Place("team = 'Logistics'", date(2025, 8, 1), SLOW_LOGISTICS),
        "up",
        "ratio",
        2.2,
        1.7,
        2.9,
    ),
    Truth(
        "other_teams_as_before",
        "The other teams are as quick as before.",
        "resolution_time",
        Place("team <> 'Logistics'", SLOW_LOGISTICS, END),
        Place("team <> 'Logistics'", date(2025, 8, 1), SLOW_LOGISTICS),
        "none",
        "ratio",
        1.0,
        0.85,
        1.18,
    ),
    Truth(
        "slow_support_costs_nps",
        "The longer a ticket took, the fewer are promoters; so answers about Logistics fell when it became slow.",
        "nps",
        Place(_LOGISTICS_ANSWERS, SLOW_LOGISTICS, END),
        Place(_LOGISTICS_ANSWERS, date(2025, 8, 1), SLOW_LOGISTICS),
        "down",
        "difference",
        -22.0,
        -38.0,
        -7.0,
    ),
    Truth(
        "danish_summer_dip",
        "In July Danish customers order about half as much as in June; elsewhere nothing of the kind happens.",
        "orders",
        Place(f"country = 'DK' AND {_SHOP}", date(2025, 7, 1), date(2025, 8, 1)),
        Place(f"country = 'DK' AND {_SHOP}", date(2025, 6, 1), date(2025, 7, 1)),
        "down",
        "ratio",
        0.62,
        0.45,
        0.8,
    ),
    Truth(
        "no_summer_dip_elsewhere",
        "Outside Denmark July is a month like June.",
        "orders",
        Place(f"country <> 'DK' AND {_SHOP}", date(2025, 7, 1), date(2025, 8, 1)),
        Place(f"country <> 'DK' AND {_SHOP}", date(2025, 6, 1), date(2025, 7, 1)),
        "none",
        "ratio",
        1.05,
        0.92,
        1.20,
    ),
    Truth(
        "danish_december_peak",
        "In December Danish customers order far more than in November; elsewhere the peak is small.",
        "orders",
        Place(f"country = 'DK' AND {_SHOP}", date(2025, 12, 1), date(2026, 1, 1)),
        Place(f"country = 'DK' AND {_SHOP}", date(2025, 11, 1), date(2025, 12, 1)),
        "up",
        "ratio",
        2.05,
        1.65,
        2.5,
    ),
    Truth(
        "small_december_peak_elsewhere",
        "Outside Denmark December is a sixth better than November.",
        "orders",
        Place(f"country <> 'DK' AND {_SHOP}", date(2025, 12, 1), date(2026, 1, 1)),
        Place(f"country <> 'DK' AND {_SHOP}", date(2025, 11, 1), date(2025, 12, 1)),
        "up",
        "ratio",
        1.2,
        1.05,
        1.35,
    ),
)
