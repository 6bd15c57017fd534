"""The answer to a question: numbers with their interval, base, change and lineage."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kizuna.measure.metric import Metric
from kizuna.measure.question import Question

if TYPE_CHECKING:
    import pandas
    import polars

FLAGS: dict[str, str] = {
    "small_base": "fewer people than the setting small_base",
    "few_units": "too few independent units for an interval",
    "few_people": "fewer people than the setting least_people: not shown",
    "partial_period": "the data does not reach to the end of the period",
    "partial_comparison": "the data begins inside the period it is compared with, so a change of totals is not tested",
    "no_sampling": "a reading, not a sample: it has no sampling interval",
    "mixed_scale": "answers on different scales are pooled as shares",
    "revenue_for_margin": "revenue stands in where no margin is known",
    "unknown_opens": "of some opens it is not known whether a person or a machine opened",
    "immature": "the window of the latest people is not over yet",
}
"""What each flag means; metrics may set flags of their own."""


@dataclass(frozen=True, slots=True)
class Record:
    """One number: a metric in one period and group.

    `start` and `end` (not included) are dates, for hours UTC datetimes. `n` counts rows in the
    base, `people` distinct units (``None`` where it has no meaning). `change` is the value minus
    `previous`, in the metric's unit; `p_value` is adjusted by Holm (1979) over the metrics and
    groups asked together, `p_raw` is not.
    """

    metric: str
    variant: str
    start: date
    end: date
    group: dict[str, str]
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    people: int | None = None
    previous: float | None = None
    change: float | None = None
    change_low: float | None = None
    change_high: float | None = None
    p_value: float | None = None
    p_raw: float | None = None
    flags: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; dates in ISO form."""
        record: dict[str, Any] = {"metric": self.metric, "variant": self.variant}
        record |= {"period_start": _iso(self.start), "period_end": _iso(self.end)}
        record |= {name: getattr(self, name) for name in self.__slots__ if name not in (*record, "start", "end")}
        return record | {"flags": list(self.flags)}


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a metric's numbers came from: its definition, the SQL that ran and the data behind it."""

    metric: str
    definition: str
    sql: tuple[str, ...]
    filters: str
    data_from: date | None
    data_until: date | None
    rows: int


@dataclass(frozen=True)
class Answer:
    """All numbers of one question, as records in the order metric, group, period."""

    question: Question
    records: Sequence[Record]
    metrics: Mapping[str, Metric]
    lineage: Sequence[Lineage] = ()
    notes: Sequence[str] = ()
    workspace: str = ""
    currency: str = ""

    def __len__(self) -> int:
        return len(self.records)

    def value(self, metric: str | None = None) -> float | None:
        """The one value asked for; raises `ValueError` if there are several."""
        found = [r for r in self.records if metric in (None, r.metric)]
        if len(found) != 1:
            raise ValueError(f"{len(found)} values answer this question; look at .records")
        return found[0].value

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dictionary per number."""
        return [record.to_dict() for record in self.records]

    def to_json(self, indent: int | None = 2) -> str:
        """A JSON list of objects, one per number."""
        return json.dumps(self.to_dicts(), ensure_ascii=False, indent=indent)

    def flat(self) -> list[dict[str, Any]]:
        """One flat dictionary per number: groups as columns of their own, flags joined by spaces."""
        dimensions = list(dict.fromkeys(name for r in self.records for name in r.group))
        rows = []
        for record in self.records:
            row: dict[str, Any] = {"metric": record.metric, "variant": record.variant}
            row |= {"period_start": record.start, "period_end": record.end}
            row |= {name: record.group.get(name) for name in dimensions}
            row |= {
                name: getattr(record, name)
                for name in record.__slots__
                if name not in ("group", "flags", "start", "end", *row)
            }
            rows.append(row | {"flags": " ".join(record.flags)})
        return rows

    def to_csv(self) -> str:
        """Comma-separated, with a header; cells a spreadsheet would take for a formula get an apostrophe."""
        rows = self.flat()
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]) if rows else ["metric"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _harmless(cell) for name, cell in row.items()} for row in rows)
        return out.getvalue()

    def to_arrow(self) -> pa.Table:
        """An Arrow table, one row per number, groups as columns."""
        rows = self.flat()
        return pa.Table.from_pylist(rows, schema=_schema(self.question, rows)) if rows else pa.table({})

    def to_polars(self) -> polars.DataFrame:
        """A Polars data frame (needs the extra ``frames``)."""
        import polars

        return polars.DataFrame(self.to_arrow())

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas data frame (needs the extra ``frames``)."""
        return self.to_arrow().to_pandas()

    def chart(self, language: str = "en") -> dict[str, Any]:
        """A Vega-Lite specification: the interval as a band over time, or as whiskers for one period.

        `kizuna.show.chart.save` writes it as SVG, PNG, HTML or JSON.
        """
        # The one step to the right, looked up when asked for: measuring does not depend on showing.
        spec: dict[str, Any] = import_module("kizuna.show.chart").chart(self, language)
        return spec

    def to_markdown(self) -> str:
        """A Markdown table."""
        rows = self.flat()
        if not rows:
            return "no data\n"
        header = list(rows[0])
        lines = ["| " + " | ".join(header) + " |", "|" + "--|" * len(header)]
        lines += ["| " + " | ".join(_cell(row[name]) for name in header) + " |" for row in rows]
        return "\n".join(lines) + "\n"


def _schema(question: Question, rows: list[dict[str, Any]]) -> pa.Schema:
    moment = pa.timestamp("us", "UTC") if question.every == "hour" else pa.date32()
    types = {"period_start": moment, "period_end": moment, "n": pa.int64(), "people": pa.int64()}
    numbers = {"value", "low", "high", "previous", "change", "change_low", "change_high", "p_value", "p_raw"}
    return pa.schema([(name, types.get(name, pa.float64() if name in numbers else pa.string())) for name in rows[0]])


def _iso(moment: date) -> str:
    return moment.isoformat() if not isinstance(moment, datetime) else moment.isoformat().replace("+00:00", "Z")


def _harmless(cell: Any) -> Any:
    """Neutralise text that a spreadsheet would take for a formula; numbers stay numbers."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + cell
    return cell


def _cell(cell: Any) -> str:
    if cell is None:
        return ""
    text = f"{cell:.6g}" if isinstance(cell, float) else str(cell)
    return text.replace("|", "\\|").replace("\n", " ")
