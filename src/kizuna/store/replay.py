"""Rejected messages that would fit by now: a limit was raised, a webhook's mapping mended, the program corrected.

They are sent again: a record of the spool with the call ``replay:POSITION:…`` holds the message as it is
decided today, and loading it takes the old one off the list. So there is nothing about a replay that a
rebuild would have to guess (see `kizuna.collect.replays`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from kizuna.collect.decide import Limits
from kizuna.collect.incoming import hook_of
from kizuna.collect.message import Envelope, Kept
from kizuna.collect.receive import again
from kizuna.collect.record import Record, record
from kizuna.collect.replays import note_replayed
from kizuna.settings import Settings
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.hooks import prepare_hooks
from kizuna.store.setaside import SetAside, all_set_aside


@dataclass(frozen=True, slots=True)
class Fitting:
    """A message set aside at `pos` that fits by now; `accepted` if the door took it and the loader could not."""

    pos: int
    envelope: Envelope
    kept: Kept
    accepted: bool


def fitting(store: DuckDBStore, settings: Settings, root: Path, source: str | None = None) -> list[Fitting]:
    """The messages that would be accepted today, in the order in which they came.

    Not one whose id has come again meanwhile in a form that fits, nor what is a question of trust:
    a webhook whose signature is wrong, another message under a known id.
    """
    found = [each for each in reversed(all_set_aside(store, source)) if each.reason != "signature"]
    hooks = _mended(store, settings, root, [each for each in found if _is_hook(each)])
    limits = Limits.of(settings)
    decided = [(each, *_again(each, limits)) for each in found if not _is_hook(each)]
    fits = [
        Fitting(each.pos, envelope, kept, each.reason == "not_loaded")
        for each, envelope, kept in decided
        if kept.kind != "rejected"
    ]
    taken = _taken(store, [f"/:{each.envelope.source}/{each.kept.id}" for each in fits])
    once = {f"/:{each.envelope.source}/{each.kept.id}": each for each in reversed(fits)}
    chosen = [each for row_key, each in once.items() if row_key not in taken]
    return sorted([*hooks, *chosen], key=lambda each: each.pos)


def to_send(root: Path, messages: Sequence[Fitting]) -> list[Record]:
    """The records that bring messages back, noted as such: each is to be sent (`kizuna.sending`).

    Their ids are those that nobody knows yet, so that a client that sends such a message once more is told that it
    is a duplicate. What was accepted has been known by its id since then.
    """
    note_replayed(root, [each.pos for each in messages])
    return [_sent_again(each) for each in messages]


def _sent_again(each: Fitting) -> Record:
    first = each.envelope.call.rpartition("hook:")
    envelope = msgspec.structs.replace(each.envelope, call=f"replay:{each.pos}:{''.join(first[1:])}")
    made = record(envelope, each.kept)
    return Record(made.payload) if each.accepted else made


def _is_hook(each: SetAside) -> bool:
    return "hook:" in each.call


def _again(each: SetAside, limits: Limits) -> tuple[Envelope, Kept]:
    envelope, kept = each.kept()
    return envelope, again(envelope, kept, limits)


def _mended(store: DuckDBStore, settings: Settings, root: Path, hooks: Sequence[SetAside]) -> list[Fitting]:
    """The webhooks that the hook files of today have a place for."""
    rows, fits = [], []
    for each in hooks:
        envelope, kept = each.kept()
        if kept.message is not None:
            whole = Kept("hook", kept.id, envelope.received_at, kept.message)
            rows.append((each.pos, hook_of(envelope.call), envelope.received_at, whole))
            fits.append(Fitting(each.pos, envelope, whole, True))
    unfit = {each.pos for each in prepare_hooks(store, settings, root, rows).load.rejected} if rows else set()
    return [each for each in fits if each.pos not in unfit]


def _taken(store: DuckDBStore, keys: Sequence[str]) -> set[str]:
    """The keys under which there are rows."""
    asked = " UNION ALL ".join(
        f"SELECT row_key FROM {fact} WHERE import_no < 0 AND row_key IN (SELECT unnest($keys::VARCHAR[]))"
        for fact in ("event", "trait")
    )
    return {row_key for (row_key,) in store.execute(asked, {"keys": [*keys]})}
