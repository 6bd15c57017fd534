"""The OpenAPI 3.1 document of the API, made from its operations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import msgspec
from litestar import Request, Response, get

from kizuna.locale.texts import say
from kizuna.show.web.api.answered import told
from kizuna.show.web.api.operation import ARROW, BASE, JSON, Operation, Parameter
from kizuna.show.web.errors import TITLES
from kizuna.show.web.who import needs

PROBLEM = "application/problem+json"
TEXTS = "web/api"
_REF = "#/components/schemas/{name}"


class Problem(msgspec.Struct):
    """What is wrong, and what to do about it (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    next_step: str = ""
    instance: str = ""


PROBLEM_EXAMPLE = {
    "type": "about:blank",
    "title": TITLES[400],
    "status": 400,
    "detail": "There is no metric 'npz'. Did you mean 'nps'?",
    "next_step": "`kizuna metrics` lists and searches them.",
    "instance": f"{BASE}/measure",
}


@get("/openapi.json", opt=needs("nobody"), include_in_schema=False, sync_to_thread=False)
def openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The document, for everybody: it says nothing of the business."""
    from kizuna.show.web.api import operations

    return told(request, document(operations()))


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The OpenAPI document of these operations."""
    types = {kind for each in operations for kind in (each.answer, each.body) if isinstance(kind, type)}
    ordered = sorted({*types, Problem}, key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components(ordered, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.address, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kizuna", "version": _version(), "description": say(TEXTS, "about", "en")},
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": say(TEXTS, "key", "en")},
            },
        },
    }


def _operation(each: Operation) -> dict[str, Any]:
    summary = say(TEXTS, each.name, "en")
    described: dict[str, Any] = {
        "operationId": each.name,
        "summary": summary,
        "description": say(TEXTS, f"needs_{each.role}", "en"),
        "x-role": each.role,
        "parameters": [_parameter(parameter) for parameter in each.parameters],
        "responses": _responses(each),
    }
    if each.body is not None:
        described["requestBody"] = {"required": True, "content": _body(each)}
    return described


def _parameter(each: Parameter) -> dict[str, Any]:
    schema: Mapping[str, Any] = {"type": "array", "items": each.schema} if each.many else each.schema
    described: dict[str, Any] = {
        "name": each.name,
        "in": each.place,
        "required": each.needed or each.place == "path",
        "description": say(TEXTS, each.key, "en"),
        "schema": schema,
    }
    if each.many:
        described |= {"style": "form", "explode": not each.commas}
    if each.example is not None:
        described["example"] = (
            _listed(each) if each.many and each.commas else [each.example] if each.many else each.example
        )
    return described


def _listed(each: Parameter) -> list[object]:
    """The values of an example with commas."""
    parts = str(each.example).split(",")
    return [float(part) for part in parts] if each.schema["type"] == "number" else list(parts)


def _responses(each: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for kind in each.kinds:
        if kind == JSON:
            shown: dict[str, Any] = {"schema": {"$ref": _REF.format(name=each.answer.__name__)}}
            content[kind] = shown | ({"example": each.example} if each.example is not None else {})
        else:
            content[kind] = {"schema": {"type": "string", **({"format": "binary"} if kind == ARROW else {})}}
    found: dict[str, Any] = {str(each.status): {"description": say(TEXTS, each.name, "en"), "content": content}}
    if each.method == "GET":
        found["304"] = {"description": say(TEXTS, "s304", "en")}
    statuses = {400, 401, 403, 429, *each.statuses} | ({406} if len(each.kinds) > 1 or each.method == "GET" else set())
    if 202 in statuses:
        found["202"] = {"description": say(TEXTS, "s202", "en"), "content": content}
    for status in sorted(statuses - {202}):
        shape: dict[str, Any] = {"schema": {"$ref": _REF.format(name="Problem")}}
        shown = {**shape, "example": PROBLEM_EXAMPLE} if status == 400 else shape
        found[str(status)] = {
            "description": TITLES.get(status) or say(TEXTS, f"s{status}", "en"),
            "content": {PROBLEM: shown},
        }
    return found


def _body(each: Operation) -> dict[str, Any]:
    if isinstance(each.body, type):
        content: dict[str, Any] = {"schema": {"$ref": _REF.format(name=each.body.__name__)}}
        return {JSON: content | ({"example": each.body_example} if each.body_example is not None else {})}
    return {kind: {"schema": {"type": "string", "format": "binary"}} for kind in each.body}


@cache
def _version() -> str:
    try:
        found = re.match(r"\d+(\.\d+)*", version("kizuna"))
        return found.group() if found else "0"
    except PackageNotFoundError:
        return "0"
