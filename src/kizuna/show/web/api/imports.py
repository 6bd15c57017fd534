"""``/import/FACT``: a file of facts is sent and loaded; ``/imports/ID`` says how far one is that takes longer."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from litestar import Response
from litestar.exceptions import InternalServerException

from kizuna.collect.report import FileReport
from kizuna.errors import KizunaError, QuestionError, UnknownName
from kizuna.facts import importable
from kizuna.imports import import_files
from kizuna.show.web.api import examples
from kizuna.show.web.api.answered import told
from kizuna.show.web.api.audited import audited
from kizuna.show.web.api.call import Call, serves
from kizuna.show.web.api.operation import BASE, YES_OR_NO, Operation, Parameter, one_of, text
from kizuna.show.web.importing.drop import Choices, Drop, Drops
from kizuna.show.web.importing.job import Job, jobs_of

PATIENCE = 20.0
"""So many seconds a request waits for its import; then it is told where to ask."""


class Example(msgspec.Struct):
    """A row that did not fit."""

    line: int
    reason: str


class Report(msgspec.Struct):
    """What came of a file: rows by what became of them, and how its columns were read.

    `already` says that the same file was imported before, as `import_no`. `problems` are those of a dry run.
    """

    fact: str
    import_no: int
    rows: int
    added: int
    replaced: int
    unchanged: int
    rejected: dict[str, int]
    examples: list[Example]
    mapping: dict[str, str]
    unused: list[str]
    already: bool
    problems: list[str]


class Importing(msgspec.Struct):
    """An import: `state` is running, done or failed. While it runs `done` of `total` are over (0: not known yet)."""

    id: str
    state: str
    file: str
    dry_run: bool
    stage: str
    done: int
    total: int
    problem: str
    report: Report | None


FACT = Parameter("fact", text(60), "order", place="path")
FILES = ("application/octet-stream", "text/csv", "application/json", "application/vnd.apache.parquet")

IMPORT = Operation(
    "import_file",
    "POST",
    "/import/{fact:str}",
    Importing,
    (
        FACT,
        Parameter("file", text(150), "orders.csv", needed=True),
        Parameter("map", text(2_000), "customer_id=Customer", many=True, commas=False, text="p_mapping"),
        Parameter("keep", text(200), many=True, commas=False),
        Parameter("group", text(200), text="p_group_lines"),
        Parameter("sheet", text(200)),
        Parameter("encoding", text(40)),
        Parameter("delimiter", text(1)),
        Parameter("dates", one_of("day-first", "month-first")),
        Parameter("decimal", one_of(".", ",")),
        Parameter("dry_run", YES_OR_NO, True),
    ),
    example=examples.IMPORTING,
    role="editor",
    body=FILES,
    statuses=(202, 404, 413, 503),
)
STATE = Operation(
    "import_state",
    "GET",
    "/imports/{id:str}",
    Importing,
    (Parameter("id", text(40), "q3Zk0cYw5m8t1rB7uVxE2A", place="path", text="p_import"),),
    example=examples.IMPORTING,
    role="editor",
    statuses=(404,),
)


@serves(IMPORT)
def import_file(call: Call) -> Response[bytes]:
    """Load the file that was sent."""
    asked, drop = call.asked, call.drop
    assert drop is not None
    dry_run, given = asked.yes("dry_run"), asked.text("sheet")
    try:
        choices = Choices(
            fact=importable(asked.text("fact")).name,
            mapping=_mapping(asked.many("map")),
            group=asked.text("group"),
            keep=asked.many("keep"),
            table=given,
            encoding=asked.text("encoding") or None,
            delimiter=asked.text("delimiter") or None,
            decimal=asked.text("decimal") or None,
            dates=asked.text("dates") or None,
        )
    except BaseException:
        Drops(call.hub.root).remove(drop.id)
        raise
    job = jobs_of(call.hub).start(
        drop.id, "try" if dry_run else "load", choices, lambda job: _load(call, drop, choices, dry_run, job)
    )
    if not job.wait(PATIENCE):
        where = {"location": f"{BASE}/imports/{drop.id}"}
        return told(call.request, _told(drop.id, drop.name, job), status=202, headers=where)
    if isinstance(job.error, UnknownName):
        # Of a column or field in the file or the mapping: the address itself was right.
        raise QuestionError(job.error.what, job.error.next_step)
    if job.error is not None:
        raise job.error
    if job.failed:
        raise InternalServerException("The server failed at this file and wrote down why.")
    return told(call.request, _told(drop.id, drop.name, job), headers={"cache-control": "no-store"})


@serves(STATE)
def import_state(call: Call) -> Response[bytes]:
    """How far an import is, or what came of it; a server remembers the last hundred until it ends."""
    id = call.asked.text("id")
    job = jobs_of(call.hub).of(id)
    if job is None:
        raise UnknownName("import", id, (), "The list of imports stands on the page Data.")
    drop = Drops(call.hub.root).get(id)
    name = drop.name if drop else job.report.file if job.report else ""
    return told(call.request, _told(id, name, job), headers={"cache-control": "no-store"})


def _load(call: Call, drop: Drop, choices: Choices, dry_run: bool, job: Job) -> FileReport:
    """Load it on a connection that can be interrupted; a file that a stop or a failure of ours interrupts waits on."""
    hub, drops = call.hub, Drops(call.hub.root)
    try:
        with hub.store.apart() as store:
            job.interrupt = store.interrupt
            report = import_files(
                store,
                hub.settings,
                hub.root.absolute(),
                choices.fact,
                [drops.path(drop)],
                mapping=choices.mapping,
                group=(choices.group,) if choices.group else (),
                keep=choices.keep,
                sheet=choices.table or None,
                options=choices.options,
                dry_run=dry_run,
                progress=job.told,
            ).files[0]
            job.interrupt = lambda: None
    except KizunaError:
        drops.remove(drop.id)
        raise
    hub.imported()
    drops.remove(drop.id)
    if not dry_run:
        detail = {"import": report.import_no, "fact": choices.fact, "rows": report.rows}
        audited(call, "data.imported", drop.name, detail)
    return report


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    wrong = next((pair for pair in pairs if not pair.partition("=")[0].strip() or "=" not in pair), None)
    if wrong is not None:
        raise QuestionError(f"map cannot be {wrong[:80]!r}.", "It is field=column, such as customer_id=Customer.")
    return {field.strip(): column.strip() for field, _, column in (pair.partition("=") for pair in pairs)}


def _told(id: str, name: str, job: Job) -> Importing:
    state = "running" if not job.over else "done" if job.report is not None else "failed"
    problem = f"{job.error.what} {job.error.next_step}".strip() if job.error else ""
    if job.failed:
        problem = "The server failed at this file and wrote down why."
    report = _report(job.report, job.choices.fact) if job.report is not None else None
    return Importing(id, state, name, job.what == "try", job.stage, job.done, job.total, problem, report)


def _report(found: FileReport, fact: str) -> Report:
    return Report(
        fact,
        found.import_no,
        found.rows,
        found.added,
        found.replaced,
        found.unchanged,
        dict(found.rejected),
        [Example(line, reason) for line, reason in found.examples],
        {each.field: each.text for each in found.mapping},
        list(found.unused),
        found.already,
        [f"{what} {next_step}".strip() for what, next_step in found.problems],
    )


HANDLERS = (import_file, import_state)
