"""``kizuna feedback`` through the entry point: answers listed, shown and handled, with and without a server."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import kizuna
from kizuna.collect.survey.step import Step, step_record
from kizuna.show.cli import main
from kizuna.store.state import accounts
from kizuna.store.state.database import State
from server import make_shop, served

Run = Callable[..., tuple[int, str, str]]
AT = 1_790_000_000_000_000
"""21 September 2026, 14:13:20 UTC, in microseconds."""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "160")

    def call(*words: str) -> tuple[int, str, str]:
        code = main(["feedback", *words])
        printed = capsys.readouterr()
        assert code != 1, printed.err
        return code, printed.out, printed.err

    return call


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_shop(tmp_path / "shop", timezone="Asia/Tokyo")
    monkeypatch.chdir(root)
    steps = [
        Step(
            what="answered",
            survey="nps",
            invitation=f"i{n}",
            question="nps",
            customer_id=f"c{n}",
            answers={"nps": score, "comment": comment},
            texts=["comment"],
            scales={"nps": [0, 10, "high_good"]},
            complete=True,
        )
        for n, (score, comment) in enumerate(
            [(9, "=2+5 is fine"), (3, "[bold]Late[/bold]\nagain.\x1b[2J"), (8, "So so")]
        )
    ]
    ballots = [
        Step(
            what="answered",
            survey="mood",
            invitation=f"ballot.link.{n}",
            question="nps",
            anonymous=True,
            answers={"nps": 5},
            scales={"nps": [0, 10, "high_good"]},
            complete=True,
        )
        for n in range(4)
    ]
    with kizuna.Workspace(root) as opened:
        opened.send([step_record(step, AT + place) for place, step in enumerate([*steps, *ballots])])
    return root


@pytest.fixture(params=[False, True], ids=["alone", "beside a server"])
def place(request: pytest.FixtureRequest, shop: Path) -> Iterator[None]:
    if request.param:
        with served(shop):
            yield
    else:
        yield


def listed(run: Run, *words: str) -> list[str]:
    return [row["id"] for row in json.loads(run(*words, "--format", "json")[1])]


@pytest.mark.usefixtures("place")
def test_answers_are_listed_and_handled(run: Run, shop: Path) -> None:
    code, out, err = run()
    assert code == 0 and "3 answers, 1 good, 1 bad; 3 with a comment" in out
    assert "[bold]Late[/bold] again.·[2J" in out and "\x1b" not in out
    assert "fewer than 5 answers without a name are not shown" in err
    assert listed(run, "--opinion", "bad") == listed(run, "--score", "..6") == listed(run, "--text", "late") == ["i1"]
    assert listed(run, "--score", "8..") == ["i2", "i0"] and listed(run, "--where", "survey = 'x'") == []
    state = State(shop)
    with state.session() as session:
        accounts.add(session, "aoi@example.com", "Aoi", "editor")
    state.close()
    assert run("set", "i1", "--status", "open", "--owner", "aoi@example.com", "--tag", "Delivery, late")[0] == 0
    assert listed(run, "--status", "open") == listed(run, "--owner", "aoi@example.com") == ["i1"]
    assert listed(run, "--tag", "delivery") == ["i1"] and listed(run, "--status", "new", "--owner", "none") == [
        "i2",
        "i0",
    ]
    assert run("set", "i1", "--remove-tag", "late", "--owner", "none")[0] == 0
    shown = json.loads(run("show", "i1", "--format", "json")[1])
    assert (shown["status"], shown["tags"], shown["customer"]) == ("open", ["delivery"], "c1")
    assert "nps" in run("show", "i1")[1]


def test_what_a_spreadsheet_would_run_is_made_text(run: Run, shop: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("--format", "csv")[1])))
    assert [row["comment"][:9] for row in rows][-1] == "'=2+5 is "


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show"], "needs an answer"),
        (["show", "nope"], "There is no answer 'nope'"),
        (["show", "ballot.link.1"], "There is no answer"),
        (["list", "i1"], "takes no id"),
        (["--score", "high"], "is no range of scores"),
        (["set", "i1", "--owner", "aoi@example.com"], "There is no account"),
        (["--where", "contry = 'JP'"], "Did you mean 'country'"),
    ],
)
def test_what_cannot_be_is_told(run: Run, shop: Path, words: list[str], said: str) -> None:
    code, _, err = run(*words)
    assert code == 2 and said in err
