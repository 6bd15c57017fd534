"""Packed bodies: read to the limit and no further, and damage told from surprise."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib

import pytest
import zstandard

from collect.arriving import send
from kizuna.collect.receive import Refused
from kizuna.collect.unpack import unpack

PLAIN = json.dumps({"batch": [{"type": "track", "event": "Signed Up", "userId": "u", "messageId": "m"}]}).encode()
LIMIT = 512_000


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def zstd_of_unknown_size(body: bytes) -> bytes:
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(body) + packer.flush()


ZSTD = zstandard.ZstdCompressor().compress
PACKERS = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    (" GZIP ", gzip.compress),
    ("gzip", lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:])),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("zstd", ZSTD),
    ("zstd", zstd_of_unknown_size),
    ("identity", bytes),
    ("", bytes),
    ("", gzip.compress),
    ("", ZSTD),
]


@pytest.mark.parametrize(("encoding", "pack"), PACKERS)
def test_what_was_packed_is_read(encoding, pack):
    assert unpack(pack(PLAIN), encoding, LIMIT) == PLAIN
    assert send(pack(PLAIN), encoding=encoding).messages[0].id == "m"


@pytest.mark.parametrize(("encoding", "pack"), PACKERS)
def test_a_bomb_stops_at_the_limit(encoding, pack):
    bomb = pack(b" " * 20_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(Refused) as found:
            unpack(bomb, encoding, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
    assert found.value.status == 413 and "512,000" in found.value.detail


@pytest.mark.parametrize(("encoding", "pack"), PACKERS[:9])
def test_the_limit_itself_is_allowed(encoding, pack):
    assert len(unpack(pack(b" " * LIMIT), encoding, LIMIT)) == LIMIT
    with pytest.raises(Refused) as found:
        unpack(pack(b" " * (LIMIT + 1)), encoding, LIMIT)
    assert found.value.status == 413


@pytest.mark.parametrize(("encoding", "pack"), [case for case in PACKERS[:8] if case != PACKERS[3]])
def test_a_cut_body_is_damaged_wherever_it_is_cut(encoding, pack):
    whole = pack(PLAIN)
    for end in range(len(whole)):
        with pytest.raises(Refused) as found:
            send(whole[:end], encoding=encoding)
        assert found.value.status == 400, end


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_a_wrong_label_is_damage(encoding):
    with pytest.raises(Refused) as found:
        unpack(PLAIN, encoding, LIMIT)
    assert found.value.status == 400 and encoding in found.value.detail


@pytest.mark.parametrize("pack", [lambda b: gzip.compress(gzip.compress(b)), lambda b: gzip.compress(ZSTD(b))])
def test_packed_twice_is_refused(pack):
    for encoding in ("gzip", ""):
        with pytest.raises(Refused) as found:
            unpack(pack(PLAIN), encoding, LIMIT)
        assert (found.value.status, found.value.reason) == (400, "packed_twice")


@pytest.mark.parametrize("encoding", ["br", "compress", "gzip, gzip", "gzip;q=1", "x" * 10_000])
def test_unknown_encodings(encoding):
    with pytest.raises(Refused) as found:
        unpack(PLAIN, encoding, LIMIT)
    assert found.value.status == 415 and "gzip" in found.value.headers["accept-encoding"]
    assert len(found.value.detail) < 200


def test_a_window_that_would_take_much_memory_is_refused():
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(Refused) as found:
        unpack(packer.compress(PLAIN) + packer.flush(), "zstd", LIMIT)
    assert found.value.status == 400
