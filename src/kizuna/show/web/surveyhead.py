"""What stands above each page of one survey: its name and state, and the way to its other pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litestar.exceptions import NotFoundException

from kizuna.collect.survey.question import told
from kizuna.collect.survey.survey import Survey, Surveys
from kizuna.errors import KizunaError, did_you_mean
from kizuna.show.commands.surveysheet import concerns
from kizuna.show.web.surveyview import link_of
from kizuna.show.web.view import View

PAGES = ("results", "preview", "place", "edit")


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the pages."""

    name: str
    link: str
    here: bool


@dataclass(frozen=True, slots=True)
class Head:
    """`survey` is None where there is no file, or one that is not right, of which `problem` tells.

    `concerns` are sentences about what may not come out as expected.
    """

    name: str
    title: str
    state: str
    survey: Survey | None
    problem: str
    tabs: Sequence[Tab]
    concerns: Sequence[str]
    link: str
    place: str
    edit: str
    has_file: bool


def head(view: View, name: str, here: str) -> Head:
    """The head of a survey's page. Raises `NotFoundException` where nobody knows a survey of that name."""
    known, survey, problem = Surveys(view.hub.root), None, ""
    has_file = name in known.names()
    if has_file:
        try:
            survey = known.get(name)
        except KizunaError as error:
            problem = str(error)
    elif not _answered(view, name):
        near = did_you_mean(name[:80], known.names())
        raise NotFoundException(
            view.say("surveys.no_such_near", name=name[:80], near=near)
            if near
            else view.say("surveys.no_such", name=name[:80])
        )
    return Head(
        name,
        told(survey.text.title, view.language) if survey else "",
        survey.text.state if survey else "",
        survey,
        problem,
        [
            Tab(view.say(f"surveys.tab_{each}"), link_of(view, name, "" if each == "results" else each), each == here)
            for each in PAGES
            if each == "results" or (survey if each != "edit" else has_file and view.may("editor"))
        ],
        concerns(view.hub.workspace, survey) if survey and view.may("editor") else (),
        link_of(view, name),
        link_of(view, name, "place"),
        link_of(view, name, "edit"),
        has_file,
    )


def needed(view: View, name: str, here: str) -> tuple[Head, Survey]:
    """As `head`, where the survey's file must be right."""
    found = head(view, name, here)
    if found.survey is None:
        raise NotFoundException(found.problem or view.say("surveys.no_file", name=name[:80]))
    return found, found.survey


def _answered(view: View, name: str) -> bool:
    each = (f"SELECT 1 FROM {fact} WHERE survey = $name LIMIT 1" for fact in ("survey_invitation", "survey_response"))
    return any(view.hub.rows(sql, {"name": name}) for sql in each)
