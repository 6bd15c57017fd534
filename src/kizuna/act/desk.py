"""Where it is decided whether somebody may be asked: the rules, what is known, and what was granted just now."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from kizuna.act.fatigue import Fatigue, Reason, Why
from kizuna.act.reserved import Reservations
from kizuna.act.standing import Ids, Named, Standing, emails_of, named, people_of, standings
from kizuna.collect.survey.survey import Survey, Surveys
from kizuna.sending import Keep
from kizuna.settings import Settings
from kizuna.store.duckdb import DuckDBStore, Reading
from kizuna.store.properties import Properties
from kizuna.store.segments import Segments

Clock = Callable[[], int]
"""Gives the time, in microseconds since 1970, UTC."""


def wall_clock() -> int:
    """The time."""
    return time.time_ns() // 1000


class Desk:
    """What asking works with. `keep` puts records on the disk; `root` is the workspace's folder."""

    def __init__(
        self, store: DuckDBStore, settings: Settings, root: Path, keep: Keep, clock: Clock = wall_clock
    ) -> None:
        self.store, self.settings, self.root, self.keep, self.clock = store, settings, root, keep, clock
        self.business = str(settings.name) or root.resolve().name
        self.surveys = Surveys(root)
        self.fatigue = Fatigue.of(settings)
        self.reserved = Reservations()
        self.properties = Properties(store)
        self.segments = Segments(root, settings.state_url)

    def stands(self, data: Reading, ids: Ids, now: int) -> tuple[Standing, list[Named], list[int]]:
        """How whoever has these ids stands, the ids as they are spelled, and the numbers of who that may be."""
        who = named(ids)
        numbers = sorted({number for number in people_of(data, who) if number is not None})
        emails = emails_of(data, numbers)
        mine = [value for kind, value in who if kind == "email"]
        people = {number: [*dict.fromkeys([*mine, *known])] for number, known in emails.items()}
        found = standings(data, people, now, who)
        self.reserved.add_to(data, found, people, who)
        whole = Standing()
        for each in found.values():
            whole.add(each)
        return whole, who, numbers

    def objects(
        self,
        survey: Survey,
        at: int,
        standing: Standing,
        *,
        email: str | None = None,
        own: str = "",
        waiting: bool = True,
    ) -> Why | None:
        """Why somebody may not be asked, None where they may.

        With `email` it is about a mail to that address. `own` is an invitation that does not speak against itself;
        `waiting` says whether invitations that wait to be sent count.
        """
        if email is not None and (bar := _bar(standing, email)):
            return self.fatigue.why(bar)
        askings = [*standing.asked, *(standing.waiting if waiting else ())]
        others = [each for each in askings if not own or each.invitation != own]
        return self.fatigue.refuses(survey.name, at, others, standing.open_ticket)


def _bar(standing: Standing, email: str) -> Reason | None:
    if standing.unsubscribed:
        return "unsubscribed"
    if standing.complained:
        return "complained"
    return "bounced" if email in standing.bounced else None


def choose(addresses: Sequence[str], standing: Standing) -> str | None:
    """The address to write to: the first that is good, else one that is not, None where there is none."""
    return next((each for each in addresses if each not in standing.bounced), next(iter(addresses), None))
