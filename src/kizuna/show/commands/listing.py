"""``kizuna metrics`` and ``kizuna facts``: what there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from kizuna.errors import UnknownName, WorkspaceError
from kizuna.facts import FACTS, QUESTIONS, Column, Fact
from kizuna.measure.catalogue import Catalogue
from kizuna.measure.metric import GROUPS, Metric
from kizuna.settings import Settings
from kizuna.show.commands.common import LanguageOption, WorkspaceOption, language_of, opened
from kizuna.show.console import out
from kizuna.show.words import word

FormatOption = Annotated[Literal["table", "json"], Parameter(help="how to print it")]


def metrics(
    search: Annotated[str, Parameter(help="words to look for in names, meanings and synonyms, in any language")] = "",
    /,
    *,
    format: FormatOption = "table",
    language: LanguageOption = None,
    workspace: WorkspaceOption = None,
) -> int:
    """List the catalogue, or search it in English, Japanese and Danish."""
    catalogue, first = _catalogue(workspace)
    found = catalogue.search(search) if search else list(catalogue.values())
    if format == "json":
        _print_json([_metric_dict(m) for m in found])
        return 0
    say = language or first
    if not found:
        out().print(Text(f"No metric is called or described by {search!r}. kizuna metrics lists them all."))
        return 0
    out().print(_metric_table(found, say, grouped=not search))
    out().print(Text(word("explain hint", say), "quiet"))
    return 0


def _catalogue(workspace: Path | None) -> tuple[Catalogue, str]:
    """The workspace's metrics and first language; the built-in ones where there is no workspace."""
    try:
        with opened(workspace) as shop:
            return shop.catalogue, language_of(shop, None)
    except WorkspaceError:
        if workspace is not None:
            raise
        return Catalogue(Settings({})), "en"


def _metric_table(found: list[Metric], say: str, *, grouped: bool) -> Table:
    """Metrics under their headings; what a search found stays in its order, best first."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", ratio=1)
    if not grouped:
        for metric in found:
            table.add_row(Text(metric.id), Text(metric.name[say]), Text(metric.meaning[say], "quiet"))
        return table
    groups = dict.fromkeys([*(g for g in GROUPS if any(m.group == g for m in found)), *(m.group for m in found)])
    for place, group in enumerate(groups):
        if place:
            table.add_row()
        table.add_row(Text(word(group, say), "head"))
        for metric in (m for m in found if m.group == group):
            table.add_row(Text(metric.id), Text(metric.name[say]), Text(metric.meaning[say], "quiet"))
    return table


def facts(
    name: Annotated[str | None, Parameter(help="one fact: its columns; none: all facts")] = None,
    /,
    *,
    format: FormatOption = "table",
) -> None:
    """List the kinds of facts, which of them can be imported, or the columns of one."""
    if name is not None and name not in FACTS:
        raise UnknownName("fact", name, FACTS, "kizuna facts lists them all.")
    if format == "json":
        _print_json(_fact_dict(FACTS[name]) if name else [_fact_dict(f) for f in FACTS.values()])
    elif name:
        _print_fact(FACTS[name])
    else:
        _print_facts()


def _print_facts() -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for head in ("fact", "what it is", "a row is"):
        table.add_column(head)
    for fact in FACTS.values():
        table.add_row(Text(fact.name, "head"), Text(fact.help), Text(fact.grain + _making(fact), "quiet"))
    out().print(table)
    out().print(Text("kizuna facts FACT lists its columns; kizuna import FACT FILE loads it.", "quiet"))


def _making(fact: Fact) -> str:
    if fact.instead:
        return " (made by Kizuna alone)"
    return " (made by Kizuna, or imported)" if fact.derived else ""


def _print_fact(fact: Fact) -> None:
    out().print(Text(fact.name, "head").append(f"  {fact.help}", "not bold"))
    key = f"told apart by {', '.join(fact.key)}" if fact.key else "told apart by their content"
    out().print(Text(f"One row is {fact.grain}; rows are {key}; {fact.time} places them in time.", "quiet"))
    if fact.instead:
        out().print(Text(f"Kizuna makes it of what it has; import {' or '.join(fact.instead)} instead.", "quiet"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for head in ("column", "type", "", "what it is"):
        table.add_column(head)
    for column in fact.columns:
        table.add_row(Text(column.name), Text(column.type, "quiet"), Text(_duty(column), "quiet"), Text(_about(column)))
    out().print(table)
    if fact.name == "survey_response":
        out().print(Text("\nKnown questions", "head"))
        for question, scale in QUESTIONS.items():
            said = f"{scale.low:g} to {scale.high:g}: {scale.help}" if scale else "answered by choice"
            out().print(Text(f"{question}  ").append(said, "quiet"))


def _duty(column: Column) -> str:
    if column.derived:
        return "computed"
    return "needed" if column.needed else ""


def _about(column: Column) -> str:
    said = column.help
    if column.choices:
        said += f" ({', '.join(column.choices)})"
    return said + (f"; {column.default} when empty" if column.default is not None else "")


def _fact_dict(fact: Fact) -> dict[str, Any]:
    columns = [
        {"name": c.name, "type": c.type, "role": c.role, "needed": c.needed, "derived": c.derived, "help": c.help}
        | ({"choices": list(c.choices)} if c.choices else {})
        for c in fact.columns
    ]
    about = {"name": fact.name, "help": fact.help, "grain": fact.grain, "imported": not fact.instead}
    return about | {"key": list(fact.key), "columns": columns}


def _metric_dict(metric: Metric) -> dict[str, Any]:
    texts = {key: {lang: getattr(metric, key)[lang] for lang in ("en", "ja", "da")} for key in ("name", "meaning")}
    said = {key: getattr(metric, key) for key in ("group", "kind", "unit", "direction", "reference")}
    return {"id": metric.id, **texts, **said, "also": list(metric.also), "source": list(metric.source)}


def _print_json(found: Any) -> None:
    out().print(json.dumps(found, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
