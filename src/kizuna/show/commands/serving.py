"""``kizuna serve`` and ``kizuna sources``: where messages come from and come in."""

from __future__ import annotations

import json
import os
import shlex
import sys
import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from kizuna.errors import KizunaError
from kizuna.show import number
from kizuna.show.commands.common import WorkspaceOption, opened, short
from kizuna.show.console import note, out

if TYPE_CHECKING:
    from kizuna.show.serve import Server
    from kizuna.workspace import Workspace

HELLO = '{"event":"Hello","anonymousId":"me"}'


def serve(
    *,
    host: Annotated[str | None, Parameter(help="address to listen on; else the setting host")] = None,
    port: Annotated[int | None, Parameter(help="port to listen on; else the setting port")] = None,
    open: Annotated[bool, Parameter(help="open the pages in this machine's browser", negative=())] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Serve the pages and collect what sites, apps and systems send, until it is ended with Ctrl-C or SIGTERM.

    Other commands work meanwhile: they ask the server.
    """
    from kizuna.show.serve import Server
    from kizuna.workspace import find

    folder = find(explicit=workspace)
    server = Server(folder, host, port)
    note(f"workspace {short(folder)}")
    server.run(lambda ready: welcome(ready, open))


def welcome(server: Server, browser: bool = False) -> None:
    """What to do next; the server is quiet afterwards. With `browser` the pages are opened there."""
    _warn_of_readers(server.root)
    name, key = next(iter(server.settings.sources.items()))
    if server.made_source:
        out().print(Text(f"Made a source, {name}, with a write key of its own: it stands in kizuna.toml."))
    out().print(Text("Kizuna listens on ").append(server.url, "head").append("."), soft_wrap=True)
    address = _invite(server)
    out().print(Text("\nA first event:"))
    out().print(Text(f"\n  curl {server.url}/v1/track -u {key}: -d '{HELLO}'\n"), soft_wrap=True)
    out().print(Text("kizuna tail shows what arrives; kizuna tag is for web pages; Ctrl-C ends.", "quiet"))
    _warn_of_no_mail(server)
    if browser and has_screen():
        import webbrowser

        webbrowser.open(address)


def has_screen() -> bool:
    """Whether a browser would have a window: one of the terminal would take the terminal from the server."""
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return sys.platform in ("darwin", "win32") or bool(shown)


def _invite(server: Server) -> str:
    """Say how the pages are opened: with a link that works once, while nobody has an account. Gives the address."""
    from kizuna.show.web.auth.firstrun import open_line, setup_line
    from kizuna.store.state.database import State

    state = State(server.root, server.settings.state_url)
    line = setup_line(state, str(server.settings.public_url) or server.url)
    state.close()
    if line:
        out().print(Text(line), soft_wrap=True)
    if warning := open_line(server.settings, server.host):
        note(warning)
    return next((word for word in line.split() if word.startswith("http")), server.url)


def _warn_of_no_mail(server: Server) -> None:
    """Where a survey asks by mail and no mail can be sent, nothing else would say so."""
    from kizuna.act.asker import mail_problem
    from kizuna.show.commands.surveylist import asks_by_mail

    if (problem := mail_problem(server.settings)) and asks_by_mail(server.root):
        note(problem)


def sources(
    action: Annotated[Literal["add"] | None, Parameter(help="add makes a source; none: list them")] = None,
    name: Annotated[str | None, Parameter(help="the new source's name: web, ios, shop …")] = None,
    /,
    *,
    format: Annotated[Literal["table", "json"], Parameter(help="how to print it")] = "table",
    workspace: WorkspaceOption = None,
) -> None:
    """List the sites, apps and systems that may send messages, with their write keys and what came of each, or add one.

    A server that runs takes up a new one within a second.
    """
    from kizuna import sources as written
    from kizuna.workspace import FILE

    with opened(workspace) as shop:
        if action == "add":
            if not name:
                raise KizunaError("The new source has no name.", "For example: kizuna sources add web")
            found = {name: written.add(shop.root / FILE, name)}
        else:
            found = dict(shop.settings.sources)
        seen = _seen(shop, found) if found and action is None else {}
    _warn_of_readers(shop.root)
    if format == "json":
        told = {name: {"key": key, **seen.get(name, {})} for name, key in found.items()}
        out().print(json.dumps(told, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
    elif not found:
        out().print(Text("There is no source yet. kizuna sources add web makes one, and so does kizuna serve."))
    else:
        out().print(_table(found, seen))


def _seen(shop: Workspace, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What came of each source: when last, how much in a day, how much of it did not fit."""
    from kizuna.store import health

    now = datetime.now(UTC).replace(tzinfo=None)
    with shop.store.reading() as data:
        return {
            each.name: {
                "last_at": f"{each.last_at:%Y-%m-%dT%H:%M:%SZ}" if each.last_at else None,
                "day": each.day,
                "day_rejected": each.day_rejected,
                "messages": each.messages,
                "rejected": each.rejected,
            }
            for each in health.sources(data, now, names)
        }


def _warn_of_readers(root: Path) -> None:
    """One line where write keys, or the mail server's password, can be read by those who should not have them."""
    from kizuna.private import open_to_others
    from kizuna.settings import FILE

    file = root / FILE
    if not open_to_others(file):
        return
    written = tomllib.loads(file.read_text(encoding="utf-8"))
    if written.get("sources") or written.get("mail"):
        way = f"chmod 600 {shlex.quote(short(file))}"
        note(f"{FILE} holds keys and every account of this machine can read it; {way} keeps them to you")


def _table(found: dict[str, str], seen: dict[str, dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for head in ("source", "write key", *(("last seen", "24 hours", "rejected") if seen else ())):
        table.add_column(Text(head, "key"), no_wrap=True)
    for name, key in found.items():
        told = seen.get(name)
        last = (told["last_at"] or "never").replace("T", " ") if told else ""
        counts = (last, number.count(told["day"]), number.count(told["day_rejected"])) if told else ()
        table.add_row(Text(name), Text(str(key), "head"), *map(Text, counts))
    return table
