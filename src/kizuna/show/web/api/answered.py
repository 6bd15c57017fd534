"""How answers of the API leave: in the form asked for, with a mark by which an unchanged one is not sent again."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec
import pyarrow as pa
from litestar import Request, Response
from litestar.exceptions import HTTPException

from kizuna.errors import QuestionError
from kizuna.show.web.api.operation import ARROW, CSV, JSON, Operation

FORMATS = {"json": JSON, "csv": CSV, "arrow": ARROW}
"""What the parameter ``format`` may say; else the header Accept decides."""

# What an answer depends on besides the address; and that a browser asks before it shows it again.
_HEADERS = {"vary": "accept, authorization, cookie", "cache-control": "private, no-cache"}
ABOUT_PEOPLE = {"cache-control": "no-store"}
"""Of answers about single people: they are kept nowhere on the way."""

Asking = Request[Any, Any, Any]


def kind_asked(request: Asking, operation: Operation, format: str = "") -> str:
    """The media type an answer shall have. Raises 406 for one that the operation has not."""
    if format:
        return FORMATS[format]
    accepted = request.headers.get("accept", "*/*")
    for wanted in _by_weight(accepted):
        for kind in operation.kinds:
            if wanted in ("*/*", kind) or (wanted.endswith("/*") and kind.startswith(wanted[:-1])):
                return kind
    # RFC 9110 lets a server say 406, which tells a program more than the wrong form would.
    raise HTTPException(f"{operation.address} is had as {', '.join(operation.kinds)}.", status_code=406)


def _by_weight(accepted: str) -> list[str]:
    """The media types of an Accept header, the most wanted first; those with q=0 are left out."""
    weighed: list[tuple[float, str]] = []
    for each in accepted.split(",")[:50]:
        kind, *parameters = (part.strip().lower() for part in each.split(";"))
        said = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            weight = float(said)
        except ValueError:
            weight = 0.0
        if kind and weight > 0:
            weighed.append((weight, kind))
    return [kind for _, kind in sorted(weighed, key=lambda found: -found[0])]


def told(
    request: Asking, body: Any, *, kind: str = JSON, status: int = 200, headers: dict[str, str] | None = None
) -> Response[bytes]:
    """An answer: a struct or list becomes JSON, text and bytes go as they are. 304 where the asker has it already."""
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else encode(body)
    told = _HEADERS | (headers or {})
    if status == 200:
        told["etag"] = f'"{sha256(content).hexdigest()[:32]}"'
        if _has(request, told["etag"]):
            return Response(b"", status_code=304, headers=told, media_type=kind)
    return Response(content, status_code=status, headers=told, media_type=kind)


def _has(request: Asking, etag: str) -> bool:
    given = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    return request.method in ("GET", "HEAD") and (etag in given or "*" in given)


def next_page(request: Asking, mark: str | None) -> dict[str, str]:
    """The header that says where the next page is (RFC 8288), for forms that have no place for it."""
    if mark is None:
        return {}
    query = {name: value for name, value in request.query_params.items() if name != "after"}
    from urllib.parse import urlencode

    pairs = [(name, value) for name in query for value in request.query_params.getall(name)]
    return {"link": f'<{request.url.path}?{urlencode([*pairs, ("after", mark)])}>; rel="next"'}


def encode(body: Any) -> bytes:
    """JSON: days and times in ISO form (times are UTC), money as numbers."""
    return msgspec.json.encode(body, enc_hook=_plain)


def plain(cell: Any) -> Any:
    """A value of a fact as JSON has it."""
    if isinstance(cell, datetime):
        return f"{cell.isoformat()}Z" if cell.tzinfo is None else cell.isoformat().replace("+00:00", "Z")
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, list) and all(isinstance(each, tuple) for each in cell):
        return dict(cell)
    return cell


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    raise NotImplementedError(f"{type(value).__name__} has no form in JSON")


def arrow_stream(table: pa.Table) -> bytes:
    """A table as an Arrow IPC stream."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def csv_of(table: pa.Table) -> str:
    """A table as comma-separated text, harmless to spreadsheets."""
    from kizuna.show.commands.output import table_content

    text = table_content(table, "csv")
    assert isinstance(text, str)
    return text


def check_format(format: str, kinds: Sequence[str]) -> None:
    """Raise `QuestionError` for a form that an operation has not."""
    if format and FORMATS.get(format) not in kinds:
        raise QuestionError(f"format cannot be {format!r}.", f"It is one of {', '.join(FORMATS)}.")
