"""A workspace's store in a folder, and files written for a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kizuna.collect.report import FileReport
from kizuna.imports import DATABASE, import_files, rebuild
from kizuna.settings import Settings
from kizuna.store.duckdb import DuckDBStore


class Shop:
    """A store, its folder, and a place to write files to import."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.root = root / "shop"
        self.files = root / "files"
        self.root.mkdir(exist_ok=True)
        self.files.mkdir(exist_ok=True)
        self.settings = Settings(settings)
        self.store = DuckDBStore(self.root / DATABASE, self.settings)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.files / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def take(self, fact: str, content: str | bytes | Path, name: str = "file.csv", **options: Any) -> FileReport:
        path = content if isinstance(content, Path) else self.write(name, content)
        return import_files(self.store, self.settings, self.root, fact, [path], **options).files[0]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.store.execute(sql)

    def rebuild(self) -> None:
        self.store.close()
        rebuild(self.settings, self.root)
        self.store = DuckDBStore(self.root / DATABASE, self.settings)

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every table of the database, each in an order of its own."""
        names = [row[0] for row in self.rows("SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY 1")]
        return {name: self.rows(f'SELECT * FROM "{name}" ORDER BY ALL') for name in names}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Any]:
    made: list[Shop] = []

    def make(**settings: Any) -> Shop:
        made.append(Shop(tmp_path, **settings))
        return made[-1]

    yield make
    for each in made:
        each.store.close()
