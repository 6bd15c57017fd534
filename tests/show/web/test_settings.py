"""Settings: who may open which, what is changed in kizuna.toml, people, keys, the audit log."""

from __future__ import annotations

import ast
import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

import kizuna
from kizuna.locale.texts import texts
from kizuna.settings import Settings
from kizuna.show.web.auth import cookies, passwords
from kizuna.show.web.auth.sections import SECTIONS
from kizuna.store.state import accounts, audit, keys, links
from kizuna.store.state.tables import ApiKey
from website import WebSite

PASSWORD = "four short words here"
Client = TestClient[Litestar]
ADMINS = [path for _, path, role in SECTIONS if role == "admin"]
POSTS = [
    "/settings/business", "/settings/hours", "/settings/people", "/settings/people/1/link", "/settings/people/1/role",
    "/settings/people/1/disable", "/settings/people/1/enable", "/settings/keys", "/settings/keys/1/revoke",
    "/settings/sources",
]  # fmt: skip


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSite]:
    """A workspace with an admin and a write key, in which nothing is changed: for what is only shown or refused."""
    root = tmp_path_factory.mktemp("quiet") / "shop"
    kizuna.init(root, name="Shop", sources={"web": "key-of-the-web-" + "x" * 16}).close()
    site = WebSite(root)
    site.token("admin")
    yield site
    site.close()


def text_of(site: WebSite) -> str:
    return (site.root / "kizuna.toml").read_text(encoding="utf-8")


def program_of(site: WebSite, key: str) -> Client:
    """A program that sends an API key with each request."""
    client = site.client("nobody")
    client.headers["authorization"] = f"Bearer {key}"
    return client


def log_of(site: WebSite) -> list[tuple[str, str, str]]:
    with site.hub.state.session() as session:
        return [(each.who, each.action, each.subject) for each in audit.entries(session)]


@pytest.mark.parametrize("role", ["nobody", "viewer", "editor"])
@pytest.mark.parametrize("path", ADMINS)
def test_only_admins_open_these(quiet: WebSite, path: str, role: str) -> None:
    assert quiet.client(role).get(path).status_code == (303 if role == "nobody" else 403)


@pytest.mark.parametrize("role", ["nobody", "viewer", "editor"])
@pytest.mark.parametrize("path", POSTS)
def test_only_admins_change_these(quiet: WebSite, path: str, role: str) -> None:
    before = text_of(quiet)
    answer = quiet.client(role).post(path, data={"name": "x", "role": "admin", "email": "me@example.com"})
    assert answer.status_code == (303 if role == "nobody" else 403)
    assert role != "nobody" or answer.headers["location"] == "/login"
    assert text_of(quiet) == before and log_of(quiet) == []


@pytest.mark.parametrize("language", ["en", "ja", "da"])
@pytest.mark.parametrize("path", ["/settings", *(path for _, path, _ in SECTIONS), "/welcome/steps", "/login"])
def test_every_page_is_there_in_every_language(quiet: WebSite, path: str, language: str) -> None:
    client = quiet.client("nobody" if path == "/login" else "admin")
    answer = client.get(f"{path}?lang={language}")
    assert answer.status_code == 200 and f'<html lang="{language}"' in answer.text


def test_a_viewer_sees_the_sections_that_are_theirs(quiet: WebSite) -> None:
    page = quiet.client("viewer").get("/settings").text
    assert "/settings/account" in page and "/settings/people" not in page


BUSINESS = {"name": "Nordlys", "timezone": "Asia/Tokyo", "currency": "jpy", "week_start": "sunday", "language": "ja"}


def test_the_business_is_changed_in_its_file(own_site: WebSite) -> None:
    answer = own_site.client("admin").post("/settings/business", data=BUSINESS)
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/business?said=saved_later")
    read = Settings.read(own_site.root / "kizuna.toml")
    assert (read.name, read.timezone, read.currency, read.week_start) == ("Nordlys", "Asia/Tokyo", "JPY", "sunday")
    assert read.languages == ["ja", "en", "da"]
    assert own_site.hub.settings.timezone == "Asia/Tokyo"
    page = own_site.client("viewer").get("/settings", headers={"accept-language": "xx"})
    assert "Nordlys" in page.text and '<html lang="ja"' in page.text
    assert log_of(own_site)[0] == (
        "admin@example.com",
        "settings.changed",
        "name, timezone, currency, week_start, languages",
    )


def test_what_only_the_pages_use_is_saved_without_a_word_of_rebuilding(own_site: WebSite) -> None:
    same = {"timezone": "Europe/Copenhagen", "currency": "DKK", "week_start": "monday", "language": "en"}
    answer = own_site.client("admin").post("/settings/business", data=same | {"name": "Another"})
    assert answer.headers["location"] == "/settings/business?said=saved"


WRONG = [
    ({"timezone": "Asia/Tokio"}, "Did you mean Asia/Tokyo?"), ({"timezone": "<script>"}, "no such time zone"),
    ({"currency": "yen!"}, "no currency"), ({"week_start": "moonday"}, "week_start"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), WRONG)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_changed(
    own_site: WebSite, fields: dict[str, str], expected: str
) -> None:
    before = text_of(own_site)
    answer = own_site.client("admin").post("/settings/business", data=BUSINESS | fields)
    assert answer.status_code == 400 and expected in answer.text
    assert 'value="Nordlys"' in answer.text and "<script>" not in answer.text.replace('<script type="module"', "")
    assert text_of(own_site) == before and log_of(own_site) == []


def test_hours_and_holidays(own_site: WebSite) -> None:
    client = own_site.client("admin")
    good = {"monday": "09:00–12:00, 13:00-17:00", "sunday": "", "holidays": "2026-12-24\n2026-12-25, 2026-12-26"}
    assert client.post("/settings/hours", data=good).headers["location"] == "/settings/hours?said=saved_later"
    read = Settings.read(own_site.root / "kizuna.toml")
    assert read.business_hours == {"monday": "09:00-12:00, 13:00-17:00"}
    assert read.holidays == ["2026-12-24", "2026-12-25", "2026-12-26"]
    wrong = client.post("/settings/hours", data={"monday": "nine to five", "holidays": "2026-02-30"})
    assert wrong.status_code == 400
    assert "“nine to five” cannot be read" in wrong.text and "“2026-02-30” is not a date" in wrong.text


def test_what_the_environment_decides_is_not_changed_here(own_site: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIZUNA_CURRENCY", "EUR")
    own_site.hub.reload()
    client = own_site.client("admin")
    assert "Set by KIZUNA_CURRENCY" in client.get("/settings/business").text
    # A browser does not send a field that is switched off.
    sent = {name: value for name, value in BUSINESS.items() if name != "currency"}
    wrong = client.post("/settings/business", data=sent | {"timezone": "Nowhere"})
    assert wrong.status_code == 400 and 'value="EUR"' in wrong.text and "no currency" not in wrong.text
    assert client.post("/settings/business", data=sent).status_code == 303
    monkeypatch.delenv("KIZUNA_CURRENCY")
    assert Settings.read(own_site.root / "kizuna.toml").currency == "DKK"


def link_in(page: str) -> str:
    found = re.search(r'<pre id="link">http://testserver\.local(/welcome\?token=[\w-]{43})</pre>', page)
    assert found, page
    return found[1]


def test_somebody_is_invited_and_comes_in(own_site: WebSite) -> None:
    admin, bo = own_site.client("admin"), own_site.client("nobody")
    page = admin.post("/settings/people", data={"email": "Bo@Example.com", "name": "Bo", "role": "editor"})
    path = link_in(page.text)
    assert page.headers["cache-control"] == "no-store"
    assert "token=" not in admin.get("/settings/people").text
    form = bo.get(path)
    assert "bo@example.com" in form.text and form.headers["referrer-policy"] == "same-origin"
    fields = {
        "token": path[-43:],
        "name": "Bo B.",
        "password": PASSWORD,
        "again": PASSWORD,
        "email": "root@example.com",
    }
    assert bo.post("/welcome", data=fields).headers["location"] == "/"
    assert "bo@example.com" in bo.get("/settings/account").text
    assert own_site.client("nobody").post("/welcome", data=fields).status_code == 404
    with own_site.hub.state.session() as session:
        account = accounts.named(session, "bo@example.com")
        assert (account.role, account.name) == ("editor", "Bo B.")
        assert accounts.by_email(session, "root@example.com") is None


def test_a_new_link_ends_the_one_before_and_a_new_password_the_sessions(own_site: WebSite) -> None:
    admin, viewer = own_site.client("admin"), own_site.client("viewer")
    with own_site.hub.state.session() as session:
        account = accounts.named(session, "viewer@example.com")
        account.password = passwords.hashed(PASSWORD)
        number = account.id
    first, second = (link_in(admin.post(f"/settings/people/{number}/link").text) for _ in range(2))
    client = own_site.client("nobody")
    assert client.get(first).status_code == 404
    assert viewer.get("/settings").status_code == 200
    fields = {"token": second[-43:], "password": "other short words here", "again": "other short words here"}
    assert client.post("/welcome", data=fields).status_code == 303
    assert viewer.get("/settings").status_code == 303
    assert client.get("/settings").status_code == 200


def test_disabling_and_letting_in_again(own_site: WebSite) -> None:
    admin, viewer = own_site.client("admin"), own_site.client("viewer")
    with own_site.hub.state.session() as session:
        number = accounts.named(session, "viewer@example.com").id
    path = link_in(admin.post(f"/settings/people/{number}/link").text)
    admin.post(f"/settings/people/{number}/disable")
    assert viewer.get("/settings").status_code == 303
    assert own_site.client("nobody").get(path).status_code == 404
    assert admin.post(f"/settings/people/{number}/link").status_code == 400
    admin.post(f"/settings/people/{number}/enable")
    assert viewer.get("/settings").status_code == 303, "the old session stays dead"
    assert [action for _, action, _ in log_of(own_site)] == ["account.enabled", "account.disabled", "link.made"]


@pytest.mark.parametrize("verb", ["disable", "role"])
def test_the_last_admin_stays_one(own_site: WebSite, verb: str) -> None:
    admin = own_site.client("admin")
    with own_site.hub.state.session() as session:
        number = accounts.named(session, "admin@example.com").id
    answer = admin.post(f"/settings/people/{number}/{verb}", data={"role": "viewer"})
    assert answer.status_code == 400 and "the last admin" in answer.text
    assert admin.get("/settings/people").status_code == 200
    assert log_of(own_site) == []


@pytest.mark.parametrize("number", ["0", "999", str(2**63), str(10**30), "-1", "1.5", "x"])
@pytest.mark.parametrize(
    "path", ["/settings/people/{}/disable", "/settings/people/{}/link", "/settings/keys/{}/revoke"]
)
def test_a_number_that_is_nobodys_is_not_found(quiet: WebSite, path: str, number: str) -> None:
    assert quiet.client("admin").post(path.format(number)).status_code == 404


def test_a_key_is_shown_once_and_kept_as_a_digest(own_site: WebSite) -> None:
    admin = own_site.client("admin")
    page = admin.post("/settings/keys", data={"name": "Nightly <report>", "role": "viewer"})
    found = re.search(r'<pre id="key">(kz_[\w-]{43})</pre>', page.text)
    assert found and "Nightly &lt;report&gt;" in page.text
    key = found[1]
    again = admin.get("/settings/keys").text
    assert key not in again and f"…{key[-4:]}" in again
    stored = b"".join(file.read_bytes() for file in own_site.root.glob("state.db*"))
    assert key.encode() not in stored
    program = program_of(own_site, key)
    assert program.get("/welcome/steps").status_code == 200
    assert program.get("/settings/people").status_code == 403
    assert program.get("/settings/account").status_code == 403
    assert program.post("/notes", data={"day": "2026-03-01", "text": "x"}).status_code == 403
    with own_site.hub.state.session() as session:
        number = session.query(ApiKey).one().id
    admin.post(f"/settings/keys/{number}/revoke")
    assert program.get("/welcome/steps").status_code == 401
    assert [action for _, action, _ in log_of(own_site)] == ["key.revoked", "key.made"]


def test_no_key_is_an_admin(quiet: WebSite) -> None:
    answer = quiet.client("admin").post("/settings/keys", data={"name": "root", "role": "admin"})
    assert answer.status_code == 400
    with quiet.hub.state.session() as session:
        assert keys.all_of(session) == []


def test_a_key_may_no_more_than_whoever_made_it(own_site: WebSite) -> None:
    own_site.token("admin")
    with own_site.hub.state.session() as session:
        maker = accounts.add(session, "bo@example.com", "Bo", "editor")
        _, key = keys.make(session, "import", "editor", maker.id)
    program = program_of(own_site, key)
    note = {"day": "2026-03-01", "text": "x"}
    assert program.post("/notes", data=note).status_code == 303
    with own_site.hub.state.session() as session:
        accounts.set_role(session, accounts.named(session, "bo@example.com"), "viewer")
    assert program.post("/notes", data=note).status_code == 403
    with own_site.hub.state.session() as session:
        accounts.disable(session, accounts.named(session, "bo@example.com"))
    assert program.get("/welcome/steps").status_code == 401


BAD_KEYS = [
    "Bearer kz_" + "x" * 43, "Bearer ", "Bearer", "Basic !!!", "Digest x", "Bearer ' OR 1=1 --", "bearer kz_æ", "\t",
]  # fmt: skip


@pytest.mark.parametrize("header", BAD_KEYS)
@pytest.mark.parametrize("path", ["/api/v1/metrics", "/welcome/steps", "/login"])
def test_a_key_that_is_none_opens_nothing_even_with_a_cookie(quiet: WebSite, path: str, header: str) -> None:
    client = quiet.client("admin")
    answer = client.get(path, headers={"authorization": header.encode()})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("path", ["/api/v1/metrics", "/api/v1/customers", "/", "/customers", "/settings/people"])
def test_a_write_key_reads_nothing(quiet: WebSite, path: str) -> None:
    key = quiet.hub.settings.sources["web"]
    client = quiet.client("nobody")
    basic = base64.b64encode(f"{key}:".encode()).decode()
    for header in (f"Bearer {key}", f"Basic {basic}"):
        assert client.get(path, headers={"authorization": header}).status_code == 403
    assert client.get(f"{path}?writeKey={key}&key={key}&token={key}").status_code in (303, 401)


def test_a_source_is_added_with_a_write_key(own_site: WebSite) -> None:
    admin = own_site.client("admin")
    assert admin.post("/settings/sources", data={"name": "shop"}).status_code == 303
    key = Settings.read(own_site.root / "kizuna.toml").sources["shop"]
    assert key in admin.get("/settings/sources").text
    for name, expected in (("shop", "already"), ("", "cannot be"), ('x"\n[mail]', "cannot be"), ("a b", "cannot be")):
        answer = admin.post("/settings/sources", data={"name": name})
        assert answer.status_code == 400 and expected in answer.text
    assert list(Settings.read(own_site.root / "kizuna.toml").sources) == ["shop"]


def test_ones_own_password_is_changed_with_the_one_before(own_site: WebSite) -> None:
    here, other = own_site.client("viewer"), own_site.client("viewer")
    with own_site.hub.state.session() as session:
        accounts.named(session, "viewer@example.com").password = passwords.hashed(PASSWORD)
    new = {"password": "other short words here", "again": "other short words here"}
    before = here.cookies[cookies.name(https=False)]
    wrong = here.post("/settings/account/password", data={"current": "guess", **new})
    assert wrong.status_code == 400 and "This is not your password." in wrong.text
    common = here.post("/settings/account/password", data={"current": PASSWORD, "password": "password1", "again": "x"})
    assert "Many people use this one" in common.text
    assert here.post("/settings/account/password", data={"current": PASSWORD, **new}).status_code == 303
    assert here.cookies[cookies.name(https=False)] != before
    assert here.get("/settings").status_code == 200
    assert other.get("/settings").status_code == 303


def test_tries_at_ones_own_password_are_counted_too(own_site: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "right", lambda *_: False)
    client = own_site.client("viewer")
    statuses = [
        client.post("/settings/account/password", data={"current": f"guess {n}"}).status_code for n in range(12)
    ]
    assert statuses == [400] * 10 + [429] * 2


def test_one_signs_out_everywhere_else(own_site: WebSite) -> None:
    here, other = own_site.client("viewer"), own_site.client("viewer")
    assert here.post("/settings/account/elsewhere").status_code == 303
    assert (here.get("/settings").status_code, other.get("/settings").status_code) == (200, 303)


def test_language_and_colours_go_with_the_account(own_site: WebSite) -> None:
    client = own_site.client("viewer")
    answer = client.post("/appearance", data={"language": "da", "theme": "dark", "next": "//evil.example"})
    assert answer.headers["location"] == "/settings/appearance?said=saved"
    elsewhere = own_site.client("viewer").get("/settings").text
    assert '<html lang="da" data-theme="dark">' in elsewhere
    client.post("/appearance", data={"language": "xx", "theme": "pink"})
    assert '<html lang="en">' in client.get("/settings", headers={"accept-language": "en"}).text


def test_a_language_that_is_chosen_stays_from_page_to_page(own_site: WebSite) -> None:
    client = own_site.client("viewer")
    client.get("/settings?lang=ja")
    assert '<html lang="ja">' in client.get("/settings").text
    client.get("/settings?lang=xx")
    assert '<html lang="ja">' in client.get("/settings").text
    assert '<html lang="en">' in own_site.client("viewer").get("/settings").text


def test_without_an_account_they_go_with_the_browser(own_site: WebSite) -> None:
    client = own_site.client("nobody")
    client.post("/appearance", data={"language": "ja", "theme": "light", "next": "/login"})
    assert '<html lang="ja" data-theme="light">' in client.get("/login").text


def test_the_audit_log_is_shown_as_text_page_by_page(own_site: WebSite) -> None:
    with own_site.hub.state.session() as session:
        for number in range(60):
            audit.write(session, "aya@example.com", "customer.seen", f"customer {number}")
        audit.write(
            session, "bo@example.com", "something.else", "<script>alert(1)</script>", {"a": {"from": 1, "to": "2"}}
        )
    admin = own_site.client("admin")
    page = admin.get("/settings/audit").text
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page and "a: 1 → 2" in page
    assert "customer 59" in page and "customer 10" not in page
    follow = re.search(r'rel="next" href="([^"]+)"', page)
    assert follow
    assert "customer 10" in admin.get(follow[1].replace("&amp;", "&")).text
    only = admin.get("/settings/audit?who=bo@example.com").text
    assert "customer 59" not in only
    assert admin.get("/settings/audit?before=x%27&action=%27%22").status_code == 200


def test_the_first_account_is_made_by_a_link_that_works_once(own_site: WebSite) -> None:
    client = own_site.client("nobody")
    assert "kizuna accounts link" in client.get("/login").text
    with own_site.hub.state.session() as session:
        token = links.make(session, "setup")
    fields = {"token": token, "name": "Aya", "email": "Aya@Example.com", "password": PASSWORD, "again": PASSWORD}
    for wrong in ({"password": "short", "again": "short"}, {"again": "x"}, {"email": "aya"}, {"name": ""}):
        answer = client.post("/welcome", data=fields | wrong)
        assert answer.status_code == 400 and PASSWORD not in answer.text
    answer = client.post("/welcome", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/welcome/steps")
    page = client.get("/welcome/steps").text
    assert "/data/import" in page and "/data/snippets" in page
    assert client.get("/settings/people").status_code == 200
    other = own_site.client("nobody")
    assert other.get(f"/welcome?token={token}").status_code == 404
    assert other.post("/welcome", data=fields | {"email": "eve@example.com"}).status_code == 404


def test_a_set_up_link_is_worth_nothing_once_there_is_an_account(own_site: WebSite) -> None:
    with own_site.hub.state.session() as session:
        token = links.make(session, "setup")
        accounts.add(session, "aya@example.com", "Aya", "admin")
    client = own_site.client("nobody")
    assert client.get(f"/welcome?token={token}").status_code == 404
    fields = {"token": token, "name": "Eve", "email": "eve@example.com", "password": PASSWORD, "again": PASSWORD}
    assert client.post("/welcome", data=fields).status_code == 404


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "' OR 1=1 --", "\x00", "æ" * 5000])
def test_a_guessed_link_leads_nowhere(quiet: WebSite, token: str) -> None:
    client = quiet.client("nobody")
    assert client.get("/welcome", params={"token": token}).status_code == 404
    assert client.post("/welcome", data={"token": token}).status_code == 404


def test_a_link_that_is_too_old_leads_nowhere(own_site: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    with own_site.hub.state.session() as session:
        token = links.make(session, "setup")
    later = links.now() + links.LIFETIMES["setup"]
    monkeypatch.setattr(links, "now", lambda: later)
    assert own_site.client("nobody").get(f"/welcome?token={token}").status_code == 404


def test_no_secret_is_in_the_audit_log(own_site: WebSite, tmp_path: Path) -> None:
    admin = own_site.client("admin")
    secrets = [
        link_in(admin.post("/settings/people", data={"email": "bo@example.com", "name": "Bo", "role": "viewer"}).text)[
            -43:
        ],
        re.findall(r"kz_[\w-]{43}", admin.post("/settings/keys", data={"name": "k", "role": "viewer"}).text)[0],
    ]
    with own_site.hub.state.session() as session:
        said = " ".join(f"{each.subject} {each.detail}" for each in audit.entries(session))
    assert said and not [secret for secret in secrets if secret in said]


WRITERS = ("audit.write", "_audit", "audited", "_note")
ACTION = re.compile(r"[a-z_]+\.[a-z_]+|signed_(in|out)")


def actions_written() -> set[str]:
    """Every action that the program writes into the audit log, as its source says."""
    modules = [ast.parse(file.read_text(encoding="utf-8")) for file in Path(kizuna.__file__).parent.rglob("*.py")]
    calls = [node for module in modules for node in ast.walk(module) if isinstance(node, ast.Call)]
    given = [arg for call in calls if ast.unparse(call.func) in WRITERS for arg in call.args]
    words = {arg.value for arg in given if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
    return {word for word in words if ACTION.fullmatch(word)}


def test_every_action_has_words() -> None:
    written = actions_written()
    assert {"customers.exported", "role.changed", "signed_in"} <= written
    assert {action for action in written if action.replace(".", "_") not in texts("web/audit")} == set()
