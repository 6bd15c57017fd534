"""``kizuna tag``: the line that measures a website."""

from __future__ import annotations

from html import escape
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from kizuna.errors import KizunaError, did_you_mean
from kizuna.settings import Settings
from kizuna.show.commands.common import WorkspaceOption, short
from kizuna.show.console import note, out
from kizuna.show.survey.script import NAME as WIDGET
from kizuna.show.survey.script import widget as survey_widget
from kizuna.show.tracker import NAME as TAG
from kizuna.show.tracker import Script, tracker


def tag(
    source: Annotated[str | None, Parameter(help="whose write key it carries; else the first source")] = None,
    /,
    *,
    widget: Annotated[bool, Parameter(help="the line of the widget that asks surveys, instead", negative=())] = False,
    integrity: Annotated[bool, Parameter(help="pin the script to the bytes of this version of Kizuna")] = True,
    workspace: WorkspaceOption = None,
) -> None:
    """Print the line that measures a website, to be put into the head of its pages, or that of the survey widget.

    Its address is the setting public_url, else that of the server that runs.
    A browser runs the pinned script only as it is now: print the line anew after an update of Kizuna.
    """
    from kizuna.store.running import running
    from kizuna.workspace import FILE, find

    folder = find(explicit=workspace)
    settings = Settings.read(folder / FILE)
    note(f"workspace {short(folder)}")
    key = _key_of(settings, source)
    server = running(folder)
    origin = server.url if server and not settings.public_url else ""
    print_line = widget_line if widget else line
    out().print(Text(print_line(settings, key, origin=origin, integrity=integrity)), soft_wrap=True)
    if not settings.public_url:
        note(f'for this machine only: set public_url = "https://…" in {FILE} to where browsers reach the server')


def line(settings: Settings, key: str, *, origin: str = "", integrity: bool = True) -> str:
    """The script element for pages, with the tag's address, the write key and what consent is for.

    `origin` is where the server is, if the settings do not tell.
    """
    more = {"data-purpose": settings.consent_purpose} if settings.consent_purpose else {}
    return _line(settings, TAG, {"data-key": key, **more}, tracker() if integrity else None, origin)


def widget_line(settings: Settings, key: str, *, origin: str = "", integrity: bool = True) -> str:
    """The script element that asks surveys on pages; it stands beside the tag's, or alone."""
    return _line(settings, WIDGET, {"data-key": key}, survey_widget() if integrity else None, origin)


def _line(settings: Settings, name: str, said_too: dict[str, str], pinned: Script | None, origin: str) -> str:
    origin = origin or settings.public_url.rstrip("/") or f"http://{_reachable(settings.host)}:{settings.port}"
    attributes = {"src": f"{origin}/{name}", **said_too}
    if pinned:
        attributes |= {"integrity": pinned.integrity, "crossorigin": "anonymous"}
    said = " ".join(f'{name}="{escape(str(value))}"' for name, value in attributes.items())
    return f"<script async {said}></script>"


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host


def _key_of(settings: Settings, source: str | None) -> str:
    keys: dict[str, str] = settings.sources
    if not keys:
        raise KizunaError(
            "There is no source yet, so that there is no write key for the tag.", "kizuna sources add web"
        )
    if source is None:
        return next(iter(keys.values()))
    if source not in keys:
        near = did_you_mean(source, keys)
        hint = f"Did you mean {near!r}? " if near else ""
        raise KizunaError(f"There is no source {source!r}.", f"{hint}kizuna sources lists them.")
    return keys[source]
