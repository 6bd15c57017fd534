"""An empty workspace that the tests of one file write into one after the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import kizuna
from website import WebSite


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSite]:
    root = tmp_path_factory.mktemp("api") / "shop"
    kizuna.init(root, name="Shop", timezone="Europe/Copenhagen", currency="DKK").close()
    site = WebSite(root)
    yield site
    site.close()
