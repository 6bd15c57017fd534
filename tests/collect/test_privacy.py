"""What never reaches the disk: addresses, salts that are over, and what nobody agreed to."""

from __future__ import annotations

import json
import stat

import pytest

from collect.arriving import ARRIVAL, BROWSER, door, one, send
from kizuna.collect.clock import HOUR
from kizuna.collect.message import write_record
from kizuna.collect.privacy import SALTS, Salts, anonymised, truncated, without_secrets
from kizuna.collect.receive import Door, again
from kizuna.settings import Settings

DAY = 24 * HOUR
PAGE = {"type": "page", "messageId": "m", "properties": {"path": "/"}, "timestamp": "2026-11-22T11:00:00Z"}
ADDRESSES = [
    ("203.0.113.77", "203.0.113.0"),
    (" 203.0.113.77 ", "203.0.113.0"),
    ("10.1.2.3", "10.1.2.0"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
    ("fe80::1%eth0", "fe80::"),
    ("::ffff:203.0.113.77", "203.0.113.0"),
    ("::1", "::"),
    ("", None),
    ("localhost", None),
    ("203.0.113.77, 10.0.0.1", None),
    ("1.2.3", None),
    ("x" * 100_000, None),
]


@pytest.mark.parametrize(("address", "network"), ADDRESSES)
def test_addresses_are_cut_to_their_network(address, network):
    assert truncated(address[:100]) == network
    message = {**PAGE, "anonymousId": "a", "context": {"ip": address[:1_000]}}
    assert one(message).message["context"].get("ip") == network
    assert send({"batch": []}, address=address[:1_000]).envelope.address == network


@pytest.mark.parametrize("shape", [{"type": "page"}, {"type": "page", "userId": 5}, {"type": "?"}, {"timestamp": "x"}])
def test_the_whole_address_is_nowhere(shape):
    message = {**PAGE, "context": {"ip": "203.0.113.77"}, **shape}
    event = {"event": "$pageview", "distinct_id": "d", "properties": {"$ip": "203.0.113.77"}}
    for request in ({"agent": BROWSER}, {}):
        received = send({"batch": [message, event]}, **request)
        assert b"203.0.113.77" not in write_record(received.envelope, received.messages)
        assert b"203.0.113.0" in write_record(received.envelope, received.messages)


def test_no_addresses_at_all():
    message = {**PAGE, "anonymousId": "a", "context": {"ip": "203.0.113.77"}}
    received = send({"batch": [message]}, at=door(addresses="none"))
    assert received.envelope.address is None and received.messages[0].message["context"] == {}


@pytest.mark.parametrize("ip", [5, None, ["203.0.113.77"], {"v4": "203.0.113.77"}])
def test_an_address_that_is_none(ip):
    assert "ip" not in one({**PAGE, "anonymousId": "a", "context": {"ip": ip}}).message["context"]


# --- ids for a day


def visitor(at: Door, **request) -> str:
    return one(PAGE, at=at, **{"agent": BROWSER, **request}).message["anonymousId"]


def test_a_visitor_without_an_id_is_one_for_the_day():
    web = door()
    first = visitor(web)
    assert first.startswith("day-") and first == visitor(web, received_at=ARRIVAL + HOUR)
    others = {
        visitor(web, address="203.0.113.78"),
        visitor(web, agent=BROWSER + " "),
        visitor(web, key="s"),
        visitor(web, received_at=ARRIVAL + DAY),
    }
    assert len({first, *others}) == 5
    assert visitor(door()) != first, "another salt, another id"


def test_the_day_is_the_business_s():
    """Noon UTC is nine in the evening in Tokyo: the day ends three hours later."""
    web = door()
    assert visitor(web) == visitor(web, received_at=ARRIVAL + 3 * HOUR - 1)
    assert visitor(web) != visitor(web, received_at=ARRIVAL + 3 * HOUR)


def test_whoever_has_an_id_keeps_it_and_a_server_has_none():
    assert one({**PAGE, "userId": "u"}, agent=BROWSER).message.get("anonymousId") is None
    assert one({**PAGE, "anonymousId": "a"}, agent=BROWSER).message["anonymousId"] == "a"
    assert one(PAGE, agent="curl/8.0").reason == "missing_user"


def test_salts_live_for_two_days_at_the_most(tmp_path):
    file = tmp_path / SALTS
    salts = Salts(file)
    first = salts.of(ARRIVAL)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Salts(file).of(ARRIVAL) == first, "a restart does not make another visitor of everybody"
    second = salts.of(ARRIVAL + DAY)
    assert first.hex() in file.read_text() and second != first
    salts.of(ARRIVAL + 2 * DAY)
    assert first.hex() not in file.read_text() and second.hex() in file.read_text()
    salts.sweep(ARRIVAL + 5 * DAY)
    assert file.read_text() == "" and Salts(file).of(ARRIVAL) != first


def test_a_salt_is_at_most_48_hours_old_when_it_goes():
    salts = Salts(None)
    midnight = ARRIVAL - 12 * HOUR
    first = salts.of(midnight)
    salts.sweep(midnight + 2 * DAY - 1)
    assert salts.of(midnight) == first
    salts.sweep(midnight + 2 * DAY)
    assert salts.of(midnight) != first


def test_a_request_from_before_midnight_does_not_destroy_the_new_day_s_salt():
    salts = Salts(None)
    midnight = ARRIVAL + 12 * HOUR
    old, new = salts.of(midnight - 1), salts.of(midnight)
    assert (salts.of(midnight - 1), salts.of(midnight)) == (old, new)
    assert salts.of(midnight - 2 * DAY) and salts.of(midnight) != new, "a clock set back cannot keep salts alive"


@pytest.mark.parametrize("text", ["2026-11-22 = 5", "2026-11-22 = 'no'", "\x00", "[a]", "2026-11-22 = '00"])
def test_damaged_salts_are_as_good_as_destroyed(tmp_path, text):
    (tmp_path / SALTS).write_text(text)
    assert len(Salts(tmp_path / SALTS).of(ARRIVAL)) == 32


def test_deciding_again_needs_no_salt(tmp_path):
    web = Door(Settings({"sources": {"web": "k"}}), tmp_path)
    received = send({"batch": [PAGE]}, at=web, agent=BROWSER)
    (tmp_path / SALTS).unlink()
    assert [again(received.envelope, kept) for kept in received.messages] == received.messages


# --- consent

ASKED = {"consent_purpose": "Analytics"}


def told(value):
    return {"consent": {"categoryPreferences": {"Analytics": value, "Advertising": True}}}


@pytest.mark.parametrize(
    ("settings", "context", "kept"),
    [
        ({}, told(False), True),
        (ASKED, told(True), True),
        (ASKED, told(False), False),
        (ASKED, told("yes"), False),
        ({"consent_purpose": "analytics"}, told(False), False),
        ({"consent_purpose": "ANALYTICS"}, told(True), True),
        (ASKED, {"consent": {"categoryPreferences": {"analytics": True, "Analytics": False}}}, False),
        (ASKED, told(None), True),
        (ASKED, {}, True),
        (ASKED, {"consent": {"categoryPreferences": {}}}, True),
        (ASKED, {"consent": "no"}, True),
        (ASKED | {"consent_required": True}, told(True), True),
        (ASKED | {"consent_required": True}, told(None), False),
        (ASKED | {"consent_required": True}, {}, False),
        (ASKED | {"consent_required": True}, {"consent": "yes"}, False),
    ],
)
def test_consent(settings, context, kept):
    message = {**PAGE, "userId": "u", "context": context}
    received = send({"batch": [message]}, at=door(without_consent="drop", **settings))
    assert (len(received.messages), received.dropped) == ((1, 0) if kept else (0, 1))
    anonymous = one(message, at=door(**settings))
    assert (anonymous.message.get("userId") == "u") == kept


def test_without_consent_nothing_tells_who_it_was():
    message = {
        "type": "track",
        "event": "Order Completed",
        "messageId": "m",
        "userId": "SECRET-user",
        "anonymousId": "SECRET-anon",
        "properties": {"total": 5, "Email": "SECRET@b.example", "first_name": "SECRET"},
        "traits": {"email": "SECRET@b.example"},
        "context": {
            "traits": {"email": "SECRET@b.example"},
            "ip": "203.0.113.77",
            "device": {"advertisingId": "SECRET"},
            "externalIds": [{"id": "SECRET"}],
            "sessionId": "SECRET",
            "locale": "da",
            **told(False),
        },
    }
    web = door(**ASKED)
    received = send({"batch": [message, {**message, "messageId": "n"}]}, at=web)
    assert b"SECRET" not in write_record(received.envelope, received.messages)
    first, second = received.messages
    assert first.kind == "track" and first.message["properties"] == {"total": 5}
    assert first.message["context"] == {"locale": "da", **told(False)}
    assert first.message["anonymousId"] == second.message["anonymousId"]
    assert first.message["anonymousId"] != one({**message, "userId": "other"}, at=web).message["anonymousId"]
    assert [again(received.envelope, kept) for kept in received.messages] == received.messages


@pytest.mark.parametrize("call", ["identify", "group", "alias"])
def test_calls_that_only_tell_who_somebody_is_are_dropped(call):
    message = {"userId": "u", "groupId": "g", "previousId": "p", "context": told(False)}
    received = send(message, call, door(**ASKED))
    assert (received.messages, received.dropped) == ([], 1)


def test_what_is_rejected_is_private_as_well():
    message = {"type": "?", "userId": "SECRET", "context": told(False)}
    received = send({"batch": [message]}, at=door(**ASKED))
    assert received.messages[0].reason == "unknown_type"
    assert "SECRET" not in json.dumps(received.messages[0].message)


UNREADABLE = [
    '"{\\"writeKey\\": \\"SECRET\\", \\"context\\": {\\"ip\\": \\"203.0.113.77\\"}}"',
    "{'writeKey':'SECRET','context':{'ip':'203.0.113.77'}}",
    "data=%7B%22api_key%22%3A%22SECRET%22&ip=203.0.113.77",
    '{"api_key": "SECRET", "context": {"\\u0069p": "203.0.113.77"},}',
    '{"token":"SECRET","seen":"2001:db8:1:2:3:4:5:77"',
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_text_that_is_not_json_has_no_secrets(text):
    shown = without_secrets(text)
    assert "SECRET" not in shown and "77" not in shown
    assert "zip" in without_secrets('{"zip": "12345"') and "12345" in without_secrets('{"zip": "12345"')


NAMING = [
    ("properties", {"customer": {"id": "PERSON"}, "products": [{"Email_Address": "PERSON"}]}),
    ("properties", {"$set": {"plan": "PERSON"}, "$device_id": "PERSON", "session_id": "PERSON"}),
    ("properties", {"billing_address": "PERSON", "link": "/a?to=PERSON%40example.com"}),
    ("context", {"page": {"url": "https://shop.example/?email=PERSON@example.com"}}),
    ("user", {"id": "PERSON"}),
]


@pytest.mark.parametrize(("place", "value"), NAMING)
def test_without_consent_nobody_is_named_however_deep(place, value):
    message = {"type": "track", "event": "E", "userId": "u", "messageId": "1", place: value}
    kept = anonymised(message, b"salt", "web", "day-1")
    assert kept is not None and "PERSON" not in json.dumps(kept)


def test_without_consent_products_keep_their_names_and_what_shipping_costs():
    properties = {"products": [{"name": "Shirt", "price": 5}], "shipping": 3, "total": 8}
    kept = anonymised({"type": "track", "event": "E", "userId": "u", "properties": properties}, b"s", "web", "day-1")
    assert kept is not None and kept["properties"] == properties
