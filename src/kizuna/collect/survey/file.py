"""Survey files as people keep them: new ones with all that can be said, and changes that leave the rest alone."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

from kizuna.collect.survey.question import Question
from kizuna.collect.survey.survey import FOLDER, NAME, State, Survey, instruments, read_survey
from kizuna.errors import SettingError, did_you_mean

_STATE = re.compile(r'^state[ \t]*=[ \t]*["\'][^"\'\n]*["\']', re.M)
_TABLE = re.compile(r"^[ \t]*\[", re.M)

_NEW = """# {about}
#
# `kizuna surveys test {name}` shows it, `kizuna surveys resume {name}` begins to ask. docs/guides/surveys.md tells
# about every key; what is commented out is the default, or an example.
instrument = "{instrument}"
state = "draft"                 # draft, active or paused

# Where it may be answered: email, link, web (the widget), chat, sms, api.
# channels = ["email", "link", "web"]
# languages = ["en", "ja", "da"]  # else those of the workspace that every question has; the first is the default
# anonymous = {anonymous:<5}             # true: answers are tied to nobody, and the page says so
# open = false                  # true: anybody may answer at /surveys/{name}
# comment = true                # one optional comment
# campaign = ""                 # what answers are counted under
# change_hours = 24             # so long an answer may be changed
# expires_days = 30             # so long a link is good
# remind_days = 3               # one reminder after so many days; 0 for none
# weight_by = ["country"]       # traits by which `kizuna surveys {name} --weighted` makes up for who did not answer
# thanks.en = "Thank you."
# subject.en = "A quick question"

# A question of your own, or a change of one above (by its id):
# [[question]]
# id = "{main}"
# text = {{ en = "…", ja = "…", da = "…" }}

# When it is asked by itself. after = ticket_resolved, order, order_delivered, signup, event or page.
# [when]
# after = "ticket_resolved"
# delay_hours = 1               # not sooner than this
# within_hours = 72             # and not later
# where = "tier = 'gold'"       # a condition over the customer's traits and the ticket's (or order's) columns
# sample = 1.0                  # the share that is asked

# Which answers raise a task for somebody, where the customer agrees to be contacted:
# [close_loop]
# only_if = {{ {main} = "{low}" }}
# hours = 48
# owner = "support"
"""


def path_of(root: Path, name: str) -> Path:
    """Where a survey's file is. Raises `SettingError` for what cannot be a name."""
    if not NAME.fullmatch(name):
        raise SettingError(f"{name!r} cannot be a survey's name.", "Use small letters, digits, - and _.")
    return root / FOLDER / f"{name}.toml"


def new_text(name: str, instrument: str) -> str:
    """The file of a new survey. Raises `SettingError` with the nearest instrument where there is none."""
    known = [each for each in instruments() if each != "comment"]
    if instrument not in known:
        near = did_you_mean(instrument, known)
        hint = f"Did you mean {near!r}?" if near else f"It is one of {', '.join(known)}."
        raise SettingError(f"There is no instrument {instrument!r}.", hint)
    survey = read_survey(name, f'instrument = "{instrument}"', name)
    about, main = instruments()[instrument].about, survey.main
    anonymous = str(survey.text.anonymous).lower()
    return _NEW.format(about=about, name=name, instrument=instrument, anonymous=anonymous, main=main.id, low=_low(main))


def _low(question: Question) -> str:
    """The answers to be sorry about: detractors, who is not satisfied, whose effort was high."""
    if question.kind != "scale":
        return question.choices[-1]
    if question.direction == "low_good":
        return f"{question.high - 1}..{question.high}"
    return f"{question.low}..{6 if question.high == 10 else (question.low + question.high - 1) // 2}"


def add(root: Path, name: str, text: str) -> Path:
    """Write a new survey's file. Raises `SettingError` where the text is not right or the name is taken."""
    file = path_of(root, name)
    if file.exists():
        raise SettingError(f"There is a survey {name!r} already.", f"Edit {file}, or choose another name.")
    read_survey(name, text, str(file))
    write_file(file, text)
    return file


def set_state(root: Path, name: str, state: State) -> Survey:
    """Set a survey's state in its file; every other line stays. Gives the survey as it is then."""
    file = path_of(root, name)
    text = file.read_text(encoding="utf-8")
    head = text[: found.start()] if (found := _TABLE.search(text)) else text
    line = f'state = "{state}"'
    changed = _STATE.sub(line, head, count=1) if _STATE.search(head) else f"{line}\n{head}"
    survey = read_survey(name, changed + text[len(head) :], str(file))
    if tomllib.loads(changed + text[len(head) :]) != {**tomllib.loads(text), "state": state}:
        raise SettingError(
            f"The state in {file} is written in a way that cannot be changed.", f"Write {line} yourself."
        )
    write_file(file, changed + text[len(head) :])
    return survey


def write_file(file: Path, text: str) -> None:
    """Write the whole file beside the old one, then put it in its place: nobody reads half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)
