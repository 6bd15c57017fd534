"""The notes that belong on a chart of an answer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from kizuna.measure.answer import Answer
from kizuna.show.reading import metric_id

if TYPE_CHECKING:
    from kizuna.store.state.tables import Note
    from kizuna.workspace import Workspace


def notes_on(shop: Workspace, answer: Answer) -> list[Note]:
    """The notes of the days an answer is about that concern its metric; none for an answer on several metrics.

    A workspace in which nobody has decided anything yet is left as it is.
    """
    names = {metric_id(record) for record in answer.records}
    if len(names) != 1:
        return []
    first, end = (min(r.start for r in answer.records), max(r.end for r in answer.records))
    return notes_between(shop, _day(first), _day(end) - timedelta(days=1), names.pop())


def notes_between(shop: Workspace, first: date, last: date, metric: str = "") -> list[Note]:
    """The notes of some days, both included, and of a metric where one is named."""
    from kizuna.store.state import notes
    from kizuna.store.state.database import FILE, State

    if not shop.settings.state_url and not (shop.root / FILE).exists():
        return []
    state = State(shop.root, shop.settings.state_url)
    try:
        with state.session() as session:
            return notes.between(session, first, last, metric)
    finally:
        state.close()


def _day(moment: date) -> date:
    return date(moment.year, moment.month, moment.day)
