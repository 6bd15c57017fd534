"""What commands have in common: the workspace they work on, options, how an answer leaves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from kizuna.show.console import note

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kizuna.settings import Settings
    from kizuna.workspace import Workspace

WorkspaceOption = Annotated[
    Path | None,
    Parameter(
        name=("--workspace", "-w"), help="the workspace's folder; else this folder or one above, else KIZUNA_WORKSPACE"
    ),
]
LanguageOption = Annotated[
    Literal["en", "ja", "da"] | None,
    Parameter(help="language of names and numbers; else the workspace's first"),
]
OutputOption = Annotated[
    Path | None, Parameter(help="write to this file instead of the terminal; its suffix says the format")
]
SinceOption = Annotated[str | None, Parameter(help="first day: 2026, 2026-03, 2026-03-15 or an initiative")]
UntilOption = Annotated[str | None, Parameter(help="the day after the last one, written the same way")]
WhereOption = Annotated[
    str,
    Parameter(help="a condition over dimensions and what customers did: \"country = 'JP' and orders(90) >= 2\""),
]
SegmentOption = Annotated[str, Parameter(help="only customers of this segment; kizuna segments lists them")]


@contextmanager
def deciding(shop: Workspace) -> Iterator[Session]:
    """One transaction of the state, whether or not a server runs: several programs may write in it."""
    from kizuna.store.state.database import State

    state = State(shop.root, shop.settings.state_url)
    try:
        with state.session() as session:
            yield session
    finally:
        state.close()


def opened(given: Path | None, *, rebuilding: bool = False) -> Workspace:
    """Open the workspace and say on stderr which one it is; use it as a context manager."""
    from kizuna.store.running import has_other_settings
    from kizuna.workspace import DATABASE, FILE, Workspace, find

    folder = find(explicit=given)
    workspace = Workspace(folder)
    note(f"workspace {short(folder)}")
    if has_other_settings(folder):
        note(f"{FILE} was changed after kizuna serve was started: what it says holds there from its next start")
    if not rebuilding and not (folder / DATABASE).exists() and any((folder / "raw" / "imports").glob("*")):
        note("its database is gone, the imported files are kept: kizuna rebuild makes it again")
    return workspace


def short(path: Path) -> str:
    """A path as short as it can be said from here."""
    whole = path.resolve()
    try:
        return str(whole.relative_to(Path.cwd())) if whole != Path.cwd() else str(whole)
    except ValueError:
        return str(whole)


def server_address(folder: Path, settings: Settings) -> str:
    """Where browsers reach the workspace's server: the setting public_url, the server that runs, or where one would."""
    from kizuna.store.running import running

    if settings.public_url:
        return str(settings.public_url).rstrip("/")
    if server := running(folder):
        return server.url
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, str(settings.host))
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def language_of(workspace: Workspace, given: str | None) -> str:
    """The language asked for, else the workspace's first."""
    return given or str((workspace.settings.languages or ["en"])[0])
