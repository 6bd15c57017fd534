"""Clients' clocks (cases/clock.txt): when a message happened."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kizuna.collect import clock

CASES = [
    line
    for line in (Path(__file__).parent / "cases" / "clock.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ARRIVAL = clock.read_time("2026-11-22T12:00:00Z")
DAY = 24 * clock.HOUR


def value(text: str):
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


@pytest.mark.parametrize("case", CASES)
def test_when_it_happened(case):
    original, timestamp, sent, batch, expected, note = (part.strip() for part in case.split("|"))
    told = {"originalTimestamp": original, "timestamp": timestamp, "sentAt": sent}
    message = {name: value(text) for name, text in told.items() if text != "-"}
    if expected == "!":
        with pytest.raises(clock.BadTime):
            clock.happened(message, ARRIVAL, None, DAY)
        return
    at, said = clock.happened(message, ARRIVAL, None if batch == "-" else batch, DAY)
    assert EPOCH + timedelta(microseconds=at) == datetime.fromisoformat(expected)
    assert (note in said) if note else said == ""


@given(st.integers(-(10**15), 10**15), st.integers(0, 10**13))
def test_however_wrong_the_clock_is(wrong, delay):
    """A message made `delay` before it was sent happened `delay` before it arrived, whatever the clock said."""
    sent = ARRIVAL + wrong
    message = {
        "timestamp": (EPOCH + timedelta(microseconds=sent - delay)).isoformat(),
        "sentAt": (EPOCH + timedelta(microseconds=sent)).isoformat(),
    }
    assert clock.happened(message, ARRIVAL, None, DAY) == (ARRIVAL - delay, "")


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.datetimes().map(str), st.booleans()))
def test_never_in_the_far_future_nor_before_1971(told):
    try:
        at, _ = clock.happened({"timestamp": told}, ARRIVAL, None, DAY)
    except clock.BadTime:
        return
    assert 365 * DAY <= at <= ARRIVAL + DAY
