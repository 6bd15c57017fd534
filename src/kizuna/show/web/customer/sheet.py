"""What is known of a customer, as it stands beside their timeline: ids, traits, figures, and what they said no to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from kizuna.facts import FACTS
from kizuna.locale.texts import texts
from kizuna.show import number
from kizuna.show.web.customer.clock import Clock
from kizuna.show.web.view import View
from kizuna.store.whois import Decision, Person, Seen
from kizuna.understand.profile import Profile, Said, Trait

_LINE = re.compile(r"(?P<source>.+), line (?P<line>\d+)", re.S)
_MESSAGE = re.compile(r"message .+ of (?P<day>\d{4}-\d{2}-\d{2})", re.S)

FIRST_IDS = 6
"""So many ids are shown before the others are folded away."""


@dataclass(frozen=True, slots=True)
class Known:
    """An id: what kind it is, the value, where it was seen, and whether it can be taken apart from the others."""

    kind: str
    value: str
    text: str
    seen: str
    apart: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A trait, and what another source says instead."""

    name: str
    value: str
    other: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the customer's figures; `more` stands smaller beside it, `waiting` says that there is none yet."""

    name: str
    value: str
    more: str = ""
    help: str = ""
    waiting: bool = False


class Sheet:
    """A profile in the reader's language."""

    def __init__(self, view: View, profile: Profile) -> None:
        self._view, self._profile = view, profile
        self._language, self._currency = view.language, view.hub.settings.currency
        self._clock = Clock(view.hub.settings.zone, view.language)

    @property
    def ids(self) -> list[Known]:
        return known_ids(self._view, self._profile.person, self._clock)

    @property
    def decisions(self) -> list[str]:
        """What was decided of who they are."""
        return [self._decided(decision) for decision in self._profile.person.decisions]

    @property
    def traits(self) -> dict[str, list[Told]]:
        """The traits by where they come from."""
        found: dict[str, list[Told]] = {}
        for trait in self._profile.traits:
            found.setdefault(self._source(trait.said), []).append(self._told(trait))
        return found

    @property
    def figures(self) -> list[Figure]:
        """What can be counted; health, lifetime value and churn risk have their place and no number yet."""
        sums, say = self._profile.sums, self._say
        money = "" if sums.value is None else self._money(sums.value)
        opened = say("open_tickets", count=self._count(sums.open_tickets)) if sums.open_tickets else ""
        mails = say("mails_of", opened=self._count(sums.opened), all=self._count(sums.mails)) if sums.mails else ""
        found = [
            Figure(say("value"), money or "–", help=say("value_help")),
            Figure(say("orders"), self._count(sums.orders), self._clock.day(sums.last_order)),
            Figure(say("visits"), self._count(sums.visits), self._clock.day(sums.last_visit)),
            Figure(say("tickets"), self._count(sums.tickets), opened),
            Figure(say("mails"), mails or "–"),
            Figure(say("answers"), self._count(sums.answers)),
        ]
        if sums.mrr is not None:
            found.insert(1, Figure(say("mrr"), self._money(sums.mrr)))
        later = (say(name) for name in ("health", "lifetime", "risk"))
        return [*found, *(Figure(name, say("not_yet"), waiting=True) for name in later)]

    @property
    def refusals(self) -> list[str]:
        """What they said no to, and what kept messages from them."""
        consent, clock = self._profile.consent, self._clock
        found = [
            ("unsubscribed", consent.unsubscribed_at),
            ("complained", consent.complained_at),
            ("no_surveys", consent.surveys_unsubscribed_at),
            ("bounced", consent.bounced_at),
        ]
        return [self._say(key, time=clock.whole(at)) for key, at in found if at is not None]

    @property
    def agrees(self) -> bool:
        """Whether they agreed to be contacted about their latest answer."""
        return bool(self._profile.consent.may_be_contacted)

    def _told(self, trait: Trait) -> Told:
        other = ""
        if trait.other_said:
            other = self._say("but_said", value=trait.other, where=self._source(trait.other_said))
        value = trait.value
        if trait.name in FACTS["customer"].times:
            value = self._clock.whole(datetime.fromisoformat(value))
        return Told(field_name(self._view, trait.name), value, other)

    def _source(self, said: Said) -> str:
        time = self._clock.whole(said.at)
        if said.file:
            return self._say("from_file", source=said.file, line=said.line, time=time)
        if said.at is None:
            return self._say("from_somewhere")
        return self._say("from_message", source=said.source or self._say("from_somewhere"), time=time)

    def _decided(self, decision: Decision) -> str:
        one, other = str(decision.id), str(decision.other or "")
        if decision.verb == "split":
            return self._say("decided_split_from" if other else "decided_split", one=one, other=other)
        said = self._say(f"decided_{decision.verb}", one=one, other=other)
        return said if decision.holds else f"{said} {self._say('taken_back')}"

    def _say(self, key: str, **parts: object) -> str:
        return self._view.say(f"customers.{key}", **parts)

    def _count(self, count: int) -> str:
        return number.count(count, self._language)

    def _money(self, amount: float) -> str:
        return number.value(amount, "money", self._language, self._currency)


def known_ids(view: View, who: Person, clock: Clock) -> list[Known]:
    """Somebody's ids, the strongest first."""
    return [_known(view, seen, clock, apart=len(who.ids) > 1 and place > 0) for place, seen in enumerate(who.ids)]


def _known(view: View, seen: Seen, clock: Clock, *, apart: bool) -> Known:
    days = [view.say("customers.first_seen", day=_day(seen.day, clock))] if seen.day else []
    beside = [
        view.say("customers.seen_with", id=id.value, where=_place(view, where, clock)) for id, where in seen.beside[:3]
    ]
    kind = view.say(f"customers.id_{seen.id.kind}")
    return Known(kind, seen.id.value, str(seen.id), " · ".join([*days, *beside]), apart)


def _place(view: View, where: str, clock: Clock) -> str:
    """Where two ids stood together, in the reader's words; `kizuna.store.whois` says it in English."""
    if at := _LINE.fullmatch(where):
        return view.say("customers.at_line", source=at["source"], line=at["line"])
    if at := _MESSAGE.fullmatch(where):
        return view.say("customers.in_message", day=_day(at["day"], clock))
    return where


def _day(text: str, clock: Clock) -> str:
    return clock.of_date(date.fromisoformat(text))


def field_name(view: View, name: str) -> str:
    """What a trait is called: by the fields' words where it is one of ours, else its own name."""
    return view.say(f"fields.{name}") if name in texts("web/fields") else name
