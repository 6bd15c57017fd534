"""Rules of the house that a script can keep."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parent.parent
MODULES = sorted((REPOSITORY / "src").rglob("*.py"))

LONGEST = 600

# Written in pieces so that this file does not break its own rules.
REGISTRIES = (
    "py" + "pi.org",
    "pythonhosted" + ".org",
    "registry.npm" + "js",
    "--index" + "-url",
    "--extra-index" + "-url",
)
MACHINE_PATHS = re.compile(
    "(?<![a-z0-9_./-])/(" + "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me", "op" + "t")) + ")/[a-z.]"
)


def files() -> Iterator[tuple[str, str]]:
    """Every text file that is, or would be, committed: its name and its text."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        file = REPOSITORY / name
        if file.is_file():
            content = file.read_bytes()
            if b"\0" not in content[:8000]:
                yield name, content.decode("utf-8", errors="replace")


def test_no_registry_and_no_index_is_named() -> None:
    """Where packages come from is the user's business: a mirror must work as well."""
    named = [(name, host) for name, text in files() for host in REGISTRIES if host in text]
    assert named == []


def test_no_path_of_somebody_s_machine() -> None:
    found = [(name, match.group()) for name, text in files() for match in MACHINE_PATHS.finditer(text)]
    assert found == []


def test_files_are_short() -> None:
    lengths = {str(m.relative_to(REPOSITORY / "src" / "kizuna")): len(m.read_bytes().splitlines()) for m in MODULES}
    assert {name: n for name, n in lengths.items() if n > LONGEST} == {}
    assert median(lengths.values()) <= 200


def test_public_names_say_what_they_are_for() -> None:
    silent = [
        f"{module.relative_to(REPOSITORY)}:{node.lineno} {node.name}"
        for module in MODULES
        for node in ast.parse(module.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_every_module_says_what_it_is_for() -> None:
    trees = {m: ast.parse(m.read_text(encoding="utf-8")) for m in MODULES if m.read_text(encoding="utf-8").strip()}
    assert [str(m.relative_to(REPOSITORY)) for m, tree in trees.items() if not ast.get_docstring(tree)] == []


def test_every_dependency_is_pinned_within_its_range() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(r for group in project["optional-dependencies"].values() for r in group)]
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    versions = {canonicalize_name(name): version for name, version in pins.items()}
    for requirement in map(Requirement, wanted):
        version = versions.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in constraints.txt: run make lock"
        assert requirement.specifier.contains(version), f"{requirement} is pinned to {version}: run make lock"
