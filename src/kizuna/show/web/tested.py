"""With how many metrics a change was tested: the same change may be beyond chance alone and not among a hundred."""

from __future__ import annotations

from kizuna.measure.answer import Answer
from kizuna.show import number
from kizuna.show.reading import Reader, parts
from kizuna.show.web.course import reader_of
from kizuna.show.web.view import View
from kizuna.show.words import word


def counted(answer: Answer, reader: Reader) -> str:
    """How many of the metrics tested together moved, and how that was judged; empty where nothing was tested."""
    tested = [(p, r) for p in parts(answer) for r in p.records if r.p_value is not None]
    if not tested:
        return ""
    moved = {p.id for p, r in tested if reader.verdict(r, p.metric).real}
    said = word("moved", reader.language, moved=len(moved), asked=len({p.id for p, _ in tested}))
    alpha = number.percent(1 - reader.level, reader.language)
    return f"{said} ({word('adjusted', reader.language, alpha=alpha)})"


def alone(view: View, answer: Answer) -> str:
    """That the change of the one metric of an answer was tested by itself, or in its parts.

    Empty where none is beyond chance: what is not sure alone is so among all as well.
    """
    reader = reader_of(view.hub, answer, view.language)
    tested = sum(r.p_value is not None for r in answer.records)
    if not any(reader.verdict(r, p.metric).real for p in parts(answer) for r in p.records):
        return ""
    return view.say("metric.tested_alone") if tested == 1 else view.say("metric.tested_parts", count=tested)
