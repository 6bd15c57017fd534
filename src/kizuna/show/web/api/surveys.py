"""``/surveys``: what is asked of customers, and how many answered."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from litestar import Response

from kizuna.collect.survey.survey import Surveys as Files
from kizuna.errors import KizunaError
from kizuna.show.web.api import examples
from kizuna.show.web.api.answered import told
from kizuna.show.web.api.call import Call, serves
from kizuna.show.web.api.operation import AFTER, LIMIT, Operation
from kizuna.show.web.api.paging import page

_COUNTS = (
    "SELECT survey, count(*), count(responded_at) FROM survey_invitation WHERE survey IS NOT NULL"
    " GROUP BY survey ORDER BY survey"
)


class Survey(msgspec.Struct):
    """A survey: `state` is draft, active or paused, ``imported`` for one asked elsewhere, ``wrong`` for a file that
    cannot be read (`problem` says why). `asked` counts invitations, `answered` those answered completely."""

    name: str
    state: str
    instrument: str
    channels: list[str]
    languages: list[str]
    anonymous: bool
    asked: int
    answered: int
    problem: str = ""


class Surveys(msgspec.Struct):
    """A page of surveys, by name."""

    items: list[Survey]
    next: str | None


SURVEYS = Operation(
    "surveys", "GET", "/surveys", Surveys, (LIMIT, AFTER), example={"items": [examples.SURVEY], "next": None}
)


@serves(SURVEYS)
def surveys(call: Call) -> Response[bytes]:
    """All surveys, those asked elsewhere as well."""
    counts = {name: (sent, answered) for name, sent, answered in call.hub.rows(_COUNTS)}
    files = Files(call.hub.root)
    found = [_survey(files, name, call.hub.settings.languages, *counts.pop(name, (0, 0))) for name in files.names()]
    found += [Survey(name, "imported", "", [], [], False, *count) for name, count in counts.items()]
    shown, more = page(
        sorted(found, key=lambda survey: survey.name),
        lambda survey: survey.name,
        call.asked.text("after"),
        call.asked.whole("limit"),
    )
    return told(call.request, Surveys(shown, more))


def _survey(files: Files, name: str, of_workspace: Sequence[str], asked: int, answered: int) -> Survey:
    try:
        found = files.get(name)
        problem = "" if found else f"{name}.toml: a name is small letters, digits, - and _."
    except KizunaError as error:
        found, problem = None, str(error)
    if found is None:
        return Survey(name, "wrong", "", [], [], False, asked, answered, problem)
    text = found.text
    return Survey(
        name,
        text.state,
        text.instrument,
        list(text.channels),
        found.languages(of_workspace),
        text.anonymous,
        asked,
        answered,
    )


HANDLERS = (surveys,)
