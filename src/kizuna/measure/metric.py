"""What a metric is: data, in the form of the catalogue's TOML.

A metric's kind says which additive statistics (`Term`) it needs and how they finish; see
`kizuna.measure.kind`. This module only holds the form; `kizuna.measure.catalogue` reads and checks.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Kind = Literal[
    "count", "sum", "mean", "share", "net", "quantile", "mix", "ratio", "people", "people_share", "last", "formula"
]
Unit = Literal["percent", "points", "score", "money", "seconds", "days", "count", "ratio", "index"]
Direction = Literal["up", "down", "none"]

CHOICES: dict[str, tuple[str, ...]] = {"kind": get_args(Kind), "unit": get_args(Unit), "direction": get_args(Direction)}
"""Keys of a definition that take one of a few words."""

GROUPS = ("feedback", "customers", "support", "web", "messages", "social", "engagement")
"""The headings of METRICS.md, in order; a business's own metrics may name others."""


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name or sentence in the languages the project speaks."""

    en: str
    ja: str = ""
    da: str = ""

    def __getitem__(self, language: str) -> str:
        return getattr(self, language, "") or self.en


class Having(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """People of whose rows at least this share satisfies `of`."""

    of: str
    at_least: float


class PeopleSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named set of people: those with a row of `fact` that satisfies `base` in the span."""

    fact: str
    base: str = ""
    time: str = ""
    span: str = "period"
    holds: tuple[str, str] | None = None
    having: Having | None = None


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One additive statistic: a count of rows, a sum of `value`, or a number of distinct people.

    `span` says which rows belong to a period (see docs/guides/metrics.md); `offset` -1 takes the
    statistic of the period before.
    """

    fact: str = ""
    base: str = ""
    value: str = ""
    time: str = ""
    span: str = "period"
    holds: tuple[str, str] | None = None
    offset: int = 0
    people: str = ""


class Metric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One metric as its TOML entry says it. `id` and `file` are filled in by the catalogue."""

    name: Text
    meaning: Text
    group: str
    kind: Kind
    unit: Unit
    direction: Direction = "none"
    also: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    reference: str = ""
    # one term, spelled out on the metric itself
    fact: str = ""
    base: str = ""
    value: str = ""
    time: str = ""
    span: str = "period"
    holds: tuple[str, str] | None = None
    # what single kinds need besides
    of: str = ""
    favourable: str = ""
    unfavourable: str = ""
    q: float = 0.5
    column: str = ""
    numerator: tuple[Term, ...] = ()
    denominator: tuple[Term, ...] = ()
    scale: float = 1.0
    proportion: bool = False
    people: str = ""
    series: tuple[str, ...] = ()
    growth: Literal["", "change", "rate"] = ""
    formula: str = ""
    terms: dict[str, Term] = {}
    # how it may be pooled and estimated
    closed: bool = False
    separate: str = ""
    pooled_flag: str = ""
    flag: dict[str, str] = {}
    matures: str = ""  # days after which a row's outcome is known; younger periods are flagged
    id: str = ""
    file: str = ""

    @property
    def root(self) -> str:
        """The id before the dot: what this is a variant of."""
        return self.id.split(".")[0]

    @property
    def variant(self) -> str:
        """The part of the id after the dot; empty for the default definition."""
        return self.id.partition(".")[2]


class CatalogueFile(msgspec.Struct, forbid_unknown_fields=True):
    """One TOML file: metrics by id, sets of people by name."""

    metric: dict[str, dict[str, object]] = {}
    set: dict[str, PeopleSet] = {}
