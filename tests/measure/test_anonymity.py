"""A break-down by what people are comes down to no fewer than the setting least_people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from tests.measure.made import CATALOGUE, SETTINGS, business

from kizuna.measure.anonymity import FLAG, is_personal
from kizuna.measure.ask import Business, ask
from kizuna.measure.plan import Planner
from kizuna.measure.question import Question
from kizuna.settings import Settings

AGES = ["20-29"] * 6 + ["30-39"] * 5 + ["40-49"] * 4 + ["90-99"]
"""Age groups of sixteen customers; each orders in March, the first four of each group in April too."""


@pytest.fixture(scope="module")
def shop() -> Business:
    people = [{"customer_id": f"c{i}", "age_group": age, "country": "JP"} for i, age in enumerate(AGES)]
    order = {"value": 100, "channel": "web", "transaction_type": "purchase"}
    orders = [
        order | {"order_id": f"m{i}", "ordered_at": datetime(2026, 3, 5), "customer_id": f"c{i}"} for i in range(16)
    ]
    april = [i for i, age in enumerate(AGES) if i - AGES.index(age) < 4]
    orders += [order | {"order_id": f"a{i}", "ordered_at": datetime(2026, 4, 5), "customer_id": f"c{i}"} for i in april]
    orders += [
        order | {"order_id": f"b{i}", "ordered_at": datetime(2026, 4, 6), "customer_id": "c15"} for i in range(9)
    ]
    return business({"order": orders, "customer": people})


def march(**more: object) -> Question:
    asked = Question(
        ("orders", "revenue"), ("age_group",), since=date(2026, 3, 1), until=date(2026, 4, 1), compare="none"
    )
    return replace(asked, **more)  # type: ignore[arg-type]


def test_a_group_of_few_people_is_left_out_and_told(shop: Business) -> None:
    answer = ask(shop, march())
    assert {r.group["age_group"]: r.value for r in answer.records if r.metric == "orders"} == {"20-29": 6, "30-39": 5}
    (note,) = [note for note in answer.notes if "least_people" in note]
    assert "fewer than 5 people are not shown" in note
    assert "nor 2 groups" in note
    assert "90-99" not in answer.to_csv() + answer.to_json()


def test_what_is_hidden_is_hidden_in_its_period_only_and_not_told_by_the_next(shop: Business) -> None:
    """Neither the number of rows, nor the change from a hidden period, tells what it was."""
    both = march(every="month", until=date(2026, 5, 1), compare="previous")
    records = [r for r in ask(shop, both).records if r.metric == "orders" and r.group["age_group"] == "20-29"]
    assert [(r.start.month, r.value, r.n) for r in records] == [(3, 6, 6), (4, None, None)]
    assert records[1].flags == (FLAG,)
    assert records[1].previous is None
    later = march(since=date(2026, 4, 1), until=date(2026, 5, 1), compare="previous")
    swapped = replace(shop, settings=Settings({**dict(SETTINGS), "least_people": 4}))
    shown = {r.group["age_group"]: r for r in ask(swapped, later).records if r.metric == "orders"}
    assert (shown["20-29"].value, shown["20-29"].previous) == (4, 6)


def test_many_rows_of_one_person_are_one_person(shop: Business) -> None:
    april = march(since=date(2026, 4, 1), until=date(2026, 5, 1))
    assert not any(r.group["age_group"] == "90-99" for r in ask(shop, april).records)


@pytest.mark.parametrize("by", [("channel",), ("country",), ("weekday",), ()])
def test_what_rows_say_themselves_is_shown(shop: Business, by: tuple[str, ...]) -> None:
    one = march(by=by, where="age_group = '90-99'")
    assert [r.value for r in ask(shop, one).records if r.metric == "orders"] == [1]


def test_with_the_setting_0_all_is_shown(shop: Business) -> None:
    open_to_all = replace(shop, settings=Settings({**dict(SETTINGS), "least_people": 0}))
    assert sum(r.value or 0 for r in ask(open_to_all, march()).records if r.metric == "orders") == 16


def test_two_dimensions_of_which_one_is_a_trait(shop: Business) -> None:
    values = [r.value for r in ask(shop, march(by=("channel", "customer.age_group"))).records if r.metric == "orders"]
    assert values == [6, 5]


def test_what_is_personal() -> None:
    properties = {"customer": ["taste", "channel"]}
    personal = ["age_group", "gender", "taste", "customer.country", "last_touch_channel", "customer.nothing"]
    assert [name for name in personal if is_personal(name, properties)] == personal
    assert not any(
        is_personal(name, properties) for name in ("channel", "country", "tier", "page", "weekday", "nothing")
    )
    assert Planner(CATALOGUE.sets, properties, SETTINGS).properties == properties
