"""A question of a survey: what is asked, how it is answered, and which answers there are.

Every question carries its scale with both ends and the direction that is good, so that an answer never needs
to be guessed at later. Texts are by language (ISO 639-1); English is what is shown where one is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

Texts = dict[str, str]
Kind = Literal["scale", "choice", "yes_no", "text"]
Style = Literal["numbers", "stars", "faces", "words"]
Condition = dict[str, Any]
"""Question id → the answers after which another is asked: ``"0..6"``, ``5``, ``"no"`` or a list. All must hold."""

YES, NO = "yes", "no"
COMMENT = "comment"
"""The id of a survey's optional comment; it stands on the row of the main question."""

FALLBACK = "en"

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
"""What questions and options may be called."""


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the answers to choose from; with `other` a text may be written beside it."""

    id: str
    text: Texts
    other: bool = False


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question. `low` … `high` are the scale's ends, `low_label` and `high_label` the words beside them.

    `labels` names single answers of a scale by their number. `only_if` says after which answers it is
    asked; a question that is not `required` may be left out and the survey is still complete.
    """

    id: str
    text: Texts
    kind: Kind = "scale"
    hint: Texts = {}
    low: int = 0
    high: int = 0
    direction: Literal["high_good", "low_good"] = "high_good"
    style: Style = "numbers"
    low_label: Texts = {}
    high_label: Texts = {}
    labels: dict[str, Texts] = {}
    options: list[Option] = []
    required: bool = True
    only_if: Condition = {}
    max_length: int = 2_000

    @property
    def scores(self) -> range:
        """The answers of a scale, lowest first; empty for other kinds."""
        return range(self.low, self.high + 1) if self.kind == "scale" else range(0)

    @property
    def choices(self) -> Sequence[str]:
        """The ids of the answers to choose from."""
        if self.kind == "yes_no":
            return (YES, NO)
        return tuple(option.id for option in self.options)

    def applies(self, given: Mapping[str, Any]) -> bool:
        """Whether it is asked after these answers (question id → score, choice or text)."""
        return holds(self.only_if, given)


def holds(condition: Condition, given: Mapping[str, Any]) -> bool:
    """Whether a condition holds after these answers."""
    return all(id in given and _fits(given[id], wanted) for id, wanted in condition.items())


def told(texts: Mapping[str, str], language: str) -> str:
    """A text in a language, else in its main language (``pt`` for ``pt-BR``), else English, else whichever there is."""
    for each in (language, language.partition("-")[0], FALLBACK):
        if each in texts:
            return texts[each]
    return next(iter(texts.values()), "")


def _fits(given: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return any(_fits(given, each) for each in wanted)
    if isinstance(wanted, str) and ".." in wanted:
        low, _, high = wanted.partition("..")
        return isinstance(given, (int, float)) and float(low) <= given <= float(high)
    return bool(given == wanted)
