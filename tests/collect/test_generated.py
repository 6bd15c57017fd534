"""Whatever is sent: refused with a 4xx, or kept in a way that can be written, read and decided again.

`check` takes as many as one likes: ``check(generated(100_000, seed=1), door())`` is a minute's work.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collect.arriving import ARRIVAL, BROWSER, door
from collect.generated import KEY, Sent, generated
from kizuna.collect.message import read_record, write_record
from kizuna.collect.receive import Door, Refused, Request, again, receive

DOORS = {
    "plain": door(),
    "strict": door(consent_purpose="Analytics", consent_required=True, addresses="none"),
    "dropping": door(consent_purpose="Analytics", without_consent="drop"),
}


def check(requests: Iterable[Sent], at: Door) -> Counter[str]:
    """Receive requests and look at what comes of them; how many were refused, rejected, accepted."""
    seen: Counter[str] = Counter()
    for sent in requests:
        key = KEY if sent.basic else ""
        request = Request(sent.call, sent.body, sent.encoding, key, BROWSER, "203.0.113.77", ARRIVAL)
        try:
            received = receive(request, at)
        except Refused as refused:
            assert refused.status in (400, 401, 413, 415) and refused.detail
            seen[f"refused {refused.status}"] += 1
            continue
        record = write_record(received.envelope, received.messages)
        envelope, kept = read_record(record)
        assert (envelope, kept) == (received.envelope, received.messages)
        assert [again(envelope, message, at.limits) for message in kept] == kept
        assert record.count(b"\n") == len(kept)
        for message in kept:
            _whole(message)
            seen[message.reason or message.kind] += 1
    return seen


def _whole(message) -> None:
    if message.kind == "rejected":
        assert message.reason and message.detail and len(message.detail) < 400
    else:
        assert message.id and message.message["messageId"] == message.id and message.message["type"] == message.kind
        assert 31_536_000_000_000 <= message.at <= ARRIVAL + 86_400_000_000
    assert "\n" not in message.detail + message.note


@pytest.mark.parametrize("name", DOORS)
def test_generated_bodies(name):
    seen = check(generated(1_500, seed=20261122), DOORS[name])
    for expected in ("refused 400", "refused 401", "refused 413", "refused 415", "track", "identify", "not_json"):
        assert seen[expected], seen


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "type",
    "event",
    "name",
    "userId",
    "anonymousId",
    "groupId",
    "previousId",
    "messageId",
    "timestamp",
    "originalTimestamp",
    "sentAt",
    "properties",
    "traits",
    "context",
    "placeholders",
    "distinct_id",
    "uuid",
    "$set",
    "writeKey",
    "batch",
    "sent_at",
    "integrations",
]
MESSAGES = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from(["track", "identify", "u", "$identify", "2026-11-22"]) | VALUES, max_size=9
)


@given(st.sampled_from(["batch", "track", "capture", "alias"]), MESSAGES | st.lists(MESSAGES | VALUES, max_size=3))
def test_any_values_in_the_fields_there_are(call, body):
    body = {"batch": body, "context": {"ip": "203.0.113.77"}} if isinstance(body, list) else body
    try:
        text = json.dumps(body).encode()
    except (UnicodeEncodeError, ValueError):
        return
    for at in DOORS.values():
        check([Sent(call, text)], at)


@given(st.binary(max_size=300), st.sampled_from(["", "gzip", "zstd", "deflate"]), st.sampled_from(["batch", "track"]))
def test_any_bytes(body, encoding, call):
    check([Sent(call, body, encoding)], DOORS["plain"])
