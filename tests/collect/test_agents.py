"""What is told of a user agent and of a network address."""

from __future__ import annotations

import string
import sys
import time
from pathlib import Path
from random import Random

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st

from kizuna.collect import country as of_address
from kizuna.collect.agents import NOBODY, Agent, describe, describe_visitor
from kizuna.collect.country import country

CASES = [
    [None if word == "-" else word for word in map(str.strip, line.split("|"))]
    for line in (Path(__file__).parent / "cases" / "agents.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
ON_A_PHONE = Agent("mobile", "Safari", "iOS")


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case[4])[:60])
def test_an_agent(case: list[str | None]) -> None:
    *told, agent = case
    assert list(describe(agent or "")) == told


def test_every_example_of_the_list_is_a_bot() -> None:
    examples = [example for entry in CRAWLER_USER_AGENTS_DATA for example in entry["instances"]]
    assert [example for example in examples if not describe(example).bot] == []
    assert len(examples) > 1000


@given(st.text(max_size=600))
def test_any_text_may_be_an_agent(text: str) -> None:
    assert describe(text) == describe(text)


@pytest.mark.parametrize(
    ("said", "header", "who"),
    [
        (None, PHONE, ON_A_PHONE),
        ("", PHONE, ON_A_PHONE),
        (PHONE, "python-requests/2.32.0", ON_A_PHONE),
        (None, None, NOBODY),
        # a server that sends with a library and does not say for whom: no bot, nobody's browser
        (None, "python-requests/2.32.0", NOBODY),
        (None, "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", NOBODY),
        (None, "okhttp/4.12.0", NOBODY),
        (None, "analytics-python/2.4.0", NOBODY),
        # but a visitor who is a program is a bot, whoever tells of it
        ("python-requests/2.32.0", "node", Agent(bot="Python Requests")),
        (None, "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", Agent(bot="bingbot")),
    ],
)
def test_who_a_message_is_about(said: str | None, header: str | None, who: Agent) -> None:
    assert describe_visitor(said, header) == who


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("133.11.0.0", "JP"),
        ("133.11.93.7", "JP"),
        ("193.163.102.0", "DK"),
        ("8.8.8.0", "US"),
        ("2001:200::", "JP"),
        ("2001:200:0:ffff::1", "JP"),
        ("127.0.0.1", None),
        ("10.0.0.0", None),
        ("fe80::1", None),
        ("not an address", None),
        ("", None),
        (None, None),
    ],
)
def test_a_country(address: str | None, code: str | None) -> None:
    """Blocks that have been national networks since the registries began."""
    assert country(address) == code


def test_without_the_package_no_country_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "iptocc", None)
    for kept in (of_address._lookup, country):
        kept.cache_clear()
    try:
        assert country("133.11.0.0") is None
    finally:
        for kept in (of_address._lookup, country):
            kept.cache_clear()


def test_made_up_agents_cost_little_each():
    """One request may bring 2,500, all different: with the patterns tried one by one the loader was busy for seconds."""
    draw = Random(1)
    letters = string.ascii_letters + string.digits + " /.;()-"
    made = ["Mozilla/5.0 " + "".join(draw.choices(letters, k=500)) for _ in range(2500)]
    describe_visitor(None, "Mozilla/5.0 the patterns are read once")
    best = min(_seconds(made[part::3]) for part in range(3))
    # 0.05 s where this was written, 0.9 s before
    assert best < 0.3


def _seconds(agents: list[str]) -> float:
    began = time.process_time()
    for agent in agents:
        describe_visitor(None, agent)
    return time.process_time() - began


def test_what_stands_at_the_end_of_a_very_long_agent_is_not_read():
    """Reading takes longer than its length: what somebody makes up must not keep the loader from the others."""
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0 "
    long = firefox + "x" * 30_000 + " Googlebot/2.1"
    assert describe_visitor(long, None) == describe_visitor(None, long) == describe(firefox.strip())
