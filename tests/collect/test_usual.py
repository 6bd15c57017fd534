"""What is decided at one look is what the steps decide, byte by byte."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collect.arriving import ARRIVAL, BROWSER, door
from collect.generated import KEY, SPOILERS
from kizuna.collect.receive import Door, Received, Refused, Request, receive
from kizuna.collect.said import Writer, said
from kizuna.collect.usual import Usual

DOORS = {
    "plain": door(),
    "small": door(max_event_bytes=1_000),
    "without addresses": door(addresses="none"),
    "asking": door(consent_purpose="Analytics"),
    "dropping": door(consent_purpose="Analytics", consent_required=True, without_consent="drop"),
}

MESSAGE: dict[str, Any] = {
    "type": "track",
    "event": "Signed Up",
    "messageId": "ajs-next-1795339800000-0001",
    "userId": "u-1",
    "anonymousId": "9f2d6bd6-6f42-4bb6-8f3b-2f1a7d000001",
    "timestamp": "2026-11-22T11:59:58.123Z",
    "properties": {"total": 12.5, "products": [{"sku": "t-1"}]},
    "context": {
        "ip": "203.0.113.77",
        "library": {"name": "analytics.js"},
        "consent": {"categoryPreferences": {"Analytics": True}},
    },
    "integrations": {},
}

FIELDS = (
    *MESSAGE,
    *("writeKey", "write_key", "api_key", "token", "ip", "request_ip", "distinct_id", "placeholders"),
    *("groupId", "previousId", "traits", "name", "category", "originalTimestamp", "sentAt", "sent_at", "receivedAt"),
    *("_metadata", "channel", "uuid", "$set"),
)

VALUES: tuple[Any, ...] = (
    *(None, True, 0, 12, 1.5, 10**40, [], {}, [1], "", " ", "\u3000" * 20, " u", "1", "u", "{", "0", "ø", "製品"),
    *("undefined", "NULL", "NaN", "[object Object]", "00000000-0000-0000-0000-000000000000", "000000001"),
    *(
        "track",
        "page",
        "screen",
        "identify",
        "group",
        "alias",
        "capture",
        "Track",
        "Order Completed",
        "made-1",
        "day-1",
    ),
    *("2026-11-22", "2026-11-22T12:00:00", "2027-11-22T12:00:00Z", "1970-01-02T00:00:00Z", "20261122", "1795339800"),
    *(1795339800, 1795339800123, "203.0.113.77", "2001:db8:1:2::3", "::ffff:203.0.113.77", "nowhere"),
    *(
        {"ip": "203.0.113.77"},
        {"ip": 7},
        {"ip": None},
        {"$ip": "203.0.113.77"},
        {"ip": "nowhere"},
        {"name": "kizuna.js"},
    ),
    *({"library": {"name": "kizuna.js"}}, {"library": 7}, {"consent": 7}, {"a": {"b": [{}] * 40}}),
    {"consent": {"categoryPreferences": {"analytics": False}}},
    {"userId": "undefined"},
)


@pytest.fixture(params=DOORS)
def at(request) -> Door:
    """A door of which the salt of the day is known, so that ids are the same twice."""
    return DOORS[request.param]


def _received(sent: Request, at: Door) -> Received | tuple[int, str, str]:
    try:
        return receive(sent, at)
    except Refused as refused:
        return refused.status, refused.reason, refused.detail


def _same(requests: Iterable[Request], at: Door) -> int:
    """Have requests received with a look first and step by step; how many messages were usual."""
    looked = 0
    look = Usual.kept

    def counted(self: Usual, item: dict[str, Any]) -> Any:
        nonlocal looked
        before = deepcopy(item)
        kept = look(self, item)
        looked += kept is not None
        assert kept is not None or item == before, "a message that is not usual was touched"
        return kept

    for sent in requests:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Usual, "kept", counted)
            quick = _received(sent, at)
            patched.setattr(Usual, "kept", lambda self, item: None)
            assert quick == _received(sent, at), sent.body
    return looked


def _request(body: Any, call: str = "batch", agent: str = "analytics-python/2.4.0") -> Request:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(call, text, "", KEY, agent, "203.0.113.77", ARRIVAL)


def _varied() -> Iterable[dict[str, Any]]:
    for name in FIELDS:
        yield {field: value for field, value in MESSAGE.items() if field != name}
        for value in VALUES:
            yield MESSAGE | {name: value}


def test_every_value_in_every_field(at):
    messages = [message | {"type": kind} if "type" in message and message["type"] == "track" else message
                for message in _varied() for kind in ("track", "page", "identify")]  # fmt: skip
    batches = (
        _request({"batch": messages[i : i + 20], "sentAt": "2026-11-22T12:00:01Z"}) for i in range(0, len(messages), 20)
    )
    assert _same(batches, at) > (0 if at is DOORS["without addresses"] else 500)


@pytest.mark.parametrize("agent", [BROWSER, "analytics-python/2.4.0"])
@pytest.mark.parametrize("call", ["track", "page", "group", "capture"])
def test_every_value_sent_alone(call, agent):
    requests = (_request(message, call, agent) for message in _varied())
    assert _same(requests, DOORS["plain"]) > 0 or call == "group"


PAIRS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("anonymousId",), {}),
    (("anonymousId",), {"context": {"library": {"name": "kizuna.js"}}}),
    (("anonymousId", "userId"), {}),
    (("timestamp",), {"messageId": "made-1"}),
    (("timestamp", "messageId"), {}),
    (("messageId",), {"distinct_id": "u"}),
)


@pytest.mark.parametrize("agent", [BROWSER, "analytics-python/2.4.0"])
@pytest.mark.parametrize("call", ["track", "batch"])
@pytest.mark.parametrize(("without", "extra"), PAIRS)
def test_what_takes_two_fields(call, agent, without, extra):
    message = {name: value for name, value in MESSAGE.items() if name not in without} | extra
    body = {"batch": [message]} if call == "batch" else message
    _same([_request(body, call, agent)], DOORS["plain"])


@given(
    st.lists(st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(VALUES), max_size=3), min_size=1, max_size=12),
    st.sampled_from(["batch", "track", "identify", "capture"]),
    st.sampled_from([*DOORS]),
    st.sampled_from([BROWSER, "analytics-python/2.4.0"]),
    st.none() | st.integers(),
)
def test_generated_bodies(changes, call, name, agent, spoilt):
    messages = [MESSAGE | change for change in changes]
    text = json.dumps({"batch": messages} if call in ("batch", "capture") else messages[0]).encode()
    if spoilt is not None:
        chance = random.Random(spoilt)
        text = chance.choice(SPOILERS)(chance, text)
    _same([_request(text, call, agent)], DOORS[name])


@pytest.mark.parametrize("count", [1, 9, 10, 60])
def test_depth_and_size_are_seen_among_many(count):
    deep: Any = 1
    for _ in range(40):
        deep = {"a": deep} if isinstance(deep, list) else [deep]
    odd = ({"x": deep}, {"x": "y" * 40_000}, {"x": [{}] * 40}, {"x": "[{" * 40})
    messages = [
        MESSAGE | {"properties": odd[n // 2 % 4] if n % 2 == 0 else {}, "messageId": f"m{n}"} for n in range(count)
    ]
    at = door(max_request_bytes=10_000_000)
    assert _same([_request({"batch": messages})], at) == count
    found = receive(_request({"batch": messages}), at)
    wanted = (("too_deep", "too_large", None, None)[n // 2 % 4] if n % 2 == 0 else None for n in range(count))
    assert [kept.reason for kept in found.messages] == list(wanted)


def test_the_first_of_many_may_be_too_deep_by_one():
    for depth in (31, 32):
        nested: Any = 1
        for _ in range(depth):
            nested = [nested]
        kept = {name: MESSAGE[name] for name in ("type", "event", "messageId", "userId", "timestamp")}
        messages = [kept | {"x": nested, "messageId": "m0"}, *(kept | {"messageId": f"m{n}"} for n in range(1, 12))]
        reasons = [message.reason for message in receive(_request({"batch": messages}), DOORS["plain"]).messages]
        assert reasons == ["too_deep" if depth == 32 else None, *[None] * 11]


TWICE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("batch", {}),
    ("track", {}),
    ("track", {"type": 5}),
    ("batch", {"token": 1}),
    ("batch", {"anonymousId": None, "token": 1, "messageId": "m"}),
    ("batch", {"userId": None, "token": 1}),
)


@pytest.mark.parametrize(("call", "extra"), TWICE)
def test_names_that_stand_twice_are_seen(call, extra):
    """Also where what is put right adds as many quotation marks as the lost name took along."""
    for message in (MESSAGE | extra, {name: MESSAGE[name] for name in MESSAGE if name != "messageId"} | extra):
        text = json.dumps({"batch": [message, MESSAGE]} if call == "batch" else message).encode()
        twice = text.replace(b'"total"', b'"total": 1, "total"', 1)
        for agent in (BROWSER, "curl"):
            assert receive(_request(twice, call, agent), DOORS["plain"]).messages[0].reason == "not_json"
            assert receive(_request(text, call, agent), DOORS["plain"]).messages[0].reason is None


ATTEMPT = ("context", "sentAt", "integrations", "_metadata", "sent_at", "receivedAt")


@pytest.mark.parametrize("message", ({}, {"context": {}, "sentAt": 1}, *[*_varied()][::7]))
def test_what_a_message_says_is_the_number_it_always_was(message):
    """Spools keep this number for all time: another one would make conflicts of what is sent again."""
    content = {name: value for name, value in message.items() if name not in ATTEMPT}
    if str(content.get("anonymousId")).startswith("day-"):
        del content["anonymousId"]
    text = msgspec.json.encode(content)
    assert msgspec.json.decode(Writer().write(message)[0]) == message
    assert said(message) == zlib.crc32(text).to_bytes(4, "little") + len(text).to_bytes(4, "little")
