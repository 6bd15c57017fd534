"""All metrics: found by their words in three languages, with their number, interval, verdict and course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import Response, get

from kizuna.measure.metric import GROUPS, Metric
from kizuna.show.reading import parts
from kizuna.show.web.card import Card, card
from kizuna.show.web.course import courses, numbers, reader_of
from kizuna.show.web.given import TheView
from kizuna.show.web.tested import counted
from kizuna.show.web.view import View
from kizuna.store.state import targets


@dataclass(frozen=True, slots=True)
class Line:
    """A metric in the list; its `card` is ``None`` where it has no data in the period."""

    id: str
    name: str
    meaning: str
    link: str
    card: Card | None


@dataclass(frozen=True, slots=True)
class Group:
    """A heading with its metrics."""

    id: str
    name: str
    lines: Sequence[Line]


@get("/metrics", sync_to_thread=True)
def metrics(view: TheView) -> Response[str]:
    """The page: ``q`` searches, ``all=1`` shows every definition."""
    text, every = view.query.get("q", "").strip()[:200], view.query.get("all") == "1"
    found = [m for m in view.hub.workspace.metrics(text or None) if every or text or not m.variant]
    lines, tested = lines_of(view, found)
    names = dict.fromkeys([*GROUPS, *(m.group for m in found)])
    grouped = [Group(name, view.word(name), [lines[m.id] for m in found if m.group == name]) for name in names]
    return view.page(
        "metrics",
        text=text,
        every=every,
        count=len(found),
        tested=tested,
        # What was searched for is in the order of how well it fits, not by group.
        groups=[Group("found", "", [lines[m.id] for m in found])] if text else [g for g in grouped if g.lines],
    )


def lines_of(view: View, found: Sequence[Metric]) -> tuple[dict[str, Line], str]:
    """Metrics as lines, measured all together, and how many of them were tested so."""
    names = tuple(m.id for m in found)
    if not names:
        return {}, ""
    answer = numbers(view.hub, names, view.scope).value
    past = {p.id: p.by_group() for p in parts(courses(view.hub, names, view.scope).value)}
    reader = reader_of(view.hub, answer, view.language)
    with view.hub.state.session() as session:
        aims = targets.all_of(session)
    cards = {
        p.id: card(p, past.get(p.id, {}), reader, view.link(f"/metric/{p.id}"), aims.get(p.id)) for p in parts(answer)
    }
    lines = {
        m.id: Line(m.id, reader.name(m), reader.meaning(m), view.link(f"/metric/{m.id}"), cards.get(m.id))
        for m in found
    }
    return lines, counted(answer, reader)


ROUTES = (metrics,)
