"""The guide to survey files says what a file may say: no more, no less, and its examples are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kizuna.collect.survey.checks import cautions
from kizuna.collect.survey.question import Option, Question
from kizuna.collect.survey.survey import AFTER, CHANNELS, Loop, SurveyText, When, instruments, read_survey

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "surveys.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(# surveys/(\S+)\.toml\n.*?)^```", GUIDE, re.S | re.M)
TABLES = {
    "The file": (SurveyText,),
    "A question": (Question,),
    "When it asks by itself": (When,),
    "Closing the loop": (Loop,),
}


def section(heading: str) -> str:
    found = re.search(rf"^##+ {heading}\n(.*?)(?=^##|\Z)", GUIDE, re.S | re.M)
    assert found is not None, heading
    return found[1]


@pytest.mark.parametrize("heading", list(TABLES))
def test_every_key_is_in_the_table_and_no_other(heading: str) -> None:
    rows = re.findall(r"^\| (`[^|]*) \|", section(heading), re.M)
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    known = [name for struct in TABLES[heading] for name in struct.__struct_fields__]
    assert sorted(told) == sorted(known)


def test_options_and_what_keys_may_say() -> None:
    assert all(f"`{name}`" in section("A question") for name in Option.__struct_fields__)
    assert all(f"`{each}`" in GUIDE for each in (*filter(None, AFTER), *CHANNELS))


def test_every_instrument_is_in_the_table() -> None:
    told = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", section("Instruments"), re.M)))
    assert sorted(told) == sorted(name for name in instruments() if name != "comment")


@pytest.mark.parametrize(("text", "name"), EXAMPLES, ids=[name for _, name in EXAMPLES])
def test_the_examples_are_right(text: str, name: str) -> None:
    assert cautions(read_survey(name, text, f"surveys/{name}.toml")) == []


def test_every_key_has_an_example() -> None:
    used = {key for text, _ in EXAMPLES for key in re.findall(r"^(\w+)(?: =|\.)", text, re.M)}
    tables = {name for text, _ in EXAMPLES for name in re.findall(r"^\[+(\w+)\]+", text, re.M)}
    known = {name for struct in (SurveyText, Question, When, Loop) for name in struct.__struct_fields__}
    assert known - used - tables == set()
