"""Question → SQL text, for ten metrics over seven facts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

import kizuna
from bench import Result
from kizuna.measure.ask import planned_sql
from kizuna.measure.plan import Planner

METRICS = [
    "nps", "csat", "ces", "churn_rate", "revenue", "average_order_value",
    "resolution_time", "conversion_rate", "open_rate", "click_through_rate",
]  # fmt: skip


def run() -> Iterator[Result]:
    """The median of 50 plans made from nothing, and of 50 taken from those kept."""
    with tempfile.TemporaryDirectory() as folder, kizuna.init(Path(folder) / "shop") as shop:
        business = shop.business
        fresh: list[float] = []
        kept: list[float] = []
        for _ in range(50):
            object.__setattr__(business, "planner", Planner(shop.catalogue.sets, {}, shop.settings))
            for times in (fresh, kept):
                started = perf_counter()
                planned_sql(business, METRICS)
                times.append(1000 * (perf_counter() - started))
        yield Result("planning ten metrics", median(fresh), 5, "ms")
        yield Result("planning ten metrics again", median(kept), 1, "ms")
