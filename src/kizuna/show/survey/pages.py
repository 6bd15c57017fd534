"""The pages people see: a survey, what comes after an answer, and why something could not be taken.

They are whole without scripts, styles or images, ask nobody else for anything, and set no cookie.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from kizuna.collect.answers import Answer, Header
from kizuna.collect.survey.opened import Opened
from kizuna.collect.survey.question import Question
from kizuna.collect.survey.survey import Survey
from kizuna.locale.dates import moment
from kizuna.show.survey import view
from kizuna.show.survey.view import Speaker

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""What a page may load and do (Content Security Policy, level 3)."""

HEADERS: tuple[Header, ...] = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", POLICY.encode()),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
LANGUAGE_NAMES = {
    "en": "English",
    "ja": "日本語",
    "da": "Dansk",
    "ar": "العربية",
    "de": "Deutsch",
    "es": "Español",
    "fi": "Suomi",
    "fr": "Français",
    "it": "Italiano",
    "ko": "한국어",
    "nb": "Norsk",
    "nl": "Nederlands",
    "no": "Norsk",
    "pl": "Polski",
    "pt": "Português",
    "sv": "Svenska",
    "zh": "中文",
}
"""What a language is called by those who speak it; others go by their code."""


@dataclass(frozen=True, slots=True)
class Link:
    """The page of one link: who opened it, where its form leads, and in which language it is.

    A `preview` is only looked at: it has no script.
    """

    opened: Opened
    token: str
    language: str
    languages: tuple[str, ...]
    seen: frozenset[str] = frozenset()
    preview: bool = False

    @property
    def survey(self) -> Survey:
        return self.opened.survey


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("kizuna.show", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["language_name"] = lambda code: LANGUAGE_NAMES.get(code.lower(), code)
    return made


class Pages:
    """The pages of a business; `zone` is whose clock times are told by."""

    def __init__(self, business: str, zone: tzinfo) -> None:
        self._business, self._zone = business, zone

    def form(
        self,
        link: Link,
        shown: Sequence[Question],
        given: Mapping[str, Any],
        other: Mapping[str, Any],
        *,
        errors: Mapping[str, str] | None = None,
        saved: bool = False,
        consent: bool = False,
        tap: bool = False,
        by_post: bool = True,
        status: int = 200,
    ) -> Answer:
        """The questions. `errors` by question (empty for all together); with `tap` a script sends it by itself."""
        speaker, opened = Speaker.of(link.language), link.opened
        views = view.questions(link.survey, shown, speaker, given, other, errors or {})
        return self._page(
            "form",
            status,
            speaker,
            link=link,
            title=self._title(link, speaker),
            intro=speaker.told(link.survey.text.intro),
            questions=views,
            errors=_listed(errors or {}, views),
            saved=speaker.say("saved_part") if saved else "",
            before=speaker.say("answered_before", time=self._time(opened.answered_at, speaker))
            if opened.answered_at and not saved and not errors
            else "",
            tap=tap,
            consent=consent,
            switch="form" if by_post else "link",
            notes=self._notes(link, speaker),
        )

    def more(
        self, link: Link, shown: Sequence[Question], given: Mapping[str, Any], other: Mapping[str, Any], contact: bool
    ) -> Answer:
        """What else is asked after an answer was kept; with `contact` whether one may get back to the person."""
        speaker = Speaker.of(link.language)
        return self._page(
            "more",
            200,
            speaker,
            link=link,
            title=speaker.say("saved"),
            questions=view.questions(link.survey, shown, speaker, {}, {}, {}),
            given=given,
            other=other,
            summary=view.summary(link.survey, speaker, given, other),
            contact=contact,
            switch="again",
            notes=self._notes(link, speaker),
        )

    def thanks(
        self, link: Link, given: Mapping[str, Any], other: Mapping[str, Any], consent: bool, until: int | None, now: int
    ) -> Answer:
        """The end; answers can be changed from here until then."""
        speaker = Speaker.of(link.language)
        own = speaker.told(link.survey.text.thanks)
        may = until is None or now < until
        return self._page(
            "thanks",
            200,
            speaker,
            link=link,
            title=speaker.say("thanks_title"),
            thanks=own if own.text else view.Said(speaker.say("thanks")),
            given=given,
            other=other,
            consent=consent,
            summary=view.summary(link.survey, speaker, given, other),
            until=speaker.say("change_until", time=self._time(until, speaker)) if may and until is not None else "",
            may_change=may,
            switch="again",
            notes=[],
        )

    def message(self, language: str, status: int, title: str, text: str) -> Answer:
        """A few words instead of a survey."""
        return self._page("message", status, Speaker.of(language), title=title, text=text)

    def unsubscribe(self, language: str, token: str) -> Answer:
        """The question whether to be asked no more; opening it does nothing yet."""
        speaker = Speaker.of(language)
        text = speaker.say("unsubscribe", business=self._business)
        return self._page("unsubscribe", 200, speaker, title=speaker.say("unsubscribe_title"), text=text, token=token)

    def time(self, at: int | None, language: str) -> str:
        """A moment in words."""
        return self._time(at, Speaker.of(language))

    @property
    def zone(self) -> tzinfo:
        return self._zone

    @property
    def business(self) -> str:
        return self._business

    def _page(self, name: str, status: int, speaker: Speaker, **parts: Any) -> Answer:
        text = _template(name).render(business=self._business, speaker=speaker, say=speaker.say, **parts)
        return Answer(status, text.encode(), [*HEADERS, (b"content-language", speaker.language.encode())])

    def _title(self, link: Link, speaker: Speaker) -> view.Said:
        title = speaker.told(link.survey.text.title)
        return title if title.text else speaker.told(link.survey.main.text)

    def _notes(self, link: Link, speaker: Speaker) -> list[str]:
        """What is kept of whom, and how long answers may be changed."""
        opened, hours = link.opened, link.survey.text.change_hours
        kept = "anonymous" if opened.anonymous else "kept" if opened.invited else "kept_visitor"
        notes = [speaker.say(kept, business=self._business)]
        if opened.until is not None:
            notes.append(speaker.say("change_until", time=self._time(opened.until, speaker)))
        elif hours > 0:
            notes.append(speaker.say("change_hours", hours=_span(hours, speaker)))
        else:
            notes.append(speaker.say("change_never"))
        return notes

    def _time(self, at: int | None, speaker: Speaker) -> str:
        return "" if at is None else moment(at, self._zone, speaker.language)


@cache
def _template(name: str) -> Any:
    return _templates().get_template(f"survey/{name}.html")


def _listed(errors: Mapping[str, str], views: Iterable[view.QuestionView]) -> list[tuple[str, str, str]]:
    """The errors for the top of the page: the element each leads to, the question, and the sentence."""
    places = [(each.first, each.text.text, each.error) for each in views if each.error]
    return [*places, *(("", "", errors[""]) for _ in [0] if errors.get(""))]


def _span(hours: float, speaker: Speaker) -> str:
    """Hours, or days where they are whole ones."""
    if hours == 1:
        return speaker.say("hours_one")
    if hours % 24 == 0 and hours > 24:
        return speaker.say("days_many", count=f"{hours / 24:g}")
    return speaker.say("hours_many", count=f"{hours:g}")
