"""Every instrument, answered in a real browser: by mouse or finger, by keyboard alone, and without scripts.

In three languages, on a desktop and a phone, light and dark; nothing that axe or the browser complains of, nothing
wider than the screen, and every answer in the facts. Every day a choice of cases in which each two of these meet;
``KIZUNA_BROWSER=full`` (``make browser``) runs them all.
"""

from __future__ import annotations

import itertools
import os
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser

import kizuna
from browser.visitor import Scheme, Visitor, Visitors, Way, Width, visitor
from kizuna.collect.survey import links
from kizuna.collect.survey.question import told
from kizuna.collect.survey.survey import Surveys, instruments
from kizuna.collect.survey.token import Purpose, unseal, workspace_key
from kizuna.locale.texts import say
from kizuna.show.survey.view import FILE
from server import RunningServer, kept, make_shop, served

FULL = os.environ.get("KIZUNA_BROWSER") == "full"
ANSWERS = tomllib.loads(Path(__file__).with_name("surveys.toml").read_text(encoding="utf-8"))
WORDS = ANSWERS.pop("words")

WAYS: tuple[Way, ...] = ("mouse", "keyboard", "no script")
LANGUAGES = ("en", "ja", "da")
WIDTHS: tuple[Width, ...] = (1280, 360)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

CLOSED = 'instrument = "csat_faces"\nstate = "active"\nchange_hours = 0\n'
LOOP = """
instrument = "nps"
state = "active"
open = true
close_loop = { only_if = { nps = "0..6" }, owner = "kim" }
"""


class Case(NamedTuple):
    """One visit."""

    instrument: str
    way: Way
    language: str
    width: Width
    scheme: Scheme


Pair = tuple[tuple[int, object], ...]


def pairs(case: Sequence[object]) -> set[Pair]:
    """Each two of the things that meet in a case."""
    return set(itertools.combinations(enumerate(case), 2))


def meeting(cases: Sequence[Case]) -> list[Case]:
    """A few of the cases, in which each two things meet that meet in any; the same few each time."""
    left = set().union(*map(pairs, cases))
    chosen = []
    while left:
        best = max(cases, key=lambda case: len(pairs(case) & left))
        chosen.append(best)
        left -= pairs(best)
    return chosen


ALL = [Case(*each) for each in itertools.product(ANSWERS, WAYS, LANGUAGES, WIDTHS, SCHEMES)]
CASES = ALL if FULL else meeting(ALL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A shop that asks by every instrument."""
    root = make_shop(tmp_path_factory.mktemp("asking") / "shop", name="Yukimi Tea")
    files = {name: f'instrument = "{name}"\nstate = "active"\n' for name in ANSWERS}
    (root / "surveys").mkdir(exist_ok=True)
    for name, text in (files | {"once": CLOSED, "loop": LOOP}).items():
        (root / "surveys" / f"{name}.toml").write_text(text, encoding="utf-8")
    with served(root) as server:
        yield server


@pytest.fixture(scope="module")
def visitors(browser: Browser) -> Iterator[Visitors]:
    with ExitStack() as stack:
        yield Visitors(browser, stack)


def invited(server: RunningServer, survey: str, customer: str, language: str) -> tuple[str, str]:
    """A link for somebody, and the id under which the answer will come."""
    asked = {"customer_id": customer, "language": language, "channel": "chat"}
    status, said = server.post(f"/v1/surveys/{survey}/invitations", asked)
    assert status == 200, said
    token = said["link"].rpartition("/")[2].partition("?")[0]
    return said["link"], unseal(token, workspace_key(server.root)).invitation


# -- each instrument


def test_each_two_things_meet_in_the_cases_of_every_day() -> None:
    assert set(ANSWERS) == {*instruments()} - {"comment"}
    everything = set().union(*map(pairs, ALL))
    assert set().union(*map(pairs, meeting(ALL))) == everything
    assert len(meeting(ALL)) < len(ALL) / 8


@pytest.mark.parametrize("instrument", ANSWERS)
def test_an_instrument_is_answered(instrument: str, visitors: Visitors, server: RunningServer) -> None:
    wanted: dict[str, list[Row]] = {}
    for number, case in enumerate(each for each in CASES if each.instrument == instrument):
        customer = f"{instrument}-{number}"
        link, id = invited(server, instrument, customer, case.language)
        somebody = visitors.get(case.way, case.width, case.scheme)
        _answers(somebody, case, link)
        assert somebody.wrong == [], case
        anonymous = instruments()[instrument].anonymous
        wanted[id] = sorted(_rows(case, None if anonymous else customer))
    assert facts(server, wanted) == wanted


def _answers(somebody: Visitor, case: Case, link: str) -> None:
    """All pages of a survey, as a person sees them."""
    somebody.goes(link)
    assert somebody.language == case.language
    assert somebody.title == told(instruments()[case.instrument].title, case.language)
    pages = ANSWERS[case.instrument]["pages"]
    for number, page in enumerate(pages, 1):
        somebody.answers({name: _told(value, case.language) for name, value in page.items()})
        # The thanks are the same for all: every day they are looked at among the pages around the questions.
        somebody.sends(looks=FULL or number < len(pages))
    assert somebody.title == say(FILE, "thanks_title", case.language)


Row = tuple[str, ...]
COLUMNS = (
    "question, score, scale_low, scale_high, direction, choice, comment, intent, language, status, customer_id, channel"
)


def _rows(case: Case, customer: str | None) -> Iterator[Row]:
    """The rows that a case must become."""
    for question, row in ANSWERS[case.instrument]["rows"].items():
        scale = "score" in row
        values = (
            *(row.get(name) for name in ("score", "low", "high")),
            row.get("direction", "high_good") if scale else None,
            row.get("choice"),
            _told(row["comment"], case.language) if "comment" in row else None,
            row.get("intent"),
        )
        yield _text((question, *values, case.language, "complete", customer, "chat"))


def _text(row: Sequence[Any]) -> Row:
    return tuple("" if value is None else f"{value:g}" if isinstance(value, (int, float)) else value for value in row)


def _told(value: str, language: str) -> str:
    return WORDS[language] if value == "words" else value


def facts(server: RunningServer, wanted: dict[str, list[Row]], seconds: float = 30.0) -> dict[str, list[Row]]:
    """The rows of the answers with these ids, once they are as they should be (or time is up)."""
    until = time.monotonic() + seconds
    while True:
        found: dict[str, list[Row]] = {}
        with kizuna.open(server.root) as shop, shop.store.reading() as data:
            for id, *row in data.rows(f"SELECT response_id, {COLUMNS} FROM survey_response"):
                if id in wanted:
                    found.setdefault(id, []).append(_text(row))
        found = {id: sorted(rows) for id, rows in found.items()}
        if found == wanted or time.monotonic() > until:
            return found
        time.sleep(0.1)


# -- the pages around them


def link_of(server: RunningServer, name: str, who: str, purpose: Purpose = "answer", ago_days: float = 0) -> str:
    """A link that was made so long ago."""
    now = time.time_ns() // 1000 - int(ago_days * 86_400_000_000)
    token = links.link_token(Surveys(server.root).named(name), who, "email", now, workspace_key(server.root), purpose)
    return f"{server.url}/s/{token}"


def steps(server: RunningServer, who: str, what: str = "answered") -> list[dict[str, Any]]:
    """The messages of the steps of an invitation."""
    messages = [message.message or {} for _, message in kept(server.root) if message.kind == "survey"]
    return [each for each in messages if (each["invitation"], each["what"]) == (who, what)]


def test_an_answer_tapped_in_a_mail_is_sent_once(browser: Browser, server: RunningServer) -> None:
    """By the page itself, once it is seen; loading it again or going back to it sends nothing."""
    with visitor(browser) as somebody:
        page = somebody.page
        page.goto(f"{link_of(server, 'nps', 'tapped')}?lang=da&score=9")
        page.locator("dl.answers").wait_for()
        somebody.looks()
        assert somebody.title == say(FILE, "saved", "da")
        page.reload()
        page.goto("about:blank")
        page.go_back(wait_until="commit")  # out of the browser's memory, or anew
        page.wait_for_timeout(300)
        assert [step["answers"] for step in steps(server, "tapped")] == [{"nps": 9}]
        assert len(steps(server, "tapped", "shown")) == 1
        somebody.answers({"nps": "8"})
        somebody.sends()
    assert [step["answers"] for step in steps(server, "tapped")] == [{"nps": 9}, {"nps": 8}]
    assert somebody.wrong == []


def test_an_answer_tapped_without_scripts_is_chosen_and_sent_by_hand(browser: Browser, server: RunningServer) -> None:
    with visitor(browser, "no script", 360) as somebody:
        somebody.goes(f"{link_of(server, 'nps', 'by-hand')}?score=9")
        assert somebody.page.locator("input[value='9']").is_checked()
        assert steps(server, "by-hand") == []
        somebody.sends()
    assert [step["answers"] for step in steps(server, "by-hand")] == [{"nps": 9}]
    assert somebody.wrong == []


def _unmade(server: RunningServer, somebody: Visitor, lang: str) -> str:
    somebody.goes(f"{server.url}/s/nothing.of.this?lang={lang}")
    return "refused_link_title"


def _late(server: RunningServer, somebody: Visitor, lang: str) -> str:
    somebody.goes(f"{link_of(server, 'nps', 'late', ago_days=31)}?lang={lang}")
    return "refused_expired_title"


def _closed(server: RunningServer, somebody: Visitor, lang: str) -> str:
    link = f"{link_of(server, 'once', f'once-{lang}-{somebody.width}')}?lang={lang}"
    somebody.goes(link)
    somebody.answers({"csat": "1"})
    somebody.sends()
    somebody.goes(link)
    return "refused_closed_title"


def _to_check(server: RunningServer, somebody: Visitor, lang: str) -> str:
    """A form that came without its answers: what is wrong stands at the top, and leads to where it is."""
    somebody.page.goto(f"{link_of(server, 'cxi', 'to-check')}?lang={lang}")
    somebody.page.evaluate("document.querySelectorAll('[required]').forEach(each => each.required = false)")
    somebody.answers({"effort": "4"})
    somebody.sends()
    alert = somebody.page.locator("[role=alert]")
    assert alert.get_by_role("link").count() == 3
    alert.get_by_role("link").first.click()
    assert somebody.page.evaluate("document.activeElement.name") == "q:empathy"
    return ""


def _with_consent(server: RunningServer, somebody: Visitor, lang: str) -> str:
    somebody.goes(f"{link_of(server, 'loop', f'loop-{lang}-{somebody.width}')}?lang={lang}")
    somebody.answers({"nps": "2"})
    somebody.sends()
    assert somebody.page.locator("input[name=consent]").is_visible()
    return "saved"


def _again(server: RunningServer, somebody: Visitor, lang: str) -> str:
    """Answered, then changed, then in the next language."""
    somebody.goes(f"{link_of(server, 'task_completion', f'again-{lang}-{somebody.width}')}?lang={lang}")
    somebody.answers({"visitor_intent": "learn", "task_completion": "yes"})
    somebody.sends()
    somebody.changes("button[value=form]")
    assert somebody.page.locator("input[value=learn]").is_checked()
    other = LANGUAGES[LANGUAGES.index(lang) - 1]
    somebody.changes(f"button[lang={other}]")
    assert somebody.language == other
    somebody.changes(f"button[lang={lang}]")
    assert somebody.page.locator("input[value=learn]").is_checked()
    somebody.sends()
    return "thanks_title"


def _try_out(server: RunningServer, somebody: Visitor, lang: str) -> str:
    somebody.goes(f"{link_of(server, 'ces', 'try', 'test')}?lang={lang}")
    assert somebody.page.locator(".test").is_visible()
    return ""


def _anybody(server: RunningServer, somebody: Visitor, lang: str) -> str:
    somebody.goes(f"{server.url}/surveys/loop?lang={lang}")
    somebody.answers({"nps": "10"})
    somebody.sends()
    return "thanks_title"


def _no_more(server: RunningServer, somebody: Visitor, lang: str) -> str:
    somebody.goes(f"{link_of(server, 'nps', f'no-more-{lang}', 'unsubscribe')}/unsubscribe?lang={lang}")
    somebody.sends()
    assert len(steps(server, f"no-more-{lang}", "unsubscribed")) == 1
    return "unsubscribed_title"


PAGES = [_unmade, _late, _closed, _to_check, _with_consent, _again, _try_out, _anybody, _no_more]
LOOKS = [(language, width, scheme) for language in LANGUAGES for width, scheme in zip(WIDTHS, SCHEMES, strict=True)]


@pytest.mark.parametrize("come_to", PAGES)
def test_the_pages_around_the_questions(
    come_to: Callable[[RunningServer, Visitor, str], str], visitors: Visitors, server: RunningServer
) -> None:
    """Refusals, changes of mind, consent, leaving: each fits and shuts nobody out."""
    number = PAGES.index(come_to)
    for language, width, scheme in LOOKS if FULL else (LOOKS[number % 6], LOOKS[(number + 3) % 6]):
        somebody = visitors.get("mouse", width, scheme)
        title = come_to(server, somebody, language)
        assert somebody.language == language
        assert not title or somebody.title == say(FILE, title, language)
        assert somebody.wrong == [], (language, width, scheme)


def test_what_shuts_people_out_is_found(browser: Browser) -> None:
    """That the tool finds nothing on our pages means something."""
    with visitor(browser, width=360, scheme="dark") as somebody:
        somebody.page.set_content(
            "<body style='background:#fff'><p style='color:#ccc; width: 500px'>Hard to read</p><input>"
        )
        somebody.page.evaluate("console.error('broken')")
        somebody.looks()
    found = "\n".join(somebody.wrong)
    for each in (
        "color-contrast",
        "label (critical)",
        "html-has-lang",
        "px wide on a screen of 360",
        "console: broken",
    ):
        assert each in found
