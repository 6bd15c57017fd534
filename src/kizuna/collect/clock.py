"""When a message happened, whatever the client's clock says.

A client's clock may be wrong, but it is wrong by the same amount when the message is made and when
it is sent; so a message happened as long before its arrival as the client says it happened before
sending: ``received_at - (sentAt - originalTimestamp)`` (Segment, "Common fields", timestamps). Where
the client does not tell when it sent, its clock is believed. A time from the future, or from the
first year after 1970 (a clock without a battery, an empty date), is replaced by the time of arrival.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

SECOND = 1_000_000
HOUR = 3_600 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = 365 * 24 * HOUR

NO_ZONE = "timestamp has no time zone and was read as UTC"
AHEAD = "timestamp is in the future; the time of arrival was taken"
UNSET = "timestamp is in 1970 or before; the time of arrival was taken"
SENT_AT = "sentAt is not a time; the clock was not corrected"


class BadTime(ValueError):
    """A time that cannot be read."""


def happened(message: dict[str, Any], received_at: int, batch_sent_at: str | None, ahead: int) -> tuple[int, str]:
    """When a message happened (microseconds since 1970, UTC), and what was put right.

    `ahead` is how far in the future a time may lie, in microseconds. Raises `BadTime`.
    """
    told = message.get("originalTimestamp")
    if told is None:
        told = message.get("timestamp")
        if told is None:
            return received_at, ""
    original, note = _read(told)
    sent = message.get("sentAt", batch_sent_at)
    if sent is not None:
        try:
            # A batch has one sentAt for all its messages.
            left, zoneless = _read_once(sent) if sent.__class__ is str and len(sent) < 64 else _read(sent)
        except BadTime:
            note = SENT_AT
        else:
            original += received_at - left
            # Two times without a zone are off by the same hours.
            note = "" if zoneless else note
    if original > received_at + ahead:
        return received_at, AHEAD
    if original < _EARLIEST:
        return received_at, UNSET
    return original, note


def read_time(value: Any) -> int:
    """A time as microseconds since 1970, UTC: ISO 8601, or seconds, milli-, micro- or nanoseconds since 1970.

    Raises `BadTime`.
    """
    return _read(value)[0]


def _read(value: Any) -> tuple[int, str]:
    if value.__class__ is str and not (value.isdecimal() and len(value) != 8):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return _number(value), ""
        note = ""
        if moment.tzinfo is None:
            moment, note = moment.replace(tzinfo=UTC), NO_ZONE
        since = moment - _EPOCH
        return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds, note
    return _number(value), ""


@lru_cache(maxsize=256)
def _read_once(value: str) -> tuple[int, str]:
    return _read(value)


def _number(value: Any) -> int:
    """A number since 1970; its size tells its unit (as seconds, 10^11 would be the year 5138)."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise BadTime
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise BadTime from None
    size = abs(number)
    if size < 1e11:
        return round(number * SECOND)
    if size < 1e14:
        return round(number * 1_000)
    if size < 1e17:
        return round(number)
    if size < 1e20:
        return round(number / 1_000)
    raise BadTime
