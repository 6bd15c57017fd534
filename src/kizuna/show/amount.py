"""Amounts as people type them: ``1,200.50``, ``1.200,50 kr.``, ``64 %``, ``2 h 30 m``, ``2時間30分``."""

from __future__ import annotations

import math
import re

_SECONDS = {
    "d": 86400, "日": 86400, "h": 3600, "t": 3600, "時間": 3600, "m": 60, "min": 60, "分": 60, "s": 1, "秒": 1,
}  # fmt: skip
_PIECE = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]+)\.?")
_PLAIN = re.compile(r"([^\d\-+.,]{0,5})([-+]?)([\d.,]+)([^\d]{0,14})")
_GROUPED = {",": re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?"), ".": re.compile(r"\d{1,3}(\.\d{3})+(,\d+)?")}


def read_amount(text: str, unit: str, language: str = "en") -> float | None:
    """The number of a typed amount in the metric's unit (durations in seconds), ``None`` where it is none.

    Danish writes 1.200,5 where English and Japanese write 1,200.5; what can be meant one way only is taken so.
    """
    plain = "".join(text.split()).replace("−", "-").lower()
    if unit == "seconds" and (found := _duration(plain)) is not None:
        return found
    match = _PLAIN.fullmatch(plain)
    if match is None or (unit == "seconds" and match[4]):
        return None
    number = _number(match[3], language)
    return None if number is None else -number if match[2] == "-" else number


def write_amount(number: float | None, unit: str, language: str = "en") -> str:
    """A number as `read_amount` reads it again, all its digits kept."""
    if number is None:
        return ""
    if unit == "seconds" and number >= 60 and number % 60 == 0:
        hours, minutes = divmod(int(number) // 60, 60)
        sign = "t" if language == "da" else "h"
        return " ".join([f"{hours} {sign}"] * bool(hours) + [f"{minutes} m"] * bool(minutes))
    said = f"{number:.12g}"
    return said.replace(".", ",") if language == "da" else said


def _duration(text: str) -> float | None:
    pieces = list(_PIECE.finditer(text))
    if not pieces or "".join(p[0] for p in pieces) != text or any(p[2] not in _SECONDS for p in pieces):
        return None
    return sum(float(p[1].replace(",", ".")) * _SECONDS[p[2]] for p in pieces)


def _number(text: str, language: str) -> float | None:
    thousands = "." if language == "da" else ","
    if _GROUPED[thousands].fullmatch(text):
        text = text.replace(thousands, "")
    elif {",", "."} <= set(text):
        # Written the other language's way.
        other = "," if thousands == "." else "."
        text = text.replace(other, "") if _GROUPED[other].fullmatch(text) else "?"
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
