"""Answers to show, made by hand, and snapshots of what is shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from kizuna.measure.answer import Answer, Lineage, Record
from kizuna.measure.metric import Metric, Text
from kizuna.measure.question import Question

SNAPSHOTS = Path(__file__).parent / "snapshots"

MakeAnswer = Callable[..., Answer]
Snapshot = Callable[[str, str], None]

# value, half of the interval, what a step up or down is
SHAPES = {
    "nps": (40.0, 4.0, 7.0),
    "csat": (84.0, 1.5, 0.4),
    "revenue": (1_200_000.0, 60_000.0, 9_000.0),
    "cart_abandonment_rate": (70.0, 1.2, 2.2),
    "first_response_time": (4_320.0, 300.0, 60.0),
}


def _metric(id: str, group: str, unit: str, direction: str, fact: str, names: tuple[str, str, str]) -> Metric:
    meaning = Text(
        f"What {names[0].lower()} is, in one sentence.", f"{names[1]}の意味。", f"Hvad {names[2].lower()} er."
    )
    return Metric(Text(*names), meaning, group, "mean", unit, direction, fact=fact, id=id)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def catalogue() -> dict[str, Metric]:
    """Metrics of their own, so that the pictures stay when a sentence of the catalogue is mended."""
    metrics = (
        _metric(
            "nps", "feedback", "points", "up", "survey_response", ("Net Promoter Score", "推奨度", "Net Promoter Score")
        ),
        _metric("csat", "feedback", "percent", "up", "survey_response", ("Satisfaction", "顧客満足度", "Tilfredshed")),
        _metric("revenue", "customers", "money", "up", "order", ("Revenue", "売上高", "Omsætning")),
        _metric(
            "cart_abandonment_rate",
            "customers",
            "percent",
            "down",
            "cart",
            ("Abandonment", "カゴ落ち率", "Forladte kurve"),
        ),
        _metric(
            "first_response_time", "support", "seconds", "down", "ticket", ("First response", "初回応答時間", "Svartid")
        ),
        _metric("waiting_time", "support", "seconds", "down", "contact", ("Waiting time", "待ち時間", "Ventetid")),
    )
    return {metric.id: metric for metric in metrics}


@pytest.fixture(scope="session")
def make_answer(catalogue: dict[str, Metric]) -> MakeAnswer:
    """Answers by the month from July 2025, changing by a fixed pattern; `groups` are values of channel."""

    def make(
        ids: Sequence[str], months: int = 4, groups: Sequence[str] = (), compare: str = "previous", every: str = "month"
    ) -> Answer:
        records = [
            record
            for name in ids
            for g, group in enumerate(groups or [""])
            for record in _course(name, months, {"channel": group} if groups else {}, g, compare != "none")
        ]
        by = ("channel",) if groups else ()
        question = Question(tuple(ids), by, "all" if months == 1 else every, compare=compare)  # type: ignore[arg-type]
        lineage = [Lineage(name, "", (), "", date(2025, 1, 1), date(2026, 6, 14), 12_345) for name in ids]
        return Answer(question, records, {name: catalogue[name] for name in ids}, lineage, (), "Nordlys", "JPY")

    return make


def _course(name: str, months: int, group: dict[str, str], shift: int, compare: bool) -> list[Record]:
    records: list[Record] = []
    steps = (0, 1, 3, -1, -1, 0, 2, 4, 3, 1, 0, -2)
    for k in range(months):
        start, end = _month(k), _month(k + 1)
        if name not in SHAPES:
            records.append(Record(name, "", start, end, group, None, n=0, people=0))
            continue
        base, half, step = SHAPES[name]
        value = base + step * steps[(k + shift) % len(steps)]
        before = records[-1].value if records and compare else None
        change = None if before is None else value - before
        p_value = None if change is None else 0.0004 if abs(change) > 1.6 * half else 0.21
        people = 14 if k == 1 else 1_200 + 10 * k
        flags = ("small_base",) * (k == 1) + ("partial_period",) * (months > 1 and k == months - 1)
        records.append(
            Record(
                name, "", start, end, group, value, value - half, value + half, people * 1.5, people,
                before, change, None, None, p_value, p_value, flags,
            )
        )  # fmt: skip
    return records


def _month(k: int) -> date:
    return date(2025 + (6 + k) // 12, (6 + k) % 12 + 1, 1)


@pytest.fixture
def snapshot() -> Snapshot:
    """Compare text with the file of that name; UPDATE_SNAPSHOTS=1 writes it instead, for you to look at."""

    def check(name: str, text: str) -> None:
        file = SNAPSHOTS / name
        text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
        if os.environ.get("UPDATE_SNAPSHOTS"):
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8")

    return check
