"""A write key that floods the server waits; the others do not notice."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from kizuna.collect.rates import SECONDS, Rates
from kizuna.collect.receive import Door, Received, Request, receive
from kizuna.collect.refused import Refused
from kizuna.settings import Settings


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def waits(rates: Rates, source: str, messages: int) -> int:
    """Seconds to wait, 0 where the messages may pass."""
    try:
        rates.take(source, messages)
    except Refused as refused:
        assert refused.status == 429
        return int(refused.headers["retry-after"])
    return 0


def test_what_comes_evenly_passes_and_more_than_that_waits() -> None:
    clock = Clock()
    rates = Rates(100, clock)
    assert [waits(rates, "web", 100) for _ in range(SECONDS + 1)] == [0] * SECONDS + [1]
    clock.now += 1
    assert [waits(rates, "web", 100), waits(rates, "web", 100)] == [0, 1]
    for _ in range(20):
        clock.now += 1
        assert waits(rates, "web", 100) == 0
    # a long silence saves up no more than ten seconds' worth
    clock.now += 10_000
    assert [waits(rates, "web", 100) for _ in range(SECONDS + 1)] == [0] * SECONDS + [1]


def test_a_batch_is_never_too_large_for_its_bucket_and_its_time_is_waited() -> None:
    clock = Clock()
    rates = Rates(10, clock)
    assert [waits(rates, "web", 2500), waits(rates, "web", 1)] == [0, 240]
    clock.now += 240
    assert waits(rates, "web", 1) == 1
    clock.now += 1
    assert waits(rates, "web", 1) == 0


def test_another_source_does_not_wait_and_no_limit_is_none() -> None:
    rates = Rates(1, Clock())
    assert [waits(rates, "web", 11), waits(rates, "web", 1), waits(rates, "shop", 1)] == [0, 1, 0]
    free = Rates(0, Clock())
    assert [waits(free, "web", 10**9) for _ in range(3)] == [0, 0, 0]


def test_the_clock_may_stand_still_and_refusals_do_not_lengthen_the_wait() -> None:
    rates = Rates(5, Clock())
    assert [waits(rates, "web", 55), *(waits(rates, "web", 5) for _ in range(50))] == [0, *[1] * 50]


def test_the_operator_hears_of_it_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    rates = Rates(1, clock)
    rates.take("web", 1000)
    with caplog.at_level(logging.WARNING):
        for _ in range(130):
            clock.now += 1
            waits(rates, "web", 1)
    assert [record.getMessage() for record in caplog.records] == [
        "web sends more than 1 messages a second and is told to wait."
    ] * 3


@pytest.mark.parametrize("where", ["Basic authentication", "the body"])
@pytest.mark.parametrize(
    "body", [{"event": "E", "userId": "u"}, {"batch": [{"type": "track", "event": "E", "userId": "u"}] * 3}, []]
)
def test_at_the_door(where: str, body: Any) -> None:
    """Whichever way the key comes and whatever the body is, and before the body is unpacked where that can be."""
    door = Door(Settings({"sources": {"web": "key", "shop": "other"}, "max_key_events": 1}))
    door.rates = Rates(1, Clock())

    def send(key: str) -> Received | int:
        basic = key if where == "Basic authentication" or body == [] else ""
        text = json.dumps(body if basic else {**body, "writeKey": key})
        try:
            return receive(Request("batch" if "batch" in body else "track", text.encode(), key=basic), door)
        except Refused as refused:
            return refused.status

    outcomes = [send("key") for _ in range(20)]
    assert all(isinstance(outcome, Received) for outcome in outcomes[:4])
    assert outcomes[10:] == [429] * 10
    assert isinstance(send("other"), Received)
    assert send("unknown") == 401


def test_a_flood_with_a_key_in_basic_authentication_is_not_even_unpacked() -> None:
    door = Door(Settings({"sources": {"web": "key"}}))
    door.rates = Rates(1, Clock())
    door.rates.take("web", 10)
    with pytest.raises(
        Refused, match=r"429 too_fast: This write key sends more than 1 messages a second .*Send again in 1 seconds"
    ):
        receive(Request("track", b"no gzip", "gzip", "key"), door)
