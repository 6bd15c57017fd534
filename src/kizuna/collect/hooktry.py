"""A webhook tried out: what would come of a body, and why not, without anything being kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kizuna.collect import signature as signatures
from kizuna.collect.hookfile import Hook, Rule
from kizuna.collect.hookpath import Delivery, find, read_path
from kizuna.collect.hookrows import items_of, stage_items, workbench
from kizuna.collect.webhooks import delivery_id, document_of, event_time, hook_url
from kizuna.settings import Settings


@dataclass(slots=True)
class RuleTried:
    """What one rule makes of the body: rows (field → value, empty ones left out), and what does not fit."""

    rule: Rule
    rows: list[dict[str, Any]] = field(default_factory=list)
    unfit: list[str] = field(default_factory=list)
    passed: int = 0


@dataclass(slots=True)
class Tried:
    """What the door would say, then what every rule makes of the body.

    `refused` is why it would not come in (empty when it would, or when no signature was given to look at).
    """

    id: str
    at: int
    id_found: bool
    refused: str = ""
    signed: bool = False
    rules: list[RuleTried] = field(default_factory=list)


def try_hook(hook: Hook, headers: Mapping[str, str], raw: bytes, now: int, settings: Settings) -> Tried:
    """Try a body. Raises `Refused` where it is neither JSON nor a form."""
    known = {name.lower(): value for name, value in headers.items()}
    document = document_of(raw, known.get("content-type", ""))
    delivery = Delivery(document, known, document)
    at = event_time(hook, None, delivery, now, int(settings.clock_ahead_hours))
    there = bool(hook.id and find(hook.id, delivery)[1] is not None)
    result = Tried(delivery_id(hook, delivery), at, there)
    where = hook.signature.where
    given = find(path, delivery)[0] if (path := read_path(where)) else False
    if given:
        result.signed = True
        try:
            url = hook_url(hook.name, settings)
            signatures.check(hook.signature, raw, delivery, now, int(settings.webhook_minutes), url)
        except signatures.Unsigned as error:
            result.refused = str(error)
    with workbench() as bench:
        for rule in hook.rules:
            tried = RuleTried(rule)
            result.rules.append(tried)
            try:
                items = items_of(rule, delivery)
            except ValueError as error:
                tried.unfit.append(str(error))
                continue
            numbered = [(number, Delivery(document, known, item)) for number, item in enumerate(items)]
            if not numbered:
                continue
            found = stage_items(bench, hook, rule, numbered, settings)
            tried.unfit = [f"item {number + 1}: {sentence}" for number, sentence in found.unfit]
            tried.passed = found.passed
            if found.rows is not None:
                tried.rows = [_shown(row) for row in found.rows.to_pylist()]
    return result


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    row = {name: value for name, value in row.items() if name not in ("line_no", "row_key") and value is not None}
    if "properties" in row:
        row["properties"] = dict(row["properties"])
    return row
