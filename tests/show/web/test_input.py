"""Faults 12 and 18 over all pages: what is put into an address is a value or an unknown name, never SQL, never a crash.

Every address that is read is asked with nasty words in all of its parts, as an admin; and as nobody, who sees none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from website import WebSite

NASTY = ("'; DROP TABLE event; --<script>alert(1)</script>", '"customer_no" OR 1=1', "../../etc/\x00passwd", "9" * 40)
NAMES = (
    "period",
    "compare",
    "segment",
    "by",
    "sort",
    "every",
    "where",
    "q",
    "page",
    "after",
    "before",
    "survey",
    "status",
)
NAMES += (
    "tag",
    "fact",
    "metrics",
    "limit",
    "cursor",
    "lang",
    "said",
    "format",
    "metric",
    "since",
    "until",
    "n",
    "owner",
)
PUBLIC = ("/login", "/welcome", "/calculators", "/calculator/", "/static/", "/shared/", "/api/v1/openapi.json", "/api")
"""What may be seen without an account."""


def readable(site: WebSite) -> Iterator[str]:
    """The addresses of all that is read, with gaps."""
    for route in site.app.routes:
        if "GET" in getattr(route, "methods", ()):
            yield route.path


def filled(path: str, word: str) -> str:
    return re.sub(r"\{\w+(:\w+)?\}", lambda gap: quote(word, safe="") if ":int" not in gap.group() else "1", path)


def tables(site: WebSite) -> list[tuple[object, ...]]:
    names = site.hub.rows("SELECT table_name FROM information_schema.tables ORDER BY 1")
    return [(name, site.hub.rows(f'SELECT count(*) FROM "{name}"')[0][0]) for (name,) in names]


@pytest.mark.parametrize("word", NASTY, ids=[f"word {n}" for n in range(len(NASTY))])
def test_no_word_in_an_address_is_more_than_a_word(word: str, site: WebSite) -> None:
    before = tables(site)
    client = site.client("admin")
    query = "&".join(f"{name}={quote(word, safe='')}" for name in NAMES)
    bad = []
    for path in readable(site):
        for asked in {filled(path, word), f"{filled(path, '1')}?{query}"}:
            answer = client.get(asked)
            if answer.status_code >= 500:
                bad.append(f"{asked[:120]}: {answer.status_code}")
            if "<script>alert(1)" in answer.text and "html" in answer.headers.get("content-type", ""):
                bad.append(f"{asked[:120]}: shown as it is")
    assert bad == []
    assert tables(site) == before


def test_nobody_sees_anything_but_what_is_public(site: WebSite) -> None:
    client = site.client("nobody")
    open_to_all = []
    for path in readable(site):
        answer = client.get(filled(path, "1"))
        away = answer.status_code in (401, 403) or (
            answer.status_code == 303 and answer.headers["location"].startswith("/login")
        )
        if not away and not path.startswith(PUBLIC):
            open_to_all.append(f"{path}: {answer.status_code}")
    assert open_to_all == []


def test_a_viewer_changes_nothing(site: WebSite) -> None:
    """Whatever is posted by a viewer is refused, but for what is their own: signing out, their language and password."""
    own = (
        "/logout",
        "/appearance",
        "/login",
        "/welcome",
        "/settings/appearance",
        "/settings/account",
        "/settings/password",
        "/calculator",
    )
    client = site.client("viewer")
    allowed = []
    for route in site.app.routes:
        path = filled(route.path, "1")
        if "POST" in getattr(route, "methods", ()) and not path.startswith(own):
            answer = client.post(path, data={})
            if answer.status_code not in (401, 403, 404, 405):
                allowed.append(f"{path}: {answer.status_code}")
    assert allowed == []
