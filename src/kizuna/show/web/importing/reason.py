"""Why a row did not fit, in the reader's language: the sentences of `kizuna.collect` taken apart and said anew."""

from __future__ import annotations

import re
from functools import cache

from kizuna.collect.message import Reason
from kizuna.errors import ImportFailed
from kizuna.facts import FACTS
from kizuna.show.web.view import View

_NUMBER = r"-?\d[\d.,eE+-]*"
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("missing", r"(?P<field>\w+) is missing"),
    ("unreadable", r"(?P<field>.+?)(?:: '(?P<value>.*)')? cannot be read as (?P<what>an? (?:whole )?\w+|yes or no)"),
    ("below", rf"(?P<field>\w+)(?: (?P<value>{_NUMBER}))? is below (?P<limit>{_NUMBER})"),
    ("above", rf"(?P<field>\w+)(?: (?P<value>{_NUMBER}))? is above (?P<limit>{_NUMBER})"),
    ("choices", r"(?P<field>\w+)(?: '(?P<value>.*)')? is not one of (?P<limit>.+)"),
    ("year", r"(?P<field>\w+)(?: (?P<value>\d.*?))? is not between (?P<limit>\d+ and \d+)"),
    ("nobody", r"no customer_id, email, phone or anonymous_id"),
    ("foreign", r"(?P<field>\w+) is marked as another currency than (?P<limit>[A-Z]{3})"),
    ("foreign", r"(?P<field>\w+): '(?P<value>.*)' is not in (?P<limit>[A-Z]{3}): .*"),
    ("rate", r"currency(?: (?P<value>\S+))? has no rate.*"),
    ("scale", rf"score(?: (?P<value>{_NUMBER}))? is outside (?P<limit>its scale|{_NUMBER}\.\.{_NUMBER})"),
    ("no_scale", r"question (?:without a scale|'(?P<value>.*)' is not a known one.*)"),
    ("again", r"second (?:row|answer) with the same (?P<field>[\w ]+?)(?:, first on line (?P<value>\d+))?"),
    ("few", r"too few fields|(?P<value>\d+) fields instead of (?P<limit>\d+)"),
    ("many", r"too many fields|more than (?P<limit>\d+) fields"),
    ("bytes", r"bytes that are not UTF-8"),
    ("long", r"line too long|longer than two million bytes"),
    ("quotes", r"broken quotes|a quote that does not end.*"),
    ("json", r"not a JSON object"),
    ("log", r"not a line of the combined log format"),
    ("empty", r"(?P<field>.+) is empty"),
)  # fmt: skip

_WHAT = {
    "a number": "number",
    "an amount": "amount",
    "a whole number": "whole",
    "a time": "time",
    "a date": "date",
    "yes or no": "flag",
}


@cache
def _compiled() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((key, re.compile(pattern, re.S)) for key, pattern in _PATTERNS)


def row_reason(text: str, view: View) -> str:
    """A reason of a row of a file; one that is not known stays as it is."""
    for key, pattern in _compiled():
        found = pattern.fullmatch(text)
        if found:
            given = {name: value or "" for name, value in found.groupdict().items()}
            return _said(key, given, view)
    return text


def _said(key: str, given: dict[str, str], view: View) -> str:
    parts: dict[str, str] = dict(given)
    if "field" in parts:
        names = parts["field"].split(" and ")
        parts["field"] = view.say("common.comma").join(field_name(name, view) for name in names)
    if "what" in parts:
        parts["what"] = view.say(f"reasons.what_{_WHAT[parts['what']]}")
    ends = parts.get("limit", "")
    exact = bool(parts.get("value")) or (key in ("few", "many", "scale") and ends not in ("", "its scale"))
    return view.say(f"reasons.{key}{'_exactly' if exact else ''}", **parts)


def field_name(name: str, view: View) -> str:
    """What a field is called; the name of a column that is none stays as it is."""
    return view.say(f"fields.{name}") if name in _fields() else name


@cache
def _fields() -> frozenset[str]:
    return frozenset(column.name for fact in FACTS.values() if not fact.instead for column in fact.importable())


_FILES = (
    ("empty", "is empty."),
    ("unknown", "neither text nor"),
    ("workbook", "as a workbook"),
    ("gzip", "damaged gzip"),
    ("database", "as a database"),
    ("no_tables", "without tables"),
    ("json", "not valid JSON"),
    ("no_objects", "holds no JSON objects"),
    ("parquet", "as Parquet"),
    ("sheet", "the sheet is empty"),
)  # fmt: skip
"""Why a whole file cannot be read: key, and what the sentence of `kizuna.collect` says."""


def file_reason(error: ImportFailed, view: View) -> str:
    """Why a file cannot be read, and what to do; a reason that is not known is said as it is."""
    key = next((key for key, said in _FILES if said in error.what), "")
    if key:
        return view.say(f"reasons.file_{key}")
    return error.what if "--" in error.next_step else str(error)


def message_reason(reason: Reason | str, view: View) -> str:
    """Why a message was rejected."""
    try:
        return view.say(f"reasons.message_{reason}")
    except KeyError:
        return str(reason)
