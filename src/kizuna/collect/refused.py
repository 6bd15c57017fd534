"""A request that is refused as a whole."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """Nothing of the request is kept.

    `status` is 400, 401, 413, 415 or 429; `reason` a word for programs, `detail` the sentence for people;
    `headers` go with the answer.
    """

    def __init__(self, status: int, reason: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.reason, self.detail = status, reason, detail
        self.headers: Mapping[str, str] = headers or {}
        super().__init__(f"{status} {reason}: {detail}")
