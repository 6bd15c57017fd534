"""Everything on the demo company, straight from facts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import kizuna
from bench import Result
from kizuna import demo


def run() -> Iterator[Result]:
    """All metrics by month for the last year, against the year before, in one call."""
    with tempfile.TemporaryDirectory() as folder:
        started = perf_counter()
        with kizuna.init(Path(folder) / "demo", **demo.SETTINGS) as shop:
            for fact, file in demo.write(Path(folder) / "files", 20260101):
                shop.import_file(fact, file)
            yield Result("writing and importing the demo", perf_counter() - started, 60, "s")
            whole = shop.measure("orders", every="month", compare="none").records
            times = []
            for _ in range(3):
                started = perf_counter()
                shop.measure(every="month", since=whole[-12].start, until=whole[-1].end, compare="year")
                times.append(perf_counter() - started)
            yield Result("all metrics x 12 months x the year before", min(times), 2, "s")
