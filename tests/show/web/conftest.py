"""The application on a small company of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import kizuna
from website import WebSite, make_company


@pytest.fixture(scope="session")
def company_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo company, small; only to be read. Tests that write make their own with `make_company`."""
    return make_company(tmp_path_factory.mktemp("company") / "shop")


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
