"""A survey's file is changed and stays as its author wrote it, but for what was changed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from kizuna.collect.survey.edit import digest, read_text, replace, values_of, with_values
from kizuna.collect.survey.file import add, new_text
from kizuna.collect.survey.survey import instruments, read_survey
from kizuna.errors import SettingError

KEYS = (
    "title",
    "thanks",
    "anonymous",
    "channels",
    "remind_days",
    "campaign",
    "when.after",
    "when.sample",
    "when.paths",
)
FILE = """# Ours.
instrument = "nps"
state = "active"   # since May
title.en = "Would you?"
title.da = "Vil du?"
remind_days = 3   # one reminder

[[question]]   # an own one
id = "speed"
high = 5
low = 1
text.en = "How fast?"

# What follows is asked later.
[close_loop]
only_if = { nps = "0..6" }
"""


def changed(text: str, **values: object) -> str:
    before = values_of(read_survey("ours", text, "ours.toml"), KEYS)
    given = {key.replace("when_", "when."): value for key, value in values.items()}
    return with_values(text, {**before, **given}, before)


def test_what_is_the_same_leaves_the_file_alone() -> None:
    assert changed(FILE) == FILE


def test_only_what_is_changed_is_written() -> None:
    made = changed(FILE, remind_days=0.5, campaign="spring")
    assert "remind_days = 0.5" in made and 'campaign = "spring"' in made
    others = [line for line in FILE.splitlines() if not line.startswith("remind_days")]
    assert [line for line in others if line not in made] == []
    assert tomllib.loads(made) == {**tomllib.loads(FILE), "remind_days": 0.5, "campaign": "spring"}


def test_texts_tables_and_lists() -> None:
    title = {"en": "Would you?", "ja": 'はい "or" いいえ'}
    made = changed(FILE, title=title, when_after="page", when_paths=["/account/*", "/a'b"], when_sample=0.25)
    survey = read_survey("ours", made, "ours.toml")
    assert survey.text.title == title
    assert (survey.text.when.after, survey.text.when.paths, survey.text.when.sample) == (
        "page",
        ["/account/*", "/a'b"],
        0.25,
    )
    assert survey.text.close_loop is not None and survey.question("speed") is not None
    again = changed(made, when_sample=1.0, channels=["web"])
    assert read_survey("ours", again, "ours.toml").text.when.paths == ["/account/*", "/a'b"]
    assert "# What follows is asked later." in again


@pytest.mark.parametrize("instrument", [each for each in instruments() if each != "comment"])
def test_every_new_file_can_be_changed(instrument: str) -> None:
    made = changed(new_text("ours", instrument), campaign="spring", when_after="order", title={"en": "Well?"})
    survey = read_survey("ours", made, "ours.toml")
    assert (survey.text.campaign, survey.text.when.after, survey.text.title) == ("spring", "order", {"en": "Well?"})


def test_what_is_not_right_is_not_written(tmp_path: Path) -> None:
    add(tmp_path, "ours", FILE)
    with pytest.raises(SettingError, match="channels is empty"):
        replace(tmp_path, "ours", changed(FILE, channels=[]))
    assert read_text(tmp_path, "ours") == FILE
    replace(tmp_path, "ours", changed(FILE, anonymous=True, remind_days=0))
    assert digest(read_text(tmp_path, "ours")) != digest(FILE)


@pytest.mark.parametrize("name", ["../kizuna", "NoSuch", "a b", "nosuch"])
def test_only_surveys_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "kizuna.toml").write_text("name = 'x'", "utf-8")
    with pytest.raises(SettingError):
        read_text(tmp_path, name)
