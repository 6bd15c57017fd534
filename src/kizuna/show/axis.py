"""Axes of charts: units, currencies and dates in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kizuna.show import number
from kizuna.show.reading import Reader

_TIME = {
    "en": {
        "hour": "%-d %b %H:%M",
        "day": "%-d %b",
        "week": "%-d %b",
        "month": "%b %Y",
        "quarter": "Q%q %Y",
        "year": "%Y",
    },
    "ja": {
        "hour": "%-m月%-d日 %H:%M",
        "day": "%-m月%-d日",
        "week": "%-m月%-d日",
        "month": "%Y年%-m月",
        "quarter": "%Y年 Q%q",
        "year": "%Y年",
    },
    "da": {
        "hour": "%-d. %b %H.%M",
        "day": "%-d. %b",
        "week": "%-d. %b",
        "month": "%b %Y",
        "quarter": "%q. kvt. %Y",
        "year": "%Y",
    },
}

WEEKDAYS = {
    "en": ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    "ja": ("日曜日", "月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日"),
    "da": ("søndag", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag"),
}
_MONTHS = {
    "en": "January|February|March|April|May|June|July|August|September|October|November|December",
    "ja": "|".join(f"{n}月" for n in range(1, 13)),
    "da": "januar|februar|marts|april|maj|juni|juli|august|september|oktober|november|december",
}


@dataclass(frozen=True, slots=True)
class AxisScale:
    """What axis numbers are divided by, and how they are labelled."""

    divisor: float
    axis: dict[str, Any]

    def transform(self, field: str) -> dict[str, Any]:
        """The Vega-Lite step that brings a field to the axis's unit; no data stays no data."""
        step = f"datum.{field} == null ? null : datum.{field} / {self.divisor:g}"
        return {"calculate": step, "as": field}


def scale_of(unit: str, values: Sequence[float | None], reader: Reader) -> AxisScale:
    """Axis of a unit: durations in the largest unit that fits, money and percent with their sign."""
    divisor, prefix, suffix = 1.0, "", ""
    if unit == "seconds":
        size = max((abs(v) for v in values if v is not None), default=0.0)
        divisor, suffix = number.clock_unit(size, reader.language)
    elif unit == "percent":
        suffix = number.percent_sign(reader.language)
    elif unit == "money":
        prefix, suffix = number.money_signs(reader.currency, reader.language)
    label = f"'{prefix}' + datum.label + '{suffix}'" if prefix or suffix else "datum.label"
    return AxisScale(divisor, {"labelExpr": label, "tickCount": 5})


def time_format(every: str, language: str) -> str:
    """The d3 time format of a grain."""
    formats = _TIME.get(language, _TIME["en"])
    return formats.get(every, formats["day"])


def locale(language: str) -> dict[str, Any]:
    """How Vega writes numbers and dates in a language."""
    days, months = WEEKDAYS.get(language, WEEKDAYS["en"]), _MONTHS.get(language, _MONTHS["en"]).split("|")
    short = 1 if language == "ja" else 3
    comma = language == "da"
    return {
        "number": {
            "decimal": "," if comma else ".",
            "thousands": "." if comma else ",",
            "grouping": [3],
            "currency": ["", ""],
        },
        "time": {
            "dateTime": "%Y-%m-%d %H:%M",
            "date": "%Y-%m-%d",
            "time": "%H:%M",
            "periods": ["AM", "PM"],
            "days": list(days),
            "shortDays": [d[:short] for d in days],
            "months": list(months),
            "shortMonths": [m if language == "ja" else m[:3] for m in months],
        },
    }
