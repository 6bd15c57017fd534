"""``kizuna tasks``: what is to be done about answers, and who did it."""

from __future__ import annotations

import getpass
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

from cyclopts import Parameter
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from kizuna.errors import QuestionError, UnknownName
from kizuna.show import number
from kizuna.show.commands.common import WorkspaceOption, opened
from kizuna.show.commands.output import plain
from kizuna.show.commands.people import counted
from kizuna.show.console import clean, out

if TYPE_CHECKING:
    from kizuna.store.duckdb import DuckDBStore
    from kizuna.store.whois import Person
    from kizuna.workspace import Workspace

State = Literal["open", "done", "all"]
_COLUMNS = (
    "task_id", "raised_at", "due_at", "done_at", "survey", "question", "score", "comment", "owner", "done_by", "note",
    "customer_no", "customer_id", "email", "phone", "channel", "campaign", "ticket_id", "order_id", "agent", "team",
    "tier", "country", "import_no",
)  # fmt: skip
_WHICH = {"open": "done_at IS NULL", "done": "done_at IS NOT NULL", "all": "TRUE"}
SHORTEST = 6
_LATEST = {
    "order": ("ordered_at", ("order_id", "value", "channel")),
    "ticket": ("opened_at", ("ticket_id", "channel", "priority", "resolved_at")),
    "survey_response": ("answered_at", ("survey", "question", "score", "choice", "comment")),
}
"""What the latest of are shown beside a task."""

Task = dict[str, Any]


def tasks(
    action: Annotated[
        Literal["list", "show", "done"], Parameter(help="list them, show one with its customer, or mark one as done")
    ] = "list",
    id: Annotated[str | None, Parameter(help="the task, or how its id begins")] = None,
    /,
    *,
    state: Annotated[State, Parameter(help="list: those that are open, those that were done, or all")] = "open",
    survey: Annotated[str | None, Parameter(help="list: only those of this survey")] = None,
    owner: Annotated[str | None, Parameter(help="list: only those of this owner")] = None,
    by: Annotated[str | None, Parameter(help="done: who did it; else who you are on this machine")] = None,
    note: Annotated[str, Parameter(help="done: what was done")] = "",
    limit: Annotated[int, Parameter(help="list: at most this many; 0 for all")] = 50,
    format: Annotated[Literal["table", "json"], Parameter(help="how to print it")] = "table",
    workspace: WorkspaceOption = None,
) -> None:
    """List what is to be done about answers, those due first; show one with its customer, or mark it as done.

    A survey's [close_loop] says which answers raise a task, and customers agree to be contacted before one is raised.
    """
    with opened(workspace) as shop:
        if action == "list":
            if id is not None:
                raise QuestionError("kizuna tasks list takes no id.", f"kizuna tasks show {id}")
            _list(shop, state, survey, owner, limit, format)
            return
        if id is None:
            raise QuestionError(f"kizuna tasks {action} needs a task.", "kizuna tasks lists them with their ids.")
        task = _found(shop.store, id)
        said = _done(shop, task, by or getpass.getuser(), note) if action == "done" else ""
        task = _found(shop.store, task["task_id"])
        _show(shop, task, said, format)


def _list(shop: Workspace, state: State, survey: str | None, owner: str | None, limit: int, format: str) -> None:
    told = {"survey": survey, "owner": owner}
    given = {name: value for name, value in told.items() if value is not None}
    wanted = " AND ".join([_WHICH[state], *(f"{name} = ${name}" for name in given)])
    order = "done_at DESC, task_id" if state == "done" else "done_at IS NOT NULL, due_at NULLS LAST, raised_at, task_id"
    most = f" LIMIT {limit}" if limit > 0 else ""
    found = _rows(shop.store, f"{wanted} ORDER BY {order}{most}", given)
    if format == "json":
        _json([_as_dict(task) for task in found])
        return
    _counted(shop.store, given)
    if not found:
        return
    now, zone = datetime.now(UTC).replace(tzinfo=None), shop.settings.zone
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    heads = (
        "task",
        "done" if state == "done" else "due",
        "survey",
        "score",
        "who",
        "by" if state == "done" else "owner",
        "said",
    )
    for head in heads:
        table.add_column(Text(head, "key"), overflow="fold", justify="right" if head == "score" else "left")
    for task in found:
        table.add_row(*_row(task, now, zone))
    out().print(table)
    short = _short(found[0]["task_id"])
    hint = f"kizuna tasks show {short} tells of the customer"
    if found[0]["done_at"] is None:
        hint += f"; kizuna tasks done {short} closes it"
    out().print(Text(f"{hint}.", "quiet"))


def _row(task: Task, now: datetime, zone: ZoneInfo) -> list[RenderableType]:
    if task["done_at"] is not None:
        when = Text(_time(task["done_at"], zone), "quiet")
    else:
        late = task["due_at"] is not None and task["due_at"] < now
        due = _time(task["due_at"], zone) if task["due_at"] else "–"
        when = Text(f"{due} late" if late else due, "worse" if late else "")
    who = task["done_by"] if task["done_at"] is not None else task["owner"]
    return [
        Text(_short(task["task_id"]), "head"),
        when,
        Text(clean(task["survey"] or "")),
        Text(_score(task["score"])),
        Text(_who(task)),
        Text(clean(who or "–")),
        Text(clean(task["comment"] or "")[:80], "quiet"),
    ]


def _counted(store: DuckDBStore, given: dict[str, str]) -> None:
    """One line: how many are open, how many of them late, how many were done."""
    wanted = " AND ".join(["TRUE", *(f"{name} = ${name}" for name in given)])
    now = datetime.now(UTC).replace(tzinfo=None)
    ((open_, late, done),) = store.execute(
        "SELECT count_if(done_at IS NULL), count_if(done_at IS NULL AND due_at < $now::TIMESTAMP), count(done_at)"
        f" FROM task WHERE {wanted}",
        {"now": now.isoformat(sep=" "), **given},
    )
    if not open_ and not done:
        out().print(Text("There is no task. [close_loop] in a survey's file says which answers raise one."))
        return
    text = Text(f"{open_:,} open", "head")
    if late:
        text.append(f", {late:,} of them late", "worse")
    out().print(text.append(f", {done:,} done", "not bold"))


def _found(store: DuckDBStore, id: str) -> Task:
    """The task whose id it is, or begins so; a dash before it may be left out."""
    whole = _rows(store, "task_id = $id", {"id": id})
    if whole:
        return whole[0]
    begin = id.lstrip("-")
    found = _rows(store, "starts_with(ltrim(task_id, '-'), $id) LIMIT 3", {"id": begin}) if begin else []
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(_short(task["task_id"], SHORTEST + 6) for task in found)
        raise QuestionError(f"Several tasks begin with {id!r}: {listed}.", "Write more of the id.")
    known = [
        _short(task_id) for (task_id,) in store.execute("SELECT task_id FROM task ORDER BY raised_at DESC LIMIT 999")
    ]
    raise UnknownName("task", id, known, "kizuna tasks --state all lists them.")


def _done(shop: Workspace, task: Task, by: str, note: str) -> str:
    """Keep that a task was done; says what came of it."""
    from kizuna.collect.survey.step import Step, step_record

    name = _short(task["task_id"])
    if task["done_at"] is not None:
        return f"{name} was done already, by {task['done_by'] or 'nobody known'}; nothing was changed."
    if task["import_no"] >= 0:
        raise QuestionError(
            f"{name} was imported: what brought it keeps account of it.",
            "Import its file again with done_at and done_by.",
        )
    at = time.time_ns() // 1000
    step = Step(what="task_done", survey=task["survey"] or "", invitation=task["task_id"], by=by, detail=note)
    (new,) = shop.send([step_record(step, at)])
    if not new:
        return f"{name} was marked as done by somebody else just now."
    return f"{name} is done, by {by}."


def _show(shop: Workspace, task: Task, said: str, format: str) -> None:
    from kizuna.store.whois import person

    who = person(shop.store, task["customer_no"]) if task["customer_no"] is not None else None
    latest = {name: _latest(shop.store, name, task["customer_no"]) for name in _LATEST} if who else {}
    if format == "json":
        context = {"ids": [str(seen.id) for seen in who.ids], "rows": who.rows} if who else None
        _json({"said": said or None, **_as_dict(task), "customer": context, "latest": latest})
        return
    if said:
        out().print(Text(said), soft_wrap=True)
        out().print()
    _print_task(task, shop.settings.zone)
    if who:
        _print_customer(who, latest, shop.settings.zone)


def _print_task(task: Task, zone: ZoneInfo) -> None:
    head = Text(clean(task["task_id"]), "head").append(f"  {clean(task['survey'] or '')}", "not bold")
    out().print(head.append("  done" if task["done_at"] else "  open", "not bold dim"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="key")
    table.add_column(overflow="fold")
    times = {name: _time(task[name], zone) for name in ("raised_at", "due_at", "done_at") if task[name]}
    said = {"score": f"{task['question']} {_score(task['score'])}" if task["score"] is not None else None}
    for name in _COLUMNS[1:]:
        value = times.get(name) or said.get(name, task[name])
        if value is not None and name not in ("customer_no", "survey", "question", "import_no"):
            table.add_row(Text(name.removesuffix("_at").replace("_", " ")), Text(clean(str(value))))
    out().print(table)


def _print_customer(who: Person, latest: dict[str, list[dict[str, Any]]], zone: ZoneInfo) -> None:
    counts = counted({name: count for name, count in who.rows.items() if name != "identifier"})
    out().print()
    out().print(
        Text("customer", "head").append(f"  {clean(', '.join(str(seen.id) for seen in who.ids))}", "not bold"),
        soft_wrap=True,
    )
    out().print(Text(counts, "quiet"), soft_wrap=True)
    for name, rows in latest.items():
        if not rows:
            continue
        out().print(Text(f"latest {name.replace('_', ' ')}s", "key"))
        for row in rows:
            time_name = _LATEST[name][0]
            rest = "  ".join(
                _told(key, value, zone) for key, value in row.items() if value is not None and key != time_name
            )
            out().print(Text(f"  {_time(datetime.fromisoformat(row[time_name]), zone)}  {rest}"), soft_wrap=True)


def _told(name: str, value: Any, zone: ZoneInfo) -> str:
    if name.endswith("_at"):
        return f"{name.removesuffix('_at')} {_time(datetime.fromisoformat(value), zone)}"
    if isinstance(value, float):
        return number.value(value, "count") if name == "value" else _score(value)
    return clean(str(value))


def _latest(store: DuckDBStore, fact: str, customer_no: int) -> list[dict[str, Any]]:
    time_name, columns = _LATEST[fact]
    names = (time_name, *columns)
    rows = store.execute(
        f'SELECT {", ".join(names)} FROM "{fact}" WHERE customer_no = ? ORDER BY {time_name} DESC, row_key LIMIT 3',
        [customer_no],
    )
    return [dict(zip(names, map(_plain, row), strict=True)) for row in rows]


def _rows(store: DuckDBStore, wanted: str, given: dict[str, str]) -> list[Task]:
    rows = store.execute(f"SELECT {', '.join(_COLUMNS)} FROM task WHERE {wanted}", given)
    return [dict(zip(_COLUMNS, row, strict=True)) for row in rows]


def _as_dict(task: Task) -> dict[str, Any]:
    state = "done" if task["done_at"] is not None else "open"
    told = {name: _plain(value) for name, value in task.items() if name != "import_no"}
    return {"state": state} | told


def _plain(value: Any) -> Any:
    """As JSON has it; times in UTC, which says so."""
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else plain(value)


def _json(found: Any) -> None:
    out().print(json.dumps(found, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)


def _short(task_id: str, letters: int = SHORTEST + 2) -> str:
    return clean(task_id).lstrip("-")[:letters]


def _who(task: Task) -> str:
    return clean(str(task["customer_id"] or task["email"] or task["phone"] or "–"))


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:g}"


def _time(at: datetime, zone: ZoneInfo) -> str:
    """On the workspace's clock; what the store gives is UTC."""
    return f"{at.replace(tzinfo=at.tzinfo or UTC).astimezone(zone):%Y-%m-%d %H:%M}"
