"""JSON and what is not (cases/not_json.txt): every error names the byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kizuna.collect import strict

CASES = [
    line
    for line in (Path(__file__).parent / "cases" / "not_json.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
MANY = b'{"x":0,' + b",".join(b'"%d":0' % n for n in range(50_000)) + b',"x":1}'
BIG = {
    "5,000 digits": (b'{"a":' + b"9" * 5_000 + b"}", 5, "too large"),
    "lists 100,000 deep": (b"[" * 100_000, strict.DEEPEST, "nested deeper"),
    "objects 100,000 deep": (b'{"a":' * 100_000, 5 * strict.DEEPEST, "nested deeper"),
    "a name again behind 50,000 others": (MANY, MANY.rindex(b'"x"'), "the name 'x' a second time"),
    "wrong behind 64 KB": (b"[" + b"1," * 100_000 + b"x]", 200_001, "invalid character"),
    "cut behind 64 KB": (b"[" + b"1," * 100_000, 200_001, "ends too early"),
    "a number behind 64 KB": (b"[" + b"1," * 100_000 + b"1e999]", 200_001, "too large"),
    "half a pair before 64 KB": (b'["' + b"x" * 65_000 + rb'\ud800"]' + b" " * 9_000, 65_002, "half a surrogate pair"),
    "wrong behind a pair at 64 KB": (b'["' + b"x" * 65_530 + rb'\ud83d\ude00",x]', 65_546, "invalid character"),
}


def wrong(text: bytes) -> tuple[int, str]:
    with pytest.raises(strict.NotJson) as found:
        strict.read(text)
    return found.value.at, found.value.why


@pytest.mark.parametrize("case", CASES)
def test_the_byte_that_is_wrong(case):
    written, at, why = case.rsplit("|", 2)
    text = written.removesuffix(" ").encode("latin-1").decode("unicode_escape").encode("latin-1")
    found = wrong(text)
    assert found[0] == int(at) and why.strip() in found[1], found


@pytest.mark.parametrize("name", BIG)
def test_large_ones(name):
    text, at, why = BIG[name]
    found = wrong(text)
    assert found[0] == at and why in found[1], found


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ALLOWED = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(ALLOWED, st.booleans(), st.sampled_from([None, (" , ", " : "), (",", ":")]))
def test_what_json_writes_is_read(value, ascii, separators):
    text = json.dumps(value, ensure_ascii=ascii, separators=separators).encode()
    assert strict.read(text) == value
    assert strict.read(strict.write(value)) == value


@given(ALLOWED, st.integers(0), st.binary(max_size=3))
def test_never_more_lenient_than_the_standard_library(value, at, put):
    """Whatever is changed in a text: what is read here, Python's reader reads too, names once, to the same value."""
    text = json.dumps(value, ensure_ascii=False).encode()
    at %= len(text) + 1
    text = text[:at] + put + text[at + 1 :]
    try:
        found = strict.read(text)
    except strict.NotJson as error:
        assert 0 <= error.at <= len(text)
        return

    def once(pairs):
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    assert json.loads(text, object_pairs_hook=once) == found


def test_a_second_name_is_found_however_it_is_hidden():
    """Disguised quotation marks must not make up for those of the name that was lost."""
    for hidden in (rb"\u0022", rb"\"", rb"\u0022\u0022", rb"\\u0022", b""):
        text = b'{"a":"' + hidden + b'","b":1,"b":"' + hidden + b'"}'
        assert "second time" in wrong(text)[1]
