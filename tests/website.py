"""The application over in-process HTTP, signed in as whom a test likes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

import kizuna
from kizuna import demo as company
from kizuna.show.web.app import make_app
from kizuna.show.web.auth import cookies
from kizuna.show.web.hub import Hub
from kizuna.store.state import accounts, logins

CUSTOMERS, MONTHS = 300, 6
HOST = "testserver.local"
"""Where the pages seem to be; a cookie that is set for it is replaced by the server's."""


class WebSite:
    """The pages of a workspace. `client` gives one that is signed in, or with "nobody" one that is not."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.hub = Hub.of(kizuna.open(root))
        self.app: Litestar = make_app(self.hub)

    def client(self, role: str = "viewer", **options: Any) -> TestClient[Litestar]:
        client: TestClient[Litestar] = TestClient(self.app, raise_server_exceptions=False, **options)
        client.follow_redirects = False
        if role != "nobody":
            client.cookies.set(cookies.name(https=False), self.token(role), domain=HOST)
        return client

    def token(self, role: str) -> str:
        """The token of a browser signed in by the account of a role: ``viewer@example.com`` and so on."""
        email = f"{role}@example.com"
        with self.hub.state.session() as session:
            account = accounts.by_email(session, email) or accounts.add(session, email, role.title(), role)
            return logins.begin(session, account)

    def close(self) -> None:
        self.hub.close()
        self.hub.workspace.close()


def make_company(root: Path, customers: int = CUSTOMERS, months: int = MONTHS) -> Path:
    """A workspace with the demo company in it."""
    with kizuna.init(root, **company.SETTINGS) as shop:
        for fact, file in company.write(root / "files", 20260101, customers=customers, months=months):
            shop.import_file(fact, file)
    return root
