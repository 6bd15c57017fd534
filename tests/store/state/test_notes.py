"""Notes: which there are on some days, about a metric; and which are refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from kizuna.errors import QuestionError, UnknownName
from kizuna.store.state import notes
from kizuna.store.state.database import State

KNOWN = ("csat", "csat.mean", "nps", "churn_rate")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    state = State(tmp_path)
    with state.session() as opened:
        yield opened
    state.close()


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        (date(2026, 3, 1), date(2026, 3, 31), ["sale", "new prices"]),
        (date(2026, 3, 4), date(2026, 3, 4), ["sale"]),
        (date(2026, 3, 6), date(2026, 3, 9), []),
        (date(2026, 3, 10), date(2026, 3, 10), ["new prices"]),
        (date(2026, 3, 11), date(2027, 3, 11), []),
    ],
)
def test_a_note_is_on_all_its_days_both_ends_included(
    session: Session, first: date, last: date, found: list[str]
) -> None:
    notes.add(session, date(2026, 3, 10), "new prices", known=KNOWN)
    notes.add(session, date(2026, 3, 3), "sale", date(2026, 3, 5), known=KNOWN)
    assert [note.text for note in notes.between(session, first, last)] == found


@pytest.mark.parametrize(
    ("metric", "found"),
    [("", ["all", "csat", "nps"]), ("csat", ["all", "csat"]), ("csat.mean", ["all", "csat"]), ("churn_rate", ["all"])],
)
def test_a_note_on_a_metric_is_also_on_its_variants(session: Session, metric: str, found: list[str]) -> None:
    for text, metrics in (("all", ()), ("csat", ("csat",)), ("nps", ("nps",))):
        notes.add(session, date(2026, 3, 1), text, metrics=metrics, known=KNOWN)
    assert [note.text for note in notes.between(session, date(2026, 3, 1), date(2026, 3, 1), metric)] == found


def test_a_note_on_a_variant_is_not_on_the_metric(session: Session) -> None:
    notes.add(session, date(2026, 3, 1), "the mean", metrics=["csat.mean"], known=KNOWN)
    assert notes.between(session, date(2026, 3, 1), date(2026, 3, 1), "csat") == []


def test_a_note_is_one_line_and_one_day_is_one_day(session: Session) -> None:
    note = notes.add(session, date(2026, 3, 1), " a\r\n  sale ", date(2026, 3, 1), ["nps", "nps"], "ann", known=KNOWN)
    assert (note.text, note.last_day, note.metrics, note.who) == ("a sale", None, ["nps"], "ann")


@pytest.mark.parametrize(
    ("text", "last", "metrics", "said"),
    [
        ("  ", None, (), "A note needs a text. Say in a few words what happened."),
        ("x" * 501, None, (), "A note has at most 500 characters. Say it shorter; a chart has room for a sentence."),
        ("sale", date(2026, 2, 1), (), "The last day is before the first. Write the earlier day first."),
        ("sale", None, ("nsp",), "There is no metric 'nsp'. Did you mean 'nps'? kizuna metrics lists them."),
    ],
)
def test_what_is_no_note_is_refused(
    session: Session, text: str, last: date | None, metrics: tuple[str, ...], said: str
) -> None:
    with pytest.raises(QuestionError) as refused:
        notes.add(session, date(2026, 3, 1), text, last, metrics, known=KNOWN)
    assert str(refused.value) == said
    assert notes.all_of(session) == []


def test_a_note_is_removed_by_its_number(session: Session) -> None:
    kept = notes.add(session, date(2026, 3, 1), "stays", known=KNOWN)
    gone = notes.add(session, date(2026, 3, 2), "goes", known=KNOWN)
    assert notes.remove(session, gone.id).text == "goes"
    assert list(notes.all_of(session)) == [kept]
    for number in (gone.id, 0, -1, 10**30):
        with pytest.raises(UnknownName, match="There is no note"):
            notes.remove(session, number)


def test_a_note_is_written_anew(session: Session) -> None:
    note = notes.add(session, date(2026, 3, 1), "sale", date(2026, 3, 5), ["nps"], known=KNOWN)
    notes.write(note, date(2026, 4, 1), "no sale", known=KNOWN)
    assert (note.day, note.text, note.last_day, note.metrics) == (date(2026, 4, 1), "no sale", None, [])
