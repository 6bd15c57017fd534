"""What a field that no column tells by its name most likely is, by values and words: for the reader to say yes to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kizuna.collect.peek import Peek
from kizuna.collect.synonyms import names_of, plain
from kizuna.facts import Column, Fact
from kizuna.show.web.importing.form import QUESTION

Option = tuple[str, str]

_MOMENT = re.compile(r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}[ /][A-Za-zæøå]{3}")
_UNIT = re.compile(r"\s*[(\[（［][^()]*[)\]）］]\s*$")
_ASKS = (
    ("nps", re.compile(r"recommend|推奨|おすすめ|anbefal", re.I)),
    ("csat", re.compile(r"satisf|満足|tilfreds", re.I)),
    ("ces", re.compile(r"made it easy|effort|努力|簡単|nemt", re.I)),
)


def likely(fact: Fact, column: Column, free: Sequence[Option], peek: Peek) -> str:
    """What a needed field most likely is, for the reader to say yes to: a value of its options, empty for no idea.

    A time is the first column left whose values look like one; a question is told by the words it was asked in;
    anything else by its name before a unit in brackets, which only the reader can say yes to: dollars are not yen.
    """
    if column.type in ("time", "date"):
        dated = (value for value, name in free if _all_moments(peek.samples.get(name, ())))
        return next(dated, "")
    if column.name == "question":
        return next((QUESTION + name for name, words in _ASKS for _, asked in free if words.search(asked)), "")
    known = {*names_of(fact)[column.name]}
    return next((value for value, name in free if plain(_UNIT.sub("", name)) in known), "")


def _all_moments(samples: Sequence[str]) -> bool:
    return bool(samples) and all(_MOMENT.match(sample) for sample in samples)


def asked_score(peek: Peek, mapping: Mapping[str, str]) -> str:
    """The column that most likely has the score of a survey: numbers, under the words of a known question."""
    taken = {*mapping.values()}
    for _, words in _ASKS:
        for name in peek.columns:
            numbers = all(re.fullmatch(r"\d{1,2}", sample) for sample in peek.samples.get(name, ("x",)))
            if name not in taken and numbers and words.search(name):
                return name
    return ""
