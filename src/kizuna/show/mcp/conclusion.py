"""What may be concluded from a number, in a sentence, so that an assistant does not conclude more.

A language model turns numbers into stories. Where the base is too small the change is therefore not handed over at all,
and every other number comes with what its test allows to be said.
"""

from __future__ import annotations

from typing import Any

from kizuna.measure.answer import Answer, Record
from kizuna.measure.metric import Metric
from kizuna.show.verdict import verdict

TOO_SMALL = ("small_base", "few_units")
"""Flags of a base from which nothing is concluded."""

_COMPARED = ("previous", "change", "change_low", "change_high", "p_value")
_SAID = {
    "better": "Real change, for the better.",
    "worse": "Real change, for the worse.",
    "real change": "Real change.",
    "not sure": "No conclusion: the change may be chance.",
    "no change": "No change.",
    "no comparison": "Not compared with another period.",
    "not tested": "No conclusion: this change cannot be tested.",
    "too early": "No conclusion yet: the latest people still have time to decide.",
}


def told(record: Record, metric: Metric, level: float, small_base: int) -> dict[str, Any]:
    """One number with what may be said of it; without its change where the base is too small."""
    number = record.to_dict()
    for name in ("variant", "p_raw"):
        del number[name]
    if record.value is not None and any(flag in record.flags for flag in TOO_SMALL):
        for name in _COMPARED:
            del number[name]
    return number | {"conclusion": concluded(record, metric, level, small_base)}


def concluded(record: Record, metric: Metric, level: float, small_base: int) -> str:
    """What may be said of a number."""
    if record.value is None:
        return "No data."
    if any(flag in record.flags for flag in TOO_SMALL):
        base = record.people if record.people is not None else record.n
        return f"No conclusion: too small a base ({base}, while {small_base} are needed)."
    said = _SAID.get(verdict(record, metric.direction, level).key, "No conclusion.")
    if "partial_period" in record.flags:
        said += " The period is not over in the data."
    return said


def counts(answer: Answer) -> dict[str, int]:
    """How many numbers there are, and of how many nothing can be concluded because of their base."""
    small = sum(any(flag in record.flags for flag in TOO_SMALL) for record in answer.records)
    return {"numbers": len(answer.records), "too_small_a_base": small}
