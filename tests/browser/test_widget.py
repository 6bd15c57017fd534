"""The survey widget in a real browser, on pages of another origin, against the real server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page
from playwright.sync_api import Error as PlaywrightError

import kizuna
from browser.axe import violations
from browser.conftest import VISITOR, Site
from browser.test_tag import HIDE
from kizuna.collect.survey.survey import instruments
from kizuna.locale.texts import say
from kizuna.settings import Settings
from kizuna.show.commands.tag import line, widget_line
from kizuna.workspace import FILE
from server import KEY, RunningServer, kept, make_shop, served

LOOP = 'instrument = "nps"\nstate = "active"\nclose_loop = { only_if = { nps = "0..6" }, owner = "kim" }\n'
SURVEYS = {
    "nps": LOOP + '[when]\nafter = "page"\npaths = ["/tea*"]\nseconds = 0.5\n',
    "stars": 'instrument = "csat_stars"\nstate = "active"\n[when]\nafter = "page"\npaths = ["/order*"]\nseconds = 0.5\n',
    "late": 'instrument = "nps"\nstate = "active"\n[when]\nafter = "page"\npaths = ["/late"]\nseconds = 2\n',
    "leaving": 'instrument = "nps"\nstate = "active"\n[when]\nafter = "page"\npaths = ["/leaving"]\nseconds = 999\nexit = true\n',
    "never": 'instrument = "nps"\nstate = "active"\n[when]\nafter = "page"\npaths = ["/never"]\nsample = 0\n',
    "once": 'instrument = "nps"\nstate = "active"\nopen = true\nchange_hours = 0\n',
} | {
    f"i-{name.replace('_', '-')}": f'instrument = "{name}"\nstate = "active"\nopen = true\n'
    for name in instruments()
    if name != "comment"
}
POLICY = (
    "default-src 'none'; script-src {0}; connect-src {0}; img-src data:; style-src 'nonce-own'; "
    "require-trusted-types-for 'script'; form-action 'none'; base-uri 'none'"
)
REFUSED = 'document.addEventListener("securitypolicyviolation", (e) => console.error(e.violatedDirective))'
BODY = "<main><h1>Tea from Uji</h1><p><input aria-label=Search> <button id=own>Say something</button></p></main>"
SHORT = """() => [...document.querySelectorAll("body > div")].flatMap((host) => [...host.shadowRoot.querySelectorAll("*")])
    .filter((each) => each.matches("button, textarea, input, .face") && each.checkVisibility())
    .map((each) => [each, each.getBoundingClientRect()])
    .filter(([each, { width, height }]) => (width < 44 || height < 43.9) && each.type != "checkbox")
    .map(([each, { width, height }]) => each.outerHTML.slice(0, 60) + " " + width + "x" + height)"""

Size = Literal[1000, 390]
Way = Literal["mouse", "keyboard"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with asking(tmp_path_factory.mktemp("widget") / "shop") as server:
        yield server


@contextmanager
def asking(root: Path) -> Iterator[RunningServer]:
    """A server that asks; it does so once it knows what happened lately."""
    make_shop(root, name="Yukimi & Lind")
    (root / "surveys").mkdir()
    for name, text in SURVEYS.items():
        (root / "surveys" / f"{name}.toml").write_text(text, encoding="utf-8")
    with served(root) as server:
        body = json.dumps({"key": KEY, "survey": "never", "userId": "first"}).encode()
        until = time.monotonic() + 60
        with closing(server.client()) as client:
            while b"not_ready" in client.request("POST", "/surveys/ask", body, {"user-agent": VISITOR})[2]:
                assert time.monotonic() < until, server.said()
                time.sleep(0.05)
        yield server


@dataclass
class Visit:
    """Somebody on a website. `wrong` is what the browser complained of, `told` what the widget told the page."""

    page: Page
    site: Site
    server: RunningServer
    user: str
    wrong: list[str] = field(default_factory=list)

    def goes(self, path: str, *, lang: str = "en", style: str = "", body: str = BODY, tag: bool = False) -> None:
        """Open a page that lets nothing in but what the widget needs."""
        settings = Settings({**Settings.read(self.server.root / FILE), "public_url": self.server.url})
        head = widget_line(settings, KEY) + (line(settings, KEY) if tag else "")
        policy = POLICY.format(self.server.url)
        self.site.pages[path] = (
            f'<!doctype html><html lang={lang}><head><meta http-equiv=Content-Security-Policy content="{policy}">'
            f"<meta name=viewport content='width=device-width'><title>{path}</title><link rel=icon href='data:,'>"
            f"<style nonce=own>body {{ background: #fff; color: #111 }} {style}</style>{head}</head><body>{body}</body></html>"
        )
        self.page.goto(self.site.url + path)

    @property
    def survey(self) -> Locator:
        return self.page.get_by_role("dialog")

    def sees(self) -> Locator:
        try:
            self.survey.wait_for(timeout=30_000)
        except PlaywrightError:
            raise AssertionError(f"no survey: {self.told()}, {self.wrong}, {self.server.said()[-2000:]}") from None
        return self.survey

    def wants(self, name: str) -> Locator:
        """Have a survey shown, as a page's button does."""
        self.page.wait_for_function("!!window.kizunaSurvey?.show")
        self.page.evaluate("(name) => kizunaSurvey.show(name)", name)
        return self.sees()

    def sees_nothing(self, seconds: float = 2.0) -> None:
        self.page.wait_for_timeout(seconds * 1000)
        assert self.survey.count() == 0

    def told(self) -> list[list[str]]:
        found: list[list[str]] = self.page.evaluate("window.told")
        return found

    def steps(self, *wanted: str) -> list[dict[str, Any]]:
        """The steps about this visitor, once they are `wanted` (or time is up)."""
        until = time.monotonic() + 15
        while True:
            every = [each.message for _, each in kept(self.server.root) if each.kind == "survey" and each.message]
            mine = {each["invitation"] for each in every if each.get("customer_id") == self.user}
            found = [each for each in every if each["invitation"] in mine]
            if [each["what"] for each in found] == [*wanted] or time.monotonic() > until:
                assert [each["what"] for each in found] == [*wanted]
                return found
            self.page.wait_for_timeout(50)

    def looks(self) -> None:
        """Look whether anything shuts people out, is too small to be touched, or does not fit."""
        self.page.wait_for_timeout(300)  # while it comes in, its colours are others
        self.wrong += violations(self.page)
        self.wrong += self.page.evaluate(SHORT)
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            self.wrong.append(f"{wide} px too wide")


Visiting = Callable[..., Visit]


@pytest.fixture
def visiting(browser: Browser, server: RunningServer, site: Site, request: pytest.FixtureRequest) -> Iterator[Visiting]:
    """Makes visitors, each with a browser of his own and an id of his own; at the end nothing may be wrong."""
    made: list[Visit] = []

    def visit(size: Size = 1000, at: RunningServer | None = None, user: str | None = None, **more: Any) -> Visit:
        context = browser.new_context(
            viewport={"width": size, "height": 800}, has_touch=size == 390, is_mobile=size == 390, **more
        )
        page = context.new_page()
        page.set_default_timeout(15_000)
        visit = Visit(page, site, at or server, user or f"{request.node.name}-{len(made)}")
        page.add_init_script(
            f"window.kizunaSurvey = {{ userId: {json.dumps(visit.user)} }}; window.told = []; {REFUSED};"
            "addEventListener('kizuna-survey', ({ detail: { what, survey, why } }) => told.push([what, survey, why]))"
        )
        page.on(
            "console",
            lambda said: (
                visit.wrong.append(f"{said.text} {said.location}") if said.type in ("error", "warning") else None
            ),
        )
        page.on("pageerror", lambda error: visit.wrong.append(f"script: {error}"))
        made.append(visit)
        return visit

    yield visit
    for each in made:
        assert each.page.context.cookies() == []
        assert each.page.evaluate("[Object.keys(localStorage), Object.keys(sessionStorage)]") == [[], []]
        each.page.context.close()
    assert [each.wrong for each in made] == [[] for _ in made]


def press_tab_to(page: Page, wanted: Locator) -> None:
    """Reach something by keyboard alone."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if wanted.evaluate("(each) => each.matches(':focus')"):
            return
    raise AssertionError(f"the keyboard does not lead to {wanted}")


def choose(visit: Visit, way: Way, question: Locator, place: int) -> None:
    """Choose the answer at a place among those of a question."""
    radios = question.get_by_role("radio")
    if way == "keyboard":
        press_tab_to(visit.page, radios.first)
        for _ in range(place):
            visit.page.keyboard.press("ArrowRight")
        if not place:
            visit.page.keyboard.press("Space")
    elif visit.page.viewport_size == {"width": 390, "height": 800}:
        radios.nth(place).tap()
    else:
        radios.nth(place).click()


# -- answering


@pytest.mark.parametrize(
    ("size", "way", "lang", "scheme"),
    [
        (1000, "mouse", "en", "light"),
        (390, "mouse", "ja", "dark"),
        (1000, "keyboard", "da", "dark"),
        (390, "keyboard", "en", "light"),
        (1000, "mouse", "ja", "light"),
        (390, "mouse", "da", "light"),
    ],
)
def test_from_the_question_to_the_thanks(visiting: Visiting, size: Size, way: Way, lang: str, scheme: str) -> None:
    visit = visiting(size, color_scheme=scheme)
    page, dark = visit.page, "html { color-scheme: light dark } body { background: Canvas; color: CanvasText }"
    visit.goes("/tea", lang=lang, style=dark)
    survey = visit.sees()
    assert survey.get_attribute("lang") == lang
    assert ("dark" in (survey.get_attribute("class") or "")) is (scheme == "dark")
    visit.looks()
    group = survey.get_by_role("radiogroup")
    assert group.get_by_role("radio").count() == 11
    choose(visit, way, group, 3)
    # The score is kept at once, the follow-ups come with it.
    status = survey.get_by_role("status")
    status.get_by_text(say("survey_widget", "noted", lang)).wait_for()
    visit.steps("shown", "answered")
    visit.looks()
    improve, comment = survey.get_by_role("textbox").all()
    if way == "keyboard":
        press_tab_to(page, improve)
        page.keyboard.type("Faster")
        press_tab_to(page, comment)
        page.keyboard.type("お茶 & more")
        press_tab_to(page, survey.get_by_role("checkbox"))
        page.keyboard.press("Space")
        press_tab_to(page, survey.locator(".send"))
        page.keyboard.press("Enter")
    else:
        improve.fill("Faster")
        comment.fill("お茶 & more")
        survey.get_by_role("checkbox").check()
        survey.locator(".send").click()
    survey.get_by_text(say("survey_page", "thanks_title", lang), exact=True).last.wait_for()
    visit.looks()
    shown, first, last, task = visit.steps("shown", "answered", "answered", "task_raised")
    assert (shown["customer_id"], shown["channel"], shown["page"], shown["rule"]) == (visit.user, "web", "/tea", "page")
    assert (first["answers"], first["complete"], first["language"]) == ({"nps": 3}, True, lang)
    assert last["answers"] == {"nps": 3, "improve": "Faster", "comment": "お茶 & more"}
    assert last["consent"] and task["by"] == "kim"
    assert [each[0] for each in visit.told()] == ["ready", "shown", "complete", "complete"]
    page.keyboard.press("Escape")
    assert visit.survey.count() == 0
    assert visit.told()[-1] == ["closed", "nps", None]


EVERY = [
    (name, (1000, 390)[place % 2])
    for place, name in enumerate(SURVEYS)
    if name.startswith("i-") and name not in ("i-nps", "i-cxi")
]


@pytest.mark.parametrize(("name", "size"), [*EVERY, ("i-nps", 1000), ("i-nps", 390), ("i-cxi", 1000), ("i-cxi", 390)])
def test_every_instrument(visiting: Visiting, server: RunningServer, name: str, size: Size) -> None:
    """Everything it asks, in turn, by what is drawn; the last answer of each."""
    visit = visiting(size)
    visit.goes("/anything", lang=("en", "ja", "da")[len(name) % 3])
    survey = visit.wants(name)
    visit.looks()
    given = 0
    while (groups := survey.locator("[role=radiogroup]:visible").all())[given:]:
        choose(visit, "mouse", groups[given], groups[given].get_by_role("radio").count() - 1)
        given += 1
    visit.page.wait_for_timeout(400)
    visit.looks()
    if beside := survey.locator(".beside:visible").all():
        beside[0].fill("Something of my own")
    survey.locator(".send").click()
    survey.locator(".question").first.wait_for(state="hidden")
    visit.looks()
    every = [each.message for _, each in kept(server.root) if each.message and each.message.get("survey") == name]
    assert every[-1]["what"] == "answered" and every[-1]["complete"]
    assert len([value for value in every[-1]["answers"].values() if value]) == given
    assert bool(every[-1].get("other")) is bool(beside)


def test_what_must_be_answered_is_said(visiting: Visiting) -> None:
    visit = visiting()
    visit.goes("/anything")
    survey = visit.wants("i-three-part")
    survey.locator(".send").click()
    first, *_ = survey.get_by_role("radiogroup").all()
    survey.get_by_role("alert").get_by_text("Please check the answers that are marked.").wait_for()
    assert first.get_attribute("aria-invalid") == "true"
    assert first.get_by_text("This question still has no answer.").is_visible()
    assert first.get_by_role("radio").first.evaluate("(each) => each.matches(':focus')")
    visit.looks()
    first.get_by_role("radio").nth(2).click()
    assert first.get_attribute("aria-invalid") == "false"
    survey.locator(".send").click()
    second = survey.get_by_role("radiogroup").nth(1)
    assert second.get_by_text("This question still has no answer.").is_visible()
    assert second.get_by_role("radio").first.evaluate("(each) => each.matches(':focus')")


def test_answers_can_be_changed_from_the_thanks(visiting: Visiting) -> None:
    visit = visiting()
    visit.goes("/tea")
    survey = visit.sees()
    survey.get_by_role("radio").nth(9).click()
    survey.get_by_label("Would you like to tell us more?").fill("Fine")
    survey.locator(".send").click()
    survey.get_by_role("button", name="Change your answers").click()
    assert survey.get_by_role("radio").nth(9).is_checked()
    survey.get_by_role("radio").nth(10).click()
    visit.page.keyboard.press("Enter")
    survey.get_by_role("button", name="Change your answers").wait_for()
    answers = [each["answers"] for each in visit.steps("shown", *["answered"] * len(visit.told()[2:]))[1:]]
    assert answers[-1] == {"nps": 10, "comment": "Fine"}


def test_what_was_chosen_is_kept_where_the_page_is_left_at_once(visiting: Visiting) -> None:
    visit = visiting()
    visit.goes("/tea")
    visit.sees().get_by_role("radio").nth(7).click()
    visit.goes("/elsewhere")
    assert visit.steps("shown", "answered")[1]["answers"] == {"nps": 7}


def test_what_is_on_its_way_is_not_put_away(visiting: Visiting) -> None:
    visit = visiting()
    visit.goes("/tea")
    survey = visit.sees()
    visit.page.route("**/s/*", lambda route: (visit.page.wait_for_timeout(500), route.continue_()))
    survey.get_by_role("radio").nth(7).click()
    visit.page.wait_for_timeout(800)
    visit.page.keyboard.press("Escape")
    assert survey.count() == 0
    visit.page.wait_for_timeout(500)
    visit.steps("shown", "answered")


def test_a_detractor_is_asked_before_the_thanks_whether_to_be_got_back_to(visiting: Visiting) -> None:
    """Also one who was faster than the first answer."""
    visit = visiting()
    visit.goes("/tea")
    survey = visit.sees()
    survey.get_by_role("radio").nth(2).click()
    visit.page.keyboard.press("Enter")
    agree = survey.get_by_label("may get in touch with me")
    agree.check()
    survey.locator(".send").click()
    survey.get_by_text("Thank you", exact=True).wait_for()
    assert visit.steps("shown", "answered", "answered", "task_raised")[2]["consent"]


def test_what_was_written_is_not_sent_unasked(visiting: Visiting) -> None:
    visit = visiting()
    visit.goes("/tea")
    survey = visit.sees()
    survey.get_by_role("radio").nth(7).click()
    survey.get_by_role("textbox").fill("On second thought")
    visit.steps("shown", "answered")
    visit.page.keyboard.press("Escape")
    visit.goes("/elsewhere")
    assert visit.steps("shown", "answered")[1]["answers"] == {"nps": 7}


def test_arrow_keys_are_one_answer(visiting: Visiting) -> None:
    visit = visiting()
    visit.goes("/tea")
    choose(visit, "keyboard", visit.sees(), 8)
    visit.page.wait_for_timeout(1500)
    assert visit.steps("shown", "answered")[1]["answers"] == {"nps": 8}


def test_a_survey_that_cannot_be_changed_is_sent_by_its_button_only(visiting: Visiting, server: RunningServer) -> None:
    visit = visiting()
    visit.goes("/anything")
    survey = visit.wants("once")
    survey.get_by_role("radio").nth(2).click()
    survey.get_by_label("What should we do better?").fill("Everything")
    visit.page.wait_for_timeout(1200)
    survey.locator(".send").click()
    survey.get_by_text("Thank you", exact=True).wait_for()
    assert survey.get_by_role("button", name="Change your answers").count() == 0
    (step,) = [m.message for _, m in kept(server.root) if m.message and m.message.get("survey") == "once"]
    assert step["answers"] == {"nps": 2, "improve": "Everything"}


def test_what_could_not_be_sent_is_said_and_sent_again(visiting: Visiting) -> None:
    visit = visiting()
    visit.goes("/tea")
    survey = visit.sees()
    visit.page.context.set_offline(True)
    survey.get_by_role("radio").nth(9).click()
    survey.locator(".send").click()
    survey.get_by_role("alert").get_by_text("could not be saved").wait_for()
    visit.page.context.set_offline(False)
    survey.locator(".send").click()
    survey.get_by_text("Thank you", exact=True).wait_for()
    assert visit.steps("shown", "answered")[1]["answers"] == {"nps": 9}
    assert all("ERR_INTERNET_DISCONNECTED" in each for each in visit.wrong)
    visit.wrong.clear()


# -- closing and the focus


def test_it_does_not_take_the_focus_and_gives_it_back(visiting: Visiting) -> None:
    visit = visiting()
    page = visit.page
    visit.goes("/tea")
    field = page.get_by_label("Search")
    field.focus()
    survey = visit.sees()
    # said aloud, not moved to
    survey.get_by_role("status").get_by_text("A short survey is at the end of this page").wait_for()
    page.keyboard.type("uji")
    page.keyboard.press("Escape")
    assert (field.input_value(), survey.count()) == ("uji", 1)
    press_tab_to(page, survey.get_by_role("button", name="Close survey").first)
    page.keyboard.press("Enter")
    assert survey.count() == 0
    assert page.evaluate("document.activeElement.id") == "own"
    visit.steps("shown", "dismissed")


def test_escape_closes_it(visiting: Visiting) -> None:
    visit = visiting()
    visit.goes("/tea")
    visit.sees()
    visit.page.keyboard.press("Escape")
    assert visit.survey.count() == 0
    assert visit.told()[1:] == [["shown", "nps", None], ["dismissed", "nps", None]]
    visit.steps("shown", "dismissed")


def test_a_button_of_the_page_moves_the_focus_there_and_back(visiting: Visiting) -> None:
    visit = visiting()
    page = visit.page
    visit.goes("/anything", body="<main><h1>Tea</h1><button data-kizuna-survey=i-csat>Say something</button></main>")
    page.wait_for_function("!!window.kizunaSurvey?.show")
    press_tab_to(page, page.get_by_role("button", name="Say something"))
    page.keyboard.press("Enter")
    survey = visit.sees()
    assert survey.evaluate("(each) => each.matches(':focus')")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.kizunaSurvey") == "i-csat"


# -- when it asks


def test_once_closed_it_does_not_come_again(visiting: Visiting) -> None:
    """Not on the next page, not for another survey, not in another browser of the same customer."""
    visit = visiting()
    visit.goes("/tea")
    visit.sees().get_by_role("button", name="Close survey").first.click()
    for path in ("/tea/2", "/order"):
        visit.goes(path)
        visit.sees_nothing(1.5)
        assert visit.told()[1:] == [["refused", "stars" if path == "/order" else "nps", "not_now"]]
    other = visiting(user=visit.user)
    other.goes("/order")
    other.sees_nothing(1.5)
    visit.steps("shown", "dismissed")


def test_only_on_its_pages_and_after_its_time(visiting: Visiting) -> None:
    visit = visiting()
    visit.goes("/")
    visit.sees_nothing()
    visit.goes("/late")
    visit.page.wait_for_timeout(1000)
    visit.page.evaluate(HIDE, True)
    visit.sees_nothing(2.5)
    visit.page.evaluate(HIDE, False)
    visit.sees()


def test_who_is_away_is_not_engaged(visiting: Visiting) -> None:
    visit = visiting()
    visit.page.add_init_script(
        "const now = Date.now; let gone = 0; Date.now = () => now() + gone; window.go = () => (gone = 1e6)"
    )
    visit.goes("/late")
    visit.page.evaluate("go()")
    visit.sees_nothing(3)
    visit.page.mouse.move(300, 300)
    visit.sees()


def test_when_somebody_is_about_to_leave(visiting: Visiting) -> None:
    visit = visiting()
    visit.goes("/leaving")
    visit.page.mouse.move(400, 300)
    visit.sees_nothing(1.5)
    visit.page.mouse.move(400, 5)
    visit.page.mouse.move(400, -20)
    visit.sees()


def test_routes_of_a_single_page(visiting: Visiting) -> None:
    visit = visiting()
    visit.goes("/")
    visit.sees_nothing(1)
    visit.page.evaluate("history.pushState(0, '', '/tea/route')")
    visit.sees()
    # A framework may exchange the whole page.
    visit.page.evaluate("document.body.replaceChildren(document.createElement('main')); history.pushState(0, '', '/x')")
    visit.page.wait_for_timeout(600)
    assert visit.survey.is_visible()
    assert visit.steps("shown")[0]["page"] == "/tea/route"


def test_one_survey_at_a_time(visiting: Visiting) -> None:
    visit = visiting()
    visit.goes("/tea")
    visit.sees()
    visit.wants("i-csat")
    assert visit.survey.count() == 1
    assert visit.survey.locator("h2").inner_text() == "How did we do?"
    visit.steps("shown", "dismissed")


@pytest.mark.parametrize("signal", ["globalPrivacyControl: { get: () => true }", "doNotTrack: { get: () => '1' }"])
def test_who_asks_not_to_be_followed_is_asked_nothing(visiting: Visiting, signal: str) -> None:
    visit = visiting()
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    visit.page.add_init_script(f"Object.defineProperties(Navigator.prototype, {{ {signal} }})")
    visit.goes("/tea")
    visit.sees_nothing(1.5)
    assert not [url for url in asked if "surveys" in url]
    visit.wants("i-csat")
    visit.steps()


# -- who it is


def test_the_tag_says_who_it_is(visiting: Visiting, server: RunningServer) -> None:
    """Its pages and the answer are one person's; without ids they have the day's in common."""
    visit = visiting()
    visit.page.add_init_script("delete window.kizunaSurvey")
    visit.goes("/tea", tag=True)
    visit.sees()
    days = {
        (message.message or {}).get("anonymousId") or (message.message or {}).get("anonymous_id")
        for envelope, message in kept(server.root)
        if (message.message or {}).get("properties", {}).get("title") == "/tea"
        or ((message.message or {}).get("what") == "shown" and "customer_id" not in (message.message or {}))
    }
    assert len(days) == 1 and str(days.pop()).startswith("day-")
    known = visiting(user_agent=f"{VISITOR} Other/1")  # else the day's id would be both's
    known.page.add_init_script("delete window.kizunaSurvey")
    known.goes("/anything", tag=True)
    known.page.wait_for_function("!!(window.kizuna && window.kizunaSurvey?.show)")
    known.page.evaluate("(user) => kizuna('identify', user)", known.user)
    known.page.evaluate("history.pushState(0, '', '/tea/2')")
    known.sees()
    known.steps("shown")


# -- how it looks


@pytest.mark.parametrize(
    ("style", "scheme", "dark"),
    [
        ("body { background: #101418 }", "light", True),
        ("body { background: rgb(250 250 245) }", "dark", False),
        ("html { background: #000 } body { background: none }", "light", True),
        ("html { color-scheme: dark } body { background: none }", "light", True),
        ("html { color-scheme: light dark } body { background: none }", "dark", True),
        ("html { color-scheme: light dark } body { background: none }", "light", False),
        ("body { background: none }", "dark", False),
    ],
)
def test_it_is_dark_where_the_page_is(visiting: Visiting, style: str, scheme: str, dark: bool) -> None:
    visit = visiting(color_scheme=scheme)
    visit.goes("/anything", style=style)
    assert visit.wants("i-csat").evaluate("(each) => each.classList.contains('dark')") is dark


def test_the_page_cannot_spoil_it_nor_it_the_page(visiting: Visiting) -> None:
    visit = visiting()
    spoiled = "* { all: unset !important; display: none } body, html, head + body > div { display: block }"
    visit.goes("/anything", style=spoiled)
    survey = visit.wants("i-nps")
    assert survey.is_visible() and survey.locator(".send").is_visible()
    assert survey.evaluate("(each) => getComputedStyle(each).fontSize") == "16px"


@pytest.mark.parametrize(("motion", "name"), [("reduce", "none"), ("no-preference", "come")])
def test_nothing_moves_for_those_who_do_not_want_it(visiting: Visiting, motion: str, name: str) -> None:
    visit = visiting(reduced_motion=motion)
    visit.goes("/anything")
    assert visit.wants("i-nps").evaluate("(each) => getComputedStyle(each).animationName") == name


def test_a_second_click_chooses_nothing_else(visiting: Visiting) -> None:
    """The first one lets the rest of the survey in, so that something else lies under the pointer."""
    visit = visiting()
    visit.goes("/anything")
    survey = visit.wants("i-csat")
    visit.page.wait_for_timeout(400)
    box = survey.get_by_role("radio").first.bounding_box()
    assert box is not None
    visit.page.mouse.dblclick(box["x"] + 60, box["y"] + 20)
    visit.page.wait_for_timeout(100)
    assert survey.get_by_role("radio").first.is_checked()


# -- what becomes of it


def test_the_answers_are_in_the_metrics(visiting: Visiting, tmp_path: Path) -> None:
    """Six are asked: 10, 9, 9, 3 and 7 are answered, one survey is closed. NPS (3 − 1) / 5, response rate 5 / 6."""
    with asking(tmp_path / "counted") as server:
        for number, score in enumerate((10, 9, 9, 3, 7, None)):
            visit = visiting(at=server, user=f"c-{number}")
            visit.goes("/tea")
            survey = visit.sees()
            if score is None:
                visit.page.keyboard.press("Escape")
            else:
                survey.get_by_role("radio").nth(score).click()
                survey.get_by_text(say("survey_widget", "noted", "en")).wait_for()
                survey.locator(".send").click()
                survey.get_by_text("Thank you", exact=True).wait_for()
        wanted = {"nps": 40, "survey_response_rate": pytest.approx(100 * 5 / 6)}
        until = time.monotonic() + 30
        while (found := measured(server.root, *wanted)) != wanted and time.monotonic() < until:
            time.sleep(0.2)
        assert found == wanted
        expected = [(f"c-{number}", "web", "complete" if number < 5 else "dismissed") for number in range(6)]
        # That one was closed is told behind the page, and is in none of the metrics.
        while (rows := invited(server.root)) != expected and time.monotonic() < until:
            time.sleep(0.2)
    assert rows == expected


def invited(root: Path) -> list[tuple[str, ...]]:
    with kizuna.open(root) as shop, shop.store.reading() as data:
        return data.rows("SELECT customer_id, channel, state FROM survey_invitation ORDER BY ALL")


def measured(root: Path, *metrics: str) -> dict[str, float | None]:
    with kizuna.open(root) as shop:
        return {record.metric: record.value for record in shop.measure(*metrics).records}
