"""The form by which a survey is changed: its fields, what was typed into them, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kizuna.collect.survey.edit import values_of
from kizuna.collect.survey.survey import AFTER, CHANNELS, Survey
from kizuna.show.web.form import Form
from kizuna.show.words import LANGUAGES

TEXTS = ("title", "intro", "thanks", "subject")
FLAGS = ("anonymous", "open", "comment", "when.exit")
NUMBERS = (
    "change_hours", "expires_days", "remind_days", "when.delay_hours", "when.within_hours", "when.days",
    "when.every_days", "when.seconds", "when.sample",
)  # fmt: skip
WHOLE = ("when.days", "when.every_days")
LISTS = ("channels", "languages", "weight_by", "when.paths")
LINES = ("campaign", "when.after", "when.event", "when.where")
KEYS = (*TEXTS, *FLAGS, *NUMBERS, *LISTS, *LINES)
CHOICES: Mapping[str, tuple[str, ...]] = {"channels": CHANNELS, "languages": LANGUAGES, "when.after": AFTER}


@dataclass
class Draft:
    """What stands in the form: text by field (``title.en``), and the boxes that are ticked, by field.

    `wrong` has what is wrong, by field, "" for what is no field's. `values` are those of a survey file.
    """

    texts: dict[str, str] = field(default_factory=dict)
    ticked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, survey: Survey) -> Draft:
        """As the survey is."""
        values, made = values_of(survey, KEYS), cls()
        for key in TEXTS:
            made.texts |= {f"{key}.{code}": values[key].get(code, "") for code in LANGUAGES}
        made.texts |= {key: f"{values[key]:g}" for key in NUMBERS}
        made.texts |= {key: str(values[key]) for key in LINES}
        made.texts |= {key: ", ".join(values[key]) for key in LISTS if key not in CHOICES}
        made.ticked = {key: tuple(values[key]) for key in LISTS if key in CHOICES}
        made.ticked |= {key: ("1",) if values[key] else () for key in FLAGS}
        return made

    @classmethod
    def sent(cls, form: Form, survey: Survey, number_wrong: str) -> Draft:
        """As it was typed; `number_wrong` is said of what should be a number."""
        made = cls()
        before = values_of(survey, KEYS)
        for key in TEXTS:
            given = {code: form.text(f"{key}.{code}")[:2_000] for code in LANGUAGES}
            made.texts |= {f"{key}.{code}": text for code, text in given.items()}
            others = {code: text for code, text in before[key].items() if code not in LANGUAGES}
            made.values[key] = {code: text for code, text in given.items() if text} | others
        for key in (*NUMBERS, *LINES, *(key for key in LISTS if key not in CHOICES)):
            made.texts[key] = form.text(key)[:2_000]
        for key in NUMBERS:
            made._read_number(key, number_wrong)
        made.values |= {key: made.texts[key] for key in LINES}
        for key in LISTS:
            listed = form.all(key) if key in CHOICES else [each.strip() for each in made.texts[key].split(",")]
            made.values[key] = [each for each in listed if each]
            made.ticked[key] = tuple(made.values[key])
            if key in CHOICES and {*made.values[key]} == {*before[key]}:
                made.values[key] = before[key]  # boxes have no order
        for key in FLAGS:
            made.ticked[key] = ("1",) if form.text(key) else ()
            made.values[key] = bool(made.ticked[key])
        return made

    def _read_number(self, key: str, wrong: str) -> None:
        text = self.texts[key].replace(",", ".")
        try:
            found = float(text)
        except ValueError:
            found = float("nan")
        if not abs(found) < 1e9 or (key in WHOLE and found != int(found)):
            self.wrong[key] = wrong
            return
        self.values[key] = int(found) if found == int(found) else found

    def blame(self, said: str, origin: str) -> None:
        """Put what is said of the file beside the field that it names, else above the form."""
        rest = said.replace(f"{origin}: ", "").replace(origin, "").strip()
        self.wrong[_field_of(rest)] = rest


def _field_of(said: str) -> str:
    """``when: where: …`` is about the field ``when.where``."""
    inside = said.startswith("when: ")
    words = re.findall(r"[a-z_]+", said.removeprefix("when: ")[:200])
    names = [f"when.{word}" for word in words] if inside else words
    found = next((name for name in names if name in KEYS), "")
    return f"{found}.en" if found in TEXTS else found
