"""Sending: how commands and Python write to raw/messages, whether a server has the workspace open or not.

What somebody decides (two people are one), answers or brings back is a record like any other: on the disk
first, then in the facts, made again by a rebuild. One process can write to the spool. Where a server runs,
the records go to it through its socket in pieces, and it keeps them as it keeps what clients send; else the
spool is opened here. Either way they are in the facts when `send` returns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from kizuna.collect.keep import Keeper
from kizuna.collect.reader import FOLDER
from kizuna.collect.record import Record
from kizuna.collect.spool import Group, Spool
from kizuna.errors import SpoolError
from kizuna.loader import Loader, load_all
from kizuna.settings import Settings
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.remote import RemoteStore

T = TypeVar("T")

Keep = Callable[[Iterable[Record]], list[bool]]
"""Keeps records and says of each whether it is new; they are on the disk when it returns. Raises `SpoolError`."""

PIECE_RECORDS, PIECE_BYTES = 1_000, 4 << 20
"""So much goes to the server at once: its event loop answers nobody else while it looks up the ids."""

WRITE_SECONDS = 60.0
"""A piece is on the disk by then, or the disk is ill."""

_TAKE, _LOAD = "take records", "load what was taken"


def send(store: DuckDBStore, settings: Settings, root: Path, records: Iterable[Record]) -> list[bool]:
    """Keep records and have them in the facts; says of each whether it is new, else it was kept before.

    Raises `SpoolError` when they cannot be kept: send all of them again then, those that were kept are not new
    (a record without ids is another one, however often it is sent).
    """
    with keeping(store, settings, root) as keep:
        new = keep(records)
    if any(new):
        catch_up(store, settings, root)
    return new


@contextmanager
def keeping(store: DuckDBStore, settings: Settings, root: Path) -> Iterator[Keep]:
    """Keep records one after the other while the block runs; they are in the facts after `catch_up`."""
    if isinstance(store, RemoteStore):
        yield lambda records: [is_new for piece in _pieces(records) for is_new in store.call(_TAKE, piece)]
        return
    keeper = Keeper(Spool(root / FOLDER, settings))
    try:
        yield lambda records: [
            is_new for piece in _pieces(records) for is_new in _on_the_disk(*keeper.take_records(piece))
        ]
    finally:
        keeper.close()


def catch_up(store: DuckDBStore, settings: Settings, root: Path) -> None:
    """Have all that was kept in the facts."""
    if isinstance(store, RemoteStore):
        store.call(_LOAD)
    else:
        load_all(store, settings, root)


def from_threads(keeper: Keeper, loop: asyncio.AbstractEventLoop) -> Keep:
    """Keeping records from any thread of the server; the keeper belongs to the event loop `loop`."""

    def keep(records: Iterable[Record]) -> list[bool]:
        taken = [*records]
        return _on_the_disk(*_done_by(loop, lambda: keeper.take_records(taken)))

    return keep


def for_commands(
    keeper: Keeper, loader: Loader, loop: asyncio.AbstractEventLoop
) -> dict[str, Callable[..., list[bool] | None]]:
    """The server's side: what its control socket does for `send`. The keeper belongs to the event loop `loop`."""

    keep = from_threads(keeper, loop)

    def take(given: Sequence[Sequence[Any]]) -> list[bool]:
        return keep(Record(payload, tuple((id, said) for id, said in ids)) for payload, ids in given)

    def load() -> None:
        loader.load_until(keeper.spool.end)

    return {_TAKE: take, _LOAD: load}


def _done_by(loop: asyncio.AbstractEventLoop, work: Callable[[], T]) -> T:
    """Have an event loop of another thread do something. Raises what that raises."""
    done: Future[T] = Future()

    def do() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    try:
        loop.call_soon_threadsafe(do)
    except RuntimeError:  # it has ended
        raise SpoolError("The server is stopping.", "Run the command again.") from None
    return done.result()


def _on_the_disk(new: list[bool], groups: Sequence[Group]) -> list[bool]:
    for group in groups:
        group.wait(WRITE_SECONDS)
    return new


def _pieces(records: Iterable[Record]) -> Iterator[list[Record]]:
    piece: list[Record] = []
    size = 0
    for each in records:
        if piece and (len(piece) == PIECE_RECORDS or size + len(each.payload) > PIECE_BYTES):
            yield piece
            piece, size = [], 0
        piece.append(each)
        size += len(each.payload)
    if piece:
        yield piece
