"""How much there is in each hour of the week: a table of seven rows whose cells are shaded.

A month has four Mondays or five: what is shown is how many there are in that hour of one week on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from kizuna.expression import quote_text
from kizuna.show import number
from kizuna.show.axis import WEEKDAYS
from kizuna.show.web.channel import within
from kizuna.show.web.course import all_groups
from kizuna.show.web.dimension import clock_place, weekday
from kizuna.show.web.scope import Scope
from kizuna.show.web.view import View

SHADES = 8
HOURS = range(24)


@dataclass(frozen=True, slots=True)
class Cell:
    """An hour of a weekday: `shade` goes from 0 (nothing) to `SHADES`, `said` is the number with its hour."""

    value: str
    shade: int
    said: str


@dataclass(frozen=True, slots=True)
class Heat:
    """Rows of (weekday, its 24 cells), the busiest hours in words, and how many there are of each hour at most."""

    rows: Sequence[tuple[str, Sequence[Cell]]]
    busiest: str
    most: str
    total: str


def heat(view: View, metric: str, tier: str = "") -> Heat | None:
    """The hours of the week of a count; ``None`` where there is nothing."""
    scope = within(view.scope, f"tier = {quote_text(tier)}" if tier else "")
    answer = all_groups(view.hub, metric, scope, "hour_of_week")
    found = {place: r.value for r in answer.records if r.value and (place := clock_place(r, "hour_of_week")) < 168}
    if not found:
        return None
    days = _weekdays(scope)
    each = {place: value / days[place // 24] for place, value in found.items() if days[place // 24]}
    most = max(each.values(), default=0.0)
    first = view.hub.settings.first_weekday
    order = [(first + step) % 7 for step in range(7)]
    rows = [(weekday(day + 1, view.language), [_cell(view, day, hour, each, most) for hour in HOURS]) for day in order]
    top = sorted(each, key=lambda place: -each[place])[:3]
    busiest = view.say("common.comma").join(f"{weekday(p // 24 + 1, view.language)} {p % 24:02}:00" for p in top)
    return Heat(rows, busiest, _said(most, view.language), number.count(sum(found.values()), view.language))


def tiers(view: View, metric: str) -> list[str]:
    """The tiers that have any, the largest first."""
    answer = all_groups(view.hub, metric, view.scope, "tier")
    known = [r for r in answer.records if r.value and r.group.get("tier")]
    return [r.group["tier"] for r in sorted(known, key=lambda r: -(r.value or 0.0))]


def _cell(view: View, day: int, hour: int, each: dict[int, float], most: float) -> Cell:
    value = each.get(day * 24 + hour, 0.0)
    shade = 0 if not value else max(1, round(value / most * SHADES))
    said = f"{weekday(day + 1, view.language)} {hour:02}:00–{hour + 1:02}:00: {_said(value, view.language)}"
    return Cell(_said(value, view.language) if value else "", shade, said)


def _said(value: float, language: str) -> str:
    return number.fixed(value, 0 if value >= 10 else 1, "count", language)


def _weekdays(scope: Scope) -> list[int]:
    """How many Mondays, Tuesdays … the scope has."""
    days = (scope.since + timedelta(days=n) for n in range((scope.until - scope.since).days))
    counted = [0] * len(WEEKDAYS["en"])
    for each in days:
        counted[each.weekday()] += 1
    return counted
