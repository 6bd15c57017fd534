"""What the docs name exists, and what exists is in the docs.

The pages made by ``scripts/docs.py`` list every setting, fact, metric and command; here they are
proven current, and every name in the pages written by hand is looked up in the program.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts import docs

from kizuna.collect.expressions import FUNCTIONS
from kizuna.facts import FACTS
from kizuna.locale.terms import metrics_named, terms
from kizuna.measure.calculator import CALCULATORS
from kizuna.measure.catalogue import Catalogue
from kizuna.settings import SETTINGS, Settings
from kizuna.show.cli import COMMANDS

REPOSITORY = Path(__file__).resolve().parent.parent
PAGES = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
BY_HAND = [page for page in PAGES if page.name not in docs.PAGES]
NOT_SETTINGS = {"WORKSPACE", "DEBUG", "REQUIRE_ALL"}

CATALOGUE = Catalogue(Settings({}))


def ids(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


def command_lines(page: Path) -> Iterator[list[str]]:
    """The words of every ``kizuna …`` in a page's code."""
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"^```(?:sh|console)\n(.*?)^```", text, re.S | re.M)).replace("\\\n", " ")
    spans = re.findall(r"`(kizuna [a-z][^`\n]*)`", text)
    for line in [*(line.removeprefix("$ ").strip() for line in blocks.splitlines()), *spans]:
        if line.startswith("kizuna "):
            yield shlex.split(line.split(" #")[0])[1:]


def test_the_made_pages_are_up_to_date() -> None:
    assert docs.out_of_date() == [], "run `make docs` and commit what it writes"


@pytest.mark.parametrize("page", BY_HAND, ids=ids)
def test_commands_and_what_they_name_exist(page: Path) -> None:
    for name, *words in command_lines(page):
        assert name.startswith("-") or name in {command for command, *_ in COMMANDS}, f"kizuna {name}"
        plain = [word for word in _positional(words) if not word.isupper()]
        if name in ("measure", "explain", "rows"):
            CATALOGUE.select(plain)
        elif name == "import" and plain:
            assert plain[0] in FACTS
        elif name == "calc" and plain:
            assert plain[0] in CALCULATORS


def _positional(words: list[str]) -> list[str]:
    """The words before the first option; the docs put names first."""
    options = [i for i, word in enumerate(words) if word.startswith("-") or word in ("|", ">", "…")]
    return words[: options[0]] if options else words


def test_the_functions_of_mappings_are_listed() -> None:
    listed = re.findall(
        r"^(?:- [a-z -]*?(?:`--group` only)?: |  )(`.*)$", (REPOSITORY / "docs/import.md").read_text(), re.M
    )
    assert {name for line in listed for name in re.findall(r"`([a-z_0-9]+)`", line)} == FUNCTIONS


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_environment_variables_named_are_settings(page: Path) -> None:
    named = set(re.findall(r"KIZUNA_([A-Z_]+)", page.read_text(encoding="utf-8")))
    assert named - NOT_SETTINGS <= {name.upper() for name in SETTINGS}


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    broken = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert broken == []


def test_every_term_has_its_words_and_names_real_metrics() -> None:
    for term in terms():
        assert term.en and term.ja and term.da and term.meaning
        assert [name for name in term.metrics if name not in CATALOGUE] == []


@pytest.mark.parametrize("term", [t for t in terms() if t.metrics], ids=lambda t: t.en[0])
def test_the_sources_wordings_find_their_metrics(term: object) -> None:
    """Whoever searches for a word of the sources, misread ones included, finds what was meant."""
    assert isinstance(term, type(terms()[0]))
    for word in term.words:
        assert set(term.metrics) <= set(metrics_named(word)), word
    for wrong in term.misread:
        assert set(term.metrics) <= {metric.id for metric in CATALOGUE.search(wrong.word)}, wrong.word


@pytest.mark.slow
def test_the_readme_s_commands_run(tmp_path: Path) -> None:
    """Every ``sh`` block of the README, one after the other, in an empty folder."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.S | re.M))
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
