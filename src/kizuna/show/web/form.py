"""What a form sent: the fields by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

MOST_FIELDS = 2_000


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, as they were typed."""

    fields: Mapping[str, list[str]]

    @classmethod
    def read(cls, body: bytes) -> Form:
        """From the body of a POST (``application/x-www-form-urlencoded``); what is no text is replaced."""
        try:
            text = body.decode("utf-8", errors="replace")
            return cls(parse_qs(text, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS))
        except ValueError:
            return cls({})

    def text(self, name: str) -> str:
        """A field without the spaces around it, empty where it was not sent."""
        return self.fields.get(name, [""])[-1].strip()

    def all(self, name: str) -> list[str]:
        """All that was sent under a name: boxes that were ticked."""
        return [each.strip() for each in self.fields.get(name, []) if each.strip()]
