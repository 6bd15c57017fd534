"""``kizuna hooks``: the webhooks a workspace takes, and what would come of one."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from kizuna.errors import ImportFailed, KizunaError, UnknownName, WorkspaceError
from kizuna.settings import Settings
from kizuna.show.commands.common import WorkspaceOption, short
from kizuna.show.console import note, out

if TYPE_CHECKING:
    from kizuna.collect.hookfile import Hook
    from kizuna.collect.hooktry import RuleTried, Tried
    from kizuna.collect.webhooks import Hooks


def hooks(
    action: Annotated[
        Literal["check", "presets"] | None, Parameter(help="check tries a body out; presets lists the senders known")
    ] = None,
    name: Annotated[str | None, Parameter(help="the hook, or the preset to print")] = None,
    file: Annotated[Path | None, Parameter(help="the body, as the sender posts it")] = None,
    /,
    *,
    header: Annotated[
        tuple[str, ...], Parameter(help="'Name: value' of the request; may be given again", negative=())
    ] = (),
    format: Annotated[Literal["table", "json"], Parameter(help="how to print it")] = "table",
    workspace: WorkspaceOption = None,
) -> int:
    """List the webhooks that the workspace takes, or show the rows that would come of a body.

    Nothing is kept or changed by it.
    """
    if action == "presets":
        return _presets(name)
    found, settings = _hooks(workspace)
    if action == "check":
        return _check(found, settings, name, file, header, format)
    return _list(found, settings, format)


def _hooks(workspace: Path | None) -> tuple[Hooks, Settings]:
    from kizuna.collect.webhooks import Hooks
    from kizuna.workspace import FILE, find

    folder = find(explicit=workspace)
    if not (folder / FILE).is_file():
        raise WorkspaceError(f"{folder} is not a workspace: it has no {FILE}.", f"Make one with: kizuna init {folder}.")
    note(f"workspace {short(folder)}")
    settings = Settings.read(folder / FILE)
    return Hooks(folder, settings), settings


def _presets(name: str | None) -> int:
    from kizuna.collect.hookfile import preset_names, preset_text

    if name is not None:
        if name not in preset_names():
            raise UnknownName("preset", name, preset_names(), "kizuna hooks presets lists them.")
        out().print(preset_text(name), markup=False, highlight=False, soft_wrap=True, end="")
        return 0
    table = _table("preset", "what it does")
    for each in preset_names():
        about = preset_text(each).split('about = "')[1].split('"')[0]
        table.add_row(Text(each, "head"), Text(about))
    out().print(table)
    out().print(Text('Use one in hooks/NAME.toml: preset = "stripe". kizuna hooks presets NAME prints it.', "quiet"))
    return 0


def _list(found: Hooks, settings: Settings, format: str) -> int:
    rows = [_told(found, name, settings) for name in found.names()]
    if format == "json":
        out().print(json.dumps(rows, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
    elif not rows:
        out().print(Text("There is no hook yet: make hooks/NAME.toml in the workspace."))
        out().print(Text("kizuna hooks presets lists the senders whose webhooks are known.", "quiet"))
    else:
        table = _table("hook", "facts", "signed by", "address")
        for row in rows:
            facts = Text("not right", "worse") if row["problem"] else Text(row["facts"])
            told = (facts, Text(row["signature"], "worse" if row["open"] else ""), Text(row["address"]))
            table.add_row(Text(row["hook"], "head"), *told)
        out().print(table)
        for problem in filter(None, (row["problem"] for row in rows)):
            out().print(Text(problem, "worse"), soft_wrap=True)
    return 2 if any(row["problem"] for row in rows) else 0


def _told(found: Hooks, name: str, settings: Settings) -> dict[str, Any]:
    from kizuna.collect.webhooks import hook_url

    row = {
        "hook": name,
        "facts": "",
        "signature": "",
        "address": hook_url(name, settings),
        "open": False,
        "problem": "",
    }
    try:
        hook = found.get(name)
    except ImportFailed as error:
        return row | {"problem": str(error)}
    if hook is None:
        return row | {"problem": "a hook's name is letters, digits, - and _: rename the file"}
    row["facts"] = ", ".join(dict.fromkeys(rule.fact.name for rule in hook.rules))
    row["signature"], row["open"] = _signed(hook)
    return row


def _signed(hook: Hook) -> tuple[str, bool]:
    """How it is signed, and whether that is something to mend."""
    from kizuna.collect.signature import Unsigned

    if hook.signature.scheme == "none":
        return "nobody: whoever knows the address can send", True
    try:
        keys = len(hook.signature.secrets())
    except Unsigned as error:
        return str(error), True
    if not keys:
        named = hook.signature.secret_env
        wanted = named if isinstance(named, str) else ", ".join(named)
        return f"{hook.signature.scheme}, but {wanted} is not set: everything is refused", True
    return hook.signature.scheme + (f", {keys} secrets" if keys > 1 else ""), False


def _check(
    found: Hooks, settings: Settings, name: str | None, file: Path | None, headers: Sequence[str], format: str
) -> int:
    from kizuna.collect.hooktry import try_hook
    from kizuna.collect.refused import Refused

    if name is None or file is None:
        raise KizunaError("A hook and a file are needed.", "For example: kizuna hooks check stripe body.json")
    hook = found.get(name)
    if hook is None:
        raise UnknownName("hook", name, found.names(), "kizuna hooks lists them.")
    if not file.is_file():
        raise KizunaError(f"There is no file {file}.", "Save a body as the sender posts it, and name that.")
    try:
        tried = try_hook(hook, _headers(headers), file.read_bytes(), time.time_ns() // 1000, settings)
    except Refused as error:
        raise KizunaError(f"{file}: {error.detail}", "Save the body as the sender posts it.") from None
    if format == "json":
        out().print(
            json.dumps(_as_dict(tried), ensure_ascii=False, indent=2, default=str), markup=False, soft_wrap=True
        )
    else:
        _print(tried)
    fits = any(rule.rows for rule in tried.rules)
    return 0 if fits and not tried.refused and not any(rule.unfit for rule in tried.rules) else 2


def _headers(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise KizunaError(f"--header {text!r} is no header.", "Write --header 'X-Topic: orders/create'.")
        found[name.strip()] = value.strip()
    return found


def _print(tried: Tried) -> None:
    if tried.refused:
        out().print(Text("refused with 401: ", "worse").append(tried.refused, "default"), soft_wrap=True)
    elif not tried.signed:
        note("the signature was not looked at: give its header with --header to have it checked")
    when = datetime.fromtimestamp(tried.at / 1e6, UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    how = "" if tried.id_found else " (made from the content, as the hook's id is not there)"
    out().print(Text(f"delivery {tried.id}{how}, {when} UTC", "quiet"), soft_wrap=True)
    for number, rule in enumerate(tried.rules, 1):
        _print_rule(number, rule)
    if not any(rule.rows or rule.unfit for rule in tried.rules):
        out().print(Text("It would be kept, but no rule is meant for it: see when and each of the hook's file."))


def _print_rule(number: int, tried: RuleTried) -> None:
    for sentence in tried.unfit:
        out().print(Text(f"rule {number}, rejected: ", "worse").append(sentence, "default"), soft_wrap=True)
    for row in tried.rows:
        out().print(Text(tried.rule.fact.name, "head").append(f"  by rule {number}", "not bold"))
        table = _table()
        for name, value in row.items():
            table.add_row(Text(f"  {name}", "key"), Text(str(value)))
        out().print(table)
        missing = [c.name for c in tried.rule.fact.importable() if c.needed and c.name not in row]
        if missing:
            out().print(Text(f"  waits for a body that brings {', '.join(missing)}", "quiet"))


def _as_dict(tried: Tried) -> dict[str, Any]:
    rules = [
        {
            "rule": number,
            "fact": rule.rule.fact.name,
            "rows": rule.rows,
            "rejected": rule.unfit,
            "not_meant": rule.passed,
        }
        for number, rule in enumerate(tried.rules, 1)
    ]
    return {"id": tried.id, "at": tried.at, "signed": tried.signed, "refused": tried.refused, "rules": rules}


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=bool(heads), header_style="")
    for head in heads or ("", ""):
        table.add_column(Text(head, "key"), overflow="fold")
    return table
