"""``kizuna surveys NAME``: what came of a survey, printed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from kizuna.errors import QuestionError, SettingError, UnknownName
from kizuna.locale.texts import say
from kizuna.show.console import out

if TYPE_CHECKING:
    from kizuna.collect.survey.survey import Survey
    from kizuna.show.response import Results
    from kizuna.understand.response import Scope
    from kizuna.understand.score import Score, Scored
    from kizuna.workspace import Workspace


FILE = "survey_results"


def results(
    shop: Workspace,
    name: str,
    survey: Survey | None,
    *,
    by: Sequence[str] = (),
    weighted: bool = False,
    since: str | None = None,
    until: str | None = None,
    format: str = "table",
    language: str = "en",
) -> int:
    """Print what came of a survey; `survey` is its file, None where only its answers are there."""
    from kizuna.measure.question import read_day
    from kizuna.understand.response import Scope

    initiatives = shop.settings.initiatives
    scope = Scope(name, read_day(since, initiatives, "since"), read_day(until, initiatives, "until"))
    found = collected(shop, scope, survey, by=by, weighted=weighted, language=language)
    if format == "json":
        out().print(json.dumps(as_dict(found), ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
    else:
        out().print(found)
    return 0


def collected(
    shop: Workspace,
    scope: Scope,
    survey: Survey | None,
    *,
    by: Sequence[str] = (),
    weighted: bool = False,
    language: str = "en",
) -> Results:
    """Everything that is known of what came of a survey."""
    from kizuna.collect.survey.question import told
    from kizuna.show.response import Results
    from kizuna.understand.representation import compare, known_traits
    from kizuna.understand.response import funnel, is_anonymous
    from kizuna.understand.score import answered, scored, scores
    from kizuna.understand.weighting import weigh

    business = shop.business
    asked = answered(business, scope, [question.id for question in survey.questions] if survey else ())
    wanted = scored(business, asked)
    anonymous = is_anonymous(business, scope.survey)
    whole = next(iter(funnel(business, scope)), None)
    wished = dict.fromkeys((("channel",), *((tuple(by),) if by else ())))
    parts = [(names, funnel(business, scope, names)) for names in wished]
    parts = [(names, groups) for names, groups in parts if len(groups) > 1 or names == tuple(by)]
    group_scores: dict[tuple[str, ...], Score] = {}
    for names, _ in parts:
        group_scores |= _by_group(shop, scope, wanted[:1], names)
    weight_by = survey.text.weight_by if survey else []
    comments = max((each.comments for each in asked), default=0)
    compared = [] if anonymous else list(dict.fromkeys([*weight_by, *by, *known_traits(business, scope)]))
    weighting = weigh(business, scope, wanted, _traits(scope.survey, weight_by)) if weighted else None
    whole_scores = scores(business, scope, wanted)
    least = int(shop.settings.least_people) if anonymous else 0
    notes = _notes(scope, wanted, comments, language)
    if any(each.n < least for each in (*whole_scores, *group_scores.values())):
        notes.insert(0, say(FILE, "few", language, least=least))
    return Results(
        scope.survey,
        told(survey.text.title, language) if survey else "",
        survey.text.state if survey else "",
        whole,
        [each for each in whole_scores if each.n >= least],
        comments,
        parts,
        {group: each for group, each in group_scores.items() if each.n >= least},
        None if anonymous else compare(business, scope, compared),
        compared,
        weighting,
        scope.level,
        language,
        notes,
        _nobody(scope, survey, language),
    )


def _traits(survey: str, weight_by: Sequence[str]) -> Sequence[str]:
    if not weight_by:
        raise SettingError(
            f"{survey} does not say what to weight by.", f'Write weight_by = ["country"] into surveys/{survey}.toml.'
        )
    return weight_by


def _by_group(
    shop: Workspace, scope: Scope, wanted: Sequence[Scored], by: Sequence[str]
) -> dict[tuple[str, ...], Score]:
    """The main score by group, where answers have what the invitations are broken down by."""
    from kizuna.understand.score import scores_by

    try:
        found = [each for scored in wanted for each in scores_by(shop.business, scope, scored, by)]
    except (UnknownName, QuestionError):
        return {}
    return {(*by, *group): score for group, score in found}


def _notes(scope: Scope, wanted: Sequence[Scored], comments: int, language: str) -> list[str]:
    known = [each.metric.id for each in wanted if each.metric.file or each.metric.group]
    if not known:
        return []
    where = f"survey = '{scope.survey}'"
    by_month = f'kizuna measure {" ".join(known)} --where "{where}" --every month'
    notes = [say(FILE, "by_month", language, command=by_month)]
    if comments:
        rows = f'kizuna rows {known[0]} --where "{where}" --limit 0 --format csv'
        notes.append(say(FILE, "written", language, command=rows))
    return notes


def _nobody(scope: Scope, survey: Survey | None, language: str) -> str:
    """What to say where there are no invitations."""
    if survey and survey.text.open:
        return say(FILE, "open", language)
    if scope.since or scope.until:
        return say(FILE, "nobody_then", language)
    return say(FILE, "nobody_yet", language, name=scope.survey)


def as_dict(found: Results) -> dict[str, Any]:
    """For programs: every number that is printed, and those that are not."""
    from kizuna.measure.plan import NO_GROUP

    weighting = found.weighting
    weighted = {score.metric: score for score in weighting.scores} if weighting else {}

    def score(each: Score) -> dict[str, Any]:
        told: dict[str, Any] = {"metric": each.metric.id, "question": each.question, "choice": each.label or None}
        told |= {"value": each.value, "low": each.low, "high": each.high, "answers": each.n, "unit": each.metric.unit}
        if other := weighted.get(each.metric.id):
            told["weighted"] = {"value": other.value, "low": other.low, "high": other.high}
        return told

    groups = [
        {
            "by": list(by),
            "groups": [
                {**msgspec.to_builtins(group), "score": score(scored) if scored else None}
                for group in reached
                for scored in [found.group_scores.get((*by, *group.group.values()))]
            ],
        }
        for by, reached in found.parts
    ]
    return {
        "survey": found.survey,
        "state": found.state or None,
        "scores": [score(each) for each in found.scores],
        "comments": found.comments,
        "funnel": msgspec.to_builtins(found.whole) if found.whole else None,
        "by": groups,
        "anonymous": found.differences is None,
        "compared": list(found.compared),
        "differences": [
            {**msgspec.to_builtins(each), "real": each.real(found.level), "known": each.value != NO_GROUP}
            for each in found.differences or ()
        ],
        "weighting": msgspec.to_builtins(weighting) if weighting else None,
    }
