"""Who is who. The trap in each: joining people who are two, or splitting one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def event(number, *, at="2026-03-02 10:00", customer=None, email=None, anonymous=None):
    ids = {"customer_id": customer, "email": email, "anonymous_id": anonymous}
    return {"event_id": f"e{number}", "occurred_at": at, "name": "Page Viewed", **ids}


def people(shop, fact="event", key="event_id"):
    return dict(shop.get(fact, f"{key}, customer_no"))


def test_the_customer_id_wins_over_the_email(shop):
    shop.put("event", event(1, customer="c1", email="x@example.com"), event(2, customer="c2"))
    shop.put("event", event(3, customer="c2", email="y@example.com"), event(4, email="y@example.com"))
    who = people(shop)
    assert who["e1"] != who["e2"]
    assert who["e2"] == who["e3"] == who["e4"]


def test_an_address_is_one_however_it_is_written(shop):
    shop.put("event", event(1, customer="c1", email="Ada@Example.com "), event(2, email="ada@example.com"))
    assert len(set(people(shop).values())) == 1
    assert shop.get("event", "email", "event_id = 'e1'") == ["Ada@Example.com "]


def test_earlier_rows_of_a_visitor_become_the_customer_s(shop):
    shop.put("event", event(1, anonymous="a"), event(2, anonymous="other"))
    alone = people(shop)
    shop.put("event", event(3, anonymous="a", customer="c1"))
    who = people(shop)
    assert who["e1"] == who["e3"] != alone["e1"]
    assert who["e2"] == alone["e2"]
    number = who["e1"]
    assert shop.get("event", "DISTINCT bucket", f"customer_no = {number}") == [(number * 2654435761 >> 27) & 31]
    assert shop.get("session", "DISTINCT customer_no") == sorted({number, who["e2"]})


def test_a_visitor_known_in_another_fact_first(shop):
    """Messages come by e-mail only; the customer file says later whose address that is."""
    shop.put("message", {"message_id": "m", "sent_at": "2026-03-02", "email": "a@example.com"})
    assert shop.get("customer", "customer_id, email") == [(None, "a@example.com")]
    shop.put("customer", {"customer_id": "c1", "email": "a@example.com", "country": "DK"})
    assert shop.get("customer", "customer_id, email, country") == [("c1", "a@example.com", "DK")]
    assert shop.get("message", "customer_no") == shop.get("customer", "customer_no")


def test_a_shared_device_joins_nobody(shop):
    shop.put("event", event(1, anonymous="tablet"), event(2, anonymous="tablet", customer="mum"))
    assert len(set(people(shop).values())) == 1
    shop.put("event", event(3, anonymous="tablet", customer="dad"), event(4, anonymous="tablet"))
    who = people(shop)
    assert who["e2"] != who["e3"]
    assert who["e1"] == who["e4"], "the device's own rows stay together, also the early one"
    assert who["e1"] not in (who["e2"], who["e3"])


def test_a_device_of_an_address_follows_it_to_the_customer(shop):
    shop.put("event", event(1, anonymous="a"))
    shop.put("event", event(2, anonymous="a", email="x@example.com"))
    assert len(set(people(shop).values())) == 1
    shop.put("event", event(3, customer="c", email="x@example.com"))
    assert len(set(people(shop).values())) == 1
    assert shop.get("customer", "customer_id, email") == [("c", "x@example.com")]


def test_one_device_of_two_addresses_of_one_customer_is_not_shared(shop):
    shop.put("event", event(1, customer="c", email="x@example.com"), event(2, customer="c", email="y@example.com"))
    shop.put("event", event(3, anonymous="a", email="x@example.com"), event(4, anonymous="a", email="y@example.com"))
    shop.put("event", event(5, anonymous="a"))
    assert len(set(people(shop).values())) == 1


def test_a_phone_finds_the_customer(shop):
    shop.put("customer", {"customer_id": "c", "phone": "+45 12-34 56 78"}, {"customer_id": "d", "phone": "+4587654321"})
    assert shop.get("identifier", "value, customer_id", "kind = 'phone'") == [
        ("+4512345678", "c"),
        ("+4587654321", "d"),
    ]


def test_employees_are_no_customers(shop):
    answer = {"response_id": "r", "question": "nps", "answered_at": "2026-03-02", "score": 9}
    shop.put("survey_response", {**answer, "audience": "employee", "customer_id": "c1", "email": "me@work.example"})
    assert shop.get("survey_response", "customer_no") == [None]
    assert shop.get("identifier", "*") == []
    assert shop.get("customer", "*") == []


def test_everyone_known_is_in_customer_once(shop):
    shop.put("order", {"order_id": "o", "ordered_at": "2026-03-02", "customer_id": "c1", "value": 1})
    shop.put("event", event(1, anonymous="a"), event(2, customer="c2", anonymous="b"))
    assert shop.get("customer", "customer_id, import_no") == [("c1", 0), ("c2", 0)]
    shop.put("customer", {"customer_id": "c1", "country": "JP"}, {"customer_id": "c3"})
    assert shop.get("customer", "customer_id, import_no") == [("c1", 3), ("c2", 0), ("c3", 3)]
    assert len(set(shop.get("customer", "customer_no"))) == 3


def test_two_rows_of_traits_of_one_person(shop):
    """A join by customer_no must never double a row: one of the two keeps the person."""
    shop.put("customer", {"row_key": "1", "email": "x@example.com", "country": "DK"})
    shop.put("customer", {"customer_id": "c", "email": "x@example.com", "country": "SE"})
    assert shop.get("customer", "country", "customer_no IS NOT NULL") == ["SE"]
    shop.put("customer", {"row_key": "1", "email": "x@example.com", "country": "NO"})
    assert shop.get("customer", "country", "customer_no IS NOT NULL") == ["SE"]


def test_identifiers_say_when_they_were_first_seen(shop):
    shop.put("event", event(1, at="2026-03-02 10:00", customer="c"))
    shop.put("event", event(2, at="2026-02-27 23:30", customer="c"))
    assert [str(day) for day in shop.get("identifier", "day")] == ["2026-02-28"]


def test_numbers_are_dense(shop):
    shop.put("event", *(event(n, customer=f"c{n:03}", email=f"{n}@example.com", anonymous=f"a{n}") for n in range(50)))
    assert shop.get("customer", "customer_no") == list(range(1, 51))


rows = st.lists(
    st.tuples(
        st.sampled_from(["", "", "c1", "c2"]),
        st.sampled_from(["", "", "x@e", "y@e"]),
        st.sampled_from(["", "a", "b", "d"]),
    ),
    max_size=12,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows, order=st.randoms(use_true_random=False), cut=st.integers(0, 12))
def test_the_same_people_whatever_the_order(open_shop: Callable[..., Any], rows: Any, order: Any, cut: int) -> None:
    """The order of rows gives the same numbers; the way they are dealt to imports gives the same people."""
    events = [event(n, customer=c or None, email=e or None, anonymous=a or None) for n, (c, e, a) in enumerate(rows)]
    mixed = order.sample(events, len(events))
    first, second, third = open_shop(), open_shop(), open_shop()
    first.put("event", *events)
    second.put("event", *mixed)
    third.put("event", *mixed[:cut])
    third.put("event", *mixed[cut:])
    assert people(first) == people(second)
    assert _groups(people(first)) == _groups(people(third))
    for opened in (first, second, third):
        opened.store.close()


def _groups(who: dict[str, int]) -> set[frozenset[str]]:
    by_person: dict[int, set[str]] = {}
    for name, number in who.items():
        by_person.setdefault(number, set()).add(name)
    return {frozenset(names) for names in by_person.values()}
