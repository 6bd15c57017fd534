"""What dimensions and their values are called: weekdays and hours by name, fields in the reader's language."""

from __future__ import annotations

from dataclasses import replace

from kizuna.locale.texts import texts
from kizuna.measure.answer import Answer, Record
from kizuna.measure.names import CLOCK
from kizuna.show.axis import WEEKDAYS
from kizuna.show.web.view import View

OTHER = "(other)"
"""What the engine calls the groups beyond the most that are kept."""


def dimension_name(view: View, name: str) -> str:
    """A dimension's name; a property of the business's own is called as it calls it."""
    plain = name.removeprefix("customer.").removeprefix("properties.")
    for file in ("dimension", "fields"):
        if plain in texts(f"web/{file}"):
            return view.say(f"{file}.{plain}")
    return plain


def weekday(number: int, language: str) -> str:
    """A day of the week from its ISO number, Monday 1."""
    return WEEKDAYS.get(language, WEEKDAYS["en"])[number % 7]


def member_name(dimension: str, value: str | None, language: str) -> str | None:
    """What a group is called: hours and weekdays in words, all else as it came."""
    if dimension not in CLOCK or value is None or not value.isdigit():
        return value
    number = int(value)
    if dimension == "weekday":
        return weekday(number, language)
    if dimension == "hour":
        return f"{number:02}:00"
    return f"{weekday(number // 24 + 1, language)} {number % 24:02}:00"


def in_words(answer: Answer, language: str) -> Answer:
    """An answer whose groups are called as people call them."""
    if not any(name in CLOCK for r in answer.records for name in r.group):
        return answer
    return replace(answer, records=[_renamed(r, language) for r in answer.records])


def clock_place(record: Record, dimension: str) -> int:
    """Where a group of a clock dimension stands in the day or week; those of no hour last."""
    value = record.group.get(dimension)
    return int(value) if value is not None and value.isdigit() else 999


def _renamed(record: Record, language: str) -> Record:
    named = {name: member_name(name, value, language) or "" for name, value in record.group.items()}
    return replace(record, group=named)
