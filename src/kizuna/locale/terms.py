"""The field's terms in three languages, for the glossary and for searching."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

Language = Literal["en", "ja", "da"]
FILE = Path(__file__).with_name("terms.toml")


class Misread(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wording found in translated texts that means something else than the term."""

    language: Language
    word: str
    means: str


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One term; the first word of each language is the one that is written."""

    en: tuple[str, ...]
    ja: tuple[str, ...]
    da: tuple[str, ...]
    meaning: str
    metrics: tuple[str, ...] = ()
    note: str = ""
    misread: tuple[Misread, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Everything the term may be searched by."""
        return (*self.en, *self.ja, *self.da, *(wrong.word for wrong in self.misread))


class _File(msgspec.Struct, forbid_unknown_fields=True):
    term: tuple[Term, ...]


@cache
def terms() -> tuple[Term, ...]:
    """All terms, in the order of the glossary."""
    return msgspec.toml.decode(FILE.read_bytes(), type=_File).term


def metrics_named(text: str) -> tuple[str, ...]:
    """Ids of the metrics that a term's word stands for, in any language, misread wordings included.

    Exact words come before words that only contain `text`.
    """
    wanted = text.casefold().strip()
    if not wanted:
        return ()
    exact = [term for term in terms() if any(wanted == word.casefold() for word in term.words)]
    near = [term for term in terms() if any(wanted in word.casefold() for word in term.words)]
    return tuple(dict.fromkeys(metric for term in (*exact, *near) for metric in term.metrics))
