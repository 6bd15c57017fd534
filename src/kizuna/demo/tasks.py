"""Calls back: what is done about bad answers of customers who may be asked about them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kizuna.demo import files
from kizuna.demo.asking import MAIN_QUESTIONS, SURVEYS
from kizuna.demo.chance import around, chosen, pick, stream
from kizuna.demo.clock import DAY, HOUR, NEVER, Clock

_BAD = {"nps": 6, "csat": 2}
_CONSENTING, _NEVER_DONE = 0.45, 0.08
_DUE = 2 * DAY
_OWNER = "support lead"
_CALLERS = ("Aoi", "Freja", "Marcus")
_NOTES = ("called back, apologised", "refunded the delivery", "explained how it works", "could not be reached")
_TAKEN = (
    "customer_id", "survey", "question", "score", "comment", "ticket_id", "order_id", "channel", "country", "tier",
    "team", "agent", "audience",
)  # fmt: skip


def task_columns(seed: int, responses: files.Columns, clock: Clock) -> files.Columns:
    """A task for some of the bad answers to the main question of a survey; the latest ones are still open."""
    rng = stream(seed, "tasks")
    answers = pa.table(responses)
    bad = answers.filter(_bad(answers))
    bad = bad.filter(pa.array(chosen(rng, _CONSENTING, bad.num_rows)))
    count = bad.num_rows
    raised = pc.divide(bad["answered_at"].cast(pa.int64()), 1_000_000).to_numpy().astype(np.int64)
    done = raised + around(rng, 14 * HOUR, 1.1, count).astype(np.int64)
    done = np.where(chosen(rng, _NEVER_DONE, count) | (done >= clock.end), NEVER, done)
    by = np.where(done == NEVER, -1, pick(rng, count, (5, 4, 3)))
    note = np.where(done == NEVER, -1, pick(rng, count, (5, 2, 3, 2)))
    return {name: bad[name].combine_chunks() for name in _TAKEN} | {
        "task_id": bad["invitation_id"].combine_chunks(),
        "raised_at": bad["answered_at"].combine_chunks(),
        "due_at": files.times(raised + _DUE),
        "done_at": files.times(done),
        "owner": files.word(_OWNER, count),
        "done_by": files.words(by, _CALLERS),
        "note": files.words(note, _NOTES),
    }


def _bad(answers: pa.Table) -> pa.Array:
    """Complete answers of known customers to the main question of their survey, at the low end of its scale."""
    of_main = [
        pc.and_(
            pc.and_(pc.equal(answers["survey"], survey), pc.equal(answers["question"], question)),
            pc.less_equal(answers["score"], _BAD[question]),
        )
        for survey, question in zip(SURVEYS, MAIN_QUESTIONS, strict=True)
        if question in _BAD
    ]
    found = of_main[0]
    for more in of_main[1:]:
        found = pc.or_(found, more)
    found = pc.and_(found, pc.equal(answers["status"], "complete"))
    return pc.fill_null(pc.and_(found, pc.is_valid(answers["customer_id"])), False)
