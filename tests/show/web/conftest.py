"""The application over in-process HTTP, on a small company of its own, signed in as whom a test likes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

import kizuna
from kizuna import demo as company
from kizuna.show.web.app import make_app
from kizuna.show.web.auth import cookies
from kizuna.show.web.hub import Hub
from kizuna.store.state import accounts, logins

CUSTOMERS, MONTHS = 300, 6


class WebSite:
    """The pages of a workspace. `client` gives one that is signed in, or with "nobody" one that is not."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.hub = Hub.of(kizuna.open(root))
        self.app: Litestar = make_app(self.hub)
        self._clients: list[TestClient[Litestar]] = []

    def client(self, role: str = "viewer", **options: Any) -> TestClient[Litestar]:
        client: TestClient[Litestar] = TestClient(self.app, raise_server_exceptions=False, **options)
        client.follow_redirects = False
        self._clients.append(client)
        client.__enter__()
        if role != "nobody":
            client.cookies.set(cookies.name(https=False), self.token(role))
        return client

    def token(self, role: str) -> str:
        """The token of a browser signed in by the account of a role: ``viewer@example.com`` and so on."""
        email = f"{role}@example.com"
        with self.hub.state.session() as session:
            account = accounts.by_email(session, email) or accounts.add(session, email, role.title(), role)
            return logins.begin(session, account)

    def close(self) -> None:
        for client in self._clients:
            client.__exit__(None, None, None)
        self.hub.close()
        self.hub.workspace.close()


@pytest.fixture(scope="session")
def company_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo company, small; only to be read. Tests that write make their own with `make_company`."""
    return make_company(tmp_path_factory.mktemp("company") / "shop")


def make_company(root: Path, customers: int = CUSTOMERS, months: int = MONTHS) -> Path:
    """A workspace with the demo company in it."""
    with kizuna.init(root, **company.SETTINGS) as shop:
        for fact, file in company.write(root / "files", 20260101, customers=customers, months=months):
            shop.import_file(fact, file)
    return root


@pytest.fixture(scope="session")
def _pages(company_folder: Path) -> Iterator[WebSite]:
    site = WebSite(company_folder)
    yield site
    site.close()


@pytest.fixture
def site(_pages: WebSite) -> WebSite:
    """The pages of the demo company, shared by all tests: what one writes into the state it takes back."""
    return _pages


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[WebSite]:
    """The pages of an empty workspace of the test's own, to write into."""
    root = tmp_path / "shop"
    kizuna.init(root, name="Shop", timezone="Europe/Copenhagen", currency="DKK").close()
    site = WebSite(root)
    yield site
    site.close()
