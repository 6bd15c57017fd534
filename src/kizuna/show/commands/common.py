"""What commands have in common: the workspace they work on, options, how an answer leaves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from kizuna.errors import WorkspaceError
from kizuna.show.console import note

if TYPE_CHECKING:
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
WhereOption = Annotated[str, Parameter(help="a condition over dimensions: \"country = 'JP' and device = 'mobile'\"")]

SETTINGS_FILE = "kizuna.toml"


def find(given: Path | None) -> Path:
    """The workspace to work on: the one given, the one around this folder, the one KIZUNA_WORKSPACE names."""
    if given is not None:
        return given
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    named = os.environ.get("KIZUNA_WORKSPACE")
    if named:
        return Path(named)
    raise WorkspaceError(
        "There is no workspace in this folder or above it.",
        "Make one with: kizuna init NAME. Or name one with --workspace FOLDER or KIZUNA_WORKSPACE.",
    )


def opened(given: Path | None) -> Workspace:
    """Open the workspace and say on stderr which one it is."""
    import kizuna

    folder = find(given)
    workspace = kizuna.open(folder)
    note(f"workspace {short(folder)}")
    return workspace


def short(path: Path) -> str:
    """A path as short as it can be said from here."""
    whole = path.resolve()
    try:
        return str(whole.relative_to(Path.cwd())) if whole != Path.cwd() else str(whole)
    except ValueError:
        return str(whole)


def language_of(workspace: Workspace, given: str | None) -> str:
    """The language asked for, else the workspace's first."""
    return given or str((workspace.settings.languages or ["en"])[0])
