"""Groups of few people are not shown where people are told apart by what they are.

A break-down by a trait of customers (age group, plan, town) can come down to one person, and a number of that group is
then that person's. So such a break-down leaves out what fewer people than the setting least_people are behind
(k-anonymity: Sweeney, 2002, k-Anonymity: a model for protecting privacy). Break-downs by what rows themselves say
(channel, page, ticket's topic) are not touched.

What this does not protect from: somebody who subtracts the groups that are shown from the whole, or who asks for a
single customer, which all who may see the numbers also may.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kizuna.facts import FACTS
from kizuna.measure.answer import Record
from kizuna.measure.estimate import Estimate
from kizuna.measure.names import trait_names

FLAG = "few_people"


@dataclass(frozen=True, slots=True)
class Guard:
    """Hides what fewer than `least` people are behind; 0 hides nothing."""

    least: int = 0

    @classmethod
    def of(cls, by: Sequence[str], properties: Mapping[str, Sequence[str]], least: int) -> Guard:
        """The guard of a break-down."""
        return cls(least if any(is_personal(name, properties) for name in by) else 0)

    def hides(self, est: Estimate, period: int, group: int) -> bool:
        """Whether too few people are in a place, but some."""
        if not self.least or period < 0:
            return False
        people = est.people[period, group]
        units = est.n[period, group] if np.isnan(people) else people
        return bool(0 < units < self.least)

    def hidden(self, record: Record) -> Record:
        """A record that says no more than that it is hidden."""
        return replace(record, value=None, n=None, people=None, flags=(FLAG,))

    def shown(self, records: list[Record]) -> tuple[list[Record], list[str]]:
        """The records of groups of which anything may be shown, and a note about the others."""
        if not self.least:
            return records, []
        groups = {tuple(r.group.items()) for r in records}
        known = {tuple(r.group.items()) for r in records if FLAG not in r.flags and r.n != 0}
        told = any(FLAG in r.flags for r in records)
        kept = [r for r in records if tuple(r.group.items()) in known]
        left = len(groups - {tuple(r.group.items()) for r in kept})
        note = f"Numbers of fewer than {self.least} people are not shown (setting least_people)"
        note += f", nor {left} group{'s' * (left > 1)} that only such are known of." if left else "."
        return kept, [note] if told else []


def is_personal(name: str, properties: Mapping[str, Sequence[str]]) -> bool:
    """Whether a dimension tells people apart, rather than what they did."""
    if name.startswith("customer."):
        return True
    of_rows = any(name in fact.by_name for fact in FACTS.values() if fact.name != "customer")
    return not of_rows and name in trait_names(properties)
