"""Tasks: what is to be done about an answer. A survey's ``[close_loop]`` raises them, people end them.

That a task was done, or is open again, is a step like all that happens to an invitation: kept for good, and made into
the fact ``task`` (`kizuna.store.surveys`). Each time round the step has an id of its own, so that two people who say
the same at the same moment have said it once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kizuna.collect.record import Record
from kizuna.collect.survey.step import Step, step_record
from kizuna.errors import QuestionError, UnknownName
from kizuna.store.duckdb import DuckDBStore

Task = dict[str, Any]
"""A row of the fact, by column."""

Send = Callable[[Iterable[Record]], list[bool]]

COLUMNS = (
    "task_id", "raised_at", "due_at", "done_at", "survey", "question", "score", "comment", "owner", "done_by", "note",
    "customer_no", "customer_id", "email", "phone", "channel", "campaign", "ticket_id", "order_id", "agent", "team",
    "tier", "country", "import_no",
)  # fmt: skip

SHORTEST = 6
"""So many letters of an id are told at least, where several begin alike."""

MOST_KNOWN = 999


def short(task_id: str, letters: int = SHORTEST + 2) -> str:
    """How a task is called on the command line."""
    return task_id.lstrip("-")[:letters]


def rows(store: DuckDBStore, wanted: str, given: dict[str, Any]) -> list[Task]:
    """The tasks of a condition of our own, with its values bound."""
    found = store.execute(f"SELECT {', '.join(COLUMNS)} FROM task WHERE {wanted}", given)
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


def of_ids(store: DuckDBStore, ids: Sequence[str]) -> dict[str, Task]:
    """The tasks with these ids, which are those of the invitations that were answered."""
    wanted = rows(store, "task_id IN (SELECT unnest($ids::VARCHAR[]))", {"ids": list(ids)}) if ids else []
    return {task["task_id"]: task for task in wanted}


def find(store: DuckDBStore, id: str) -> Task:
    """The task whose id it is, or begins so; a dash before it may be left out.

    Raises `UnknownName` where there is none, `QuestionError` where there are several.
    """
    whole = rows(store, "task_id = $id", {"id": id})
    if whole:
        return whole[0]
    begin = id.lstrip("-")
    found = rows(store, "starts_with(ltrim(task_id, '-'), $id) LIMIT 3", {"id": begin}) if begin else []
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(short(task["task_id"], SHORTEST + 6) for task in found)
        raise QuestionError(f"Several tasks begin with {id!r}: {listed}.", "Write more of the id.")
    latest = store.execute(f"SELECT task_id FROM task ORDER BY raised_at DESC LIMIT {MOST_KNOWN}")
    raise UnknownName("task", id, [short(task_id) for (task_id,) in latest], "kizuna tasks --state all lists them.")


def finish(store: DuckDBStore, send: Send, task: Task, by: str, note: str = "") -> bool:
    """Keep that a task was done; False where somebody said so a moment ago.

    Raises `QuestionError` for a task that was imported.
    """
    _ours(task, "done_at and done_by")
    turn = _turn(store, task)
    id = f"{task['task_id']}/task_done" + (f"/{turn}" if turn else "")
    return _keep(send, _step(task, what="task_done", by=by, detail=note), id)


def reopen(store: DuckDBStore, send: Send, task: Task, by: str) -> bool:
    """Keep that a task is open again; False where somebody said so a moment ago.

    Raises `QuestionError` for a task that was imported.
    """
    _ours(task, "an empty done_at")
    return _keep(
        send, _step(task, what="task_reopened", by=by), f"{task['task_id']}/task_reopened/{_turn(store, task)}"
    )


def _step(task: Task, **told: Any) -> Step:
    return Step(survey=task["survey"] or "", invitation=task["task_id"], **told)


def _keep(send: Send, step: Step, id: str) -> bool:
    (new,) = send([step_record(step, time.time_ns() // 1000, id)])
    return new


def _turn(store: DuckDBStore, task: Task) -> int:
    """How often it was opened again."""
    sql = "SELECT count(*) FROM survey_step WHERE what = 'task_reopened' AND invitation = $id"
    return int(store.execute(sql, {"id": task["task_id"]})[0][0])


def _ours(task: Task, columns: str) -> None:
    if task["import_no"] >= 0:
        raise QuestionError(
            f"{short(task['task_id'])} was imported: what brought it keeps account of it.",
            f"Import its file again with {columns}.",
        )
