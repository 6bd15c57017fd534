"""What an assistant is told, over each road that the protocol has."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from litestar.testing import TestClient
from mcp import StdioServerParameters
from mcp.client.client import Client

from kizuna.show.mcp.conclusion import TOO_SMALL
from kizuna.show.mcp.server import make_server
from kizuna.show.mcp.tools import Tools
from kizuna.show.web.who import Who
from kizuna.store.state import audit
from website import WebSite

VIEWER, EDITOR = Who("viewer", "viewer@example.com"), Who("editor", "editor@example.com")
TOOLS = {"list_metrics", "explain_metric", "measure", "list_segments", "find_customers"}
Given = dict[str, Any]


def ask(site: WebSite, tool: str, given: Given, who: Who = VIEWER) -> tuple[Any, str]:
    """The structured answer and the text of a tool, in memory; the answer of an error is ``None``."""
    tools = Tools(site.hub.workspace, site.hub.state, site.hub.last_day)
    server = make_server(tools, lambda _: (who, "192.0.2.7"))

    async def call(client: Client) -> tuple[Any, str]:
        result = await client.call_tool(tool, given)
        text = "\n".join(getattr(block, "text", "") for block in result.content)
        return (None if result.is_error else result.structured_content), text

    return spoken(server, call)


def spoken(server: Any, call: Callable[[Client], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with Client(server) as client:
            return await call(client)

    return anyio.run(run)


def test_the_tools_only_read_and_say_what_they_are_for(site: WebSite) -> None:
    tools = Tools(site.hub.workspace, site.hub.state, site.hub.last_day)

    async def listed(client: Client) -> Any:
        return (await client.list_tools()).tools

    found = spoken(make_server(tools, lambda _: (VIEWER, "")), listed)
    assert {tool.name for tool in found} == TOOLS
    for tool in found:
        assert tool.annotations is not None and tool.annotations.read_only_hint
        assert tool.description
        assert "context" not in tool.input_schema["properties"]


def test_numbers_are_those_of_python_with_definition_and_base(site: WebSite) -> None:
    body, _ = ask(site, "measure", {"metrics": ["nps", "csat"], "every": "month"})
    answer = site.hub.workspace.measure("nps", "csat", every="month")
    assert [n["value"] for n in body["numbers"]] == [r.value for r in answer.records]
    assert [n["people"] for n in body["numbers"]] == [r.people for r in answer.records]
    assert {d["id"]: d["definition"] for d in body["definitions"]} == {
        id: metric.meaning.en for id, metric in answer.metrics.items()
    }
    assert all(n["metric"] and n["period_start"] and n["conclusion"] for n in body["numbers"])


def test_nothing_is_concluded_from_a_small_base(site: WebSite) -> None:
    """A model would tell a story of any change it is handed, so it is handed none."""
    body, _ = ask(site, "measure", {"metrics": ["nps"], "every": "day", "since": "2026-03", "until": "2026-03-15"})
    small = [n for n in body["numbers"] if n["value"] is not None and set(n["flags"]) & {*TOO_SMALL}]
    assert small
    for number in small:
        assert number["conclusion"].startswith("No conclusion: too small a base")
        assert not {"change", "change_low", "change_high", "previous", "p_value"} & number.keys()
    assert body["counts"]["too_small_a_base"] >= len(small)
    assert "small_base" in body["flags"]


def test_what_may_be_concluded_is_what_the_test_allows(site: WebSite) -> None:
    body, _ = ask(site, "measure", {"metrics": ["sessions", "orders", "revenue"], "every": "month"})
    for number in body["numbers"]:
        p_value, said = number.get("p_value"), number["conclusion"]
        if "small_base" in number["flags"] or "few_units" in number["flags"] or number["value"] is None:
            continue
        if p_value is not None and p_value < 0.05 and "immature" not in number["flags"]:
            assert said.startswith("Real change")
        elif p_value is not None:
            assert said.startswith(("No conclusion", "No change"))


def test_a_metric_is_explained_with_what_it_can_be_broken_down_by(site: WebSite) -> None:
    body, _ = ask(site, "explain_metric", {"metric": "nps"})
    assert body["definition"] == site.hub.workspace.catalogue["nps"].meaning.en
    assert "channel" in body["dimensions"] and body["sql"][0].startswith("SELECT")
    for dimension in body["dimensions"][:4]:
        assert ask(site, "measure", {"metrics": ["nps"], "by": [dimension]})[0] is not None


def test_metrics_are_listed_and_searched(site: WebSite) -> None:
    body, _ = ask(site, "list_metrics", {})
    assert {m["id"] for m in body["metrics"]} == {m.id for m in site.hub.workspace.metrics() if not m.variant}
    body, _ = ask(site, "list_metrics", {"search": "tilfredshed"})
    assert body["metrics"]
    assert "Groups: " in ask(site, "list_metrics", {"group": "feedbak"})[1]


def test_many_numbers_are_cut_and_it_is_said(site: WebSite) -> None:
    body, _ = ask(site, "measure", {"metrics": ["sessions"], "every": "day", "by": ["channel"], "compare": "none"})
    assert len(body["numbers"]) == 200 and body["left_out"].endswith("ask for fewer groups or periods.")


def test_customers_are_found_by_editors_and_it_is_written_down(site: WebSite) -> None:
    ((name, number),) = site.hub.rows(
        "SELECT name, customer_no FROM customer WHERE name IS NOT NULL ORDER BY ALL LIMIT 1"
    )
    none, text = ask(site, "find_customers", {"search": name})
    assert none is None and "needs the role editor" in text and name not in text
    body, _ = ask(site, "find_customers", {"search": name}, EDITOR)
    assert number in [each["customer_no"] for each in body["customers"]]
    with site.hub.state.session() as session:
        entry = audit.entries(session, action="customers.found")[0]
    assert (entry.who, entry.subject, entry.address) == ("editor@example.com", "", "192.0.2.7")
    assert number in entry.detail["people"] and name not in str(entry.detail)


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("measure", {"metrics": ["npz"]}, "Did you mean 'nps'?"),
        ("measure", {"metrics": []}, "list_metrics"),
        ("measure", {"metrics": ["nps"], "where": "1=1; DROP TABLE customer"}, "error"),
        ("measure", {"metrics": ["nps"], "where": "(SELECT count(*) FROM customer) > 0"}, "error"),
        ("measure", {"metrics": ["nps"], "where": "read_csv('x') IS NULL"}, "error"),
        ("measure", {"metrics": ["nps"], "by": ['channel"; DROP TABLE customer; --']}, "error"),
        ("measure", {"metrics": ["nps"], "since": "'; DROP TABLE customer; --"}, "is not a day"),
        ("measure", {"metrics": ["nps"], "segment": "x' OR '1'='1"}, "There is no segment"),
        ("measure", {"metrics": ["nps"], "every": "fortnight"}, "every"),
        ("measure", {"metrics": ["nps"], "level": 7}, "level"),
        ("measure", {"metrics": "nps; DROP TABLE customer"}, "metrics"),
        ("explain_metric", {"metric": "nps' OR 1=1"}, "There is no metric"),
        ("find_customers", {"search": "x", "who": "admin", "context": {"role": "admin"}}, "needs the role editor"),
    ],
)
def test_no_argument_is_a_road_to_sql(site: WebSite, tool: str, given: Given, said: str) -> None:
    """Fault 12: what is not in the grammar is refused with the way out, and no table is another one afterwards."""
    tables = site.hub.rows("SELECT table_name FROM information_schema.tables ORDER BY ALL")
    customers = site.hub.rows("SELECT count(*) FROM customer")
    body, text = ask(site, tool, given)
    assert body is None and text
    assert said == "error" or said in text
    assert site.hub.rows("SELECT table_name FROM information_schema.tables ORDER BY ALL") == tables
    assert site.hub.rows("SELECT count(*) FROM customer") == customers


def test_sql_in_a_search_for_customers_finds_nobody(site: WebSite) -> None:
    body, _ = ask(site, "find_customers", {"search": "x' OR '1'='1"}, EDITOR)
    assert body["customers"] == []


def post(client: TestClient[Any], tool: str, given: Given, **headers: str) -> Any:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": given}}
    accept = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-06-18"}
    return client.post("/mcp", json=message, headers=accept | headers)


def test_over_http_it_is_who_is_signed_in(site: WebSite) -> None:
    told = post(site.client("viewer"), "measure", {"metrics": ["nps"]})
    assert told.status_code == 200, told.text
    (number,) = told.json()["result"]["structuredContent"]["numbers"]
    assert number["value"] == site.hub.workspace.measure("nps").value()
    refused = post(site.client("viewer"), "find_customers", {"search": "a"}).json()["result"]
    assert refused["isError"] and "viewer@example.com has viewer" in refused["content"][0]["text"]
    found = post(site.client("editor"), "find_customers", {"search": "a"}).json()["result"]
    assert not found.get("isError") and found["structuredContent"]["found"] > 0


def test_over_http_nobody_is_refused(site: WebSite) -> None:
    """Fault 18."""
    told = post(site.client("nobody"), "measure", {"metrics": ["nps"]})
    assert told.status_code == 401 and told.headers["content-type"].startswith("application/problem+json")
    refused = post(site.client("nobody"), "measure", {"metrics": ["nps"]}, authorization="Bearer nonsense")
    assert refused.status_code == 401
    crossed = post(site.client("viewer"), "measure", {"metrics": ["nps"]}, origin="https://evil.example")
    assert crossed.status_code == 403


def test_over_http_what_is_no_request_is_refused(site: WebSite) -> None:
    client = site.client("viewer")
    headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    for body in (b"", b"{", b"[]", b"null", b'{"jsonrpc":"1.0"}', b"\xff", b"[" * 50_000):
        assert 400 <= client.post("/mcp", content=body, headers=headers).status_code < 500, body[:20]
    assert client.post("/mcp", content=b" " * 1_000_001, headers=headers).status_code == 413


@pytest.mark.parametrize("verb", ["GET", "DELETE"])
def test_no_stream_is_held_open_over_http(site: WebSite, verb: str) -> None:
    """Whoever has a key could hold as many as the server has connections."""
    answer = site.client("viewer").request(verb, "/mcp", headers={"accept": "text/event-stream"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_the_command_speaks_on_standard_input_and_output(site: WebSite) -> None:
    """Beside a process that has the database open, as an assistant finds it: it says what to do."""
    program = [sys.executable, "-m", "kizuna.show.cli", "mcp", "--workspace"]

    async def run(folder: str) -> Any:
        parameters = StdioServerParameters(command=program[0], args=[*program[1:], folder])
        from mcp.client.stdio import stdio_client

        async with Client(stdio_client(parameters)) as client:
            tools = await client.list_tools()
            result = await client.call_tool("list_segments", {})
            return {tool.name for tool in tools.tools}, result.structured_content

    tools, segments = anyio.run(run, str(site.root))
    assert tools == TOOLS and segments == {"segments": []}
    json.dumps(segments)
