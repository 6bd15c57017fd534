"""Charts in a real browser: drawn in the place of their picture under the policy, and what their points say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

import kizuna
from browser.pages import walker
from kizuna.show.look import DARK, LIGHT
from server import RunningServer, served

EVIL = '<img src=x onerror="alert(1)">'
CHANNELS = (EVIL, "電話", "web")
PAGE = "/metric/orders?period=2026-03"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A shop with orders in three channels, one of which somebody named with a purpose."""
    root = tmp_path_factory.mktemp("charts")
    orders = root / "orders.csv"
    quoted = [name.replace('"', '""') for name in CHANNELS]
    rows = [
        f'o{month}-{day}-{n},c{n},2026-{month:02}-{day:02} 12:00,{10 + n},"{quoted[n % 3]}"'
        for month in (1, 2, 3)
        for day in range(1, 28)
        for n in range(day % 5 + 6)
    ]
    orders.write_text("order_id,customer_id,ordered_at,value,channel\n" + "\n".join(rows) + "\n", encoding="utf-8")
    with kizuna.init(root / "shop", timezone="Asia/Tokyo", currency="JPY") as shop:
        assert not shop.import_file("order", orders).rejected
    with served(root / "shop") as server:
        yield server


def test_a_chart_is_drawn_in_the_place_of_its_picture_and_its_points_say_what_they_are(
    browser: Browser, server: RunningServer
) -> None:
    with walker(browser, server) as somebody:
        somebody.goes(PAGE)
        drawn = somebody.page.locator("figure.chart .drawn").first
        expect(drawn.locator("svg")).to_be_visible()
        expect(somebody.page.locator("figure.chart picture").first).to_be_hidden()
        assert "Feb 2026" in (drawn.get_attribute("aria-label") or "")
        drawn.locator(".mark-symbol path").nth(1).hover(force=True)
        says = somebody.page.locator(".chart-says")
        expect(says).to_contain_text("Feb 2026")
        somebody.page.keyboard.press("Escape")
        expect(says).to_be_hidden()
    assert somebody.wrong == []


def test_names_in_a_chart_are_text(browser: Browser, server: RunningServer) -> None:
    """TRUST.md, fault 13: a script in a chart's label opens no dialog and breaks no policy."""
    with walker(browser, server) as somebody:
        somebody.goes(f"{PAGE}&by=channel")
        dots = somebody.page.locator("figure.chart .drawn").nth(1)
        dots.scroll_into_view_if_needed()
        expect(dots.locator("svg")).to_contain_text("<img src=x")
        expect(dots.locator("svg")).to_contain_text("電話")
        for place in range(3):
            dots.locator(".mark-symbol path").nth(place).hover(force=True)
        assert somebody.page.locator("main img[src='x']").count() == 0
        assert somebody.page.locator(".chart-says img").count() == 0
        assert somebody.accessible() == []
    assert somebody.wrong == []


def test_a_chart_follows_the_colours_and_the_width(browser: Browser, server: RunningServer) -> None:
    with walker(browser, server) as somebody:
        somebody.goes(PAGE)
        svg = somebody.page.locator("figure.chart .drawn svg").first
        line = svg.locator(".mark-line path").first
        expect(line).to_have_attribute("stroke", LIGHT.accent)
        somebody.page.emulate_media(color_scheme="dark")
        expect(line).to_have_attribute("stroke", DARK.accent)
        wide = (svg.bounding_box() or {"width": 0})["width"]
        somebody.page.set_viewport_size({"width": 360, "height": 700})
        expect(svg).to_have_attribute("width", re.compile(r"^(2|3)\d\d$"))
        assert wide > 600
    assert somebody.wrong == []


@pytest.mark.parametrize("width", [1280, 360])
def test_without_scripts_there_is_a_picture(browser: Browser, server: RunningServer, width: int) -> None:
    with walker(browser, server, width=width, scheme="dark", scripts=False) as somebody:
        somebody.goes(PAGE)
        picture = somebody.page.locator("figure.chart img").first
        expect(picture).to_be_visible()
        box = picture.bounding_box()
        assert box and 200 < box["height"] < 320 and box["width"] <= width
        assert "Orders" in (picture.get_attribute("alt") or "")
    assert somebody.wrong == []


def test_a_shared_link_draws_its_chart_for_anybody(browser: Browser, server: RunningServer, tmp_path: Path) -> None:
    with walker(browser, server, "editor") as editor:
        editor.goes("/shares?metric=orders&period=2026-03")
        editor.page.get_by_role("button", name="Make the link").click()
        link = editor.page.locator("#made").inner_text()
    with walker(browser, server, "nobody", width=360) as anybody:
        anybody.goes(link.removeprefix(server.url))
        expect(anybody.page.locator("figure.chart .drawn svg").first).to_be_visible()
        assert anybody.accessible() == []
    assert editor.wrong == anybody.wrong == []
