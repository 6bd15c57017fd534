"""Kizuna measures how a business and its customers get on.

import kizuna

with kizuna.open("shop") as shop:
    answer = shop.measure("nps", "csat", by="channel", every="month")
    answer.to_polars()
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kizuna.errors import (
    CatalogueError,
    ImportFailed,
    KizunaError,
    NotAllowed,
    QuestionError,
    SettingError,
    UnknownName,
    WorkspaceError,
)

if TYPE_CHECKING:
    from kizuna.measure.answer import Answer, Record
    from kizuna.measure.question import Question
    from kizuna.workspace import Workspace

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "CatalogueError",
    "ImportFailed",
    "KizunaError",
    "NotAllowed",
    "Question",
    "QuestionError",
    "Record",
    "SettingError",
    "UnknownName",
    "Workspace",
    "WorkspaceError",
    "__version__",
    "init",
    "open",
]

_LAZY = {
    "Answer": "kizuna.measure.answer",
    "Question": "kizuna.measure.question",
    "Record": "kizuna.measure.answer",
    "Workspace": "kizuna.workspace",
}


def open(path: Path | str) -> Workspace:
    """Open the workspace in a folder."""
    from kizuna.workspace import Workspace

    return Workspace(path)


def init(path: Path | str, **settings: Any) -> Workspace:
    """Make a workspace in a new folder; settings by name, such as ``timezone="Asia/Tokyo"``."""
    from kizuna.workspace import init

    return init(path, **settings)


def __getattr__(name: str) -> Any:
    # the heavy parts are loaded when they are used, so that `kizuna --help` is quick
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'kizuna' has no attribute {name!r}")
