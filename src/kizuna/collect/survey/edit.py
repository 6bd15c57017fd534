"""Changing a survey's file from a form or as text: all else in it stays as it was written, comments included."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from kizuna.collect.survey.file import path_of, write_file
from kizuna.collect.survey.survey import Survey, read_survey
from kizuna.errors import SettingError

WHEN = "when."
"""Stands before the keys of the table ``[when]``."""

Values = Mapping[str, Any]
"""Key → value; ``when.after`` is a key of the table ``[when]``."""


def read_text(root: Path, name: str) -> str:
    """The file as it is. Raises `SettingError`."""
    file = path_of(root, name)
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingError(f"There is no survey {name!r}.", "kizuna surveys lists them.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{file} cannot be read: {error}.", "Mend it where it lies.") from None


def digest(text: str) -> str:
    """A mark by which it is known that nobody else changed the file meanwhile."""
    return sha256(text.encode()).hexdigest()[:16]


def values_of(survey: Survey, keys: tuple[str, ...]) -> dict[str, Any]:
    """What a survey has under each key, by its file, its instrument, or by default."""
    when, text = survey.text.when, survey.text
    return {key: getattr(when, key.removeprefix(WHEN)) if key.startswith(WHEN) else getattr(text, key) for key in keys}


def with_values(text: str, values: Values, before: Values) -> str:
    """The text with those values that are others than `before` put in; nothing else is touched.

    Raises `SettingError` where it cannot be done without writing something else than meant.
    """
    news = {key: value for key, value in values.items() if value != before[key]}
    if not news:
        return text
    wanted = tomllib.loads(text)
    try:
        document = tomlkit.parse(text)
        for key, value in news.items():
            _put(document, key, value)
            _put(wanted, key, value)
        made = tomlkit.dumps(document)
        if tomllib.loads(made) == wanted:
            return made
    except (TOMLKitError, tomllib.TOMLDecodeError, TypeError, ValueError):
        pass
    listed = ", ".join(news)
    raise SettingError(f"{listed} cannot be changed here, because of how the file is written.", "Change it as text.")


def replace(root: Path, name: str, text: str) -> Survey:
    """Write a survey's file anew. Raises `SettingError` where the text is not right; the file is as it was then."""
    file = path_of(root, name)
    survey = read_survey(name, text, str(file))
    write_file(file, text)
    return survey


def _put(document: Any, key: str, value: Any) -> None:
    table, _, name = key.rpartition(".")
    if table and table not in document:
        document[table] = tomlkit.table() if isinstance(document, tomlkit.TOMLDocument) else {}
    inside = document[table] if table else document
    if isinstance(value, dict) and isinstance(document, tomlkit.TOMLDocument):
        said = tomlkit.inline_table()
        said.update(value)
        inside.pop(name, None)
        value = said
    inside[name] = value
