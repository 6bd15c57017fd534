"""The vocabulary: every fact, its grain and its columns.

A fact is something that happened or held, one row each: an order, a ticket, an answer. Each file here
declares a group of them in the form of `kizuna.facts.fact`; tables, import, docs and the planner all read
the declaration.
"""

from __future__ import annotations

from kizuna.errors import ImportFailed, UnknownName
from kizuna.facts import asking, buying, money, outreach, people, service, social, visits
from kizuna.facts.asking import QUESTIONS, Scale
from kizuna.facts.fact import BUCKETS, SQL_TYPES, Column, Fact, Role, Type, day_of

__all__ = [
    "BUCKETS",
    "FACTS",
    "QUESTIONS",
    "SQL_TYPES",
    "Column",
    "Fact",
    "Role",
    "Scale",
    "Type",
    "day_of",
    "importable",
]

GROUPS = (visits, buying, service, asking, outreach, social, money, people)
"""The files, in the order in which people are shown the facts."""

FACTS: dict[str, Fact] = {fact.name: fact for group in GROUPS for fact in group.FACTS}


def importable(name: str) -> Fact:
    """The fact of that name, which files and webhooks can give rows of.

    Raises `UnknownName`, and `ImportFailed` for one that Kizuna alone makes.
    """
    known = [fact.name for fact in FACTS.values() if not fact.instead]
    if name not in FACTS:
        raise UnknownName("fact", name, known, f"Facts that can be imported: {', '.join(known)}.")
    if FACTS[name].instead:
        raise ImportFailed(
            f"{name} is made by Kizuna and is not imported.", f"Import {' or '.join(FACTS[name].instead)} instead."
        )
    return FACTS[name]
