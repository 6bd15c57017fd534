"""Import of a large CSV of orders: rows a second, peak memory, and the ratio to a bare read.

    python bench/import_orders.py [--rows 5000000] [--memory-limit 2GB]

The bare read is ``CREATE TABLE AS FROM read_csv`` into a DuckDB file, in the same run, so that a busy
or slow machine shows in both. Peak memory is that of a process of its own for the import alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

_ORDERS = """
COPY (SELECT 'o' || i AS order_id,
    strftime(TIMESTAMP '2022-01-01' + to_seconds((i * 7919) % 94608000), '%Y-%m-%d %H:%M:%S') AS ordered_at,
    'c' || ((i * 2654435761) % 400000) AS customer_id,
    round(5 + (i * 104729) % 40000 / 100.0, 2) AS total,
    CASE WHEN i % 50 = 0 THEN round(1 + (i * 31) % 500 / 100.0, 2) END AS refunded,
    ['web', 'app', 'store', 'phone'][1 + (i * 31) % 4] AS channel,
    ['JP', 'DK', 'US', 'DE'][1 + (i * 17) % 4] AS country,
    1 + i % 5 AS quantity
  FROM range({rows}) t(i)) TO '{file}' (HEADER)
"""


def imported(file: Path, root: Path, memory_limit: str) -> dict[str, float]:
    """Import in this process; gives seconds, rows and peak resident bytes."""
    from kizuna.imports import DATABASE, import_files
    from kizuna.settings import Settings
    from kizuna.store.duckdb import DuckDBStore

    settings = Settings({"memory_limit": memory_limit})
    store = DuckDBStore(root / DATABASE, settings)
    stages: dict[str, float] = {}
    began = last = time.perf_counter()
    name = "start"

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal last, name
        now = time.perf_counter()
        stages[name] = stages.get(name, 0) + now - last
        last, name = now, stage

    report = import_files(store, settings, root, "order", [file], progress=progress)
    seconds = time.perf_counter() - began
    store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "rows": report.added, "peak": peak, **{f"stage {k}": v for k, v in stages.items()}}


def bare(file: Path, root: Path) -> float:
    """Seconds of a plain typed read into a table on disk."""
    connection = duckdb.connect(str(root / "bare.duckdb"))
    began = time.perf_counter()
    connection.execute(f"CREATE TABLE t AS FROM read_csv('{file}')")
    connection.execute("CHECKPOINT")
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--memory-limit", default="2GB")
    parser.add_argument("--child", nargs=2, metavar=("FILE", "ROOT"), help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.child:
        print(json.dumps(imported(Path(said.child[0]), Path(said.child[1]), said.memory_limit)))
        return
    with tempfile.TemporaryDirectory(prefix="kizuna-bench-") as name:
        root = Path(name)
        file = root / "orders.csv"
        duckdb.execute(_ORDERS.format(rows=said.rows, file=file))
        plain = bare(file, root)
        command = [sys.executable, __file__, "--memory-limit", said.memory_limit, "--child", str(file), str(root)]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = json.loads(out)
        print(f"rows            {int(found['rows']):>12,}")
        print(f"file            {file.stat().st_size / 1e6:>12,.0f} MB")
        print(f"import          {found['seconds']:>12.1f} s   {found['rows'] / found['seconds']:>12,.0f} rows/s")
        print(f"bare read       {plain:>12.1f} s   {found['rows'] / plain:>12,.0f} rows/s")
        print(f"ratio           {found['seconds'] / plain:>12.1f}")
        print(f"peak memory     {found['peak'] / 1e6:>12,.0f} MB   (memory_limit {said.memory_limit})")
        for stage, seconds in found.items():
            if stage.startswith("stage"):
                print(f"  {stage:<14}{seconds:>12.1f} s")


if __name__ == "__main__":
    main()
