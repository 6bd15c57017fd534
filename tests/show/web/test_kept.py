"""Answers that are kept: right while nothing was written, shown a little longer, never worked out twice at once."""

from __future__ import annotations

import threading
import time

import pytest

from kizuna.show.web import kept as module
from kizuna.show.web.kept import Kept


class World:
    """Data with a version, and a clock that is turned by hand."""

    def __init__(self) -> None:
        self.version, self.time, self.made = 1, 1000.0, 0
        self.kept = Kept(lambda: self.version, 60, lambda: self.time)

    def make(self) -> int:
        self.made += 1
        return self.made

    def get(self) -> int:
        return self.kept.get("key", self.make).value


def test_what_was_worked_out_holds_while_nothing_is_written() -> None:
    world = World()
    assert [world.get(), world.get()] == [1, 1]
    world.time += 86_400
    assert world.get() == 1, "no time makes it wrong"


def test_after_something_was_written_the_old_one_is_shown_once_and_a_new_one_made_behind_it() -> None:
    world = World()
    world.get()
    world.version += 1
    assert world.get() == 1
    until = time.monotonic() + 10
    while world.get() == 1 and time.monotonic() < until:
        time.sleep(0.01)
    assert world.get() == 2
    assert world.made == 2


def test_one_that_is_too_old_is_waited_for() -> None:
    world = World()
    world.get()
    world.version += 1
    world.time += 61
    assert world.get() == 2


def test_what_is_written_meanwhile_is_not_taken_for_known() -> None:
    """The version is that from before the work began: what came during it may not be in the answer."""
    world = World()

    def slow() -> int:
        world.version += 1
        return world.make()

    assert world.kept.get("key", slow).version == 1
    world.time += 61
    assert world.get() == 2


def test_many_who_ask_at_once_wait_for_one() -> None:
    world = World()
    going = threading.Event()

    def slow() -> int:
        going.wait(10)
        return world.make()

    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(world.kept.get("key", slow).value)) for _ in range(20)]
    for thread in threads:
        thread.start()
    going.set()
    for thread in threads:
        thread.join()
    assert found == [1] * 20 and world.made == 1


def test_a_failure_is_everyone_s_own_and_is_not_kept() -> None:
    world = World()

    def fails() -> int:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            world.kept.get("key", fails)
    assert world.get() == 1
    world.version += 1
    world.kept.get("key", world.make)
    until = time.monotonic() + 10
    while world.get() == 1 and time.monotonic() < until:
        time.sleep(0.01)
    assert world.get() == 2, "and it does not keep the next one from being made"


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    world = World()
    for key in "abcd":
        world.kept.get(key, world.make)
    assert world.kept.get("d", world.make).value == 4
    assert world.kept.get("a", world.make).value == 5


def test_all_is_forgotten_when_a_definition_changes() -> None:
    world = World()
    world.get()
    world.kept.clear()
    assert world.get() == 2


def test_what_was_begun_before_a_definition_changed_is_not_kept() -> None:
    """Nothing is written then, so nothing else would ever say that it is old."""
    world = World()

    def changes() -> int:
        world.kept.clear()
        return world.make()

    assert world.kept.get("key", changes).value == 1
    assert world.get() == 2
