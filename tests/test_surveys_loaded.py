"""Asking from the spool to the numbers: among messages, decisions and files, again by a rebuild, and counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

import kizuna
from kizuna.collect.message import Kept, write_record
from kizuna.collect.reader import FOLDER, Reader
from kizuna.collect.record import Record, record
from kizuna.collect.spool import Spool
from kizuna.collect.survey.step import Step, step_record
from kizuna.loader import Feed, Loads
from kizuna.workspace import Workspace
from messages import START, Traffic, envelope, kept, micros

_FIVE = [1, 5, "high_good"]
SCALES: dict[str, list[Any]] = {
    "nps": [0, 10, "high_good"],
    "ces": [1, 7, "high_good"],
    **dict.fromkeys(("csat", "reaching", "waiting", "solution"), _FIVE),
    **dict.fromkeys(("effort", "empathy", "understanding", "efficiency"), _FIVE),
}
_TABLES = """SELECT table_name FROM duckdb_tables() WHERE NOT temporary AND table_name NOT IN ('import', 'meta')
    ORDER BY table_name"""


def tables(shop: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    names = [name for (name,) in shop.store.execute(_TABLES)]
    return {name: shop.store.execute(f'SELECT * FROM "{name}" ORDER BY ALL') for name in names}


# -- made traffic


class Asked:
    """Steps of asking the people of `Traffic`, by ids that it gives them as well."""

    def __init__(self, seed: int) -> None:
        self.random, self.count = Random(seed), 0

    def record(self, now: Any) -> bytes:
        random = self.random
        self.count += 1
        what = random.choice(
            ("invited", "sent", "shown", "answered", "answered", "bounced", "task_raised", "task_done")
        )
        anonymous = random.random() < 0.3
        invitation = f"{'n' if anonymous else 'i'}{random.randrange(12)}"
        said: dict[str, Any] = {"survey": "pulse" if anonymous else "support", "anonymous": anonymous}
        if what in ("invited", "shown") or random.random() < 0.1:
            said |= {"channel": "email", **self._who()}
        if what == "answered":
            said |= {"answers": {"nps": random.randrange(11), "comment": "…"}, "scales": {"nps": SCALES["nps"]}}
            said |= {"complete": random.random() < 0.8, "question": "nps"}
            if anonymous:
                invitation = f"ballot.email.{random.randrange(30)}"
                said = {name: value for name, value in said.items() if name not in _IDS}
        late = timedelta(minutes=random.choice((0, 0, 0, 5, 60 * 24 * 3)))
        return step_record(Step(what=what, invitation=invitation, **said), micros(now - late), str(self.count)).payload  # type: ignore[arg-type]

    def _who(self) -> dict[str, str]:
        number = self.random.randrange(6)
        ids = {"customer_id": f"u{number}", "email": f"p{number}@example.com", "anonymous_id": f"a{number}"}
        return {kind: ids[kind] for kind in self.random.sample(_IDS, self.random.choice((1, 1, 2)))}


_IDS = ("customer_id", "email", "anonymous_id")


@pytest.mark.parametrize("seed", range(3))
def test_a_rebuild_gives_every_row_again(tmp_path: Path, seed: int) -> None:
    """Messages, steps and decisions, late and out of order, in loads of any size, between files about the same."""
    shop = kizuna.init(tmp_path / "shop", timezone="Asia/Tokyo")
    assert shop.store
    spool, random = Spool(shop.root / FOLDER, shop.settings), Random(seed)
    traffic, asked = Traffic(seed), Asked(seed)
    for turn in range(5):
        for _ in range(random.choice((4, 15, 40))):
            spool.write(asked.record(traffic.now) if random.random() < 0.6 else traffic.record())
        limit = random.choice((1, 700, 5_000, 1 << 20))
        Feed(Loads(shop.store, shop.settings, shop.root), Reader(shop.root / FOLDER), limit).drain()
        if turn % 2:
            _import_surveys(shop, tmp_path, random)
    spool.close()
    before = tables(shop)
    answers = shop.measure("feedback", every="month", since="2026-02-01", until="2026-05-01").to_json()
    assert min(len(before[name]) for name in ("survey_invitation", "survey_response", "task", "event")) > 3
    shop.rebuild()
    for name, rows in tables(shop).items():
        assert rows == before[name], name
    assert shop.measure("feedback", every="month", since="2026-02-01", until="2026-05-01").to_json() == answers
    shop.close()


def _import_surveys(shop: Workspace, folder: Path, random: Random) -> None:
    """Invitations and answers of another system, some under the ids of ours."""
    sent = (f"{random.choice('ix')}{n},2026-03-0{n % 8 + 1},u{n % 7}" for n in random.sample(range(12), 4))
    given = (f"r{n},nps,2026-03-09,{n % 10},i{n % 12},u{n % 7}" for n in random.sample(range(30), 4))
    for fact, head, rows in (
        ("survey_invitation", "invitation_id,sent_at,customer_id", sent),
        ("survey_response", "response_id,question,answered_at,score,invitation_id,customer_id", given),
    ):
        file = folder / f"{fact}.csv"
        file.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
        shop.import_file(fact, file)


# -- examples


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workspace]:
    with kizuna.init(tmp_path / "shop") as made:
        yield made


def happened(what: Any, invitation: str, minute: int = 0, survey: str = "s", id: str = "", **said: Any) -> Record:
    return step_record(
        Step(what=what, survey=survey, invitation=invitation, **said), micros(START + timedelta(minutes=minute)), id
    )


def answered(
    invitation: str, minute: int = 60, *, done: bool = True, audience: str = "customer", **answers: Any
) -> Record:
    scales = {name: SCALES[name] for name in answers if name in SCALES}
    return happened(
        "answered", invitation, minute, answers=answers, scales=scales, complete=done, audience=audience,
        question=next(iter(answers)),
    )  # fmt: skip


def people(shop: Workspace) -> list[tuple[Any, ...]]:
    """Whose the rows of each fact are, by the customer's own id."""
    facts = ("survey_invitation", "survey_response", "task")
    whose = "SELECT '{0}', c.value FROM {0} f LEFT JOIN identifier c ON c.customer_no = f.customer_no AND c.kind = 'customer_id'"
    return [row for fact in facts for row in shop.store.execute(whose.format(fact))]


EVERYWHERE = ("survey_invitation", "survey_response", "task")


def test_who_makes_himself_known_takes_his_answers_along(shop: Workspace) -> None:
    """Also where the visitor's id came with a later step than the asking, which is dated by the first."""
    shop.send([happened("sent", "i1", channel="sms"), happened("shown", "i1", 60 * 24 * 20, anonymous_id="a1")])
    shop.send([answered("i1", 60 * 24 * 20 + 1, nps=2), happened("task_raised", "i1", 60 * 24 * 20 + 1)])
    assert people(shop) == [(fact, None) for fact in EVERYWHERE]
    later = START + timedelta(days=40)
    said = kept({"type": "identify", "messageId": "m1", "anonymousId": "a1", "userId": "c1"}, later)
    shop.send([record(envelope(later), said)])
    assert people(shop) == [(fact, "c1") for fact in EVERYWHERE]


def test_a_decision_about_people_moves_their_answers_and_back(shop: Workspace) -> None:
    shop.send([happened("sent", "i1", email="ada@x.dk"), answered("i1", nps=9), happened("task_raised", "i1", 60)])
    seen = kept({"type": "track", "event": "Seen", "messageId": "m1", "userId": "c1"}, START)
    shop.send([record(envelope(START), seen)])
    ids = ["customer_id:c1", "email:ada@x.dk"]
    shop.send([Record(write_record(envelope(START, "merge"), [Kept("merge", message={"ids": ids})]))])
    assert people(shop) == [(fact, "c1") for fact in EVERYWHERE]
    shop.send([Record(write_record(envelope(START, "split"), [Kept("split", message={"ids": ids[1:]})]))])
    assert people(shop) == [(fact, None) for fact in EVERYWHERE]


def test_the_customers_traits_stand_in_where_an_answer_says_nothing(shop: Workspace) -> None:
    """Country and tier of an answer are the customer's, unless the asking tells them."""
    said = {"type": "identify", "messageId": "m1", "userId": "c1", "traits": {"country": "DK", "tier": "gold"}}
    shop.send([record(envelope(START), kept(said, START))])
    shop.send([happened("sent", "i1", customer_id="c1"), answered("i1", nps=10)])
    shop.send([happened("sent", "i2", customer_id="c1", tier="basic"), answered("i2", nps=0)])
    found = shop.measure("nps", by="tier", since="2026-03-01", until="2026-03-02", compare="none").records
    assert {record.group["tier"]: record.value for record in found} == {"gold": 100, "basic": -100}
    by_country = shop.measure(
        "survey_response_rate", by="country", since="2026-03-01", until="2026-03-02", compare="none"
    )
    assert [(record.group["country"], record.value) for record in by_country.records] == [("DK", 100)]


def test_loads_without_asking_do_nothing_about_it(shop: Workspace) -> None:
    seen = kept({"type": "track", "event": "Seen", "messageId": "m1", "userId": "c1"}, START)
    shop.send([record(envelope(START), seen)])
    made = "SELECT count(*) FROM duckdb_tables() WHERE temporary AND table_name LIKE 'touched_s%'"
    assert shop.store.execute(made + " AND table_name <> 'touched_span'") == [(0,)]


# -- numbers, against what they are by hand


def _feedback() -> list[Record]:
    """Ten customers asked, seven answer wholly, one in part; three colleagues; a visitor whom nobody invited."""
    made = [happened("sent", f"i{n}", customer_id=f"c{n}", channel="email") for n in range(10)]
    # nps: promoters 10, 9, 9; passives 8, 7; detractors 6, 0 → 100 × (3 − 2) / 7
    # csat: 5, 5, 4, 4, 3, 2, 1 → 4 of 7 satisfied. ces: 7, 6, 5, 5, 4, 2, 1
    scores = zip((10, 9, 9, 8, 7, 6, 0), (5, 5, 4, 4, 3, 2, 1), (7, 6, 5, 5, 4, 2, 1), strict=True)
    for n, (nps, csat, ces) in enumerate(scores):
        made.append(answered(f"i{n}", nps=nps, csat=csat, ces=ces))
    made.append(answered("i7", done=False, nps=0, csat=1, ces=1))
    made.append(happened("dismissed", "i8", 90))
    # A change of mind before anybody looks: the 3 counts, not the 10.
    made.append(
        answered("v1", 50, effort=5, empathy=5, understanding=4, efficiency=2, reaching=5, waiting=3, solution=1)
    )
    made += [
        happened("answered", f"v{n}", 60, id=f"v{n}", complete=True, question="visitor_intent",
            answers={"visitor_intent": intent, "task_completion": done})
        for n, (intent, done) in enumerate((("buy", "yes"), ("buy", "no"), ("help", "yes"), ("buy", "yes")), 2)
    ]  # fmt: skip
    made += [happened("sent", f"e{n}", audience="employee", email=f"e{n}@work.dk") for n in range(3)]
    made += [answered(f"e{n}", audience="employee", nps=score) for n, score in enumerate((10, 9, 3))]
    return made


HAND = {
    "nps": 100 * (3 - 2) / 7,
    "promoter_share": 100 * 3 / 7,
    "detractor_share": 100 * 2 / 7,
    "csat": 100 * 4 / 7,
    "csat.mean": 24 / 7,
    "ces": 30 / 7,
    "cxi": (100 + 100 + 75 + 25) / 4,
    "ces.three_part": (100 + 50 + 0) / 3,
    "task_completion_rate": 100 * 3 / 4,
    "survey_response_rate": 100 * 7 / 10,
    "employee_nps": 100 * (2 - 1) / 3,
}


def test_numbers_are_those_counted_by_hand(shop: Workspace) -> None:
    assert all(shop.send(_feedback()))
    asked = {"since": "2026-03-01", "until": "2026-03-02", "compare": "none"}
    for metric, value in HAND.items():
        assert shop.measure(metric, **asked).value() == pytest.approx(value), metric  # type: ignore[arg-type]
    intents = shop.measure("visitor_intent", **asked).records  # type: ignore[arg-type]
    assert {record.group["choice"]: record.value for record in intents} == {"buy": 75, "help": 25}
    by_intent = shop.measure("task_completion_rate", by="intent", **asked).records  # type: ignore[arg-type]
    assert {record.group["intent"]: record.value for record in by_intent if record.value is not None} == {
        "buy": pytest.approx(200 / 3),
        "help": 100,
    }


def test_the_rows_behind_a_number_can_be_listed_and_explained(shop: Workspace) -> None:
    shop.send(_feedback())
    rows = shop.rows("nps", since="2026-03-01", until="2026-03-02")
    assert sorted(rows["score"].to_pylist()) == [0, 6, 7, 8, 9, 9, 10]
    assert {*rows["status"].to_pylist()} == {"complete"}
    assert shop.rows("survey_response_rate", since="2026-03-01", until="2026-03-02").num_rows == 10
    assert "survey_response" in str(shop.explain("nps"))
