"""What is the same for all pages: what the audit log and the log of errors tell of people."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

import kizuna.show
from kizuna.collect.proxies import Proxies
from kizuna.errors import WorkspaceError
from kizuna.store.state import audit
from kizuna.store.state.tables import Account
from website import WebSite

SHOW = Path(kizuna.show.__file__).parent


def test_an_error_of_the_state_does_not_tell_whose_data_it_was_about(own_site: WebSite) -> None:
    """Errors are written to the log with all their text."""
    twice = [Account(email="ada@example.com", name="Ada", role="viewer") for _ in range(2)]
    with pytest.raises(IntegrityError) as raised, own_site.hub.state.session() as session:
        session.add_all(twice)
    assert "ada@example.com" not in str(raised.value)


@pytest.mark.parametrize("peer", ["10.0.0.7", "::ffff:10.0.0.7"])
def test_a_trusted_proxy_is_known_however_the_server_sees_ipv4(peer: str) -> None:
    headers = [(b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"https")]
    scope = {"client": (peer, 1), "headers": headers}
    proxies = Proxies(["10.0.0.0/8"])
    assert (proxies.client(scope), proxies.https(scope)) == ("203.0.113.9", True)


def test_every_entry_of_the_audit_log_says_from_where() -> None:
    """All calls of `audit.write` in what answers requests hand over the address."""
    without = []
    for file in [*SHOW.glob("web/**/*.py"), *SHOW.glob("mcp/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.write":
                named = {each.arg for each in node.keywords}
                if len(node.args) < 6 and "address" not in named:
                    without.append(f"{file.name}:{node.lineno}")
    assert without == []


def test_what_was_searched_for_is_not_in_the_audit_log(site: WebSite) -> None:
    """It may name somebody who is erased later."""
    client = site.client("editor")
    assert client.get("/feedback?text=ada-lovelace&comment=1").status_code == 200
    assert client.get("/feedback.csv?text=ada-lovelace&comment=1&anything=ada-lovelace").status_code == 200
    assert client.get("/customers?q=ada-lovelace").status_code == 200
    with site.hub.state.session() as session:
        found = audit.entries(session, action="feedback.exported")[0]
        assert found.detail["asked"] == {"comment": "1"}
        assert (found.detail["searched"], found.address) == (True, "testclient")
        told = [str(each.detail) + each.subject for each in audit.entries(session, limit=1_000)]
    assert not [each for each in told if "lovelace" in each]


@pytest.mark.parametrize(("role", "told"), [("viewer", False), ("admin", True)])
def test_where_files_lie_is_told_to_admins_only(
    role: str, told: bool, own_site: WebSite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise WorkspaceError("/srv/kizuna/kizuna.duckdb is damaged.", "kizuna rebuild makes it anew.")

    client = own_site.client(role)
    monkeypatch.setattr(own_site.hub, "last_day", broken)
    answer = client.get("/")
    assert (answer.status_code, "/srv/kizuna" in answer.text) == (500, told)
    assert "/srv/kizuna/kizuna.duckdb is damaged." in caplog.text
