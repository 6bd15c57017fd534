"""How a number is written: by its unit and the reader's language.

The units are those of the catalogue: percent, points, score, money, seconds, days, count, ratio,
index. No data is ``None`` and is written in words, never as 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from kizuna.show.words import word

MINUS = "−"

_SYMBOLS = {"JPY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "INR": "₹", "KRW": "₩", "DKK": "kr."}
_NO_MINOR = {"JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF", "PYG"}
_DIGITS = {"percent": 1, "points": 1, "score": 2, "ratio": 2, "index": 1, "days": 1}


@dataclass(frozen=True, slots=True)
class _Style:
    group: str
    decimal: str
    percent: str
    clock: tuple[tuple[str, int], ...]
    gap: str


_STYLES = {
    "en": _Style(",", ".", " %", ((" d", 86400), (" h", 3600), (" m", 60), (" s", 1)), " "),
    "ja": _Style(",", ".", "%", (("日", 86400), ("時間", 3600), ("分", 60), ("秒", 1)), ""),
    "da": _Style(".", ",", " %", ((" d", 86400), (" t", 3600), (" min", 60), (" s", 1)), " "),
}


def value(number: float | None, unit: str, language: str = "en", currency: str = "USD") -> str:
    """A metric's value: ``63.0 %``, ``¥48,200``, ``1 h 12 m``, ``12,040``, or "no data"."""
    if number is None or math.isnan(number):
        return word("no data", language)
    return _write(number, unit, language, currency)


def interval(low: float | None, high: float | None, unit: str, language: str = "en", currency: str = "USD") -> str:
    """Both ends of an interval, the unit said once where it can be; empty where there is none."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    size = max(abs(low), abs(high))
    first, last = (_write(end, unit, language, currency, size) for end in (low, high))
    if unit == "percent":
        first = first.removesuffix(_style(language).percent)
    return first + word("to", language) + last


def margin(
    number: float | None, low: float | None, high: float | None, unit: str, language: str = "en", currency: str = "USD"
) -> str:
    """An interval by its distance from the value: ``± 4.6``, or ``−3.9 +5.2`` where it is not symmetric."""
    if number is None or low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    size = abs(number)
    down, up = (change(end - number, unit, language, currency, size=size) for end in (low, high))
    one = up.removeprefix("+")
    return f"± {one}" if one == down.removeprefix(MINUS) else f"{down} {up}"


def change(
    number: float | None,
    unit: str,
    language: str = "en",
    currency: str = "USD",
    *,
    size: float | None = None,
    spoken: bool = False,
) -> str:
    """A difference with its sign: ``+4.4``, ``−18 m``, ``+¥1,900``.

    It has the digits of a number of `size`, the value it changes. `spoken` names the points of a
    percentage.
    """
    if number is None or math.isnan(number):
        return ""
    size = abs(number) if size is None else size
    if unit == "percent":
        text = _signed(number, _plain(abs(number), _digits(size, 1), language))
        gap = _style(language).gap
        return f"{text}{gap}{word('points', language)}" if spoken else text
    return _signed(number, _write(abs(number), unit, language, currency, size))


def count(number: float | None, language: str = "en") -> str:
    """A whole number with separators; a dash where it is not known."""
    return "–" if number is None else _plain(number, 0, language)


def p_value(number: float | None, language: str = "en") -> str:
    """A p-value as it is read: three digits, never 0."""
    if number is None or math.isnan(number):
        return ""
    if number < 0.001:
        return f"<{_plain(0.001, 3, language)}"
    return _plain(number, 3 if number < 0.1 else 2, language)


def percent(share: float, language: str = "en") -> str:
    """A share of one as a round percentage, for levels: 0.95 → ``95 %``."""
    hundred = share * 100
    return _plain(hundred, 0 if abs(hundred - round(hundred)) < 1e-9 else 1, language) + _style(language).percent


def duration(seconds: float, language: str = "en") -> str:
    """Seconds as people say them, two units at most: ``2 d 4 h``, ``12 m 5 s``, ``0.42 s``."""
    sign, rest = (MINUS, -seconds) if seconds < 0 else ("", seconds)
    style = _style(language)
    if rest < 59.5:
        digits = 0 if rest == round(rest) else 2 if rest < 10 else 1
        return f"{sign}{_plain(rest, digits, language)}{style.clock[-1][0]}"
    return sign + _two_units(rest, style)


def _two_units(seconds: float, style: _Style) -> str:
    """The largest unit and the next, rounded to the next: 59.6 minutes are one hour."""
    for place, (_, size) in enumerate(style.clock[:-1]):
        step = style.clock[place + 1][1]
        rounded = round(seconds / step) * step
        if rounded >= size:
            big, small = divmod(rounded, size)
            parts = [f"{big}{style.clock[place][0]}"]
            if small:
                parts.append(f"{small // step}{style.clock[place + 1][0]}")
            return style.gap.join(parts)
    return f"{round(seconds)}{style.clock[-1][0]}"


def money(amount: float, currency: str, language: str = "en", size: float | None = None) -> str:
    """An amount in a currency: cents up to 10,000, none above; more digits for amounts under one."""
    minor = 0 if currency in _NO_MINOR else 2
    size = abs(amount) if size is None else size
    digits = minor if size < 10_000 else 0
    if 0 < size < 1:
        digits = minor + 2
    before, after = money_signs(currency, language)
    text = before + _plain(abs(amount), digits, language) + after
    return _signed(amount, text) if amount < 0 else text


def fixed(number: float, digits: int, unit: str, language: str = "en") -> str:
    """A number with so many digits, and the percent sign where the unit has one: ``58.33 %``."""
    return _plain(number, digits, language) + (_style(language).percent if unit == "percent" else "")


def clock_unit(seconds: float, language: str = "en") -> tuple[float, str]:
    """The unit of time that suits durations of this size: how many seconds it has, and its sign."""
    clock = _style(language).clock
    sign, size = next(((sign, size) for sign, size in clock if seconds >= 2 * size), clock[-1])
    return float(size), sign


def percent_sign(language: str = "en") -> str:
    """The sign after a percentage, with its space where the language has one."""
    return _style(language).percent


def money_signs(currency: str, language: str = "en") -> tuple[str, str]:
    """What stands before and after an amount."""
    symbol = _SYMBOLS.get(currency)
    if language == "da":
        return "", f" {symbol or currency}"
    if symbol is None or symbol.endswith("."):
        return f"{currency} ", ""
    return symbol, ""


def _write(number: float, unit: str, language: str, currency: str, size: float | None = None) -> str:
    """`size` decides how many digits there are: the number's own, or that of its neighbours."""
    size = abs(number) if size is None else size
    if unit == "money":
        return money(number, currency, language, size)
    if unit == "seconds":
        return duration(number, language)
    if unit == "count":
        return _plain(number, 0 if size >= 100 or number == round(number) else 1, language)
    text = _plain(number, _digits(size, _DIGITS.get(unit, 2)), language)
    if unit == "percent":
        return text + _style(language).percent
    return text + _style(language).clock[0][0] if unit == "days" else text


def _digits(size: float, usual: int) -> int:
    """More digits for small numbers, so that a rate of 0.04 % is not written as 0.0."""
    if 0.0005 <= size < 0.1:
        return usual + 2
    return usual + 1 if 0.1 <= size < 1 and usual < 2 else usual


def _plain(number: float, digits: int, language: str) -> str:
    style = _style(language)
    text = f"{abs(number):,.{digits}f}".replace(",", "\0").replace(".", style.decimal).replace("\0", style.group)
    negative = number < 0 and any(c in "123456789" for c in text)
    return (MINUS if negative else "") + text


def _signed(number: float, text: str) -> str:
    """A sign before text, and none before what rounds to nothing."""
    if not any(c in "123456789" for c in text):
        return text
    return (MINUS if number < 0 else "+") + text


def _style(language: str) -> _Style:
    return _STYLES.get(language, _STYLES["en"])
