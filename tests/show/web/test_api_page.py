"""The page that tells programs' authors what there is."""

from __future__ import annotations

import shlex
from typing import Any
from urllib.parse import urlsplit

import pytest
from litestar.testing import TestClient

from kizuna.show.web.api import operations
from kizuna.show.web.pages.api import call_of
from website import WebSite


@pytest.fixture
def editor(site: WebSite) -> TestClient[Any]:
    return site.client("editor")


@pytest.mark.parametrize("language", ["en", "ja", "da"])
def test_every_address_and_parameter_is_told(site: WebSite, language: str) -> None:
    page = site.client("viewer").get("/api", params={"lang": language})
    assert page.status_code == 200
    for each in operations():
        assert f"<code>{each.address}</code>" in page.text
        for parameter in each.parameters:
            assert f"<code>{parameter.name}</code>" in page.text


def test_nobody_is_sent_to_sign_in(site: WebSite) -> None:
    assert site.client("nobody").get("/api").headers["location"] == "/login?next=/api"


@pytest.mark.parametrize("name", [each.name for each in operations() if each.method == "GET"])
def test_the_calls_that_are_shown_can_be_made(editor: TestClient[Any], name: str) -> None:
    operation = next(each for each in operations() if each.name == name)
    words = shlex.split(call_of(operation, "http://127.0.0.1:8300"))
    assert words[0] == "curl" and words[-1] == "Authorization: Bearer $KEY"
    address = urlsplit(words[1])
    told = editor.get(f"{address.path}?{address.query}")
    # The customer and the import of the examples are made up.
    assert told.status_code in ((200, 404) if operation.path.startswith(("/customers/{", "/imports/")) else (200,)), (
        told.text
    )
