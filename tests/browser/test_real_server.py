"""A browser, a website on another origin, and the real server: our tag and Segment's analytics-next."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browser.conftest import VISITOR, Site
from clients.installed import node_modules
from kizuna.collect.message import Envelope, Kept
from kizuna.settings import Settings
from kizuna.show.commands.tag import line
from kizuna.workspace import FILE
from server import KEY, kept, make_shop, served

Arrived = list[tuple[Envelope, Kept]]


def arrived(root: Path, page: Page, wanted: Callable[[Arrived], bool], seconds: float = 30.0) -> Arrived:
    """What the server has on its disk, in the order in which it happened, once it is as it should be."""
    until = time.monotonic() + seconds
    while not wanted(kept(root)) and time.monotonic() < until:
        page.wait_for_timeout(100)
    return sorted(kept(root), key=lambda found: found[1].at)


def names(found: Arrived) -> list[str]:
    return [(message.message or {}).get("event") or message.kind for _, message in found]


def website(site: Site, path: str, head: str, body: str = "") -> str:
    site.pages[path] = f"<!doctype html><link rel=icon href='data:,'>{head}<body>{body}</body>"
    return site.url + path


def test_our_tag(site: Site, page: Page, tmp_path: Path) -> None:
    """The line that `kizuna tag` prints, integrity and all."""
    root = make_shop(tmp_path / "shop")
    with served(root) as server:
        settings = Settings({**Settings.read(root / FILE), "public_url": server.url})
        page.goto(
            website(site, "/", line(settings, KEY), "<a href='https://example.com/' onclick='return false'>Out</a>")
        )
        page.evaluate("kizuna('identify', 'u1', { email: 'someone@example.com' })")
        page.click("a")
        page.evaluate("history.pushState(0, '', '/basket?email=a@example.com')")
        page.wait_for_timeout(300)
        website(site, "/last", "")
        page.goto(site.url + "/last")
        found = arrived(root, page, lambda found: len(found) == 6)
    assert names(found) == ["page", "identify", "Link Clicked", "Page Left", "page", "Page Left"]
    assert {message.reason for _, message in found} == {None}
    first, *others = [message.message or {} for _, message in found]
    assert first["anonymousId"].startswith("day-") and "userId" not in first
    assert {message.get("userId") for message in others} == {"u1"}
    assert [message["context"]["page"]["path"] for message in (first, *others)] == ["/"] * 4 + ["/basket"] * 2
    assert {(envelope.agent, envelope.address) for envelope, _ in found} == {(VISITOR, "127.0.0.0")}
    assert {envelope.source for envelope, _ in found} == {"web"}


def test_a_changed_script_is_not_run(site: Site, page: Page, tmp_path: Path) -> None:
    """The digest in the line is what protects pages from another script at the tag's address."""
    root = make_shop(tmp_path / "shop")
    with served(root) as server:
        settings = Settings({**Settings.read(root / FILE), "public_url": server.url})
        other = line(settings, KEY).replace("sha384-", "sha384-A")
        page.goto(website(site, "/", other))
        assert page.evaluate("typeof kizuna") == "undefined"


ANALYTICS = """<script src="/analytics/index.js"></script>
<script>
    window.analytics = AnalyticsNext.AnalyticsBrowser.load({{ writeKey: "{key}", cdnURL: "{url}" }}, {{ {options} }});
</script>"""
BATCHING = """integrations: { "Segment.io": { deliveryStrategy: { strategy: "batching", config: { size: 10, timeout: 500 } } } }"""


@pytest.mark.parametrize("options", ["", BATCHING], ids=["one by one", "batching"])
def test_analytics_next(options: str, site: Site, page: Page, tmp_path: Path) -> None:
    """It reads its settings from the server, then sends a visit there."""
    bundles = node_modules() / "@segment" / "analytics-next" / "dist" / "umd"
    site.pages |= {f"/analytics/{file.name}": file.read_text(encoding="utf-8") for file in bundles.glob("*.js")}
    root = make_shop(tmp_path / "shop")
    with served(root) as server:
        head = ANALYTICS.format(key=KEY, url=server.url, options=options)
        page.goto(website(site, "/shoes", head) + "?utm_source=mail&utm_campaign=spring")
        page.evaluate("""async () => {
            await analytics.page("Shoes");
            await analytics.track("Product Added", { product_id: "p1", price: 12.5 });
            await analytics.identify("u1", { email: "someone@example.com" });
            await analytics.group("g1", { name: "Company" });
            await analytics.alias("u1", "old-u1");
            await analytics.track("Order Completed", { order_id: "o1", total: 12.5 });
        }""")
        found = arrived(root, page, lambda found: len(found) >= 6)
        assert names(found) == ["page", "Product Added", "identify", "group", "alias", "Order Completed"]
    assert {message.reason for _, message in found} == {None}
    first, *others = [message.message or {} for _, message in found]
    assert first["name"] == "Shoes" and first["properties"]["path"] == "/shoes"
    assert first["context"]["campaign"] == {"source": "mail", "name": "spring"}
    assert first["context"]["userAgent"] == VISITOR
    assert others[-1]["properties"] == {"order_id": "o1", "total": 12.5}
    assert others[-1]["userId"] == "u1"
    assert len({message.get("anonymousId") for message in (first, *others) if message["type"] != "alias"}) == 1
    assert {envelope.call for envelope, _ in found} == (
        {"batch"} if options else {"page", "track", "identify", "group", "alias"}
    )
