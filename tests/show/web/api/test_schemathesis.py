"""Thousands of made-up requests, right and wrong ones, made from the OpenAPI document.

Nothing that somebody sends may make the server fail, and what it answers is what the document says. A few requests
for each address are enough every day; ``KIZUNA_API=full`` sends a thousand, ``KIZUNA_API=200`` as many.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from kizuna.show.web.api import operations
from kizuna.show.web.api.openapi import document
from website import WebSite

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import schemathesis
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi import checks

WANTED = os.environ.get("KIZUNA_API", "")
FULL = bool(WANTED)
EXAMPLES = 1_000 if WANTED == "full" else int(WANTED or 8)

CHECKS = [checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance]
"""What is held against the document: which status, which media type, which form."""

SCHEMA = schemathesis.openapi.from_dict(document(operations()))
OPERATIONS = {result.ok().definition.raw["operationId"]: result.ok() for result in SCHEMA.get_all_operations()}


@pytest.fixture
def editor(site: WebSite, monkeypatch: pytest.MonkeyPatch) -> TestClient[Any]:
    monkeypatch.setitem(site.hub.settings._values, "max_api_requests", 0)
    return site.client("editor")


def test_the_document_names_every_operation() -> None:
    assert set(OPERATIONS) == {each.name for each in operations()}


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_sent_makes_the_server_fail(editor: TestClient[Any], name: str) -> None:
    operation = OPERATIONS[name]
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not FULL,
        # Making the failing request shorter would take longer than all others together.
        phases=[Phase.generate],
    )
    @given(st.one_of(right, wrong))
    def send(case: Any) -> None:
        sent = case.as_transport_kwargs(base_url="http://testserver")
        told = {key: value for key, value in sent.items() if value is not None and key not in ("cookies", "data")}
        try:
            response = editor.request(**told, content=sent.get("data"))
        except httpx.InvalidURL:
            return  # longer than the client sends
        assert response.status_code < 500, response.text
        # A made-up path may be no path of the operation.
        if response.status_code not in (404, 405):
            case.validate_response(response, checks=CHECKS)

    send()
