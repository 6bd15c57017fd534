"""PostHog's events in Segment's shape (cases/posthog.txt)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from collect.arriving import one, send

CASES = [
    line
    for line in (Path(__file__).parent / "cases" / "posthog.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("call", ["batch", "capture"])
def test_an_event(case, call):
    sent, expected = (json.loads(part) for part in case.split(" | "))
    kept = one(sent, call)
    if "reason" in expected:
        assert kept.reason == expected["reason"], kept.detail
        return
    assert kept.reason is None, kept.detail
    assert {name: kept.message.get(name) for name in expected} == expected


def test_a_batch_says_when_it_was_sent():
    event = {"event": "Signed Up", "distinct_id": "u1", "timestamp": "2026-11-22T10:00:00Z"}
    received = send({"api_key": "k", "batch": [event], "sent_at": "2026-11-22T11:00:00Z"}, key="")
    assert received.envelope.received_at - received.messages[0].at == 3_600_000_000


def test_a_client_that_packs_without_saying_so():
    """RudderStack's Node library labels gzipped JSON as a form."""
    import gzip

    message = {"type": "track", "event": "e", "userId": "u", "messageId": "m", "channel": "server", "rudderId": "r"}
    body = gzip.compress(json.dumps({"batch": [message], "sentAt": "2026-11-22T12:00:00Z"}).encode())
    for encoding in ("", "gzip"):
        assert send(body, encoding=encoding).messages[0].id == "m"
