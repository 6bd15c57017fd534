"""The demo's files, written once a run: a small company for what holds for all, the full one for what is planted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kizuna import demo

Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path]]:
    return demo.write(tmp_path_factory.mktemp("small"), customers=400, months=6)


@pytest.fixture(scope="session")
def small(small_files: list[tuple[str, Path]]) -> Ask:
    return _asking(small_files)


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    return _asking(demo.write(tmp_path_factory.mktemp("full")))


def _asking(files: list[tuple[str, Path]]) -> Ask:
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone = '{demo.SETTINGS['timezone']}'")
    for fact, path in files:
        connection.execute(f"CREATE VIEW \"{fact}\" AS FROM read_parquet('{path}')")
    return lambda sql: connection.execute(sql).fetchall()
