"""From a request's bytes to messages, and again from what was kept."""

from __future__ import annotations

import json
import re
import tracemalloc
from pathlib import Path
from typing import get_args

import pytest

from collect.arriving import ARRIVAL, BROWSER, door, one, send
from kizuna.collect.clock import HOUR
from kizuna.collect.decide import MAX_DEPTH, Limits
from kizuna.collect.message import Kept, Reason, read_record, write_record
from kizuna.collect.receive import Door, Refused, Request, again, receive
from kizuna.settings import Settings

CASES = [
    line
    for line in (Path(__file__).parent / "cases" / "messages.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
TRACK = {"type": "track", "event": "Signed Up", "userId": "u", "messageId": "m1", "timestamp": "2026-11-22T11:00:00Z"}


def refused(body, **request) -> Refused:
    with pytest.raises(Refused) as found:
        send(body, **request)
    return found.value


@pytest.mark.parametrize("case", CASES)
def test_what_becomes_of_a_message(case):
    sent, expected, words = (part.strip() for part in case.rsplit("|", 2))
    kept = one(json.loads(sent))
    word, _, changed = expected.partition(" ")
    assert (kept.reason or kept.kind) == word
    assert (kept.kind == "rejected") == (kept.reason is not None)
    assert words in kept.detail + kept.note
    if kept.message is not None:
        assert {name: kept.message.get(name) for name in json.loads(changed or "{}")} == json.loads(changed or "{}")


@pytest.mark.parametrize("case", CASES)
def test_it_is_decided_alike_from_what_was_kept(case):
    received = send({"batch": [json.loads(case.rsplit("|", 2)[0])], "sentAt": "2026-11-22T11:59:00Z"})
    envelope, kept = read_record(write_record(received.envelope, received.messages))
    assert kept == received.messages
    assert [again(envelope, message) for message in kept] == kept


@pytest.mark.parametrize("call", ["track", "identify", "page", "screen", "group", "alias"])
def test_the_path_tells_the_type(call):
    message = {"event": "e", "userId": "u", "anonymousId": "a", "groupId": "g", "previousId": "p", "type": "other"}
    assert one(message, call).kind == call


def test_the_envelope_tells_what_is_known_of_the_request():
    envelope = send({"batch": [TRACK], "sentAt": "2026-11-22T11:59:00Z"}, agent=BROWSER + "x" * 600).envelope
    assert (envelope.source, envelope.call, envelope.received_at) == ("web", "batch", ARRIVAL)
    assert envelope.sent_at == "2026-11-22T11:59:00Z"
    assert envelope.address == "203.0.113.0"
    assert envelope.agent == (BROWSER + "x" * 600)[:512]


# --- write keys


@pytest.mark.parametrize("name", ["writeKey", "write_key", "api_key", "token"])
def test_write_keys_in_the_body(name):
    received = send({"batch": [TRACK], name: "s"}, key="")
    assert received.envelope.source == "shop"
    assert "s" not in json.dumps(received.messages[0].message).split('"')


def test_a_key_of_the_body_serves_where_the_header_s_is_not_known():
    assert send({"batch": [], "writeKey": "s"}, key="else").envelope.source == "shop"


@pytest.mark.parametrize(("key", "body"), [("", {}), ("no", {}), ("", {"writeKey": "no"}), ("", {"writeKey": {}})])
def test_unknown_keys_are_refused_and_told_what_to_do(key, body):
    found = refused({"batch": [TRACK], **body}, key=key)
    assert found.status == 401 and "`kizuna sources`" in found.detail
    assert found.reason == ("missing_key" if not key and not body.get("writeKey") else "unknown_key")


def test_what_is_not_json_is_kept_where_the_header_tells_whose_it_is():
    text = b'{"batch":[{"type":"track","context":{"ip":"203.0.113.77"},"writeKey":"k","event":"\xff"}]}'
    received = send(text)
    (kept,) = received.messages
    assert (kept.kind, kept.reason) == ("rejected", "not_json")
    assert kept.detail == f"The body is not JSON: bytes that are not UTF-8 at byte {text.index(0xFF)}."
    assert kept.text == '{"batch":[{"type":"track","context":{"ip":""},"writeKey":"","event":"\\xff"}]}'
    assert again(received.envelope, kept) == kept
    found = refused(text, key="")
    assert (found.status, found.reason, found.detail) == (400, "not_json", kept.detail)
    assert send(text, at=door(consent_purpose="Analytics")).messages[0].text is None


@pytest.mark.parametrize(("body", "at"), [(b"[1]", 0), (b'  "x"', 2), (b"\n5", 1), (b"null", 0)])
def test_a_body_is_an_object(body, at):
    (kept,) = send(body).messages
    assert kept.reason == "not_an_object" and kept.detail.endswith(f"at byte {at}.")
    assert refused(body, key="").status == 401


@pytest.mark.parametrize("body", [{}, {"batch": 5}, {"batch": {"type": "track"}}, {"events": []}])
def test_a_batch_is_a_list(body):
    found = refused(body)
    assert (found.status, found.reason) == (400, "not_a_batch") and '{"batch": [' in found.detail


def test_an_empty_batch_is_right_and_a_single_message_may_go_there():
    assert send({"batch": []}).messages == []
    assert send(TRACK).messages[0].kind == "track"


# --- limits


def test_a_large_message_is_rejected_alone():
    large = {**TRACK, "properties": {"note": "x" * 33_000}}
    received = send({"batch": [TRACK, large, {**TRACK, "messageId": "m3"}]})
    assert [kept.reason for kept in received.messages] == [None, "too_large", None]
    size = len(json.dumps(received.messages[1].message, separators=(",", ":")))
    assert received.messages[1].detail == (
        f"The message has {size:,} bytes, the limit is 32,768 (setting max_event_bytes)."
    )
    assert received.messages[1].id == "m1"


def test_a_million_letters_and_many_names():
    assert refused({"batch": [{**TRACK, "properties": {"a": "x" * 1_000_000}}]}).status == 413
    wide = {**TRACK, "properties": {f"{n:x}": 0 for n in range(100_000)}}
    assert refused({"batch": [wide]}).status == 413
    roomy = door(max_request_bytes=2_000_000)
    assert one(wide, at=roomy).reason == "too_large"
    assert one({**TRACK, "properties": {"a": "x" * 1_000_000}}, at=roomy).reason == "too_large"


def test_limits_are_told_with_what_was_sent():
    found = refused(b" " * 512_001)
    assert found.status == 413 and "512,001" in found.detail and "512,000" in found.detail
    found = refused({"batch": [{}] * 2_501})
    assert found.status == 413 and "2,501" in found.detail and "2,500" in found.detail
    assert len(send({"batch": [{}] * 2_500}).messages) == 2_500


def test_deep_messages_are_rejected_alone_and_kept_as_text():
    deep: object = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    fits = {**TRACK, "properties": {"a": deep[0][0]}}
    wide = {**TRACK, "properties": {"a": [{}] * 200}}
    received = send({"batch": [fits, {**TRACK, "properties": {"a": deep}}, wide]})
    assert [kept.reason for kept in received.messages] == [None, "too_deep", None]
    kept = received.messages[1]
    assert kept.message is None and json.loads(kept.text)["event"] == "Signed Up"
    assert again(received.envelope, kept) == kept


@pytest.mark.parametrize("depth", [100, 400, 600, 900, 940, 960, 970, 980, 985, 990, 995, 1_000, 1_100, 100_000])
def test_no_depth_is_an_error_of_ours(depth):
    """The reader's own limit depends on how deep the caller's stack is; whatever it is, the answer is a no."""
    body = (
        b'{"batch":[{"type":"track","event":"e","userId":"u","properties":{"a":' + b"[" * depth + b"]" * depth + b"}}]}"
    )
    (kept,) = send(body).messages
    assert kept.reason in ("too_deep", "not_json")
    if kept.reason == "not_json":
        fifth = body.index(b"[[")  # inside the body, the list, the message and its properties
        assert kept.detail.endswith(f"nested deeper than 512 levels at byte {fifth + 512 - 4}.")


def test_refusing_costs_little_memory():
    tracemalloc.start()
    try:
        refused(b'{"batch":[' + b",".join([b"{}"] * 100_000) + b"]}")
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


# --- ids


def test_a_retry_of_a_message_without_an_id_has_the_same_id():
    message = {name: value for name, value in TRACK.items() if name != "messageId"}
    first = one({**message, "sentAt": "2026-11-22T11:00:01Z"})
    later = one({**message, "sentAt": "2026-11-22T12:59:01Z"}, received_at=ARRIVAL + 30 * HOUR)
    assert first.id == later.id == first.message["messageId"] and first.id.startswith("made-")
    assert first.note == ""
    others = [
        one({**message, "event": "Else"}),
        one({**message, "timestamp": "2026-11-22T11:00:01Z"}),
        one(message, key="s"),
    ]
    assert len({first.id, *(kept.id for kept in others)}) == 4


def test_without_a_time_the_hour_of_arrival_tells_messages_apart():
    message = {"type": "track", "event": "Ping", "userId": "u"}
    first, retry = one(message), one(message, received_at=ARRIVAL + HOUR // 2)
    assert first.id == retry.id and "same hour" in first.note
    assert one(message, received_at=ARRIVAL + HOUR).id != first.id


def test_visitors_without_ids_have_messages_of_their_own():
    message = {"type": "page", "properties": {"path": "/"}}
    ids = {one(message, agent=BROWSER, address=f"203.0.113.{n}").id for n in range(3)}
    assert len(ids) == 3


# --- batches


def test_what_a_batch_says_for_all_goes_into_messages_that_do_not():
    batch = [TRACK, {**TRACK, "context": {"locale": "da"}}, 7]
    received = send({"batch": batch, "context": {"locale": "en"}, "integrations": {"All": True}})
    told = [kept.message and (kept.message["context"], kept.message["integrations"]) for kept in received.messages]
    assert told == [({"locale": "en"}, {"All": True}), ({"locale": "da"}, {"All": True}), None]


def test_dropped_messages_leave_the_others_their_places():
    strict = door(consent_purpose="Analytics", without_consent="drop")
    no = {**TRACK, "context": {"consent": {"categoryPreferences": {"Analytics": False}}}}
    received = send({"batch": [no, TRACK, no, {"type": "?"}]}, at=strict)
    assert (received.dropped, received.order) == (2, [1, 3])
    assert [kept.reason for kept in received.messages] == [None, "unknown_type"]


def test_changed_limits_are_minded_when_deciding_again():
    received = send({"batch": [{**TRACK, "properties": {"note": "x" * 33_000}}]})
    (kept,) = received.messages
    accepted = again(received.envelope, kept, Limits(event_bytes=64_000))
    assert (accepted.kind, accepted.id, accepted.reason, accepted.detail) == ("track", "m1", None, "")


def test_what_could_not_be_loaded_once_may_be_another_time():
    received = send({"batch": [TRACK]})
    (kept,) = received.messages
    aside = Kept("rejected", kept.id, kept.at, reason="not_loaded", detail="why", text=json.dumps(kept.message))
    assert again(received.envelope, aside) == kept
    for text in ("{", "[]", '{"type":"track"}', None):
        broken = Kept("rejected", kept.id, kept.at, reason="not_loaded", detail="why", text=text)
        assert again(received.envelope, broken) is broken


def test_what_only_others_can_tell_stays():
    received = send({"batch": [TRACK]})
    kept = Kept("rejected", "m1", ARRIVAL, dict(TRACK), "conflicting_duplicate", "another body")
    assert again(received.envelope, kept) is kept


# --- the page for people


def test_every_reason_is_explained():
    """docs/guides/messages.md has a row for each reason of rejection and of refusal."""
    root = Path(__file__).resolve().parents[2]
    page = (root / "docs" / "guides" / "messages.md").read_text(encoding="utf-8")
    files = [root / "src/kizuna/collect" / f"{name}.py" for name in ("collector", "receive", "unpack")]
    sources = "".join(file.read_text(encoding="utf-8") for file in files)
    refusals = re.findall(r'Refused\(\s*\d+,\s*"(\w+)"', sources)
    assert len(refusals) > 6
    assert [reason for reason in get_args(Reason) if f"| `{reason}` |" not in page] == []
    assert [reason for reason in refusals if f"`{reason}`" not in page] == []


@pytest.mark.parametrize(
    "item",
    [
        b'{"type":"track","event":"a","event":"b","userId":"u1","messageId":"m1"}',
        b'{"type":"track","event":"a","userId":"u1","properties":{"x":1,"x":2}}',
        b'{"type":"track","event":"a","userId":17,"properties":{"x":1,"x":2},"messageId":"m1"}',
        b'{"type":"track","event":"a","writeKey":"k","properties":{"x":"1","x":"2"},"userId":"u1"}',
    ],
)
def test_a_name_twice_in_a_batch_is_found_whatever_else_is_put_right(item: bytes) -> None:
    """What is added to a message (an id, quotation marks around a number) must not hide what was lost."""
    good = b'{"type":"track","event":"a","userId":"someone-known-well","messageId":"m0"}'
    body = b'{"batch":[%b,%b,%b]}' % (good, item, good)
    door = Door(Settings({"sources": {"web": "key"}}))
    kept = receive(Request("batch", body, key="key", received_at=1_773_480_413_589_000), door).messages
    assert [(k.reason, "a second time" in k.detail) for k in kept] == [("not_json", True)]


def test_who_names_himself_through_the_tag_is_whom_the_day_knows() -> None:
    """Without consent the tag stores nothing, so only the day's id joins the pages before an identify with it."""
    door = Door(Settings({"sources": {"web": "key"}}))

    def sent(**message: object) -> dict[str, object]:
        body = json.dumps({"type": "identify", "messageId": "m", **message}).encode()
        kept = receive(Request("batch", b'{"batch":[%b]}' % body, "", "key", BROWSER, "203.0.113.7", ARRIVAL), door)
        return kept.messages[0].message or {}

    tag = {"context": {"library": {"name": "kizuna.js"}}}
    assert sent(type="page", **tag)["anonymousId"] == sent(userId="u1", **tag)["anonymousId"]
    assert "anonymousId" not in sent(userId="u1"), "other clients say themselves whom they mean"
    assert sent(userId="u1", anonymousId="a1", **tag)["anonymousId"] == "a1"


def test_no_full_address_is_kept_wherever_a_client_puts_it() -> None:
    full = "203.0.113.77"
    door = Door(Settings({"sources": {"web": "key"}}))
    items = [
        {"ip": full, "request_ip": full, "properties": {"ip": full, "$ip": full}, "context": {"ip": full}},
        {"type": "identify", "traits": {"ip": full}},
        {"context": [{"ip": full}]},
        [{"ip": full}],
        f"ip={full}",
    ]
    named = [
        {"type": "track", "event": "e", "userId": "u", **item} if isinstance(item, dict) else item for item in items
    ]
    body = json.dumps({"batch": named}).encode()
    found = receive(Request("batch", body, key="key", address=full, received_at=ARRIVAL), door)
    assert len(found.lines) == len(items)
    assert full not in repr(found.lines) + repr(found.envelope)
    first = found.messages[0].message or {}
    assert (first["ip"], first["properties"]["$ip"], first["context"]["ip"]) == ("203.0.113.0",) * 3

    strict = Door(Settings({"sources": {"web": "key"}, "consent_purpose": "analytics"}))
    assert receive(Request("batch", body, key="key", received_at=ARRIVAL), strict).messages[-1].text is None


def test_an_id_made_here_does_not_tell_the_address() -> None:
    """256 addresses share a network: without the day's salt their ids must differ from run to run."""
    body = b'{"type":"track","event":"e","timestamp":"2026-03-01T00:00:00Z"}'
    made = set()
    for _ in range(2):
        door = Door(Settings({"sources": {"web": "key"}}))
        request = Request("track", body, key="key", address="203.0.113.77", received_at=ARRIVAL)
        ids = {receive(request, door).messages[0].id for _ in range(2)}
        assert len(ids) == 1, "a retry on the same day is the same message"
        made |= ids
    assert len(made) == 2


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"order_id": "o1", "total": 12.5, "currency": "eur"}, []),
        ({"order_id": "o1", "revenue": "12.50"}, []),
        ({"order_id": "o1", "total": 12.5, "currency": "SEK"}, ['no rate for "SEK"']),
        ({"order_id": "o1", "total": "$12.50"}, ["none of total, value, revenue is a number"]),
        ({"total": 1}, ["properties.order_id is missing"]),
        (None, ["properties.order_id is missing", "none of total"]),
    ],
)
def test_an_order_that_will_not_count_is_told_at_once(properties: object, said: list[str]) -> None:
    """The event is kept and counted; who sends it must hear that it makes no order."""
    door = Door(Settings({"sources": {"web": "key"}, "currency": "EUR", "exchange": {"DKK": 0.134}}))
    message = {"event": "Order Completed", "userId": "u", "messageId": "m", "properties": properties}
    request = Request("track", json.dumps(message).encode(), key="key", received_at=ARRIVAL)
    (kept,) = receive(request, door).messages
    assert kept.reason is None
    assert len([part for part in kept.note.split("; ") if part]) == len(said)
    assert all(part in kept.note for part in said)
