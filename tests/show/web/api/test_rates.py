"""How often somebody may ask."""

from __future__ import annotations

import pytest
from litestar.exceptions import TooManyRequestsException

from kizuna.show.web.api.rates import Rates


def test_a_bucket_fills_again() -> None:
    now = 0.0
    rates = Rates(lambda: now)
    for _ in range(60):
        rates.take("1", "ada", 60)
    with pytest.raises(TooManyRequestsException, match="Ask again in 1 seconds"):
        rates.take("1", "ada", 60)
    rates.take("2", "ada", 60)
    now = 1.0
    rates.take("1", "ada", 60)
    with pytest.raises(TooManyRequestsException):
        rates.take("1", "ada", 60)


def test_it_holds_one_minute_s_worth_and_no_more() -> None:
    now = 0.0
    rates = Rates(lambda: now)
    rates.take("1", "ada", 2)
    now = 1e6
    rates.take("1", "ada", 2)
    rates.take("1", "ada", 2)
    with pytest.raises(TooManyRequestsException) as refused:
        rates.take("1", "ada", 2)
    assert refused.value.headers == {"retry-after": "30"}


def test_refused_requests_do_not_count() -> None:
    now = 0.0
    rates = Rates(lambda: now)
    rates.take("1", "ada", 1)
    for _ in range(100):
        with pytest.raises(TooManyRequestsException):
            rates.take("1", "ada", 1)
    now = 60.0
    rates.take("1", "ada", 1)


def test_0_is_no_limit() -> None:
    rates = Rates(lambda: 0.0)
    for _ in range(10_000):
        rates.take("1", "ada", 0)
