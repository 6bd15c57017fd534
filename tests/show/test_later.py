"""The pages are made once, when the first is asked for; what fails is tried again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kizuna.show.later import Later


def statuses(app: Later, times: int) -> list[int]:
    found: list[int] = []

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    async def ask() -> None:
        await asyncio.gather(*(app({}, None, send) for _ in range(times)))

    asyncio.run(ask())
    return found


async def page(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200})


def test_it_is_made_once_however_many_ask_at_once() -> None:
    made: list[int] = []

    def make() -> Any:
        made.append(1)
        return page

    assert statuses(Later(make), 5) == [200] * 5
    assert made == [1]


def test_a_failure_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    tries: list[int] = []

    def make() -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("no space left on device")
        return page

    assert statuses(Later(make), 2) == [503, 200]
    assert "cannot be made now" in caplog.text
