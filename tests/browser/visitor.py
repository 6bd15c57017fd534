"""Somebody who answers a survey in a browser: with a mouse or a finger, by keyboard alone, or without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page

from browser.axe import violations

Way = Literal["mouse", "keyboard", "no script"]
Width = Literal[1280, 360]
Scheme = Literal["light", "dark"]

HEIGHT = {1280: 900, 360: 740}
MOST_TABS = 40


@dataclass
class Visitor:
    """A browser of its own. `wrong` is everything that should not have happened, in the order in which it did."""

    page: Page
    way: Way
    width: Width
    wrong: list[str] = field(default_factory=list)

    def goes(self, link: str) -> None:
        """Open an address."""
        self.page.goto(link)
        self.looks()

    def looks(self) -> None:
        """Look at the page as it is now: whether it fits, and shuts nobody out."""
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > self.width:
            self.wrong.append(f"{self.page.title()}: {wide} px wide on a screen of {self.width}")
        # Without scripts axe cannot run; the page is then the same, as `answers` with the other ways sees it.
        if self.way != "no script":
            self.wrong += violations(self.page, strict=True)

    def answers(self, given: Mapping[str, str]) -> None:
        """Answer questions, in order; ``o:ID`` is what is written beside a choice."""
        for name, value in given.items():
            field = name if name.startswith("o:") else f"q:{name}"
            self._fills(field, value)

    def sends(self, *, looks: bool = True) -> None:
        """Press the button, wait for what comes after, and look at it."""
        with self.page.expect_navigation():
            if self.way == "keyboard":
                self._tabs_to("document.activeElement.matches('button.main')")
                self.page.keyboard.press("Enter")
            else:
                self._touches("button.main")
        if looks:
            self.looks()

    def changes(self, pressed: str) -> None:
        """Press another button of the page."""
        with self.page.expect_navigation():
            self._touches(pressed)
        self.looks()

    @property
    def title(self) -> str:
        """The largest words on the page."""
        return self.page.locator("h1").inner_text()

    @property
    def language(self) -> str | None:
        return self.page.locator("html").get_attribute("lang")

    def _fills(self, name: str, value: str) -> None:
        by_keyboard = self.way == "keyboard"
        if self.page.locator(f'input[type=radio][name="{name}"]').count():
            self._chooses_by_key(name, value) if by_keyboard else self._chooses(name, value)
            return
        if by_keyboard:
            self._tabs_to(f"document.activeElement.name === '{name}'")
        else:
            self._touches(f'[name="{name}"]')
        self.page.keyboard.type(value)

    def _chooses(self, name: str, value: str) -> None:
        """What is pressed is the place where the answer is drawn."""
        self._touches(f'label:has(input[name="{name}"][value="{value}"]) .face')

    def _chooses_by_key(self, name: str, value: str) -> None:
        self._tabs_to(f"document.activeElement.name === '{name}'")
        radios = self.page.locator(f'input[type=radio][name="{name}"]')
        place = [radios.nth(n).get_attribute("value") for n in range(radios.count())].index(value)
        for _ in range(place):
            self.page.keyboard.press("ArrowRight")
        if not place:
            self.page.keyboard.press("Space")

    def _tabs_to(self, wanted: str) -> None:
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if not self.page.evaluate(FOCUS_SHOWS):
                self.wrong.append(
                    f"{self.page.title()}: nothing shows that {self.page.evaluate(FOCUSED)} has the focus"
                )
            if self.page.evaluate(wanted):
                return
        raise AssertionError(f"the keyboard does not lead to where {wanted}")

    def _touches(self, selector: str) -> None:
        """Press the middle of what is drawn there, whatever lies over it."""
        place = self.page.locator(selector)
        place.scroll_into_view_if_needed()
        box = place.bounding_box()
        assert box is not None, f"{selector} is not to be seen"
        press: Callable[[float, float], None] = self.page.touchscreen.tap if self.width < 500 else self.page.mouse.click
        press(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


FOCUSED = "document.activeElement.outerHTML.slice(0, 80)"
FOCUS_SHOWS = """(() => {
    const at = document.activeElement;
    const drawn = at.type === "radio" ? at.nextElementSibling : at;
    const style = getComputedStyle(drawn);
    return at === document.body || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
})()"""
"""Whether what has the focus has a line around it; of a radio, its drawing."""


@contextmanager
def visitor(
    browser: Browser, way: Way = "mouse", width: Width = 1280, scheme: Scheme = "light", **more: Any
) -> Iterator[Visitor]:
    """A visitor whose browser has seen nothing yet; what the browser complains of is noted."""
    with browser.new_context(
        viewport={"width": width, "height": HEIGHT[width]},
        has_touch=width < 500,
        is_mobile=width < 500,
        color_scheme=scheme,
        java_script_enabled=way != "no script",
        **more,
    ) as context:
        page = context.new_page()
        page.set_default_timeout(15_000)
        somebody = Visitor(page, way, width)
        page.on("console", lambda said: _noted(said, somebody))
        page.on("pageerror", lambda error: somebody.wrong.append(f"script: {error}"))
        page.on("request", lambda request: _own(request.url, somebody))
        yield somebody
        if context.cookies():
            somebody.wrong.append(f"cookies: {context.cookies()}")


class Visitors:
    """Visitors whose browsers stay open, because opening one takes longer than a survey; nothing stays in them."""

    def __init__(self, browser: Browser, until: ExitStack) -> None:
        self._browser, self._until = browser, until
        self._known: dict[tuple[Way, Width, Scheme], Visitor] = {}

    def get(self, way: Way, width: Width, scheme: Scheme) -> Visitor:
        """A visitor of this kind, of whom nothing is noted yet."""
        kind = (way, width, scheme)
        if kind not in self._known:
            self._known[kind] = self._until.enter_context(visitor(self._browser, *kind))
        somebody = self._known[kind]
        assert somebody.page.context.cookies() == []
        somebody.wrong.clear()
        return somebody


def _noted(said: ConsoleMessage, somebody: Visitor) -> None:
    """Everything the browser says is an error, except that a page refuses with its status."""
    refused = "Failed to load resource" in said.text and said.location["url"] == somebody.page.url
    if said.type in ("error", "warning") and not refused:
        somebody.wrong.append(f"console: {said.text}")


def _own(url: str, somebody: Visitor) -> None:
    if urlsplit(url).hostname not in ("127.0.0.1", None):
        somebody.wrong.append(f"asked somebody else: {url}")
