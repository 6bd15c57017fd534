"""Paths into a webhook: ``data.object.id``, ``items[0].sku``, ``$.created_at``, ``header.X-Topic``.

A path starts at the item a row is made of (the whole body, unless the hook says ``each``), at the
body's root when it begins with ``$``, and at the request's headers when it begins with ``header.``.
Keys with dots or spaces are written ``['first name']``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

_STEP = r"(?:\.[^.\[\]'\"\s]+|\[-?\d+\]|\['[^']+'\])"
_PATH = re.compile(rf"(\$|[^\W\d][\w-]*|\['[^']+'\])({_STEP}*)")
_EACH = re.compile(r"\.([^.\[\]'\"\s]+)|\[(-?\d+)\]|\['([^']+)'\]")
_DOTTED = re.compile(
    r"""('(?:[^']|'')*'|"(?:[^"]|"")*")|(header\.[\w-]+|\$(?:\.\w+|\[-?\d+\])*|[^\W\d]\w*(?:(?:\.[^\W\d]\w*)|\[-?\d+\])+)"""
)
_NAMES = re.compile(r"""'(?:[^']|'')*'|"((?:[^"]|"")*)"|\b([^\W\d]\w*)\b(?!\s*\()""")

Root = Literal["item", "body", "header"]


@dataclass(frozen=True, slots=True)
class HookPath:
    """A path taken apart. `text` is as it was written; header names are in lower case."""

    text: str
    root: Root
    steps: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What paths are looked up in: one item of one webhook's body."""

    body: Any
    headers: Mapping[str, str]
    item: Any


def read_path(text: str) -> HookPath | None:
    """The path a text is, or ``None`` if it is none (an expression, then, or a 'literal')."""
    text = text.strip()
    if len(text) > 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    found = _PATH.fullmatch(text)
    if not found:
        return None
    head = found[1]
    steps = tuple(int(m[2]) if m[2] else m[1] or m[3] for m in _EACH.finditer(found[2]))
    if head == "$":
        return HookPath(text, "body", steps)
    if head == "header" and len(steps) == 1 and isinstance(steps[0], str):
        return HookPath(text, "header", (steps[0].lower(),))
    first = head[2:-2] if head.startswith("[") else head
    return HookPath(text, "item", (first, *steps))


def find(path: HookPath, delivery: Delivery) -> tuple[bool, Any]:
    """Whether the path leads somewhere, and what is there. A null is there, a missing key is not."""
    if path.root == "header":
        name = str(path.steps[0])
        return name in delivery.headers, delivery.headers.get(name)
    value = delivery.body if path.root == "body" else delivery.item
    for step in path.steps:
        if isinstance(step, int):
            if not isinstance(value, list) or not -len(value) <= step < len(value):
                return False, None
            value = value[step]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return False, None
    return True, value


def as_text(value: Any) -> str | None:
    """A JSON value as the text that is read as a field: text as it is, lists and objects as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return msgspec.json.encode(value).decode()


def quote_paths(expression: str) -> str:
    """The expression with its dotted paths in double quotes, as SQL has them."""
    return _DOTTED.sub(lambda found: found[1] or f'"{found[2]}"', expression)


def names_in(expression: str) -> list[str]:
    """Every name in an expression that may be a path: quoted ones, and bare words that are no function."""
    found = (m[1].replace('""', '"') if m[1] else m[2] for m in _NAMES.finditer(expression))
    return list(dict.fromkeys(name for name in found if name))
