"""Questions as people ask them, on a company small enough to reckon by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import kizuna
from kizuna.errors import QuestionError, UnknownName
from kizuna.measure.calendar import Period
from kizuna.measure.estimate import holm
from kizuna.measure.explain import explain
from kizuna.workspace import Workspace

ORDERS = """order_id,customer_id,ordered_at,value,margin,channel,store
o1,ann,2026-01-05 10:00,100,40,web,north
o2,bob,2026-01-20 23:30,300,,web,south
o3,ann,2026-02-03 00:10,200,80,app,north
o4,cyd,2026-02-10 12:00,50,20,web,=2+5
o5,dan,2025-02-11 12:00,80,30,web,south
"""
CUSTOMERS = """customer_id,country,plan_size
ann,JP,large
bob,DK,small
cyd,JP,small
dan,JP,small
"""
ANSWERS = """response_id,customer_id,answered_at,question,score,channel
r1,ann,2026-01-06,nps,10,web
r2,bob,2026-01-21,nps,0,web
r3,ann,2026-02-04,nps,9,app
r4,cyd,2026-02-11,nps,8,web
r5,cyd,2026-02-11,csat,5,web
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    root = tmp_path_factory.mktemp("ask")
    with kizuna.init(
        root / "shop",
        timezone="Asia/Tokyo",
        currency="JPY",
        initiatives={"relaunch": "2026-02-01"},
        least_people=0,
    ) as shop:
        for fact, text in (("customer", CUSTOMERS), ("order", ORDERS), ("survey_response", ANSWERS)):
            file = root / f"{fact}.csv"
            file.write_text(text, encoding="utf-8")
            report = shop.import_file(fact, file, keep=("store",) if fact == "order" else ())
            assert not report.rejected
        yield shop


def numbers(answer: kizuna.Answer) -> dict[tuple[str, ...], float | None]:
    return {(str(r.start)[:7], *r.group.values()): r.value for r in answer.records}


def test_all_data_is_the_default_range(shop: Workspace) -> None:
    assert shop.measure("revenue").value() == 730
    assert shop.measure("orders").records[0].start == date(2025, 2, 11)


def test_by_month_in_the_business_zone(shop: Workspace) -> None:
    answer = shop.measure("revenue", every="month", since="2026-01", until="2026-03")
    assert numbers(answer) == {("2026-01",): 400, ("2026-02",): 250}
    assert answer.records[1].change == -150


def test_by_hour_of_the_business_zone(shop: Workspace) -> None:
    answer = shop.measure("orders", every="hour", since="2026-02-03", until="2026-02-04")
    assert [r.value for r in answer.records] == [1.0, *[0.0] * 23]


def test_compared_with_the_year_before(shop: Workspace) -> None:
    answer = shop.measure("revenue", every="month", since="2026-02", until="2026-03", compare="year")
    assert (answer.records[0].previous, answer.records[0].change) == (80, 170)


def test_compared_with_nothing(shop: Workspace) -> None:
    record = shop.measure("revenue", every="month", since="2026-02", until="2026-03", compare="none").records[0]
    assert (record.previous, record.change, record.p_value) == (None, None, None)


def test_before_and_after_an_initiative(shop: Workspace) -> None:
    record = shop.measure("revenue", since="relaunch", until="2026-03").records[0]
    assert (record.start, record.value, record.previous) == (date(2026, 2, 1), 250, 400)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("channel", {("web",): 530.0, ("app",): 200.0}),
        ("country", {("JP",): 430.0, ("DK",): 300.0}),
        ("plan_size", {("large",): 300.0, ("small",): 430.0}),
        ("store", {("north",): 300.0, ("south",): 380.0, ("=2+5",): 50.0}),
        ("weekday", {("1",): 100.0, ("2",): 630.0}),
    ],
)
def test_by_a_dimension_a_trait_a_property(shop: Workspace, by: str, expected: dict[tuple[str, ...], float]) -> None:
    assert {tuple(r.group.values()): r.value for r in shop.measure("revenue", by=by).records} == expected


def test_by_two_things_at_once(shop: Workspace) -> None:
    found = {tuple(r.group.values()): r.value for r in shop.measure("orders", by=("country", "channel")).records}
    assert found == {("DK", "web"): 1, ("JP", "app"): 1, ("JP", "web"): 3}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("country = 'JP'", 430),
        ("country = 'JP' AND channel = 'web'", 230),
        ("value > 100 OR store = 'north'", 600),
        ("customer.plan_size IN ('small')", 430),
        ("margin IS NULL", 300),
    ],
)
def test_where(shop: Workspace, where: str, expected: float) -> None:
    assert shop.measure("revenue", where=where).value() == expected


def test_where_holds_for_several_facts_at_once(shop: Workspace) -> None:
    answer = shop.measure("revenue", "nps", where="country = 'JP'")
    assert [(r.metric, r.value) for r in answer.records] == [("revenue", 430), ("nps", pytest.approx(200 / 3))]


def test_an_unknown_dimension_has_a_nearest_one(shop: Workspace) -> None:
    with pytest.raises(UnknownName, match=r"dimension of order 'contry'. Did you mean 'country'"):
        shop.measure("revenue", by="contry")
    with pytest.raises(UnknownName, match="Did you mean 'store'"):
        shop.measure("revenue", where="stroe = 'north'")
    with pytest.raises(UnknownName, match="There is no dimension of ad 'country'"):
        shop.measure("revenue", "ad_spend", by="country")


def test_of_a_group_what_cannot_be_broken_down_is_left_out_and_said(shop: Workspace) -> None:
    answer = shop.measure("customers", "social", by="country")
    assert any(note.startswith("ad_spend is left out") for note in answer.notes)
    assert {"customers", "brand_mentions"} <= set(answer.metrics)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"every": "mnoth"}, "every cannot be 'mnoth'. Did you mean 'month'"),
        ({"compare": "last"}, "compare cannot be 'last'"),
        ({"since": "yesterday"}, "since 'yesterday' is not a day"),
        ({"since": "relaunhc"}, "Did you mean the initiative 'relaunch'"),
        ({"since": "2026-02-30"}, "is not a day"),
        ({"level": 95}, "level must lie between"),
        ({"since": "2026-03", "until": "2026-02"}, "is empty"),
        ({"where": "value ="}, "cannot be read"),
        ({"where": "channel > 5"}, "does not fit the data"),
    ],
)
def test_a_bad_question_gets_a_helpful_answer(shop: Workspace, question: dict[str, object], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        shop.measure("revenue", **question)  # type: ignore[arg-type]


INJECTIONS = [
    "channel = '' OR 1 = (SELECT count(*) FROM customer)",
    "channel'; DROP TABLE customer; --",
    '"; DROP TABLE customer; --',
    "channel) FROM customer; --",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_text_reaches_sql(shop: Workspace, text: str) -> None:
    before = shop.store.execute("SELECT count(*) FROM customer")
    for question in ({"where": text}, {"by": text}, {"since": text}, {"every": text}):
        with pytest.raises(QuestionError):
            shop.measure("revenue", **question)  # type: ignore[arg-type]
    with pytest.raises(QuestionError):
        shop.measure(text)
    assert shop.store.execute("SELECT count(*) FROM customer") == before


def test_no_data_is_no_value(shop: Workspace) -> None:
    answer = shop.measure("ad_spend", "resolution_time", "csat", every="month", since="2026-01", until="2026-03")
    assert [r.value for r in answer.records] == [None, None, None, None, None, 100.0]


def test_a_count_of_nothing_is_zero_where_there_is_data(shop: Workspace) -> None:
    assert shop.measure("orders", every="month", since="2025-06", until="2025-07").value() == 0
    assert shop.measure("orders", every="month", since="2027-06", until="2027-07").value() is None


def test_flags_say_what_to_mind(shop: Workspace) -> None:
    record = shop.measure("nps").records[0]
    assert {"small_base", "few_units"} <= set(record.flags)
    assert "partial_period" in shop.measure("orders", every="year", since="2026", until="2027").records[0].flags
    assert "revenue_for_margin" in shop.measure("customer_lifetime_value").records[0].flags


def test_more_groups_than_wanted_are_added_up(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(shop.settings._values, "max_groups", 2)
    found = {tuple(r.group.values()): r.value for r in shop.measure("orders", by="store").records}
    assert found == {("north",): 2, ("(other)",): 3} or found == {("south",): 2, ("(other)",): 3}


def test_rows_behind_a_number(shop: Workspace) -> None:
    rows = shop.rows("revenue", since="2026-02", until="2026-03").to_pylist()
    assert [row["order_id"] for row in rows] == ["o4", "o3"]
    assert [row["line_no"] for row in rows] == [5, 4]
    assert shop.rows("revenue", where="country = 'DK'")["order_id"].to_pylist() == ["o2"]
    assert len(shop.rows("revenue", limit=2)) == 2
    assert len(shop.rows("ad_spend")) == 0


def test_explain_shows_definition_formula_sql_and_freshness(shop: Workspace) -> None:
    found = shop.explain("average_order_value")
    assert found.metric.reference or found.metric.meaning.en
    assert set(found.sql) == {"duckdb", "spark", "clickhouse"}
    assert found.data_until == date(2026, 2, 10)
    assert found.rows == 5
    assert "/" in found.formula and found.value is not None
    assert [metric.id for metric in shop.explain("nps").variants] == ["nps", "nps.ten_point"]
    with pytest.raises(UnknownName, match="Did you mean 'revenue'"):
        shop.explain("revenu")


@pytest.mark.parametrize(("last", "month"), [("2026-04-29", 3), ("2026-04-30", 4)])
def test_explain_takes_the_last_whole_month_for_its_example(tmp_path: Path, last: str, month: int) -> None:
    file = tmp_path / "orders.csv"
    days = ["2026-02-03", "2026-03-05", last]
    file.write_text(
        "order_id,ordered_at,customer_id,value\n" + "".join(f"o{i},{d},c{i},5\n" for i, d in enumerate(days))
    )
    with kizuna.init(tmp_path / "shop", timezone="Asia/Tokyo", currency="JPY") as shop:
        shop.import_file("order", file)
        assert shop.explain("revenue").example.start == date(2026, month, 1)


def test_explain_takes_the_period_and_condition_it_is_asked_for(shop: Workspace) -> None:
    february = Period(date(2026, 2, 1), date(2026, 3, 1))
    found = explain(shop.business, "average_order_value", february, "month", "country = 'JP'")
    asked = shop.measure("average_order_value", since="2026-02", until="2026-03", where="country = 'JP'")
    assert (found.example, found.value) == (february, asked.value())
    assert found.filled != shop.explain("average_order_value").filled
    assert "JP" in found.sql["duckdb"][0]


def test_every_metric_answers_explains_and_lists_its_rows(shop: Workspace) -> None:
    for name in shop.catalogue:
        shop.measure(name, every="month", since="2026-01", until="2026-03")
        shop.explain(name)
        shop.rows(name, limit=1)


def test_the_answer_in_every_form(shop: Workspace) -> None:
    answer = shop.measure("revenue", "nps", by="channel", every="month", since="2026-01", until="2026-03")
    record = answer.to_dicts()[0]
    assert {
        "metric",
        "variant",
        "period_start",
        "period_end",
        "group",
        "value",
        "low",
        "high",
        "n",
        "change",
        "p_value",
        "flags",
    } <= set(record)
    assert len(answer.to_arrow()) == len(answer.to_polars()) == len(answer.to_pandas()) == len(answer) == 8
    assert answer.to_csv().splitlines()[0].startswith("metric,variant,period_start,period_end,channel,value")
    assert answer.to_markdown().count("\n") == 10


def test_csv_cells_are_no_formulas(shop: Workspace) -> None:
    text = shop.measure("revenue", by="store").to_csv()
    assert "'=2+5" in text
    assert "'-" not in text


def test_holm_adjusts_what_was_asked_together() -> None:
    import numpy as np

    assert holm(np.array([0.01, 0.04, np.nan, 0.03])) == pytest.approx([0.03, 0.06, np.nan, 0.06], nan_ok=True)


def test_a_workspace_keeps_its_plans(shop: Workspace) -> None:
    shop.measure("revenue", every="month", since="2026-01", until="2026-02")
    kept = dict(shop.business.planner._plans)
    shop.measure("revenue", every="month", since="2026-02", until="2026-03")
    assert shop.business.planner._plans == kept


def test_no_workspace_is_said(tmp_path: Path) -> None:
    with pytest.raises(kizuna.WorkspaceError, match="kizuna init"):
        kizuna.open(tmp_path)


def company(folder: Path, orders: list[tuple[str, str, int]]) -> Workspace:
    """A workspace with orders as (customer, day, value)."""
    lines = [f"o{i},{customer},{day},{value}" for i, (customer, day, value) in enumerate(orders)]
    file = folder / "orders.csv"
    file.write_text("\n".join(["order_id,customer_id,ordered_at,value", *lines]), encoding="utf-8")
    made = kizuna.init(folder / "shop")
    made.import_file("order", file)
    return made


def test_part_of_a_period_is_not_tested_against_a_whole_one(tmp_path: Path) -> None:
    """The trap: data that begins in mid-February makes March look like a leap."""
    days = [f"2026-{month:02d}-{day:02d}" for month, first in ((2, 15), (3, 1)) for day in range(first, 29)]
    with company(tmp_path, [(f"c{i}", day, 10) for day in days for i in range(40)]) as shop:
        answer = shop.measure("revenue", "average_order_value", every="month", since="2026-03", until="2026-04")
    revenue, average = answer.records
    assert "partial_comparison" in revenue.flags
    assert (revenue.change, revenue.p_value) == (5600, None)
    assert "partial_comparison" not in average.flags


def test_a_fall_to_nothing_is_a_change(tmp_path: Path) -> None:
    january = [(f"c{i}", "2026-01-01", 10) for i in range(300)]
    with company(tmp_path, [*january, ("c1", "2026-03-01", 10)]) as shop:
        record = shop.measure("orders", every="month", since="2026-02", until="2026-03").records[0]
    assert (record.value, record.previous) == (0, 300)
    assert record.p_value is not None and record.p_value < 0.001


def test_a_running_total_does_not_count_people_twice(tmp_path: Path) -> None:
    orders = [(f"c{i}", f"2026-0{month}-01", 10) for month in (1, 2, 3) for i in range(5)]
    with company(tmp_path, orders) as shop:
        (shop.root / "metrics" / "own.toml").write_text(
            '[metric.ever]\nname.en = "Ever"\nmeaning.en = "All."\ngroup = "own"\nunit = "money"\n'
            'kind = "sum"\nfact = "order"\nvalue = "value"\nspan = "to_date"\n',
            encoding="utf-8",
        )
    with kizuna.open(tmp_path / "shop") as shop:
        record = shop.measure("ever", every="month", since="2026-03", until="2026-04").records[0]
    assert (record.value, record.n, record.people) == (150, 15, None)


def test_the_weekday_is_that_of_the_metric_s_time(tmp_path: Path) -> None:
    file = tmp_path / "tickets.csv"
    file.write_text("ticket_id,opened_at,resolved_at\nt1,2026-01-05,2026-01-07\n", encoding="utf-8")
    with kizuna.init(tmp_path / "shop") as shop:
        shop.import_file("ticket", file)
        assert [r.group for r in shop.measure("tickets_opened", by="weekday").records] == [{"weekday": "1"}]
        assert [r.group for r in shop.measure("tickets_resolved", by="weekday").records] == [{"weekday": "3"}]
        with pytest.raises(UnknownName, match="Its hour is kept of opened_at only"):
            shop.measure("tickets_resolved", by="hour")


def test_by_hour_leaves_out_what_is_kept_by_day(shop: Workspace) -> None:
    answer = shop.measure(every="hour", since="2026-02-03", until="2026-02-04")
    assert "orders" in answer.metrics and "ad_spend" not in answer.metrics
    with pytest.raises(QuestionError, match="has no hours"):
        shop.measure("ad_spend", every="hour", since="2026-02-03", until="2026-02-04")


@pytest.mark.parametrize("where", ["value % 0 = 1", "round(value, 'x') = 1", "length(value) > 'x'"])
def test_what_only_the_engine_can_refuse_is_said_kindly(shop: Workspace, where: str) -> None:
    with pytest.raises(QuestionError, match="does not fit the data"):
        shop.measure("revenue", where=where)


def test_nothing_known_is_not_zero(tmp_path: Path) -> None:
    """A shop that imported no referrals, no events and no outcomes of contacts knows nothing of them."""
    file = tmp_path / "contacts.csv"
    file.write_text("contact_id,contacted_at,channel\nk1,2026-01-05,chat\nk2,2026-01-06,chat\n", encoding="utf-8")
    with company(tmp_path, [("c1", "2026-01-05", 10), ("c2", "2026-01-06", 20)]) as shop:
        shop.import_file("contact", file)
        names = (
            "referral_rate",
            "app_active_customers",
            "first_contact_resolution_rate",
            "customers",
            "contact_volume",
        )
        found = {r.metric: r.value for r in shop.measure(*names).records}
    assert found == dict(zip(names, (None, None, None, 2, 2), strict=True))
