"""What may be said of a change: better, worse, changed, not sure. Never more than the test allows."""

from __future__ import annotations

from dataclasses import dataclass

from kizuna.measure.answer import Record
from kizuna.show.words import word


@dataclass(frozen=True, slots=True)
class Verdict:
    """`key` is the word for it, `glyph` which way the number went, `tone` the meaning colour stands for."""

    key: str
    glyph: str
    tone: str

    @property
    def real(self) -> bool:
        """Whether the change is beyond chance."""
        return self.key in ("better", "worse", "real change")

    def say(self, language: str = "en") -> str:
        return word(self.key, language)


NO_COMPARISON = Verdict("no comparison", "", "quiet")
NO_CHANGE = Verdict("no change", "=", "quiet")
NOT_SURE = Verdict("not sure", "≈", "quiet")
TOO_EARLY = Verdict("too early", "…", "quiet")


def verdict(record: Record, direction: str, level: float = 0.95) -> Verdict:
    """The verdict on a record's change, for a metric whose better way is `direction` (up, down, none).

    The p-value is the one after Holm. The glyph shows the way the number moved and the word says what
    it means, since a falling number is good news for some metrics.
    """
    if record.change is None:
        return NO_COMPARISON
    if "immature" in record.flags:
        return TOO_EARLY
    if record.change == 0:
        return NO_CHANGE
    up = record.change > 0
    glyph = "▲" if up else "▼"
    if record.p_value is None:
        return Verdict("not tested", glyph, "quiet")
    if record.p_value >= 1 - level - 1e-9:
        return NOT_SURE
    if direction not in ("up", "down"):
        return Verdict("real change", glyph, "accent")
    good = up == (direction == "up")
    return Verdict("better" if good else "worse", glyph, "better" if good else "worse")
