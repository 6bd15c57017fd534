"""Signing in and out: fresh tokens, tries that are counted, and nothing told about who has an account."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

import kizuna
from kizuna.show.web.auth import cookies, passwords
from kizuna.show.web.auth.back import safe_path
from kizuna.show.web.auth.limits import MOST_KEPT, Limit, network
from kizuna.store.state import accounts, audit, logins
from website import HOST, WebSite

EMAIL, PASSWORD = "aya@example.com", "four short words here"
Client = TestClient[Litestar]
Made = Callable[..., WebSite]


@pytest.fixture
def door(own_site: WebSite) -> WebSite:
    """An empty workspace in which Aya may sign in."""
    with own_site.hub.state.session() as session:
        account = accounts.add(session, EMAIL, "Aya", "admin")
        accounts.set_password(session, account, passwords.hashed(PASSWORD))
    return own_site


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    """Makes the pages of a workspace with these settings, in which Aya may sign in."""
    sites: list[WebSite] = []

    def make(**settings: object) -> WebSite:
        root = tmp_path / "made"
        kizuna.init(root, name="Shop", **settings).close()
        sites.append(WebSite(root))
        with sites[-1].hub.state.session() as session:
            account = accounts.add(session, EMAIL, "Aya", "admin")
            accounts.set_password(session, account, passwords.hashed(PASSWORD))
        return sites[-1]

    yield make
    for site in sites:
        site.close()


def sign_in(client: Client, email: str = EMAIL, password: str = PASSWORD, **fields: str) -> httpx.Response:
    return client.post("/login", data={"email": email, "password": password, **fields})


def signed_in(client: Client) -> bool:
    """Whether a page that needs a viewer is shown."""
    return client.get("/welcome/steps").status_code == 200


def test_the_right_password_comes_in(door: WebSite) -> None:
    client = door.client("nobody")
    assert not signed_in(client)
    answer = sign_in(client, "  AYA@Example.com ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert signed_in(client)
    with door.hub.state.session() as session:
        entry = audit.entries(session)[0]
        assert (entry.who, entry.action, entry.address) == (EMAIL, "signed_in", "testclient")


def test_the_cookie_is_for_this_server_only_and_for_no_script(door: WebSite) -> None:
    set_cookie = sign_in(door.client("nobody")).headers["set-cookie"].lower()
    for part in ("kizuna=", "httponly", "samesite=lax", "path=/", "max-age=604800"):
        assert part in set_cookie
    assert "domain" not in set_cookie


def test_over_https_the_cookie_has_a_name_that_no_other_site_can_set(door: WebSite) -> None:
    client = door.client("nobody", base_url="https://kizuna.example.com")
    set_cookie = sign_in(client).headers["set-cookie"]
    assert client.get("/login").headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in door.client("nobody").get("/login").headers
    assert set_cookie.startswith("__Host-kizuna=") and "secure" in set_cookie.lower()
    assert signed_in(client)
    # One of the plain name, which another host of the domain could set, is not looked at.
    stranger = door.client("nobody", base_url="https://kizuna.example.com")
    stranger.cookies.set("kizuna", door.token("admin"))
    assert not signed_in(stranger)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (EMAIL, "wrong"),
        (EMAIL, ""),
        (EMAIL, PASSWORD + " "),
        ("nobody@example.com", PASSWORD),
        ("", ""),
        ("' OR 1=1 --", "x"),
    ],
)
def test_the_wrong_one_does_not_and_is_told_the_same(door: WebSite, email: str, password: str) -> None:
    answer = sign_in(door.client("nobody"), email, password)
    assert answer.status_code == 400
    assert "E-mail address or password is not right." in answer.text
    assert "set-cookie" not in answer.headers


def test_who_is_disabled_or_has_no_password_yet_does_not_come_in(door: WebSite) -> None:
    with door.hub.state.session() as session:
        accounts.add(session, "bo@example.com", "Bo", "viewer")
        cy = accounts.add(session, "cy@example.com", "Cy", "viewer")
        accounts.set_password(session, cy, passwords.hashed(PASSWORD))
        accounts.disable(session, cy)
    for email, password in (("bo@example.com", ""), ("bo@example.com", PASSWORD), ("cy@example.com", PASSWORD)):
        assert sign_in(door.client("nobody"), email, password).status_code == 400


def test_each_login_has_a_token_of_its_own_and_ends_the_one_before(door: WebSite) -> None:
    """Session fixation: whoever planted a token in a browser knows nothing of it after the login."""
    client = door.client("nobody")
    planted = door.token("viewer")
    client.cookies.set(cookies.name(https=False), planted, domain=HOST)
    answer = sign_in(client)
    fresh = answer.cookies[cookies.name(https=False)]
    assert fresh != planted
    with door.hub.state.session() as session:
        assert logins.account_of(session, planted) is None
        account = logins.account_of(session, fresh)
        assert account and account.email == EMAIL


def test_a_token_that_the_server_never_gave_opens_nothing(door: WebSite) -> None:
    client = door.client("nobody")
    client.cookies.set(cookies.name(https=False), "x" * 43)
    assert not signed_in(client)


def test_signing_out_is_at_once_on_the_server(door: WebSite) -> None:
    client, copy = door.client("nobody"), door.client("nobody")
    token = sign_in(client).cookies[cookies.name(https=False)]
    copy.cookies.set(cookies.name(https=False), token)
    assert signed_in(copy)
    answer = client.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert not signed_in(copy)


def test_a_session_ends_however_often_it_is_used(door: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    client = door.client("nobody")
    sign_in(client)
    later = logins.now() + logins.LIFETIME
    monkeypatch.setattr(logins, "now", lambda: later)
    assert not signed_in(client)


@pytest.mark.parametrize("verb", ["disable", "password"])
def test_disabling_and_a_new_password_end_all_sessions(door: WebSite, verb: str) -> None:
    client = door.client("viewer")
    assert signed_in(client)
    with door.hub.state.session() as session:
        account = accounts.named(session, "viewer@example.com")
        accounts.disable(session, account) if verb == "disable" else accounts.set_password(session, account, "x")
    assert not signed_in(client)


def test_another_role_holds_from_the_next_request(door: WebSite) -> None:
    client = door.client("viewer")
    with door.hub.state.session() as session:
        accounts.set_role(session, accounts.named(session, "viewer@example.com"), "editor")
    assert client.post("/notes", data={"day": "2026-03-01", "text": "Spring"}).status_code == 303


def test_other_cookies_however_they_are_written_do_not_hide_ours(door: WebSite) -> None:
    token = door.token("viewer")
    headers = {"cookie": f'bad[]="x;y; ={{}}; theme; kizuna={token}; more=1'}
    assert door.client("nobody").get("/welcome/steps", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver.local.evil.example"},
    ],
)
def test_what_another_site_posts_is_refused(door: WebSite, headers: dict[str, str]) -> None:
    """tests/faults/test_access.py knocks at every other route."""
    client = door.client("admin")
    for path in ("/login", "/logout", "/welcome", "/appearance"):
        assert client.post(path, data={"a": "b"}, headers=headers).status_code == 403
    assert signed_in(client)


def test_every_answer_says_what_its_page_may_load(door: WebSite) -> None:
    """Refusals and pages that are not there as well."""
    client = door.client("nobody")
    paths = ("/login", "/", "/no/such/page", "/logout", "/static/web/kizuna.css", "/api/v1/none")
    asked = [client.get(path) for path in paths]
    for answer in asked + [client.post(path, headers={"sec-fetch-site": "cross-site"}) for path in paths]:
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors" in answer.headers["content-security-policy"]


# What a page of ours may lead to, and what must not be taken for one.
GOOD = ["/", "/metrics?period=2026-03", "/metric/nps#rows", "/customers?q=a%2Fb", "/a//b"]
EVIL = [
    "", "metrics", "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "/x\r\nset-cookie: a=b", " //evil.example",
    "/" + "x" * 3000, "/\x00", "http:evil.example",
]  # fmt: skip


@pytest.mark.parametrize("path", GOOD)
def test_one_goes_on_to_the_page_one_wanted(path: str) -> None:
    assert safe_path(path) == path


@pytest.mark.parametrize("path", EVIL)
def test_one_never_goes_on_to_another_site(path: str) -> None:
    assert safe_path(path) == "/"


def test_the_page_wanted_is_kept_through_the_login(door: WebSite) -> None:
    client = door.client("nobody")
    answer = client.get("/notes?period=2026-03")
    assert answer.headers["location"] == "/login?next=" + quote("/notes?period=2026-03")
    assert 'value="/notes?period=2026-03"' in client.get(answer.headers["location"]).text
    assert sign_in(client, next="/notes?period=2026-03").headers["location"] == "/notes?period=2026-03"
    assert sign_in(client, next="//evil.example").headers["location"] == "/"


def test_ten_thousand_logins_are_stopped(door: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """By account, whatever the password; the right one has to wait as well. A hash is not worked out for each."""
    worked = count_hashes(monkeypatch)
    client = door.client("nobody")
    statuses = [sign_in(client, password=f"guess number {n}").status_code for n in range(60)]
    assert statuses == [400] * 10 + [429] * 50
    answer = sign_in(client)
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0
    assert "Too many tries" in answer.text
    assert len(worked) == 10


def test_one_address_that_tries_many_accounts_is_stopped(door: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    count_hashes(monkeypatch)
    client = door.client("nobody")
    statuses = [sign_in(client, f"a{n}@example.com").status_code for n in range(40)]
    assert statuses == [400] * 30 + [429] * 10


def test_a_forged_forwarded_address_changes_nothing(door: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    count_hashes(monkeypatch)
    client = door.client("nobody")
    tried = [
        client.post(
            "/login",
            data={"email": f"a{n}@example.com", "password": "guess"},
            headers={
                "x-forwarded-for": f"203.0.113.{n}",
                "forwarded": f"for=203.0.113.{n}",
                "x-real-ip": f"203.0.113.{n}",
            },
        ).status_code
        for n in range(35)
    ]
    assert tried == [400] * 30 + [429] * 5


def test_behind_a_trusted_proxy_the_client_is_counted_not_the_proxy(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_hashes(monkeypatch)
    client = from_address(made(trusted_proxies=["10.0.0.1"], login_address_tries=3), "10.0.0.1")

    def tried(forwarded: str, n: int) -> int:
        headers = {"x-forwarded-for": forwarded, "x-forwarded-proto": "https"}
        return client.post("/login", data={"email": f"{n}@x.dk", "password": "y"}, headers=headers).status_code

    # Only the last is from the proxy; what stands before it the client has made up.
    assert [tried(f"198.51.100.{n}, 203.0.113.7", n) for n in range(5)] == [400, 400, 400, 429, 429]
    assert tried("203.0.113.8", 9) == 400


def test_https_is_believed_from_a_trusted_proxy_only(made: Made) -> None:
    site = made(trusted_proxies=["10.0.0.1"])
    for peer, name in (("10.0.0.1", "__Host-kizuna"), ("10.0.0.2", "kizuna")):
        client = from_address(site, peer)
        answer = client.post(
            "/login", data={"email": EMAIL, "password": PASSWORD}, headers={"x-forwarded-proto": "https"}
        )
        assert answer.headers["set-cookie"].startswith(f"{name}=")


def test_the_owner_comes_in_from_where_they_were_before_while_somebody_tries(made: Made) -> None:
    site = made(login_tries=3)
    owner, other = (from_address(site, f"192.0.2.{n}") for n in (1, 2))
    assert sign_in(owner).status_code == 303
    assert [sign_in(other, password="guess").status_code for _ in range(5)] == [400, 400, 400, 429, 429]
    assert sign_in(owner).status_code == 303


def test_who_has_an_account_cannot_be_told_by_the_time(door: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both work out one hash, and nothing else differs by more than the noise."""
    client = door.client("nobody")
    worked = count_hashes(monkeypatch, really=True)
    monkeypatch.setattr(Limit, "take", lambda *_: 0.0)
    sign_in(client, "nobody@example.com")
    taken: dict[str, list[float]] = {EMAIL: [], "nobody@example.com": []}
    for _ in range(12):
        for email, times in taken.items():
            worked.clear()
            start = time.thread_time_ns(), time.process_time_ns()
            sign_in(client, email, "wrong password")
            times.append((time.process_time_ns() - start[1]) / 1e6)
            assert len(worked) == 1
    known, unknown = (statistics.median(times) for times in taken.values())
    assert abs(known - unknown) < 0.25 * max(known, unknown)


def test_a_password_of_a_megabyte_is_refused_before_it_is_hashed(
    door: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked = count_hashes(monkeypatch)
    assert sign_in(door.client("nobody"), password="x" * 1_000_000).status_code == 400
    assert worked == []
    assert passwords.fault("x" * 1_000_000) == "long"


def test_what_was_typed_as_an_address_is_not_logged_unless_it_is_one(door: WebSite) -> None:
    sign_in(door.client("nobody"), PASSWORD, EMAIL)
    with door.hub.state.session() as session:
        entry = audit.entries(session)[0]
        assert (entry.action, entry.who, entry.subject) == ("sign_in.refused", "", "")


def test_a_hash_of_weaker_days_is_made_anew_at_the_login(door: WebSite) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with door.hub.state.session() as session:
        accounts.named(session, EMAIL).password = weak
    assert sign_in(door.client("nobody")).status_code == 303
    with door.hub.state.session() as session:
        kept = accounts.named(session, EMAIL).password
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert sign_in(door.client("nobody")).status_code == 303


FAULTS = [
    ("1234567", "short"), ("", "short"), ("        ", "common"), ("password", "common"), ("PassWord", "common"),
    ("1qaz2wsx", "common"), ("aaaaaaaaaaaa", "common"), ("trustno1", "common"), ("aya@example.com", "own"),
    ("Nordlys Kaffe", "own"), ("x" * 201, "long"), ("絆は人と人を結ぶ", None), ("ｐａｓｓｗｏｒｄ", "common"),
    ("x9y" * 66, None), (PASSWORD, None), ("\x00\x01binary\x02", None),
]  # fmt: skip


@pytest.mark.parametrize(("password", "expected"), FAULTS)
def test_what_can_be_a_password(password: str, expected: str | None) -> None:
    assert passwords.fault(password, (EMAIL, "Nordlys Kaffe")) == expected


def test_a_password_is_the_same_from_any_keyboard() -> None:
    kept = passwords.hashed("grüße aus köln")
    assert passwords.right(kept, "grüße aus köln".replace("ü", "u\u0308").replace("ö", "o\u0308"))
    assert not passwords.right(kept, "grusse aus koln")


def test_tries_come_back_with_time_and_the_memory_has_an_end() -> None:
    clock = [0.0]
    limit = Limit(2, 10.0, lambda: clock[0])
    assert [limit.take("a") for _ in range(3)] == [0, 0, 10.0]
    assert limit.take("b") == 0
    clock[0] += 5
    assert limit.take("a") == 5.0
    clock[0] += 5
    assert limit.take("a") == 0
    for n in range(MOST_KEPT + 10):
        limit.take(f"key {n}")
    assert len(limit._left) == MOST_KEPT


def test_neighbours_in_one_network_of_ipv6_are_one() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff:1") != network("2001:db8:0:1::1")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1") != network("192.0.2.2")


def count_hashes(monkeypatch: pytest.MonkeyPatch, *, really: bool = False) -> list[int]:
    """Notes each time a hash is worked out; without `really` none is, as it takes its time."""
    worked: list[int] = []
    verify = type(passwords._hasher).verify

    def counted(self: object, hash: str, password: str) -> bool:
        worked.append(1)
        return verify(self, hash, password) if really else False  # type: ignore[arg-type]

    monkeypatch.setattr(type(passwords._hasher), "verify", counted)
    return worked


def from_address(site: WebSite, address: str) -> Client:
    """A client at a network address of its own."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await site.app({**scope, "client": (address, 4711)} if scope["type"] == "http" else scope, receive, send)

    client: Client = TestClient(app, raise_server_exceptions=False)  # type: ignore[arg-type]
    client.follow_redirects = False
    return client
