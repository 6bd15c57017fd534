"""The guides to the command line and to Python say what the program does: no more, no less."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from kizuna.measure.calculator import CALCULATORS
from kizuna.show.cli import COMMANDS, DEBUG, build, main

GUIDES = Path(__file__).resolve().parent.parent / "docs" / "guides"
TEXT = (GUIDES / "cli.md").read_text(encoding="utf-8")
SECTIONS = {
    heading.split()[1]: body for heading, body in re.findall(r"^## (kizuna \S+)\n(.*?)(?=^## |\Z)", TEXT, re.S | re.M)
}
CALCULATIONS = [line.strip() for line in SECTIONS["calc"].splitlines() if line.startswith("    kizuna calc")]


def options(command: str) -> set[str]:
    """Every option the program knows for a command, long forms only."""
    app = build()[command]
    apps = [app[name] for name in CALCULATORS] if command == "calc" else [app]
    names = {name for one in apps for argument in one.assemble_argument_collection() for name in argument.names}
    return {name for name in names if name.startswith("--")}


def test_every_command_has_its_section_in_order() -> None:
    assert list(SECTIONS) == [name for name, *_ in COMMANDS]


@pytest.mark.parametrize("command", list(SECTIONS))
def test_every_option_is_told_and_no_other(command: str) -> None:
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", SECTIONS[command]))
    assert told == options(command)


def test_the_options_of_all_commands_are_told() -> None:
    beginning = TEXT.split("\n## ")[0]
    assert {"--workspace", DEBUG} <= set(re.findall(r"--[a-z]+", beginning))


@pytest.mark.parametrize("line", CALCULATIONS)
def test_the_calculations_run(line: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(shlex.split(line)[1:]) == 0
    assert printed.getvalue()


def test_every_calculator_has_an_example() -> None:
    assert {shlex.split(line)[2] for line in CALCULATIONS} == set(CALCULATORS)


def test_the_python_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All its blocks, one after the other, as a reader would try them."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", (GUIDES / "python.md").read_text(encoding="utf-8"), re.S | re.M)
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        for number, block in enumerate(blocks):
            exec(compile(block, f"python.md, block {number + 1}", "exec"), names)
    assert "2026-01-01 phone" in printed.getvalue()
    assert (tmp_path / "nps.svg").is_file()
