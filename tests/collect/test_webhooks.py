"""Webhooks at the door, and the rows that come of their bodies. Cases are in ``cases/webhooks.toml``."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from kizuna.collect.hookexpr import read_expression
from kizuna.collect.hookfile import preset_names, read_hook
from kizuna.collect.hookpath import Delivery, find, read_path
from kizuna.collect.hooktry import try_hook
from kizuna.collect.receive import Received
from kizuna.collect.refused import Refused
from kizuna.collect.webhooks import Echo, Hooks, greet, receive_hook
from kizuna.errors import ImportFailed, KizunaError
from kizuna.settings import Settings

CASES = tomllib.loads((Path(__file__).parent / "cases" / "webhooks.toml").read_text(encoding="utf-8"))["case"]
NOW = 1_767_229_200_000_000
"""2026-01-01 01:00 UTC."""
SECOND = 1_000_000


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_comes_of_a_body(case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAILGUN_WEBHOOK_KEY",):
        monkeypatch.setenv(name, "secret")
    if "error" in case:
        with pytest.raises(ImportFailed) as error:
            read_hook("hook", case["hook"])
        assert case["error"] in str(error.value)
        return
    hook = read_hook("hook", case["hook"])
    tried = try_hook(hook, case.get("headers", {}), case["body"].encode(), NOW, Settings(case.get("settings", {})))
    rows = [row for rule in tried.rules for row in rule.rows]
    shown = [{name: str(row.get(name)) for name in wanted} for row, wanted in zip(rows, case["rows"], strict=True)]
    assert shown == case["rows"]
    assert [sentence for rule in tried.rules for sentence in rule.unfit] == case.get("unfit", [])
    assert tried.id == case.get("id", tried.id)
    assert tried.at == case.get("at", tried.at)
    assert case.get("refused", "") in tried.refused


def test_every_preset_has_a_case() -> None:
    assert {name for name in preset_names() if any(f'"{name}"' in case["hook"] for case in CASES)} == {*preset_names()}


# -- signatures. The first four are the examples that the senders publish.

BODIES = {
    "github": (
        "It's a Secret to Everybody",
        b"Hello, World!",
        {"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
        0,
    ),
    "slack": (
        "8f742231b10e8888abcd99yyyzzz85a5",
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
        {
            "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            "X-Slack-Request-Timestamp": "1531420618",
        },
        1_531_420_618,
    ),
    "standard": (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        b'{"test": 2432232314}',
        {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,bm9uZQ== v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v2,other",
        },
        1_614_265_330,
    ),
    "sendgrid": (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
        b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n',
        {
            "X-Twilio-Email-Event-Webhook-Signature": "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
            "X-Twilio-Email-Event-Webhook-Timestamp": "1600112502",
        },
        1_600_112_502,
    ),
}


def _mac(secret: str, signed: bytes) -> bytes:
    return hmac.new(secret.encode(), signed, hashlib.sha256).digest()


def _signed_by_hand(name: str) -> tuple[str, bytes, dict[str, str], int]:
    body, secret, at = b'{"id": "1"}', "hush", NOW // SECOND
    match name:
        case "stripe":
            mac = _mac(secret, b"%d." % at + body).hex()
            headers = {"Stripe-Signature": f"t={at},v1={'0' * 64},v1={mac},v0=6ffbb"}
        case "shopify":
            headers = {"X-Shopify-Hmac-SHA256": base64.b64encode(_mac(secret, body)).decode()}
            at = 0
        case "zendesk":
            stamp = "2026-01-01T01:00:00Z"
            mac = base64.b64encode(_mac(secret, stamp.encode() + body)).decode()
            headers = {"X-Zendesk-Webhook-Signature": mac, "X-Zendesk-Webhook-Signature-Timestamp": stamp}
        case "mailgun":
            mac = _mac(secret, f"{at}tok".encode()).hex()
            body = json.dumps({"signature": {"timestamp": str(at), "token": "tok", "signature": mac}}).encode()
            headers = {}
        case _:
            secret = "user:pass"
            headers = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}
            at = 0
    return secret, body, headers, at


def _hooks(root: Path, name: str, secret: str, text: str = "", **settings: Any) -> Hooks:
    (root / "hooks").mkdir(exist_ok=True)
    own = 'fact = "event"\n[map]\noccurred_at = "at"\nname = "\'x\'"\n' if name == "standard" else ""
    written = text or f"preset = {json.dumps(name)}\n{own}[signature]\nsecret = {json.dumps(secret)}\n"
    (root / "hooks" / f"{name}.toml").write_text(written, encoding="utf-8")
    return Hooks(root, Settings(settings))


def _outcome(name: str, headers: dict[str, str], body: bytes, now: int, hooks: Hooks) -> str:
    try:
        receive_hook(name, headers, body, now, hooks)
    except Refused as refused:
        return f"{refused.status} {refused.reason}"
    return "200"


@pytest.mark.parametrize("name", preset_names())
def test_signatures(name: str, tmp_path: Path) -> None:
    """A right one passes; another body, secret, time or none at all does not, and says 401."""
    secret, body, headers, at = BODIES.get(name) or _signed_by_hand(name)
    form = {"Content-Type": "application/x-www-form-urlencoded"} if name == "slack" else {}
    hooks = _hooks(tmp_path, name, secret)
    now = at * SECOND or NOW
    right = "400 not_json" if name == "github" else "200"
    assert _outcome(name, headers | form, body, now, hooks) == right
    if name != "mailgun":
        assert _outcome(name, form, body, now, hooks) == "401 signature"
    if name not in ("postmark", "mailgun"):
        assert _outcome(name, headers | form, body[:-1] + b" ", now, hooks) == "401 signature"
    if at:
        for far in (6 * 60 * SECOND, -6 * 60 * SECOND):
            assert _outcome(name, headers | form, body, now + far, hooks) == "401 signature"
        assert _outcome(name, headers | form, body, now + 4 * 60 * SECOND, hooks) == right
    other = _hooks(tmp_path, name, "whsec_b3RoZXI=" if name == "standard" else "another")
    assert _outcome(name, headers | form, body, now, other) == "401 signature"


def _pair(curve: Any) -> tuple[Any, str]:
    private = ec.generate_private_key(curve)
    return private, private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize("form", ["as PEM", "in one line"])
def test_a_signature_by_a_key_pair(tmp_path: Path, form: str) -> None:
    """Whoever has the public key can check signatures and make none; while keys are changed, both are good."""
    (private, pem), (_, other) = _pair(ec.SECP256R1()), _pair(ec.SECP256R1())
    shown = pem if form == "as PEM" else "".join(pem.splitlines()[1:-1])
    secrets = json.dumps([other, shown])
    hooks = _hooks(tmp_path, "sendgrid", "", f'preset = "sendgrid"\n[signature]\nsecret = {secrets}\n')
    at, body = str(NOW // SECOND), b"[]"
    mac = private.sign(at.encode() + body, ec.ECDSA(hashes.SHA256()))
    key, when = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"
    right = {key: base64.b64encode(mac).decode(), when: at}
    assert _outcome("sendgrid", right, body, NOW, hooks) == "200"
    wrong = [
        right | {when: str(NOW // SECOND + 1)},
        {key: right[key]},
        {when: at},
        right | {key: "AAAA"},
        right | {key: "é"},
    ]
    for headers in (*wrong, right | {key: base64.b64encode(mac[:-1]).decode()}):
        assert _outcome("sendgrid", headers, body, NOW, hooks) == "401 signature"
    assert _outcome("sendgrid", right, b"[] ", NOW, hooks) == "401 signature"


@pytest.mark.parametrize("key", ["", "no key", "aGVsbG8=", _pair(ec.SECP384R1())[1]])
def test_what_is_no_public_key_proves_nothing(tmp_path: Path, key: str) -> None:
    _, body, headers, at = BODIES["sendgrid"]
    hooks = _hooks(tmp_path, "sendgrid", "", f'preset = "sendgrid"\n[signature]\nsecret = {json.dumps(key)}\n')
    assert _outcome("sendgrid", headers, body, at * SECOND, hooks) == "401 signature"


def test_another_scheme_takes_the_place_of_the_preset_s(tmp_path: Path) -> None:
    """Basic authentication signs no time, so the preset's own must not be asked for."""
    text = """preset = "sendgrid"
[signature]
scheme = "token"
where = "header.Authorization"
prefix = "Basic "
encoding = "base64"
secret = "user:pass"
"""
    hooks = _hooks(tmp_path, "sendgrid", "", text)
    right = {"Authorization": "Basic " + base64.b64encode(b"user:pass").decode()}
    assert _outcome("sendgrid", right, b"[]", NOW, hooks) == "200"
    assert _outcome("sendgrid", {}, b"[]", NOW, hooks) == "401 signature"


def test_both_secrets_are_good_while_one_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, body, headers, _ = _signed_by_hand("shopify")
    text = 'preset = "shopify"\n[signature]\nsecret_env = ["SHOP_NEW", "SHOP_OLD"]\n'
    hooks = _hooks(tmp_path, "shopify", "", text)
    assert _outcome("shopify", headers, body, NOW, hooks) == "401 signature"
    monkeypatch.setenv("SHOP_NEW", "fresh")
    assert _outcome("shopify", headers, body, NOW, hooks) == "401 signature"
    monkeypatch.setenv("SHOP_OLD", secret)
    assert _outcome("shopify", headers, body, NOW, hooks) == "200"


@pytest.mark.parametrize(
    "given", ["", "t=1", "v1=", "v1=zz", "t=x,v1=00", ",,,", "t=,v1=", "v1=00", "é", "t=1e400,v1=00"]
)
def test_a_broken_signature_is_401(given: str, tmp_path: Path) -> None:
    hooks = _hooks(tmp_path, "stripe", "s")
    assert _outcome("stripe", {"stripe-signature": given}, b"{}", NOW, hooks) == "401 signature"


# -- the door

OPEN = 'fact = "event"\nid = "id"\ntime = "at"\n[map]\noccurred_at = "at"\nname = "header.x-topic"\n[signature]\nscheme = "none"\n'


def _received(body: bytes, hooks: Hooks, headers: dict[str, str] | None = None) -> Received:
    found = receive_hook("open", headers or {}, body, NOW, hooks)
    assert isinstance(found, Received)
    return found


def test_what_is_kept_of_a_webhook(tmp_path: Path) -> None:
    hooks = _hooks(tmp_path, "open", "", OPEN)
    found = _received(b'{"id": 5, "at": 1767225600, "a": {"b": [1]}}', hooks, {"X-Topic": "Hi", "Cookie": "secret"})
    (kept,) = found.messages
    assert (found.envelope.source, found.envelope.call, found.order) == ("hook:open", "hook:open", [0])
    assert (kept.kind, kept.id, kept.at) == ("hook", "5", 1_767_225_600 * SECOND)
    assert kept.message == {"body": {"id": 5, "at": 1767225600, "a": {"b": [1]}}, "headers": {"x-topic": "Hi"}}


def test_a_delivery_without_an_id_is_known_by_its_content(tmp_path: Path) -> None:
    hooks = _hooks(tmp_path, "open", "", OPEN)
    ids = [_received(body, hooks).messages[0].id for body in (b'{"a": 1}', b' {"a":1}', b'{"a": 2}')]
    assert ids[0] == ids[1] != ids[2]


def test_a_time_from_the_future_or_none_is_that_of_arrival(tmp_path: Path) -> None:
    hooks = _hooks(tmp_path, "open", "", OPEN)
    for at in ('"9999-01-01"', '"soon"', "null", "[]", "1e300"):
        assert _received(f'{{"at": {at}}}'.encode(), hooks).messages[0].at == NOW


@pytest.mark.parametrize(
    ("name", "body", "headers", "status"),
    [
        ("opne", b"{}", {}, "404 unknown_hook"),
        ("../kizuna", b"{}", {}, "404 unknown_hook"),
        ("", b"{}", {}, "404 unknown_hook"),
        ("broken", b"{}", {}, "404 unknown_hook"),
        ("open", b"", {}, "400 not_json"),
        ("open", b"nonsense", {}, "400 not_json"),
        ("open", b'{"a": NaN}', {}, "400 not_json"),
        ("open", b'{"a": 1, "a": 2}', {}, "400 not_json"),
        ("open", b"[" * 100_000, {}, "400 not_json"),
        ("open", b"7", {}, "400 not_an_object"),
        ("open", b"a=1&b=2", {"Content-Type": "application/x-www-form-urlencoded"}, "200"),
        ("open", b"\xff\xfe", {"Content-Type": "application/x-www-form-urlencoded"}, "400 not_json"),
        ("open", b"{}", {"Content-Encoding": "br"}, "415 unknown_encoding"),
        ("open", b'{"a": "' + b"x" * 600_000 + b'"}', {}, "413 too_large"),
    ],
)
def test_what_the_door_says(name: str, body: bytes, headers: dict[str, str], status: str, tmp_path: Path) -> None:
    hooks = _hooks(tmp_path, "open", "", OPEN)
    (tmp_path / "hooks" / "broken.toml").write_text("fact =", encoding="utf-8")
    assert _outcome(name, headers, body, NOW, hooks) == status


def test_a_changed_file_is_taken_up(tmp_path: Path) -> None:
    hooks = _hooks(tmp_path, "open", "", OPEN)
    assert _outcome("open", {}, b"{}", NOW, hooks) == "200"
    closed = OPEN.replace(
        'scheme = "none"', 'scheme = "token"\nwhere = "header.X-Key"\nencoding = "plain"\nsecret = "k"'
    )
    path = tmp_path / "hooks" / "open.toml"
    path.write_text(closed, encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert _outcome("open", {}, b"{}", NOW, hooks) == "401 signature"
    assert _outcome("open", {"X-KEY": "k"}, b"{}", NOW, hooks) == "200"
    path.unlink()
    assert _outcome("open", {}, b"{}", NOW, hooks) == "404 unknown_hook"


def test_challenges(tmp_path: Path) -> None:
    secret = "s"
    hooks = _hooks(tmp_path, "slack", secret)
    body = b'{"type": "url_verification", "challenge": "3eZb"}'
    stamp = str(NOW // SECOND)
    headers = {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": "v0=" + _mac(secret, b"v0:" + stamp.encode() + b":" + body).hex(),
    }
    assert receive_hook("slack", headers, body, NOW, hooks) == Echo("3eZb")
    assert _outcome("slack", {}, body, NOW, hooks) == "401 signature"


def test_a_challenge_by_get(tmp_path: Path) -> None:
    text = OPEN.replace('scheme = "none"', 'scheme = "token"\nwhere = "header.x"\nencoding = "plain"\nsecret = "k"')
    text += '[challenge]\nquery = "hub.challenge"\ntoken_query = "hub.verify_token"\n'
    hooks = _hooks(tmp_path, "open", "", text)
    assert greet("open", {"hub.challenge": "77", "hub.verify_token": "k"}, hooks) == Echo("77")
    for query, status in (({"hub.challenge": "77", "hub.verify_token": "x"}, 401), ({}, 404)):
        with pytest.raises(Refused) as refused:
            greet("open", query, hooks)
        assert refused.value.status == status


# -- paths and expressions

BODY = {"a": {"b": [{"c": 1}, {"c": None}], "x y": 2, "d-e": 3}, "z": "item"}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b[0].c", (True, 1)),
        ("a.b[-1].c", (True, None)),
        ("a.b[2].c", (False, None)),
        ("a.d-e", (True, 3)),
        ("a['x y']", (True, 2)),
        ('"a.d-e"', (True, 3)),
        ("$.z", (True, "item")),
        ("$", (True, BODY)),
        ("header.X-Y", (True, "v")),
        ("header.none", (False, None)),
        ("z.a", (False, None)),
    ],
)
def test_paths(path: str, found: tuple[bool, Any]) -> None:
    read = read_path(path)
    assert read is not None
    assert find(read, Delivery(BODY, {"x-y": "v"}, BODY)) == found


@pytest.mark.parametrize("text", ["", "'x'", "a + b", "a..b", "a[", "a[x]", "1", "a b", "lower(a)", "$$"])
def test_what_is_no_path(text: str) -> None:
    assert read_path(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "(SELECT 1)",
        "a; DROP TABLE x",
        "getenv('HOME')",
        "a, b",
        "sum(a)",
        "row_number() OVER ()",
        "a ->> '$.b'",
        "*",
        "a (",
    ],
)
def test_what_an_expression_may_not_be(text: str) -> None:
    with pytest.raises(KizunaError):
        read_expression(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | st.sampled_from(["id", "at", "kind", "n"]), inner, max_size=4), max_leaves=12))  # fmt: skip
def test_no_body_is_too_odd_to_be_tried(body: Any) -> None:
    hook = read_hook("odd", 'fact = "event"\neach = "$"\ntime = "at"\n[map]\noccurred_at = "at"\nname = "kind"\nvalue = "n * 2"\n[signature]\nscheme = "none"\n')  # fmt: skip
    try:
        try_hook(hook, {}, json.dumps(body).encode(), NOW, Settings({}))
    except Refused as refused:
        assert refused.status == 400
