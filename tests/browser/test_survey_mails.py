"""The mails that ask, as a mail program with a browser inside shows them: they fit a phone and shut nobody out."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser

from browser.axe import WCAG, violations
from browser.visitor import Scheme, visitor
from kizuna.act.mail import Sender, survey_mail
from kizuna.collect.survey.step import Step
from kizuna.collect.survey.survey import read_survey

SENDER = Sender("Yukimi Tea", "tea@example.com", "", "Yukimi Tea", "https://ask.example.com", b"k" * 32)
CASES: list[tuple[str, str, Scheme]] = [
    ("nps", "en", "dark"),
    ("csat_faces", "ja", "light"),
    ("csat_stars", "da", "dark"),
    ("ces", "da", "light"),
    ("visitor_intent", "ja", "dark"),
    ("employee_nps", "en", "light"),
]


@pytest.mark.parametrize(("instrument", "language", "scheme"), CASES)
def test_a_mail_fits_and_shuts_nobody_out(instrument: str, language: str, scheme: Scheme, browser: Browser) -> None:
    """No landmarks are asked for: the page around a mail is the mail program's."""
    survey = read_survey(instrument, f'instrument = "{instrument}"', instrument)
    step = Step(what="invited", survey=instrument, invitation="i-1", email="ann@example.com", language=language)
    part = survey_mail(survey, step, SENDER, time.time_ns() // 1000).get_body(("html",))
    assert part is not None
    with visitor(browser, width=360, scheme=scheme) as somebody:
        somebody.page.set_content(part.get_content())
        assert somebody.page.evaluate("document.documentElement.scrollWidth") <= 360
        assert violations(somebody.page, rules=WCAG, strict=True) == []
    assert somebody.wrong == [], "it asks nobody for anything, no picture either"
