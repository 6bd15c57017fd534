"""Amounts with the mark of another currency are not taken for the workspace's own."""

from __future__ import annotations

from pathlib import Path

import pytest

import kizuna

OWN = {
    "JPY": ("20,000円", "¥20,000", "￥20000", "20000 JPY", "20,000"),
    "DKK": ("1.200,50 kr.", "DKK 1.200,50", "kr 99,50"),
}
OTHER = {"DKK": ("20,000円", "¥20,000", "€12,50", "$ 5.00", "12,50 EUR"), "JPY": ("$5.00", "kr 99", "1200 DKK", "£3")}


def load(folder: Path, home: str, amounts: tuple[str, ...], **mapping: str) -> kizuna.Workspace:
    lines = [f'o{n};2026-01-0{n + 1};c1;"{amount}"' for n, amount in enumerate(amounts)]
    file = folder / "orders.csv"
    file.write_text("\n".join(["order_id;ordered_at;customer_id;value", *lines]), encoding="utf-8")
    shop = kizuna.init(folder / "shop", currency=home, exchange={"JPY": 0.05} if home == "DKK" else {})
    shop.import_file("order", file, mapping=mapping)
    return shop


@pytest.mark.parametrize(("currency", "amounts"), OWN.items())
def test_marks_of_the_own_currency_are_read_over(currency: str, amounts: tuple[str, ...], tmp_path: Path) -> None:
    with load(tmp_path, currency, amounts) as shop:
        assert shop.measure("orders").value() == len(amounts)


@pytest.mark.parametrize(("currency", "amounts"), OTHER.items())
def test_others_are_set_aside_with_the_way_out(currency: str, amounts: tuple[str, ...], tmp_path: Path) -> None:
    with load(tmp_path, currency, amounts) as shop:
        reasons = [reason for (reason,) in shop.store.execute("SELECT reason FROM rejected ORDER BY line_no")]
    assert len(reasons) == len(amounts)
    assert all(f"is not in {currency}: say which with the field currency" in reason for reason in reasons)


def test_where_the_currency_is_said_it_is_converted(tmp_path: Path) -> None:
    with load(tmp_path, "DKK", ("20000円", "¥1000"), currency="'JPY'") as shop:
        assert shop.measure("revenue").value() == pytest.approx(1050)
