"""Notes: what happened on a day, so that a chart's kink has its reason beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kizuna.errors import QuestionError, UnknownName, did_you_mean
from kizuna.store.state.tables import Note

LONGEST = 500
"""Characters of a note; a chart has room for a sentence."""


def between(session: Session, first: date, last: date, metric: str = "") -> list[Note]:
    """The notes on the days from `first` to `last`, both included, the earliest first.

    With a `metric` only those that concern it: notes on it, on the metric whose variant it is, and on all.
    """
    ends = func.coalesce(Note.last_day, Note.day)
    found = session.scalars(select(Note).where(Note.day <= last, ends >= first).order_by(Note.day, Note.id)).all()
    return [note for note in found if not metric or concerns(note, metric)]


def concerns(note: Note, metric: str) -> bool:
    """Whether a note is about a metric; one on ``csat`` is about ``csat.mean`` too."""
    return not note.metrics or any(metric == each or metric.startswith(f"{each}.") for each in note.metrics)


def all_of(session: Session) -> Sequence[Note]:
    """All notes, the latest day first."""
    return session.scalars(select(Note).order_by(Note.day.desc(), Note.id.desc())).all()


def by_id(session: Session, number: int) -> Note:
    """One note. Raises `UnknownName` where there is none."""
    found = session.get(Note, number) if 0 < number < 2**63 else None
    if found is None:
        raise UnknownName("note", str(number), (), "kizuna notes lists them with their numbers.")
    return found


def add(
    session: Session,
    day: date,
    text: str,
    last_day: date | None = None,
    metrics: Iterable[str] = (),
    who: str = "",
    *,
    known: Collection[str],
) -> Note:
    """A new note; `known` are the metrics there are. Raises `QuestionError` where it is not right, see `fault`."""
    note = Note(who=who)
    write(note, day, text, last_day, metrics, known=known)
    session.add(note)
    session.flush()
    return note


def write(
    note: Note,
    day: date,
    text: str,
    last_day: date | None = None,
    metrics: Iterable[str] = (),
    *,
    known: Collection[str],
) -> None:
    """Give a note its day, text and metrics. Raises `QuestionError` where they are not right, see `fault`."""
    named = list(dict.fromkeys(metrics))
    wrong = fault(day, text, last_day, named, known)
    if wrong == "metrics":
        unknown = next(name for name in named if name not in known)
        raise UnknownName("metric", unknown[:80], known, "kizuna metrics lists them.")
    if wrong:
        raise QuestionError(*_SAID[wrong])
    note.day, note.text, note.metrics = day, one_line(text), named
    note.last_day = None if last_day == day else last_day


def remove(session: Session, number: int) -> Note:
    """Take a note away; gives what it was. Raises `UnknownName` where there is none."""
    found = by_id(session, number)
    session.delete(found)
    return found


def fault(day: date, text: str, last_day: date | None, metrics: Iterable[str], known: Collection[str]) -> str:
    """What is wrong with a note: ``empty``, ``long``, ``backwards`` or ``metrics``; nothing where it is right."""
    said = one_line(text)
    if not said or len(said) > LONGEST:
        return "long" if said else "empty"
    if last_day is not None and last_day < day:
        return "backwards"
    return "" if all(name in known for name in metrics) else "metrics"


def nearest(metrics: Iterable[str], known: Collection[str]) -> tuple[str, str | None]:
    """The first name that is no metric, and the nearest that is."""
    unknown = next(name for name in metrics if name not in known)
    return unknown, did_you_mean(unknown[:80], known)


def one_line(text: str) -> str:
    """A text without line ends and doubled spaces."""
    return " ".join(text.split())


_SAID = {
    "empty": ("A note needs a text.", "Say in a few words what happened."),
    "long": (f"A note has at most {LONGEST} characters.", "Say it shorter; a chart has room for a sentence."),
    "backwards": ("The last day is before the first.", "Write the earlier day first."),
}
