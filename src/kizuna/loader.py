"""From the spool into the facts: each message exactly once, in the order of the spool.

A load is one transaction: messages into facts, what follows from them (`derive`), and the position up to
which the spool has been read (the *watermark*, table ``loaded``). Whatever ends it, either all of
that is there or nothing is, and the next load starts where the last complete one ended.

A message that cannot be loaded never stops those behind it: it is found by halving, set aside in
``rejected_message`` with what was wrong, and comes back with `kizuna replay` once the cause is mended.
What is wrong with the machine (a full disk, too little memory) is waited for instead.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import duckdb
import pyarrow as pa

from kizuna.collect.incoming import Again, Run, positions, runs
from kizuna.collect.reader import FOLDER, Position, Reader
from kizuna.collect.segment import Damage
from kizuna.collect.spool import Spool
from kizuna.errors import KizunaError
from kizuna.settings import Settings
from kizuna.store import people
from kizuna.store.arrivals import note_hooks
from kizuna.store.derive import derive
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.hooks import prepare_hooks, put_hooks
from kizuna.store.identity import resolve_all
from kizuna.store.load import COLLECTED
from kizuna.store.messages import Loaded, take
from kizuna.store.setaside import forget_replayed, set_aside
from kizuna.store.surveys import prepare_surveys, put_surveys
from kizuna.store.watermark import mark, watermark

LOAD_BYTES = 192 << 20
"""So much of the spool is loaded in one transaction, at most; a single record may be more. The engine works
on as many rows as this at its best pace."""

SERVER_BYTES = 48 << 20
"""The same beside a server, which has other use for the memory."""

_LONGEST_PAUSE = 30.0
_MACHINE = (
    OSError, MemoryError, KizunaError, duckdb.IOException, duckdb.OutOfMemoryException, duckdb.TransactionException,
    duckdb.InterruptException, duckdb.FatalException, duckdb.ConnectionException,
)  # fmt: skip
_DATA = (duckdb.DataError, pa.ArrowInvalid, ValueError)
_log = logging.getLogger("kizuna.loader")

Record = tuple[Position, bytes]


@dataclass(slots=True)
class Loads:
    """Loads records into a store. `left` are positions that were rejected once and came again by `kizuna replay`.

    With `deriving` false nothing is derived: whoever loads the whole spool anew does it once, at the end.
    """

    store: DuckDBStore
    settings: Settings
    root: Path
    again: Again | None = None
    left: Container[int] = ()
    deriving: bool = True

    def load(self, records: Sequence[Record], aside: dict[int, str] | None = None) -> Loaded:
        """Load records in one transaction and move the watermark behind them."""
        with self.store.writing():
            self.store.execute("BEGIN")
            try:
                loaded = self._take(list(runs(records, self.again, aside, None, self.left)))
                mark(self.store, records[-1][0])
                self.store.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(Exception):
                    self.store.execute("ROLLBACK")
                raise
        return loaded

    def load_or_set_aside(self, records: Sequence[Record]) -> Loaded:
        """As `load`, but messages that cannot be loaded are set aside. Raises what is not theirs."""
        try:
            return self.load(records)
        except Exception as error:
            if isinstance(error, _MACHINE):
                raise
            aside: dict[int, str] = {}
            every = positions(records)
            self._suspect(records, every, aside)
            if not aside or (len(aside) == len(every) > 1 and not isinstance(error, _DATA)):
                # It is not the messages.
                raise
            for pos, why in aside.items():
                _log.error("The message at %d cannot be loaded and was set aside: %s", pos, why)
            return self.load(records, aside)

    def _take(self, these: Sequence[Run]) -> Loaded:
        loaded = Loaded()
        for run in these:
            loaded += self._run(run)
        if self.deriving and loaded.facts:
            derive(self.store, loaded.facts, whole=False)
        return loaded

    def _run(self, run: Run) -> Loaded:
        hooks = prepare_hooks(self.store, self.settings, self.root, run.hooks) if run.hooks else None
        asking = prepare_surveys(self.store, run.surveys) if run.surveys else None
        beside = [*(hooks.parts if hooks else ()), *(asking.parts if asking else ())]
        loaded = Loaded()
        if run.rows or hooks:
            loaded = take(self.store, run.table(), beside)
        elif asking:
            resolve_all(self.store, beside, COLLECTED)
        if asking:
            loaded += put_surveys(self.store, asking)
        if hooks:
            put = put_hooks(self.store, hooks)
            loaded.facts |= put.facts
            loaded.rows += put.rows
            loaded.rejected += len(put.rejected)
            kept = {pos: what for pos, _, _, what in run.hooks}
            note_hooks(self.store, run.hooks, {unfit.pos for unfit in put.rejected})
            for unfit in put.rejected:
                envelope, body = run.hook_envelopes[unfit.pos], kept[unfit.pos]
                set_aside(self.store, envelope, body, unfit.pos, unfit.reason, unfit.detail)
        if run.replayed:
            forget_replayed(self.store, run.replayed)
        if run.decision:
            kind, message, pos = run.decision
            outcome = people.take(self.store, kind, message, pos)
            if outcome.nothing:
                _log.warning("A decision about people changed nothing: %s", outcome.nothing)
            # A decision moves rows of any fact; derive knows which from what was noted.
            loaded.facts |= {"identifier", *outcome.rows}
        return loaded

    def _suspect(self, records: Sequence[Record], among: Sequence[int], aside: dict[int, str]) -> None:
        """Find the messages at the positions `among` that cannot be loaded, by halving."""
        why = self._tried(records, (among[0], among[-1] + 1)) if among else None
        if why is None:
            return
        if len(among) == 1:
            aside[among[0]] = why
            return
        half = len(among) // 2
        self._suspect(records, among[:half], aside)
        self._suspect(records, among[half:], aside)

    def _tried(self, records: Sequence[Record], window: tuple[int, int]) -> str | None:
        """What is wrong with the messages of a window, loaded for trial."""
        with self.store.writing():
            self.store.execute("BEGIN")
            try:
                self._take(list(runs(records, self.again, None, window, self.left)))
            except Exception as error:
                if isinstance(error, _MACHINE):
                    raise
                return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no more is known'}"[
                    :500
                ]
            finally:
                with contextlib.suppress(duckdb.Error):
                    self.store.execute("ROLLBACK")
        return None


@dataclass(slots=True)
class Feed:
    """The spool of a workspace, loaded piece by piece by whoever calls; damage that is met is noted and passed over."""

    loads: Loads
    spool: Reader
    limit_bytes: int = LOAD_BYTES
    damage: list[Damage] = field(default_factory=list)

    def step(self, until: Position | None = None) -> Loaded | None:
        """Load the next records, none beyond `until`; None when there are none."""
        records = self._records(watermark(self.loads.store), until)
        return self.loads.load_or_set_aside(records) if records else None

    def drain(self, until: Position | None = None, progress: Callable[[int], None] | None = None) -> Loaded:
        """Load all there is, or all up to `until`. While records are loaded, those behind them are read."""
        loaded = Loaded()
        with ThreadPoolExecutor(1, "kizuna-reader") as reader:
            records = self._records(watermark(self.loads.store), until)
            while records:
                behind = reader.submit(self._records, records[-1][0], until)
                loaded += self.loads.load_or_set_aside(records)
                if progress:
                    progress(loaded.rows)
                records = behind.result()
        return loaded

    def _records(self, after: Position, until: Position | None) -> list[Record]:
        records: list[Record] = []
        for end, payload in self.spool.read(after, self.limit_bytes, self.damage.append):
            if until is not None and end > until:
                break
            records.append((end, payload))
        return records


def load_all(store: DuckDBStore, settings: Settings, root: Path) -> Loaded:
    """Load what the spool of a workspace holds and its facts do not yet have; for commands, when no server runs."""
    _take_up_imports(store, settings, root)
    return Feed(Loads(store, settings, root), Reader(root / FOLDER)).drain()


class Loader:
    """The server's loader: a thread that brings messages into the facts soon after they are on the disk.

    It begins a load every `load_seconds` (a setting) while messages come, and at once while there is more
    than one load can take.
    """

    def __init__(
        self, store: DuckDBStore, spool: Spool, settings: Settings, root: Path, limit_bytes: int = SERVER_BYTES
    ) -> None:
        self._store, self._spool, self._settings, self._root = store, spool, settings, root
        self._feed = Feed(Loads(store, settings, root), spool, limit_bytes)
        self._changed = threading.Condition()
        self._at = watermark(store)
        self._stopping = self._hurry = False
        self._thread = threading.Thread(target=self._work, name="kizuna-loader", daemon=True)

    @property
    def loaded(self) -> Position:
        """The position up to which all messages are in the facts."""
        return self._at

    def start(self) -> None:
        """Begin to load."""
        self._thread.start()

    def stop(self) -> None:
        """End after the load that is under way. What is not loaded yet stays in the spool for the next start."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def load_until(self, position: Position, timeout: float | None = None) -> bool:
        """Return when all up to `position` is in the facts; False if it is not in time."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._at >= position or self._stopping, timeout) and (
                self._at >= position
            )

    def _work(self) -> None:
        _take_up_imports(self._store, self._settings, self._root)
        failures = 0
        while not self._stopping:
            if not self._spool.wait(self._at, 0.25):
                if self._spool.end <= self._at:
                    self._pause(0.01)
                continue
            began = monotonic()
            try:
                self._once()
                failures = 0
                if self._spool.end <= self._at:
                    self._store.tidy()
            except Exception as error:
                failures += 1
                _log.log(
                    logging.WARNING if isinstance(error, _MACHINE) else logging.ERROR,
                    "Messages cannot be loaded now, they wait in the spool: %s", error,
                    exc_info=not isinstance(error, _MACHINE),
                )  # fmt: skip
                self._pause(min(0.25 * 2**failures, _LONGEST_PAUSE))
                continue
            if self._spool.end <= self._at:
                self._pause(self._settings.load_seconds - (monotonic() - began))

    def _once(self) -> None:
        self._feed.step()
        at = watermark(self._store)
        for damage in self._feed.damage:
            _log.error("%s. It was passed over; restore the file from a backup, then run kizuna rebuild.", damage)
        self._feed.damage.clear()
        with self._changed:
            self._at = at
            self._hurry = False
            self._changed.notify_all()

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._hurry, max(seconds, 0))


def _take_up_imports(store: DuckDBStore, settings: Settings, root: Path) -> None:
    """An import that was kept before a crash has its turn before any later message, as in a rebuild."""
    from kizuna.imports import recover

    try:
        with store.writing():
            recover(store, settings, root)
    except KizunaError as error:
        _log.error("An import that was under way cannot be taken up: %s", error)
