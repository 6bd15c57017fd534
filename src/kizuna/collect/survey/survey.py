"""A survey: ``surveys/NAME.toml`` of the workspace, which questions are asked of whom, where and when.

``instrument = "nps"`` takes over the questions of one of the files in ``instruments/``, which are written in
the same form; a ``[[question]]`` with the same id changes one of them, any other is asked after them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from kizuna.collect.survey.form import converted
from kizuna.collect.survey.question import COMMENT, FALLBACK, Question, Texts
from kizuna.errors import SettingError, did_you_mean

FOLDER = "surveys"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
State = Literal["draft", "active", "paused"]
Channel = Literal["email", "link", "web", "chat", "sms", "api"]
After = Literal["", "ticket_resolved", "order", "order_delivered", "signup", "event", "page"]


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When somebody is asked. ``after = ""`` means only by hand (`kizuna surveys link`, the API).

    `delay_hours` after it at the earliest, `within_hours` after it at the latest. After ``signup``: `days`
    after it, then every `every_days`. After ``page``: on pages whose path fits one of `paths` (``*`` stands for
    anything), after `seconds` of engagement, or with `exit` when somebody is about to leave. `where` is a
    condition over the customer's traits and the fact's columns; `sample` the share that is asked.
    """

    after: After = ""
    event: str = ""
    delay_hours: float = 0
    within_hours: float = 72
    days: int = 0
    every_days: int = 0
    where: str = ""
    sample: float = 1.0
    paths: list[str] = msgspec.field(default_factory=lambda: ["*"])
    seconds: float = 20
    exit: bool = False


class Loop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which answers raise a task: `only_if` as in a question; `hours` until it should be done, for `owner`."""

    only_if: dict[str, Any] = {}
    hours: float = 48
    owner: str = ""


class SurveyText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A survey file as it is written."""

    instrument: str = ""
    about: str = ""
    state: State = "draft"
    title: Texts = {}
    intro: Texts = {}
    thanks: Texts = {}
    subject: Texts = {}
    languages: list[str] = []
    audience: Literal["customer", "employee"] = "customer"
    anonymous: bool = False
    open: bool = False
    channels: list[Channel] = msgspec.field(default_factory=lambda: ["email", "link", "web"])
    comment: bool = True
    change_hours: float = 24
    expires_days: float = 30
    remind_days: float = 3
    campaign: str = ""
    weight_by: list[str] = []
    question: list[dict[str, Any]] = []
    when: When = When()
    close_loop: Loop | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey, read and checked. `questions` in the order in which they are asked, the first is the main one."""

    name: str
    text: SurveyText
    questions: tuple[Question, ...]

    @property
    def main(self) -> Question:
        return self.questions[0]

    def question(self, id: str) -> Question | None:
        """The question with an id."""
        return next((question for question in self.questions if question.id == id), None)

    def asked(self, given: Mapping[str, Any]) -> list[Question]:
        """The questions that are asked once these answers are known."""
        return [question for question in self.questions if question.applies(given)]

    def complete(self, given: Mapping[str, Any]) -> bool:
        """Whether every required question that is asked has its answer."""
        return all(question.id in given for question in self.asked(given) if question.required)

    def languages(self, of_workspace: Iterable[str] = ()) -> list[str]:
        """The languages it can be asked in, the default first."""
        every = set.intersection(*({*question.text} for question in self.questions))
        wanted = self.text.languages or [*of_workspace] or sorted(every)
        return [each for each in wanted if each in every] or [FALLBACK]


class Surveys:
    """The surveys of a workspace: read when asked for, again when a file has changed."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        self._read: dict[str, tuple[int, Survey]] = {}

    def names(self) -> list[str]:
        """The names of all survey files, in order."""
        return sorted(file.stem for file in self._folder.glob("*.toml")) if self._folder.is_dir() else []

    def get(self, name: str) -> Survey | None:
        """A survey, None where there is no such file. Raises `SettingError` where it is not right."""
        file = self._folder / f"{name}.toml"
        if not NAME.fullmatch(name):
            return None
        try:
            changed = file.stat().st_mtime_ns
        except FileNotFoundError:
            self._read.pop(name, None)
            return None
        known = self._read.get(name)
        if known is None or known[0] != changed:
            known = self._read[name] = (changed, read_survey(name, _text_of(file), str(file)))
        return known[1]

    def named(self, name: str) -> Survey:
        """As `get`, for people: raises `SettingError` with the nearest name where there is none."""
        found = self.get(name)
        if found is None:
            near = did_you_mean(name, self.names())
            hint = f"Did you mean {near!r}?" if near else f"`kizuna surveys new {name}` makes it."
            raise SettingError(f"There is no survey {name!r}.", hint)
        return found


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SettingError(f"{file} is not UTF-8.", "Save it as UTF-8.") from None
    except OSError as error:
        raise SettingError(f"{file} cannot be read: {error.strerror}.", "Let the server's account read it.") from None


@cache
def instruments() -> dict[str, SurveyText]:
    """The instruments that come with Kizuna, by name."""
    folder = package_files("kizuna.collect.survey") / "instruments"
    found = {}
    for file in folder.iterdir():
        name, _, ending = file.name.partition(".")
        if ending == "toml":
            found[name] = _decoded(file.read_text(encoding="utf-8"), file.name)
    return dict(sorted(found.items()))


def read_survey(name: str, text: str, origin: str) -> Survey:
    """A survey from its text. Raises `SettingError` that names the file, what is wrong and the nearest valid name."""
    said = _decoded(text, origin)
    base: SurveyText | None = None
    if said.instrument:
        base = instruments().get(said.instrument)
        if base is None:
            near = did_you_mean(said.instrument, instruments())
            hint = f"Did you mean {near!r}?" if near else f"It is one of {', '.join(instruments())}."
            raise SettingError(f"{origin}: there is no instrument {said.instrument!r}.", hint)
        said = _over(base, said, tomllib.loads(text))
    questions = _questions(base, said, origin)
    if not questions:
        raise SettingError(f"{origin}: it asks nothing.", 'Name an instrument ("nps") or write a [[question]].')
    survey = Survey(name, said, questions)
    from kizuna.collect.survey.checks import check

    check(survey, origin)
    return survey


def _over(base: SurveyText, said: SurveyText, written: Mapping[str, Any]) -> SurveyText:
    """What the file says, over what its instrument says."""
    taken = {name: getattr(base, name) for name in SurveyText.__struct_fields__ if name not in written}
    return msgspec.structs.replace(said, **{**taken, "question": said.question, "instrument": said.instrument})


def _questions(base: SurveyText | None, said: SurveyText, origin: str) -> tuple[Question, ...]:
    found = {str(each.get("id", "")): each for each in (base.question if base else ())}
    for number, each in enumerate(said.question, 1):
        id = str(each.get("id", ""))
        if not id:
            raise SettingError(f"{origin}: question {number} has no id.", 'Write one, such as id = "nps".')
        if id in (str(other.get("id", "")) for other in said.question[: number - 1]):
            raise SettingError(f"{origin}: two questions have the id {id!r}.", "Give each question an id of its own.")
        found[id] = {**found.get(id, {}), **each}
    if said.comment and COMMENT not in found and found:
        found[COMMENT] = dict(_comment())
    return tuple(converted(each, Question, f"{origin}: question {id!r}") for id, each in found.items())


@cache
def _comment() -> Mapping[str, Any]:
    """The optional comment, as ``instruments/comment.toml`` asks for it."""
    return next(each for each in instruments()[COMMENT].question if each["id"] == COMMENT)


def _decoded(text: str, origin: str) -> SurveyText:
    try:
        return converted(tomllib.loads(text), SurveyText, origin)
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{origin} is not valid TOML: {error}.", "Mend that line.") from None


AFTER: tuple[str, ...] = get_args(After)
CHANNELS: tuple[str, ...] = get_args(Channel)
