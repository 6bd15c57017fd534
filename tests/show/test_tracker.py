"""The tag's weight, and what is taken out of it before it is served."""

from __future__ import annotations

import base64
import gzip
import hashlib

import pytest

from kizuna.show.tracker import LARGEST, stripped, tracker


def test_the_tag_is_light() -> None:
    assert len(tracker().packed) <= LARGEST
    assert gzip.decompress(tracker().packed) == tracker().body


def test_its_integrity_is_that_of_the_bytes_served() -> None:
    method, _, digest = tracker().integrity.partition("-")
    assert base64.b64decode(digest) == hashlib.new(method, tracker().body).digest()
    assert tracker().etag[:1] == tracker().etag[-1:] == '"'


@pytest.mark.parametrize(
    ("written", "served"),
    [
        ("// why\nlet a = 1;\n", "let a=1;"),
        ("  f({ a, b: 2 }); // why\n  g();\n", "f({a,b:2});g();"),
        ('const a = "x  =  y"; // "no"', 'const a="x  =  y";'),
        ('f("https://kizuna", [1, 2]);', 'f("https://kizuna",[1,2]);'),
        ("if (a) return b;\nelse return c;", "if(a)return b;else return c;"),
        ("({\n  a,\n  b,\n});", "({a,b});"),
        ("const f = async (a) => {\n  await g(a);\n};", "const f=async(a)=>{await g(a)};"),
        ("/^a b|c/.test(d);", "/^a b|c/.test(d);"),
    ],
)
def test_what_is_taken_out(written: str, served: str) -> None:
    assert stripped(written) == served
