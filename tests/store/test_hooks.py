"""Webhooks into facts: once, in order of event time, the same however they arrive and are loaded together."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from kizuna.collect.message import Kept
from kizuna.imports import import_files
from kizuna.settings import Settings
from kizuna.store.derive import derive
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.hooks import HookLoad, HookRow, load_hooks, waiting_rows

TICKET = """
fact = "ticket"
id = "id"
time = "at"
first = ["first_response_at"]
keep = ["note", "mood"]
[map]
ticket_id = "ticket"
opened_at = "opened"
resolved_at = "solved"
first_response_at = "answered"
agent = "agent"
email = "email"
customer_id = "customer"
priority = "if(urgent = true, 'high', null)"
[clear]
resolved_at = "reopened = true"
[signature]
scheme = "none"
"""
MAIL = """
fact = "message"
id = "id"
time = "at"
partial = true
first = ["opened_at"]
[map]
message_id = "mail"
sent_at = "sent"
opened_at = "opened"
clicked = "clicked"
email = "to"
[signature]
scheme = "none"
"""
T = "2026-01-01T00:00:00Z"


class Desk:
    """A workspace whose hooks are written by a test."""

    def __init__(self, root: Path) -> None:
        self.root, self.settings = root, Settings({})
        self.store = DuckDBStore(":memory:", self.settings)
        self.pos = 0
        self.write(ticket=TICKET, mail=MAIL)

    def write(self, **hooks: str) -> None:
        (self.root / "hooks").mkdir(exist_ok=True)
        for name, text in hooks.items():
            (self.root / "hooks" / f"{name}.toml").write_text(text, encoding="utf-8")

    def rows(self, name: str, *bodies: Any) -> list[HookRow]:
        made = []
        for body in bodies:
            self.pos += 10
            made.append((self.pos, name, 1_800_000_000_000_000, Kept("hook", str(self.pos), 0, {"body": body})))
        return made

    def load(self, rows: Sequence[HookRow], *, deriving: bool = True) -> HookLoad:
        self.store.execute("BEGIN")
        report = load_hooks(self.store, self.settings, self.root, rows)
        if deriving:
            derive(self.store, report.facts)
        self.store.execute("COMMIT")
        return report

    def take(self, name: str, *bodies: Any) -> HookLoad:
        return self.load(self.rows(name, *bodies))

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.store.execute(sql)

    def one(self, *columns: str) -> tuple[str, ...]:
        """A ticket's columns as text."""
        ((*values,),) = self.ask(f"SELECT {', '.join(columns)} FROM ticket")
        return tuple(str(value) for value in values)

    def facts(self) -> list[list[tuple[Any, ...]]]:
        tables = ("ticket", "message", "customer", "identifier", "person")
        return [self.ask(f"SELECT * FROM {table} ORDER BY ALL") for table in tables]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def ticket(day: int, **said: Any) -> dict[str, Any]:
    return {"id": str(day), "at": f"2026-01-{day:02}T12:00:00Z", "ticket": "A", "opened": T, **said}


def test_a_field_that_is_not_mentioned_stays_and_null_empties(desk: Desk) -> None:
    desk.take("ticket", ticket(1, agent="ann", email="a@x.dk", urgent=True))
    desk.take("ticket", ticket(2, solved="2026-01-02T12:00:00Z"))
    assert desk.one("agent", "resolved_at", "priority") == ("ann", "2026-01-02 12:00:00", "high")
    desk.take("ticket", ticket(3, agent=None, reopened=True))
    assert desk.one("agent", "resolved_at", "priority", "email") == ("None", "None", "high", "a@x.dk")


def test_an_older_state_never_overwrites_a_newer_one(desk: Desk) -> None:
    desk.take("ticket", ticket(5, agent="bo", answered="2026-01-05T12:00:00Z"))
    desk.take("ticket", ticket(2, agent="ann", answered="2026-01-02T12:00:00Z", email="a@x.dk"))
    assert desk.one("agent", "first_response_at", "email") == ("bo", "2026-01-02 12:00:00", "a@x.dk")


def test_a_replay_changes_nothing(desk: Desk) -> None:
    rows = desk.rows("ticket", ticket(1, agent="ann"))
    desk.load(rows)
    before = desk.facts()
    again = desk.load([(99, *rows[0][1:])])
    assert (again.rows, desk.facts()) == (0, before)


def test_properties_are_added_to(desk: Desk) -> None:
    desk.take("ticket", ticket(1, note="x", mood="sad"), ticket(2, mood="glad"))
    assert desk.one("properties['note']", "properties['mood']") == ("x", "glad")


def test_a_row_in_pieces_waits_until_it_is_whole(desk: Desk) -> None:
    report = desk.take("mail", {"id": "1", "at": T, "mail": "m", "opened": T, "to": "a@x.dk"})
    assert (report.waiting, report.rows, desk.ask("SELECT count(*) FROM message")) == (1, 0, [(0,)])
    assert waiting_rows(desk.store) == {"message": 1}
    desk.take("mail", {"id": "2", "at": T, "mail": "m", "sent": T})
    assert desk.ask("SELECT email, opened, clicked, delivered, customer_no IS NOT NULL FROM message") == [
        ("a@x.dk", True, False, True, True)
    ]
    assert waiting_rows(desk.store) == {}


def bodies() -> list[tuple[str, dict[str, Any]]]:
    """A month of two tickets and a mail, with people who turn out to be one."""
    chance = random.Random(7)
    made: list[tuple[str, dict[str, Any]]] = []
    for day in range(1, 17):
        said: dict[str, Any] = {"ticket": chance.choice("AB")}
        for name, values in {
            "agent": ["ann", "bo", None],
            "solved": [f"2026-01-{day:02}T13:00:00Z", None],
            "answered": [f"2026-01-{day:02}T12:30:00Z"],
            "email": ["a@x.dk", "b@x.dk"],
            "customer": ["1", "2"],
            "note": ["x", "y"],
            "reopened": [True],
        }.items():
            if chance.random() < 0.3:
                said[name] = chance.choice(values)
        made.append(("ticket", ticket(day, **said)))
        if day % 4 == 0:
            made.append(("mail", {"id": f"m{day}", "at": ticket(day)["at"], "mail": "m", "opened": ticket(day)["at"]}))
    made.append(("mail", {"id": "sent", "at": T, "mail": "m", "sent": T, "to": "b@x.dk"}))
    return made


def test_the_batching_does_not_matter(tmp_path: Path) -> None:
    """All at once, one by one, and in any groups: the same rows, the same people under the same numbers."""
    chance = random.Random(3)
    found = []
    for cuts in ([], range(1, 100), *(sorted(chance.sample(range(1, 20), 3)) for _ in range(2))):
        desk = Desk(tmp_path)
        rows = [row for name, body in bodies() for row in desk.rows(name, body)]
        start = 0
        for cut in [*cuts, len(rows)]:
            if rows[start:cut]:
                desk.load(rows[start:cut], deriving=False)
            start = max(start, cut)
        found.append(desk.facts())
        desk.store.close()
    assert all(facts == found[0] for facts in found)
    assert len(found[0][0]) == 2


def test_the_order_of_arrival_does_not_matter_for_what_is_said(tmp_path: Path) -> None:
    """Positions, and with them customer numbers, are those of arrival; what rows say is not."""
    found = []
    for seed in range(3):
        desk, shuffled = Desk(tmp_path), bodies()
        random.Random(seed).shuffle(shuffled)
        desk.load([row for name, body in shuffled for row in desk.rows(name, body)])
        found.append(
            desk.ask("SELECT * EXCLUDE (customer_no, bucket, line_no) FROM ticket ORDER BY row_key")
            + desk.ask("SELECT * EXCLUDE (customer_no, bucket, line_no) FROM message")
        )
        desk.store.close()
    assert found[0] == found[1] == found[2]


def test_an_import_is_the_ground_for_what_comes_later(desk: Desk, tmp_path: Path) -> None:
    desk.take("ticket", ticket(20, agent="before", solved="2026-01-20T12:00:00Z"))
    file = tmp_path / "tickets.csv"
    file.write_text("ticket_id,opened_at,agent,team\nA,2026-01-01,imported,blue\n", encoding="utf-8")
    import_files(desk.store, desk.settings, tmp_path, "ticket", [file])
    assert desk.one("agent", "resolved_at", "team") == ("imported", "None", "blue")
    desk.take("ticket", ticket(3, solved="2026-01-03T12:00:00Z"))
    assert desk.one("agent", "resolved_at", "team") == ("imported", "2026-01-03 12:00:00", "blue")
    desk.take("ticket", ticket(2, agent="older", solved=None))
    assert desk.one("agent", "resolved_at", "team") == ("older", "2026-01-03 12:00:00", "blue")


def test_what_does_not_fit_is_rejected_and_the_rest_loaded(desk: Desk) -> None:
    desk.write(broken="fact =")
    rows = desk.rows("ticket", ticket(1), ticket(2, opened="soon"), ["no object"], ticket(3, solved="later"))
    report = desk.load([*rows, *desk.rows("gone", {}), *desk.rows("broken", {})])
    assert [(unfit.pos, unfit.detail.split(":")[0].split(".")[0]) for unfit in report.rejected] == [
        (20, "opened_at"),
        (30, "ticket_id is missing"),
        (40, "resolved_at"),
        (50, "hooks/gone"),
        (60, "hooks/broken"),
    ]
    assert {unfit.reason for unfit in report.rejected} == {"mapping"}
    assert desk.one("ticket_id") == ("A",)


def test_bodies_of_no_concern_are_counted(desk: Desk) -> None:
    desk.write(some=TICKET.replace('fact = "ticket"', 'fact = "ticket"\nwhen = "kind = \'ticket\'"'))
    report = desk.take("some", {"kind": "ping"}, {"kind": "ping"}, ticket(1) | {"kind": "ticket"})
    assert (report.ignored, report.rows, report.rejected) == ({"some": 2}, 1, [])


def test_events_without_an_id_of_their_own_are_told_by_their_delivery(desk: Desk) -> None:
    desk.write(
        web='fact = "event"\nid = "id"\neach = "events"\n[map]\noccurred_at = "$.at"\nname = "name"\nanonymous_id = "who"\n[signature]\nscheme = "none"\n'
    )
    one = {"id": "d1", "at": T, "events": [{"name": "A", "who": "v"}, {"name": "A", "who": "v"}]}
    desk.take("web", one)
    desk.take("web", one | {"id": "d2"})
    desk.take("web", one)
    assert desk.ask("SELECT row_key FROM event ORDER BY 1") == [
        ("/:hook:web/d1/0/0",), ("/:hook:web/d1/0/1",), ("/:hook:web/d2/0/0",), ("/:hook:web/d2/0/1",),
    ]  # fmt: skip
    assert desk.ask("SELECT events, customer_no FROM session") == [(4, 1)]


def test_a_mended_file_mends_what_came_before(desk: Desk) -> None:
    rows = desk.rows("ticket", ticket(1) | {"opened": "01/02/2026"})
    assert [unfit.pos for unfit in desk.load(rows).rejected] == [10]
    desk.write(ticket='dates = "day-first"\n' + TICKET)
    assert desk.load(rows).rejected == []
    assert desk.one("opened_at") == ("2026-02-01 00:00:00",)


def test_many_bodies_in_one_load(desk: Desk) -> None:
    many = [ticket(1 + n % 28, ticket=str(n % 500), customer=str(n % 50)) for n in range(2_000)]
    desk.take("ticket", *many)
    assert desk.ask("SELECT count(*), count(DISTINCT customer_no) FROM ticket") == [(500, 50)]
