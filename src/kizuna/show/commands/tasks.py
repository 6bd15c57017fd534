"""``kizuna tasks``: what is to be done about answers, and who did it."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

from cyclopts import Parameter
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from kizuna.act import task
from kizuna.act.task import Task
from kizuna.errors import QuestionError
from kizuna.locale.texts import say
from kizuna.show import number
from kizuna.show.commands.common import LanguageOption, WorkspaceOption, language_of, opened
from kizuna.show.commands.output import plain
from kizuna.show.commands.people import counted
from kizuna.show.console import clean, out

if TYPE_CHECKING:
    from kizuna.store.duckdb import DuckDBStore
    from kizuna.store.whois import Person
    from kizuna.workspace import Workspace

State = Literal["open", "done", "all"]
_WHICH = {"open": "done_at IS NULL", "done": "done_at IS NOT NULL", "all": "TRUE"}
FILE = "survey_results"
_LATEST = {
    "order": ("ordered_at", ("order_id", "value", "channel")),
    "ticket": ("opened_at", ("ticket_id", "channel", "priority", "resolved_at")),
    "survey_response": ("answered_at", ("survey", "question", "score", "choice", "comment")),
}
"""What the latest of are shown beside a task."""


def tasks(
    action: Annotated[
        Literal["list", "show", "done", "reopen"],
        Parameter(help="list them, show one with its customer, mark one as done, or as open again"),
    ] = "list",
    id: Annotated[str | None, Parameter(help="the task, or how its id begins")] = None,
    /,
    *,
    state: Annotated[State, Parameter(help="list: those that are open, those that were done, or all")] = "open",
    survey: Annotated[str | None, Parameter(help="list: only those of this survey")] = None,
    owner: Annotated[str | None, Parameter(help="list: only those of this owner")] = None,
    by: Annotated[str | None, Parameter(help="done, reopen: who did it; else who you are on this machine")] = None,
    note: Annotated[str, Parameter(help="done: what was done")] = "",
    limit: Annotated[int, Parameter(help="list: at most this many; 0 for all")] = 50,
    format: Annotated[Literal["table", "json"], Parameter(help="how to print it")] = "table",
    language: LanguageOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """List what is to be done about answers, those due first; show one with its customer, mark it done or open again.

    A survey's [close_loop] says which answers raise a task, and customers agree to be contacted before one is raised.
    """
    with opened(workspace) as shop:
        if action == "list":
            if id is not None:
                raise QuestionError("kizuna tasks list takes no id.", f"kizuna tasks show {id}")
            _list(shop, state, survey, owner, limit, format, language_of(shop, language))
            return
        if id is None:
            raise QuestionError(f"kizuna tasks {action} needs a task.", "kizuna tasks lists them with their ids.")
        found = task.find(shop.store, id)
        who = by or getpass.getuser()
        said = _done(shop, found, who, note) if action == "done" else ""
        said = _reopened(shop, found, who) if action == "reopen" else said
        found = task.find(shop.store, found["task_id"])
        _show(shop, found, said, format)


def _list(
    shop: Workspace, state: State, survey: str | None, owner: str | None, limit: int, format: str, language: str
) -> None:
    told = {"survey": survey, "owner": owner}
    given = {name: value for name, value in told.items() if value is not None}
    wanted = " AND ".join([_WHICH[state], *(f"{name} = ${name}" for name in given)])
    order = "done_at DESC, task_id" if state == "done" else "done_at IS NOT NULL, due_at NULLS LAST, raised_at, task_id"
    most = f" LIMIT {limit}" if limit > 0 else ""
    found = task.rows(shop.store, f"{wanted} ORDER BY {order}{most}", given)
    if format == "json":
        _json([_as_dict(each) for each in found])
        return
    _counted(shop.store, given, language)
    if not found:
        return
    now, zone = datetime.now(UTC).replace(tzinfo=None), shop.settings.zone
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    done = state == "done"
    for key in ("task", "done" if done else "due", "survey", "score", "customer", "by" if done else "owner", "said"):
        head = say(FILE, key, language)
        table.add_column(Text(head, "key"), overflow="fold", justify="right" if key == "score" else "left")
    for each in found:
        table.add_row(*_row(each, now, zone, language))
    out().print(table)
    short = _short(found[0]["task_id"])
    hint = say(FILE, "tasks_hint", language, id=short)
    if found[0]["done_at"] is None:
        hint += say(FILE, "tasks_close", language, id=short)
    out().print(Text(hint + ("。" if language == "ja" else "."), "quiet"))


def _row(about: Task, now: datetime, zone: ZoneInfo, language: str) -> list[RenderableType]:
    if about["done_at"] is not None:
        when = Text(_time(about["done_at"], zone), "quiet")
    else:
        late = about["due_at"] is not None and about["due_at"] < now
        due = _time(about["due_at"], zone) if about["due_at"] else "–"
        when = Text(say(FILE, "late", language, due=due) if late else due, "worse" if late else "")
    who = about["done_by"] if about["done_at"] is not None else about["owner"]
    return [
        Text(_short(about["task_id"]), "head"),
        when,
        Text(clean(about["survey"] or "")),
        Text(_score(about["score"])),
        Text(_who(about)),
        Text(clean(who or "–")),
        Text(clean(about["comment"] or "")[:80], "quiet"),
    ]


def _counted(store: DuckDBStore, given: dict[str, str], language: str) -> None:
    """One line: how many are open, how many of them late, how many were done."""
    wanted = " AND ".join(["TRUE", *(f"{name} = ${name}" for name in given)])
    now = datetime.now(UTC).replace(tzinfo=None)
    ((open_, late, done),) = store.execute(
        "SELECT count_if(done_at IS NULL), count_if(done_at IS NULL AND due_at < $now::TIMESTAMP), count(done_at)"
        f" FROM task WHERE {wanted}",
        {"now": now.isoformat(sep=" "), **given},
    )
    if not open_ and not done:
        out().print(Text(say(FILE, "no_tasks", language)))
        return
    text = Text(say(FILE, "tasks_open", language, count=number.count(open_, language)), "head")
    if late:
        text.append(say(FILE, "tasks_late", language, count=number.count(late, language)), "worse")
    out().print(text.append(say(FILE, "tasks_done", language, count=number.count(done, language)), "not bold"))


def _done(shop: Workspace, done: Task, by: str, note: str) -> str:
    """Keep that a task was done; says what came of it."""
    name = _short(done["task_id"])
    if done["done_at"] is not None:
        return f"{name} was done already, by {done['done_by'] or 'nobody known'}; nothing was changed."
    if not task.finish(shop.store, shop.send, done, by, note):
        return f"{name} was marked as done by somebody else just now."
    return f"{name} is done, by {by}."


def _reopened(shop: Workspace, done: Task, by: str) -> str:
    """Keep that a task is open again; says what came of it."""
    name = _short(done["task_id"])
    if done["done_at"] is None:
        return f"{name} is open; nothing was changed."
    if not task.reopen(shop.store, shop.send, done, by):
        return f"{name} was opened again by somebody else just now."
    return f"{name} is open again."


def _show(shop: Workspace, about: Task, said: str, format: str) -> None:
    from kizuna.store.whois import person

    who = person(shop.store, about["customer_no"]) if about["customer_no"] is not None else None
    latest = {name: _latest(shop.store, name, about["customer_no"]) for name in _LATEST} if who else {}
    if format == "json":
        context = {"ids": [str(seen.id) for seen in who.ids], "rows": who.rows} if who else None
        _json({"said": said or None, **_as_dict(about), "customer": context, "latest": latest})
        return
    if said:
        out().print(Text(said), soft_wrap=True)
        out().print()
    _print_task(about, shop.settings.zone)
    if who:
        _print_customer(who, latest, shop.settings.zone)


def _print_task(about: Task, zone: ZoneInfo) -> None:
    head = Text(clean(about["task_id"]), "head").append(f"  {clean(about['survey'] or '')}", "not bold")
    out().print(head.append("  done" if about["done_at"] else "  open", "not bold dim"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="key")
    table.add_column(overflow="fold")
    times = {name: _time(about[name], zone) for name in ("raised_at", "due_at", "done_at") if about[name]}
    said = {"score": f"{about['question']} {_score(about['score'])}" if about["score"] is not None else None}
    for name in task.COLUMNS[1:]:
        value = times.get(name) or said.get(name, about[name])
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


def _as_dict(about: Task) -> dict[str, Any]:
    state = "done" if about["done_at"] is not None else "open"
    told = {name: _plain(value) for name, value in about.items() if name != "import_no"}
    return {"state": state} | told


def _plain(value: Any) -> Any:
    """As JSON has it; times in UTC, which says so."""
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else plain(value)


def _json(found: Any) -> None:
    out().print(json.dumps(found, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)


def _short(task_id: str) -> str:
    return clean(task.short(task_id))


def _who(about: Task) -> str:
    return clean(str(about["customer_id"] or about["email"] or about["phone"] or "–"))


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:g}"


def _time(at: datetime, zone: ZoneInfo) -> str:
    """On the workspace's clock; what the store gives is UTC."""
    return f"{at.replace(tzinfo=at.tzinfo or UTC).astimezone(zone):%Y-%m-%d %H:%M}"
