"""Questions whose answers are easily got wrong: conditions with OR, groups folded, mixes by group, odd names, odd days."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import kizuna
from kizuna.errors import QuestionError
from kizuna.measure.calendar import Period, make_axis
from kizuna.measure.interval import wilson
from kizuna.workspace import Workspace

OWN = """
[metric.revenue_in_japan]
name.en = "Revenue in Japan"
meaning.en = "The value of orders of customers in Japan."
group = "own"
unit = "money"
kind = "sum"
fact = "order"
base = "customer.country = 'JP'"
value = "value"

[metric.buyers]
name.en = "Buyers"
meaning.en = "The number of different people who ordered."
group = "own"
unit = "count"
kind = "people"
people = "buyer"

[metric.median_order]
name.en = "Median order"
meaning.en = "The median value of orders."
group = "own"
unit = "money"
kind = "quantile"
fact = "order"
value = "value"
"""
CUSTOMERS = "customer_id,country,size\n" + "".join(
    f"c{i},{'JP' if i % 2 else 'DK'},{'large' if i % 3 else 'small'}\n" for i in range(20)
)
ROWS = [
    (
        f"o{i}",
        f"c{i * 7 % 20}" if i % 5 else "",
        f"2026-01-{1 + i % 28:02d}",
        i * i % 97,
        ("web", "app")[i % 2],
        f"s{i % 13}",
        ("purchase", "online", "in store")[i % 3],
        ("²", "1", "日本")[i % 3],
    )
    for i in range(240)
]
ORDERS = "order_id,customer_id,ordered_at,value,channel,store,transaction_type,x WHERE y\n" + "".join(
    ",".join(map(str, row)) + "\n" for row in ROWS
)

Make = Callable[..., Workspace]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    root = tmp_path_factory.mktemp("wrong")
    with kizuna.init(root / "shop", max_groups=5) as shop:
        (root / "shop/metrics/own.toml").write_text(OWN, encoding="utf-8")
        for fact, text in (("customer", CUSTOMERS), ("order", ORDERS)):
            file = root / f"{fact}.csv"
            file.write_text(text, encoding="utf-8")
            assert not shop.import_file(fact, file, keep=("store", "x WHERE y") if fact == "order" else ()).rejected
        yield shop


def people(rows: list[tuple[str, str, str, int, str, str, str, str]]) -> int:
    return len({row[1] for row in rows if row[1]})


def test_an_or_leaves_out_neither_the_nameless_nor_the_definition(shop: Workspace) -> None:
    where = "channel = 'web' OR store = 's1'"
    fitting = [row for row in ROWS if row[4] == "web" or row[5] == "s1"]
    assert shop.measure("buyers", where=where).value() == people(fitting)
    assert len(shop.rows("revenue_in_japan", where=where)) == sum(
        1 for row in fitting if row[1] and int(row[1][1:]) % 2
    )


def test_a_definition_by_a_trait_holds_in_every_break_down(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(shop.settings._values, "least_people", 0)
    by_country = shop.measure("revenue_in_japan", by="country", compare="none").records
    truth = sum(row[3] for row in ROWS if row[1] and int(row[1][1:]) % 2)
    assert sum(r.value or 0 for r in by_country) == truth
    assert shop.measure("revenue_in_japan").value() == truth
    assert sum(r.value or 0 for r in shop.measure("revenue_in_japan", by="size", compare="none").records) == truth


def test_people_and_quantiles_of_the_folded_groups_are_of_all_their_rows(shop: Workspace) -> None:
    records = shop.measure("median_order", "buyers", "orders", by="store", compare="none").records
    kept = {r.group["store"] for r in records} - {"(other)"}
    rest = [row for row in ROWS if row[5] not in kept]
    found = {r.metric: r for r in records if r.group["store"] == "(other)"}
    assert len(kept) == 4
    assert found["buyers"].value == people(rest)
    assert found["median_order"].value == np.median([row[3] for row in rest])
    assert found["orders"].value == len(rest)
    assert found["orders"].people == people(rest) + sum(1 for row in rest if not row[1])


def test_the_same_question_keeps_the_same_groups(shop: Workspace) -> None:
    counts = {store: sum(row[5] == store for row in ROWS) for _, _, _, _, _, store, _, _ in ROWS}
    records = shop.measure("orders", by="store", compare="none").records
    assert [r.group["store"] for r in records] == [*sorted(counts, key=lambda s: (-counts[s], s))[:4], "(other)"]


@pytest.mark.parametrize("by", ["channel", "store"])
def test_a_mix_is_of_its_own_group(shop: Workspace, by: str) -> None:
    records = shop.measure("transaction_type_share.orders", by=by, compare="none").records
    column = {"channel": 4, "store": 5}[by]
    kept = {r.group[by] for r in records} - {"(other)"}
    for group in (*kept, *(["(other)"] if by == "store" else [])):
        rows = [row for row in ROWS if (row[column] == group if group in kept else row[column] not in kept)]
        found = {r.group["transaction_type"]: r.value for r in records if r.group[by] == group}
        assert sum(value or 0 for value in found.values()) == pytest.approx(100)
        for kind, value in found.items():
            if kind != "(other)":
                assert value == pytest.approx(100 * sum(row[6] == kind for row in rows) / len(rows))


def test_an_interval_of_a_mix_rests_on_the_whole(tmp_path: Path) -> None:
    counts = {"buy": 900, "get help": 88, "look around": 12}
    choices = np.random.default_rng(1).permutation(np.repeat(list(counts), list(counts.values())))
    lines = [f"r{i},c{i},2026-01-05,visitor_intent,{choice}\n" for i, choice in enumerate(choices)]
    file = tmp_path / "answers.csv"
    file.write_text("response_id,customer_id,answered_at,question,choice\n" + "".join(lines), encoding="utf-8")
    with kizuna.init(tmp_path / "mix") as shop:
        shop.import_file("survey_response", file)
        records = shop.measure("visitor_intent", compare="none").records
    for record in records:
        low, high = wilson(counts[record.group["choice"]], 1000)
        assert record.low == pytest.approx(float(100 * low), rel=0.2)
        assert record.high == pytest.approx(float(100 * high), rel=0.2)


def test_groups_and_conditions_with_odd_names(shop: Workspace) -> None:
    by = {r.group["x WHERE y"]: r.value for r in shop.measure("orders", by="x WHERE y", compare="none").records}
    assert by == {"1": 80, "²": 80, "日本": 80}
    assert list(by) == ["1", "²", "日本"]
    assert shop.measure("buyers", where="\"x WHERE y\" = '1'").value() == people([r for r in ROWS if r[7] == "1"])


@pytest.mark.parametrize("metric", ["customer_lifetime_value", "ad_spend", "active_customers", "followers"])
def test_what_is_kept_by_day_has_no_hours(shop: Workspace, metric: str) -> None:
    with pytest.raises(QuestionError, match="hours"):
        shop.measure(metric, every="hour", since="2026-01-10", until="2026-01-11")


@pytest.mark.parametrize(("since", "until"), [("0001", None), ("0001", "0002"), (None, "9999-12-31")])
def test_a_range_beyond_the_calendar_is_refused(shop: Workspace, since: str | None, until: str | None) -> None:
    with pytest.raises(QuestionError, match="years 1 to 9999"):
        shop.measure("orders", since=since, until=until)


def test_the_year_before_a_leap_year_has_its_28_february_too() -> None:
    axis = make_axis("all", date(2024, 2, 28), date(2024, 2, 29), "year", ZoneInfo("UTC"))
    assert axis.compared(axis.periods[0]) == Period(date(2023, 2, 28), date(2023, 3, 1))
    axis = make_axis("all", date(2025, 2, 1), date(2025, 3, 1), "year", ZoneInfo("UTC"))
    assert axis.compared(axis.periods[0]) == Period(date(2024, 2, 1), date(2024, 3, 1))


def test_money_adds_up_to_the_cent(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    rows = "".join(f"o{i},c{i},2026-01-02,0.1\n" for i in range(3))
    file.write_text("order_id,customer_id,ordered_at,value\n" + rows, encoding="utf-8")
    with kizuna.init(tmp_path / "cents") as shop:
        shop.import_file("order", file)
        assert shop.measure("revenue").value() == 0.3


def test_threads_that_ask_first_share_one_store(shop: Workspace) -> None:
    stores: list[object] = []
    with Workspace(shop.root) as again:
        shop.close()
        # the function itself: from Python 3.12 on nothing but it keeps threads apart
        make = type(again).__dict__["store"].func
        threads = [threading.Thread(target=lambda: stores.append(make(again))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(stores) == 8
        assert len({id(store) for store in stores}) == 1
