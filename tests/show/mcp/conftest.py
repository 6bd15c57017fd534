"""A small company for assistants: small enough that some groups are too small to conclude from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from website import WebSite, make_company


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSite]:
    site = WebSite(make_company(tmp_path_factory.mktemp("mcp") / "shop", customers=150, months=4))
    yield site
    site.close()
