"""``kizuna import``, ``kizuna rejected`` and ``kizuna rebuild``."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from kizuna.collect.source import ReadOptions
from kizuna.errors import KizunaError, UnknownName
from kizuna.facts import FACTS, importable
from kizuna.show import number
from kizuna.show.commands.common import OutputOption, WorkspaceOption, opened
from kizuna.show.commands.output import as_csv, deliver
from kizuna.show.console import CONTROL, err, note, out

if TYPE_CHECKING:
    from kizuna.collect.report import FileReport, ImportReport
    from kizuna.store.setaside import SetAside

WIDEST, EXAMPLES = 32, 4

Progress = Callable[[str, float, float], None]


def import_(
    fact: Annotated[str, Parameter(help="what the rows are: order, ticket, survey_response … (kizuna facts)")],
    /,
    *files: Annotated[
        Path, Parameter(help="CSV, TSV, JSON, JSON lines, Parquet, XLSX, SQLite, access logs; also gzipped")
    ],
    map: Annotated[
        tuple[str, ...], Parameter(help="field=column or field=expression; may be given again", negative=())
    ] = (),
    group: Annotated[
        tuple[str, ...], Parameter(help="one row for each value of this column (event logs)", negative=())
    ] = (),
    keep: Annotated[tuple[str, ...], Parameter(help="keep this other column as a property", negative=())] = (),
    sheet: Annotated[str | None, Parameter(help="sheet of a workbook")] = None,
    query: Annotated[str | None, Parameter(help="SELECT on a SQLite file")] = None,
    encoding: Annotated[
        str | None, Parameter(help="of a text file, where it is found out wrong: cp932, latin-1 …")
    ] = None,
    delimiter: Annotated[str | None, Parameter(help="between columns, where it is found out wrong")] = None,
    dates: Annotated[Literal["day-first", "month-first"] | None, Parameter(help="how to read 03/04/2026")] = None,
    decimal: Annotated[Literal[".", ","] | None, Parameter(help="the decimal sign of the file")] = None,
    header: Annotated[bool | None, Parameter(help="whether the first line names the columns")] = None,
    dry_run: Annotated[bool, Parameter(help="show the mapping and the counts, load nothing", negative=())] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Load files of facts; the same file twice changes nothing, a corrected one replaces.

    Columns are matched by name and by known words in English, Japanese and Danish.
    """
    importable(fact)
    if not files:
        raise KizunaError("No file was named.", f"For example: kizuna import {fact} {fact}s.csv")
    with opened(workspace) as shop, progress_bar() as progress:
        report = shop.import_file(
            fact,
            *files,
            mapping=mapping_of(map),
            group=group,
            keep=keep,
            options=ReadOptions(None, encoding, delimiter, header, decimal, dates, sheet, query),
            dry_run=dry_run,
            progress=progress,
        )
    show_report(report)


def mapping_of(texts: Sequence[str]) -> dict[str, str]:
    """``field=column`` texts as a table."""
    pairs = {}
    for text in texts:
        field, equals, column = text.partition("=")
        if not equals or not field.strip():
            raise KizunaError(
                f"--map {text!r} says no field.", "Write --map field=column, for example --map value=total."
            )
        pairs[field.strip()] = column.strip()
    return pairs


def rejected(
    *,
    fact: Annotated[str | None, Parameter(help="only rows of this fact")] = None,
    from_import: Annotated[int | None, Parameter(name="--import", help="only those of this import")] = None,
    messages: Annotated[bool, Parameter(help="messages that were sent, instead of rows of files", negative=())] = False,
    source: Annotated[str | None, Parameter(help="only messages of this source")] = None,
    limit: Annotated[int, Parameter(help="at most this many; 0 for all")] = 20,
    format: Annotated[Literal["table", "json", "csv"], Parameter(help="how to print it")] = "table",
    output: OutputOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """List what did not fit, with its reason, the latest first: rows of files, or messages that were sent."""
    if messages or source is not None:
        _rejected_messages(source, limit, format, output, workspace)
        return
    if fact is not None and fact not in FACTS:
        raise UnknownName("fact", fact, FACTS, "kizuna facts lists them all.")
    with opened(workspace) as shop:
        rows = shop.store.execute(
            "SELECT r.import_no, r.fact, i.file, r.line_no, r.reason, r.row FROM rejected r "
            "LEFT JOIN import i USING (import_no) WHERE (? IS NULL OR r.fact = ?) AND (? IS NULL OR r.import_no = ?) "
            "ORDER BY r.import_no DESC, r.line_no LIMIT ?",
            [fact, fact, from_import, from_import, limit or 2**31],
        )
    names = ("import", "fact", "file", "line", "reason", "row")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    if format == "json":
        deliver(json.dumps(found, ensure_ascii=False, indent=2, default=str) + "\n", output)
    elif format == "csv" or output is not None:
        deliver(as_csv(names, found), output)
    elif not found:
        out().print(Text("Every row that was imported fits. kizuna rejected --messages lists messages."))
    else:
        out().print(_rejected_table(found))
        note("mend the file and import it again: rows under the same key are replaced")


def _rejected_messages(
    source: str | None, limit: int, format: str, output: Path | None, workspace: Path | None
) -> None:
    from kizuna.store.setaside import all_set_aside

    with opened(workspace) as shop:
        rows = all_set_aside(shop.store, source, limit)
        zone = shop.settings.zone
    names = ("received_at", "source", "call", "message_id", "reason", "detail", "message")
    found = [
        {name: getattr(row, name) for name in names} | {"received_at": f"{row.received_at:%Y-%m-%dT%H:%M:%S.%f}Z"}
        for row in rows
    ]
    if format == "json":
        deliver(json.dumps(found, ensure_ascii=False, indent=2, default=str) + "\n", output)
    elif format == "csv" or output is not None:
        deliver(as_csv(names, found), output)
    elif not found:
        out().print(Text("Every message that was sent fits."))
    else:
        out().print(_set_aside_table(rows, zone))
        note("once the cause is mended, kizuna replay loads those that fit then")


def _set_aside_table(rows: Sequence[SetAside], zone: tzinfo) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for name in ("received", "source", "call", "reason"):
        table.add_column(Text(name, "key"), max_width=None if name == "reason" else 40, overflow="fold")
    for row in rows:
        at = f"{row.received_at.replace(tzinfo=UTC).astimezone(zone):%Y-%m-%d %H:%M:%S}"
        table.add_row(*map(Text, (at, row.source, row.call)), Text(f"{row.reason}: {row.detail}", "worse"))
        table.add_row("", "", "", Text(row.message[:300].translate(CONTROL), "quiet"))
    return table


def _rejected_table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for name in ("import", "file", "line", "reason"):
        table.add_column(Text(name, "key"), max_width=None if name == "reason" else 40, overflow="fold")
    for row in found:
        place = (f"{row['import']} {row['fact']}", str(row["file"] or ""), number.count(row["line"]))
        table.add_row(*map(Text, place), Text(str(row["reason"]), "worse"))
        table.add_row("", "", "", Text(str(row["row"])[:300], "quiet"))
    return table


def rebuild(*, workspace: WorkspaceOption = None) -> None:
    """Make facts and numbers again from the files and messages that were kept: the same, whatever happened."""
    with opened(workspace, rebuilding=True) as shop, progress_bar() as progress:
        reports = shop.rebuild(progress=progress)
    rows = sum(report.added + report.replaced for report in reports)
    sent = reports.messages.rows
    parts = [f"from {_many(len(reports), 'import')}: {_many(rows, 'row')}"] if len(reports) or not sent else []
    parts += [f"from messages: {_many(sent, 'row')}"] if sent else []
    out().print(Text(f"Made again {'; '.join(parts)}."))
    for damage in reports.damage:
        out().print(Text(f"{damage}; restore it from a backup and rebuild again.", "worse"), soft_wrap=True)


@contextmanager
def progress_bar() -> Generator[Progress]:
    """A bar on stderr for work of more than a second; silent where stderr is not a terminal."""
    from time import monotonic

    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    began, console = monotonic(), err()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bars = Bars(*columns, console=console, transient=True, auto_refresh=True)
    task = bars.add_task("read", total=None)

    def report(stage: str, done: float, total: float) -> None:
        bars.update(task, description=STAGES.get(stage, stage), completed=done, total=total or None)
        if not bars.live.is_started and console.is_terminal and monotonic() - began > 1:
            bars.start()

    try:
        yield report
    finally:
        if bars.live.is_started:
            bars.stop()


STAGES = {
    "read": "reading",
    "check": "checking",
    "keep": "keeping the file",
    "load": "loading",
    "derive": "working out what follows",
    "done": "done",
    "rebuild": "making again",
    "messages": "loading messages",
}


def show_report(report: ImportReport) -> None:
    """What was mapped, how many rows went where, why rows were rejected, and what to do next."""
    for file in report.files:
        show_file(file)
    if report.problems:
        for what, step in report.problems:
            out().print(Text("problem: ", "worse").append(f"{what} {step}", "default"), soft_wrap=True)
        return
    if len(report.files) > 1:
        out().print(Text(_counts("all files", report.added, report.replaced, report.unchanged, report.rejected_rows)))
    out().print(Text(_next_step(report), "quiet"))


def show_file(file: FileReport) -> None:
    """One file: what it was found to be, its mapping, where its rows went."""
    if file.already:
        out().print(
            Text(file.file, "head").append(f"  had been imported already (import {file.import_no})", "not bold")
        )
        return
    found = ", ".join(f"{name} {value}" for name, value in file.found.items())
    out().print(Text(file.file, "head").append(f"  {found}", "not bold dim"))
    out().print(_mapping_table(file, out().width))
    for text in _asides(file):
        out().print(Text(text, "quiet"))
    if file.import_no:
        out().print(
            Text(_counts(f"import {file.import_no}", file.added, file.replaced, file.unchanged, file.rejected_rows))
        )
    elif not file.problems:
        fit = f"{_many(file.staged, 'row')} of {number.count(file.rows)} would be loaded"
        out().print(Text(f"dry run: {fit}, {number.count(file.rejected_rows)} rejected"))
    for reason, count in file.rejected.items():
        out().print(Text(f"  {number.count(count):>7}  ", "worse").append(reason, "default"))
    if file.examples:
        lines = "; ".join(f"line {line}: {reason}" for line, reason in file.examples)
        out().print(Text(f"  {lines}", "quiet"))


def _mapping_table(file: FileReport, width: int) -> Table:
    """Field by field; examples get the room that is left, and columns that say nothing are left out."""
    heads = ("field", "from", "how", "read as", "for example")
    rows = [(f.field, f.text, f.how, f.read_as, " | ".join(f.samples)) for f in file.mapping]
    shown = [place for place in range(len(heads)) if any(row[place] for row in rows)]
    widths = {place: max(cell_len(text) for text in (heads[place], *(row[place] for row in rows))) for place in shown}
    left = width - sum(min(size, WIDEST) + 2 for place, size in widths.items() if place != EXAMPLES)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for place in shown:
        cut = place == EXAMPLES
        most = max(left, 12) if cut else WIDEST
        table.add_column(Text(heads[place], "key"), max_width=most, no_wrap=cut, overflow="ellipsis" if cut else "fold")
    for row in rows:
        table.add_row(*(Text(row[place], "" if place < 2 else "quiet") for place in shown))
    return table


def _asides(file: FileReport) -> list[str]:
    said = list(file.notes)
    if file.group:
        said.append(f"one row for each {' and '.join(file.group)}")
    if file.kept:
        said.append(f"kept as properties: {', '.join(file.kept)}")
    if file.unused:
        said.append(f"not used: {', '.join(file.unused)} (--keep COLUMN keeps one, --map field=COLUMN uses it)")
    return said


def _counts(what: str, added: int, replaced: int, unchanged: int, rejected_rows: int) -> str:
    counted = {"added": added, "replaced": replaced, "unchanged": unchanged, "rejected": rejected_rows}
    return f"{what}: " + ", ".join(f"{number.count(n)} {name}" for name, n in counted.items())


def _next_step(report: ImportReport) -> str:
    if report.dry_run:
        return "Nothing was loaded. Run it without --dry-run to load it; --map field=column corrects the mapping."
    if report.rejected_rows:
        return "Next: kizuna rejected shows the rows that did not fit."
    return "Next: kizuna overview shows what can be measured now."


def _many(count: int, what: str) -> str:
    return f"{number.count(count)} {what}{'' if count == 1 else 's'}"
