"""The real files go in by the public import alone, and give the figures that are published for them."""

from __future__ import annotations

import shlex
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

CASES = tomllib.loads((Path(__file__).parent / "real_data.toml").read_text(encoding="utf-8"))["file"]


def spoken(command, folder):
    """A command line as the arguments of an import: fact, file and options."""
    fact, file, *words = shlex.split(command)
    options = {"mapping": {}, "group": [], "keep": []}
    for option, value in zip(words[::2], words[1::2], strict=True):
        if option == "--map":
            name, expression = value.split("=", 1)
            options["mapping"][name] = expression
        else:
            options[option.removeprefix("--")].append(value)
    if "{lifetimes}" in file:
        lifetimes = pytest.importorskip("lifetimes", reason="the package lifetimes is not installed")
        return fact, Path(file.format(lifetimes=Path(lifetimes.__file__).parent / "datasets")), options
    return fact, folder / file, options


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_real_data(shop, shared_data, case):
    fact, path, options = spoken(case["command"], shared_data)
    report = shop.take(fact, path, **options)
    assert report.rejected_rows == case.get("rejected", 0)
    shop.rows(
        "CREATE OR REPLACE TEMP VIEW lines AS FROM "
        f"read_csv('{shared_data}/completejourney/transactions_sample.csv', types={{'sales_value': 'DECIMAL(18,4)'}})"
    )
    for sql, expected in case["checks"]:
        ((found,),) = shop.rows(sql)
        if isinstance(expected, str) and expected.startswith("SELECT"):
            ((expected,),) = shop.rows(expected)
        same = Decimal(expected) if isinstance(found, Decimal) else expected
        assert found == same, sql
    again = shop.take(fact, path, **options)
    assert again.already and again.added == 0
