"""The web tag in a real browser: what it sends, and what it does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from browser.conftest import Message, Site

HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}"""
"""Headless tabs are always visible: this is what a page notices when its tab is left or looked at again."""

TALL = "<style>body { margin: 0 } main { height: 2000px }</style>"
STUB = "window.kizuna ||= Object.assign((...said) => kizuna.q.push(said), { q: [] });"


def names(messages: list[Message]) -> list[str]:
    """Event names, or the type of a message that has none."""
    return [message.get("event", message["type"]) for message in messages]


def named(name: str) -> Callable[[list[Message]], bool]:
    return lambda messages: name in names(messages)


def many(count: int) -> Callable[[list[Message]], bool]:
    return lambda messages: len(messages) >= count


def leave(page: Page) -> None:
    page.evaluate(HIDE, True)


def back(page: Page) -> None:
    page.evaluate(HIDE, False)


def test_a_page_view(site: Site, page: Page) -> None:
    page.goto(site.page("/shoes") + "?utm_source=mail&utm_campaign=spring&gclid=g1&email=someone@example.com")
    [message] = site.wait(many(1), page)
    seen = {
        "path": "/shoes",
        "url": f"{site.url}/shoes?utm_source=mail&utm_campaign=spring&gclid=g1",
        "referrer": "",
        "title": "/shoes",
    }
    assert message["type"] == "page"
    assert message["properties"] == seen
    assert message["context"] == {"page": seen, "library": {"name": "kizuna.js"}}
    assert set(message) == {"type", "properties", "context", "messageId", "timestamp"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", message["timestamp"])
    [batch] = site.batches
    assert (batch["path"], batch["writeKey"]) == ("/v1/batch", "key")
    assert batch["sentAt"] >= message["timestamp"]
    # A simple request, in the words of CORS: the browser does not ask the server first.
    assert site.types == {"text/plain;charset=UTF-8"}


def test_nothing_is_stored_without_consent(site: Site, page: Page, context: BrowserContext) -> None:
    page.goto(site.page("/"))
    page.evaluate("kizuna('identify', 'u1', { plan: 'pro' }); kizuna('track', 'Product Added', { value: 12 })")
    messages = site.wait(many(3), page)
    assert names(messages) == ["page", "identify", "Product Added"]
    assert messages[1]["traits"] == {"plan": "pro"} and messages[2]["properties"] == {"value": 12}
    assert [message.get("userId") for message in messages] == [None, "u1", "u1"]
    assert all("anonymousId" not in message for message in messages)
    assert context.cookies() == []
    assert page.evaluate("[Object.keys(localStorage), Object.keys(sessionStorage)]") == [[], []]


@pytest.mark.parametrize("given", ["true", "{ analytics: true, ads: false }"])
def test_with_consent_a_visitor_is_known_again(given: str, site: Site, page: Page, context: BrowserContext) -> None:
    site.page("/next")
    page.goto(site.page("/", before=f"{STUB} kizuna('consent', {given}); kizuna('identify', 'u1')"))
    page.goto(site.url + "/next")
    messages = site.wait(lambda found: names(found).count("page") == 2, page)
    assert len({message["anonymousId"] for message in messages}) == 1
    assert {message["userId"] for message in messages} == {"u1"}
    assert {message["context"]["consent"]["categoryPreferences"]["analytics"] for message in messages} == {True}
    assert context.cookies() == []

    page.evaluate("kizuna('reset'); kizuna('track', 'Another Person')")
    last = site.wait(named("Another Person"), page)[-1]
    assert "userId" not in last and last["anonymousId"] != messages[0]["anonymousId"]

    page.evaluate("kizuna('consent', false); kizuna('track', 'Withdrawn')")
    last = site.wait(named("Withdrawn"), page)[-1]
    assert "anonymousId" not in last
    assert last["context"]["consent"] == {"categoryPreferences": {"analytics": False}}
    assert page.evaluate("Object.keys(localStorage)") == []


def test_the_widget_asks_the_tag_who_somebody_is(site: Site, page: Page) -> None:
    page.goto(site.page("/"))
    page.evaluate("kizuna('identify', 'u1')")
    assert page.evaluate("(({ id, user }) => [id, user])(kizuna('me'))") == [None, "u1"]
    page.evaluate("kizuna('consent', true)")
    agreed, id = page.evaluate("(({ consent, id }) => [consent, id])(kizuna('me'))")
    assert agreed == {"categoryPreferences": {"analytics": True}} and id


def test_consent_is_asked_for_the_purpose_that_is_named(site: Site, page: Page) -> None:
    page.goto(site.page("/", options="data-purpose=statistics", before=f"{STUB} kizuna('consent', {{ ads: true }})"))
    site.wait(many(1), page)
    assert page.evaluate("Object.keys(localStorage)") == []
    page.evaluate("kizuna('consent', { statistics: true })")
    assert page.evaluate("Object.keys(localStorage)") == ["kizuna"]


def test_calls_from_before_it_was_loaded(site: Site, page: Page) -> None:
    """Who it is comes first, then the page, then what was done there, whatever the order of loading."""
    before = (
        f"{STUB} kizuna('identify', 'u1'); kizuna('no such command'); kizuna('track', 'Product Viewed', {{ value: 3 }})"
    )
    page.goto(site.page("/", before=before))
    messages = site.wait(many(3), page)
    assert names(messages) == ["identify", "page", "Product Viewed"]
    assert {message["userId"] for message in messages} == {"u1"}


def test_routes_of_a_single_page(site: Site, page: Page) -> None:
    page.goto(site.page("/"))
    for step in (
        "pushState(0, '', '/a')",
        "replaceState(0, '', '/a?sort=price')",
        "pushState(0, '', '/b?id=1#top')",
        "back()",
    ):
        page.evaluate(f"history.{step}")
        page.wait_for_timeout(60)
    messages = [message for message in site.wait(many(7), page) if message["type"] == "page"]
    assert [message["properties"]["path"] for message in messages] == ["/", "/a", "/b", "/a"]
    assert [message["properties"]["referrer"] for message in messages] == [
        "",
        *(site.url + p for p in ("/", "/a", "/b")),
    ]
    left = [message for message in site.messages if message.get("event") == "Page Left"]
    assert [message["context"]["page"]["path"] for message in left] == ["/", "/a", "/b"]


def test_a_route_has_the_title_that_it_is_given_after_its_address(site: Site, page: Page) -> None:
    """Frameworks change the address first. What was sent of the page before keeps that page's title."""
    page.goto(site.page("/"))
    site.wait(many(1), page)
    page.evaluate("history.pushState(0, '', '/a'); setTimeout(() => (document.title = 'Tea'), 50)")
    site.wait(many(3), page)
    page.evaluate("kizuna('track', 'Product Viewed'); kizuna('page', 'Cup', { title: 'A cup' })")
    messages = site.wait(many(6), page)
    assert names(messages) == ["page", "Page Left", "page", "Product Viewed", "Page Left", "page"]
    assert [message["context"]["page"]["title"] for message in messages] == ["/", "/", *["Tea"] * 4]
    assert [m["properties"]["title"] for m in messages if m["type"] == "page"] == ["/", "Tea", "A cup"]


def test_titles_stay_at_home_where_asked_for(site: Site, page: Page) -> None:
    page.goto(site.page("/", options="data-untitled=on"))
    [message] = site.wait(many(1), page)
    assert "title" not in message["properties"] | message["context"]["page"]


def test_who_names_himself_before_any_page(site: Site, page: Page) -> None:
    page.goto(site.page("/", options="data-manual=on"))
    page.evaluate("kizuna('identify', 'u1')")
    [message] = site.wait(many(1), page)
    assert message["type"] == "identify"


def test_routes_behind_a_hash_where_asked_for(site: Site, page: Page) -> None:
    page.goto(site.page("/", options="data-hash=on") + "#/start")
    page.evaluate("location.hash = '/next'")
    messages = site.wait(lambda found: names(found).count("page") == 2, page)
    assert [m["properties"]["path"] for m in messages if m["type"] == "page"] == ["/#/start", "/#/next"]


def test_pages_by_hand(site: Site, page: Page) -> None:
    page.goto(site.page("/", options="data-manual=on"))
    page.evaluate("history.pushState(0, '', '/a'); kizuna('page', 'Basket', { items: 2 })")
    [message] = site.wait(many(1), page)
    assert (message["name"], message["properties"]["path"], message["properties"]["items"]) == ("Basket", "/a", 2)


def test_the_back_forward_cache_shows_a_page_anew(site: Site, page: Page) -> None:
    site.page("/next")
    page.goto(site.page("/"))
    page.evaluate("window.same = true")
    site.wait(many(1), page)
    page.goto(site.url + "/next")
    page.go_back(wait_until="commit")
    assert page.evaluate("window.same"), "the page came from the cache"
    messages = site.wait(lambda found: len(found) == 5, page)
    assert [m["properties"]["path"] for m in messages if m["type"] == "page"] == ["/", "/next", "/"]
    assert sorted(names(messages)) == ["Page Left"] * 2 + ["page"] * 3


def engaged(messages: list[Message]) -> list[float]:
    return [message["properties"]["engaged_seconds"] for message in messages if message.get("event") == "Page Left"]


def test_engaged_time(site: Site, page: Page) -> None:
    """Calculated by hand, on a clock that is set: visible time, until 30 seconds after the last activity."""
    page.clock.install(time=1_760_000_000)
    page.goto(site.page("/", "<main></main>", style=TALL))
    page.clock.pause_at(1_760_000_100)
    leave(page)
    back(page)

    page.clock.fast_forward(10_000)
    page.mouse.move(10, 10)  # 10 s
    page.clock.fast_forward(50_000)  # 30 s of them
    page.keyboard.press("a")
    page.clock.fast_forward(5_000)  # 5 s
    leave(page)
    page.clock.fast_forward(600_000)  # away
    back(page)
    page.clock.fast_forward(2_500)
    page.evaluate("history.pushState(0, '', '/b')")
    page.clock.fast_forward(7_000)
    leave(page)
    found = engaged(site.wait(lambda found: len(engaged(found)) == 4, page))
    assert found[1:] == [45, 2.5, 7]


def test_a_page_looked_at_again_after_half_an_hour_is_a_new_view(site: Site, page: Page) -> None:
    page.clock.install(time=1_760_000_000)
    page.goto(site.page("/"))
    for minutes, views in ((29, 1), (31, 2)):
        leave(page)
        page.clock.fast_forward(minutes * 60_000)
        back(page)
        page.clock.fast_forward(1_000)
        assert names(site.wait(lambda found, v=views: names(found).count("page") >= v, page)).count("page") == views  # type: ignore[misc]


def test_a_page_that_nobody_looks_at_was_not_viewed(site: Site, page: Page) -> None:
    """Opened in the background, or prerendered."""
    hidden = "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
    page.goto(site.page("/", before=hidden))
    page.wait_for_timeout(400)
    assert site.messages == []
    back(page)
    assert names(site.wait(many(1), page)) == ["page"]


def test_scroll_depth_and_page_load(site: Site, page: Page) -> None:
    page.goto(site.page("/", "<main>seen</main>", style=TALL))
    page.wait_for_timeout(300)
    page.mouse.wheel(0, 400)
    page.wait_for_function("scrollY == 400")
    page.mouse.wheel(0, -300)
    page.wait_for_function("scrollY == 100")
    leave(page)
    first = site.wait(named("Page Left"), page)[-1]["properties"]
    assert first["scroll_depth"] == 60  # (400 + 800) of 2000 pixels
    entry = page.evaluate("performance.getEntriesByType('navigation')[0].duration")
    assert first["load_seconds"] == pytest.approx(entry / 1000)
    assert 0 < first["lcp_seconds"] < 20
    back(page)
    page.evaluate("history.pushState(0, '', '/b')")
    page.wait_for_timeout(50)
    leave(page)
    second = [m for m in site.wait(lambda found: len(engaged(found)) > 2, page) if m.get("event") == "Page Left"][-1]
    assert set(second["properties"]) == {"engaged_seconds", "scroll_depth"}


LINKS = """
    <a id=out href="https://example.com/there?token=1" target=_blank> Over there </a>
    <a id=file href="/files/Price%20list.PDF?v=2">Prices</a>
    <a id=inside href="#inside">Inside</a>
    <a id=mail href="mailto:a@example.com">Write</a>
    <form id=contact action="/sent"><input name=email value=a@example.com><button id=send>Send</button></form>
    <span id=host></span>
"""
KEEP = "addEventListener('click', e => e.target.type || e.preventDefault()); addEventListener('submit', e => e.preventDefault());"


@pytest.mark.parametrize(
    ("selector", "event", "properties"),
    [
        ("#out", "Link Clicked", {"element": "Over there", "href": "https://example.com/there"}),
        ("#file", "File Downloaded", {"element": "Prices", "href": "{site}/files/Price%20list.PDF"}),
        ("#send", "Form Submitted", {"element": "contact"}),
        ("#host b", "Link Clicked", {"element": "In the shadow", "href": "https://example.com/"}),
        ("#inside", None, {}),
        ("#mail", None, {}),
    ],
)
def test_links_files_and_forms(
    selector: str, event: str | None, properties: dict[str, str], site: Site, page: Page
) -> None:
    page.goto(site.page("/", LINKS, before=KEEP))
    page.evaluate("""() => {
        document.querySelector('#host').attachShadow({ mode: 'open' }).innerHTML =
            '<a href="https://example.com/"><b>In the shadow</b></a>';
    }""")
    site.wait(many(1), page)
    page.click(selector)
    page.evaluate("kizuna('track', 'Last')")
    messages = site.wait(named("Last"), page)
    assert names(messages) == ["page", *([event] if event else []), "Last"]
    if event:
        assert messages[1]["properties"] == {n: v.format(site=site.url) for n, v in properties.items()}
        assert messages[1]["context"]["page"]["path"] == "/"


def test_the_middle_button_follows_links_too(site: Site, page: Page) -> None:
    page.goto(site.page("/", LINKS, before="addEventListener('auxclick', e => e.preventDefault());"))
    site.wait(many(1), page)
    page.click("#out", button="middle")
    page.click("#out", button="right")
    page.evaluate("kizuna('track', 'Last')")
    assert names(site.wait(named("Last"), page)) == ["page", "Link Clicked", "Last"]


def test_a_link_that_leaves_the_page_is_told(site: Site, page: Page) -> None:
    """What is still queued goes out while the page is going."""
    site.page("/next")
    other = Site()
    try:
        page.goto(site.page("/", f"<a href='{other.page('/there')}'>There</a>"))
        page.click("a")
        page.wait_for_url(other.url + "/there")
        messages = site.wait(named("Page Left"), page)
        assert names(messages) == ["page", "Link Clicked", "Page Left"]
    finally:
        other.close()


@pytest.mark.parametrize("status", [0, 503, 429])
def test_what_could_not_be_sent_is_sent_later(status: int, site: Site, page: Page) -> None:
    page.clock.install()
    site.status = status
    page.goto(site.page("/"))
    page.clock.run_for(1_000)
    page.evaluate("kizuna('track', 'Meanwhile')")
    page.wait_for_timeout(300)
    assert site.messages == []
    site.status = 200
    for _ in range(50):
        page.clock.run_for(20_000)
        if many(2)(site.messages):
            break
        page.wait_for_timeout(50)
    assert names(site.messages) == ["page", "Meanwhile"]


@pytest.mark.parametrize("status", [400, 401, 413])
def test_what_the_server_will_not_have_is_not_sent_again(status: int, site: Site, page: Page) -> None:
    page.clock.install()
    site.status = status
    page.goto(site.page("/"))
    page.clock.run_for(1_000)
    page.wait_for_timeout(300)
    site.status = 200
    page.clock.run_for(60_000)
    page.evaluate("kizuna('track', 'Next')")
    page.clock.run_for(1_000)
    assert names(site.wait(many(1), page)) == ["Next"]


@pytest.mark.parametrize("agreed", [True, False])
def test_offline_messages_outlive_the_page_only_with_consent(
    agreed: bool, site: Site, page: Page, context: BrowserContext
) -> None:
    site.page("/next")
    page.goto(site.page("/", before=f"{STUB} kizuna('consent', {str(agreed).lower()})"))
    site.wait(many(1), page)
    site.status = 0
    page.evaluate("kizuna('track', 'Lost?')")
    page.wait_for_timeout(400)
    page.evaluate("Object.defineProperty(navigator, 'onLine', { value: false })")
    page.goto("about:blank")
    site.status = 200
    page.goto(site.url + "/next")
    messages = site.wait(lambda found: names(found).count("page") == 2, page)
    assert ("Lost?" in names(messages)) is agreed


@pytest.mark.parametrize("signal", ["globalPrivacyControl: { get: () => true }", "doNotTrack: { get: () => '1' }"])
@pytest.mark.parametrize("stub", ["", STUB])
def test_who_does_not_want_it_is_left_alone(signal: str, stub: str, site: Site, page: Page) -> None:
    page.add_init_script(f"Object.defineProperties(Navigator.prototype, {{ {signal} }})")
    page.goto(site.page("/", LINKS, before=KEEP + stub))
    page.evaluate("kizuna('consent', true); kizuna('track', 'Told'); history.pushState(0, '', '/a')")
    page.click("#out")
    leave(page)
    page.wait_for_timeout(400)
    assert site.batches == []
    assert page.evaluate("Object.keys(localStorage)") == []


def test_a_browser_that_stores_nothing(site: Site, page: Page) -> None:
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('no') } })")
    errors: list[Any] = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(site.page("/", before=f"{STUB} kizuna('consent', true)"))
    assert names(site.wait(many(1), page)) == ["page"]
    assert errors == []


def test_twice_in_a_page_it_counts_once(site: Site, page: Page) -> None:
    page.goto(site.page("/", "<script src='/tracker.js' data-key='key'></script>"))
    page.evaluate("kizuna('track', 'Once')")
    site.wait(many(2), page)
    page.wait_for_timeout(400)  # for those that must not come
    assert names(site.messages) == ["page", "Once"]


def test_times_tell_the_order(site: Site, page: Page) -> None:
    """Within one millisecond too, and when the clock is set back."""
    page.clock.install(time=1_760_000_000)
    page.goto(site.page("/"))
    page.clock.set_fixed_time(1_750_000_000)
    page.evaluate("for (const name of 'abcdef') kizuna('track', name)")
    leave(page)
    assert names(site.wait(many(7), page))[:7] == ["page", *"abcdef"]
