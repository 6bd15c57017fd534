"""``kizuna segments``, and asking of a segment on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import kizuna
from kizuna.show.cli import main


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """Ten orders of three customers."""
    root = tmp_path / "shop"
    with kizuna.init(root, timezone="Europe/Copenhagen") as made:
        file = tmp_path / "orders.csv"
        lines = [f"o{i},2026-03-{i + 1:02d},c{i % 3},{10 * i}" for i in range(10)]
        file.write_text("order_id,ordered_at,customer_id,value\n" + "\n".join(lines))
        made.import_file("order", file)
        events = tmp_path / "events.csv"
        events.write_text("event_id,occurred_at,customer_id,name\ne1,2026-03-01,c0,Product Added")
        made.import_file("event", events)
    return str(root)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_added_listed_asked_and_removed(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "segments", "add", "frequent", "orders() >= 4", "--title", "Frequent", "-w", shop)
    assert code == 0
    assert "The segment frequent is kept." in out
    assert "1 of 3 customers  33.3 %, counted until 2026-03-10" in out
    _, out, _ = run(capsys, "segments", "--format", "json", "-w", shop)
    (listed,) = json.loads(out)
    assert (listed["title"], listed["people"], listed["of"]) == ("Frequent", 1, 3)
    _, out, _ = run(capsys, "measure", "orders", "--segment", "frequent", "--format", "json", "-w", shop)
    assert json.loads(out)[0]["value"] == 4
    _, out, _ = run(capsys, "rows", "orders", "--segment", "frequent", "--format", "json", "-w", shop)
    assert len(json.loads(out)) == 4
    code, _, err = run(capsys, "measure", "orders", "--segment", "frequend", "-w", shop)
    assert code == 2
    assert "Did you mean 'frequent'?" in err
    _, _, err = run(capsys, "segments", "add", "rest", "NOT segment('frequent')", "-w", shop)
    assert "so far" not in err
    code, _, err = run(capsys, "segments", "remove", "frequent", "-w", shop)
    assert code == 2
    assert "The segment 'frequent' is part of rest." in err
    assert run(capsys, "segments", "remove", "rest", "-w", shop)[0] == 0
    _, out, _ = run(capsys, "segments", "remove", "frequent", "-w", shop)
    assert "The segment frequent is removed." in out
    assert "There is no segment." in run(capsys, "segments", "-w", shop)[1]


def test_what_nothing_was_ever_called_is_told(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "segments", "count", "did('Product Aded') = 0", "-w", shop)
    assert (code, "3 of 3 customers" in out) == (0, True)
    assert "no row has 'Product Aded' so far; did you mean 'Product Added'?" in err


def test_a_segment_that_is_wrong_by_now_is_listed_with_what_is_wrong(
    shop: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from kizuna.store.state import segments
    from kizuna.store.state.database import State

    state = State(Path(shop))
    with state.session() as session:
        segments.save(session, "gone", "Gone", "contry = 'JP'")
    state.close()
    code, out, _ = run(capsys, "segments", "-w", shop)
    assert code == 0
    assert "There is no dimension of customer 'contry'." in " ".join(out.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "x"), "needs a name and a condition"),
        (("add", "Loyal", "orders() > 1"), "A segment cannot be called 'Loyal'"),
        (("add", "x", "odrers() > 1"), "Did you mean 'orders'?"),
        (("add", "x", "segment('x')"), "is made of itself"),
        (("show", "x", "y"), "too many words"),
        (("show",), "needs the name of a segment"),
        (("count",), "needs a condition"),
        (("list", "x"), "takes no name"),
    ],
)
def test_refused(shop: str, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str) -> None:
    code, _, err = run(capsys, "segments", *words, "-w", shop)
    assert code == 2
    assert said in err
