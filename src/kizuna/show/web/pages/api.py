"""The page ``/api``: what programs may ask, made from the same operations as the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get

from kizuna.show.web.api import operations
from kizuna.show.web.api.operation import BASE, Operation, Parameter
from kizuna.show.web.given import TheView
from kizuna.show.web.view import View

PATH = "/api"
KEY = "$KEY"


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter: what it is called, what values it takes, what it is for."""

    name: str
    values: str
    needed: bool
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An operation as the page has it; `call` is a line for a shell, `example` an answer."""

    id: str
    method: str
    address: str
    summary: str
    needs: str
    rows: Sequence[Row]
    call: str
    example: str
    kinds: Sequence[str]


@get(PATH, sync_to_thread=True)
def api(view: TheView, request: Request[Any, Any, Any]) -> Response[str]:
    """The page."""
    # As the reader came here, unless the settings know better.
    origin = view.hub.settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")
    return view.page(
        "api",
        origin=origin,
        base=f"{origin}{BASE}",
        openapi=f"{BASE}/openapi.json",
        operations=[_shown(each, view, origin) for each in operations()],
        most=view.hub.settings.max_api_requests,
    )


def _shown(each: Operation, view: View, origin: str) -> Shown:
    return Shown(
        each.name.replace("_", "-"),
        each.method,
        each.address,
        view.say(f"api.{each.name}"),
        view.say(f"api.needs_{each.role}"),
        [_row(parameter, view) for parameter in each.parameters],
        call_of(each, origin),
        json.dumps(each.example, ensure_ascii=False, indent=2),
        each.kinds,
    )


def _row(each: Parameter, view: View) -> Row:
    return Row(each.name, _values(each.schema, view), each.needed or each.place == "path", view.say(f"api.{each.key}"))


def _values(schema: Any, view: View) -> str:
    if "enum" in schema:
        return ", ".join(schema["enum"])
    if schema["type"] == "boolean":
        return "true, false"
    if schema["type"] == "string":
        return view.say("api.a_text")
    default = schema.get("default")
    usual = view.say("api.usual", value=default) if default is not None else ""
    return f"{schema['minimum']}–{schema['maximum']}{usual}"


def call_of(each: Operation, origin: str) -> str:
    """One call as a line of a shell, with the examples of what has to be said."""
    address, query = each.address, []
    for parameter in each.parameters:
        if parameter.place == "path":
            address = address.replace(f"{{{parameter.name}}}", quote(str(parameter.example or "order")))
        elif parameter.needed or parameter.name in ("metrics", "search", "find", "counts"):
            query.append(f"{parameter.name}={quote(str(parameter.example), safe=',@')}")
    line = f"curl '{origin}{address}{'?' if query else ''}{'&'.join(query)}' -H \"Authorization: Bearer {KEY}\""
    if each.takes_file:
        return f"{line} --data-binary @orders.csv"
    if each.body is not None:
        body = json.dumps(each.body_example, ensure_ascii=False)
        return f"{line} -H 'Content-Type: application/json' -d '{body}'"
    return line if each.method == "GET" else f"{line} -X {each.method}"


ROUTES = (api,)
