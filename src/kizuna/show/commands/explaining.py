"""``kizuna explain`` and ``kizuna rows``: what stands behind a number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

from cyclopts import Parameter
from rich.cells import cell_len, set_cell_size
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kizuna.show import number
from kizuna.show.commands.common import (
    LanguageOption,
    OutputOption,
    SegmentOption,
    SinceOption,
    UntilOption,
    WhereOption,
    WorkspaceOption,
    language_of,
    opened,
)
from kizuna.show.commands.output import Format, deliver, format_of, plain, table_content
from kizuna.show.console import note, out, to_text
from kizuna.show.period import day, period
from kizuna.show.words import word

if TYPE_CHECKING:
    import pyarrow as pa

    from kizuna.measure.explain import Explanation

Dialect = Literal["duckdb", "spark", "clickhouse"]
ORIGIN = "from"
WIDEST = 28
METHODS = {"up": "higher is better", "down": "lower is better", "none": "neither way is better"}


def explain(
    metric: Annotated[str, Parameter(help="id of a metric")],
    /,
    *metrics: Annotated[str, Parameter(help="more of them")],
    dialect: Annotated[Dialect | None, Parameter(help="the SQL of this engine only; none: that of DuckDB")] = None,
    format: Annotated[Literal["table", "json"], Parameter(help="how to print it")] = "table",
    language: LanguageOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Show a metric's definition, variants and how they differ, formula, SQL, freshness and rows."""
    with opened(workspace) as shop:
        found = [shop.explain(name) for name in (metric, *metrics)]
    if format == "json":
        out().print(json.dumps([as_dict(e) for e in found], ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
        return
    say, currency = language_of(shop, language), str(shop.settings.currency)
    for place, explanation in enumerate(found):
        if place:
            out().print()
        out().print(explained(explanation, say, currency, dialect or "duckdb"))


def explained(found: Explanation, say: str, currency: str, dialect: str) -> RenderableType:
    """One metric's explanation, from the sentence down to the SQL."""
    metric = found.metric
    lines: list[RenderableType] = [
        Text(metric.name[say], "head").append(f"  {metric.id}", "not bold dim"),
        Text(metric.meaning[say]),
        Text(_kind(found), "quiet"),
    ]
    if metric.reference:
        lines.append(Text(metric.reference, "quiet"))
    lines += [Text(), _headed("Formula", _formula(found, say, currency))]
    if len(found.variants) > 1:
        lines += [Text(), _headed("Definitions of the same idea", _variants(found, say))]
    lines += [Text(), _headed("Data", Text(_freshness(found, say)))]
    lines += [Text(), _headed(f"SQL ({dialect})", Text("\n\n".join(found.sql[dialect])))]
    others = " or ".join(name for name in found.sql if name != dialect)
    lines += [Text(), Text(f"--dialect {others} writes it for other engines", "quiet")]
    return Group(*lines)


def _headed(head: str, body: RenderableType) -> RenderableType:
    return Group(Text(head, "head"), Padding(body, (0, 0, 0, 2)))


def _kind(found: Explanation) -> str:
    metric = found.metric
    said = [metric.group, metric.kind, metric.unit, METHODS[metric.direction]]
    if metric.source:
        said.append(f"source {', '.join('S' + s for s in metric.source)}")
    return " · ".join(said)


def _formula(found: Explanation, say: str, currency: str) -> RenderableType:
    value = number.value(found.value, found.metric.unit, say, currency)
    lines: list[RenderableType] = [Text(found.formula)]
    if found.filled and found.filled != found.formula:
        lines.append(Text(f"= {found.filled}"))
    lines.append(Text(f"= {value}  ({period(found.example.start, found.example.end, language=say)})"))
    grid = Table.grid(padding=(0, 2, 0, 0))
    for name, said in found.parts.items():
        grid.add_row(Text(name, "quiet"), Text(said, "quiet"))
    return Group(*lines, grid)


def _variants(found: Explanation, say: str) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for metric in found.variants:
        grid.add_row(Text(metric.id, "head" if metric.id == found.metric.id else ""), Text(metric.meaning[say]))
    return grid


def _freshness(found: Explanation, say: str) -> str:
    if not found.rows or found.data_from is None or found.data_until is None:
        return word("no data", say)
    days = f"{day(found.data_from, say)} – {day(found.data_until, say)}"
    return f"{word('rows behind', say, rows=number.count(found.rows, say))} · {days}"


def as_dict(found: Explanation) -> dict[str, Any]:
    """An explanation for programs."""
    metric = found.metric
    return {
        "metric": metric.id,
        "name": metric.name.en,
        "meaning": metric.meaning.en,
        "kind": metric.kind,
        "unit": metric.unit,
        "direction": metric.direction,
        "formula": found.formula,
        "filled": found.filled,
        "parts": found.parts,
        "variants": {m.id: m.meaning.en for m in found.variants},
        "sql": {dialect: list(statements) for dialect, statements in found.sql.items()},
        "data_from": plain(found.data_from),
        "data_until": plain(found.data_until),
        "rows": found.rows,
        "value": found.value,
        "example_start": plain(found.example.start),
        "example_end": plain(found.example.end),
    }


def rows(
    metric: Annotated[str, Parameter(help="id of a metric")],
    /,
    *,
    since: SinceOption = None,
    until: UntilOption = None,
    where: WhereOption = "",
    segment: SegmentOption = "",
    limit: Annotated[int, Parameter(help="at most this many rows, the newest first; 0 for all")] = 20,
    format: Annotated[Format | None, Parameter(help="how to print it; a table unless --output says otherwise")] = None,
    output: OutputOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """List the facts behind a number, newest first, with the import and line each came from."""
    chosen = format_of(format, output)
    with opened(workspace) as shop:
        table = shop.rows(metric, since=since, until=until, where=where, segment=segment, limit=limit or None)
    zone = shop.settings.zone
    if chosen == "md":
        deliver(f"{table_content(at_home(table, zone), chosen)!s}\n{_clock(zone)}\n", output)
    elif chosen != "table":
        deliver(table_content(table, chosen), output)
    elif not table.num_rows:
        out().print(Text(word("no data", language_of(shop, None))))
    elif output is not None:
        shown = with_origin(at_home(table, zone))
        deliver(to_text(rows_table(shown, shown.column_names), width=10_000) + f"\n{_clock(zone)}\n", output)
    else:
        _print_rows(with_origin(at_home(table, zone)))
        out().print(Text(_clock(zone), "quiet"))
    if limit and table.num_rows == limit:
        note(f"the newest {limit} rows; --limit 0 lists all")


def at_home(table: pa.Table, zone: ZoneInfo) -> pa.Table:
    """The table for people: times by the clock of their zone, to the second, instead of UTC."""
    import pyarrow as pa

    for place, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            moments = (moment and moment.replace(tzinfo=UTC).astimezone(zone) for moment in table[place].to_pylist())
            texts = [moment and f"{moment:%Y-%m-%d %H:%M:%S}" for moment in moments]
            table = table.set_column(place, column.name, pa.array(texts, pa.string()))
    return table


def _clock(zone: ZoneInfo) -> str:
    return f"times are those of {zone.key}"


def with_origin(table: pa.Table) -> pa.Table:
    """The table for people: instead of two numbers, the last column says where each row came from."""
    import pyarrow as pa

    places = zip(table["import_no"].to_pylist(), table["line_no"].to_pylist(), strict=True)
    told = ["" if not no else "messages" if no < 0 else f"import {no}, line {line}" for no, line in places]
    return table.drop_columns(["import_no", "line_no"]).append_column(ORIGIN, pa.array(told, pa.string()))


def _print_rows(table: pa.Table) -> None:
    names = that_fit(table, out().width)
    out().print(rows_table(table, names))
    if left := len(table.column_names) - len(names):
        note(f"{left} more columns: --format json or --output FILE has them all")


def that_fit(table: pa.Table, width: int) -> list[str]:
    """As many columns as there is room for, in their order; where a row came from is always there."""
    widths = {name: max(cell_len(name), *map(cell_len, column)) + 2 for name, column in _texts(table).items()}
    kept = {ORIGIN} & widths.keys()
    room = width + 2 - sum(widths[name] for name in kept)
    for name, needed in widths.items():
        if name not in kept and needed <= room:
            kept.add(name)
            room -= needed
    return [name for name in table.column_names if name in kept]


def rows_table(table: pa.Table, names: Sequence[str]) -> Table:
    """Rows of facts, one line each; long texts are cut."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    texts = _texts(table)
    for name in names:
        shown.add_column(Text(name, "key"), no_wrap=True)
    for cells in zip(*(texts[name] for name in names), strict=True):
        shown.add_row(*map(Text, cells))
    return shown


def _texts(table: pa.Table) -> dict[str, list[str]]:
    return {name: [_cut(cell) for cell in table[name].to_pylist()] for name in table.column_names}


def _cut(cell: Any) -> str:
    text = "" if cell is None else str(plain(cell)).replace("\n", " ")
    return text if cell_len(text) <= WIDEST else set_cell_size(text, WIDEST - 1) + "…"
