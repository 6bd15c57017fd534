"""What the pages of one server have in common: the workspace, the state, and answers that are kept for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kizuna.collect.record import Record
from kizuna.settings import FILE, Settings
from kizuna.show.web.kept import Kept
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.state.database import State
from kizuna.workspace import Workspace

Send = Callable[[Iterable[Record]], list[bool]]
"""Keeps records on the disk and has them in the facts; see `kizuna.sending.send`."""


class Hub:
    """One workspace as pages see it.

    `send` writes records (answers, tasks, decisions) through the server's spool, or through the workspace where
    there is no server. Whatever changes ``kizuna.toml`` or a definition calls `reload` afterwards.
    """

    def __init__(self, workspace: Workspace, state: State, send: Send) -> None:
        self.workspace, self.state, self.send = workspace, state, send
        self.kept = Kept(lambda: self.store.version, self.settings.page_seconds)
        self.closers: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    @classmethod
    def of(cls, workspace: Workspace) -> Hub:
        """The hub of a workspace that is open here, without a server: for tests and single pages."""
        return cls(workspace, State(workspace.root, workspace.settings.state_url), workspace.send)

    @classmethod
    def serving(cls, root: Path, settings: Settings, store: DuckDBStore, send: Send) -> Hub:
        """The hub of a server, on the store that it has open already."""
        workspace = Workspace(root)
        workspace.settings = settings
        workspace.__dict__["store"] = store
        return cls(workspace, State(root, settings.state_url), send)

    def close(self) -> None:
        """End what pages began (`closers`) and let the state go; the store belongs to whoever opened it."""
        for close in self.closers:
            close()
        self.state.close()

    @property
    def root(self) -> Path:
        return self.workspace.root

    @property
    def settings(self) -> Settings:
        return self.workspace.settings

    @property
    def store(self) -> DuckDBStore:
        return self.workspace.store

    def reload(self) -> None:
        """Take up what was changed in ``kizuna.toml``, own metrics and surveys.

        Settings that the facts were made by (time zone, currency, session_minutes …) hold for what is loaded from now
        on; `kizuna rebuild` makes the facts again.
        """
        with self._lock:
            self.workspace.settings = Settings.read(self.root / FILE)
            for part in ("catalogue", "business"):
                self.workspace.__dict__.pop(part, None)
            self.kept.clear()

    def imported(self) -> None:
        """Take up what a file brought: its columns are dimensions from now on."""
        self.workspace.__dict__.pop("business", None)

    def today(self) -> date:
        """Today in the workspace's zone."""
        return datetime.now(self.settings.zone).date()

    def last_day(self) -> date | None:
        """The last day, not after today, on which something happened; ``None`` in an empty workspace."""
        return self.kept.get("last day", self._last_day).value

    def _last_day(self) -> date | None:
        from kizuna.measure.ask import all_statistics, data_reach

        catalogue = self.workspace.catalogue
        recipes = [catalogue.recipe(name) for name in catalogue if not catalogue[name].variant]
        with self.store.reading() as data:
            reach = data_reach(data, all_statistics(recipes), self.workspace.business.planner)
        today = self.today()
        return max((min(r.last, today) for r in reach.values() if r.last), default=None)

    def rows(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        """One SELECT of our own with its values bound; never a user's text."""
        with self.store.reading() as data:
            return data.rows(sql, params)
