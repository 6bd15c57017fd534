"""Reads the JSON that is sent to the API, and says what in it is not right."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from kizuna.errors import QuestionError, did_you_mean

T = TypeVar("T", bound=msgspec.Struct)


def read_body(body: bytes, kind: type[T]) -> T:
    """The struct that was sent. Raises `QuestionError` naming the field."""
    try:
        found = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise QuestionError(f"The body is not right: {_said(error)}.", _meant(error, kind)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise QuestionError(
            f"The body is no JSON: {error}.", "Send an object with Content-Type: application/json."
        ) from None
    return found


def _said(error: msgspec.ValidationError) -> str:
    return str(error).replace("`$.", "`").replace("`$`", "the whole")


def _meant(error: msgspec.ValidationError, kind: type[msgspec.Struct]) -> str:
    fields = kind.__struct_encode_fields__
    unknown = str(error).partition("unknown field `")[2].split("`")[0]
    near = did_you_mean(unknown[:80], fields) if unknown else None
    return f"Did you mean {near!r}?" if near else f"Its fields are {', '.join(fields)}."
