"""An answer as a reader meets it: which metric a record belongs to, what its columns are called.

Tables, charts and the overview read answers through this module, so that they agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo

from kizuna.measure.answer import Answer, Record
from kizuna.measure.metric import Metric
from kizuna.show import number
from kizuna.show.period import period
from kizuna.show.verdict import Verdict, verdict
from kizuna.show.words import word


@dataclass(frozen=True, slots=True)
class Reader:
    """How to say things: in which language, in which currency, at which level, over which grain."""

    language: str = "en"
    currency: str = "USD"
    level: float = 0.95
    every: str = "all"
    zone: tzinfo | None = None

    @classmethod
    def of(cls, answer: Answer, language: str = "en", zone: tzinfo | None = None) -> Reader:
        question = answer.question
        return cls(language, answer.currency or "USD", question.level, question.every, zone)

    def value(self, record: Record, metric: Metric) -> str:
        return number.value(record.value, metric.unit, self.language, self.currency)

    def interval(self, record: Record, metric: Metric) -> str:
        return number.interval(record.low, record.high, metric.unit, self.language, self.currency)

    def margin(self, record: Record, metric: Metric) -> str:
        return number.margin(record.value, record.low, record.high, metric.unit, self.language, self.currency)

    def change(self, record: Record, metric: Metric, *, spoken: bool = False) -> str:
        size = abs(record.value) if record.value is not None else None
        return number.change(record.change, metric.unit, self.language, self.currency, size=size, spoken=spoken)

    def verdict(self, record: Record, metric: Metric) -> Verdict:
        return verdict(record, metric.direction, self.level)

    def period(self, record: Record) -> str:
        return period(self.local(record.start), record.end, self.every, self.language)

    def local(self, moment: date) -> date:
        """A day as it is; a moment by the clock of the workspace's zone."""
        if not isinstance(moment, datetime) or self.zone is None:
            return moment
        utc = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return utc.astimezone(self.zone).replace(tzinfo=None)

    def name(self, metric: Metric) -> str:
        return str(metric.name[self.language])

    def meaning(self, metric: Metric) -> str:
        return str(metric.meaning[self.language])

    def group(self, record: Record) -> str:
        """The group of a record as one label: ``web · JP``."""
        return " · ".join(self.member(v) for v in record.group.values())

    def member(self, value: object) -> str:
        return word("not known", self.language) if value is None or value == "" else str(value)


@dataclass(slots=True)
class Part:
    """What an answer says about one metric. `source` is the fact to import where it has no
    data, empty where no import would help, ``None`` where that was not looked up."""

    id: str
    metric: Metric
    records: list[Record] = field(default_factory=list)
    source: str | None = None

    @property
    def dimensions(self) -> list[str]:
        """Names of the dimensions its records are broken down by, in the order they are met."""
        return list(dict.fromkeys(name for r in self.records for name in r.group))

    @property
    def periods(self) -> list[date]:
        return sorted({r.start for r in self.records})

    @property
    def empty(self) -> bool:
        return all(r.value is None for r in self.records)

    def by_group(self) -> dict[tuple[str, ...], list[Record]]:
        """Its records by group, each in the order of time."""
        groups: dict[tuple[str, ...], list[Record]] = {}
        for record in self.records:
            groups.setdefault(tuple(record.group.values()), []).append(record)
        return {key: sorted(found, key=lambda r: r.start) for key, found in groups.items()}


def metric_id(record: Record) -> str:
    """The full id: ``csat.mean`` for variant ``mean`` of ``csat``."""
    has_variant = not record.variant or record.metric.endswith(f".{record.variant}")
    return record.metric if has_variant else f"{record.metric}.{record.variant}"


def parts(answer: Answer, sources: Mapping[str, str] | None = None) -> list[Part]:
    """The answer metric by metric, in the order asked; `sources` are facts to import, by metric."""
    known = sources or {}
    found = {key: Part(key, metric, source=known.get(key)) for key, metric in answer.metrics.items()}
    for record in answer.records:
        key = metric_id(record)
        found[key].records.append(record)
    return list(found.values())


def flags(records: Iterable[Record]) -> list[str]:
    """All flags that occur, each once."""
    return list(dict.fromkeys(name for r in records for name in r.flags))


def latest(records: Sequence[Record]) -> Record | None:
    """The last record of a period that is over, else the last there is."""
    whole = [r for r in records if "partial_period" not in r.flags]
    chosen = whole or list(records)
    return max(chosen, key=lambda r: r.start) if chosen else None
