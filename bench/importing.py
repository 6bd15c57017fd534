"""Orders from CSV: how many rows a second, and how much memory beyond DuckDB's own limit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from time import perf_counter

import duckdb
import psutil

import kizuna
from bench import Result

ROWS = 5_000_000
LIMIT = 1_000_000_000
ORDERS = f"""
    SELECT 'o' || i AS order_id, TIMESTAMP '2024-01-01' + to_seconds((i * 37) % 63000000) AS ordered_at,
        'c' || (i * 7919) % 100000 AS customer_id, (i * 31) % 9973 / 100 AS value
    FROM range({ROWS}) AS t (i)
"""


def run() -> Iterator[Result]:
    """Import a file of five million orders: with the default settings, and with little memory."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.csv"
        duckdb.execute(f"COPY ({ORDERS}) TO '{file}'")
        started = perf_counter()
        with duckdb.connect(f"{folder}/bare.duckdb") as bare:
            bare.execute(f"CREATE TABLE orders AS FROM read_csv('{file}')")
        read = perf_counter() - started
        seconds = _import(Path(folder) / "shop", file)
        yield Result(f"importing {ROWS:,} orders", ROWS / seconds, 300_000, "rows/s", more=True)
        yield Result("its time, a bare read of the file being 1", seconds / read, 10, "times")
        peak, done = [0], Event()
        Thread(target=_watch, args=(peak, done), daemon=True).start()
        seconds = _import(Path(folder) / "small", file, memory_limit=f"{LIMIT // 1_000_000}MB")
        done.set()
        yield Result("importing them with a limit of 1 GB", ROWS / seconds, 250_000, "rows/s", more=True)
        yield Result("its memory beyond DuckDB's limit", (peak[0] - LIMIT) / 1e6, 1000, "MB")


def _import(root: Path, file: Path, **settings: str) -> float:
    with kizuna.init(root, **settings) as shop:
        started = perf_counter()
        shop.import_file("order", file)
        return perf_counter() - started


def _watch(peak: list[int], done: Event) -> None:
    process = psutil.Process()
    while not done.wait(0.05):
        peak[0] = max(peak[0], process.memory_info().rss)
