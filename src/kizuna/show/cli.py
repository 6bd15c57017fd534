"""The command ``kizuna``: wiring only; each command is in `kizuna.show.commands`.

Answers go to stdout, everything about them to stderr. A command that could not do its work ends with
2 and says what to do next; 1 means that something in Kizuna itself went wrong.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclopts import App

# (command, where it is, the line that the list of commands shows). The modules are loaded when a
# command is used, so that the list of commands comes up at once.
COMMANDS = (
    ("init", "workspace:init", "Make a workspace: one folder for one business."),
    ("import", "importing:import_", "Load files of facts: orders, tickets, survey answers and so on."),
    ("rejected", "importing:rejected", "List the rows that did not fit, with their reasons."),
    ("replay", "replaying:replay", "Load rejected messages that fit by now."),
    ("rebuild", "importing:rebuild", "Make facts and numbers again from the files that were kept."),
    ("serve", "serving:serve", "Show the pages, and collect what sites, apps and systems send."),
    ("sources", "serving:sources", "List who may send messages, with their write keys, or add one."),
    ("tag", "tag:tag", "Print the line that measures a website."),
    ("hooks", "hooks:hooks", "List the webhooks that are taken, or try one out."),
    ("tail", "tailing:tail", "Show messages as they arrive."),
    ("overview", "measuring:overview", "Show what really changed, then every metric."),
    ("measure", "measuring:measure", "Measure metrics, with interval, base and change."),
    ("explain", "explaining:explain", "Show a metric's definition, formula, SQL and freshness."),
    ("rows", "explaining:rows", "List the facts behind a number."),
    ("people", "people:people", "Show who somebody is, merge two people who are one, split them again."),
    ("surveys", "surveys:surveys", "Make surveys, ask, and see what came of them."),
    ("feedback", "feedback:feedback", "List what customers answered and wrote, and say what becomes of it."),
    ("tasks", "tasks:tasks", "List what is to be done about answers, and who did it."),
    ("report", "reporting:report", "Write a month as one file, for mail or print."),
    ("notes", "notes:notes", "Note what happened on a day, for charts and the report."),
    ("segments", "segments:segments", "Name conditions on customers: who they are, what they did."),
    ("accounts", "accounts:accounts", "List who may sign in to the pages, add somebody, make one-time links."),
    ("metrics", "listing:metrics", "List and search the catalogue of metrics."),
    ("facts", "listing:facts", "List the kinds of facts and their columns."),
    ("mcp", "mcp:mcp", "Answer an AI assistant that speaks MCP, reading only."),
    ("settings", "workspace:settings", "Show every setting, its value and where that comes from."),
    ("calc", "calculating:app", "Calculate from numbers typed in: no data needed."),
    ("demo", "demo:demo", "Write a plausible company, import it and show its overview."),
)

FIRST = ("--workspace", "-w")
DEBUG = "--debug"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; gives the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = DEBUG in words or bool(os.environ.get("KIZUNA_DEBUG"))
    words = _command_first([w for w in words if w != DEBUG])
    try:
        return _run(words)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read the output has had enough (`kizuna … | head`); keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if debug:
            raise
        return _unexpected(error)


def build() -> App:
    """The application with all commands, none of them loaded yet."""
    from cyclopts import App

    app = App(
        name="kizuna",
        help="Measure and improve how a business and its customers get on.",
        help_format="plaintext",
        help_epilogue=(
            f"{DEBUG} shows the whole of an unexpected error. Commands work on the workspace given by --workspace, "
            "else the one in this folder or a folder above, else the one KIZUNA_WORKSPACE names."
        ),
        version=_version,
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        verbose=False,
    )
    for order, (name, place, line) in enumerate(COMMANDS):
        app.command(f"kizuna.show.commands.{place}", name=name, help=line, sort_key=order)
    return app


def _run(words: list[str]) -> int:
    from cyclopts import CycloptsError

    from kizuna.errors import KizunaError, did_you_mean

    names = [name for name, *_ in COMMANDS]
    if words and not words[0].startswith("-") and words[0] not in names:
        near = did_you_mean(words[0], names)
        hint = f" Did you mean {near!r}?" if near else ""
        return _refused(f"There is no command {words[0]!r}.{hint}", "kizuna --help lists them all.")
    try:
        result = build()(words)
    except CycloptsError as error:
        return _refused(str(error).strip(), _help_for(words))
    except KizunaError as error:
        return _refused(error.what, error.next_step)
    return result if isinstance(result, int) else 0


def _command_first(words: list[str]) -> list[str]:
    """``kizuna --workspace shop measure`` is the same as ``kizuna measure --workspace shop``."""
    if not words or words[0].split("=")[0] not in FIRST:
        return words
    size = 1 if "=" in words[0] else 2
    option, rest = words[:size], words[size:]
    return [*rest[:1], *option, *rest[1:]] if rest else words


def _help_for(words: list[str]) -> str:
    named = next((w for w in words if w in {name for name, *_ in COMMANDS}), "")
    named += _calculator(words) if named == "calc" else ""
    return f"{' '.join(('kizuna', named)).strip()} --help shows what there is."


def _calculator(words: list[str]) -> str:
    from kizuna.measure.calculator import CALCULATORS

    found = next((w for w in words if w in {c.replace("_", "-") for c in CALCULATORS}), "")
    return f" {found}" if found else ""


def _refused(what: str, next_step: str) -> int:
    from rich.text import Text

    from kizuna.show.console import err

    text = Text("error: ", "worse").append(what, "default")
    if next_step:
        text.append(f"\n{next_step}", "default")
    err().print(text, soft_wrap=True)
    return 2


def _unexpected(error: Exception) -> int:
    from rich.text import Text

    from kizuna.show.console import err

    said = f"{type(error).__name__}: {error}".strip().rstrip(":")
    text = Text("error: ", "worse").append(f"something went wrong inside Kizuna ({said}).", "default")
    text.append(
        f"\nRun the command again with {DEBUG} and report what it prints, with your version (kizuna --version)."
    )
    err().print(text, soft_wrap=True)
    return 1


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"kizuna {version('kizuna')}"
    except PackageNotFoundError:
        return "kizuna (not installed)"


if __name__ == "__main__":
    sys.exit(main())
