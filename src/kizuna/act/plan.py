"""What a look at whom to ask came to: who is asked what and when, who is not and why not, which mails went out."""

from __future__ import annotations

import msgspec


class Planned(msgspec.Struct, frozen=True):
    """One candidate. `due` is when the mail goes out; with a `why` there is none, and `sentence` says it in words.

    Times are in microseconds since 1970, UTC.
    """

    survey: str
    invitation: str
    rule: str
    about: str
    to: str
    at: int
    due: int
    why: str = ""
    sentence: str = ""


class Mailed(msgspec.Struct, frozen=True):
    """One mail of the outbox and what became of it: sent, deferred, failed, cancelled, quiet, in_doubt."""

    survey: str
    invitation: str
    to: str
    outcome: str
    said: str = ""
    reminder: bool = False


class Plan(msgspec.Struct):
    """A look. `problems` are sentences about what kept it from doing more."""

    planned: list[Planned] = []
    mailed: list[Mailed] = []
    problems: list[str] = []

    @property
    def asked(self) -> list[Planned]:
        """Those who are asked."""
        return [each for each in self.planned if not each.why]
