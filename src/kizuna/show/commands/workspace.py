"""``kizuna init`` and ``kizuna settings``."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from kizuna.errors import WorkspaceError
from kizuna.mailserver import without_password
from kizuna.settings import SETTINGS, Settings
from kizuna.show.commands.common import WorkspaceOption, short
from kizuna.show.console import note, out


def init(
    folder: Annotated[
        Path, Parameter(help="the folder to make; its name is the business's name unless --name is given")
    ],
    /,
    *,
    timezone: Annotated[str, Parameter(help="IANA time zone in which days begin and end")] = "UTC",
    currency: Annotated[str, Parameter(help="ISO 4217 code of the currency money is kept in")] = "USD",
    name: Annotated[str | None, Parameter(help="the business's name, shown in titles")] = None,
) -> None:
    """Make a workspace: one folder for one business."""
    import kizuna

    named = {"name": name} if name else {}
    kizuna.init(folder, timezone=timezone, currency=currency, **named).close()
    out().print(Text(f"Made the workspace {short(folder)} ({timezone}, {currency})."))
    out().print(
        Text(
            f"Next: cd {folder}, then kizuna serve: its pages take files and show the numbers. "
            "Or stay here: kizuna import order orders.csv; kizuna facts lists what can be imported.",
            "quiet",
        )
    )


def settings(
    *,
    format: Annotated[Literal["table", "json"], Parameter(help="how to print it")] = "table",
    workspace: WorkspaceOption = None,
) -> None:
    """Show every setting, its value and where that comes from: environment, kizuna.toml or the default."""
    from kizuna.workspace import FILE, find

    folder = find(explicit=workspace)
    file = folder / FILE
    if not file.is_file():
        raise WorkspaceError(f"{folder} is not a workspace: it has no {FILE}.", f"Make one with: kizuna init {folder}.")
    note(f"workspace {short(folder)}")
    values, written = Settings.read(file), tomllib.loads(file.read_text(encoding="utf-8"))
    shown = {**values, "mail": without_password(values.mail), "state_url": _hidden(values.state_url)}
    rows = [(name, shown[name], origin(name, written), setting.help) for name, setting in SETTINGS.items()]
    if format == "json":
        found = [dict(zip(("name", "value", "from", "help"), row, strict=True)) for row in rows]
        out().print(json.dumps(found, ensure_ascii=False, indent=2, default=str), markup=False, soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for head in ("setting", "value", "from", "what it is"):
        table.add_column(head, overflow="fold")
    for name, value, place, said in rows:
        table.add_row(Text(name), Text(_value(value), "head"), Text(place, "quiet"), Text(said, "quiet"))
    out().print(table)


def origin(name: str, written: dict[str, Any]) -> str:
    """Where a setting's value comes from."""
    if f"KIZUNA_{name.upper()}" in os.environ:
        return f"KIZUNA_{name.upper()}"
    return "kizuna.toml" if name in written else "default"


def _hidden(state_url: str) -> str:
    if not state_url:
        return ""
    from kizuna.store.state.database import without_password as without

    return without(state_url)


def _value(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, default=str)
