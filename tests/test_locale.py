"""The pages speak three languages, each whole: the same sentences with the same gaps, and each that is said exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "kizuna"
FILES = sorted((PACKAGE / "locale" / "web").glob("*.toml"))
SENTENCES = {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in FILES}
SPOKEN = ("en", "ja", "da")
SAYERS = [*(PACKAGE / "show" / "templates" / "web").rglob("*.html"), *(PACKAGE / "show" / "web").rglob("*.py")]


def gaps(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)[^}]*\}", text))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_sentence_is_there_in_all_languages(file: Path) -> None:
    wrong = []
    for key, said in SENTENCES[file.stem].items():
        if tuple(sorted(said)) != tuple(sorted(SPOKEN)) or not all(said.values()):
            wrong.append(f"{key}: {sorted(said)}")
        elif len({frozenset(gaps(each)) for each in said.values()}) > 1:
            wrong.append(f"{key}: {[sorted(gaps(said[each])) for each in SPOKEN]}")
    assert wrong == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_japanese_sentences_are_japanese(file: Path) -> None:
    """A sentence of several English words has been forgotten; single names and codes may stand as they are."""
    english = re.compile(r"(?:[A-Za-z']+ ){2,}[A-Za-z']+")
    native = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
    wrong = [
        key
        for key, said in SENTENCES[file.stem].items()
        if english.search(said["ja"]) and not native.search(said["ja"])
    ]
    assert wrong == []


@pytest.mark.parametrize("file", SAYERS, ids=lambda file: str(file.relative_to(PACKAGE / "show")))
def test_what_is_said_exists(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    said = re.findall(r"""say\(\s*["']([a-z_]+)\.([a-zA-Z0-9_]+)["']\s*[,)]""", text)
    missing = [f"{area}.{key}" for area, key in said if key not in SENTENCES.get(area, {})]
    assert missing == []
    begun = re.findall(r"""say\(\s*f?["']([a-z_]+)\.([a-z0-9_]+_)(?:["']\s*~|\{)""", text)
    lost = [f"{a}.{b}…" for a, b in begun if not any(key.startswith(b) for key in SENTENCES.get(a, {}))]
    assert lost == []
