"""``kizuna people`` through the entry point, in a workspace of its own; decisions go through the spool and the loader."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kizuna
from kizuna.show.cli import main

Run = Callable[..., tuple[int, str, str]]

EVENTS = """event_id,occurred_at,name,customer_id,email,anonymous_id
1,2026-03-02 10:00,Page Viewed,17,Ada@Example.com,laptop
2,2026-03-02 11:00,Page Viewed,17,,phone
3,2026-03-03 11:00,Page Viewed,,,phone
4,2026-03-04 11:00,Page Viewed,18,bo@example.com,tablet
5,2026-03-05 11:00,Page Viewed,laptop,,
"""
ORDERS = "order_id,ordered_at,customer_id,value\no1,2026-03-04,18,20\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command as the shell would: exit code, stdout, stderr."""
    monkeypatch.setenv("COLUMNS", "160")

    def call(*words: str) -> tuple[int, str, str]:
        code = main(["people", *words])
        printed = capsys.readouterr()
        assert code != 1, printed.err
        return code, printed.out, printed.err

    return call


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three people: 17 with an address and two devices, 18 with an order, and a customer called ``laptop``."""
    (tmp_path / "events.csv").write_text(EVENTS, encoding="utf-8")
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    with kizuna.init(tmp_path / "shop") as made:
        made.import_file("event", tmp_path / "events.csv")
        made.import_file("order", tmp_path / "orders.csv")
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def state(shop: Path) -> dict[str, list[Any]]:
    """Whose everything is."""
    with kizuna.Workspace(shop) as opened:
        return {
            fact: opened.store.execute(f'SELECT row_key, customer_no, bucket FROM "{fact}" ORDER BY ALL')
            for fact in ("event", "order", "session", "customer", "customer_day", "identifier")
        }


def test_show_says_where_ids_come_from(run: Run, shop: Path) -> None:
    code, out, _ = run("show", "ada@example.com")
    assert code == 0
    assert "customer_id:17  3 events" in out
    assert [line.split() for line in out.splitlines()[2:]] == [
        ["customer_id", "17", "2026-03-02"],
        ["email", "ada@example.com", "2026-03-02", "customer_id:17", "events.csv,", "line", "2"],
        ["anonymous_id", "laptop", "2026-03-02", "customer_id:17", "events.csv,", "line", "2"],
        ["anonymous_id", "phone", "2026-03-02", "customer_id:17", "events.csv,", "line", "3"],
    ]


def test_show_as_json(run: Run, shop: Path) -> None:
    shown = json.loads(run("show", "customer_id:18", "--format", "json")[1])
    assert shown["rows"] == {"event": 1, "order": 1}
    assert [seen["value"] for seen in shown["ids"]] == ["18", "bo@example.com", "tablet"]
    assert shown["decisions"] == []


MISTAKES = [
    (["show", "ada@example.con"], "Did you mean 'ada@example.com'?"),
    (["show", "laptop"], "Say which kind it is: customer_id:laptop or anonymous_id:laptop."),
    (["show"], "kizuna people show wants one id, not 0."),
    (["merge", "17"], "kizuna people merge wants two ids, not 1."),
    (["split", "17", "18", "laptop"], "kizuna people split wants one id or two, not 3."),
    (["merge", "17", "nobody"], "There is no id 'nobody'."),
]


@pytest.mark.parametrize(("words", "said"), MISTAKES, ids=[" ".join(words) for words, _ in MISTAKES])
def test_mistakes_are_told_with_the_way_out(run: Run, shop: Path, words: list[str], said: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in err


NOTHING = [
    (["merge", "17", "ADA@example.com"], "are one person already; nothing was done"),
    (["split", "17", "18"], "are two people already; nothing was done"),
    (["split", "customer_id:laptop"], "is a person of its own already; nothing was done"),
    (["split", "17"], "was merged with nothing"),
]


@pytest.mark.parametrize(("words", "said"), NOTHING, ids=[" ".join(words) for words, _ in NOTHING])
def test_what_changes_nothing_is_said(run: Run, shop: Path, words: list[str], said: str) -> None:
    before = state(shop)
    code, out, _ = run(*words)
    assert code == 0
    assert said in out
    assert state(shop) == before


def undoing(said: str) -> list[str]:
    """The words of the command that a decision says takes it back."""
    return shlex.split(said.partition("To undo it: kizuna people ")[2].splitlines()[0])


def test_a_merge_its_undoing_and_a_rebuild(run: Run, shop: Path) -> None:
    """What a merge says undoes it, does; and a rebuild takes all decisions again."""
    before = state(shop)
    code, out, _ = run("merge", "17", "bo@example.com")
    assert code == 0
    assert "customer_id:17 and email:bo@example.com are one person now; 1 event, 1 order changed hands." in out
    merged = state(shop)
    assert len({number for _, number, _ in merged["customer"]}) == 2
    code, out, _ = run(*undoing(out))
    assert code == 0
    assert "customer_id:17 is apart from customer_id:18, email:bo@example.com, anonymous_id:tablet." in out
    assert state(shop) == before
    assert run(*undoing(out))[0] == 0
    assert state(shop) == merged
    assert main(["rebuild"]) == 0
    assert state(shop) == merged
    _, out, _ = run("show", "17")
    assert "decided: customer_id:17 and customer_id:18 are one person (taken back)" in out
    assert "decided: customer_id:17 is apart from email:bo@example.com" in out


def test_a_device_taken_out(run: Run, shop: Path) -> None:
    code, out, _ = run("split", "phone")
    assert code == 0
    assert "anonymous_id:phone is apart from customer_id:17" in out
    assert run("merge", "phone", "17")[0] == 0
    assert "nothing was done" in run("merge", "phone", "17")[1]


def test_find_lists_customers_by_what_they_paid(run: Run, shop: Path) -> None:
    code, out, _ = run("find")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["3", "customers"]
    assert lines[2][1:] == ["18", "bo@example.com", "$20.00", "1", "2026-03-04", "2026-03-04"]
    assert lines[-1][:4] == ["kizuna", "people", "show", "18"]


def test_find_by_words_and_condition(run: Run, shop: Path) -> None:
    assert json.loads(run("find", "ADA@", "--format", "json")[1])[0]["customer_id"] == "17"
    found = json.loads(run("find", "example.com", "--where", "email = 'bo@example.com'", "--format", "json")[1])
    assert [row["customer_id"] for row in found] == ["18"]
    assert run("find", "nobody at all")[1].strip() == "0 customers"


def test_find_writes_harmless_csv(run: Run, shop: Path, tmp_path: Path) -> None:
    """Names are what customers typed: one that a spreadsheet would run as a formula is written as text."""
    (tmp_path / "named.csv").write_text('customer_id,name\n19,"=HYPERLINK(""http://x"")"\n', encoding="utf-8")
    with kizuna.Workspace(shop) as opened:
        opened.import_file("customer", tmp_path / "named.csv")
    assert run("find", "hyperlink", "--output", str(tmp_path / "found.csv"))[0] == 0
    header, row = (tmp_path / "found.csv").read_text(encoding="utf-8").splitlines()
    assert header.startswith("customer_no,customer_id,name,email")
    assert "\"'=HYPERLINK(" in row
    assert run("find", "--sort", "vlaue")[0] == 2
    assert "Did you mean 'value'?" in run("find", "--sort", "vlaue")[2]
    assert "not written as CSV" in run("show", "17", "--format", "csv")[2]


def test_find_in_a_segment(run: Run, shop: Path) -> None:
    from kizuna.store.state.database import State
    from kizuna.store.state.tables import SavedSegment

    state = State(shop)
    with state.session() as session:
        session.add(SavedSegment(name="buyers", title="Buyers", condition="orders() >= 1"))
    state.close()
    found = json.loads(run("find", "--segment", "buyers", "--format", "json")[1])
    assert [row["customer_id"] for row in found] == ["18"]
    assert "Did you mean 'buyers'?" in run("find", "--segment", "buyer")[2]
