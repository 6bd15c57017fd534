"""Calculators in a browser: the result follows what is typed, and the address is that of the calculation."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from server import RunningServer, make_shop, served

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A workspace without data: calculators need none."""
    with served(make_shop(tmp_path_factory.mktemp("calculators") / "shop")) as server:
        yield server


def test_the_result_follows_what_is_typed(page: Page, server: RunningServer) -> None:
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{server.url}/calculator/nps?promoters=16&passives=9&detractors=0&lang=da")
    big = page.locator("#result .big")
    expect(big).to_have_text("64,00")
    page.fill("#f-promoters", "41")
    expect(big).to_have_text("82,00")
    expect(page).to_have_url(re.compile(r"promoters=41&passives=9&detractors=0&level=95&lang=da$"))
    page.fill("#f-promoters", "")
    expect(page.locator("#result .wrong")).to_have_text("Promotorer mangler.")
    page.fill("#f-promoters", "1")
    page.select_option("select[name=level]", "99")
    expect(big).to_have_text("10,00")
    expect(page.locator("#result .ends")).to_contain_text("99 %-interval")
    address = page.locator("#address").get_attribute("href")
    assert address is not None
    page.reload()
    expect(big).to_have_text("10,00")
    page.goto(address)
    expect(big).to_have_text("10,00")  # a language that was chosen stays in the browser
    page.select_option("form.language select", "en")
    expect(big).to_have_text("10.00")
    page.fill("#f-promoters", "11")
    expect(big).to_have_text("55.00")
    page.select_option("form.language select", "ja")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(big).to_have_text("55.00")
    assert troubles == []


def test_it_calculates_without_scripts(browser: Browser, server: RunningServer) -> None:
    with browser.new_context(java_script_enabled=False, locale="en") as context:
        page = context.new_page()
        page.goto(f"{server.url}/calculator/csat")
        page.fill("#f-positive", "9")
        page.get_by_role("button", name="Calculate").click()
        expect(page.locator("#result .big")).to_have_text("75.00 %")
        expect(page.locator(".share")).to_be_hidden()
