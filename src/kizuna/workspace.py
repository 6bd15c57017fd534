"""One business: its folder, settings, store and catalogue; everything else hangs on it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kizuna.errors import WorkspaceError
from kizuna.private import make_file, make_folder
from kizuna.settings import FILE, SETTINGS, Settings
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.properties import Properties
from kizuna.store.remote import RemoteStore
from kizuna.store.running import claimed, running
from kizuna.store.segments import Segments

if TYPE_CHECKING:
    import pyarrow as pa

    from kizuna.collect.record import Record
    from kizuna.collect.report import ImportReport
    from kizuna.collect.source import ReadOptions
    from kizuna.measure.answer import Answer
    from kizuna.measure.ask import Business
    from kizuna.measure.calendar import Compare, Every
    from kizuna.measure.catalogue import Catalogue
    from kizuna.measure.explain import Explanation
    from kizuna.measure.metric import Metric

__all__ = ["DATABASE", "FILE", "Names", "Workspace", "find", "init", "settings_file"]

DATABASE = "kizuna.duckdb"
MESSAGES = "raw/messages"
Names = str | Sequence[str]
T = TypeVar("T")
_STARTING_SECONDS = 10.0


class Workspace:
    """A business's folder, opened.

    Use it as a context manager, or call `close`: while it is open no other process can open its
    database. Where a server has it open, the server is asked instead; nothing else is different.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        file = self.root / FILE
        if not file.is_file():
            raise WorkspaceError(
                f"{self.root} is not a workspace: it has no {FILE}.", f"Make one with `kizuna init {self.root}`."
            )
        self.settings = Settings.read(file)
        self._opening = threading.RLock()

    @property
    def name(self) -> str:
        """The business's name, or its folder's."""
        return self.settings.name or self.root.resolve().name

    @cached_property
    def store(self) -> DuckDBStore:
        """The engine, or the server that has it open; opened when first needed."""
        return self._once("store", self._open)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Built-in metrics and those of the folder ``metrics``."""
        from kizuna.measure.catalogue import Catalogue

        return self._once("catalogue", lambda: Catalogue(self.settings, self.root / "metrics"))

    @cached_property
    def segments(self) -> Segments:
        """The conditions of segments by name."""
        return self._once("segments", lambda: Segments(self.root, self.settings.state_url))

    @cached_property
    def business(self) -> Business:
        """What measuring needs of this workspace."""
        from kizuna.measure.ask import Business
        from kizuna.measure.plan import Planner

        def make() -> Business:
            planner = Planner(self.catalogue.sets, Properties(self.store), self.settings, self.segments)
            return Business(self.store, self.catalogue, planner, self.settings, self.name)

        return self._once("business", make)

    def _open(self) -> DuckDBStore:
        path, deadline = self.root / DATABASE, time.monotonic() + _STARTING_SECONDS
        while True:
            server = running(self.root)
            if server and server.url and server.pid != os.getpid():
                with contextlib.suppress(OSError):
                    return RemoteStore(server, path, self.settings)
            try:
                return self._caught_up(DuckDBStore(path, self.settings))
            except WorkspaceError:
                # A server that is starting has the database before it answers; one that ends, a little longer.
                if not running(self.root) or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def _caught_up(self, store: DuckDBStore) -> DuckDBStore:
        """With the messages that a server kept and did not come to load before it was ended."""
        if (self.root / MESSAGES).is_dir():
            from kizuna.loader import load_all

            try:
                load_all(store, self.settings, self.root)
            except BaseException:
                store.close()
                raise
        return store

    def _once(self, name: str, make: Callable[[], T]) -> T:
        """Make a part of the workspace once, though several threads ask for it first.

        From Python 3.12 on `cached_property` has no lock of its own.
        """
        with self._opening:
            if name not in self.__dict__:
                self.__dict__[name] = make()
            made: T = self.__dict__[name]
            return made

    def measure(
        self,
        *metrics: str,
        by: Names = (),
        every: Every = "all",
        since: str | date | None = None,
        until: str | date | None = None,
        where: str = "",
        compare: Compare = "previous",
        level: float = 0.95,
        segment: str = "",
    ) -> Answer:
        """Measure metrics (ids, or group names such as ``feedback``); none named means all.

        `by` breaks down by dimensions or customer traits; `every` is hour, day, week, month,
        quarter, year or all; `since` is the first day, `until` the day after the last; `where` is
        an SQL condition over dimensions and over what customers did; `segment` names the customers whose rows
        count; `compare` is previous, year or none.
        """
        from kizuna.measure.ask import ask
        from kizuna.measure.question import Question, read_day

        initiatives = self.settings.initiatives
        question = Question(
            metrics,
            (by,) if isinstance(by, str) else tuple(by),
            every,
            read_day(since, initiatives, "since"),
            read_day(until, initiatives, "until"),
            where,
            compare,
            level,
            segment,
        )
        return ask(self.business, question)

    def explain(self, metric: str) -> Explanation:
        """Definition, variants, formula, SQL and freshness of a metric."""
        from kizuna.measure.explain import explain

        return explain(self.business, metric)

    def rows(
        self,
        metric: str,
        since: str | date | None = None,
        until: str | date | None = None,
        where: str = "",
        limit: int | None = None,
        segment: str = "",
    ) -> pa.Table:
        """The facts behind a metric's number, newest first."""
        from kizuna.measure.explain import rows_behind
        from kizuna.measure.question import narrowed, read_day

        initiatives = self.settings.initiatives
        first, last = read_day(since, initiatives, "since"), read_day(until, initiatives, "until")
        return rows_behind(self.business, metric, first, last, narrowed(where, segment), limit)

    def metrics(self, search: str | None = None) -> list[Metric]:
        """The catalogue, or what of it fits a search in English, Japanese or Danish."""
        return self.catalogue.search(search) if search else list(self.catalogue.values())

    def import_file(
        self,
        fact: str,
        *files: Path | str,
        mapping: Mapping[str, str] | None = None,
        group: Names = (),
        keep: Names = (),
        sheet: str | None = None,
        query: str | None = None,
        options: ReadOptions | None = None,
        dry_run: bool = False,
        progress: Callable[[str, float, float], None] | None = None,
    ) -> ImportReport:
        """Load files as facts; see `kizuna.imports.import_files`."""
        from kizuna.imports import import_files

        with self.store.apart() as store:
            report = import_files(
                store,
                self.settings,
                self.root.absolute(),
                fact,
                [Path(file) for file in files],
                mapping=dict(mapping or {}),
                group=(group,) if isinstance(group, str) else tuple(group),
                keep=(keep,) if isinstance(keep, str) else tuple(keep),
                sheet=sheet,
                query=query,
                options=options,
                dry_run=dry_run,
                progress=progress,
            )
        self.__dict__.pop("business", None)
        return report

    def send(self, records: Iterable[Record]) -> list[bool]:
        """Keep records in ``raw/messages`` and have them in the facts; whether each is new. See `kizuna.sending`."""
        from kizuna.sending import send

        return send(self.store, self.settings, self.root, records)

    def rebuild(self, progress: Callable[[str, float, float], None] | None = None) -> Any:
        """Make the database again from ``raw/``; gives what was loaded."""
        from kizuna.imports import rebuild

        self.close()
        if server := running(self.root):
            raise WorkspaceError(
                f"A server runs on {self.root} (PID {server.pid}); its database cannot be made again meanwhile.",
                f"End it with `kill {server.pid}`, rebuild, start it again; clients send again what they could not.",
            )
        with claimed(self.root):
            return rebuild(self.settings, self.root, progress=progress)

    def close(self) -> None:
        """Let the database go."""
        if segments := self.__dict__.pop("segments", None):
            segments.close()
        store = self.__dict__.pop("store", None)
        self.__dict__.pop("business", None)
        if store is not None:
            store.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def init(root: Path | str, **settings: Any) -> Workspace:
    """Make a workspace: the folder with a ``kizuna.toml`` that holds `settings`. Raises if there is one already.

    Other accounts of the machine cannot read what is in it (see `kizuna.private`).
    """
    root = Path(root)
    file = root / FILE
    if file.exists():
        raise WorkspaceError(f"{root} is a workspace already.", f"Edit {file}, or choose another folder.")
    Settings(settings, str(file))
    for folder in (root, root / "metrics", root / "raw", root / "raw" / "imports"):
        make_folder(folder)
    make_file(file, settings_file({"name": root.resolve().name, **settings}))
    return Workspace(root)


def settings_file(values: Mapping[str, Any]) -> str:
    """The text of a ``kizuna.toml``: what is set, and every other setting as a comment with its default."""
    lines = [
        "# Settings of this workspace. docs/settings.md tells about each; what is commented out is the default.",
        "",
    ]
    tables: list[str] = []
    for name, setting in SETTINGS.items():
        chosen = name in values
        value = values.get(name, setting.default)
        mark = "" if chosen else "# "
        if isinstance(value, dict):
            tables += [
                "",
                f"# {setting.help}",
                f"{mark}[{name}]",
                *(f"{mark}{_key(k)} = {_toml(v)}" for k, v in value.items()),
            ]
        else:
            lines += [f"# {setting.help}", f"{mark}{name} = {_toml(value)}"]
    return "\n".join([*lines, *tables]) + "\n"


def find(folder: Path | None = None, explicit: Path | str | None = None) -> Path:
    """The workspace a command works on.

    It is the one named, else the current folder or a parent of it, else KIZUNA_WORKSPACE.
    """
    if explicit:
        return Path(explicit)
    start = (folder or Path.cwd()).resolve()
    for candidate in (start, *start.parents):
        if (candidate / FILE).is_file():
            return candidate
    named = os.environ.get("KIZUNA_WORKSPACE")
    if named:
        return Path(named)
    raise WorkspaceError(
        "There is no workspace here.",
        "Make one with `kizuna init NAME`, or name one with --workspace or KIZUNA_WORKSPACE.",
    )


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, date):
        return value.isoformat()
    text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else _toml(name)
