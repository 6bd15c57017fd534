"""``kizuna notes`` through the entry point."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kizuna.show.cli import main
from server import make_shop

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in a workspace, as the shell would: exit code, stdout, stderr."""
    monkeypatch.chdir(make_shop(tmp_path / "shop", initiatives={"relaunch": "2026-02-10"}))
    monkeypatch.setenv("COLUMNS", "160")

    def call(*words: str) -> tuple[int, str, str]:
        code = main(["notes", *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def listed(run: Run, *words: str) -> list[str]:
    return [note["text"] for note in json.loads(run(*words, "--format", "json")[1])]


def test_notes_are_added_listed_and_removed(run: Run) -> None:
    assert "There is no note." in run()[1]
    code, said, _ = run("add", "2026-03-15", "New prices", "--metric", "nps", "--metric", "csat")
    assert (code, said) == (0, "Note 1 is kept.  2026-03-15  New prices\n")
    run("add", "2026-03-20", "Sale", "--last", "2026-03-25")
    table = run()[1]
    assert "2026-03-20 – 2026-03-25  all" in table
    assert f"2026-03-15               nps, csat  {getpass.getuser()}" in table
    (code, said, _), left = run("remove", "1"), listed(run)
    assert (code, said) == (0, "Note 1 is removed.  2026-03-15  New prices\n")
    assert left == ["Sale"]


def test_notes_are_listed_by_day_and_metric(run: Run) -> None:
    run("add", "2026-03-15", "New prices", "--metric", "csat")
    run("add", "2026-03-20", "Sale", "--last", "2026-03-25")
    run("add", "relaunch", "A new site", "--metric", "nps")
    assert listed(run) == ["Sale", "New prices", "A new site"]
    assert listed(run, "--metric", "csat.mean") == ["Sale", "New prices"]
    assert listed(run, "--since", "2026-03-25") == ["Sale"]
    assert listed(run, "--until", "2026-03-15") == ["A new site"]
    assert listed(run, "--since", "2026-03-26") == []


def test_a_note_in_json_says_all_there_is(run: Run) -> None:
    added = json.loads(run("add", "2026-03-15", "New prices", "--format", "json")[1])
    assert added.pop("said") == "Note 1 is kept."
    assert [added] == json.loads(run("--format", "json")[1])
    assert (added["day"], added["last_day"], added["metrics"]) == ("2026-03-15", None, [])
    assert added["created_at"].endswith("Z")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add"], "kizuna notes add needs a day and a text."),
        (["add", "2026-03-15"], "kizuna notes add needs a day and a text."),
        (["add", "soon", "Sale"], "the day 'soon' is not a day."),
        (["add", "2026-03-15", "Sale", "--last", "2026-03-01"], "The last day is before the first."),
        (["add", "2026-03-15", "Sale", "--metric", "nsp"], "There is no metric 'nsp'. Did you mean 'nps'?"),
        (["add", "2026-03-15", " "], "A note needs a text."),
        (["remove"], "kizuna notes remove needs a note's number."),
        (["remove", "7"], "There is no note '7'."),
        (["remove", "9" * 99], "There is no note"),
        (["list", "7"], "kizuna notes list was given too many words."),
        (["--metric", "nsp"], "Did you mean"),
    ],
)
def test_what_cannot_be_done_is_told(run: Run, words: list[str], said: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in err


def test_what_steers_a_terminal_is_not_printed(run: Run) -> None:
    run("add", "2026-03-15", "red \x1b[31m\u202e note")
    assert "red ·[31m· note" in run()[1]


def test_measure_draws_the_notes_of_its_days_and_metric(run: Run, tmp_path: Path) -> None:
    """Only those: not the one on another metric, nor the one of another year."""
    run("add", "2026-02-05", "New prices", "--metric", "orders")
    run("add", "2026-02-06", "Other survey", "--metric", "nps")
    run("add", "2025-02-05", "Last year")
    rows = "".join(f"o{n},c{n},2026-{1 + n % 3:02}-05,{n}\n" for n in range(60))
    (tmp_path / "orders.csv").write_text(f"order_id,customer_id,ordered_at,value\n{rows}")
    assert main(["import", "order", str(tmp_path / "orders.csv")]) == 0
    drawn = tmp_path / "orders.json"
    assert main(["measure", "orders", "--every", "month", "--chart", str(drawn)]) == 0
    text = drawn.read_text()
    assert "New prices" in text and "Other survey" not in text and "Last year" not in text


def test_measuring_alone_makes_no_state(run: Run, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order_id,customer_id,ordered_at,value\no1,c1,2026-02-01,5\n")
    assert main(["import", "order", str(tmp_path / "orders.csv")]) == 0
    assert main(["measure", "orders", "--every", "month", "--chart", str(tmp_path / "orders.json")]) == 0
    assert not (tmp_path / "shop" / "state.db").exists()
