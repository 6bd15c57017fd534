"""What an address of the API takes and gives, said once.

Handlers read their parameters by it (`kizuna.show.web.api.asked`), and the OpenAPI document, the page ``/api`` and the
test of the guide are made from it. The sentences are in ``locale/web/api.toml``: ``measure`` says what the operation
``measure`` is for, ``p_since`` what the parameter ``since`` is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from kizuna.show.web.who import Role

BASE = "/api/v1"
JSON, CSV, ARROW = "application/json", "text/csv", "application/vnd.apache.arrow.stream"
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something an address takes: `schema` is the JSON Schema of one value of it.

    `many` may be said several times, or several with commas between them (unless without `commas`). `text` is the
    key of its sentence, where that is not ``p_NAME``.
    """

    name: str
    schema: Schema
    example: object = None
    many: bool = False
    commas: bool = True
    needed: bool = False
    place: Literal["query", "path"] = "query"
    text: str = ""

    @property
    def key(self) -> str:
        """Of its sentence."""
        return self.text or f"p_{self.name}"

    def required(self) -> Parameter:
        """The same, but it has to be said."""
        return replace(self, needed=True)


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb at one address. `answer` is the type of its JSON, `example` one of it.

    `kinds` are the media types it can be had in, the usual one first; `body` is the type of what is sent to it, or
    the media types of a file.
    """

    name: str
    method: Literal["GET", "POST", "DELETE"]
    path: str
    answer: Any
    parameters: Sequence[Parameter] = ()
    example: Any = None
    kinds: Sequence[str] = (JSON,)
    role: Role = "viewer"
    body: Any = None
    body_example: Any = None
    statuses: Sequence[int] = ()
    status: int = 200

    @property
    def takes_file(self) -> bool:
        """Whether the body is a file, which is taken in to the disk."""
        return isinstance(self.body, tuple)

    @property
    def address(self) -> str:
        """The path as OpenAPI writes it: ``/api/v1/metrics/{id}``."""
        return BASE + self.path.replace(":str", "").replace(":int", "")


def text(longest: int = 200, **more: Any) -> dict[str, Any]:
    """The schema of a text."""
    return {"type": "string", "maxLength": longest, **more}


def one_of(*choices: str) -> dict[str, Any]:
    """The schema of one of a few words."""
    return {"type": "string", "enum": list(choices)}


def whole(least: int, most: int, usual: int | None = None) -> dict[str, Any]:
    """The schema of a whole number."""
    default = {} if usual is None else {"default": usual}
    return {"type": "integer", "minimum": least, "maximum": most, **default}


LIMIT = Parameter("limit", whole(1, 1_000, 100), 100)
AFTER = Parameter("after", text(2_000))
YES_OR_NO = {"type": "boolean", "default": False}
