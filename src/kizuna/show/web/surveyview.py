"""Surveys as they are managed: a row of the list, and what came of one, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from kizuna.collect.survey.question import told
from kizuna.collect.survey.survey import Survey, Surveys
from kizuna.errors import KizunaError
from kizuna.measure.plan import NO_GROUP, OTHER
from kizuna.show import number
from kizuna.show.response import Results
from kizuna.show.web.inbox import Teller
from kizuna.show.web.view import View
from kizuna.understand.representation import Difference
from kizuna.understand.response import STAGES, Rate, Reached
from kizuna.understand.score import Score

ENDS = ("partial", "dismissed", "bounced", "reminded")
MOST_SENTENCES = 6
SCORES_SHOWN = 4
"""So many scores stand large at the top; all of them are in the table."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A survey of the list. `problem` is what is wrong with its file; one without a file was asked elsewhere."""

    name: str
    link: str
    title: str
    state: str
    asks: str
    when: str
    channels: str
    invited: str
    completed: str
    share: float
    interval: str
    problem: str = ""
    has_file: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """A stage of the funnel, with its share of those invited; `percent` is for the meter, None where it is not told."""

    name: str
    count: str
    share: str
    interval: str
    percent: float | None


@dataclass(frozen=True, slots=True)
class Number:
    """A score with its interval, and what it would be weighted."""

    name: str
    value: str
    interval: str
    n: str
    weighted: str = ""
    weighted_interval: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A group of those invited: cells of the stages, and the main score."""

    group: Sequence[str]
    invited: str
    stages: Sequence[str]
    score: str
    interval: str
    n: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A funnel broken down: by what, which stages are told, the name of the score, and the groups."""

    by: Sequence[str]
    stages: Sequence[str]
    score: str
    parts: Sequence[Part]


def link_of(view: View, name: str, page: str = "", **more: str) -> str:
    """Where a survey is managed; ``preview`` and so on are its other pages, `more` goes into the query."""
    return view.link(f"/survey/{quote(name, safe='')}" + (f"/{page}" if page else ""), **more)


def listed(view: View, reached: Sequence[Reached]) -> list[Listed]:
    """All surveys of the workspace, then those that were asked elsewhere; `reached` are the funnels by survey."""
    known = Surveys(view.hub.root)
    by_name = {each.group["survey"]: each for each in reached}
    asked = view.hub.kept.get("surveys asked", lambda: _asked(view)).value
    others = sorted({*by_name, *asked} - {*known.names(), "", NO_GROUP, OTHER})
    return [*(_of_file(view, known, name, by_name.get(name)) for name in known.names()),
            *(_of_answers(view, name, by_name.get(name)) for name in others)]  # fmt: skip


def _asked(view: View) -> list[str]:
    sql = "SELECT survey FROM survey_invitation UNION SELECT survey FROM survey_response WHERE status <> 'dismissed'"
    return [name for (name,) in view.hub.rows(f"SELECT DISTINCT survey FROM ({sql}) WHERE survey IS NOT NULL")]


def _of_file(view: View, known: Surveys, name: str, reached: Reached | None) -> Listed:
    try:
        survey = known.get(name)
    except KizunaError as error:
        return Listed(name, link_of(view, name), "", "wrong", "", "", "", *_counted(view, reached), problem=str(error))
    if survey is None:
        problem = view.say("surveys.bad_name", name=name)
        return Listed(name, "", "", "wrong", "", "", "", *_counted(view, reached), problem=problem)
    text = survey.text
    return Listed(
        name,
        link_of(view, name),
        told(text.title, view.language),
        text.state,
        instrument(view, survey),
        view.say(f"surveys.after_{text.when.after or 'hand'}"),
        view.say("common.comma").join(view.say(f"surveys.channel_{each}") for each in text.channels),
        *_counted(view, reached),
    )


def _of_answers(view: View, name: str, reached: Reached | None) -> Listed:
    return Listed(name, link_of(view, name), "", "", "", "", "", *_counted(view, reached), has_file=False)


def instrument(view: View, survey: Survey) -> str:
    """What a survey asks, in a few words."""
    name = survey.text.instrument
    return view.say(f"surveys.instrument_{name}") if name else told(survey.main.text, view.language)


def _counted(view: View, reached: Reached | None) -> tuple[str, str, float, str]:
    if reached is None:
        return "", "", 0.0, ""
    rate = reached.rates["completed"]
    share, interval = _rate(view, rate)
    return number.count(reached.invited, view.language), share, rate.value or 0.0, interval


def _rate(view: View, rate: Rate) -> tuple[str, str]:
    share = number.value(rate.value, "percent", view.language)
    return share, number.interval(rate.low, rate.high, "percent", view.language)


class Outcome:
    """What came of a survey, in the reader's words; `found` are its results."""

    def __init__(self, view: View, found: Results) -> None:
        self._view, self._found = view, found
        self._teller = Teller(view)

    @property
    def numbers(self) -> list[Number]:
        """The scores."""
        weighting = self._found.weighting
        weighted = {score.metric: score for score in weighting.scores} if weighting else {}
        made = []
        for score in self._found.scores:
            value, interval = self._value(score)
            other, other_interval = "", ""
            if each := weighted.get(score.metric.id):
                other = self._number(each.value, score)
                other_interval = number.interval(each.low, each.high, score.metric.unit, self._view.language)
            link = self._view.link(f"/metric/{score.metric.id}") if score.metric.group else ""
            n = number.count(score.n, self._view.language)
            made.append(Number(self.name(score), value, interval, n, other, other_interval, link))
        return made

    def name(self, score: Score) -> str:
        """What a score is called: its metric's name, or the question with the choice."""
        if score.metric.group:
            return self._view.reader.name(score.metric)
        question = self._teller.question(self._found.survey, score.question)
        choice = self._teller.choice(self._found.survey, score.question, score.label)
        return f"{question}: {choice}" if choice else question

    @property
    def steps(self) -> list[Step]:
        """The funnel, from those invited on."""
        whole = self._found.whole
        if whole is None:
            return []
        language, people = self._view.language, ""
        if whole.people != whole.invited:
            people = self._view.say("surveys.people", count=number.count(whole.people, language))
        made = [Step(self._view.say("feedback.invited"), number.count(whole.invited, language), people, "", 100.0)]
        for stage in STAGES:
            rate, name = whole.rates.get(stage), self._view.say(f"feedback.stage_{stage}")
            if rate is None:
                made.append(Step(name, "–", self._view.say("surveys.not_told"), "", None))
            else:
                made.append(Step(name, number.count(rate.count, language), *_rate(self._view, rate), rate.value or 0.0))
        return made

    @property
    def ends(self) -> str:
        """What else became of the invitations."""
        rates: Mapping[str, Rate] = self._found.whole.rates if self._found.whole else {}
        said = [
            self._view.say(f"surveys.end_{name}", count=number.count(rates[name].count, self._view.language))
            for name in ENDS
            if name in rates and rates[name].count
        ]
        return self._view.say("common.comma").join(said)

    @property
    def broken_down(self) -> list[Broken]:
        """The funnel by channel, and by what was asked for."""
        made = []
        for by, groups in self._found.parts:
            scored = [self._found.group_scores.get((*by, *each.group.values())) for each in groups]
            name = next((self.name(score) for score in scored if score), "")
            stages = [stage for stage in STAGES if any(stage in each.rates for each in groups)]
            parts = [self._part(each, score, stages) for each, score in zip(groups, scored, strict=True)]
            heads = [self._view.say(f"feedback.stage_{stage}") for stage in stages]
            made.append(Broken([self.trait(each) for each in by], heads, name, parts))
        return made

    @property
    def differences(self) -> list[tuple[str, str]]:
        """Where those who answered differ from those invited beyond chance: the value, and the sentence."""
        real = [each for each in self._found.differences or () if each.real(self._found.level) and each.known]
        return [(f"{self.trait(each.trait)}: {each.value}", self._sentence(each)) for each in real[:MOST_SENTENCES]]

    @property
    def compared(self) -> str:
        """How the comparison came out where no difference is beyond chance, and what was compared."""
        say, found = self._view.say, self._found
        if found.differences is None:
            return say("surveys.anonymous_compared")
        if not found.compared:
            return say("surveys.no_traits")
        names = say("common.comma").join(self.trait(each) for each in found.compared)
        if not any(each.p_value is not None for each in found.differences):
            return f"{say('surveys.too_few')} {say('surveys.compared', names=names)}"
        same = "" if self.differences else f"{say('surveys.no_difference')} "
        return same + say("surveys.compared", names=names)

    @property
    def weights(self) -> str:
        """What the weights cost."""
        found = self._found.weighting
        if found is None:
            return ""
        language = self._view.language
        return self._view.say(
            "surveys.weighed",
            traits=self._view.say("common.comma").join(self.trait(each) for each in found.traits),
            answers=number.count(found.answers, language),
            worth=number.value(found.effective, "count", language),
            lowest=number.value(found.lowest, "ratio", language),
            highest=number.value(found.highest, "ratio", language),
        )

    def trait(self, name: str) -> str:
        """A column or trait in words, by its name where there are none."""
        try:
            return self._view.say(f"surveys.trait_{name}")
        except KeyError:
            return name.replace("_", " ")

    def _part(self, reached: Reached, score: Score | None, stages: Sequence[str]) -> Part:
        language = self._view.language
        shares = [
            number.value(reached.rates[stage].value, "percent", language) if stage in reached.rates else "–"
            for stage in stages
        ]
        value, interval = self._value(score) if score else ("–", "")
        group = [self._view.word("not known") if each == NO_GROUP else each for each in reached.group.values()]
        n = number.count(score.n, language) if score else ""
        return Part(group, number.count(reached.invited, language), shares, value, interval, n)

    def _sentence(self, each: Difference) -> str:
        language = self._view.language
        p = number.p_value(each.p_value, language)
        return self._view.say(
            "surveys.more_often" if each.completed_share > each.invited_share else "surveys.less_often",
            invited=number.value(each.invited_share, "percent", language),
            answered=number.value(each.completed_share, "percent", language),
            p=p if p.startswith("<") else f"= {p}",
        )

    def _value(self, score: Score) -> tuple[str, str]:
        interval = number.interval(score.low, score.high, score.metric.unit, self._view.language)
        return self._number(score.value, score), interval

    def _number(self, value: float | None, score: Score) -> str:
        return number.value(value, score.metric.unit, self._view.language)
