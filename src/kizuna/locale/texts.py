"""Sentences that people who are not our users read: pages, mails and widgets, in the languages of a TOML file.

A file is one table a sentence, one line a language. Gaps are written ``{so}``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FALLBACK = "en"


@cache
def texts(file: str) -> Mapping[str, Mapping[str, str]]:
    """Key → language → sentence of ``locale/FILE.toml``; FILE may name a folder, as in ``web/common``."""
    path = Path(__file__).parent / f"{file}.toml"
    read: dict[str, dict[str, str]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return read


@cache
def spoken(file: str) -> tuple[str, ...]:
    """The languages that every sentence of a file has, English first."""
    found = set.intersection(*({*each} for each in texts(file).values()))
    return (FALLBACK, *sorted(found - {FALLBACK}))


def nearest(language: str, known: tuple[str, ...]) -> str | None:
    """A language, or its main one (``pt`` for ``pt-BR``), among those known."""
    lowered = {each.lower(): each for each in known}
    asked = language.lower().replace("_", "-")
    return lowered.get(asked) or lowered.get(asked.partition("-")[0])


def say(file: str, key: str, language: str, **parts: object) -> str:
    """A sentence in a language, English where it has no other; `parts` fill its gaps."""
    text = texts(file)[key][nearest(language, spoken(file)) or FALLBACK]
    return text.format(**parts) if parts else text
