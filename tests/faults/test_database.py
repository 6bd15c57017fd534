"""What happens to the database file: damage and a second owner (faults 3 and 6)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import kizuna
from kizuna.errors import WorkspaceError

ORDERS = "order_id,ordered_at,customer_id,value\n" + "".join(
    f"o{i},2026-01-{i % 28 + 1:02d},c{i % 50},{i % 97}.50\n" for i in range(2000)
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with orders, closed."""
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    with kizuna.init(tmp_path / "shop") as shop:
        shop.import_file("order", tmp_path / "orders.csv")
    return tmp_path / "shop"


def numbers(root: Path) -> str:
    with kizuna.open(root) as shop:
        return shop.measure("revenue", "orders", "purchase_frequency", every="week").to_json()


def cut(file: bytes) -> bytes:
    return file[: len(file) // 2]


def flip(file: bytes) -> bytes:
    place = 4096 + 100
    return file[:place] + bytes([file[place] ^ 0xFF]) + file[place + 1 :]


def zero_tail(file: bytes) -> bytes:
    return file[: len(file) // 3] + bytes(len(file) - len(file) // 3)


def overwrite_head(file: bytes) -> bytes:
    return b"not a database" * 400 + file[5600:]


@pytest.mark.parametrize("damage", [cut, flip, zero_tail, overwrite_head])
def test_a_damaged_database_is_named_and_rebuilt_to_the_same_numbers(
    root: Path, damage: Callable[[bytes], bytes]
) -> None:
    before = numbers(root)
    file = root / "kizuna.duckdb"
    file.write_bytes(damage(file.read_bytes()))
    try:
        # a reader may get by without the damaged block; then the numbers must be right
        assert numbers(root) == before
    except WorkspaceError as error:
        assert "kizuna.duckdb" in error.what
        assert "kizuna rebuild" in error.next_step
    with kizuna.open(root) as shop:
        shop.rebuild()
    assert numbers(root) == before


def test_a_missing_database_is_rebuilt_to_the_same_numbers(root: Path) -> None:
    before = numbers(root)
    (root / "kizuna.duckdb").unlink()
    with kizuna.open(root) as shop:
        shop.rebuild()
    assert numbers(root) == before


def test_a_database_of_another_version_is_refused_and_rebuilt(root: Path) -> None:
    before = numbers(root)
    with kizuna.open(root) as shop:
        shop.store.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    with pytest.raises(WorkspaceError, match=r"made by another version.*kizuna rebuild"):
        numbers(root)
    with kizuna.open(root) as shop:
        shop.rebuild()
    assert numbers(root) == before


HOLDER = """
import sys, kizuna
shop = kizuna.open(sys.argv[1]); shop.measure("orders"); print("open", flush=True); sys.stdin.read()
"""


def test_a_second_process_is_refused_and_told_who_holds_it(root: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(root)], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        try:
            assert holder.stdout.readline().strip() == "open"
            with kizuna.open(root) as shop, pytest.raises(WorkspaceError, match=rf"PID {holder.pid}\b"):
                shop.measure("orders")
        finally:
            holder.stdin.close()
            holder.wait(timeout=30)
    assert numbers(root)
