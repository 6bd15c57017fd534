"""What there is: the surveys of a workspace, and the instruments to make one of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from kizuna.errors import KizunaError
from kizuna.show.console import note, out

if TYPE_CHECKING:
    from kizuna.collect.survey.survey import Surveys
    from kizuna.workspace import Workspace

_RIGHT = ("asked", "answered")


def instruments(format: str) -> int:
    """Print what can be asked without writing a question."""
    from kizuna.collect.survey.survey import instruments

    rows = [{"instrument": name, "about": each.about} for name, each in instruments().items() if name != "comment"]
    if format == "json":
        return _json(rows)
    table = _table("instrument", "what it asks")
    for row in rows:
        table.add_row(Text(row["instrument"], "head"), Text(row["about"]))
    out().print(table)
    out().print(Text("kizuna surveys new NAME --instrument nps makes a survey of one.", "quiet"))
    return 0


def surveys(shop: Workspace, format: str) -> int:
    """Print the surveys with how often they were asked; 2 where a file is not right."""
    from kizuna.collect.survey.checks import BY_MAIL
    from kizuna.collect.survey.survey import Surveys

    known, counts = Surveys(shop.root), _counts(shop)
    rows = [_told(known, name, *counts.pop(name, (0, 0))) for name in known.names()]
    failed = any("problem" in row for row in rows)
    if format == "json":
        others = [{"survey": name, "asked": asked, "answered": n} for name, (asked, n) in counts.items()]
        return _json([*rows, *others], failed=failed)
    if rows:
        _print(rows)
    elif not counts:
        out().print(Text("There is no survey yet: kizuna surveys new NAME --instrument nps makes one."))
        out().print(Text("kizuna surveys instruments lists what can be asked.", "quiet"))
    if any(row.get("state") == "active" and row["when"] in BY_MAIL for row in rows):
        from kizuna.act.asker import mail_problem

        if problem := mail_problem(shop.settings):
            note(problem)
    for row in rows:
        if row.get("state") == "active":
            for problem in _conditions(shop, known, row["survey"]):
                note(f"{row['survey']}: {problem}")
    if counts:
        told = ", ".join(
            f"{name} ({asked:,} asked, {answered:,} answered)" for name, (asked, answered) in counts.items()
        )
        out().print(Text(f"asked elsewhere and imported: {told}", "quiet"), soft_wrap=True)
    return 2 if failed else 0


def asks_by_mail(root: Path) -> bool:
    """Whether a survey is active whose rule sends mails."""
    from kizuna.collect.survey.checks import BY_MAIL
    from kizuna.collect.survey.survey import Surveys

    known = Surveys(root)
    rows = [_told(known, name, 0, 0) for name in known.names()]
    return any(row.get("state") == "active" and row["when"] in BY_MAIL for row in rows)


def _conditions(shop: Workspace, known: Surveys, name: str) -> list[str]:
    """Why a survey that is active asks nobody: a condition that the workspace cannot answer."""
    from kizuna.show.commands.surveysheet import unmet

    survey = known.get(name)
    return unmet(shop, survey) if survey else []


def _print(rows: list[dict[str, Any]]) -> None:
    table = _table("survey", "state", "asks", "when", "where", "asked", "answered")
    for row in rows:
        if "problem" in row:
            table.add_row(Text(row["survey"], "head"), Text("not right", "worse"))
            continue
        state = Text(row["state"], "" if row["state"] == "active" else "quiet")
        told = (
            Text(row["instrument"] or row["asks"]),
            Text(row["when"].replace("_", " ")),
            Text(", ".join(row["channels"])),
        )
        table.add_row(Text(row["survey"], "head"), state, *told, f"{row['asked']:,}", f"{row['answered']:,}")
    out().print(table)
    for row in rows:
        if "problem" in row:
            out().print(Text(row["problem"], "worse"), soft_wrap=True)


def _told(known: Surveys, name: str, asked: int, answered: int) -> dict[str, Any]:
    try:
        survey = known.get(name)
    except KizunaError as error:
        return {"survey": name, "problem": str(error)}
    if survey is None:
        return {"survey": name, "problem": f"{name}.toml: a name is small letters, digits, - and _: rename the file."}
    text = survey.text
    return {
        "survey": name,
        "state": text.state,
        "instrument": text.instrument,
        "asks": survey.main.id,
        "when": text.when.after or "by hand",
        "channels": list(text.channels),
        "asked": asked,
        "answered": answered,
    }


def _counts(shop: Workspace) -> dict[str, tuple[int, int]]:
    """How often each survey was sent or shown, and answered completely."""
    found = shop.store.execute(
        "SELECT survey, count(*), count(responded_at) FROM survey_invitation WHERE survey IS NOT NULL GROUP BY survey"
        " ORDER BY survey"
    )
    return {name: (asked, answered) for name, asked, answered in found}


def _json(found: Any, *, failed: bool = False) -> int:
    out().print(json.dumps(found, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
    return 2 if failed else 0


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for head in heads:
        table.add_column(Text(head, "key"), overflow="fold", justify="right" if head in _RIGHT else "left")
    return table
