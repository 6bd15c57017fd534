"""How often somebody may be asked: the rules over all surveys and all channels.

* nobody is asked within `ask_days_between` days of another asking, whatever was asked;
* nobody is asked the same survey within `ask_again_days` days;
* nobody is asked while a ticket of theirs is open (unless `ask_during_open_tickets`);
* nothing is mailed in the quiet hours of the person's own clock.

Days are of 24 hours, so that a change of the clocks makes them neither longer nor shorter. Somebody counts as
asked when a mail was sent, when it may have been sent (the program ended in the middle of it), when
a survey was shown, and when an invitation waits to be sent. A reminder is no new asking; it keeps the quiet hours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from kizuna.quiet import QuietHours
from kizuna.settings import Settings

DAY = 86_400_000_000

Reason = Literal[
    "asked_lately",
    "asked_before",
    "open_ticket",
    "no_address",
    "unsubscribed",
    "bounced",
    "complained",
    "not_sampled",
    "not_ready",
    "not_active",
    "no_longer_fits",
    "expired",
    "answered",
    "not_in_segment",
    "unknown",
]

SENTENCES: dict[Reason, str] = {
    "asked_lately": "was asked another survey less than {between} days before or after",
    "asked_before": "was asked this survey less than {again} days ago",
    "open_ticket": "waits for help: a ticket is open",
    "no_address": "has no e-mail address",
    "unsubscribed": "wants no more surveys",
    "bounced": "the address came back as no good",
    "complained": "called a mail spam",
    "not_sampled": "is not in the share that is asked",
    "not_ready": "what happened lately is not known yet",
    "not_active": "the survey is not active",
    "no_longer_fits": "the rule no longer holds: it is too late, the ticket is open again, or the condition changed",
    "expired": "the link has ended",
    "answered": "has answered, or put it away",
    "not_in_segment": "is not of those who are asked",
    "unknown": "cannot be recognised, and so might be asked again and again",
}
"""Why somebody is not asked, for people to read after a name."""


@dataclass(frozen=True, slots=True)
class Granted:
    """Somebody may be asked now."""


@dataclass(frozen=True, slots=True)
class Why:
    """Somebody may not be asked, and why not."""

    reason: Reason
    sentence: str


class Asking(Protocol):
    """Somebody was asked, or will be: which survey, and when in microseconds since 1970."""

    @property
    def survey(self) -> str: ...
    @property
    def at(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Fatigue:
    """The rules of a workspace."""

    between_days: int = 30
    again_days: int = 90
    during_open_tickets: bool = False
    quiet: QuietHours = field(default_factory=QuietHours)

    @classmethod
    def of(cls, settings: Settings) -> Fatigue:
        """As the settings say."""
        return cls(
            settings.ask_days_between,
            settings.ask_again_days,
            settings.ask_during_open_tickets,
            QuietHours.read(settings.quiet_hours),
        )

    @property
    def reach(self) -> int:
        """How far back an asking matters, in microseconds."""
        return max(self.between_days, self.again_days) * DAY

    def refuses(self, survey: str, at: int, askings: Iterable[Asking], open_ticket: bool) -> Why | None:
        """Why a person may not be asked `survey` at a time, None where they may; `askings` are all of theirs."""
        if open_ticket and not self.during_open_tickets:
            return self.why("open_ticket")
        for asking in askings:
            # Both ways: what waits to be sent lies ahead.
            apart = abs(at - asking.at)
            if asking.survey == survey and apart < self.again_days * DAY:
                return self.why("asked_before")
            if apart < self.between_days * DAY:
                return self.why("asked_lately")
        return None

    def why(self, reason: Reason) -> Why:
        """A reason with its sentence."""
        return Why(reason, SENTENCES[reason].format(between=self.between_days, again=self.again_days))
