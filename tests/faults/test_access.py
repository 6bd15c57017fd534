"""Who may do what, over every route there is: no key reads that should write, no other site posts (faults 15, 16, 18).

A route that is added is in these tests at once. One that anybody may open, or that a viewer may post to, has to be put
into a list here, so that somebody has thought about it.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from litestar.routes import HTTPRoute

import kizuna
from kizuna.show.web.auth import cookies
from kizuna.show.web.who import ROLES
from kizuna.store.state import accounts, keys, logins
from kizuna.store.state.database import State
from server import KEY, make_shop, served, track
from website import WebSite

WRITE_KEY = "key-of-the-web-" + "x" * 16

PUBLIC = {
    "/login", "/logout", "/welcome", "/appearance", "/calculators", "/calculator/x", "/shared/x", "/shared/x/chart.svg",
    "/shared/x/chart.png", "/static/web/x", "/static/vega.js", "/shared/x/chart.json", "/api/v1/openapi.json",
}  # fmt: skip
"""What anybody may open: each looks after itself."""

OF_ONESELF = {"/settings/account/name", "/settings/account/password", "/settings/account/elsewhere"}
"""What a viewer may change: nothing but their own."""

ASKED_BY_POST = {"/mcp"}
"""What is asked for by POST and changes nothing."""

SAFE = {"GET", "HEAD", "OPTIONS"}


class Door(NamedTuple):
    """A route as somebody knocks at it."""

    method: str
    path: str
    needs: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSite]:
    root = tmp_path_factory.mktemp("access") / "shop"
    kizuna.init(root, name="Shop", sources={"web": WRITE_KEY}).close()
    made = WebSite(root)
    yield made
    made.close()


def doors(site: WebSite) -> list[Door]:
    """Every route with every method, with something in the place of its names and numbers."""
    found = set()
    for route in site.app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                path = re.sub(r"\{[^}:]+:(int)\}", "1", route.path)
                path = re.sub(r"\{[^}]+\}", "x", path)
                needs = handler.opt.get("needs", "viewer")
                found |= {Door(method, path, needs) for method in handler.http_methods if method != "OPTIONS"}
        else:
            found |= {Door("GET", route.path, "viewer"), Door("POST", route.path, "viewer")}
    assert len(found) > 60
    return sorted(found)


def knock(client: Any, door: Door, **headers: str) -> int:
    status: int = client.request(door.method, door.path, headers=headers).status_code
    return status


def test_what_anybody_may_open_is_on_the_list(site: WebSite) -> None:
    assert {door.path for door in doors(site) if door.needs == "nobody"} <= PUBLIC


def test_nobody_is_sent_to_the_login_or_asked_for_a_key(site: WebSite) -> None:
    client = site.client("nobody")
    open_to_all = [
        door
        for door in doors(site)
        if door.path not in PUBLIC
        and not ((status := knock(client, door)) == 401 or (status == 303 and not door.path.startswith("/api/")))
    ]
    assert open_to_all == []


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_a_role_is_refused_what_needs_more(site: WebSite, role: str) -> None:
    client = site.client(role)
    above = [door for door in doors(site) if ROLES.index(door.needs) > ROLES.index(role)]  # type: ignore[arg-type]
    assert above
    assert [door for door in above if knock(client, door) != 403] == []


def test_a_viewer_changes_nothing_but_their_own(site: WebSite) -> None:
    unsafe = {door.path for door in doors(site) if door.method not in SAFE and door.needs == "viewer"}
    assert unsafe <= OF_ONESELF | ASKED_BY_POST | {path for path in unsafe if path.startswith("/api/v1/measure")}


def test_people_are_exported_by_editors_only(site: WebSite) -> None:
    """Whatever leaves as a file with people in it; the numbers of a metric may be a viewer's."""
    files = {door.path: door.needs for door in doors(site) if door.path.endswith(".csv") and door.method == "GET"}
    people = {path: needs for path, needs in files.items() if re.search("customer|feedback|rows|rejected", path)}
    assert "/customers.csv" in people and set(people.values()) <= {"editor", "admin"}


def test_no_other_site_posts_anywhere(site: WebSite) -> None:
    client = site.client("admin")
    unsafe = [door for door in doors(site) if door.method not in SAFE]
    sent = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert len(unsafe) > 20
    assert [door for door in unsafe if knock(client, door, **sent) != 403] == []
    assert [door for door in unsafe if knock(client, door, origin="https://evil.example") != 403] == []
    assert client.get("/settings").status_code == 200


def test_a_write_key_opens_nothing(site: WebSite) -> None:
    client = site.client("nobody")
    opened = [door for door in doors(site) if knock(client, door, authorization=f"Bearer {WRITE_KEY}") != 403]
    assert opened == []


def test_a_key_that_was_revoked_opens_nothing(site: WebSite) -> None:
    with site.hub.state.session() as session:
        kept, key = keys.make(session, "gone", "editor")
        keys.revoke(session, kept.id)
    client = site.client("nobody")
    assert [door for door in doors(site) if knock(client, door, authorization=f"Bearer {key}") != 401] == []


def test_a_read_key_writes_nothing(site: WebSite) -> None:
    with site.hub.state.session() as session:
        _, key = keys.make(session, "reader", "viewer")
    client = site.client("nobody")
    unsafe = [door for door in doors(site) if door.method not in SAFE and door.path not in PUBLIC | ASKED_BY_POST]
    unsafe = [door for door in unsafe if not door.path.startswith("/api/v1/measure")]
    assert [door for door in unsafe if knock(client, door, authorization=f"Bearer {key}") != 403] == []


def test_the_collector_never_honours_a_cookie_and_pages_no_write_key(tmp_path: Path) -> None:
    """Over the real server: a signed-in browser cannot be made to send messages, nor a write key to read."""
    root = make_shop(tmp_path / "shop")
    state = State(root)
    with state.session() as session:
        token = logins.begin(session, accounts.add(session, "aya@example.com", "Aya", "admin"))
    state.close()
    cookie = {"cookie": f"{cookies.name(https=False)}={token}"}
    with served(root) as server, contextlib.closing(server.client()) as client:
        assert client.request("GET", "/settings/people", headers=cookie)[0] == 200
        assert client.request("POST", "/v1/track", json.dumps(track()).encode(), cookie)[0] == 401
        assert client.request("GET", "/settings/people", headers={"authorization": f"Bearer {KEY}"})[0] == 403
        assert client.post("/v1/track", track())[0] == 200
