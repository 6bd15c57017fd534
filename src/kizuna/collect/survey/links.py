"""Links to a survey: what stands in them beside the seal (`kizuna.collect.survey.token`).

The link of an anonymous survey does not hold the id of its invitation. It holds a *ballot*: an id drawn when
the link is made, that is written down nowhere but in the link. Answers come under the ballot, so one link
still answers once, and nothing that is kept says whose it was. The price is that a link cannot be made a second
time: who loses it cannot answer, and who is sent another could answer twice (so nobody is reminded).
What it does not protect from: somebody who reads the mail on its way, and the memory of a sender who keeps the mails
that are sent.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from kizuna.collect.survey.survey import Survey
from kizuna.collect.survey.token import Purpose, Token, new_invitation, seal

LINKS = "s"
"""Where links lead: ``/s/TOKEN``."""

_MINUTE = 60_000_000
_DAY = 86_400_000_000
_HOUR = 3_600_000_000

_BALLOT, _OPEN, _OPEN_BALLOT = "ballot", "open", "open-ballot"


def new_ballot(channel: str) -> str:
    """An id for anonymous answers, with the channel by which they come."""
    return f"{_BALLOT}.{channel}.{new_invitation()}"


def new_visitor(anonymous: bool, channel: str = "link") -> str:
    """An id for somebody who was not invited and answers an open survey."""
    return f"{_OPEN_BALLOT if anonymous else _OPEN}.{channel}.{new_invitation()}"


def is_ballot(id: str) -> bool:
    """Whether what comes under an id is nobody's."""
    return id.partition(".")[0] in (_BALLOT, _OPEN_BALLOT)


def is_visitor(id: str) -> bool:
    """Whether nobody was invited under an id."""
    return id.partition(".")[0] in (_OPEN, _OPEN_BALLOT)


def channel_of(id: str) -> str | None:
    """The channel that a ballot's or visitor's id tells."""
    return id.split(".")[1] if is_ballot(id) or is_visitor(id) else None


def link_token(survey: Survey, invitation: str, channel: str, now: int, key: bytes, purpose: Purpose = "answer") -> str:
    """The token of a link for an invitation, good for the survey's `expires_days` from `now` (microseconds).

    For an anonymous survey it is another one at each call, and its ballot is not to be kept.
    """
    anonymous = survey.text.anonymous and purpose != "unsubscribe"
    id = new_ballot(channel) if anonymous else invitation
    return seal(Token(purpose, survey.name, id, int(now + survey.text.expires_days * _DAY) // _MINUTE), key)


def visitor_token(survey: Survey, now: int, key: bytes, channel: str = "link") -> str:
    """The token of somebody who opened an open survey: for a day, and for as long as answers may be changed."""
    ends = now + int(max(_DAY, survey.text.change_hours * _HOUR))
    return seal(Token("answer", survey.name, new_visitor(survey.text.anonymous, channel), ends // _MINUTE), key)


def answer_url(base: str, token: str, language: str = "", score: int | str | None = None) -> str:
    """The address of the page on which a survey is answered; with a `score` that answer is chosen already."""
    asked = {"lang": language} if language else {}
    if score is not None:
        asked["score"] = str(score)
    return f"{base.rstrip('/')}/{LINKS}/{quote(token)}" + (f"?{urlencode(asked)}" if asked else "")


def unsubscribe_url(base: str, token: str, language: str = "") -> str:
    """The address at which one is asked no more, by one POST (RFC 8058)."""
    asked = f"?{urlencode({'lang': language})}" if language else ""
    return f"{base.rstrip('/')}/{LINKS}/{quote(token)}/unsubscribe{asked}"
