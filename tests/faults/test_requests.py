"""Bad clocks, bad sizes, bad JSON and bad packing, sent to the real server (faults 7 to 10).

The cases of each step are in tests/collect/cases; here it is the status, what the disk and the facts
say afterwards, and that the next request is served.
"""

from __future__ import annotations

import gzip
import http.client
import json
import random
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import pytest
import zstandard

from faults.conftest import FULL, Figures
from server import KEY, Client, RunningServer, ids_of, kept, make_shop, served, track, wait_for_events

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server that has to live through all of it."""
    with served(make_shop(tmp_path_factory.mktemp("requests") / "shop")) as server:
        yield server
        assert server.post("/v1/track", track())[0] == 200
        assert "Traceback" not in server.said()
        assert server.stop() == 0


def posted(server: RunningServer, body: bytes, path: str = "/v1/track", **headers: str) -> tuple[int, Any]:
    """Post bytes; the next request on the same connection must be served."""
    client = server.client()
    try:
        answer = client.post(path, body, KEY, **headers)
    except (OSError, http.client.HTTPException):
        answer = (0, {})
    assert client.post("/v1/track", track())[0] == 200
    client.close()
    return answer


# -- fault 7


def iso(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def clocks() -> dict[str, tuple[dict[str, Any], timedelta | datetime | None, bool]]:
    """What the client says → where it is placed (from now, or a date), and whether it is told of it."""
    now, hour = datetime.now(UTC), timedelta(hours=1)
    day, far = timedelta(days=1), now - timedelta(days=3652)
    return {
        "right": ({"timestamp": iso(now - hour), "sentAt": iso(now)}, -hour, False),
        "a day ahead": ({"timestamp": iso(now + day - hour), "sentAt": iso(now + day)}, -hour, False),
        "ten years behind": ({"timestamp": iso(far - hour), "sentAt": iso(far)}, -hour, False),
        "1970": ({"timestamp": "1970-01-01T01:00:00Z", "sentAt": "1970-01-01T02:00:00Z"}, -hour, False),
        "1970, no sentAt": ({"timestamp": "1970-01-01T00:00:00Z"}, timedelta(), True),
        "year 9999": ({"timestamp": "9999-12-31T23:00:00Z"}, timedelta(), True),
        "two days ahead, no sentAt": ({"timestamp": iso(now + 2 * day)}, timedelta(), True),
        "no zone": ({"timestamp": "2026-03-01T10:00:00"}, datetime(2026, 3, 1, 10, tzinfo=UTC), True),
        "a number of seconds": ({"timestamp": 1_772_359_200}, datetime(2026, 3, 1, 10, tzinfo=UTC), False),
        "a number of milliseconds": ({"timestamp": 1_772_359_200_000}, datetime(2026, 3, 1, 10, tzinfo=UTC), False),
        "nothing": ({}, timedelta(), False),
        "no time at all": ({"timestamp": "soon"}, None, False),
    }


def test_clocks(server: RunningServer, figures: Figures) -> None:
    placed = {}
    for name, (said, where, told) in clocks().items():
        message = {"event": f"clock: {name}", "anonymousId": "a", "messageId": f"clock-{name}"} | said
        status, answer = server.post("/v1/track", message)
        if where is None:
            assert (name, status, answer["rejected"][0]["reason"]) == (name, 400, "bad_time")
            continue
        assert (name, status, bool(answer["warnings"])) == (name, 200, told)
        placed[f"clock: {name}"] = where
    now = datetime.now(UTC)
    for _, message in kept(server.root):
        event = (message.message or {}).get("event")
        if event in placed and message.kind == "track":
            at, where = datetime.fromtimestamp(message.at / 1e6, UTC), placed.pop(event)
            expected = where if isinstance(where, datetime) else now + where
            assert abs(at - expected) < timedelta(minutes=5), event
    assert placed == {}
    figures(clocks=len(clocks()), misplaced=0)


# -- fault 8


def sized(size: int, **more: Any) -> dict[str, Any]:
    """A message of so many bytes of JSON as it is kept."""
    message = track(**more) | {"properties": {"text": ""}}
    message["properties"]["text"] = "x" * (size - len(json.dumps(message, separators=(",", ":"))))
    return message


SIZES: list[tuple[str, Any, int, str, list[str]]] = [
    ("a string of a million characters", lambda: track() | {"properties": {"text": "x" * 10**6}}, 413, "512,000", []),
    ("a request of 513 KB", lambda: {"batch": [sized(27_000) for _ in range(19)]}, 413, "512,000", []),
    ("2,501 messages", lambda: {"batch": [{"event": "e", "userId": "u"}] * 2501}, 413, "2,500", []),
    ("a message of 33 KB alone", lambda: sized(33_000), 400, "32,768", ["too_large"]),
    ("33 KB in a good batch", lambda: {"batch": [track(), sized(33_000), track()]}, 200, "32,768", ["too_large"]),
    ("100,000 keys", lambda: track() | {"properties": {f"k{n}": n for n in range(100_000)}}, 413, "512,000", []),
    (
        "40,000 keys",
        lambda: track() | {"properties": {f"k{n}": n for n in range(30_000)}},
        400,
        "32,768",
        ["too_large"],
    ),
]


@pytest.mark.parametrize(("what", "make", "status", "limit", "reasons"), SIZES, ids=[s[0] for s in SIZES])
def test_sizes(server: RunningServer, what: str, make: Any, status: int, limit: str, reasons: list[str]) -> None:
    found, answer = posted(server, json.dumps(make()).encode(), "/v1/batch")
    assert found == status, answer
    assert limit in json.dumps(answer)
    assert [item["reason"] for item in answer.get("rejected", [])] == reasons
    if what.startswith("33 KB"):
        assert (answer["accepted"], answer["rejected"][0]["index"]) == (2, 1)


def test_large_requests_cost_little_memory(server: RunningServer, figures: Figures) -> None:
    process = psutil.Process(server.process.pid)
    bodies = [json.dumps(make()).encode() for _, make, *_ in SIZES]
    bodies.append(gzip.compress(bytes(50 * MEGABYTE)))
    before = process.memory_info().rss
    for _ in range(10):
        for body in bodies:
            posted(server, body, "/v1/batch")
    grown = (process.memory_info().rss - before) / MEGABYTE
    figures(more_memory_mb=grown)
    assert grown < 50


# -- fault 9

WRONG: list[tuple[bytes, int | None]] = [
    (b'{"event":"e",}', 13),
    (b'{"event":NaN}', 9),
    (b'{"event":1e999}', 9),
    (b'{"event":"e","event":"f"}', 13),
    (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", None),
    (b'{"event":' + b"9" * 5000 + b"}", None),
    (b'{"event":"\\ud800"}', 10),
    (b'{"event":"\x00"}', 10),
    (b'{"event":"\xff"}', 10),
    (b'\xef\xbb\xbf{"event"}', None),
    (b"[]", 0),
    (b"", 0),
    (b'"text"', 0),
    (b"null", 0),
    (b"{", None),
]


@pytest.mark.parametrize(("body", "byte"), WRONG, ids=[repr(body[:20]) for body, _ in WRONG])
def test_what_is_not_json_is_told_where(server: RunningServer, body: bytes, byte: int | None) -> None:
    status, answer = posted(server, body)
    assert status == 400, answer
    if byte is not None:
        assert f"byte {byte}" in json.dumps(answer), answer


TYPES = ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream", "multipart/form-data", ""]


@pytest.mark.parametrize("content_type", TYPES)
def test_json_under_another_name_is_taken(server: RunningServer, content_type: str) -> None:
    assert posted(server, json.dumps(track()).encode(), **{"Content-Type": content_type})[0] == 200


def test_generated_bodies_bring_no_error_of_ours(server: RunningServer, figures: Figures) -> None:
    """Good requests with bytes changed, taken out, doubled and put together; and the server serves on."""
    rounds, chance = 100_000 if FULL else 800, random.Random(9)
    answers: Counter[int] = Counter()
    client = server.client()
    accepted = 0
    for _ in range(rounds):
        path, body, headers = mutated(chance)
        try:
            status, answer = client.post(path, body, KEY, **headers)
        except (OSError, http.client.HTTPException):
            status, answer = 0, {}
        answers[status] += 1
        accepted += answer.get("accepted", 0)
        assert status == 200 or 400 <= status < 500, (status, path, body, headers)
    assert client.post("/v1/track", track())[0] == 200
    client.close()
    figures(bodies=rounds, answers=dict(sorted(answers.items())), accepted=accepted, answers_5xx=0)


GOOD = [
    track(context={"page": {"path": "/é", "url": "https://x/?a=1"}, "consent": {"categoryPreferences": {"A": True}}}),
    track(properties={"total": 12.5, "products": [{"price": 1e-7, "quantity": 3}], "order_id": "o1"}),
    {"batch": [track(), {"type": "identify", "userId": "u", "traits": {"email": "a@b.c"}}], "sentAt": "2026-01-01"},
    {"type": "alias", "previousId": "a", "userId": "b"},
    {"type": "group", "groupId": 7, "userId": "b", "timestamp": 1772359200},
    {
        "api_key": KEY,
        "batch": [{"event": "$pageview", "distinct_id": "d", "properties": {"$current_url": "https://x"}}],
    },
    {"type": "screen", "name": "絆", "anonymousId": "a", "integrations": {"All": True}},
]
PATHS = ["/v1/track", "/v1/batch", "/v1/b", "/v1/identify", "/v1/p/", "/batch/", "/capture/", "/v1/alias", "/v1/group"]
ATOMS = [
    b"null",
    b"{}",
    b"[",
    b"]",
    b'"',
    b"\\u0000",
    b"\xff",
    b"-",
    b"1e400",
    b"true",
    b",",
    b":",
    b"\\ud83d",
    b"9" * 40,
]


def mutated(chance: random.Random) -> tuple[str, bytes, dict[str, str]]:
    """A path, a body and headers, more or less wrong."""
    body = bytearray(json.dumps(chance.choice(GOOD), ensure_ascii=chance.random() < 0.5).encode())
    for _ in range(chance.choice([0, 0, 1, 1, 2, 5])):
        at = chance.randrange(len(body) + 1)
        match chance.randrange(5):
            case 0 if body:
                body[min(at, len(body) - 1)] = chance.randrange(256)
            case 1:
                del body[at : at + chance.randint(1, 30)]
            case 2:
                body[at:at] = body[at : at + chance.randint(1, 60)]
            case 3:
                body[at:at] = chance.choice(ATOMS)
            case _:
                body = body[:at] if chance.random() < 0.3 else body
    sent, headers = bytes(body), {}
    if chance.random() < 0.2:
        pack = chance.choice([gzip.compress, zlib.compress, zstandard.compress])
        sent = pack(sent)
        sent = sent[: chance.randrange(len(sent))] if chance.random() < 0.3 else sent
        headers["Content-Encoding"] = chance.choice(["gzip", "deflate", "zstd", "br", "gzip, gzip", ""])
    return chance.choice(PATHS), sent, headers


# -- fault 10

PLAIN = json.dumps(track("packed", event="Packed")).encode()

PACKED: list[tuple[str, bytes, str, int]] = [
    ("a bomb", gzip.compress(b" " * 100 * MEGABYTE), "gzip", 413),
    ("a zstd bomb", zstandard.compress(b" " * 100 * MEGABYTE), "zstd", 413),
    ("a deflate bomb", zlib.compress(b" " * 100 * MEGABYTE), "deflate", 413),
    ("gzip in gzip", gzip.compress(gzip.compress(PLAIN)), "gzip", 400),
    ("a bomb in gzip", gzip.compress(gzip.compress(bytes(50 * MEGABYTE))), "gzip", 400),
    ("cut", gzip.compress(PLAIN)[:-20], "gzip", 400),
    ("not packed at all", PLAIN, "gzip", 400),
    ("another packing than said", zstandard.compress(PLAIN), "gzip", 400),
    ("one that we do not know", PLAIN, "br", 415),
    ("two of them", gzip.compress(PLAIN), "gzip, gzip", 415),
    ("packed without a word", gzip.compress(PLAIN), "", 200),
    ("gzip", gzip.compress(PLAIN), "gzip", 200),
    ("zstd", zstandard.compress(PLAIN), "zstd", 200),
    ("deflate", zlib.compress(PLAIN), "deflate", 200),
]


@pytest.mark.parametrize(("what", "body", "encoding", "status"), PACKED, ids=[p[0] for p in PACKED])
def test_packing(server: RunningServer, what: str, body: bytes, encoding: str, status: int) -> None:
    assert posted(server, body, Content_Encoding=encoding)[0] == status


def test_what_came_through_is_in_the_facts(server: RunningServer) -> None:
    """After all that: the facts are the messages that were accepted, once each."""
    messages = [track() for _ in range(5)]
    assert server.post("/v1/batch", {"batch": messages})[0] == 200
    accepted = {m.id for _, m in kept(server.root) if m.kind in ("track", "page", "screen")}
    assert set(ids_of(messages)) <= accepted
    rows = wait_for_events(server.root, len(accepted))
    assert Counter(row[1] for row in rows) == Counter(accepted)


def test_paths_and_methods(server: RunningServer) -> None:
    client = Client(server.port)
    for method, path, status in (
        ("POST", "/v1/trak", 404),
        ("GET", "/v1/track", 405),
        ("DELETE", "/v1/batch", 405),
        ("OPTIONS", "/v1/batch", 204),
        ("POST", "/../../etc/passwd", 404),
        ("GET", f"/v1/projects/{KEY}/settings", 200),
        ("GET", "/v1/projects/nobody/settings", 404),
    ):
        assert (method, path, client.request(method, path)[0]) == (method, path, status)
    assert server.post("/v1/track", track(), "no-such-key")[0] == 401
    assert server.post("/v1/track", track(), "")[0] == 401
    client.close()
