"""``make bench``: run every benchmark, or those named, and show measured and promised side by side."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def main(names: list[str]) -> int:
    found = sorted(file.stem for file in Path(__file__).parent.glob("*.py") if not file.stem.startswith("_"))
    kept = True
    for name in names or found:
        for result in import_module(f"bench.{name}").run():
            kept &= result.kept
            share = result.measured / result.target
            print(
                f"{'ok  ' if result.kept else 'MISS'} {result.what:<58} {result.measured:>12,.1f} {result.unit:<7}"
                f" {'at least' if result.more else 'at most'} {result.target:>10,.0f}  ({share:.2f} of it)",
                flush=True,
            )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
