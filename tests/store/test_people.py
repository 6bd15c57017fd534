"""Decisions about people, and numbers that do not depend on how messages were loaded together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kizuna.facts import FACTS, SQL_TYPES
from kizuna.store import people
from kizuna.store.bucket import stored
from kizuna.store.identity import RESERVE, numbered, prepare, resolve_all
from kizuna.store.ids import KINDS
from kizuna.store.load import completed
from kizuna.store.people import Id
from kizuna.store.repoint import repoint
from kizuna.store.settle import settle

COLUMNS = {"c": "customer_id", "e": "email", "x": "external_id", "a": "anonymous_id"}
TIME = {"event": "occurred_at", "trait": "said_at"}


def ids(text: str) -> dict[str, str]:
    """``c1 a2``: the customer_id c1 and the anonymous_id a2."""
    return {COLUMNS[word[0]]: word for word in text.split()}


def id_of(word: str) -> Id:
    return Id(COLUMNS[word[0]], word)


class Spool:
    """Messages into a store, as the loader puts them there: in batches that are cut at decisions.

    A message is ``c1 a1`` (an event), ``identify …``, ``alias OLD NEW``, ``merge A B`` or ``split A``.
    """

    def __init__(self, shop: Any) -> None:
        self.shop, self.store, self.pos = shop, shop.store, 0

    def put(self, *messages: str) -> None:
        waiting: list[tuple[int, str]] = []
        for message in messages:
            self.pos += 1
            verb, *words = message.split() or [""]
            if verb in ("merge", "split"):
                self._load(waiting)
                waiting = []
                self.outcome = people.take(self.store, verb, {"ids": [str(id_of(word)) for word in words]}, self.pos)
            else:
                waiting.append((self.pos, message))
        self._load(waiting)

    def _load(self, messages: Sequence[tuple[int, str]]) -> None:
        rows: dict[str, list[dict[str, Any]]] = {"event": [], "trait": []}
        for pos, message in messages:
            verb, _, rest = message.partition(" ")
            fact = "trait" if verb in ("identify", "group", "alias") else "event"
            row = {"row_key": f"m{pos}", "line_no": pos, TIME[fact]: f"2026-03-{1 + pos % 28:02} 10:00"}
            if verb == "alias":
                old, new = rest.split()
                row |= {"kind": verb, "anonymous_id": old, "customer_id": new}
            else:
                row |= {"kind": verb, **ids(rest)} if fact == "trait" else {"name": "Page Viewed", **ids(message)}
            rows[fact].append(row)
        parts = [(FACTS[name], self._stage(name, some)) for name, some in rows.items() if some]
        if not parts:
            return
        resolve_all(self.store, parts, -1)
        for fact, staged in parts:
            full = stored(fact, numbered(fact, completed(fact, staged)), "UTC")
            self.store.execute(
                f'INSERT INTO "{fact.name}" BY NAME SELECT * EXCLUDE (place), -1 AS import_no FROM ({full})'
            )

    def _stage(self, name: str, rows: list[dict[str, Any]]) -> str:
        types = {c.name: c.sql_type for c in FACTS[name].importable()}
        types |= {"properties": SQL_TYPES["map"], "row_key": "VARCHAR", "line_no": "BIGINT"}
        columns = ", ".join(f"{column} {sql_type}" for column, sql_type in types.items())
        self.store.execute(f"CREATE OR REPLACE TEMP TABLE staged_{name} ({columns})")
        names = sorted({column for row in rows for column in row})
        marks = ", ".join(f"({', '.join('?' for _ in names)})" for _ in rows)
        values = [row.get(column) for row in rows for column in names]
        self.store.execute(f"INSERT INTO staged_{name} ({', '.join(names)}) VALUES {marks}", values)
        return f"staged_{name}"

    def rows(self) -> dict[str, int]:
        """The person of every row."""
        return dict(
            self.store.execute(
                "SELECT row_key, customer_no FROM event UNION ALL SELECT row_key, customer_no FROM trait"
            )
        )

    def state(self) -> dict[str, Any]:
        """All that is known of people."""
        order = "ORDER BY ALL"
        return {
            "rows": self.rows(),
            "identifier": self.shop.get("identifier", "kind, value, day, customer_no, bucket, customer_id"),
            "person": self.store.execute(f"FROM person {order}"),
            "links": self.store.execute(f"FROM identity_link {order}"),
            "decisions": self.store.execute(f"FROM identity_decision {order}"),
            "groups": self.store.execute(f"FROM identity_group {order}"),
        }

    def people(self) -> set[frozenset[str]]:
        """Which ids are one person."""
        found = self.store.execute("SELECT list(value) FROM identifier GROUP BY customer_no")
        return {frozenset(values) for (values,) in found}


@pytest.fixture
def spool(open_shop: Callable[..., Any]) -> Spool:
    return Spool(open_shop())


def groups(text: str) -> set[frozenset[str]]:
    return {frozenset(group.split()) for group in text.split("|")}


PEOPLE = [
    ("merge of known users", ["c1 a1", "c2 a2", "merge c1 c2"], "c1 c2 a1 a2"),
    ("merge by their devices", ["c1 a1", "c2 a2", "merge a1 a2"], "c1 c2 a1 a2"),
    ("merge of visitors", ["a1", "a2", "merge a1 a2"], "a1 a2"),
    ("a merged visitor becomes known: both do", ["a1", "a2", "merge a1 a2", "c1 a1"], "a1 a2 c1"),
    ("both become known, as two: nobody said those are one", ["a1", "a2", "merge a1 a2", "c1 a1", "c2 a2"], "c1 a1|c2 a2"),
    ("a shared device given to one", ["c1 a1", "c2 a1", "merge c1 a1"], "c1 a1|c2"),
    ("its owners merged, a device is theirs", ["c1 a1", "c2 a1", "merge c1 c2"], "c1 c2 a1"),
    ("a chain", ["c1", "c2", "c3", "merge c1 c2", "merge c2 c3"], "c1 c2 c3"),
    ("a chain over a device", ["c1", "a1", "c2", "merge c1 a1", "merge a1 c2"], "c1 c2 a1"),
    ("a chain, its middle taken out", ["c1", "c2", "c3", "merge c1 c2", "merge c2 c3", "split c2"], "c1|c2|c3"),
    ("a chain, its end taken out", ["c1", "c2", "c3", "merge c1 c2", "merge c2 c3", "split c3"], "c1 c2|c3"),
    ("a split by an address of one", ["c1 e1", "c2 e2", "merge c1 c2", "split e2"], "c1 e1|c2 e2"),
    ("merged again", ["c1 e1", "c2", "merge c1 c2", "split c2", "merge c1 c2"], "c1 c2 e1"),
    ("an address taken from its owner", ["c1 e1", "split e1"], "c1|e1"),
    ("it stays taken", ["c1 e1", "split e1", "c1 e1", "c2 e1"], "c1|c2|e1"),
    ("and is given back", ["c1 e1", "split e1", "merge e1 c1"], "c1 e1"),
    ("or to another", ["c1 e1", "c2", "split e1", "merge e1 c2", "c1 e1"], "c1|c2 e1"),
    ("what hangs on an address goes with it", ["c1 e1", "e1 a1", "split e1"], "c1|e1 a1"),
    ("an id that nobody saw", ["c1", "merge c1 c9", "split c9"], "c1"),
    ("one person already", ["c1 a1", "merge c1 a1", "split c1"], "c1 a1"),
    ("alias of a visitor", ["a1", "alias a1 c1"], "a1 c1"),
    ("alias before the visitor is seen", ["alias a1 c1", "a1"], "a1 c1"),
    ("alias of a user", ["c1", "c2", "alias c1 c2"], "c1 c2"),
    ("alias before the user is seen", ["alias c1 c2", "c1"], "c1 c2"),
    ("alias of what is never seen", ["alias c1 c2"], "c2"),
    ("alias of itself", ["alias c1 c1"], "c1"),
    ("aliases of a shared device", ["alias a1 c1", "alias a1 c2", "a1"], "c1|c2|a1"),
    ("somebody's word stands against a client's", ["c1", "c2", "alias c1 c2", "split c1", "alias c1 c2"], "c1|c2"),
    ("an id of another system", ["identify c1 x1", "identify x1 a1"], "c1 x1 a1"),
    ("a company's address is nobody's", ["group c1 e1", "group c2 e1", "identify c1 e2"], "c1 e2|c2"),
    ("a visitor on a shared device of merged users, split again",
     ["c1 a1", "c2 a1", "a1", "merge c1 c2", "a1", "split c2", "a1"], "c1|c2|a1"),
]  # fmt: skip


@pytest.mark.parametrize(("messages", "expected"), [case[1:] for case in PEOPLE], ids=[case[0] for case in PEOPLE])
def test_who_is_one_person(spool: Spool, messages: list[str], expected: str) -> None:
    spool.put(*(message for message in messages))
    assert spool.people() == groups(expected)
    _is_settled(spool)


NOTHING = [
    ("merge c1 c9", "There is no id customer_id:c9."),
    ("merge c1 a1", "customer_id:c1 and anonymous_id:a1 are one person already."),
    ("split c9", "There is no id customer_id:c9."),
    ("split c1", "customer_id:c1 was merged with nothing. Name the id that shall leave the person."),
]


@pytest.mark.parametrize(("message", "said"), NOTHING, ids=[message for message, _ in NOTHING])
def test_a_decision_that_makes_no_sense_changes_nothing(spool: Spool, message: str, said: str) -> None:
    spool.put("c1 a1", "c2")
    before = spool.state()
    spool.put(message)
    assert spool.outcome == people.Outcome({}, said)
    assert spool.state() == before


@pytest.mark.parametrize(
    "message",
    [{}, {"ids": "c1"}, {"ids": ["c1", "c2"]}, {"ids": ["customer_id:c1"]}, {"ids": ["customer_id:c1", 2]}],
    ids=repr,
)
def test_a_message_that_names_no_ids_changes_nothing(spool: Spool, message: dict[str, Any]) -> None:
    spool.put("c1", "c2")
    outcome = people.take(spool.store, "merge", message, 3)
    assert outcome.rows == {}
    assert "does not name its ids" in outcome.nothing


def test_a_merge_says_which_rows_it_moved(spool: Spool) -> None:
    spool.put("c1 a1", "c2", "a2", "identify c2 a2", "merge c1 c2")
    assert spool.outcome == people.Outcome({"event": 2, "trait": 1})
    assert len({*spool.rows().values()}) == 1
    assert spool.shop.get("event", "DISTINCT bucket") == spool.shop.get("identifier", "DISTINCT bucket")


def test_spans_name_both_people(spool: Spool) -> None:
    """What a merge moved has changed for the one who lost it and for the one who got it."""
    spool.put("c1", "c2")
    before = spool.rows()
    spool.store.execute("DELETE FROM touched_span")
    spool.put("merge c1 c2")
    spans = spool.store.execute(
        "SELECT customer_no, since::VARCHAR FROM touched_span WHERE since IS NOT NULL ORDER BY ALL"
    )
    assert spans == [(number, "2026-03-03 10:00:00") for number in sorted(before.values())]


def test_numbers_are_given_in_the_order_of_messages(spool: Spool) -> None:
    """An id that comes with an owner takes none of the numbers of those who come alone."""
    spool.put("a9", "c1 a8 ", "identify c1 e1", "a1")
    numbers = {Id(k, v).value: n for n, k, v in spool.store.execute("SELECT customer_no, kind, value FROM person")}
    assert numbers == {"a9": 1, "c1": 2, "a1": 3, "a8": RESERVE, "e1": RESERVE + 1}


def test_a_late_event_moves_too(spool: Spool) -> None:
    """Rows are looked for from the first day of an id, which a late row puts back."""
    spool.put("a1", "a1")
    spool.store.execute("UPDATE event SET occurred_at = '2020-01-01', occurred_day = '2020-01-01' WHERE row_key = 'm2'")
    spool.store.execute("UPDATE identifier SET day = '2020-01-01'")
    spool.put("c1 a1")
    assert len({*spool.rows().values()}) == 1


def _is_settled(spool: Spool) -> None:
    """Asking for all ids again moves nothing, and every row belongs to its strongest id."""
    prepare(spool.store)
    spool.store.execute("INSERT INTO asked SELECT kind, value FROM identifier")
    settle(spool.store, -1)
    assert spool.store.execute("FROM moved") == []
    assert repoint(spool.store, spans=False) == {}
    whose = {(kind, value): number for kind, value, number in spool.shop.get("identifier", "kind, value, customer_no")}
    for fact in ("event", "trait"):
        shown = [name for name in COLUMNS.values() if name in FACTS[fact].by_name]
        for number, kind, *values in spool.store.execute(
            f"SELECT customer_no, {'kind' if fact == 'trait' else 'NULL'}, {', '.join(shown)} FROM {fact}"
        ):
            left = {"group": ("email", "external_id"), "alias": ("anonymous_id",)}.get(kind, ())
            row = dict(zip(shown, values, strict=True))
            strongest = next(((k, row[k]) for k in KINDS if row.get(k) and k not in left), None)
            assert number == (whose[strongest] if strongest else None)


one = st.sampled_from(["c1", "c2", "c3", "e1", "e2", "x1", "a1", "a2", "a3"])
some = st.lists(
    st.sampled_from([("c1", "c2", "c3"), ("e1", "e2"), ("a1", "a2", "a3")]), max_size=3, unique=True
).flatmap(lambda kinds: st.tuples(*map(st.sampled_from, sorted(kinds, reverse=True))))
messages = st.lists(
    st.one_of(
        some.map(" ".join),
        some.map(lambda words: " ".join(["identify", *words, "x1"])),
        st.tuples(one, st.sampled_from(["c1", "c2", "c3"])).map(lambda pair: f"alias {pair[0]} {pair[1]}"),
        st.tuples(one, one).map(lambda pair: f"merge {pair[0]} {pair[1]}"),
        one.map(lambda word: f"split {word}"),
    ),
    max_size=10,
)
quickly = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@quickly
@given(messages=messages, cuts=st.sets(st.integers(1, 9)))
def test_batches_do_not_matter(open_shop: Callable[..., Any], messages: list[str], cuts: set[int]) -> None:
    """Any batching of the same messages gives the same numbers, rows and evidence."""
    states = []
    for places in ({*range(1, len(messages))}, cuts, set[int]()):
        spool = Spool(open_shop())
        for start, end in pairwise(sorted({0, len(messages), *(p for p in places if p < len(messages))})):
            spool.put(*messages[start:end])
        prepare(spool.store)
        states.append(spool.state())
        _is_settled(spool)
        spool.store.close()
    assert states[0] == states[1] == states[2]


@quickly
@given(messages=messages, pair=st.tuples(one, one))
@example(messages=["e1 c1 a2", "e1 c2 a1"], pair=("e1", "a1"))  # e1 is shared: no evidence makes it c2's
def test_a_merge_and_its_split(open_shop: Callable[..., Any], messages: list[str], pair: tuple[str, str]) -> None:
    """A merge makes one person; taken back, all is as before; and it can be made again."""
    spool = Spool(open_shop())
    spool.put(*messages)
    prepare(spool.store)
    before = spool.rows(), spool.people()
    spool.put(f"merge {pair[0]} {pair[1]}")
    if not spool.outcome.nothing:
        together = spool.rows(), spool.people()
        assert any({*pair} <= group for group in together[1])
        spool.put(f"split {pair[0]} {pair[1]}")
        assert (spool.rows(), spool.people()) == before
        spool.put(f"merge {pair[0]} {pair[1]}")
        assert (spool.rows(), spool.people()) == together
        _is_settled(spool)
    spool.store.close()


@quickly
@given(messages=st.lists(some.map(" ".join), max_size=12), order=st.randoms(use_true_random=False))
def test_the_order_of_evidence_does_not_matter(open_shop: Callable[..., Any], messages: list[str], order: Any) -> None:
    """Who is one person is the same in any order; only which number they have is not."""
    found = []
    for shuffled in (messages, order.sample(messages, len(messages))):
        spool = Spool(open_shop())
        spool.put(*shuffled[:5])
        spool.put(*shuffled[5:])
        found.append(spool.people() if messages else set())
        spool.store.close()
    assert found[0] == found[1]
