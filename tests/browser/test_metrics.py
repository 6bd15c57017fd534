"""A scripted visit in a real browser, by our tag and by Segment's: every metric it moves, counted by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

import kizuna
from browser.conftest import Site
from browser.test_real_server import ANALYTICS, website
from clients.installed import node_modules
from kizuna.settings import Settings
from kizuna.show.commands.tag import line
from kizuna.workspace import FILE
from server import KEY, RunningServer, make_shop, served

# Two pages (the second by a change of route), one click on a link to elsewhere, a product and an order.
COUNTED = {
    "page_views": 2,
    "sessions": 1,
    "visitors": 1,
    "active_customers": 1,
    "pages_per_session": 2,
    "bounce_rate": 0,
    "conversion_rate": 100,
    "cart_abandonment_rate": 0,
    "orders": 1,
    "revenue": 24.5,
    "average_order_value": 24.5,
    "new_customers": 1,
}


def by_our_tag(page: Page, site: Site, root: Path, server: RunningServer) -> None:
    settings = Settings({**Settings.read(root / FILE), "public_url": server.url})
    tagged = line(settings, KEY)
    page.goto(website(site, "/tea", tagged, "<a href='https://example.com/' onclick='return false'>Out</a>"))
    page.evaluate("kizuna('track', 'Product Added', { product_id: 'p1', price: 12.25, quantity: 2 })")
    page.click("a")
    page.evaluate("history.pushState(0, '', '/basket')")
    page.wait_for_timeout(300)
    page.evaluate("kizuna('identify', 'u1', { email: 'someone@example.com', plan: 'club' })")
    page.evaluate("kizuna('track', 'Order Completed', { order_id: 'o1', total: 24.5, currency: 'EUR' })")
    website(site, "/last", "")
    page.goto(site.url + "/last")


def by_analytics_next(page: Page, site: Site, root: Path, server: RunningServer) -> None:
    bundles = node_modules() / "@segment" / "analytics-next" / "dist" / "umd"
    site.pages |= {f"/analytics/{file.name}": file.read_text(encoding="utf-8") for file in bundles.glob("*.js")}
    page.goto(website(site, "/tea", ANALYTICS.format(key=KEY, url=server.url, options="")))
    page.evaluate("""async () => {
        await analytics.page("Tea");
        await analytics.track("Product Added", { product_id: "p1", price: 12.25, quantity: 2 });
        history.pushState(0, "", "/basket");
        await analytics.page("Basket");
        await analytics.track("Link Clicked", { href: "https://example.com/" });
        await analytics.identify("u1", { email: "someone@example.com", plan: "club" });
        await analytics.track("Order Completed", { order_id: "o1", total: 24.5, currency: "EUR" });
    }""")


@pytest.mark.parametrize("visit", [by_our_tag, by_analytics_next])
def test_every_metric_is_what_a_hand_calculation_says(
    visit: Callable[[Page, Site, Path, RunningServer], None], site: Site, page: Page, tmp_path: Path
) -> None:
    root = make_shop(tmp_path / "shop", currency="EUR")
    with served(root) as server:
        visit(page, site, root, server)
        wanted = COUNTED | {"clicks": 1}
        until = time.monotonic() + 30
        while (found := _measured(root, tuple(wanted))) != wanted and time.monotonic() < until:
            page.wait_for_timeout(200)
        assert found == wanted
        with kizuna.open(root) as shop:
            plans = shop.measure("events", by="plan").records
            live = shop.measure().to_json()
        assert {r.group["plan"] for r in plans} == {"club"}, "what the visitor did before counts as the customer's"
    with kizuna.open(root) as shop:
        whole = shop.measure().to_json()
        shop.rebuild()
    with kizuna.open(root) as shop:
        assert shop.measure().to_json() == whole
    assert live


def _measured(root: Path, metrics: tuple[str, ...]) -> dict[str, float | None]:
    with kizuna.open(root) as shop:
        return {record.metric: record.value for record in shop.measure(*metrics).records}
