"""Conditions on what customers did: the SQL finds exactly those whom a walk through the rows finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.measure.made import CATALOGUE, COUNTRIES, EVENTS, LAST, PEOPLE, SETTINGS, Company, Row, business, companies

from effort import examples
from kizuna.errors import NoCustomers, NotAllowed, QuestionError, UnknownName
from kizuna.measure.ask import Business, ask
from kizuna.measure.plan import Planner
from kizuna.measure.question import Question
from kizuna.understand.segment import members_sql, size

EXAMPLES = settings(max_examples=examples(8, 200))
WINDOWS = st.sampled_from((None, 1, 2, 7, 30, 90))
Holds = Callable[[Company, str, date], bool | None]


def local(moment: datetime) -> date:
    return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(SETTINGS.zone).date()


@dataclass(frozen=True)
class Condition:
    """A condition as text, and whether it holds of somebody on a day: three values, as in SQL."""

    text: str
    holds: Holds


def rows(company: Company, fact: str, who: str, time: str, day: date, days: int | None) -> list[Row]:
    """Somebody's rows until a day, of so many days."""
    mine = [row for row in company[fact] if row.get("customer_id") == who]
    return [r for r in mine if local(r[time]) <= day and (days is None or local(r[time]) > day - timedelta(days=days))]


def _orders(found: list[Row]) -> list[Row]:
    return [row for row in found if row["value"] >= 0 and row["transaction_type"] != "refund"]


def _answers(found: list[Row], question: str) -> list[Row]:
    return [row for row in found if row["question"] == question and row["status"] == "complete"]


def _latest(found: list[Row], what: str) -> Any:
    known = [row for row in found if row.get(what) is not None]
    return max(known, key=lambda r: (r["answered_at"], f"{r['response_id']}|{r['question']}"))[what] if known else None


def _running(company: Company, who: str, day: date) -> list[Row]:
    begun = rows(company, "subscription", who, "started_at", day, None)
    return [row for row in begun if row["ended_at"] is None or local(row["ended_at"]) > day]


def _since(company: Company, who: str, day: date) -> int | None:
    days = [local(row["ordered_at"]) for row in _orders(rows(company, "order", who, "ordered_at", day, None))]
    return (day - max(days)).days if days else None


FUNCTIONS: dict[str, Callable[[Company, str, date, int | None], Any]] = {
    "orders({})": lambda c, who, day, n: len(_orders(rows(c, "order", who, "ordered_at", day, n))),
    "spent({})": lambda c, who, day, n: sum(
        r["value"] - r.get("refunded", 0) for r in rows(c, "order", who, "ordered_at", day, n)
    ),
    "did('Product Added'{,})": lambda c, who, day, n: sum(
        r["name"] == "Product Added" for r in rows(c, "event", who, "occurred_at", day, n)
    ),
    "tickets({})": lambda c, who, day, n: len(rows(c, "ticket", who, "opened_at", day, n)),
    "open_tickets()": lambda c, who, day, _: sum(
        r["resolved_at"] is None or local(r["resolved_at"]) > day
        for r in rows(c, "ticket", who, "opened_at", day, None)
    ),
    "messages('email'{,})": lambda c, who, day, n: sum(
        r["channel"] == "email" for r in rows(c, "message", who, "sent_at", day, n)
    ),
    "opens({})": lambda c, who, day, n: sum(bool(r["opened"]) for r in rows(c, "message", who, "sent_at", day, n)),
    "clicks({})": lambda c, who, day, n: sum(bool(r["clicked"]) for r in rows(c, "message", who, "sent_at", day, n)),
    "answers('nps'{,})": lambda c, who, day, n: len(
        _answers(rows(c, "survey_response", who, "answered_at", day, n), "nps")
    ),
    "answered('nps'{,})": lambda c, who, day, n: _latest(
        _answers(rows(c, "survey_response", who, "answered_at", day, n), "nps"), "score"
    ),
    "subscriptions()": lambda c, who, day, _: len(_running(c, who, day)),
    "mrr()": lambda c, who, day, _: sum(row["mrr"] for row in _running(c, who, day)),
    "days_since('order')": lambda c, who, day, _: _since(c, who, day),
}
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<>": lambda a, b: bool(a != b),
    ">=": lambda a, b: bool(a >= b),
    "<": lambda a, b: bool(a < b),
}


@st.composite
def _compared(draw: st.DrawFn) -> Condition:
    form = draw(st.sampled_from(tuple(FUNCTIONS)))
    days = draw(WINDOWS) if "{" in form else None
    sign, number = draw(st.sampled_from(tuple(OPERATORS))), draw(st.integers(0, 3) | st.integers(0, 9999))
    written = form.replace("{,}", f", {days}" if days else "").replace("{}", str(days) if days else "")

    def holds(company: Company, who: str, day: date) -> bool | None:
        value = FUNCTIONS[form](company, who, day, days)
        return None if value is None else OPERATORS[sign](value, number)

    return Condition(f"{written} {sign} {number}", holds)


@st.composite
def _known(draw: st.DrawFn) -> Condition:
    form = draw(st.sampled_from(("answered('nps')", "days_since('order')")))
    bare = replace_windows(form)
    return Condition(f"{form} IS NULL", lambda c, who, day: FUNCTIONS[bare](c, who, day, None) is None)


def replace_windows(form: str) -> str:
    return form.replace("('nps')", "('nps'{,})")


def _not(part: Condition) -> Condition:
    def holds(company: Company, who: str, day: date) -> bool | None:
        inner = part.holds(company, who, day)
        return None if inner is None else not inner

    return Condition(f"NOT ({part.text})", holds)


def _both(parts: tuple[Condition, Condition], word: str) -> Condition:
    decides = word == "OR"

    def holds(company: Company, who: str, day: date) -> bool | None:
        values = [part.holds(company, who, day) for part in parts]
        return decides if decides in values else None if None in values else not decides

    return Condition(f"({parts[0].text}) {word} ({parts[1].text})", holds)


LIVES = {row["customer_id"]: row["country"] for row in COUNTRIES}
_trait = st.sampled_from(("JP", "DK")).map(
    lambda at: Condition(f"country = '{at}'", lambda c, who, day: LIVES[who] == at)
)
conditions = st.recursive(
    _compared() | _known() | _trait,
    lambda inner: (
        inner.map(_not)
        | st.tuples(inner, inner).map(lambda two: _both(two, "AND"))
        | st.tuples(inner, inner).map(lambda two: _both(two, "OR"))
    ),
    max_leaves=5,
)


def members(asked: Business, condition: str, day: date) -> set[str]:
    sql = members_sql(asked.planner, condition, day)
    found = asked.store.execute(f"SELECT customer_id FROM customer WHERE customer_no IN ({sql})")  # type: ignore[attr-defined]
    return {who for (who,) in found}


def _edges(company: Company) -> list[date]:
    """Days on which something comes into a window or falls out of it."""
    times = (
        "ordered_at",
        "opened_at",
        "sent_at",
        "answered_at",
        "occurred_at",
        "started_at",
        "ended_at",
        "resolved_at",
    )
    moments = [row[time] for found in company.values() for row in found for time in times if row.get(time)]
    return [local(moment) + timedelta(days=days) for moment in moments for days in (0, -1)] or [LAST]


@EXAMPLES
@given(companies, st.lists(conditions, min_size=4, max_size=8), st.data())
def test_whom_a_condition_finds(company: Company, asked: list[Condition], data: st.DataObject) -> None:
    with_data = business(company)
    day = data.draw(st.sampled_from(_edges(company)))
    for condition in asked:
        expected = {who for who in PEOPLE if condition.holds(company, who, day)}
        assert members(with_data, condition.text, day) == expected, condition.text


@EXAMPLES
@given(companies, st.sampled_from((1, 2, 7, 30)), st.data())
def test_what_a_function_gives(company: Company, days: int, data: st.DataObject) -> None:
    """On a day on which something comes into the window or falls out of it."""
    with_data = business(company)
    day = data.draw(st.sampled_from(_edges(company))) + timedelta(days=days * data.draw(st.integers(0, 1)))
    for form, work_out in FUNCTIONS.items():
        written = form.replace("{,}", f", {days}").replace("{}", str(days))
        given: dict[Any, set[str]] = {}
        for who in PEOPLE:
            given.setdefault(work_out(company, who, day, days), set()).add(who)
        for value, whose in given.items():
            condition = f"{written} IS NULL" if value is None else f"{written} = {value}"
            assert members(with_data, condition, day) == whose, condition


@EXAMPLES
@given(companies, conditions)
@example({fact: [] for fact in ("order", "subscription", "survey_response", "event", "ticket", "message")} | {"customer": COUNTRIES}, Condition("orders() = 0", lambda *_: True))  # fmt: skip
def test_a_segment_is_the_same_people_in_every_question(company: Company, condition: Condition) -> None:
    """Rows of the segment's customers, asked by segment, by function and by name inside a condition, and counted here."""
    asked = _with_segments(business(company), {"these": condition.text})
    question = Question(("orders", "tickets_opened", "events"), every="all", since=LAST - timedelta(days=60), until=LAST, compare="none")  # fmt: skip
    day = min(LAST - timedelta(days=1), _last_day(company) or date.today())
    people = {who for who in PEOPLE if condition.holds(company, who, day)}
    by_name = _values(asked, replace(question, segment="these"))
    assert by_name == _values(asked, replace(question, where="segment('these')"))
    inside = [row for row in company["order"] if row["customer_id"] in people]
    wanted = [r for r in _orders(inside) if LAST - timedelta(days=60) <= local(r["ordered_at"]) < LAST]
    if by_name["orders"] is not None:
        assert by_name["orders"] == len(wanted)


def _last_day(company: Company) -> date | None:
    times = {"order": "ordered_at", "event": "occurred_at", "survey_response": "answered_at", "ticket": "opened_at"}
    times |= {"message": "sent_at", "subscription": "started_at"}
    # Days of activity are those of orders that anybody placed, and of events.
    days = [local(row[time]) for fact, time in times.items() for row in company[fact]]
    return max((day for day in days if day <= date.today()), default=None)


def _values(asked: Business, question: Question) -> dict[str, float | None]:
    return {record.metric: record.value for record in ask(asked, question).records}


def _with_segments(asked: Business, segments: dict[str, str]) -> Business:
    return replace(asked, planner=Planner(CATALOGUE.sets, {}, SETTINGS, segments))


@pytest.fixture(scope="module")
def small() -> Business:
    """Two customers, one of whom ordered twice."""
    order = {
        "customer_id": "c0",
        "value": 100,
        "refunded": 10,
        "margin": None,
        "transaction_type": "purchase",
        "channel": "web",
    }
    company: Company = {
        "order": [order | {"order_id": f"o{i}", "ordered_at": datetime(2026, 3, 10 * i, 3)} for i in (1, 2)],
        "event": [{"event_id": "e1", "occurred_at": datetime(2026, 3, 25), "name": EVENTS[0], "customer_id": "c1", "channel": "web"}],
        "customer": COUNTRIES[:2],
    }  # fmt: skip
    return business(company)


@pytest.mark.parametrize(
    ("condition", "day", "people"),
    [
        ("orders(1) = 1", date(2026, 3, 20), {"c0"}),
        ("orders(1) = 1", date(2026, 3, 21), set()),
        ("orders(11) = 2", date(2026, 3, 20), {"c0"}),
        ("orders(10) = 2", date(2026, 3, 20), set()),
        ("orders() = 1", date(2026, 3, 19), {"c0"}),
        ("days_since('order') = 0", date(2026, 3, 20), {"c0"}),
        ("days_since('first_order') = 10", date(2026, 3, 20), {"c0"}),
        ("days_since('order') >= 5 AND orders(5) = 0", date(2026, 3, 25), {"c0"}),
        ("days_since('order') IS NULL", date(2026, 3, 25), {"c1"}),
        ("spent() = 180 AND customer.country = 'DK'", date(2026, 3, 25), {"c0"}),
        ("visits(1) = 1 AND active_days(1) = 1", date(2026, 3, 25), {"c1"}),
        ("active_days() = 2", date(2026, 3, 25), {"c0"}),
        ("ORDERS(90) BETWEEN 1 AND 2", date(2026, 3, 25), {"c0"}),
        ("orders(90) + visits() IN (1)", date(2026, 3, 25), {"c1"}),
        ("CASE WHEN orders(90) > 1 THEN 1 ELSE 0 END = 0", date(2026, 3, 25), {"c1"}),
        ("did('it''s -- not; DROP TABLE customer') = 0", date(2026, 3, 25), {"c0", "c1"}),
    ],
)
def test_which_days_count(small: Business, condition: str, day: date, people: set[str]) -> None:
    assert members(small, condition, day) == people


def test_functions_of_one_fact_are_one_scan(small: Business) -> None:
    sql = members_sql(small.planner, "orders(90) > 1 OR spent(365) > 5 OR orders(30) = 0", date(2026, 3, 25))
    assert sql.count('FROM "order"') == 1


REFUSED = [
    ("orders(90)", QuestionError, "orders(90) is a number, not a condition. Compare it: orders(90) >= 1."),
    ("country = 'JP' AND NOT ((orders()))", QuestionError, "orders() is a number, not a condition."),
    ("chose('x') OR TRUE", QuestionError, "is a text, not a condition"),
    ("odrers(90) > 1", NotAllowed, "Did you mean 'orders'?"),
    ("getenv('HOME') = 'x'", NotAllowed, "There is no function 'getenv'."),
    ("orders(0) > 1", QuestionError, "days go from 1 to 36,500"),
    ("orders(99999999999999999999) > 1", QuestionError, "days go from 1 to 36,500"),
    ("orders(-5) > 1", QuestionError, "a whole number of days"),
    ("orders(1.5) > 1", QuestionError, "a whole number of days"),
    ("orders('90') > 1", QuestionError, "Write it as orders(90) or orders()."),
    ("orders(country) > 1", QuestionError, "a whole number of days"),
    ("orders(90, 30) > 1", QuestionError, "cannot be read"),
    ("orders((SELECT 1)) > 1", QuestionError, ""),
    ("orders(DISTINCT 90) > 1", QuestionError, ""),
    ("orders(90) FILTER (WHERE TRUE) > 1", QuestionError, ""),
    ("orders(90) OVER () > 1", QuestionError, ""),
    ("main.orders(90) > 1", QuestionError, ""),
    ("did() > 1", QuestionError, "Write it as did('Product Added', 90) or did('Product Added')."),
    ("did(90) > 1", QuestionError, "did('Product Added', 90)"),
    ("did('') > 1", QuestionError, "did('Product Added', 90)"),
    ("did('x' || 'y') > 1", QuestionError, ""),
    ("open_tickets(90) > 1", QuestionError, "Write it as open_tickets()."),
    ("days_since('oder') > 1", UnknownName, "Did you mean 'order'?"),
    ("days_since() > 1", QuestionError, "days_since('order')"),
    ("segment(loyal)", QuestionError, "single quotes"),
    ("segment()", QuestionError, "segment('loyal')"),
    ("segment('loyl')", UnknownName, "Did you mean 'loyal'?"),
    ("segment('self')", QuestionError, "is made of itself: self → self"),
    ("segment('round')", QuestionError, "is made of itself: round → about → round"),
    ("segment('broken')", QuestionError, "Segment 'broken': There is no dimension of customer 'contry'."),
    ("segment('') = TRUE", QuestionError, "segment('loyal')"),
]  # fmt: skip
SEGMENTS = {
    "loyal": "orders() >= 2",
    "self": "NOT segment('self')",
    "round": "segment('about')",
    "about": "segment('round')",
    "broken": "contry = 'JP'",
}


@pytest.mark.parametrize(("condition", "error", "said"), REFUSED, ids=[text for text, *_ in REFUSED])
def test_refused(small: Business, condition: str, error: type[QuestionError], said: str) -> None:
    """Both where customers are looked for, and where rows of another fact are (fault 12)."""
    asked = _with_segments(small, SEGMENTS)
    with pytest.raises(error) as raised:
        members_sql(asked.planner, condition, date(2026, 3, 25))
    assert said in str(raised.value)
    with pytest.raises(QuestionError):
        ask(asked, Question(("orders",), where=condition))


@given(st.text(max_size=30), st.sampled_from(("did({}) > 0", "segment({})", "chose({}) = 'x'", "days_since({}) > 1")))
@EXAMPLES
def test_a_text_stays_a_text(small: Business, text: str, form: str) -> None:
    """Whatever stands between the quotes, it is compared, and nothing happens to the tables (fault 12)."""
    quoted = "'" + text.replace("'", "''") + "'"
    try:
        found = members(small, form.format(quoted), date(2026, 3, 25))
    except QuestionError:
        assert form != "did({}) > 0" or not text or "\0" in text
    else:
        assert found == set()
    assert small.store.execute("SELECT count(*) FROM customer") == [(2,)]  # type: ignore[attr-defined]


def test_rows_that_are_nobody_s(small: Business) -> None:
    asked = _with_segments(small, SEGMENTS)
    with pytest.raises(NoCustomers, match="Rows of ad are nobody's"):
        ask(asked, Question(("ad_spend",), where="orders() > 1"))
    with pytest.raises(NoCustomers):
        ask(asked, Question(("ad_spend",), segment="loyal"))
    some = ask(asked, Question(("ad_spend", "orders"), segment="loyal", compare="none"))
    assert list(some.metrics) == ["orders"]
    assert any(note.startswith("ad_spend is left out: Rows of ad are nobody's") for note in some.notes)
    with pytest.raises(NoCustomers):
        ask(asked, Question(("ad_spend", "social_impressions"), segment="loyal"))
    answer = ask(asked, Question((), segment="loyal", compare="none"))
    assert "orders" in answer.metrics
    assert "ad_spend" not in answer.metrics
    assert any(note.startswith("ad_spend is left out: Rows of ad are nobody's") for note in answer.notes)


def test_the_day_is_the_question_s_last_or_the_last_with_data(small: Business) -> None:
    """So a question about a month gives the same whenever it is asked, and the day is told."""
    asked = _with_segments(small, {"recent": "orders(5) >= 1", "loyal": "orders() >= 2"})
    march = Question(("orders",), since=date(2026, 3, 1), until=date(2026, 3, 12), compare="none", segment="recent")
    answer = ask(asked, march)
    assert [record.value for record in answer.records] == [1]
    assert "What customers did is counted until 2026-03-11, that day included." in answer.notes
    later = ask(asked, replace(march, until=date(2027, 1, 1)))
    assert "What customers did is counted until 2026-03-25, that day included." in later.notes
    assert [record.value for record in later.records] == [0]
    assert not any("counted until" in note for note in ask(asked, replace(march, segment="")).notes)


def test_a_segment_that_was_changed_is_looked_up_anew(small: Business) -> None:
    segments = {"these": "orders() >= 2"}
    asked = _with_segments(small, segments)
    question = Question(("orders",), segment="these", compare="none")
    assert ask(asked, question).records[0].value == 2
    segments["these"] = "orders() >= 3"
    assert ask(asked, question).records[0].value == 0


def test_a_segment_is_about_the_customer_whatever_the_row_is() -> None:
    """An order shipped to Japan by a customer who lives in Denmark is an order of the segment of Denmark."""
    order = {"order_id": "o1", "ordered_at": datetime(2026, 3, 1), "value": 5, "customer_id": "c0", "country": "JP"}
    company: Company = {"order": [order], "customer": COUNTRIES[:2]}
    asked = _with_segments(business(company), {"danes": "country = 'DK'"})
    assert _values(asked, Question(("orders",), segment="danes", compare="none"))["orders"] == 1
    assert _values(asked, Question(("orders",), where="country = 'DK'", compare="none"))["orders"] == 0


def test_segments_of_segments_do_not_grow_without_end(small: Business) -> None:
    chain = {f"s{i}": f"segment('s{i + 1}') OR segment('s{i + 1}')" for i in range(20)} | {"s20": "TRUE"}
    with pytest.raises(QuestionError, match="too many others"):
        members_sql(_with_segments(small, chain).planner, "segment('s0')", date(2026, 3, 25))


def test_how_large_a_segment_is(small: Business) -> None:
    found = size(small, "orders() >= 2")
    assert (found.people, found.of, found.share, found.day) == (1, 2, 0.5, date(2026, 3, 25))
