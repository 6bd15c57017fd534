"""Every page, walked in a real browser: by a newcomer, an analyst and on a phone, in each language, light and dark.

Nothing may be reported by axe, by the console or by the content policy, and nothing may be wider than the screen.
The usual run looks at each page once on a desk and once on a phone, each time in another language;
``KIZUNA_BROWSER=full`` (``make browser``) in every language, width and colour scheme.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import kizuna
from browser.pages import PAGES, PUBLIC, Scheme, walker
from server import RunningServer, served
from website import make_company

FULL = os.environ.get("KIZUNA_BROWSER") == "full"
PICTURES = Path(__file__).resolve().parents[2] / "docs" / "images" / "pages"
WRITE = os.environ.get("KIZUNA_PICTURES") == "write"
MOST_BYTES = 450_000
"""What a first visit may take, packed."""

MOST_AFTER = 50_000
"""What a page may take after that."""

USUAL: list[tuple[str, int, Scheme]] = [("en", 1280, "light"), ("ja", 360, "dark")]
EVERY: list[tuple[str, int, Scheme]] = [*product(("en", "ja", "da"), (1280, 360), ("light", "dark"))]  # type: ignore[list-item]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The demo company, served."""
    root = make_company(tmp_path_factory.mktemp("pages") / "demo", customers=1_000, months=14)
    with served(root) as server:
        yield server


@pytest.mark.parametrize(("language", "width", "scheme"), EVERY if FULL else USUAL)
def test_every_page_fits_and_shuts_nobody_out(
    language: str, width: int, scheme: Scheme, browser: Browser, server: RunningServer
) -> None:
    with walker(browser, server, width=width, scheme=scheme, language=language) as somebody:
        for name, path in PAGES.items():
            somebody.goes(path)
            somebody.wrong += [f"{name}: {each}" for each in somebody.accessible()]
            assert somebody.page.locator("html").get_attribute("lang") == language
    assert somebody.wrong == []


@pytest.mark.parametrize(("language", "width", "scheme"), EVERY if FULL else USUAL)
def test_public_pages_too(language: str, width: int, scheme: Scheme, browser: Browser, server: RunningServer) -> None:
    with walker(browser, server, "nobody", width=width, scheme=scheme, language=language) as somebody:
        for name, path in PUBLIC.items():
            somebody.goes(path)
            somebody.wrong += [f"{name}: {each}" for each in somebody.accessible()]
    assert somebody.wrong == []


def test_danish_pages_fit_a_phone(browser: Browser, server: RunningServer) -> None:
    with walker(browser, server, width=360, language="da") as somebody:
        for path in PAGES.values():
            somebody.goes(path)
    assert somebody.wrong == []


def test_pages_work_without_scripts(browser: Browser, server: RunningServer) -> None:
    with walker(browser, server, scripts=False) as somebody:
        for path in ("/", "/metric/nps", "/customers", "/feedback", "/segments/new", "/data/import", "/calculator/nps"):
            somebody.goes(path)
        somebody.goes("/")
        somebody.page.select_option("select[name=period]", "last-90-days")
        somebody.page.locator(".scope button[type=submit]").click()
        somebody.page.wait_for_url("**period=last-90-days**")
    assert somebody.wrong == []


def test_what_is_chosen_once_holds_on_all_pages(browser: Browser, server: RunningServer) -> None:
    with walker(browser, server) as somebody:
        somebody.goes("/")
        somebody.page.select_option("select[name=compare]", "year")
        somebody.page.wait_for_url("**compare=year**")
        for place in ("Metrics", "Channels", "Customers", "Feedback"):
            somebody.page.locator("#nav").get_by_role("link", name=place, exact=True).click()
            somebody.page.wait_for_load_state("networkidle")
            assert "compare=year" in somebody.page.url
    assert somebody.wrong == []


def test_the_menu_and_the_scope_open_on_a_phone(browser: Browser, server: RunningServer) -> None:
    with walker(browser, server, width=360) as somebody:
        somebody.goes("/")
        page = somebody.page
        assert not page.locator("#nav").is_visible() and not page.locator("#scope").is_visible()
        page.get_by_role("button", name="Menu").click()
        somebody.wrong += somebody.accessible()
        page.locator("#nav").get_by_role("link", name="Feedback").click()
        page.wait_for_url("**/feedback")
        page.locator("button[popovertarget=scope]").click()
        somebody.wrong += somebody.accessible()
        page.select_option("#scope select[name=period]", "last-28-days")
        page.wait_for_url("**period=last-28-days**")
    assert somebody.wrong == []


@pytest.mark.parametrize("path", [*PAGES.values()] if FULL else ["/", "/metric/nps", "/customers", "/segments/new"])
def test_everything_is_reached_by_keyboard(path: str, browser: Browser, server: RunningServer) -> None:
    """Tab comes to every control and link that can be seen, in the order in which they stand, and shows where it is."""
    with walker(browser, server) as somebody:
        somebody.goes(path)
        page = somebody.page
        page.evaluate(
            """() => {
              const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']");
              window.wanted = [...all].filter((each) =>
                each.checkVisibility({ visibilityProperty: true }) && !each.disabled && each.tabIndex >= 0 && each.type !== "hidden");
              document.activeElement.blur();
            }"""
        )
        count = page.evaluate("wanted.length")
        reached = set()
        for _ in range(count + 20):
            page.keyboard.press("Tab")
            place, ring = page.evaluate(
                "[wanted.indexOf(document.activeElement), getComputedStyle(document.activeElement).outlineStyle]"
            )
            if place >= 0:
                reached.add(place)
                assert ring != "none", page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        radios = page.evaluate("wanted.filter((each) => each.type === 'radio' && !each.checked).length")
        missed = [place for place in range(count) if place not in reached]
        said = page.evaluate("(missed) => missed.map((each) => wanted[each].outerHTML.slice(0, 160))", missed)
        assert len(missed) <= radios, said


def test_a_list_is_gone_through_by_keyboard_without_leaving_the_page(browser: Browser, server: RunningServer) -> None:
    """Each press of an arrow changes a list: it is sent by Enter or its button, not by every step."""
    with walker(browser, server) as somebody:
        somebody.goes("/metric/nps")
        page, button = somebody.page, somebody.page.locator("#scope button[type=submit]")
        address = page.url
        assert not button.is_visible()
        page.focus("#scope select[name=period]")
        for _ in range(3):
            page.keyboard.press("ArrowDown")
        assert page.url == address and button.is_visible()
        assert page.input_value("#scope select[name=period]") == "last-28-days"
        page.keyboard.press("Enter")
        page.wait_for_url("**period=last-28-days**")
    assert somebody.wrong == []


def test_the_menu_stays_in_sight_on_a_long_page(browser: Browser, server: RunningServer) -> None:
    with walker(browser, server) as somebody:
        somebody.goes("/")
        somebody.page.evaluate("scrollTo(0, document.body.scrollHeight)")
        box = somebody.page.locator("a[href='/settings']").bounding_box()
        assert box is not None and 0 <= box["y"] <= 900
    assert somebody.wrong == []


def test_a_first_visit_is_light_and_the_next_lighter(browser: Browser, server: RunningServer) -> None:
    with walker(browser, server) as somebody:
        somebody.goes("/")
        first = somebody.bytes
        somebody.goes("/metric/nps")
        with_charts = somebody.bytes
        somebody.goes("/?period=last-90-days")
        after = somebody.bytes - with_charts
    assert somebody.wrong == []
    assert 10_000 < first < with_charts <= MOST_BYTES
    assert after <= MOST_AFTER


NASTY = """<script>alert(1)</script><img src=x onerror=alert(2)>"'=1+1"""


def test_what_people_wrote_is_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    """Fault 13: script in a name, a comment, a campaign, a title, a referrer is text on every page."""
    root = tmp_path / "shop"
    with kizuna.init(root, name=NASTY) as shop:
        for fact, lines in _nasty().items():
            file = tmp_path / f"{fact}.csv"
            file.write_text("\n".join(lines), encoding="utf-8")
            assert shop.import_file(fact, file).added
    with served(root) as server, walker(browser, server) as somebody:
        for path in (*PAGES.values(), "/metric/orders?by=campaign&period=this-month", "/customers?q=script"):
            if not path.startswith(("/metric/csat", "/survey/")):  # this shop has asked neither
                somebody.goes(path)
        somebody.goes("/customer/1")
        assert "<script>alert(1)</script>" in somebody.page.locator("body").inner_text()
    assert somebody.wrong == []


def _nasty() -> dict[str, list[str]]:
    import csv
    import io
    from datetime import date, timedelta

    def rows(head: list[str], body: list[list[str]]) -> list[str]:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([head, *body])
        return out.getvalue().splitlines()

    days = [(date.today() - timedelta(days=40 - n)).isoformat() for n in range(40)]
    return {
        "customer": rows(["customer_id", "name", "email"], [["c1", NASTY, "c1@example.com"]]),
        "order": rows(
            ["order_id", "customer_id", "ordered_at", "revenue", "campaign"],
            [[f"o{n}", "c1", day, "10", NASTY] for n, day in enumerate(days)],
        ),
        "survey_response": rows(
            ["response_id", "customer_id", "answered_at", "question", "score", "comment"],
            [[f"r{n}", "c1", day, "nps", str(n % 11), NASTY] for n, day in enumerate(days)],
        ),
    }


SHOWN = (
    "overview",
    "metric",
    "channel-support",
    "customers",
    "customer",
    "feedback",
    "surveys",
    "segment-new",
    "data",
    "import",
    "calculator",
    "settings",
)


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_of_each_page_is_in_the_docs(name: str, browser: Browser, server: RunningServer) -> None:
    """``make pictures`` writes them; otherwise they are there, and the page still comes to where it was taken."""
    file = PICTURES / f"{name}.png"
    with walker(browser, server, scheme="light") as somebody:
        somebody.goes(PAGES[name])
        taken = somebody.page.screenshot(animations="disabled")
    assert somebody.wrong == []
    if WRITE:
        PICTURES.mkdir(parents=True, exist_ok=True)
        file.write_bytes(taken)
    assert file.is_file(), "make pictures writes it"
