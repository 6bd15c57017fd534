"""What came of a survey, as text: the scores first, then how far the invitations came, then who did not answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from kizuna.locale.texts import say
from kizuna.measure.plan import NO_GROUP
from kizuna.show import number
from kizuna.show.console import clean
from kizuna.understand.representation import Difference
from kizuna.understand.response import STAGES, Reached
from kizuna.understand.score import Score
from kizuna.understand.weighting import Weighting

FILE = "survey_results"
BAR_CELLS = 24
MOST_SENTENCES = 6
WIDE = 110
"""On a narrower terminal the intervals of groups are left out."""

ENDS = ("partial", "dismissed", "bounced", "reminded")


@dataclass(frozen=True, slots=True)
class Results:
    """A survey's results: `whole` is its funnel, `parts` a funnel by each thing it is broken down by.

    `differences` is None where it is not known who answered. `measured` are the scores by group.
    """

    survey: str
    title: str
    state: str
    whole: Reached | None
    scores: Sequence[Score]
    comments: int
    parts: Sequence[tuple[Sequence[str], Sequence[Reached]]] = ()
    group_scores: dict[tuple[str, ...], Score] = field(default_factory=dict)
    differences: Sequence[Difference] | None = None
    compared: Sequence[str] = ()
    weighting: Weighting | None = None
    level: float = 0.95
    language: str = "en"
    notes: Sequence[str] = ()
    nobody: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        state = f"  {self._say(self.state)}" if self.state else ""
        yield Text(clean(self.survey), "head").append(f"  {self.title}", "not bold").append(state, "not bold dim")
        yield Text()
        if self.whole is None:
            yield Text(clean(self.nobody or self._say("nobody")))
            if self.scores:
                yield Text()
        if self.scores or self.whole is None:
            yield from self._scores()
        if self.whole is not None:
            yield from self._funnel(self.whole)
        for by, groups in self.parts:
            yield Text()
            yield self._by(by, groups, intervals=options.max_width >= WIDE)
        if self.whole is not None:
            yield Text()
            yield from self._compared(self.whole)
        if self.weighting is not None:
            yield Text()
            yield from self._weighting(self.weighting)
        for note in self.notes:
            yield Text(clean(note), "quiet")

    def _scores(self) -> Iterator[RenderableType]:
        if not self.scores:
            return
        weighted = {score.metric: score for score in self.weighting.scores} if self.weighting else {}
        first, interval, answers, other = map(self._say, ("score", "interval", "answers", "weighted"))
        heads = [first, "", interval, answers, *([other, interval] if weighted else [])]
        table = _table(*heads, right=("", answers, other))
        for score in self.scores:
            unit = score.metric.unit
            cells = [Text(self._name(score), "head"), Text(self._number(score.value, unit), "head")]
            cells += [Text(self._interval(score.low, score.high, unit), "quiet"), Text(self._count(score.n))]
            if found := weighted.get(score.metric.id):
                cells.append(Text(self._number(found.value, unit), "accent"))
                cells.append(Text(self._interval(found.low, found.high, unit), "quiet"))
            table.add_row(*cells)
        yield table
        if self.comments:
            yield Text(self._many("comment", self.comments), "quiet")
        yield Text()

    def _name(self, score: Score) -> str:
        if score.label:
            return clean(f"{score.question}: {score.label}")
        return clean(score.metric.name[self.language])

    def _funnel(self, whole: Reached) -> Iterator[RenderableType]:
        table = _table("", "", "", "", "", right=("",), header=False)
        people = self._many("people", whole.people) if whole.people != whole.invited else ""
        table.add_row(
            Text(self._say("invited")), Text(self._count(whole.invited)), _bar(1.0), Text(""), Text(people, "quiet")
        )
        for stage in STAGES:
            rate = whole.rates.get(stage)
            if rate is None:
                table.add_row(
                    Text(self._say(stage)), Text("–"), Text(""), Text(""), Text(self._say("not_told"), "quiet")
                )
                continue
            share = Text(self._number(rate.value, "percent"))
            interval = Text(self._interval(rate.low, rate.high, "percent"), "quiet")
            table.add_row(
                Text(self._say(stage)), Text(self._count(rate.count)), _bar((rate.value or 0) / 100), share, interval
            )
        yield table
        ends = [f"{self._count(whole.rates[name].count)} {self._say(name)}" for name in ENDS if whole.rates[name].count]
        if ends:
            yield Text(", ".join(ends), "quiet")

    def _by(self, by: Sequence[str], groups: Sequence[Reached], *, intervals: bool) -> Table:
        """A funnel by group, with the main score where it can be broken down so as well."""
        stages = [stage for stage in STAGES if any(stage in group.rates for group in groups)]
        scored = [self.group_scores.get((*by, *group.group.values())) for group in groups]
        name = next((score.metric.id for score in scored if score), "")
        invited, answers, *shown = map(self._say, ("invited", "answers", *stages))
        span = [self._say("interval")] if intervals else []
        heads = [*by, invited, *shown, *span, *([name, *span, answers] if name else [])]
        table = _table(*heads, right=(invited, *shown, name, answers))
        for group, found in zip(groups, scored, strict=True):
            cells = [Text(clean(value), "quiet" if value == NO_GROUP else "head") for value in group.group.values()]
            cells += [Text(self._count(group.invited)), *(self._rate(group, stage) for stage in stages)]
            completed = group.rates["completed"]
            if intervals:
                cells.append(Text(self._interval(completed.low, completed.high, "percent"), "quiet"))
            if name:
                cells += self._cells(found, intervals=intervals)
            table.add_row(*cells)
        return table

    def _rate(self, group: Reached, stage: str) -> Text:
        rate = group.rates.get(stage)
        return Text(self._number(rate.value, "percent") if rate else "–")

    def _cells(self, score: Score | None, *, intervals: bool) -> list[Text]:
        if score is None or score.value is None:
            return [Text("–"), *([Text("")] if intervals else []), Text("0")]
        unit = score.metric.unit
        cells = [Text(self._number(score.value, unit), "head")]
        if intervals:
            cells.append(Text(self._interval(score.low, score.high, unit), "quiet"))
        return [*cells, Text(self._count(score.n))]

    def _compared(self, whole: Reached) -> Iterator[RenderableType]:
        yield Text(self._say("who"), "head")
        if self.differences is None:
            yield Text(self._say("anonymous"))
            return
        real = [each for each in self.differences if each.real(self.level) and each.known]
        for each in real[:MOST_SENTENCES]:
            yield self._sentence(each)
        if len(real) > MOST_SENTENCES:
            yield Text(self._say("more_differences", count=len(real) - MOST_SENTENCES), "quiet")
        if not self.compared:
            yield Text(self._say("no_traits"))
            return
        if not any(each.p_value is not None for each in self.differences):
            yield Text(self._say("too_few"))
        elif not real:
            yield Text(self._say("no_difference"))
        yield Text(self._say("compared", names=", ".join(self.compared)), "quiet")

    def _sentence(self, each: Difference) -> Text:
        more = each.completed_share > each.invited_share
        before, after = (self._number(share, "percent") for share in (each.invited_share, each.completed_share))
        text = Text("▲ " if more else "▼ ", "accent")
        text.append(f"{self._say('more_often' if more else 'less_often')} ", "default")
        text.append(clean(f"{each.trait} {each.value}"), "head").append(
            f"  {self._say('shares', invited=before, answered=after)}", "default"
        )
        p = number.p_value(each.p_value, self.language)
        return text.append(f"  (p {p if p.startswith('<') else '= ' + p})", "quiet")

    def _weighting(self, found: Weighting) -> Iterator[RenderableType]:
        yield Text(self._say("weighted_by", traits=", ".join(found.traits)), "head")
        heads = [self._say(name) for name in ("invited", "answered", "weighted")]
        table = _table("", "", *heads, right=heads)
        last = ""
        for share in found.shares:
            shares = (Text(self._number(each, "percent")) for each in (share.invited, share.answered, share.weighted))
            table.add_row(
                Text("" if share.trait == last else share.trait, "key"), Text(clean(share.value), "head"), *shares
            )
            last = share.trait
        yield table
        worth = number.value(found.effective, "count", self.language)
        lowest, highest = (number.value(each, "ratio", self.language) for each in (found.lowest, found.highest))
        weigh = "weigh_one" if found.answers == 1 else "weigh_many"
        answers = self._count(found.answers)
        told = self._say(weigh, answers=answers, worth=worth, lowest=lowest, highest=highest)
        yield Text(told, "quiet")
        for note in found.notes:
            yield Text(clean(note), "worse")

    def _say(self, key: str, **parts: object) -> str:
        return say(FILE, key, self.language, **parts)

    def _count(self, count: int) -> str:
        return number.count(count, self.language)

    def _many(self, key: str, count: int) -> str:
        if count == 1:
            return self._say(f"{key}_one")
        return self._say(f"{key}_many", count=self._count(count))

    def _number(self, value: float | None, unit: str) -> str:
        return number.value(value, unit, self.language)

    def _interval(self, low: float | None, high: float | None, unit: str) -> str:
        return number.interval(low, high, unit, self.language)


def _bar(share: float) -> Text:
    cells = round(share * BAR_CELLS * 8)
    whole, rest = divmod(cells, 8)
    drawn = "█" * whole + (" ▏▎▍▌▋▊▉"[rest] if rest else "")
    return Text(drawn or ("▏" if share > 0 else ""), "accent")


def _table(*heads: str, right: Sequence[str] = (), header: bool = True) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="", show_header=header)
    for place, head in enumerate(heads):
        justify = "right" if head in right and (head or place == 1) else "left"
        table.add_column(Text(head, "key"), justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table
