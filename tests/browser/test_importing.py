"""The import wizard in a real browser: dropped, chosen, with and without scripts; the snippets tell what arrives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import kizuna
from browser.pages import walker
from server import RunningServer, served

KEY = "k" * 27
ORDERS = "ordrenummer;dato;beløb\n1;03.04.2026;10,50\n2;14.04.2026;<b onclick=alert(1)>x</b>\n"
DROPPED = """([text, name]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name, { type: "text/csv" }));
    const drop = document.querySelector("form.drop");
    for (const kind of ["dragenter", "dragover", "drop"])
        drop.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """An empty workspace, served."""
    root = tmp_path_factory.mktemp("importing") / "shop"
    kizuna.init(root, timezone="Europe/Copenhagen", currency="DKK", sources={"web": KEY}).close()
    with served(root) as server:
        yield server


def loaded(page: Page) -> None:
    """Load what is tried out, and wait for what came of it."""
    page.get_by_role("button", name=re.compile("^Load")).click()
    page.wait_for_url("**/data/imports/*")


def test_a_dropped_file_is_tried_out_and_loaded(browser: Browser, server: RunningServer) -> None:
    with walker(browser, server, "editor") as somebody:
        somebody.goes("/data/import")
        page = somebody.page
        page.evaluate(DROPPED, [ORDERS, "ordrer <img src=x onerror=alert(1)>.csv"])
        page.wait_for_url("**/data/import/*")
        expect(page.locator(".outcome")).to_contain_text("1 rows fit")
        somebody.wrong += somebody.accessible()
        page.get_by_text("For example").click()
        loaded(page)
        expect(page.locator("main")).to_contain_text("1 rows of Orders were added.")
        page.get_by_role("link", name="Look at them").click()
        expect(page.locator(".unfit")).to_contain_text("<b onclick=alert(1)>x</b>")
        somebody.wrong += somebody.accessible()
    assert somebody.wrong == []


def test_without_scripts_it_works_by_its_buttons(browser: Browser, server: RunningServer, tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    file.write_text("id,date,score\n1,2026-04-01,9\n2,2026-04-02,10\n", encoding="utf-8")
    with walker(browser, server, "editor", scripts=False) as somebody:
        somebody.goes("/data/import?fact=survey_response")
        page = somebody.page
        page.set_input_files("#file", file)
        page.get_by_role("button", name="Look at it").click()
        page.wait_for_url("**/data/import/*")
        page.select_option("select[name=need-question]", "q:nps")
        page.get_by_role("button", name="Try it out so").first.click()
        expect(page.locator(".outcome")).to_contain_text("All 2 rows fit.")
        loaded(page)
        expect(page.locator("main")).to_contain_text("2 rows of Survey answers were added.")
    assert somebody.wrong == []


def test_a_file_too_large_is_not_even_sent(browser: Browser, server: RunningServer) -> None:
    with walker(browser, server, "editor") as somebody:
        somebody.goes("/data/import")
        page = somebody.page
        page.evaluate("document.querySelector('form.drop').dataset.most = '10'")
        page.evaluate(DROPPED, [ORDERS, "o.csv"])
        expect(page.locator("#file-wrong")).to_contain_text("larger than")
        assert page.url.endswith("/data/import")
    assert somebody.wrong == []


def test_the_snippets_say_when_the_first_message_came(browser: Browser, server: RunningServer) -> None:
    with walker(browser, server, "editor") as somebody:
        somebody.goes("/data/snippets")
        page = somebody.page
        expect(page.locator(".arrived")).to_contain_text("Waiting for the first message from web")
        assert KEY in page.locator("#code-tag").inner_text()
        server.post("/v1/track", b'{"event":"<i>Hello</i>","anonymousId":"me"}', KEY)
        expect(page.locator(".arrived.yes")).to_contain_text("<i>Hello</i>", timeout=20_000)
    assert somebody.wrong == []
