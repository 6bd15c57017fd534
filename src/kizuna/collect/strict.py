"""JSON as RFC 8259 means it, with the byte at which a text leaves it.

msgspec reads strictly but for one thing: of two equal names in an object the last wins in silence,
so that two programs may read two different messages in one text (RFC 8259, section 4). Equal names
are found by writing the value again: a name that was lost took its two quotation marks along, and
nothing else changes how many there are, except ``\\u0022``, which is a quotation mark in disguise. Only where
the numbers differ, or a disguise is used, are the names looked at one by one.

Why a text is not JSON is found by reading it token by token, which is slow: half a megabyte of commas
must not keep the server for half a second, so that only the first 64 KB are read so. For what is wrong
further on, msgspec's own word is passed on, which names the byte or one a little behind it.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import numpy as np

DEEPEST = 512
"""Objects and lists inside one another, in a whole request; what a single message may have is less."""

_SCANNED = 65_536
TOO_EARLY = "it ends too early"

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()
_QUOTE = ord('"')


class NotJson(ValueError):
    """A text that is not JSON: `at` is the byte, `why` what is wrong there."""

    def __init__(self, why: str, at: int) -> None:
        self.why, self.at = why, at
        super().__init__(f"{why} at byte {at}")


def read(text: bytes) -> Any:
    """The value of a JSON text. Raises `NotJson`."""
    value = decode(text)
    try:
        check_names(text, _encoder.encode(value))
    except RecursionError:
        raise too_deep(text) from None
    return value


def decode(text: bytes) -> Any:
    """As `read`, for who writes the value again anyway and then asks `check_names`."""
    try:
        return _decoder.decode(text)
    except RecursionError:
        raise too_deep(text) from None
    except UnicodeDecodeError:
        raise _not_utf8(text) from None
    except msgspec.DecodeError as error:
        raise _explained(text, str(error)) from None


def check_names(text: bytes, written: bytes) -> None:
    """Raise `NotJson` where a name stands twice in an object of `text`; `written` is its value as `write` gives it."""
    # Looking for one byte is much faster than for six.
    if _quotes(text) != _quotes(written) or (b"\\" in text and b"\\u0022" in text):
        _unequal_names(text)


def too_deep(text: bytes) -> NotJson:
    """Why a text that is too deep for a reader or writer is not read, with the byte."""
    return _found(text, f"nested deeper than {DEEPEST} levels", len(text))


def write(value: Any) -> bytes:
    """A value as JSON on one line, the same bytes for the same value in the same order."""
    return _encoder.encode(value)


def _quotes(text: bytes) -> int:
    """How many quotation marks; numpy counts long texts eight times as fast."""
    if len(text) < 8_192:
        return text.count(b'"')
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == _QUOTE))


def _explained(text: bytes, error: str) -> NotJson:
    """What msgspec says, with the byte where it says none."""
    told = re.fullmatch(r"(?:JSON is malformed: )?(.*?) \(byte (\d+)\)", error)
    if not text.strip(b" \t\r\n"):
        return NotJson("the body is empty", len(text))
    if text.startswith(b"\xef\xbb\xbf"):
        return NotJson("a byte order mark", 0)
    try:
        text.decode()
    except UnicodeDecodeError:
        return _not_utf8(text)
    if error.startswith(("Number", "Integer")):
        return NotJson("a number that is too large", _large_number(text))
    why, at = (told[1], int(told[2])) if told else (TOO_EARLY, len(text))
    return _found(text, why, min(at, len(text)))


def _not_utf8(text: bytes) -> NotJson:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return NotJson("bytes that are not UTF-8", error.start)
    return NotJson("bytes that are not UTF-8", 0)  # pragma: no cover (both decoders know the same UTF-8)


def _found(text: bytes, why: str, at: int) -> NotJson:
    """What the scanner finds wrong, which knows the very byte; else what is known already."""
    try:
        _Scanner(text[:_SCANNED]).run()
    except NotJson as found:
        # What lies close before the cut may only be wrong because of the cut.
        if len(text) <= _SCANNED or found.at < _SCANNED - 16:
            return found
    return NotJson(why, at)


_NAMES = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"([ \t\r\n]*:)?|[{}]')
_NUMBERS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)')


def _unequal_names(text: bytes) -> None:
    """Raise `NotJson` where a name stands a second time in an object of a text that is JSON otherwise."""
    names: set[bytes] = set()
    around: list[set[bytes]] = []
    for found in _NAMES.finditer(text):
        name = found[1]
        if name is None:
            if found[0] == b"{":
                around.append(names)
                names = set()
            else:
                names = around.pop()
        elif found[2] is not None:
            if b"\\" in name:
                name = str(_decoder.decode(b'"%b"' % name)).encode()
            if name in names:
                raise NotJson(f"the name {name[:40].decode('utf-8', 'replace')!r} a second time", found.start())
            names.add(name)


def _large_number(text: bytes) -> int:
    """Where the first number stands that no computer's number holds."""
    for found in _NUMBERS.finditer(text):
        if found[1] and len(found[1]) > 4:
            try:
                _decoder.decode(found[1])
            except msgspec.DecodeError:
                return found.start()
    return len(text)  # pragma: no cover (there is one)


_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"')
_GOOD_START = re.compile(rb'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*')
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(rb"true|false|null")
_SURROGATE = re.compile(rb"\\\\|\\u([dD][89abAB][0-9a-fA-F]{2})(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|\\u[dD][c-fC-F]..")


class _Scanner:
    """Reads a text token by token, to find the first byte that is wrong. Slow, and only for what is wrong."""

    def __init__(self, text: bytes) -> None:
        self.text, self.at = text, 0
        self.open: list[bytes] = []

    def run(self) -> None:
        """Raise `NotJson` at the first thing that is wrong, if there is one."""
        wanted = True
        while wanted or self.open:
            wanted = self._value() if wanted else self._next()
        if self._peek():
            raise NotJson("something follows the end", self.at)

    def _peek(self) -> bytes:
        """The next byte that is not space, empty at the end."""
        self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
        return self.text[self.at : self.at + 1]

    def _value(self) -> bool:
        """Read a value, or open the list or object it is; whether a value must follow."""
        start = self._peek()
        if start == b"{":
            self._enter(b"}")
            if self._close(b"}"):
                return False
            self._name()
            return True
        if start == b"[":
            self._enter(b"]")
            return not self._close(b"]")
        if start == b'"':
            self._string()
        else:
            self._scalar()
        return False

    def _enter(self, end: bytes) -> None:
        if len(self.open) >= DEEPEST:
            raise NotJson(f"nested deeper than {DEEPEST} levels", self.at)
        self.open.append(end)
        self.at += 1

    def _close(self, mark: bytes) -> bool:
        if self._peek() != mark:
            return False
        self.at += 1
        self.open.pop()
        return True

    def _next(self) -> bool:
        """What follows a value inside a list or object; whether a value must follow."""
        mark = self.open[-1]
        if self._close(mark):
            return False
        self._expect(b",", f"a comma or {mark.decode()} is missing")
        if self._peek() == mark:
            raise NotJson("a comma too many", self.at)
        if mark == b"}":
            self._name()
        return True

    def _expect(self, mark: bytes, missing: str) -> None:
        if self._peek() != mark:
            raise NotJson(missing if self._peek() else TOO_EARLY, self.at)
        self.at += 1

    def _name(self) -> None:
        """A name and the colon after it."""
        if self._peek() != b'"':
            raise NotJson("a name in quotation marks is missing" if self._peek() else TOO_EARLY, self.at)
        self._string()
        self._expect(b":", "a colon is missing")

    def _string(self) -> None:
        found = _STRING.match(self.text, self.at)
        if found is None:
            end = _GOOD_START.match(self.text, self.at).end()  # type: ignore[union-attr]
            if end >= len(self.text):
                raise NotJson(TOO_EARLY, end)
            bad = self.text[end]
            raise NotJson("an escape that is none" if bad == 0x5C else f"control character {bad}", end)
        raw = found.group()
        if b"\\u" in raw:
            for escape in _SURROGATE.finditer(raw):
                if escape.group() != rb"\\" and not escape.group(2):
                    raise NotJson("half a surrogate pair", self.at + escape.start())
        self.at = found.end()

    def _scalar(self) -> None:
        found = _WORD.match(self.text, self.at) or _NUMBER.match(self.text, self.at)
        if found is None:
            raise NotJson("neither a value nor its beginning" if self._peek() else TOO_EARLY, self.at)
        self.at = found.end()
