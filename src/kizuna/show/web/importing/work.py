"""What is done with a dropped file: look at it, try it out, load it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from kizuna.collect.peek import Peek, peek, table_query
from kizuna.collect.report import FileReport
from kizuna.imports import import_files
from kizuna.show.web.hub import Hub
from kizuna.show.web.importing.drop import Choices, Drop, Drops
from kizuna.show.web.importing.form import added_up, said_in_full
from kizuna.show.web.importing.job import Job, What, jobs_of


def look(hub: Hub, drop: Drop) -> Peek:
    """The columns of a file with a few values, kept until something else is said of it. Raises `ImportFailed`."""
    choices = drop.choices
    key = (drop.id, choices.table, choices.options)
    path = Drops(hub.root).path(drop)

    def make() -> Peek:
        with tempfile.TemporaryDirectory(prefix=".peek-", dir=hub.root) as scratch, hub.store.apart() as store:
            return peek(store, path, choices.options, Path(scratch), choices.table)

    return jobs_of(hub).seen(key, make)


After = Callable[[FileReport], None]


def begin(hub: Hub, drop: Drop, what: What, seen: Peek, after: After = lambda _: None) -> Job:
    """Try a file out, or load it, behind the reader's back.

    `seen` is from `look`; `after` is done once it is loaded.
    """
    path, choices = Drops(hub.root).path(drop), drop.choices

    def work(job: Job) -> FileReport:
        report = _import(hub, path, choices, seen, what == "try", job)
        if what == "load":
            after(report)
        return report

    return jobs_of(hub).start(drop.id, what, choices, work)


def _import(hub: Hub, path: Path, choices: Choices, seen: Peek, dry_run: bool, job: Job) -> FileReport:
    """As `Workspace.import_file`, on a connection that can be interrupted."""
    with hub.store.apart() as store:
        job.interrupt = store.interrupt
        report = import_files(
            store,
            hub.settings,
            hub.root.absolute(),
            choices.fact,
            [path],
            mapping=added_up(said_in_full(choices, seen), seen.columns),
            group=(choices.group,) if choices.group else (),
            keep=choices.keep,
            sheet=seen.table if seen.kind == "xlsx" and seen.tables else None,
            query=table_query(seen.table) if seen.kind == "sqlite" else None,
            options=choices.options,
            dry_run=dry_run,
            progress=job.told,
        )
        job.interrupt = lambda: None
    hub.imported()
    return report.files[0]
