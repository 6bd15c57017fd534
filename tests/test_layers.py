"""The folders are a pipeline, and imports only run back along it.

collect → store → measure → understand → act → show: a stage may import the stages to its left and
the modules at the top (facts, settings, errors …), which import no stage. `workspace` and the public
face hang everything on one hook, so they may import any stage but `show`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "kizuna"
STAGES = ("collect", "store", "measure", "understand", "act", "show")
HOOKS = ("__init__", "workspace", "imports", "loader", "sending", "demo")
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(module: Path) -> Iterator[str]:
    """The first name under `kizuna` of everything a module imports while it runs."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    only_for_types = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for node in ast.walk(branch)
    }
    for node in ast.walk(tree):
        if id(node) in only_for_types:
            continue
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            dotted = [node.module] if node.module != "kizuna" else [f"kizuna.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            dotted = [alias.name for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in dotted if name.startswith("kizuna."))


def place(module: Path) -> str:
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(PACKAGE)))
def test_imports_run_to_the_left(module: Path) -> None:
    here = place(module)
    if here in STAGES:
        forbidden = {*STAGES[STAGES.index(here) + 1 :]}
        # Only what people see may hold a whole workspace.
        forbidden |= set() if here == "show" else {"workspace", "demo"}
    elif here in HOOKS:
        forbidden = {"show"}
    else:
        forbidden = {*STAGES, *HOOKS}
    wrong = sorted(set(imports(module)) & forbidden)
    assert not wrong, f"{here} is to the left of {', '.join(wrong)} in {' → '.join(STAGES)}"


def test_no_relative_imports() -> None:
    """Absolute ones can be searched for, and the test above reads only those."""
    relative = [
        f"{module.relative_to(PACKAGE)}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_every_folder_is_a_known_place() -> None:
    folders = {folder.name for folder in PACKAGE.iterdir() if folder.is_dir() and folder.name != "__pycache__"}
    assert folders <= {*STAGES, *HOOKS, "facts", "locale"}
